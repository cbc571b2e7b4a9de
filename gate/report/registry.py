"""Finds a report by the name of its format. Only the one that is asked for is imported."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import cast

from gate.errors import UsageError, did_you_mean
from gate.report.interface import ErrorReport, OutlookReport, Report

FORMATS: Mapping[str, str] = {
    "text": "gate.report.text",
    "json": "gate.report.json",
    "markdown": "gate.report.markdown",
    "sarif": "gate.report.sarif",
    "junit": "gate.report.junit",
    "github": "gate.report.github",
}
OUTLOOKS: Mapping[str, str] = {
    "text": "gate.report.when",
    "json": "gate.report.when_json",
}


def renderer(name: str) -> Report:
    """The report of a format.

    Raises:
        UsageError: there is no such format.
    """
    return cast(Report, _render(FORMATS, name))


def error_renderer(name: str) -> ErrorReport | None:
    """What a format makes of an error that ended the run, in the place of a verdict; None where it
    says nothing of it."""
    return cast(ErrorReport | None, getattr(import_module(FORMATS[name]), "render_error", None))


def outlook_renderer(name: str) -> OutlookReport:
    """As `renderer`, for what `gate when` says."""
    return cast(OutlookReport, _render(OUTLOOKS, name))


def _render(formats: Mapping[str, str], name: str) -> object:
    module = formats.get(name)
    if module is None:
        raise UsageError(
            f"There is no output format `{name}`{did_you_mean(name.lower(), formats)}",
            advice=f"Use one of: {', '.join(sorted(formats))}.",
        )
    return import_module(module).render
