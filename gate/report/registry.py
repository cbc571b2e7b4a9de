"""Finds a report by the name of its format. Only the one that is asked for is imported."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import cast

from gate.errors import UsageError
from gate.report.interface import Report

FORMATS: Mapping[str, str] = {
    "text": "gate.report.text",
    "json": "gate.report.json",
}


def renderer(name: str) -> Report:
    """The report of a format.

    Raises:
        UsageError: there is no such format.
    """
    module = FORMATS.get(name)
    if module is None:
        raise UsageError(f"There is no output format `{name}`.", advice=_advice(name))
    return cast(Report, import_module(module).render)


def _advice(name: str) -> str:
    from difflib import get_close_matches

    known = ", ".join(sorted(FORMATS))
    near = get_close_matches(name.lower(), FORMATS, n=1)
    return f"Did you mean `{near[0]}`? Known: {known}." if near else f"Use one of: {known}."
