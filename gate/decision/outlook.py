"""When a verdict changes: found by judging again at the moments that the evidence names."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gate.decision import findings, projection
from gate.decision.case import Case, open_case
from gate.decision.findings import Found
from gate.decision.judgement import Judgement, judged
from gate.decision.memory import Remembering
from gate.decision.outcomes import FailOn
from gate.decision.projection import Boundary
from gate.errors import GateError
from gate.model import times
from gate.model.manifest import Locator
from gate.model.outlook import Ends, Obstacle, Outlook, Passing
from gate.model.policy import Rule
from gate.model.verdict import RuleOutcome, TargetOutcome, Unblock, Verdict

Mark = tuple[str, ...]
Holds = Callable[[datetime], bool]
Blocker = Found | RuleOutcome | str
"""A finding, a rule that is undecided or failed, or what is undecided beside the rules."""

ALL = 200
"""How many moments `gate when` judges."""
FEW = 16
"""How many moments a verdict judges for `valid_until`, and as many for what blocks it."""
NO_ERRORS = "if no more errors come"
UNSEEN = "what the missing evidence will say is not known: ask again once it is there"
FIX_RULE = "Mend the rule where it fails."
FIX_EVIDENCE = "Let the source of the evidence answer, or configure one."

_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
_BLOCKING: Mapping[FailOn, Collection[str]] = {
    "deny": ("deny",),
    "warn": ("deny", "warn"),
    "never": (),
}
_DATED = frozenset({"slo", "freeze"})
"""The kinds of evidence that name moments."""


class _EnoughError(Exception):
    """As many moments were judged as may be."""


@dataclass(slots=True)
class Timeline:
    """A case at later times, and what was found out about them. `memory` is the case's engine;
    `left` is how many more moments may be judged; `failure` why none can be any more."""

    case: Case
    memory: Remembering
    include_existing: bool
    seen: dict[datetime, Judgement]
    bounds: Sequence[Boundary] = ()
    fail_on: FailOn = "deny"
    left: int = FEW
    failure: str | None = None

    @property
    def now(self) -> datetime:
        return self.case.now

    @property
    def first(self) -> Judgement:
        """The judgement of now."""
        return self.seen[self.now]

    def at(self, moment: datetime, *, free: bool = False) -> Judgement:
        """The judgement at a time; a `free` one is not counted. Raises _EnoughError."""
        if moment not in self.seen:
            if self.left <= 0 and not free:
                raise _EnoughError
            self.left -= not free
            later = projection.at(self.case.context, moment)
            case = open_case(later, self.case.bundle, self.case.engine)
            try:
                self.seen[moment] = judged(case, include_existing=self.include_existing)
            except GateError as error:
                # An engine that fails now has judged before: the verdict is not lost by it.
                self.left, self.failure = 0, error.message
                raise _EnoughError from error
        return self.seen[moment]

    def blockers(self, moment: datetime) -> Mapping[Mark, Sequence[Blocker]]:
        """What keeps the change from passing at a time."""
        return _blockers(self.at(moment), self.fail_on)


def timeline(case: Case, memory: Remembering, include_existing: bool) -> Timeline:
    """Judges now. Raises PolicyError where nothing at all can be judged."""
    first = judged(case, include_existing=include_existing)
    line = Timeline(case, memory, include_existing, {case.now: first})
    return replace(line, bounds=projection.boundaries(case.context, _told(line)))


def _told(line: Timeline) -> Iterator[datetime]:
    """What ends by itself beside the evidence, or begins: waivers, rules that take effect, what
    rules say of their findings."""
    for waiver in line.case.gate["waivers"]:
        end = times.end(waiver["expires"])
        if end is not None:
            yield end
    for rule in line.case.active:
        effect = line.case.takes_effect(rule)
        if effect is not None:
            yield effect
    for each in line.first.found:
        if each.counts and (own := _own_end(each)) is not None:
            yield own


def _own_end(found: Found) -> datetime | None:
    at = found.said.unblock.at if found.said.unblock else None
    return times.moment(at) if at else None


def valid_until(line: Timeline) -> str | None:
    """The next moment at which the same change would be judged otherwise, never later than that;
    None where none is known."""
    moments = [findings.next_change(line.case, line.first.found)]
    if any(each.kinds - {"clock"} for each in line.bounds) and line.memory.timed:
        moments.append(_next_change(replace(line, left=FEW), line.now, _standing))
    told = [moment for moment in moments if moment is not None]
    return times.written(min(told)) if told else None


def unblocked(line: Timeline) -> list[Found]:
    """The findings of now, those that block and rest on evidence with the time of their end."""
    blockers = line.blockers(line.now)
    ends = {
        mark: _end_of(line, mark, alike[0], line.now)
        for mark, alike in blockers.items()
        if isinstance(alike[0], Found) and _DATED & set(alike[0].rule.requires)
    }
    return [
        _with_end(each, ends[mark_of(each)])
        if each.counts and each.level == "deny" and mark_of(each) in ends
        else each
        for each in line.first.found
    ]


def _with_end(found: Found, ending: _Ending) -> Found:
    """What its rule says of its end stays where nothing better is known."""
    if ending.at is None or ending.is_own:
        return found
    unblock = Unblock(times.written(ending.at), _how(found, ending.ends))
    return replace(found, said=replace(found.said, unblock=unblock))


def _how(found: Found, ends: Ends) -> str | None:
    """What the rule says of it; before that, what a projection rests on."""
    own = found.said.unblock.how if found.said.unblock else None
    if ends != "projection":
        return own
    if own is None or own.startswith(NO_ERRORS):
        return own or NO_ERRORS
    return f"{NO_ERRORS}. {own}"


def outlook(line: Timeline, verdict: Verdict, locate: Locator) -> Outlook:
    """When the change passes, and what is in its way until then. `verdict` is that of now."""
    horizon = projection.known_until(line.case.context)
    ends: dict[tuple[Mark, datetime], _Ending] = {}
    limited = False
    persons: set[Mark] = set()
    earliest: datetime | None = None
    blind = _is_undecided(line)
    while not blind:
        try:
            earliest = _passes_at(line, persons, horizon)
        except _EnoughError:
            earliest, limited = None, True
        for mark, begins, alike in _obstacles(line, earliest, horizon):
            if (mark, begins) not in ends:
                ends[mark, begins] = _end_of(line, mark, alike[0], begins)
        more = {mark for (mark, _), each in ends.items() if each.at is None or each.is_own}
        if more <= persons or limited:
            break
        persons |= more
    standing = _obstacles(line, line.now if blind else earliest, horizon)
    for mark, begins, alike in standing:
        if (mark, begins) not in ends:
            ends[mark, begins] = _end_of(line, mark, alike[0], begins)
    blind |= any(
        _is_unmeasured(line, alike[0], ends[mark, begins]) for mark, begins, alike in standing
    )
    obstacles = [
        obstacle
        for mark, begins, alike in standing
        for blocker in alike
        for obstacle in _told_of(line, blocker, begins, ends[mark, begins], locate)
    ]
    obstacles.sort(key=lambda each: (each.at is None, each.at or "", each.begins or ""))
    limited |= any(each.limited for each in ends.values())
    passing = None if earliest is None or blind else _passing(line, earliest, ends)
    passes = earliest is not None and not line.blockers(earliest)
    return Outlook(
        verdict=verdict,
        earliest=passing if passes else None,
        without=None if passes else passing,
        obstacles=obstacles,
        known_until=times.written(horizon) if horizon else None,
        reasons=[UNSEEN]
        if blind
        else list(_reasons(line, obstacles, earliest, horizon, limited=limited)),
        judgements=len(line.seen),
    )


def _is_undecided(line: Timeline) -> bool:
    """Whether something blocks now because it cannot be seen: once it can, it may block as well."""
    blockers = (alike[0] for alike in line.blockers(line.now).values())
    return any(
        isinstance(each, str) or (isinstance(each, RuleOutcome) and each.outcome == "undecided")
        for each in blockers
    )


def _is_unmeasured(line: Timeline, blocker: Blocker, ending: _Ending) -> bool:
    """Whether a budget that is not known may be what blocks, and may block once it is known."""
    return (
        isinstance(blocker, Found)
        and "slo" in blocker.rule.requires
        and ending.at is None
        and projection.is_unmeasured(line.case.context, blocker.service)
    )


@dataclass(frozen=True, slots=True)
class _Ending:
    """When an obstacle ends, and what that rests on. `is_own` says that only its rule says so:
    judged then, it still stands. `limited` says that the look ended before the end was found."""

    ends: Ends
    at: datetime | None = None
    is_own: bool = False
    limited: bool = False


def _passes_at(line: Timeline, but: Collection[Mark], horizon: datetime | None) -> datetime | None:
    """The first time within what is known at which nothing blocks but `but`."""

    def passes(moment: datetime) -> bool:
        return not line.blockers(moment).keys() - but

    now = line.now
    if passes(now):
        return now
    return _first([each for each in line.bounds if horizon is None or each.at < horizon], passes)


def _obstacles(
    line: Timeline, until: datetime | None, horizon: datetime | None
) -> list[tuple[Mark, datetime, Sequence[Blocker]]]:
    """What blocks now, and what was seen to begin to block before `until`: mark and beginning."""
    now = line.now
    found = []
    before: Collection[Mark] = ()
    for moment in sorted(line.seen):
        known = horizon is None or moment < horizon
        if moment > now and not (known and (until is None or moment < until)):
            break
        here = line.blockers(moment)
        found += [(mark, moment, alike) for mark, alike in here.items() if mark not in before]
        before = here.keys()
    return found


def _end_of(line: Timeline, mark: Mark, blocker: Blocker, begins: datetime) -> _Ending:
    """When an obstacle ends. What rests on nothing that time changes ends by a person alone."""
    if not isinstance(blocker, Found) or blocker.rule.id not in line.memory.timed:
        own = _own_end(blocker) if isinstance(blocker, Found) else None
        if own is not None and own > begins:
            return _Ending("unknown", own, is_own=True)
        return _Ending("person")
    rule = blocker.rule
    bounds = [each for each in line.bounds if each.at > begins and _concerns(each, rule)]
    try:
        gone = _first(bounds, lambda moment: mark not in line.blockers(moment))
    except _EnoughError:
        return _Ending("unknown", limited=True)
    if gone is not None:
        return _Ending(_rests_on(line, gone, rule), gone)
    own = _own_end(blocker)
    if own is not None and own > begins:
        return _Ending("unknown", own, is_own=True)
    if rule.requires:
        open_end = "slo" in rule.requires and projection.stays_spent(
            line.case.context, blocker.service
        )
    else:
        open_end = rule.id in line.memory.clocked
    return _Ending("unknown" if open_end else "person")


def _concerns(boundary: Boundary, rule: Rule) -> bool:
    """Whether a rule can see what happens then: a rule that requires no evidence may read any."""
    wanted = _DATED & set(rule.requires) or _DATED
    return bool(boundary.kinds & (wanted | {"clock"}))


def _rests_on(line: Timeline, moment: datetime, rule: Rule) -> Ends:
    if "slo" in rule.requires:
        return "projection"
    kinds = next(each.kinds for each in line.bounds if each.at == moment)
    return "projection" if not rule.requires and kinds == {"slo"} else "certain"


def _first(bounds: Sequence[Boundary], holds: Holds) -> datetime | None:
    """The first of the moments at which it holds.

    A budget without new errors only recovers. So of the moments of budgets that follow one
    another, the last is looked at; if it holds there, halving finds the first.
    """
    for run in _runs(bounds):
        if holds(run[-1].at):
            return _halved([each.at for each in run], holds)
    return None


def _runs(bounds: Sequence[Boundary]) -> Iterator[list[Boundary]]:
    """The boundaries in order: those of budgets alone together, every other by itself."""
    run: list[Boundary] = []
    for each in bounds:
        if each.kinds == {"slo"}:
            run.append(each)
            continue
        if run:
            yield run
            run = []
        yield [each]
    if run:
        yield run


def _halved(moments: Sequence[datetime], holds: Holds) -> datetime:
    """The first moment at which it holds, where it holds at the last, and from the first on."""
    last = len(moments) - 1
    return moments[bisect_left(range(last), True, key=lambda index: holds(moments[index]))]


def _next_change(
    line: Timeline, start: datetime, seen_as: Callable[[Judgement], object]
) -> datetime | None:
    """The first known moment after `start` at which it is seen otherwise, or an earlier one where
    too many would have to be judged.

    Before a freeze begins a rule may warn of it: the second before is looked at too, and the
    beginning of the warning is found by halving.
    """
    horizon = projection.known_until(line.case.context)
    bounds = [
        each for each in line.bounds if each.at > start and (horizon is None or each.at < horizon)
    ]
    usual = seen_as(line.at(start))
    same = start

    def differs(moment: datetime) -> bool:
        return seen_as(line.at(moment)) != usual

    def differs_freely(moment: datetime) -> bool:
        return seen_as(line.at(moment, free=True)) != usual

    try:
        for run in _runs(bounds):
            before = run[0].at - _SECOND
            if run[0].begins and before > same and differs(before):
                return _turn(same, before, differs_freely)
            if differs(run[-1].at):
                moments = [each.at for each in run]
                first = _halved(moments, differs)
                same = max([same, *(each for each in moments if each < first)])
                before = first - _SECOND
                # A warning of a freeze that begins later still may have begun in between.
                is_early = before > same and differs_freely(before)
                return _turn(same, before, differs_freely) if is_early else first
            same = run[-1].at
    except _EnoughError:
        return min((each.at for each in bounds if each.at > same), default=None)
    return None


def _turn(same: datetime, other: datetime, differs: Holds) -> datetime:
    """When it turns, between a moment at which it does not differ and one at which it does: the
    very moment where that is exact, else the minute before it; the second within the
    first minute."""
    minute = _first_on(_MINUTE, same, other, differs)
    if minute - _SECOND <= same or not differs(minute - _SECOND):
        return minute
    before = (minute - _SECOND).replace(second=0)
    return before if before > same else _first_on(_SECOND, same, minute, differs)


def _first_on(step: timedelta, same: datetime, other: datetime, differs: Holds) -> datetime:
    """The first whole minute, or second, at which it differs; `other` where there is none."""
    first = same + _SECOND if step is _SECOND else (same + _MINUTE).replace(second=0)
    count = max(-((first - other) // step), 0)
    index = bisect_left(range(count), True, key=lambda each: differs(first + each * step))
    return first + index * step if index < count else other


def _standing(judgement: Judgement) -> object:
    """What makes one judgement another: the verdict, what counts, and what is undecided."""
    counting = frozenset((each.level, mark_of(each)) for each in judgement.found if each.counts)
    return judgement.outcome, counting, frozenset(_open(judgement))


def mark_of(found: Found) -> Mark:
    """What makes two findings one at different times. A message takes no part: it may count the
    hours."""
    *name, kind, value = found.identity
    return (*name, "", "") if kind == "message" else (*name, kind, value)


def _blockers(judgement: Judgement, fail_on: FailOn) -> dict[Mark, Sequence[Blocker]]:
    found: dict[Mark, list[Blocker]] = {}
    for each in judgement.found:
        if each.counts and each.level in _BLOCKING[fail_on]:
            found.setdefault(mark_of(each), []).append(each)
    return {**found, **_open(judgement)}


def _open(judgement: Judgement) -> dict[Mark, Sequence[Blocker]]:
    """What is undecided or failed."""
    found: dict[Mark, Sequence[Blocker]] = {}
    for rule in judgement.rules:
        if rule.outcome == "error":
            found["error", rule.rule] = [rule]
        elif rule.outcome == "undecided" or _open_targets(rule):
            found["undecided", rule.rule] = [rule]
    return found | {("beside", reason): [reason] for _, reason in judgement.beside}


def _open_targets(rule: RuleOutcome) -> list[TargetOutcome]:
    return [each for each in rule.targets if each.outcome == "undecided"]


def _told_of(
    line: Timeline, blocker: Blocker, begins: datetime, ending: _Ending, locate: Locator
) -> Iterator[Obstacle]:
    """A blocker as people are told of it."""
    later = None if begins == line.now else times.written(begins)
    at = None if ending.at is None else times.written(ending.at)
    if isinstance(blocker, str):
        yield Obstacle("undecided", blocker, "person", begins=later)
    elif isinstance(blocker, RuleOutcome):
        yield from _told_of_rule(blocker, later)
    else:
        (finding,) = findings.finished([blocker], locate)
        own = blocker.said.unblock.how if blocker.said.unblock else None
        yield Obstacle(
            level=finding.level,
            message=finding.message,
            ends=ending.ends,
            rule=finding.rule,
            resource=finding.resource,
            service=finding.service,
            location=finding.location,
            begins=later,
            at=at,
            how=own if own or ending.at else finding.remediation,
        )


def _told_of_rule(rule: RuleOutcome, begins: str | None) -> Iterator[Obstacle]:
    if rule.outcome == "error":
        yield Obstacle("error", rule.reason or "it failed", "person", rule.rule, how=FIX_RULE)
        return
    for reason, service in dict.fromkeys(
        (target.reason or rule.reason or "it could not be judged", target.service)
        for target in _open_targets(rule)
    ):
        yield Obstacle(
            "undecided",
            reason,
            "person",
            rule.rule,
            service=service,
            begins=begins,
            how=FIX_EVIDENCE,
        )


def _reasons(
    line: Timeline,
    obstacles: Sequence[Obstacle],
    earliest: datetime | None,
    horizon: datetime | None,
    *,
    limited: bool,
) -> Iterator[str]:
    """Why there is no earliest time."""
    counted = Counter(ends for ends, _ in {(each.ends, each.message) for each in obstacles})
    if counted["person"]:
        yield f"{_number(counted['person'], 'obstacle')} only by what a person does"
    if counted["unknown"] and not limited:
        yield f"{_number(counted['unknown'], 'obstacle')} at a time that nobody can tell"
    if line.failure is not None:
        yield f"it could not be judged at later times: {line.failure.rstrip('.')}"
    elif limited:
        yield f"it was judged at {ALL} moments, and further ones were not looked at"
    elif earliest is None and horizon is not None:
        yield "what comes after the end of the calendars is not known"
    elif earliest is None:
        yield "at no moment that is known it would pass"


def _number(count: int, noun: str) -> str:
    return f"1 {noun} ends" if count == 1 else f"{count} {noun}s end"


def _passing(
    line: Timeline, moment: datetime, ends: Mapping[tuple[Mark, datetime], _Ending]
) -> Passing:
    projected = any(each.ends == "projection" for each in ends.values())
    blockers = line.blockers(moment).keys()
    found = line.at(moment).found
    until = _next_change(
        line, moment, lambda judgement: bool(_blockers(judgement, line.fail_on).keys() - blockers)
    )
    return Passing(
        at=line.case.context["now"] if moment == line.now else times.written(moment),
        rests_on="projection" if projected and moment > line.now else "certain",
        verdict="warn" if any(each.counts and each.level == "warn" for each in found) else "pass",
        until=times.written(until) if until else None,
    )
