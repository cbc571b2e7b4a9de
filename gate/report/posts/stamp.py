"""What a post says to machines: an HTML comment at its end, which people do not see."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from typing import get_args

from gate.clients.event import is_sha
from gate.errors import GateError
from gate.model.times import moment
from gate.model.verdict import Outcome, Verdict
from gate.report.json import clean

_STAMP = re.compile(r"<!-- change-gate: (\{[^<>]*\}) -->\s*\Z")
_DIGEST = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Stamp:
    """`valid_until` is RFC 3339; `trusted` and `head` are commits; `digest` is the same where the
    verdict has the same findings and reasons."""

    valid_until: str | None
    verdict: Outcome
    trusted: str | None
    head: str
    digest: str


def stamp(told: Verdict | GateError, head: str) -> Stamp:
    """What is said to machines."""
    if isinstance(told, GateError):
        return Stamp(None, "error", None, head, _digest([told.kind, told.place, told.message]))
    trusted = told.change.get("trusted")
    seen = told.preview
    said = [
        told.exit_code,
        told.mode,
        None if seen is None else [seen.verdict, seen.reason, list(seen.changed)],
        sorted([each.level, each.status, each.fingerprint, each.message] for each in told.findings),
        sorted([each.rule, each.outcome, each.reason or ""] for each in told.rules),
        sorted([each.path, each.kind, each.message] for each in told.problems),
        list(told.reasons),
    ]
    return Stamp(told.valid_until, told.verdict, trusted, head, _digest(said))


def written(stamp: Stamp) -> str:
    """The comment. What it holds are times, numbers of commits and words of gate's own."""
    return f"<!-- change-gate: {json.dumps(asdict(stamp))} -->"


def read(text: object) -> Stamp | None:
    """The stamp at the end of a text; None where there is none that gate could have
    written."""
    found = _STAMP.search(text) if isinstance(text, str) else None
    try:
        stamp = Stamp(**json.loads(found[1] if found else "null"))
    except (ValueError, TypeError, RecursionError):
        return None
    right = (
        stamp.verdict in get_args(Outcome)
        and _is_sha(stamp.head)
        and (stamp.trusted is None or _is_sha(stamp.trusted))
        and (stamp.valid_until is None or _is_time(stamp.valid_until))
        and _is_digest(stamp.digest)
    )
    return stamp if right else None


def _digest(said: object) -> str:
    return hashlib.sha256(json.dumps(clean(said)).encode()).hexdigest()[:16]


def _is_sha(text: object) -> bool:
    return isinstance(text, str) and is_sha(text)


def _is_digest(text: object) -> bool:
    return isinstance(text, str) and _DIGEST.fullmatch(text) is not None


def _is_time(text: object) -> bool:
    return isinstance(text, str) and moment(text) is not None
