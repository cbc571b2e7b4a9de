"""Tests as JUnit XML: a suite for each file, in the form that Jenkins' schema takes."""

from __future__ import annotations

from collections.abc import Sequence

from junitparser import Error, Failure, Skipped, TestCase, TestSuite

from gate.authoring.results import Report, Result
from gate.errors import GateError
from gate.report.escape import plain
from gate.report.junit import as_lines, with_text, written


def xml(report: Report) -> str:
    """The whole document. What XML cannot hold, and what would deceive a reader, is escaped."""
    by_file: dict[str, list[Result]] = {}
    for result in report.results:
        by_file.setdefault(result.path, []).append(result)
    return written(
        _suite(path, results, report.seconds.get(path, 0.0)) for path, results in by_file.items()
    )


def error_xml(error: GateError) -> str:
    """A document that says that no test was judged, and why."""
    result = Result(
        package="gate",
        name="policy test",
        path=error.path or "policies",
        line=error.line or 1,
        outcome="error",
        message=error.placed,
    )
    return xml(Report([result], {}))


def _suite(path: str, results: Sequence[Result], seconds: float) -> TestSuite:
    suite = TestSuite(plain(path))
    for result in results:
        suite.add_testcase(_case(result))
    suite.update_statistics()
    suite.time = round(seconds, 3)
    return suite


def _case(result: Result) -> TestCase:
    case = TestCase(plain(result.title.removeprefix(f"{result.package}.")), plain(result.package))
    told = _told(result)
    message = plain(_message(result))
    if result.outcome == "fail":
        case.result = [with_text(Failure(message, "failure"), told)]
    elif result.outcome == "error":
        case.result = [with_text(Error(message, "error"), told)]
    elif result.outcome == "skip":
        case.result = [Skipped("todo_test_: not run yet", "skipped")]
    if result.prints:
        case.system_out = as_lines(result.prints)
    return case


def _message(result: Result) -> str:
    if result.place is None:
        return result.message or "The test is not true."
    text = " ".join(result.place.text.split())
    return f"{text} {result.place.said}".strip()


def _told(result: Result) -> list[str]:
    """Where it is, and the values that stand there."""
    if result.place is None:
        return [f"{result.path}:{result.line}", result.message]
    place = result.place
    values = [f"{' '.join(name.split())} = {value}" for name, value in place.values]
    return [f"{result.path}:{place.line}:{place.column}", *place.text.splitlines(), *values]
