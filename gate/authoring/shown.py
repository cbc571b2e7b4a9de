"""What tests say, for people (text) and programs (JSON)."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from dataclasses import asdict

from gate.authoring.results import Outcome, Place, Report, Result
from gate.errors import GateError, UsageError, did_you_mean
from gate.report.escape import plain
from gate.report.interface import Look
from gate.report.layout import Style, columns, cut, paint
from gate.report.words import plural

FORMATS = ("text", "json", "junit")

_STYLES: dict[Outcome, Style] = {"pass": "pass", "fail": "deny", "error": "error", "skip": "dim"}
_NAMES = {"pass": "passed", "fail": "failed", "error": "could not be judged", "skip": "skipped"}
_INDENT = 2
_LINES = 12
_WIDEST_NAME = 60


def check(name: str) -> None:
    """Raises UsageError for a format that tests have not."""
    if name not in FORMATS:
        raise UsageError(
            f"There is no output format `{name}`{did_you_mean(name.lower(), FORMATS)}",
            advice=f"Use one of: {', '.join(FORMATS)}.",
        )


def render(report: Report, name: str, look: Look) -> str:
    """The report in a format of FORMATS."""
    if name == "junit":
        from gate.authoring.junit import xml

        return xml(report)
    return as_json(report) if name == "json" else text(report, look)


def junit_error(error: GateError) -> str:
    """Why no test was judged, as JUnit XML."""
    from gate.authoring.junit import error_xml

    return error_xml(error)


def text(report: Report, look: Look) -> str:
    """What failed and why, and a line with the counts; with -v all tests and the engine too."""
    shown = [each for each in report.results if look.verbose or each.outcome in ("fail", "error")]
    blocks = ["\n".join(_block(result, look)) for result in shown]
    gap = [""] if blocks and "\n" not in blocks[-1] else []
    return "\n".join([*map(_spaced, blocks), *gap, _summary(report, look)]) + "\n"


def _spaced(block: str) -> str:
    """An empty line stands after each block of more than one line."""
    return f"{block}\n" if "\n" in block else block


def _block(result: Result, look: Look) -> Iterator[str]:
    word = paint(f"{result.outcome.upper():5}", _STYLES[result.outcome], look)
    place = paint(plain(f"{result.path}:{result.line}"), "place", look)
    yield f"{word} {paint(plain(result.title), 'strong', look)}  {place}"
    if result.message:
        yield f"{'':{_INDENT}}{plain(result.message)}"
    if result.place is not None:
        yield from _place(result.path, result.place, look)
    if result.prints and (result.outcome != "pass" or look.verbose):
        yield f"{'':{_INDENT}}{paint('printed', 'dim', look)}"
        yield from (f"{'':{2 * _INDENT}}{plain(line)}" for line in result.prints)


def _place(path: str, place: Place, look: Look) -> Iterator[str]:
    where = paint(plain(f"{path}:{place.line}:{place.column}"), "place", look)
    said = paint(plain(place.said or "has no solution"), "warn", look)
    yield f"{'':{_INDENT}}{where} {said}"
    yield from (f"{'':{2 * _INDENT}}{line}" for line in _code(place))
    if place.values:
        yield f"{'':{_INDENT}}{paint('where', 'dim', look)}"
    names = [_one_line(name) for name, _ in place.values]
    width = min(max(map(columns, names), default=0), _WIDEST_NAME)
    for name, (_, value) in zip(names, place.values, strict=True):
        room = " " * max(width - columns(name), 0)
        yield f"{'':{2 * _INDENT}}{name}{room} = {plain(value)}"


def _code(place: Place) -> list[str]:
    """The lines of an expression, as they are indented among themselves."""
    first, *rest = place.text.expandtabs(4).splitlines() or [""]
    lines = [plain(first), *(plain(each) for each in textwrap.dedent("\n".join(rest)).splitlines())]
    return lines if len(lines) <= _LINES else [*lines[:_LINES], "..."]


def _one_line(name: str) -> str:
    return cut(plain(" ".join(name.split())), _WIDEST_NAME)


def _summary(report: Report, look: Look) -> str:
    counts = report.counts
    worst: Style = "pass"
    if counts["fail"] or counts["error"]:
        worst = "deny"
    told = ", ".join(f"{count:,} {_NAMES[outcome]}" for outcome, count in counts.items() if count)
    seconds = sum(report.seconds.values())
    engine = report.engine["name"]
    line = f"{plural(len(report.results), 'test')}: {told}"
    by = f"({seconds:.1f} s on the engine {engine})"
    if look.verbose:
        by = f"({seconds:.1f} s on {engine} {report.engine['version']}: {report.engine['reason']})"
    return f"{paint(line, worst, look)} {paint(plain(by), 'dim', look)}"


def as_json(report: Report) -> str:
    """All results with their places, the counts, the engine, and the time of each file."""
    value = {
        "schema": "change-gate/tests/v1",
        "exit_code": report.exit_code,
        "summary": report.counts,
        "engine": report.engine,
        "files": [
            {"path": path, "seconds": round(took, 3)} for path, took in report.seconds.items()
        ],
        "tests": [_test(result) for result in report.results],
    }
    return json.dumps(value, indent=2, ensure_ascii=True) + "\n"


def _test(result: Result) -> dict[str, object]:
    told = asdict(result)
    if result.place is not None:
        values = [{"expression": name, "value": value} for name, value in result.place.values]
        told["place"]["values"] = values
    return told
