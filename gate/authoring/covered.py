"""What tests reach, for people (text) and programs (JSON)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from gate.authoring.coverage import Clause, Coverage, FileCoverage, percent
from gate.errors import UsageError, did_you_mean
from gate.report.escape import plain
from gate.report.interface import Look
from gate.report.layout import paint
from gate.report.tables import table
from gate.report.words import plural

FORMATS = ("text", "json")
_HEADER = ("FILE", "LINES", "RULES", "COVERED", "NOT REACHED")


def check(name: str) -> None:
    """Raises UsageError for a format that coverage has not."""
    if name not in FORMATS:
        raise UsageError(
            f"There is no output format `{name}`{did_you_mean(name.lower(), FORMATS)}",
            advice=f"Use one of: {', '.join(FORMATS)}.",
        )


def render(found: Coverage, threshold: float | None, name: str, look: Look) -> str:
    """The coverage in a format of FORMATS."""
    return as_json(found, threshold) if name == "json" else text(found, threshold, look)


def text(found: Coverage, threshold: float | None, look: Look) -> str:
    """A row for each file that is not all covered (with -v for each), the clauses of rules that
    were never true, and the percentage of all lines."""
    shown = [each for each in found.files if look.verbose or each.missed]
    parts = []
    if shown:
        parts.append(table(_HEADER, [_row(each) for each in shown], look))
    clauses = [line for each in shown for line in _clauses(each, look)]
    if clauses:
        parts.append("\n".join(clauses) + "\n")
    parts.append("\n".join(_total(found, threshold, look)) + "\n")
    return "\n".join(parts)


def below(found: Coverage, threshold: float | None) -> bool:
    """Whether less is covered than is wanted."""
    return threshold is not None and found.percent < threshold


def _row(file: FileCoverage) -> tuple[str, str, str, str, str]:
    lines = len(file.covered) + len(file.missed)
    rules = f"{file.clauses - len(file.never)}/{file.clauses}"
    share = percent(len(file.covered), len(file.missed))
    return (
        file.path,
        f"{len(file.covered)}/{lines}",
        rules,
        f"{share:g} %",
        ", ".join(ranges(file.missed)),
    )


def ranges(lines: Sequence[int]) -> Iterator[str]:
    """`3`, `7-9`: the numbers that follow one another together."""
    start = before = None
    for line in [*lines, None]:
        if start is not None and before is not None and line != before + 1:
            yield f"{start}" if start == before else f"{start}-{before}"
            start = None
        start = line if start is None else start
        before = line


def _clauses(file: FileCoverage, look: Look) -> Iterator[str]:
    for clause in file.never:
        place = paint(plain(f"{file.path}:{clause.line}"), "place", look)
        yield f"{place} {plain(clause.name)} {_fate(clause)}"


def _fate(clause: Clause) -> str:
    return "is entered and never true" if clause.entered else "is never entered"


def _total(found: Coverage, threshold: float | None, look: Look) -> Iterator[str]:
    covered = sum(len(each.covered) for each in found.files)
    lines = covered + sum(len(each.missed) for each in found.files)
    failed = below(found, threshold)
    said = f"{found.percent:g} % of {plural(lines, 'line')} covered"
    by = f"({plural(len(found.tests.results), 'test')} on the engine {found.tests.engine['name']})"
    yield f"{paint(said, 'deny' if failed else 'pass', look)} {paint(plain(by), 'dim', look)}"
    if failed:
        files = [each.path for each in found.files if _share(each) < (threshold or 0)]
        yield f"Below the threshold of {threshold:g} %: {plain(', '.join(files))}"


def _share(file: FileCoverage) -> float:
    return percent(len(file.covered), len(file.missed))


def as_json(found: Coverage, threshold: float | None) -> str:
    """All files with the numbers of their lines, and the clauses that were never true."""
    value = {
        "schema": "change-gate/coverage/v1",
        "percent": found.percent,
        "threshold": threshold,
        "tests": found.tests.counts,
        "engine": found.tests.engine,
        "files": [_file(each) for each in found.files],
    }
    return json.dumps(value, indent=2, ensure_ascii=True) + "\n"


def _file(file: FileCoverage) -> dict[str, object]:
    return {
        "path": file.path,
        "percent": _share(file),
        "covered": file.covered,
        "not_covered": file.missed,
        "rules": file.clauses,
        "never_true": [
            {"rule": each.name, "line": each.line, "entered": each.entered} for each in file.never
        ],
    }
