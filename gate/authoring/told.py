"""Problems of rules as text for people and editors, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from gate.authoring.checks.problem import Problem
from gate.report.escape import plain
from gate.report.layout import Style, paint
from gate.report.look import Look

SCHEMA = "change-gate/lint/v1"

_STYLES: dict[str, Style] = {"error": "error", "warning": "warn"}


def text(problems: Sequence[Problem], files: int, look: Look) -> str:
    """A line for each problem, its advice below it, and how many there are."""
    lines = []
    for each in problems:
        place = paint(plain(f"{each.path}:{each.line}"), "place", look)
        level = paint(each.level, _STYLES[each.level], look)
        check = paint(f"({each.check})", "dim", look)
        lines.append(f"{place}: {level}: {plain(each.message)} {check}")
        if each.advice and not look.quiet:
            lines.append(f"  {plain(each.advice)}")
    if not look.quiet:
        lines.append(f"{_summary(problems)} in {_counted(files, 'file')}.")
    return "".join(f"{line}\n" for line in lines)


def as_json(problems: Sequence[Problem], files: int) -> str:
    """The same as one document."""
    document = {
        "schema": SCHEMA,
        "files": files,
        "summary": {
            level: sum(each.level == level for each in problems) for level in ("error", "warning")
        },
        "problems": [each.to_json() for each in problems],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _summary(problems: Sequence[Problem]) -> str:
    if not problems:
        return "No problems"
    errors = sum(each.level == "error" for each in problems)
    warnings = len(problems) - errors
    counted = [(errors, "error"), (warnings, "warning")]
    return ", ".join(_counted(number, name) for number, name in counted if number)


def _counted(number: int, name: str) -> str:
    return f"{number:,} {name}" if number == 1 else f"{number:,} {name}s"
