"""What `gate when` says, as JSON: `change-gate/when/v1`. Keys may be added, never renamed."""

from __future__ import annotations

import json
from typing import Any

from gate.model.outlook import Obstacle, Outlook, Passing
from gate.report.interface import Look
from gate.report.json import clean, location, to_json

SCHEMA = "change-gate/when/v1"


def render(outlook: Outlook, look: Look) -> str:
    """The outlook as indented JSON in ASCII. How it is to look changes nothing."""
    del look
    return json.dumps(to_data(outlook), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def to_data(outlook: Outlook) -> dict[str, Any]:
    """The outlook as plain data, its keys in the order of the schema."""
    verdict = outlook.verdict
    told = to_json(verdict)
    written: dict[str, Any] = clean(
        {
            "schema": SCHEMA,
            "passes": outlook.passes,
            "exit_code": outlook.exit_code,
            "verdict": verdict.verdict,
            "evaluated_at": verdict.evaluated_at,
            "earliest": _passing(outlook.earliest),
            "without": _passing(outlook.without),
            "obstacles": [_obstacle(each) for each in outlook.obstacles],
            "known_until": outlook.known_until,
            "reasons": list(outlook.reasons),
            "judgements": outlook.judgements,
            **{key: told[key] for key in _OF_VERDICT},
        }
    )
    return written


_OF_VERDICT = (
    "mode",
    "offline",
    "change",
    "judged_by",
    "description",
)


def _passing(passing: Passing | None) -> dict[str, Any] | None:
    if passing is None:
        return None
    return {
        "at": passing.at,
        "rests_on": passing.rests_on,
        "verdict": passing.verdict,
        "until": passing.until,
    }


def _obstacle(obstacle: Obstacle) -> dict[str, Any]:
    return {
        "level": obstacle.level,
        "rule": obstacle.rule,
        "message": obstacle.message,
        "resource": obstacle.resource,
        "service": obstacle.service,
        "location": None if obstacle.location is None else location(obstacle.location),
        "begins": obstacle.begins,
        "ends": obstacle.ends,
        "at": obstacle.at,
        "how": obstacle.how,
    }
