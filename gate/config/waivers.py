"""Reads a waivers file. A waiver has an end and a reason, or it is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime

from gate.errors import ConfigError
from gate.model.config import Waiver
from gate.strict_yaml.nodes import Node, plain

DATE_LENGTH = len("2026-12-31")


def waivers(document: Node, path: str) -> tuple[Waiver, ...]:
    """The waivers of a document that the schema allows. Times become UTC; dates stay dates."""
    listed = document.value.get("waivers") if isinstance(document.value, dict) else None
    items = listed.value if listed is not None and isinstance(listed.value, list) else []
    return tuple(_waiver(item, path) for item in items)


def _waiver(item: Node, path: str) -> Waiver:
    fields = plain(item)
    return Waiver(
        rule=fields["rule"],
        expires=_expires(fields["expires"], item, path),
        reason=fields["reason"].strip(),
        resource=fields.get("resource"),
        service=fields.get("service"),
        path=fields.get("path"),
        ticket=fields.get("ticket"),
        line=item.mark.line,
    )


def _expires(text: str, item: Node, path: str) -> str:
    try:
        if len(text) == DATE_LENGTH:
            return date.fromisoformat(text).isoformat()
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        assert isinstance(item.value, dict)
        mark = item.value["expires"].mark
        raise ConfigError(
            f"`expires` is `{text}`, which is no moment of any calendar.",
            advice="Write a date (`2026-12-31`) or a time with its zone (`2026-12-31T17:00:00Z`).",
            path=path,
            line=mark.line,
            column=mark.column,
        ) from error
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
