"""What is said of a change in the first line of the output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gate.model.change import Change


def described(change: Change, only: Sequence[str]) -> Change:
    """With what decides beside the files in its description, and with what the judging is
    restricted to (`only`): nobody takes a part for all."""
    words = [change.description]
    if change.rollback is not None:
        words.append(f"a rollback to {change.rollback.to[:7]}")
    if change.approvals is not None and change.approvals_reason is not None:
        words.append(f"its approvals are not known: {change.approvals_reason}")
    if only:
        words.append(f"only {', '.join(only)}")
    elif change.deployed_to is not None:
        words.append(f"judged for all environments: the config names no {change.deployed_to}")
    return replace(change, description=", ".join(words))
