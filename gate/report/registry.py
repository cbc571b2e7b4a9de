"""Finds a report by the name of its format. Only the one that is asked for is imported."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import cast

from gate.errors import UsageError, did_you_mean
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
        raise UsageError(
            f"There is no output format `{name}`{did_you_mean(name.lower(), FORMATS)}",
            advice=f"Use one of: {', '.join(sorted(FORMATS))}.",
        )
    return cast(Report, import_module(module).render)
