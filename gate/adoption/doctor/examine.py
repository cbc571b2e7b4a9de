"""The whole examination, group by group."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from gate.adoption.doctor import faults, github, judge_faults, setup, sources, unavailable
from gate.adoption.doctor.bench import Bench
from gate.adoption.doctor.place import Place, opened
from gate.adoption.doctor.probe import probe
from gate.evidence.gather import gather
from gate.model.diagnosis import GROUPS, Diagnosis, Group, Result
from gate.model.times import written
from gate.model.verdict import Verdict
from gate.pipeline import Gather, Request, Step


def examine(
    request: Request,
    step: Step,
    *,
    groups: Collection[Group] = GROUPS,
    accepted: Collection[str] = (),
    ask: Gather = gather,
) -> Diagnosis:
    """Looks at a set-up. `groups` are those that are looked at, `accepted` the keys of holes that
    do not count. `ask` asks the sources. Raises GateError where config or rules do not load."""
    step("loading the rules")
    with opened(request) as place:
        step("looking for objects to try")
        bench = Bench(place, probe(place), step, ask)
        found = [each for each in _all(bench, groups) if each.group in groups]
        return Diagnosis(
            by=place.book.judged_by,
            now=written(request.now),
            results=_marked(found, accepted),
            targets=len(bench.probe.targets),
            runs=bench.runs,
            groups=[each for each in GROUPS if each in groups],
        )


def _all(bench: Bench, groups: Collection[Group]) -> Iterator[Result]:
    place = bench.place
    if {"setup", "sources", "faults"} & set(groups):
        bench.sources, asked = sources.ask_each(bench)
        bench.step("judging a probe")
        bench.start()
        yield from _setup(bench, place)
        yield from asked
        yield from sources.without_source(bench)
    if "github" in groups:
        bench.step("asking GitHub")
        yield from github.results(place)
    if "faults" in groups:
        if isinstance(bench.first, Verdict) and bench.probe.targets:
            yield from faults.of_sources(bench)
            yield from judge_faults.of_rules(bench)
        else:
            yield _no_probe(bench)


def _setup(bench: Bench, place: Place) -> Iterator[Result]:
    yield from setup.of_config(place)
    yield from setup.of_rules(place)
    yield from unavailable.results(place.book)
    yield setup.of_engine(bench)
    yield from setup.of_probe(bench)
    yield from setup.of_waivers(place)
    yield from setup.of_repository(place)
    yield from setup.of_environment()


def _no_probe(bench: Bench) -> Result:
    told = "nothing can be tried: see the group setup"
    if bench.probe.targets and bench.first is not None:
        told = f"the gate itself fails: {getattr(bench.first, 'message', '')}"
    return Result("faults", "probe", "not_looked", told)


def _marked(found: Sequence[Result], accepted: Collection[str]) -> list[Result]:
    return [
        replace(each, accepted=True) if each.state == "hole" and each.key in accepted else each
        for each in found
    ]
