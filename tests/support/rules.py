"""Bundles of what a tree holds, as the rulebook loads them."""

from __future__ import annotations

from collections.abc import Sequence

from gate.decision import bundle
from gate.decision.limits import DEFAULT, Limits
from gate.decision.sources import read as sources
from gate.model.change import Tree
from gate.model.config import Conftest
from gate.model.policy import Bundle


def load(policies: Sequence[str | Conftest], tree: Tree, limits: Limits = DEFAULT) -> Bundle:
    """The bundle of the sources that a config names."""
    given = sources.once(sources.read(policies, tree))
    return bundle.load(sources.BUILTIN in policies, given, limits=limits)
