"""Judges open pull requests again whose verdict is out of date, and posts what comes of it.

A verdict is out of date where there is none for the head, where it was no pass, where the time
that it was valid until has come, and where the target branch has moved on, so that other rules,
waivers and calendars may hold. All that is told by the check run that gate posted; one that
another app made tells nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from gate import pipeline
from gate.clients.event import UnknownEvent, of_pull
from gate.clients.github import Forbidden, Repository, opened
from gate.clients.http import Unreachable
from gate.errors import ChangeError, GateError, unexpected
from gate.model.event import Event
from gate.model.times import moment
from gate.model.verdict import Outcome, Verdict
from gate.pipeline import Request, Step
from gate.report.posts.github import post
from gate.report.posts.interface import Subject
from gate.report.posts.stamp import Stamp, read, stamp
from gate.report.words import moment as shown

Json = Mapping[str, Any]

NOT_POSTED = 4
"""The exit code of what could not be asked or told."""
_NOT_JUDGED = (2, 4)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which pull requests of `owner/name` are meant: those into a branch, the default one where
    `base` is None. `request` says how each is judged; `every`: also those whose verdict holds."""

    repository: str
    request: Request
    base: str | None = None
    every: bool = False


@dataclass(frozen=True, slots=True)
class Rechecked:
    """What became of a pull request. `before` and `now` are verdicts, None where there was or is
    none. `why` says why it was judged again, None where its verdict holds. `faults` say what went
    wrong, a line each; `exit_code` is 0 where nothing did, whatever the verdict."""

    number: int
    title: str
    head: str | None
    before: Outcome | None = None
    now: Outcome | None = None
    why: str | None = None
    faults: tuple[str, ...] = ()
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class _Posted:
    """The check run that tells the last verdict, and what it says to machines. `stands`: the commit
    status says the same, as far as it is there and may be asked for."""

    number: int
    stamp: Stamp
    passes: bool
    stands: bool = True


def recheck(asked: Asked, step: Step) -> Iterator[Rechecked]:
    """Judges, posts, and says of each open pull request what became of it. Raises ChangeError
    where they cannot be listed; what goes wrong with one is told beside it."""
    step("listing the pull requests")
    try:
        with opened(asked.repository) as repository:
            base = asked.base or str(repository.one().get("default_branch"))
            # The oldest first: whoever opens many new ones keeps nobody's from their turn.
            asked_for = {"state": "open", "base": base, "direction": "asc"}
            pulls = repository.every("pulls", asked_for)
            who = repository.who() if pulls else ""
            tip = _tip(repository, base) if pulls or asked.base else None
    except Unreachable as error:
        raise ChangeError(
            f"GitHub: the pull requests of {asked.repository} cannot be listed: {error.reason}.",
            advice="Look at the token and its permissions: docs/posting.md names them.",
        ) from error
    for pull in pulls:
        yield _one(asked, pull, lambda posted: _why(asked, posted, tip, base), who, step)


def _tip(repository: Repository, branch: str) -> object:
    found = repository.one(f"branches/{quote(branch, safe='')}").get("commit")
    return found.get("sha") if isinstance(found, dict) else None


def _one(
    asked: Asked,
    pull: Json,
    why: Callable[[_Posted | None], str | None],
    who: str,
    step: Step,
) -> Rechecked:
    number, title = pull.get("number"), pull.get("title")
    made = Rechecked(
        number=number if type(number) is int else 0,
        title=title if isinstance(title, str) else "",
        head=None,
    )
    try:
        event = of_pull("pull_request", pull, asked.repository)
        made = replace(made, head=event.head)
        with opened(asked.repository) as repository:
            posted = _last(repository, _subject(asked, event), who)
    except (UnknownEvent, Unreachable) as error:
        return replace(made, faults=(f"GitHub: {error.reason}",), exit_code=NOT_POSTED)
    reason = why(posted)
    before = posted.stamp.verdict if posted else None
    made = replace(made, before=before, why=reason)
    if reason is None:
        return replace(made, now=before)
    step(f"judging #{made.number}")
    return _judged(asked, event, made, posted, who)


def _judged(
    asked: Asked, event: Event, made: Rechecked, posted: _Posted | None, who: str
) -> Rechecked:
    head, before = str(event.head), posted.stamp if posted else None
    told = _verdict(asked.request, event)
    faults: list[str] = []
    if isinstance(told, GateError):
        faults.append(told.placed)
    elif told.change.get("head") != head:
        fault = f"another commit than {head[:7]} was judged, and nothing is posted"
        return replace(made, faults=(fault,), exit_code=NOT_POSTED)
    code = told.exit_code if told.exit_code in _NOT_JUDGED else 0
    new = stamp(told, head)
    if new != before or (posted is not None and not posted.stands):
        is_same = posted is not None and posted.stands and _is_same(posted.stamp, new)
        number = posted.number if posted is not None and is_same else None
        subject = replace(_subject(asked, event), check_run=number)
        complaints = _outrun(told, subject, posted, who) or _told(told, subject)
        faults += complaints
        code = code or (NOT_POSTED if complaints else 0)
    return replace(made, now=new.verdict, faults=tuple(faults), exit_code=code)


def _told(told: Verdict | GateError, subject: Subject) -> Sequence[str]:
    try:
        return post(told, subject)
    except Exception as error:  # noqa: BLE001 - one pull request's fault costs only itself
        return [unexpected(error).message]


def _outrun(
    told: Verdict | GateError, subject: Subject, posted: _Posted | None, who: str
) -> Sequence[str]:
    """What keeps a pass from being posted: that of a run which was quicker may rest on newer rules,
    and the next recheck sees which holds."""
    if told.exit_code != 0:
        return []
    try:
        with opened(str(subject.repository)) as repository:
            last = _last_run(repository, subject, who)
    except Unreachable as error:
        return [f"GitHub: {error.reason}"]
    numbers = [each.number if each else None for each in (last, posted)]
    return [] if numbers[0] == numbers[1] else ["another run was quicker, and nothing is posted"]


def _is_same(before: Stamp, now: Stamp) -> bool:
    """Whether they say the same, however long that is valid."""
    return (before.verdict, before.digest) == (now.verdict, now.digest)


def _verdict(request: Request, event: Event) -> Verdict | GateError:
    try:
        return pipeline.check(
            replace(request, what=replace(request.what, event=event)), lambda _: None
        )
    except GateError as error:
        return error
    except Exception as error:  # noqa: BLE001 - one pull request's fault costs only itself
        return unexpected(error)


def _subject(asked: Asked, event: Event) -> Subject:
    only = (*asked.request.environments, *asked.request.services)
    return Subject(event, asked.repository, event.head, only)


def _last(repository: Repository, subject: Subject, who: str) -> _Posted | None:
    """What was posted last, and whether all of it stands."""
    found = _last_run(repository, subject, who)
    if found is None:
        return None
    try:
        known = repository.every(f"commits/{subject.head}/status", key="statuses")
    except Forbidden:
        return found
    states = [each.get("state") for each in known if each.get("context") == subject.name]
    return replace(found, stands=all((each == "success") == found.passes for each in states))


def _last_run(repository: Repository, subject: Subject, who: str) -> _Posted | None:
    """The last check run that gate posted by the token's own app. A job that is called as the
    check run is, makes one too, which tells nothing."""
    head = str(subject.head)
    asked = {"check_name": subject.name, "filter": "all"}
    runs = repository.every(f"commits/{head}/check-runs", asked, key="check_runs")
    own = (_posted(each, head) for each in runs if _maker(each) == who)
    return max(filter(None, own), key=lambda each: each.number, default=None)


def _posted(run: Json, head: str) -> _Posted | None:
    output, number, passes = run.get("output"), run.get("id"), run.get("conclusion") == "success"
    said = read(output.get("text")) if isinstance(output, dict) else None
    if said is None or type(number) is not int or said.head != head:
        return None
    return _Posted(number, said, passes) if passes or said.verdict != "pass" else None


def _maker(run: Json) -> str | None:
    """The login of the app that made a check run."""
    app = run.get("app")
    return f"{app.get('slug')}[bot]" if isinstance(app, dict) else None


def _why(asked: Asked, posted: _Posted | None, tip: object, base: str) -> str | None:
    """Why a pull request is judged again; None where its verdict holds."""
    if posted is None:
        return "it has no verdict"
    if not posted.stands:
        return "its commit status says otherwise"
    said = posted.stamp
    if said.verdict != "pass":
        return f"it was {said.verdict}"
    until = moment(said.valid_until) if said.valid_until else None
    if until is not None and until <= asked.request.now:
        return f"it was valid until {shown(str(said.valid_until))}"
    if said.trusted != tip:
        return f"{base} has moved on"
    return "all are asked for" if asked.every else None
