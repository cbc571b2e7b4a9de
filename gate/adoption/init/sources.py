"""Sources of evidence: freezes and SLOs, as far as files of the repository tell of them."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from gate.adoption.init.look import Found, Seen

MAX_FILES = 10
"""Files of one source that are named one by one; beyond it, a pattern is a matter for people."""

PROMETHEUS = "${PROMETHEUS_URL}"
_NO_ADDRESS = "where is Prometheus? Set PROMETHEUS_URL where the gate runs"
_FEW = 3
_CONVENTIONS = {"sloth": "Sloth", "pyrra": "Pyrra", "openslo": "OpenSLO"}
_APPLICATIONS = ("{service}", "{service}-{environment}", "{environment}-{service}")


@dataclass(frozen=True, slots=True)
class Source:
    """A source of a kind of evidence, as the config writes it, and why. With a `doubt` it is
    proposed as a comment."""

    kind: str
    settings: Mapping[str, Any]
    why: str
    doubt: str | None = None

    def doubted(self, reason: str) -> Source:
        return replace(self, doubt=reason)


def sources(seen: Seen, services: Sequence[str], environments: Sequence[str]) -> tuple[Source, ...]:
    """What the files tell of freezes, then of SLOs."""
    return (*_freezes(seen, services, environments), *_slos(seen))


def _freezes(seen: Seen, services: Sequence[str], environments: Sequence[str]) -> Iterator[Source]:
    for path in seen.files.get("windows", [])[:MAX_FILES]:
        yield Source("freeze", {"windows": path}, "a file of freeze windows")
    calendars = seen.files.get("ical", [])
    if calendars:
        why = _number(len(calendars), "iCalendar file")
        doubt = "each event would be a freeze"
        yield Source("freeze", {"ical": calendars[0]}, why, doubt)
    if seen.windows:
        yield _argocd(seen, services, environments)


def _argocd(seen: Seen, services: Sequence[str], environments: Sequence[str]) -> Source:
    paths = sorted({window.path for window in seen.windows})
    projects = sorted({window.project for window in seen.windows})
    settings: dict[str, Any] = {"projects": paths[0] if len(paths) == 1 else paths[:MAX_FILES]}
    why = f"{_number(len(seen.windows), 'sync window')} of AppProject {_some(projects)}"
    source = Source("freeze", {"argocd": settings}, why)
    if len(projects) > 1:
        return source.doubted("several AppProjects; name one as `project`")
    if len(paths) > MAX_FILES:
        return source.doubted(f"they are in {len(paths)} files; write a pattern")
    if any(window.selects_otherwise for window in seen.windows):
        return source.doubted("they select by cluster or namespace; say which the services have")
    selectors = {name for window in seen.windows for name in window.applications} - {"*"}
    if not selectors:
        return source
    template = _application(seen.objects, selectors, services, environments)
    if template is None:
        return source.doubted(
            f"they are for the Applications {_some(sorted(selectors))}, which are not called after "
            "services here; say with `application` how they are"
        )
    if template != _APPLICATIONS[0]:
        settings["application"] = template
    return source


def _application(
    objects: Sequence[Found],
    selectors: Collection[str],
    services: Sequence[str],
    environments: Sequence[str],
) -> str | None:
    """How Applications are called after services and environments: the first form that accounts
    for each one that windows select. One that is called otherwise would never be frozen here."""
    named = {each.name for each in objects if each.kind == "Application" and each.name}
    selected = {name for name in named if any(fnmatchcase(name, each) for each in selectors)}
    running = {each.service for each in objects if each.is_workload and each.kind != "Application"}
    for template in _APPLICATIONS if selected else ():
        called = {
            template.format(service=service, environment=environment)
            for service in running.intersection(services)
            for environment in (environments or ["default"])
        }
        if selected <= called:
            return template
    return None


def _slos(seen: Seen) -> Iterator[Source]:
    """The address of Prometheus is nowhere to be seen, so that these are comments."""
    for convention, name in _CONVENTIONS.items():
        paths = seen.files.get(convention, [])
        if paths:
            settings: dict[str, Any] = {"url": PROMETHEUS, "convention": convention}
            settings["specs"] = _specs(paths)
            why = f"SLOs of {name} in {_number(len(paths), 'file')}"
            yield Source("slo", {"prometheus": settings}, why, _NO_ADDRESS)


def _specs(paths: Sequence[str]) -> list[str]:
    """The files, or where there are many, patterns of their folders."""
    if len(paths) <= _FEW:
        return list(paths)
    patterns = (
        posixpath.join(posixpath.dirname(path), f"*{posixpath.splitext(path)[1]}") for path in paths
    )
    return list(dict.fromkeys(patterns))[:MAX_FILES]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more


def _number(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"
