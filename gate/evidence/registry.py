"""Finds a source by its name, and imports no other."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from gate.evidence.interface import Source

KINDS = ("slo", "freeze", "delivery", "incidents", "alerts")

SOURCES = {
    ("slo", "prometheus"): "gate.evidence.slo.prometheus:observe",
    ("slo", "datadog"): "gate.evidence.slo.datadog:observe",
    ("freeze", "windows"): "gate.evidence.freeze.windows:observe",
    ("freeze", "ical"): "gate.evidence.freeze.ical:observe",
    ("freeze", "argocd"): "gate.evidence.freeze.argocd:observe",
    ("freeze", "switch"): "gate.evidence.freeze.switch:observe",
    **{(kind, "file"): "gate.evidence.file:observe" for kind in KINDS},
}

_LOCAL = frozenset({"file", "windows"})
_EITHER = frozenset({"ical", "argocd", "switch"})


def find(kind: str, name: str) -> Source | None:
    """The source of that name; None where this version does not have it."""
    place = SOURCES.get((kind, name))
    if place is None:
        return None
    module, function = place.split(":")
    source: Source = getattr(import_module(module), function)
    return source


def needs_network(name: str, settings: Any) -> bool:
    """Whether a source asks the network, by its settings with variables filled in. Some do only
    where they are named by an address."""
    if name in _EITHER:
        if isinstance(settings, dict):
            return "url" in settings
        return isinstance(settings, str) and "://" in settings
    return name not in _LOCAL
