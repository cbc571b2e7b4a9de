"""Runs the `test_` rules of policies on an engine: `gate policy test`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from gate import programs
from gate.authoring.files import Files
from gate.authoring.results import Place, Report, Result
from gate.decision.limits import DEFAULT, Limits
from gate.errors import PolicyError, UsageError, did_you_mean

ENGINES = ("auto", "embedded", "opa")
SECONDS = 10.0
"""What one test may take, in seconds of wall clock."""

_CHILD = "gate.authoring.child"
_LOADING = "Make the policies smaller, or name fewer of them."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be run: `run` is a regular expression of full names (`data.package.test_x`);
    `seconds` what one test may take."""

    engine: str = "auto"
    run: str = ""
    seconds: float = SECONDS
    limits: Limits = DEFAULT

    def __post_init__(self) -> None:
        if "://" in self.engine:
            raise UsageError(
                "Tests do not run on a server: they would have to be written to it.",
                advice="Name `embedded` or `opa`, or leave out --engine.",
            )
        if self.engine not in ENGINES:
            raise UsageError(
                f"There is no engine `{self.engine}`{did_you_mean(self.engine, ENGINES)}",
                advice=f"Name one of: {', '.join(ENGINES)}.",
            )
        try:
            re.compile(self.run)
        except re.error as error:
            raise UsageError(
                f"--run {self.run} is no regular expression: {error}.",
                advice="Write part of a test's name, such as test_no_tag.",
            ) from error


@dataclass(frozen=True, slots=True)
class Run:
    """A report, and the marks that the tests reached (`marks`)."""

    report: Report
    reached: Set[int] = frozenset()


def run(given: Files, wanted: Wanted, step: Callable[[str], None]) -> Run:
    """Runs the tests of the files. Raises PolicyError for policies that do not load, or where
    there is no test: emptiness is no pass."""
    found = _run(given, wanted, step)
    if not found.report.results:
        raise _no_test(given, wanted)
    return found


def _run(given: Files, wanted: Wanted, step: Callable[[str], None]) -> Run:
    if wanted.engine == "opa":
        return _on_opa(given, wanted, "asked for", step)
    reason = "asked for" if wanted.engine == "embedded" else "it judges these policies as OPA does"
    step("running the tests")
    try:
        return _embedded(given, wanted, reason)
    except _OnlyOpa as other:
        return _on_opa(given, wanted, str(other), step)


def _on_opa(given: Files, wanted: Wanted, reason: str, step: Callable[[str], None]) -> Run:
    from gate.authoring import opa

    step("running the tests with opa")
    return opa.run(given, wanted, reason)


def _no_test(given: Files, wanted: Wanted) -> PolicyError:
    if wanted.run:
        return PolicyError(
            f"No test of {given.named} has a name with `{wanted.run}`.",
            advice="Leave out --run to run all tests.",
        )
    return PolicyError(
        f"There is no test in {given.named}.",
        advice="A test is a rule whose name starts with test_, in a file <rule>_test.rego.",
    )


class _OnlyOpa(Exception):  # noqa: N818 - a way, not an error
    """The embedded engine would not judge these as OPA does; the text says what and where."""


@dataclass(slots=True)
class _Progress:
    """What is known so far; `tests` are all, `done` the number of those that are judged."""

    tests: Sequence[Mapping[str, Any]] = ()
    done: int = 0
    results: list[Result] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    reached: set[int] = field(default_factory=set)


def _embedded(given: Files, wanted: Wanted, reason: str) -> Run:
    """The tests in limited child processes: a new one for the rest where a test ends its own."""
    from gate.decision.engines import confined

    progress = _Progress()
    death: str | None = "not begun"
    while death is not None:
        before = progress.done
        request = _request(given, wanted, progress.done)
        answers, death = confined.ask(_CHILD, request, wanted.limits)
        judging = False
        for answer in answers:
            judging = _take(answer, wanted, progress) or judging
        if death is not None:
            if not judging:
                raise PolicyError(f"Loading the policies {death}.", advice=_LOADING)
            _blame(death, before, wanted, progress)
    about = {"name": "embedded", "version": _version(), "reason": reason}
    return Run(Report(progress.results, about, progress.seconds), progress.reached)


def _request(given: Files, wanted: Wanted, start: int) -> Mapping[str, Any]:
    return {
        "do": "run",
        "modules": list(given.modules.items()),
        "support": list(given.support.items()),
        "data": given.data,
        "run": wanted.run,
        "seconds": wanted.seconds,
        "start": start,
    }


def _take(answer: Mapping[str, Any], wanted: Wanted, progress: _Progress) -> bool:
    """Takes one answer of a child; whether it says that all policies are loaded."""
    if "error" in answer:
        _refuse(answer["error"], wanted)
    if "loaded" in answer:
        _check_faithful(answer["loaded"], wanted)
        progress.tests = answer["loaded"]["tests"]
        return True
    if "places" in answer:
        progress.results = with_places(progress.results, answer["places"])
    else:
        path = progress.tests[progress.done]["path"]
        progress.seconds[path] = progress.seconds.get(path, 0.0) + answer["seconds"]
        progress.results += [Result.from_json(each) for each in answer["results"]]
        progress.reached |= set(answer["reached"])
        progress.done += 1
    return False


def with_places(results: Sequence[Result], places: Sequence[Any]) -> list[Result]:
    """The results, the last failed ones with their places."""
    found = list(results)
    failed = [number for number, each in enumerate(found) if each.outcome == "fail"]
    for number, place in zip(failed[-len(places) :], places, strict=True):
        if place is not None:
            found[number] = replace(found[number], place=Place.from_json(place))
    return found


def _blame(death: str, before: int, wanted: Wanted, progress: _Progress) -> None:
    """Gives the test that ended its process as an error. Where only all time of the process was
    used up, by many, the rest goes on in the next."""
    if death == _too_long(wanted.limits.seconds) and progress.done > before:
        return
    if progress.done == len(progress.tests):
        return
    if "SIGALRM" in death:
        death = _too_long(wanted.seconds)
        path = progress.tests[progress.done]["path"]
        progress.seconds[path] = progress.seconds.get(path, 0.0) + wanted.seconds
    result = Result(
        **progress.tests[progress.done], outcome="error", message=f"Evaluating this test {death}."
    )
    progress.results.append(result)
    progress.done += 1


def _too_long(seconds: float) -> str:
    return f"took longer than the {seconds:g} s that it may take"


def _check_faithful(loaded: Mapping[str, Any], wanted: Wanted) -> None:
    if not loaded["unfaithful"]:
        return
    first = loaded["unfaithful"][0]
    if wanted.engine == "auto" and programs.found("opa"):
        raise _OnlyOpa(f"{first['path']}:{first['line']} uses {first['what']}")
    rewrite = (
        f"Write it as {first['instead']}, or" if first["instead"] else "Write it otherwise, or"
    )
    raise PolicyError(
        f"The embedded engine may judge this otherwise than OPA: {first['what']}.",
        advice=f"{rewrite} let OPA run the tests: install opa 1.x on the PATH, and leave out "
        "--engine.",
        path=first["path"],
        line=first["line"],
    )


def _refuse(told: Mapping[str, Any], wanted: Wanted) -> NoReturn:
    error = PolicyError(**told)
    if wanted.engine == "auto" and programs.found("opa"):
        raise _OnlyOpa(f"the embedded engine cannot load them ({error.placed})")
    raise error


def _version() -> str:
    from importlib.metadata import version

    return version("gordon-to-regorus")
