"""An emergency stop: a file, or an address, that freezes everything at once.

Its content is YAML or JSON: `frozen: true` or `frozen: false`, and where it is frozen optionally
`reason`, `who` (or `by`), `since` and `until`. The stop begins at `since`, else now, and ends at
`until`, else when `frozen` is set to false. An `until` that has passed ends it, whatever `frozen`
says. What cannot be read is `unavailable`: an emergency stop that nobody can see may be on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gate.errors import ConfigError, GateError
from gate.evidence.freeze.address import line, of, read
from gate.evidence.freeze.calendar import answer, later, overlapping, told
from gate.evidence.freeze.interface import Calendar, Freeze, Span
from gate.evidence.interface import Question, unavailable
from gate.model.times import moment
from gate.model.verdict import Evidence
from gate.strict_yaml.check import check
from gate.strict_yaml.nodes import Node, plain
from gate.strict_yaml.parse import parse

NAME = "Emergency stop"
ADVICE = "Write `frozen: true` or `frozen: false`."

_TIME = {
    "type": "string",
    "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]",
    "errorMessage": "a time with its zone, such as 2026-11-22T10:00:00Z",
}
_TEXT = {"type": "string"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["frozen"],
    "errorMessage": "a mapping with `frozen`",
    "properties": {
        "frozen": {"type": "boolean"},
        "reason": _TEXT,
        "who": _TEXT,
        "by": _TEXT,
        "since": _TIME,
        "until": _TIME,
    },
}


def observe(question: Question) -> Sequence[Evidence]:
    """The same for each target: frozen from now (or `since`) on, or not."""
    until = later(question.now, question.ahead)
    try:
        found = _stop(question)
    except GateError as error:
        return unavailable(question, told(error))
    here = found is not None and overlapping([found.span], question.now, until)
    calendar = Calendar(question.name, until, (found,) if found is not None and here else ())
    return answer(question, lambda _: calendar)


def _stop(question: Question) -> Freeze | None:
    """The stop; None where nothing is frozen. Raises ConfigError."""
    data = read(question, "application/json, application/yaml;q=0.9, */*;q=0.5")
    root = parse(data, question.name)
    wrong = next(check(root, SCHEMA, SCHEMA), None)
    if wrong is not None:
        line_, column = wrong.mark
        raise ConfigError(
            wrong.message[0].upper() + wrong.message[1:],
            advice=ADVICE,
            path=question.name,
            line=line_,
            column=column,
        )
    content = plain(root)
    since, until = (_time(root, key, question.name) for key in ("since", "until"))
    if since is not None and until is not None and until <= since:
        raise _wrong_time(root, "until", question.name, "must be later than `since`")
    if not content["frozen"]:
        return None
    return Freeze(
        NAME,
        Span(question.now if since is None else since, until),
        reason=line(content["reason"]) if content.get("reason") else None,
        who=line(content.get("who") or content.get("by") or "") or None,
        line=root.keys["frozen"].line if of(question.settings) is None else None,
    )


def _time(root: Node, key: str, name: str) -> datetime | None:
    assert isinstance(root.value, dict)
    node = root.value.get(key)
    if node is None:
        return None
    found = moment(str(node.value))
    if found is None:
        raise _wrong_time(root, key, name, "is no RFC 3339 time, such as 2026-11-22T10:00:00Z")
    return found


def _wrong_time(root: Node, key: str, name: str, why: str) -> ConfigError:
    advice = "Mend the time, or remove the key."
    return ConfigError(f"`{key}` {why}.", advice=advice, path=name, line=root.keys[key].line)
