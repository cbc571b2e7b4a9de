"""The JSON Schemas that are published: config, a windows file, policy input, and the outputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

NAMES = ("config", "doctor", "freeze", "freezes", "input", "slo", "verdict", "when")


def text(name: str) -> str:
    """A published schema as it is printed, by its name in `NAMES`."""
    return Path(__file__).with_name(f"{name}.v1.json").read_text(encoding="utf-8")


def load(name: str) -> dict[str, Any]:
    """A published schema as data, draft 2020-12."""
    schema: dict[str, Any] = json.loads(text(name))
    return schema
