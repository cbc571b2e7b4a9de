"""The JSON Schemas that are published: config, policy input, verdict."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

NAMES = ("config", "input", "verdict")


def text(name: str) -> str:
    """A published schema as it is printed: `config`, `input` or `verdict`."""
    return files(__name__).joinpath(f"{name}.v1.json").read_text(encoding="utf-8")


def load(name: str) -> dict[str, Any]:
    """A published schema as data, draft 2020-12."""
    schema: dict[str, Any] = json.loads(text(name))
    return schema
