"""The verdict as JUnit XML: a test case for each rule, for the test tabs of CI systems.

The forms of the Ant schema and of Jenkins' are both kept: one suite, with its properties first and
its two streams last, and at most one result a case. What blocks is red: a denial is a `failure`,
what could not be judged an `error`. The exit code is not 0 exactly where something is red.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from junitparser import Attr, Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from junitparser.junitparser import SystemErr, SystemOut

import gate
from gate.errors import GateError
from gate.model.verdict import Finding, RuleOutcome, TargetOutcome, Verdict
from gate.report.cases import NO_REASON, target_name
from gate.report.escape import plain
from gate.report.findings import at_line
from gate.report.headline import DENIED, headline, reasons_beside_rules
from gate.report.interface import Look
from gate.report.words import moment, where

SUITE = "change-gate"
WHOLE = "everything could be judged"
"""The case that stands for what is no rule: files that could not be read, evidence that is
required and missing. Always there, so that no suite is empty."""

Result = Failure | Error | Skipped


class _Suite(TestSuite):
    """With the attributes that the Ant schema wants."""

    package = Attr()
    id = Attr()


def render(verdict: Verdict, look: Look) -> str:
    """The verdict as one suite. How it is to look changes nothing."""
    del look
    cases = [_case(each, verdict) for each in verdict.rules]
    red = any(isinstance(result, Failure | Error) for case in cases for result in case.result)
    cases.append(_whole(verdict, red=red))
    properties = {name: plain(value) for name, value in _properties(verdict)}
    suite = _suite(cases, properties, _timestamp(verdict.evaluated_at))
    _streams(suite, _does_not_fail(verdict), _not_seen(verdict))
    return written([suite])


def render_error(error: GateError) -> str:
    """A suite that says that nothing was judged, and why."""
    case = _test(WHOLE, "gate")
    told = [error.placed, error.advice]
    case.result = [with_text(Error(plain(error.message), error.kind), told)]
    properties = {"verdict": "error", "exit_code": str(error.exit_code)}
    suite = _suite([case], properties, _timestamp(datetime.now(UTC).isoformat()))
    _streams(suite, [], [])
    return written([suite])


def written(suites: Iterable[TestSuite]) -> str:
    """The whole document."""
    document = JUnitXml()
    for suite in suites:
        document.add_testsuite(suite)
    data: bytes = document.tostring()
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + data.decode("utf-8") + "\n"


def with_text(result: Failure | Error, texts: Iterable[str]) -> Failure | Error:
    """The result with a text below its message."""
    result.text = as_lines(texts)
    return result


def as_lines(texts: Iterable[str]) -> str:
    """Texts as lines. What XML cannot hold, and what would deceive a reader, is escaped."""
    return "\n".join(plain(text) for text in texts if text)


def _suite(cases: Sequence[TestCase], properties: Mapping[str, str], at: str) -> TestSuite:
    suite = _Suite(SUITE)
    suite.package, suite.id, suite.hostname, suite.timestamp = SUITE, "0", "localhost", at
    for name, value in properties.items():
        suite.add_property(name, value)
    suite.add_testcases([*cases])
    suite.time = 0
    return suite


def _timestamp(at: str) -> str:
    """In UTC, without zone and parts of a second, as the schema wants it."""
    return datetime.fromisoformat(at).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _test(name: str, area: str) -> TestCase:
    return TestCase(plain(name), plain(area), 0)


def _case(outcome: RuleOutcome, verdict: Verdict) -> TestCase:
    """One rule. Its targets are told inside: a finding may be about several, or about none."""
    case = _test(outcome.rule, f"gate.{outcome.rule.partition('.')[0]}")
    result = _result(outcome, verdict)
    if result is not None:
        case.result = [result]
    return case


def _result(outcome: RuleOutcome, verdict: Verdict) -> Result | None:
    reason = outcome.reason or NO_REASON
    match outcome.outcome:
        case "error":
            return with_text(Error(plain(reason), "error"), [reason])
        case "denied":
            return _denied(outcome, verdict)
        case "undecided" if verdict.mode == "advisory":
            return _let_go(f"undecided: {reason}", verdict)
        case "undecided":
            return with_text(Error(plain(reason), "undecided"), _targets(outcome, "undecided"))
        case "warned" if verdict.verdict == "warn" and verdict.exit_code == DENIED:
            return with_text(Failure(plain(reason), "warned"), _told(outcome, verdict, "warn"))
        case "skipped":
            return Skipped(plain(reason))
        case "not_applicable" | "off":
            return Skipped(_WHY_NOT[outcome.outcome])
    return None


_WHY_NOT = {
    "not_applicable": "the change holds nothing that the rule speaks of",
    "off": "the configuration turns the rule off",
}


def _denied(outcome: RuleOutcome, verdict: Verdict) -> Result:
    reason = outcome.reason or NO_REASON
    if verdict.mode == "advisory" or (verdict.verdict == "deny" and verdict.exit_code != DENIED):
        return _let_go(f"denied: {reason}", verdict)
    return with_text(Failure(plain(reason), "denied"), _told(outcome, verdict, "deny"))


def _let_go(text: str, verdict: Verdict) -> Skipped:
    """What does not block although it would: not red, since the run succeeds, and not green."""
    why = "advisory mode" if verdict.mode == "advisory" else "as --fail-on asks"
    return Skipped(plain(f"not enforced ({why}): {text}"))


def _told(outcome: RuleOutcome, verdict: Verdict, level: str) -> Iterator[str]:
    """Findings with their places and ways out; then the targets that have none."""
    for finding in verdict.findings:
        if finding.rule == outcome.rule and finding.counts and finding.level == level:
            yield from _lines(finding, verdict.evaluated_at)
    yield from _targets(outcome, "undecided")


def _lines(finding: Finding, now: str) -> Iterator[str]:
    at = where(finding)
    yield f"{at}: {finding.message}" if at else finding.message
    if finding.remediation:
        yield f"  fix: {' '.join(finding.remediation.split())}"
    if finding.unblock and finding.unblock.at:
        yield f"  until: {moment(finding.unblock.at, now)}"
    if finding.runbook:
        yield f"  see: {finding.runbook}"


def _targets(outcome: RuleOutcome, result: str) -> Iterator[str]:
    for target in outcome.targets:
        if target.outcome == result:
            yield f"{target_name(target)}: {_why(target)}"


def _why(target: TargetOutcome) -> str:
    return f"{target.outcome}: {target.reason or NO_REASON}"


def _whole(verdict: Verdict, *, red: bool) -> TestCase:
    """What is undecided and is no rule. It is red too where the exit code says that something
    is, and no rule does."""
    case = _test(WHOLE, "gate")
    reasons = reasons_beside_rules(verdict)
    if verdict.exit_code and (reasons or not red):
        kind = "denied" if verdict.verdict in ("deny", "warn") else verdict.verdict
        element = Failure if kind == "denied" and not reasons else Error
        said = "; ".join(reasons) or headline(verdict)
        unread = (f"{at_line(each)}: {each.message}" for each in verdict.problems)
        case.result = [with_text(element(plain(said), kind), [said, *unread])]
    elif reasons:
        case.result = [_let_go("; ".join(reasons), verdict)]
    return case


def _properties(verdict: Verdict) -> Iterator[tuple[str, str]]:
    yield "verdict", verdict.verdict
    yield "exit_code", str(verdict.exit_code)
    yield "mode", verdict.mode
    yield "decision_id", verdict.decision_id
    yield "valid_until", verdict.valid_until or ""
    yield "description", verdict.description
    yield "judged_by", verdict.judged_by
    yield "version", gate.__version__
    for key in ("base", "head", "trusted"):
        if verdict.change.get(key):
            yield key, str(verdict.change[key])
    for key, count in verdict.summary.items():
        yield f"summary.{key}", str(count)


def _does_not_fail(verdict: Verdict) -> Iterator[str]:
    """Findings that make no case red: warnings, and what age or a waiver excuses."""
    for finding in verdict.findings:
        state = "waived" if finding.waived else finding.status
        if not finding.counts or finding.level == "warn":
            mark = "warn" if finding.counts else state
            at = where(finding)
            yield f"{mark}  {finding.rule}  {f'{at}: ' if at else ''}{finding.message}"


def _not_seen(verdict: Verdict) -> Iterator[str]:
    yield from verdict.reasons
    for each in verdict.problems:
        yield f"{each.kind}  {at_line(each)}: {each.message}"


def _streams(suite: TestSuite, out: Iterable[str], err: Iterable[str]) -> None:
    for stream, texts in ((SystemOut, out), (SystemErr, err)):
        element = stream(as_lines(texts))
        suite.append(element)
