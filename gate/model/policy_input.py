"""The policy input: everything a verdict rests on, as JSON.

Rules see all of it except the key `gate`, which holds what else the verdict needs, so that a
saved input is judged to the same verdict (`gate context`, `gate check --input`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from gate.model.change import Change
from gate.model.config import Config, Conftest
from gate.model.manifest import Manifests, Resource
from gate.model.policy import Bundle, PolicyFiles
from gate.model.times import written
from gate.model.verdict import Evidence

SCHEMA = "change-gate/input/v1"
Json = dict[str, Any]


def policy_input(
    *,
    change: Change,
    manifests: Manifests,
    evidence: Sequence[Evidence],
    settings: Mapping[str, Mapping[str, Any]],
    gate_paths: Sequence[str],
    now: datetime,
    judging: Json,
) -> Json:
    """The whole input; `judging` (see `judging`) becomes its key `gate`."""
    return {
        "schema": SCHEMA,
        "change": _change(change, manifests.environments, gate_paths),
        "resources": [_resource(each) for each in manifests.resources],
        "unchanged": [_resource(each) for each in manifests.unchanged],
        "services": {
            name: {
                "tier": service.tier,
                "owners": list(service.owners),
                "depends_on": list(service.depends_on),
                "runbook": service.runbook,
            }
            for name, service in manifests.services.items()
        },
        "targets": [asdict(target) for target in manifests.targets],
        "evidence": _evidence(evidence),
        "settings": {rule: dict(values) for rule, values in settings.items()},
        "now": written(now),
        "gate": judging,
    }


def judging(
    *,
    version: str,
    change: Change,
    manifests: Manifests,
    config: Config,
    bundle: Bundle,
    judged_by: str,
    offline: bool,
    levels: Mapping[str, str],
    on_unavailable: Mapping[str, str],
) -> Json:
    """What the verdict needs beside what the rules see."""
    return {
        "version": version,
        "description": change.description,
        "judged_by": judged_by,
        "mode": config.mode,
        "offline": offline,
        "require": list(config.require),
        "levels": dict(levels),
        "on_unavailable": dict(on_unavailable),
        "waivers": [asdict(waiver) for waiver in config.waivers],
        "service_paths": {
            name: list(service.paths) for name, service in config.services.items() if service.paths
        },
        "problems": [asdict(problem) for problem in manifests.problems],
        "unreadable": config.manifests.unreadable,
        "unrendered": config.manifests.unrendered,
        "indirect": manifests.indirect,
        "positions": {},
        "policies": _policies(bundle),
        "preview": None,
    }


def _policies(bundle: Bundle) -> Json:
    """The rules, so that they can be loaded anew. What is no plain file of a folder stands under
    `sources`, as it was read."""
    plain = [files for files in bundle.files if _is_plain(files)]
    return {
        "digest": bundle.digest,
        "builtin": any(module.origin == "builtin" for module in bundle.modules),
        "modules": [
            {"path": path, "text": text} for files in plain for path, text in files.texts.items()
        ],
        "sources": [_source(files) for files in bundle.files if not _is_plain(files)],
    }


def _is_plain(files: PolicyFiles) -> bool:
    return files == PolicyFiles(files.texts)


def _source(files: PolicyFiles) -> Json:
    return {
        "modules": [{"path": path, "text": text} for path, text in files.texts.items()],
        "data": dict(files.data),
        "origin": files.origin,
        "v0": sorted(files.v0),
        "by_path": files.by_path,
        "conftest": None if files.conftest is None else _conftest(files.conftest),
    }


def _conftest(asked: Conftest) -> Json:
    return {
        "path": asked.path,
        "namespaces": list(asked.namespaces),
        "data": list(asked.data),
        "combine": asked.combine,
    }


def _change(change: Change, environments: Sequence[str], gate_paths: Sequence[str]) -> Json:
    return {
        "kind": change.kind,
        "event": change.event,
        "pull_request": change.pull_request,
        "base": change.base,
        "head": change.head,
        "trusted": change.trusted,
        "author": change.author,
        "commits": [
            {
                "sha": commit.sha,
                "author": commit.author,
                "committer": commit.committer,
                "subject": commit.subject,
                "trailers": {key: list(values) for key, values in commit.trailers.items()},
            }
            for commit in change.commits
        ],
        "labels": list(change.labels),
        "files": [
            {"path": file.path, "old_path": file.old_path, "status": file.status}
            for file in change.files
        ],
        "gate_paths": list(gate_paths),
        "environments": list(environments),
        "rollback": None if change.rollback is None else asdict(change.rollback),
        "approvals": None
        if change.approvals is None
        else [asdict(each) for each in change.approvals],
        "approvals_reason": change.approvals_reason,
    }


def _resource(resource: Resource) -> Json:
    return {
        "id": resource.id,
        "group": resource.group,
        "version": resource.version,
        "kind": resource.kind,
        "namespace": resource.namespace,
        "name": resource.name,
        "status": resource.status,
        "path": resource.path,
        "old_path": resource.old_path,
        "service": resource.service,
        "environments": list(resource.environments),
        "old": resource.old,
        "new": resource.new,
        "changes": [
            {"path": list(each.path), "op": each.op, "old": each.old, "new": each.new}
            for each in resource.changes
        ],
        "patch": resource.patch,
    }


def _evidence(evidence: Sequence[Evidence]) -> Json:
    kinds: Json = {}
    for each in evidence:
        environments = kinds.setdefault(each.kind, {}).setdefault(each.service, {})
        environments[each.environment] = {
            "status": each.status,
            "source": each.source,
            "observed_at": each.observed_at,
            "reason": each.reason,
            "value": each.value,
        }
    return kinds
