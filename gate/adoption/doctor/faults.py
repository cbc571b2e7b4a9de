"""Faults, one at a time, in real runs of the gate: none may let pass what a rule should see.

1. The probe is judged with all as it is (`bench`).
2. Each configured source is broken in turn (`source_faults`): the same change is judged by the
   same rules, the evidence of all other kinds is that of the first run.
3. Of a source that can no longer be used, each rule that is on and needs it must be undecided, deny
   or fail, for each target that the source speaks of.
4. Of a source that says something else than before, at least one of those rules must stop each
   target that it spoke of.
5. The exit code must not be 0.

What does not hold is a hole. Where the config or an option makes it, its key is told; where nothing
does, it is a fault of the gate itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gate.adoption.doctor import unavailable
from gate.adoption.doctor.bench import STOPS, Bench, Source, outcomes, said
from gate.adoption.doctor.overlay import Overlay
from gate.adoption.doctor.source_faults import ALTERED, SECONDS, Fault, faults
from gate.errors import GateError
from gate.evidence.gather import SECONDS as PATIENCE
from gate.evidence.registry import find
from gate.model.diagnosis import Proof, Result
from gate.model.verdict import Evidence, Finding, Verdict

ADVISORY = ("Set `mode: enforce`: an advisory gate blocks nothing.", "mode")
NEVER_FAILS = ("Leave out --fail-on never.", "--fail-on")
"""What to do, and the key or option that lets a change pass."""

OF_GATE = "This is a fault of gate, and not of your set-up: please report it."


@dataclass(frozen=True, slots=True)
class Hole:
    """Why a fault lets something pass."""

    told: str
    todo: str
    key: str | None = None


def of_sources(bench: Bench) -> Iterator[Result]:
    """Each configured source with each of its faults, but those that are asked nothing."""
    for source in bench.sources:
        if source.status is None:
            continue
        if not bench.needing(source.kind) and source.kind not in bench.place.book.config.require:
            told = f"no rule that is on needs {source.kind}: no fault of it can be seen"
            yield Result("faults", f"{source.kind} {source.shown}", "note", told)
        elif find(source.kind, source.name) is not None:
            yield from _of_source(bench, source)


def _of_source(bench: Bench, source: Source) -> Iterator[Result]:
    tree = bench.place.tree
    with faults(source.kind, source.name, source.settings, tree) as found:
        if not found:
            told = "nothing of it is known that could be broken: it is not there"
            yield Result("faults", f"{source.kind} {source.shown}", "not_looked", told)
        for fault in found:
            if fault.how == ALTERED and source.status != "ok":
                why = "its own answers are needed, and there are none now"
                yield Result("faults", _title(source, fault), "not_looked", why)
                continue
            bench.step(f"{source.shown}: {fault.name}")
            yield _judged(bench, source, fault)


def _title(source: Source, fault: Fault) -> str:
    return f"{source.kind} {source.shown}: {fault.name}"


def _judged(bench: Bench, source: Source, fault: Fault) -> Result:
    got: list[Evidence] = []
    others = [
        {each.name: each.settings}
        for each in bench.sources
        if each.kind == source.kind and each.index != source.index and each.status == "ok"
    ]
    sources = [*others, {source.name: fault.settings}]

    def ask(kinds: Any, targets: Any, config: Any, tree: Any, **how: Any) -> list[Evidence]:
        changed = replace(config, evidence={source.kind: sources})
        how["offline"] = False
        how["seconds"] = SECONDS if fault.name == "time-out" else PATIENCE
        got.extend(bench.ask([source.kind], targets, changed, Overlay(tree, fault.files), **how))
        return [*(each for each in bench.as_it_was(kinds) if each.kind != source.kind), *got]

    unanswered = len(fault.unanswered)
    told = bench.run(ask)
    rules = [each.id for each in bench.needing(source.kind)]
    first = bench.first
    assert isinstance(first, Verdict)
    before = _of(outcomes(first, rules), source)
    after = {} if isinstance(told, GateError) else _of(outcomes(told, rules), source)
    proof = Proof(
        source=source.shown,
        fault=fault.name,
        how=fault.how,
        rules=rules,
        before=said(before),
        after=f"an error: {told.message}" if isinstance(told, GateError) else said(after),
        exit_code=told.exit_code,
        reason=next((each.reason for each in got if each.status != "ok"), None),
    )
    if len(fault.unanswered) > unanswered:
        why = "its own answers are needed, and it gave none"
        return Result("faults", _title(source, fault), "not_looked", why)
    hole = None
    if isinstance(told, Verdict):
        hole = _hole(bench, source, fault, told, got)
    if hole is None:
        why = f": {proof.reason}" if proof.reason else ""
        text = f"{proof.before} -> {proof.after}{why}"
        return Result("faults", _title(source, fault), "ok", text, proof=proof)
    return Result("faults", _title(source, fault), "hole", hole.told, hole.todo, hole.key, proof)


def _of(
    found: Mapping[tuple[str, str, str], str], source: Source
) -> Mapping[tuple[str, str, str], str]:
    settings = source.settings if isinstance(source.settings, dict) else {}
    only = settings.get("environments")
    return {key: each for key, each in found.items() if only is None or key[2] in only}


def _hole(
    bench: Bench, source: Source, fault: Fault, told: Verdict, got: Sequence[Evidence]
) -> Hole | None:
    """Why a run lets something pass; None: it does not."""
    config = bench.place.book.config
    believed = {
        (each.service, each.environment)
        for each in got
        if fault.says and each.status == "ok" and source.speaks_of(each)
    }
    untold = _untold(bench, source, got)
    rules = [each.id for each in bench.needing(source.kind)]
    for (rule, *where), outcome in _of(outcomes(told, rules), source).items():
        if tuple(where) not in believed | untold and outcome not in STOPS:
            return _let_go(bench, source, rule, where, outcome)
    for service, environment in sorted(believed & _spoken_of(bench, source)):
        if not _is_stopped(bench, told, rules, service, environment):
            return _believed(source, fault, service, environment)
    if told.exit_code != 0:
        return None
    if config.mode == "advisory":
        return Hole(f"{told.verdict}, and the exit code is 0", *ADVISORY)
    if bench.place.request.fail_on == "never":
        return Hole(f"{told.verdict}, and the exit code is 0", *NEVER_FAILS)
    return None if believed else Hole(f"it ends with {told.verdict} and exit code 0", OF_GATE)


def _let_go(bench: Bench, source: Source, rule: str, where: Sequence[str], outcome: str) -> Hole:
    """A rule that sees nothing, and stops nothing."""
    book = bench.place.book
    told = f"{rule} {outcome} for {where[0]} in {where[1]}, though it cannot see {source.kind}"
    if book.on_unavailable.get(rule) == "warn":
        where_it_says = unavailable.key(book.config, rule)
        todo = f"Remove `{where_it_says}`, or set it to undecided or deny."
        return Hole(told, todo, where_it_says)
    return Hole(told, OF_GATE)


def _untold(bench: Bench, source: Source, got: Sequence[Evidence]) -> set[tuple[str, str]]:
    """The targets that have no SLO of the source by its own settings, whether it answers or not:
    they had none before, and others do miss its answer."""
    if source.kind != "slo" or all(each.status == "ok" for each in got):
        return set()
    empty = {(each.service, each.environment) for each in got if each.status == "ok"}
    empty -= {(each.service, each.environment) for each in got if each.value}
    return empty - _spoken_of(bench, source)


def _spoken_of(bench: Bench, source: Source) -> set[tuple[str, str]]:
    """The targets of which something was said with all as it was."""
    return {
        (each.service, each.environment)
        for each in bench.kept
        if each.kind == source.kind and each.value and source.speaks_of(each)
    }


def _is_stopped(
    bench: Bench, told: Verdict, rules: Sequence[str], service: str, environment: str
) -> bool:
    """Whether a rule stops a target for what it did not say before."""
    first = bench.first
    assert isinstance(first, Verdict)
    known = {_identity(each) for each in first.findings}
    new = [
        each
        for each in told.findings
        if each.rule in rules
        and each.level == "deny"
        and each.counts
        and each.service in (None, service)
        and _identity(each) not in known
    ]
    found = outcomes(told, rules)
    return bool(new) or any(
        found.get((rule, service, environment)) in ("undecided", "error") for rule in rules
    )


def _identity(finding: Finding) -> tuple[str, str, str | None]:
    return (finding.rule, finding.message, finding.service)


def _believed(source: Source, fault: Fault, service: str, environment: str) -> Hole:
    where = f"{service} in {environment}"
    if fault.name == "stale":
        key = f"{source.key}.max_age"
        told = f"what it said of {where} long ago counts as fresh"
        return Hole(told, f"Set `max_age` for {source.shown}, such as `max_age: 1h`.", key)
    rule = "slo.data_missing" if fault.name == "NaN" else "slo.missing"
    told = (
        f"that {fault.name} of {where} {'is' if fault.name == 'NaN' else 'are'} told stops nothing"
    )
    todo = f"Let {rule} deny, for all tiers that must have SLOs (`gate explain {rule}`)."
    return Hole(told, todo, f"rules.{rule}")
