"""The whole run, on one screen: change, manifests, evidence, policy input, decision, verdict.

It knows the stages and no implementation of any.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from gate import __version__, rulebook
from gate.change.described import described
from gate.change.interface import ChangeRequest, Source
from gate.change.registry import open_source
from gate.config.load import gate_paths, touched
from gate.decision import saved
from gate.decision.engines.interface import Engine
from gate.decision.engines.registry import open_engine
from gate.decision.judge import foresee, judge
from gate.errors import GateError
from gate.evidence.gather import gather
from gate.evidence.interface import AHEAD
from gate.manifests.objects import objects_of
from gate.manifests.read import read
from gate.model.change import Change
from gate.model.config import Config, Conftest
from gate.model.manifest import Locator, Manifests
from gate.model.outlook import Outlook
from gate.model.policy import Bundle
from gate.model.policy_input import Json, judging, policy_input
from gate.model.verdict import Evidence, Verdict
from gate.rulebook import Asked, Rulebook

Step = Callable[[str], None]
Gather = Callable[..., list[Evidence]]
"""Asks for evidence as `gate.evidence.gather.gather` does."""

FAR = timedelta(days=92)
"""How far `gate when` asks for freezes."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to judge, by what, and when. `ahead` is how far the known future is asked for."""

    what: ChangeRequest
    now: datetime
    config: str | None = None
    policies: tuple[str | Conftest, ...] = ()
    environments: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    offline: bool = False
    engine: str | None = None
    fail_on: Literal["deny", "warn", "never"] = "deny"
    include_existing: bool = False
    ahead: timedelta = AHEAD

    @property
    def rules(self) -> Asked:
        """What it says of the rules."""
        return Asked(self.config, self.policies, self.engine, self.offline)


@dataclass(frozen=True, slots=True)
class Case:
    """All that a verdict rests on. `preview` holds the head's own rules, where they are shown."""

    context: Json
    bundle: Bundle
    engine: str
    locate: Locator
    preview: Bundle | None = None


def check(request: Request, step: Step) -> Verdict:
    """Judges a change."""
    with closing(open_source(request.what)) as source:
        return _decide(_collect(source, request, step), request, step)


def check_open(
    source: Source, book: Rulebook, request: Request, step: Step, ask: Gather | None = None
) -> Verdict:
    """Judges an open change by rules that are loaded. `ask` may stand for the sources."""
    return _decide(_case(source, book, book.config, request, step, ask), request, step)


def check_saved(file: Path, request: Request, step: Step) -> Verdict:
    """Judges a saved policy input: the same verdict that it would have had."""
    context, bundle, preview, locate = saved.read(file)
    return _decide(Case(context, bundle, "auto", locate, preview), request, step)


def when(request: Request, step: Step) -> Outlook:
    """Says when a change would pass. The head's own rules are not shown: they bind nobody."""
    asked = replace(request, ahead=FAR)
    with closing(open_source(request.what)) as source:
        step("loading the rules")
        book = rulebook.of_source(source, source.trusted, asked.rules)
        return _foresee(_case(source, book, book.config, asked, step), asked, step)


def when_saved(file: Path, request: Request, step: Step) -> Outlook:
    """The same of a saved policy input, as far into the future as that tells it."""
    context, bundle, _, locate = saved.read(file)
    return _foresee(Case(context, bundle, "auto", locate), request, step)


def context(request: Request, step: Step) -> Json:
    """The policy input, with all places, so that it can be judged without the files."""
    with closing(open_source(request.what)) as source:
        case = _collect(source, request, step)
        case.context["gate"]["positions"] = dict(case.locate.positions())
        return case.context


def _collect(source: Source, request: Request, step: Step) -> Case:
    step("loading the rules")
    book = rulebook.of_source(source, source.trusted, request.rules)
    case = _case(source, book, book.config, request, step)
    changed = touched(book.config, _paths(source.change))
    if source.head_tree is None or not changed:
        return case
    try:
        asked = replace(request.rules, engine=request.engine or book.config.engine, offline=True)
        head = rulebook.of_source(source, source.head_tree, asked)
        preview = _case(source, head, book.config, request, step)
    except GateError as error:
        case.context["gate"]["preview"] = {"changed": list(changed), "reason": error.placed}
        return case
    case.context["gate"]["preview"] = {"changed": list(changed), "context": preview.context}
    return replace(case, preview=preview.bundle)


def _case(
    source: Source,
    book: Rulebook,
    asked: Config,
    request: Request,
    step: Step,
    ask: Gather | None = None,
) -> Case:
    """`asked` is the config whose sources are asked: always the trusted one, or a change could
    have secrets sent to an address of its own."""
    environments = request.environments or _deployed_to(source.change, asked)
    step(f"reading {len(source.change.files):,} files")
    manifests = read(
        source.change,
        source.old,
        source.new,
        book.config,
        environments=environments,
        services=request.services,
    )
    change = _looked_back(source, manifests, book.bundle)
    change = described(change, (*environments, *request.services))
    step("asking how things stand")
    evidence = (ask or gather)(
        book.evidence_needed,
        manifests.targets,
        asked,
        source.trusted,
        now=request.now,
        offline=request.offline,
        ahead=request.ahead,
    )
    found = policy_input(
        change=change,
        manifests=manifests,
        evidence=evidence,
        settings=book.settings,
        gate_paths=gate_paths(asked),
        now=request.now,
        judging=judging(
            version=__version__,
            change=change,
            manifests=manifests,
            config=book.config,
            bundle=book.bundle,
            judged_by=book.judged_by,
            offline=request.offline,
            levels=book.levels,
            on_unavailable=book.on_unavailable,
        ),
    )
    return Case(found, book.bundle, book.config.engine, manifests.locate)


def _decide(case: Case, request: Request, step: Step) -> Verdict:
    step("judging")
    with _engine(case, request) as engine, closing(open_engine("auto")) as preview_engine:
        return judge(
            case.context,
            case.bundle,
            engine,
            locate=case.locate,
            include_existing=request.include_existing,
            fail_on=request.fail_on,
            preview_bundle=case.preview,
            preview_engine=preview_engine,
        )


def _foresee(case: Case, request: Request, step: Step) -> Outlook:
    step("judging at later times")
    with _engine(case, request) as engine:
        return foresee(
            case.context,
            case.bundle,
            engine,
            locate=case.locate,
            include_existing=request.include_existing,
            fail_on=request.fail_on,
        )


def _engine(case: Case, request: Request) -> closing[Engine]:
    name, by = (request.engine, "--engine") if request.engine else (case.engine, "the config")
    return closing(open_engine(name, by=by, offline=request.offline))


def _deployed_to(change: Change, config: Config) -> tuple[str, ...]:
    """The environment that a deployment goes to, where the config names it."""
    name = (change.deployed_to or "").lower()
    return tuple(each for each in config.environments if name and each.lower() == name)


def _looked_back(source: Source, manifests: Manifests, bundle: Bundle) -> Change:
    """With what it brings back, where a rule may ask: those of the wheel speak of rollbacks only
    where there is an object or a target."""
    if bundle.is_of_the_wheel and not manifests.resources and not manifests.targets:
        return source.change
    return replace(source.change, rollback=source.look_back(objects_of))


def _paths(change: Change) -> list[str]:
    sides = (side for file in change.files for side in (file.old, file.new))
    return list(dict.fromkeys(side.path for side in sides if side))
