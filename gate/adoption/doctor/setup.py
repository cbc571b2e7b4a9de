"""The set-up: which config judges, what its rules may do, and what the environment adds to it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from gate.adoption.doctor.bench import Bench
from gate.adoption.doctor.place import Place
from gate.config import CONFIG_NAMES
from gate.model.change import content_at
from gate.model.diagnosis import Result
from gate.model.times import end
from gate.model.verdict import Verdict

_VARIABLES: Mapping[str, tuple[str, str]] = {
    "GATE_NOW": ("", "the clock stands still: no freeze begins, and no waiver ends"),
    "GATE_FAIL_ON": ("never", "no finding gives an exit code"),
    "GATE_TRUST": ("head", "a change is judged by its own config"),
    "GATE_OFFLINE": ("", "no source on the network is asked"),
    "GATE_ENVIRONMENT": ("", "other environments are not judged"),
    "GATE_SERVICE": ("", "other services are not judged"),
}
"""Variables that open a hole in each run, and with which value; empty: with any."""
_UNSET = ("", "0", "false", "no", "off", "f", "n")


def of_config(place: Place) -> Iterator[Result]:
    """Which config judges, and how."""
    yield _which(place)
    if place.disk is not None and place.sha is not None and _differs(place):
        told = f"the working tree's config is another one than that of {place.tree.label}"
        yield _note("config on disk", told, "It judges once it is merged.")
    config = place.book.config
    if config.mode == "advisory":
        told = "ADVISORY: every verdict ends with exit code 0, and blocks nothing"
        yield Result("setup", "mode", "hole", told, "Set `mode: enforce`.", "mode")
    else:
        yield _ok("mode", "enforce")
    if config.manifests.unreadable == "list":
        yield Result(
            "setup",
            "manifests",
            "hole",
            "what cannot be read is listed, and passes",
            "Remove `manifests.unreadable`.",
            "manifests.unreadable",
        )


def _which(place: Place) -> Result:
    book = place.book
    if place.is_config_only_on_disk and book.config.path is not None:
        told = f"{place.branch} has no config: the built-in defaults judge there"
        return Result("setup", "config", "hole", told, f"Merge {book.config.path}.")
    if book.config.path is None:
        told = f"{book.judged_by} judge"
        return _note("config", told, "`gate init` proposes a config.")
    return _ok("config", f"{book.judged_by} judges")


def _differs(place: Place) -> bool:
    assert place.disk is not None
    names = {*CONFIG_NAMES, place.book.config.path or CONFIG_NAMES[0]}
    return any(content_at(place.tree, each) != content_at(place.disk, each) for each in names)


def of_rules(place: Place) -> Iterator[Result]:
    """How many rules there are, and which the config holds back."""
    book = place.book
    rules = book.bundle.rules
    counts = Counter(book.levels.values())
    each = ", ".join(f"{counts[level]} {level}" for level in ("deny", "warn", "off"))
    yield _ok("rules", f"{len(rules)} loaded: {each}")
    for rule in rules.values():
        level = book.levels[rule.id]
        if level == "off" and rule.level != "off":
            yield Result(
                "setup",
                f"rule {rule.id}",
                "hole",
                f"off by the config; by itself it would {rule.level}",
                f"Remove `rules.{rule.id}`, or accept it.",
                f"rules.{rule.id}",
            )
        elif level != rule.level:
            yield _note(f"rule {rule.id}", f"{level} by the config, {rule.level} by itself")
        elif level == "off":
            yield _note(f"rule {rule.id}", "off by itself")


def of_waivers(place: Place) -> Iterator[Result]:
    """The exceptions that the config knows."""
    config, now = place.book.config, place.request.now
    if not config.waivers:
        return
    over = [each for each in config.waivers if _is_over(each.expires, now)]
    wide = [
        each
        for each in config.waivers
        if each not in over and each.resource is each.service is each.path is None
    ]
    yield _ok("waivers", f"{len(config.waivers) - len(over)} in force, {len(over)} expired")
    for each in over:
        told = f"that of {each.rule} ended: {each.expires}"
        yield _note("waivers", told, f"Remove it (line {each.line}).")
    for each in wide:
        told = f"{each.rule} is waived for everything until {each.expires}"
        yield Result(
            "setup",
            "waivers",
            "hole",
            told,
            "Name a resource, a service or a path.",
            f"waivers.{each.rule}",
        )


def _is_over(expires: str, now: datetime) -> bool:
    found = end(expires)
    return found is not None and found <= now


def of_repository(place: Place) -> Iterator[Result]:
    """What Git knows."""
    if place.repository is None:
        yield _note("repository", "no Git: folders are judged, and no changes")
        return
    if place.branch is None:
        told = "the default branch is not known"
        yield _note("default branch", told, "`git remote set-head origin --auto`, or --base.")
    else:
        yield _ok("default branch", place.branch)
    if place.repository.cut:
        told = "shallow: a merge base may be missing, and no rollback is recognised"
        yield _note("clone", told, "`fetch-depth: 0` where gate runs.")
    else:
        yield _ok("clone", "whole")
    yield from _hook(place)


def _hook(place: Place) -> Iterator[Result]:
    """Whether the hooks that pre-commit is configured for are there: by hand only."""
    assert place.repository is not None
    path = ".pre-commit-config.yaml"
    data = content_at(place.tree, path)
    if not isinstance(data, bytes) or b"gate-check" not in data or os.environ.get("CI"):
        return
    said = place.repository.runner.attempt("rev-parse", "--git-common-dir")
    hook = Path(os.fsdecode(said.out.strip())) / "hooks" / "pre-commit"
    top = place.repository.top or Path()
    if (top / hook).is_file():
        yield _ok("pre-commit hook", "installed")
    else:
        yield _note(
            "pre-commit hook", f"{path} names it, and it is not installed", "`pre-commit install`"
        )


def of_environment() -> Iterator[Result]:
    """Variables that change every run."""
    for name, (value, told) in _VARIABLES.items():
        given = os.environ.get(name, "").lower()
        if given not in _UNSET and value in ("", given):
            yield Result("setup", name, "hole", told, f"Remove {name}.", name)


def of_engine(bench: Bench) -> Result:
    """Who judges, and why."""
    first = bench.first
    if not isinstance(first, Verdict):
        told = "nothing could be judged" if first is None else first.message
        advice = None if first is None else first.advice
        return Result("setup", "engine", "not_looked", told, advice)
    engine = first.engine
    return _ok("engine", f"{engine['name']} {engine['version']}: {engine['reason']}")


def of_probe(bench: Bench) -> Iterator[Result]:
    """On what the rules were tried."""
    probe = bench.probe
    if not probe.targets:
        yield Result(
            "setup",
            "targets",
            "not_looked",
            "no service is known here, so no rule about evidence judges",
            "Name services in the config under `services`, with their `paths`.",
        )
    else:
        files = len(probe.source.change.files)
        yield _ok("targets", f"{len(probe.targets)}, tried with {files} altered files")
    for each in probe.without:
        yield Result(
            "setup",
            "targets",
            "not_looked",
            f"no file of {each.service} in {each.environment} is found",
            f"Look at `services.{each.service}.paths`.",
        )
    if probe.left:
        yield _note("targets", f"{probe.left} more are there, and are not tried: they are many")
    if probe.cut:
        yield _note("targets", "not all manifests were looked through: there are too many")


def _ok(check: str, told: str) -> Result:
    return Result("setup", check, "ok", told)


def _note(check: str, told: str, todo: str | None = None) -> Result:
    return Result("setup", check, "note", told, todo)
