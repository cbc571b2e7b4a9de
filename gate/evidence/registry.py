"""Finds a source by its name, and imports no other."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from gate.evidence.interface import Source

KINDS = ("slo", "freeze", "delivery", "incidents", "alerts")

SOURCES = {"file": "gate.evidence.file:observe"}

LOCAL = frozenset({"file", "windows", "argocd"})
"""Sources that read files of the repository; every other asks the network."""


def find(name: str) -> Source | None:
    """The source of that name; None where this version does not have it."""
    place = SOURCES.get(name)
    if place is None:
        return None
    module, function = place.split(":")
    source: Source = getattr(import_module(module), function)
    return source


def needs_network(name: str, settings: Any) -> bool:
    """Whether a source asks the network. A calendar does where it is named by its address."""
    if name == "ical":
        address = settings.get("url") if isinstance(settings, dict) else settings
        return isinstance(address, str) and "://" in address
    return name not in LOCAL
