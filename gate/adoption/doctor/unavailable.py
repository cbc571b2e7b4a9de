"""Where the config lets missing evidence only warn: for all changes, or for those of an event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gate.decision.rules import ways
from gate.model.config import Config
from gate.model.diagnosis import Group, Result
from gate.rulebook import Rulebook

PULL_REQUEST = "pull_request"
QUEUE = "merge_group"


def key(config: Config, rule: str, event: str = "default") -> str:
    """The key of the config that says what follows for an event."""
    own = config.rules.get(rule)
    places = [(f"rules.{rule}.on_unavailable", own.on_unavailable if own else None)]
    places.append(("on_unavailable", config.on_unavailable))
    for place, told in places:
        if isinstance(told, str):
            return place
        for name in (event, "default"):
            if told and name in told:
                return f"{place}.{name}"
    return "on_unavailable"


def warned(book: Rulebook) -> Mapping[str, Sequence[str]]:
    """The events, beside `default`, for which missing evidence only warns, with the rules."""
    found: dict[str, list[str]] = {}
    for rule in book.bundle.rules.values():
        if rule.requires and book.levels[rule.id] != "off":
            told = ways(book.config, rule.id)
            for event, way in told.items():
                if way == "warn" and told["default"] != "warn":
                    found.setdefault(event, []).append(rule.id)
    return found


def results(book: Rulebook) -> Iterator[Result]:
    """A pull request may be lax where the merge queue decides; any other event may not."""
    found = warned(book)
    for event, rules in found.items():
        if event == PULL_REQUEST and not set(rules) & set(found.get(QUEUE, ())):
            told = f"on {event} missing evidence only warns, for {len(rules)} rules"
            todo = "A merge queue must decide then: see the group github."
            yield Result("setup", "on_unavailable", "note", told, todo)
        else:
            yield hole("setup", book, event, rules)


def hole(group: Group, book: Rulebook, event: str, rules: Sequence[str]) -> Result:
    """Missing evidence lets changes of an event pass."""
    where = key(book.config, rules[0], event)
    verb = "lets" if len(rules) == 1 else "let"
    told = f"on {event} missing evidence only warns: {_named(rules)} {verb} the change pass unseen"
    return Result(group, "on_unavailable", "hole", told, f"Remove `{where}`.", where)


def _named(rules: Sequence[str]) -> str:
    more = len(rules) - 1
    return rules[0] + (f" and {more} more" if more else "")
