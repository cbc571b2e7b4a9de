"""Which services and environments a change reaches."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from gate.errors import UsageError, did_you_mean
from gate.manifests.identity import mapping
from gate.model.config import Config, ServiceConfig
from gate.model.globs import Matcher, matcher
from gate.model.manifest import DEFAULT_ENVIRONMENT, Service, Target

LABELS = ("app.kubernetes.io/name", "app.kubernetes.io/instance", "app", "k8s-app")

NAMED_KINDS = frozenset(
    {
        ("apps", "Deployment"),
        ("apps", "StatefulSet"),
        ("apps", "DaemonSet"),
        ("apps", "ReplicaSet"),
        ("core", "ReplicationController"),
        ("core", "Pod"),
        ("batch", "Job"),
        ("batch", "CronJob"),
        ("argoproj.io", "Rollout"),
        ("argoproj.io", "Application"),
        ("helm.toolkit.fluxcd.io", "HelmRelease"),
    }
)
"""What its own name says which service it is, where no label does."""


class Scope:
    """The configured services and environments, and those that the caller asked about."""

    def __init__(
        self, config: Config, environments: Sequence[str] = (), services: Sequence[str] = ()
    ) -> None:
        _known("environment", environments, config.environments)
        _known("service", services, config.services)
        self._services = config.services
        self._asked_services = tuple(dict.fromkeys(services))
        self._asked_environments = frozenset(environments)
        self._names = tuple(config.environments) or tuple(dict.fromkeys(environments))
        self._names = self._names or (DEFAULT_ENVIRONMENT,)
        self.unnamed = () if config.environments else self._names
        self._service_paths = _matchers(
            (name, service.paths) for name, service in config.services.items()
        )
        self._environment_paths = _matchers(config.environments.items())

    def environments(self, path: str) -> tuple[str, ...]:
        """The environments that a file belongs to: all where it belongs to none by its path."""
        return self.named_environments(path) or self._names

    def named_environments(self, path: str) -> tuple[str, ...]:
        """The environments whose paths match a file."""
        return tuple(name for name, matches in self._environment_paths.items() if matches(path))

    def holds_folder(self, path: str) -> bool:
        """Whether an environment's paths match a folder or something in it."""
        return bool(self.named_environments(path) or self.named_environments(f"{path}/x"))

    def is_asked(self, environments: Collection[str]) -> bool:
        """Whether one of these environments was asked about."""
        return not self._asked_environments or not self._asked_environments.isdisjoint(environments)

    def is_service_asked(self, services: Collection[str]) -> bool:
        """Whether one of these services was asked about. What is of no service is of every one:
        nobody loses sight of it by a label."""
        asked = self._asked_services
        return not asked or not services or not set(asked).isdisjoint(services)

    def sorted(self, environments: Collection[str]) -> tuple[str, ...]:
        """Those that were asked about, in the order of the configuration."""
        return tuple(
            name for name in self._names if name in environments and self.is_asked((name,))
        )

    def services_of_file(self, path: str) -> Iterator[str]:
        """The services whose paths match a file."""
        return (name for name, matches in self._service_paths.items() if matches(path))

    def service(self, group: str, kind: str, name: str | None, value: Any, path: str) -> str | None:
        """The service of an object: by its path, which the trusted configuration names, then by
        its labels and its own name."""
        candidates = _candidates(group, kind, name, value)
        by_path = list(self.services_of_file(path))
        if by_path:
            return next((name for name in candidates if name in by_path), by_path[0])
        configured = (name for name in candidates if name in self._services)
        return next(configured, next(iter(candidates), None))

    def strictest(self, services: Iterable[str | None]) -> str | None:
        """The service of the lowest tier, 1 before 2 before none; the first of equal ones."""
        found = [name for name in services if name is not None]
        return min(found, key=self._order, default=None)

    def _order(self, name: str) -> float:
        tier = self._services.get(name, ServiceConfig()).tier
        return math.inf if tier is None else tier

    def reach(self, found: Iterable[tuple[str, str]]) -> Reach:
        """What a change reaches: `found` holds a service with a path that brought it in."""
        reached: dict[str, set[str]] = {name: set() for name in self._asked_services}
        for service, path in found:
            if not self._asked_services or service in reached:
                reached.setdefault(service, set()).update(self.environments(path))
        services = {name: self._describe(name) for name in sorted(reached)}
        targets = [
            Target(name, environment, service.tier)
            for name, service in services.items()
            for environment in self.sorted(reached[name] or set(self._names))
        ]
        named = {target.service for target in targets}
        return {name: services[name] for name in services if name in named}, targets

    def _describe(self, name: str) -> Service:
        known = self._services.get(name, ServiceConfig())
        return Service(
            name=name,
            tier=known.tier,
            owners=known.owners,
            depends_on=known.depends_on,
            runbook=known.runbook,
        )


Reach = tuple[dict[str, Service], list[Target]]


def _known(what: str, names: Iterable[str], configured: Collection[str]) -> None:
    for name in names:
        if configured and name not in configured:
            raise UsageError(
                f"The configuration has no {what} `{name}`{did_you_mean(name, configured)}",
                advice=f"It has: {', '.join(sorted(configured))}.",
            )


def _matchers(patterns: Iterable[tuple[str, Sequence[str]]]) -> dict[str, Matcher]:
    return {name: matcher(texts) for name, texts in patterns}


def _candidates(group: str, kind: str, name: str | None, value: Any) -> list[str]:
    metadata = mapping(mapping(value).get("metadata"))
    labels = (mapping(metadata.get("labels")), _pod_labels(value))
    texts = [found.get(label) for found in labels for label in LABELS]
    names = [text for text in texts if isinstance(text, str) and text]
    if name and (group, kind) in NAMED_KINDS and not name.endswith("*"):
        names.append(name)
    return names


def _pod_labels(value: Any) -> dict[str, Any]:
    spec = mapping(mapping(value).get("spec"))
    spec = mapping(mapping(spec.get("jobTemplate")).get("spec")) or spec
    return mapping(mapping(mapping(spec.get("template")).get("metadata")).get("labels"))
