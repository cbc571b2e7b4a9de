"""Faults of what judges: no engine, no policies, no config."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from gate import rulebook
from gate.adoption.doctor.bench import Bench
from gate.adoption.doctor.faults import ADVISORY, NEVER_FAILS, OF_GATE
from gate.adoption.doctor.overlay import Overlay
from gate.adoption.doctor.source_faults import REFUSED, nobody
from gate.change.interface import OpenSource
from gate.config import CONFIG_NAMES
from gate.decision.bundle import load
from gate.errors import GateError
from gate.model.change import FileChange
from gate.model.diagnosis import Proof, Result
from gate.model.verdict import Verdict

BROKEN = b"package nothing\n\ndeny contains {\n"
_PROGRAM = "opa"
UNGUARDED = (
    "Name the file where gate runs (`--config .gate.yaml`, the action's `config`): then nothing is "
    "judged without it. Or have its owners review each change of it, and accept this."
)


def of_rules(bench: Bench) -> Iterator[Result]:
    """Each of them, one at a time."""
    yield _engine(bench)
    yield from _policies(bench)
    yield from _config(bench)


def _engine(bench: Bench) -> Result:
    bench.step("breaking what judges")
    place, first = bench.place, bench.first
    assert isinstance(first, Verdict)
    name = place.request.engine or place.book.config.engine
    if "://" in name and not place.request.offline:
        told = bench.run(engine=nobody())
        return _proved(bench, "engine: server gone", REFUSED, told)
    if first.engine["name"] == "embedded":
        return Result(
            "faults",
            "engine",
            "ok",
            "the rules are judged within gate: nothing else can be missing",
        )
    with _without_programs():
        told = bench.run()
    return _proved(bench, f"engine: no {_PROGRAM}", "an empty PATH", told)


@contextmanager
def _without_programs() -> Iterator[None]:
    """No program is found meanwhile."""
    path = os.environ.get("PATH")
    os.environ["PATH"] = ""
    try:
        yield
    finally:
        if path is None:
            del os.environ["PATH"]
        else:
            os.environ["PATH"] = path


def _policies(bench: Bench) -> Iterator[Result]:
    place = bench.place
    none = replace(place.book, bundle=load(builtin=False), levels={}, settings={})
    told = bench.run(book=none)
    yield _proved(bench, "policies: no rule loads", "an empty set of rules", told)
    asked = place.request.policies or place.book.config.policies
    folders = [each for each in asked if isinstance(each, str) and "/" in f"{each}/"]
    paths = [
        entry.path
        for each in folders
        if each not in ("builtin", "server") and "://" not in each
        for entry in place.tree.below(each)
        if entry.path.endswith(".rego") and not entry.path.endswith("_test.rego")
    ]
    if not paths:
        return
    yield _reloaded(bench, "policies: the folder is missing", dict.fromkeys(paths))
    yield _reloaded(bench, f"policies: {paths[0]} does not parse", {paths[0]: BROKEN})


def _reloaded(bench: Bench, check: str, files: dict[str, bytes | None]) -> Result:
    """The rules loaded anew, from a tree with other files."""
    place = bench.place
    asked = replace(place.request.rules, engine=place.request.engine or place.book.config.engine)
    tree = Overlay(place.tree, files)
    try:
        book = rulebook.of_source(place.source, tree, asked)
    except GateError as error:
        return _proved(bench, check, "the files in the tree, altered", error)
    lost = sorted(set(place.book.bundle.rules) - set(book.bundle.rules))
    told = bench.run(book=book)
    if lost and isinstance(told, Verdict) and told.exit_code == 0:
        return Result(
            "faults",
            check,
            "hole",
            f"{', '.join(lost)} no longer judges, and nobody is told",
            OF_GATE,
            proof=_proof(bench, check, "the files in the tree, altered", told),
        )
    return _proved(bench, check, "the files in the tree, altered", told)


def _config(bench: Bench) -> Iterator[Result]:
    """Without its config the defaults judge: so the change that removes it must be stopped."""
    place = bench.place
    path = place.book.config.path
    if path is None or place.tree.find(path) is None:
        return
    check = "config: missing from the trusted ref"
    if place.request.config is not None:
        yield _reloaded(bench, check, {path: None})
        return
    files: dict[str, bytes | None] = dict.fromkeys(CONFIG_NAMES)
    try:
        book = rulebook.of_source(place.source, Overlay(place.tree, files), place.request.rules)
    except GateError as error:
        yield _proved(bench, check, "the file taken away", error)
        return
    told = bench.run(bench.ask, book=book)
    if isinstance(told, GateError) or told.exit_code != 0:
        yield _proved(bench, check, "the file taken away", told)
        return
    removal = bench.run(source=_removal(bench, path))
    proof = _proof(bench, check, "the file taken away", removal)
    text = f"the built-in defaults judge then, and say {told.verdict}; the change that removes it "
    if removal.exit_code != 0:
        yield Result("faults", check, "ok", f"{text}is stopped", proof=proof)
        return
    todo, key = _option(bench, removal) or (UNGUARDED, "rules.change.weakens_gate")
    yield Result("faults", check, "hole", f"{text}passes", todo, key, proof)


def _removal(bench: Bench, path: str) -> OpenSource:
    source = bench.place.source
    file = FileChange("deleted", source.trusted.find(path), None)
    change = replace(source.change, files=(file,))
    return replace(source, change=change, new=Overlay(source.trusted, {path: None}))


def _proof(bench: Bench, fault: str, how: str, told: Verdict | GateError) -> Proof:
    first = bench.first
    assert isinstance(first, Verdict)
    after = f"an error: {told.message}" if isinstance(told, GateError) else told.verdict
    return Proof("", fault, how, (), first.verdict, after, told.exit_code)


def _proved(bench: Bench, check: str, how: str, told: Verdict | GateError) -> Result:
    """Blocked is what does not end with exit code 0; a verdict may not be better than undecided."""
    proof = _proof(bench, check, how, told)
    text = f"{proof.before} -> {proof.after}, exit code {proof.exit_code}"
    if told.exit_code != 0:
        return Result("faults", check, "ok", text, proof=proof)
    todo, key = _option(bench, told) or (OF_GATE, None)
    return Result("faults", check, "hole", text, todo, key, proof)


def _option(bench: Bench, told: Verdict | GateError) -> tuple[str, str] | None:
    """What to do, and the key or option that lets a verdict that should block end with 0."""
    if not isinstance(told, Verdict) or told.verdict in ("pass", "warn"):
        return None
    if bench.place.book.config.mode == "advisory":
        return ADVISORY
    if bench.place.request.fail_on == "never" and told.verdict == "deny":
        return NEVER_FAILS
    return None
