"""Bundles, contexts and places for the tests of the decision."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from gate.decision import bundle as bundles
from gate.decision.engines.embedded import Embedded
from gate.decision.judge import judge
from gate.decision.rules import effective
from gate.model.config import Config, RuleConfig
from gate.model.manifest import Location
from gate.model.manifest import Path as Keys
from gate.model.policy import Bundle
from gate.model.verdict import RuleOutcome, Verdict

ENGINE = Embedded()
NOW = "2026-11-22T10:00:00Z"


def module(rule: str, body: str, **custom: Any) -> str:
    """The text of a rule, with METADATA; `custom` holds YAML values."""
    told = {"remediation": "Mend it.", **custom}
    lines = ["# METADATA", f"# title: The rule {rule}", "# description: What it says.", "# custom:"]
    lines += [f"#   {key}: {value}" for key, value in told.items()]
    return "\n".join([*lines, f"package gate.{rule}", "", body, ""])


def bundle(*modules: str, libraries: Sequence[str] = ()) -> Bundle:
    """A bundle of modules that are taken as the wheel's, so that they are judged in process."""
    with tempfile.TemporaryDirectory() as folder:
        for text in (*modules, *libraries):
            name = text.partition("package gate.")[2].split()[0]
            file = Path(folder, *name.split(".")).with_suffix(".rego")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        with mock.patch.object(bundles, "_builtin_folder", return_value=Path(folder)):
            return bundles.load(True)


def resource(name: str, old: Any, new: Any, **more: Any) -> dict[str, Any]:
    """A ConfigMap of the input; None is the side that is absent."""
    status = "modified"
    if old is None:
        status = "added"
    elif new is None:
        status = "deleted"
    return {
        "id": f"core/ConfigMap/_/{name}",
        "group": "core",
        "version": "v1",
        "kind": "ConfigMap",
        "namespace": None,
        "name": name,
        "status": status,
        "path": f"apps/{name}.yaml",
        "old_path": None,
        "service": None,
        "environments": ["default"],
        "old": old,
        "new": new,
        "changes": [],
        "patch": False,
        **more,
    }


def evidence(status: str, reason: str | None = None, value: Any = None) -> dict[str, Any]:
    return {
        "status": status,
        "source": "somewhere",
        "observed_at": NOW,
        "reason": reason,
        "value": value,
    }


def context(
    judged_by: Bundle,
    resources: Sequence[Mapping[str, Any]] = (),
    *,
    rules: Mapping[str, RuleConfig] | None = None,
    gate: Mapping[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A whole context; `rules` is the config's, `gate` and `more` replace keys."""
    levels, settings, ways = effective(judged_by, Config(rules=rules or {}))
    made: dict[str, Any] = {
        "schema": "change-gate/input/v1",
        "change": {
            "kind": "range",
            "base": "a" * 40,
            "head": "b" * 40,
            "trusted": "c" * 40,
            "author": "Ann <ann@example.com>",
            "commits": [],
            "labels": [],
            "gate_paths": [],
            "files": [
                {"path": each["path"], "old_path": None, "status": "modified"} for each in resources
            ],
            "environments": ["default"],
        },
        "resources": [dict(each) for each in resources],
        "unchanged": [],
        "services": {},
        "targets": [],
        "evidence": {},
        "settings": settings,
        "now": NOW,
        **more,
        "gate": {
            "version": "0.1.0",
            "description": "a..b",
            "judged_by": "main",
            "mode": "enforce",
            "offline": False,
            "require": [],
            "levels": levels,
            "on_unavailable": ways,
            "waivers": [],
            "service_paths": {},
            "problems": [],
            "unreadable": "undecided",
            "unrendered": "list",
            "indirect": 0,
            "positions": {},
            "policies": {"digest": judged_by.digest, "builtin": True, "modules": []},
            "preview": None,
            **(gate or {}),
        },
    }
    return copy.deepcopy(made)


def waiver(rule: str, expires: str = "2026-12-01", **more: Any) -> dict[str, Any]:
    return {
        "rule": rule,
        "expires": expires,
        "reason": "agreed",
        "resource": None,
        "service": None,
        "path": None,
        "ticket": None,
        "line": 3,
        **more,
    }


class Places:
    """Says where a finding stands without any file: line 1 for each resource, or as told."""

    def __init__(self, lines: Mapping[str, int] | None = None) -> None:
        self.lines = lines or {}

    def __call__(self, resource_id: str, path: Keys) -> Location | None:
        name = resource_id.rpartition("/")[2]
        return Location(f"apps/{name}.yaml", line=self.lines.get(resource_id, 1), column=1)

    def positions(self) -> Mapping[str, Any]:
        return {}


def verdict(judged_by: Bundle, made: Mapping[str, Any], **options: Any) -> Verdict:
    return judge(made, judged_by, ENGINE, **{"locate": Places(), **options})


def outcome(of: Verdict, rule: str) -> RuleOutcome:
    return next(each for each in of.rules if each.rule == rule)
