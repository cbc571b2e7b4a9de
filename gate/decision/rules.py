"""What the config makes of the rules: their levels, settings and ways with missing evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from gate.errors import ConfigError, did_you_mean
from gate.model.config import Config, Level, OnUnavailable, RuleConfig
from gate.model.policy import Bundle, Rule


@dataclass(frozen=True, slots=True)
class _Place:
    """A rule's entry in the config, for errors."""

    rule: str
    path: str | None
    line: int | None

    def fail(self, message: str) -> NoReturn:
        raise ConfigError(
            f"rules.{self.rule}: {message}",
            advice=f"`gate explain {self.rule}` shows the rule's settings.",
            path=self.path,
            line=self.line,
        )


_FAMILIES = {
    "pull_request_target": "pull_request",
    "pull_request_review": "pull_request",
    "deployment_status": "deployment",
}
"""Events that count as another one where a config tells of events."""


def way(config: Config, rule: str, event: str | None) -> OnUnavailable:
    """What follows where evidence is unavailable that a rule needs, for a change that came through
    an event; None is by hand. What the config says of the rule comes before what it says of all,
    and the event before `default`."""
    name = _FAMILIES.get(event or "", event or "default")
    for told in (config.rules.get(rule, RuleConfig()).on_unavailable, config.on_unavailable):
        if isinstance(told, str):
            return told
        for key in (name, "default"):
            if told and key in told:
                return told[key]
    return "undecided"


def ways(config: Config, rule: str) -> dict[str, OnUnavailable]:
    """The same of all events that the config tells of, `default` first."""
    told = (config.on_unavailable, config.rules.get(rule, RuleConfig()).on_unavailable)
    named = [key for each in told if isinstance(each, Mapping) for key in each]
    return {key: way(config, rule, key) for key in dict.fromkeys(("default", *named))}


def effective(
    bundle: Bundle, config: Config, event: str | None = None
) -> tuple[dict[str, Level], dict[str, dict[str, Any]], dict[str, OnUnavailable]]:
    """For every rule of the bundle its level, its settings (the metadata's, overridden by the
    config's), and what follows where its evidence is unavailable, for a change that came through an
    event.

    Raises ConfigError for a rule or setting that is not there, or of another type.
    """
    for name, told in config.rules.items():
        if name not in bundle.rules:
            raise ConfigError(
                f"There is no rule `{name}`{did_you_mean(name, bundle.rules)}",
                advice="`gate policy list` shows all rules.",
                path=config.path,
                line=told.line,
            )
    levels: dict[str, Level] = {}
    settings: dict[str, dict[str, Any]] = {}
    on_unavailable: dict[str, OnUnavailable] = {}
    for rule in bundle.rules.values():
        told = config.rules.get(rule.id, RuleConfig())
        levels[rule.id] = told.level or rule.level
        on_unavailable[rule.id] = way(config, rule.id, event)
        place = _Place(rule.id, config.path, told.line)
        settings[rule.id] = _settings(rule, told.settings, place)
    return levels, settings, on_unavailable


def _settings(rule: Rule, told: Mapping[str, Any], place: _Place) -> dict[str, Any]:
    for name, value in told.items():
        if name not in rule.settings:
            if not rule.settings:
                place.fail(f"the rule has no settings, so not `{name}`.")
            place.fail(f"there is no setting `{name}`{did_you_mean(name, rule.settings)}")
        default = rule.settings[name]
        if not _same_type(default, value):
            place.fail(f"`{name}` must be {_type(default)} like {_shown(default)}.")
    return {**rule.settings, **told}


def _same_type(default: Any, value: Any) -> bool:
    """Whether `value` can stand for `default`; a default of null says nothing of the type."""
    if default is None:
        return True
    if _type(default) != _type(value):
        return False
    if isinstance(default, list) and default and isinstance(value, list):
        kinds = {_type(item) for item in default}
        return all(_type(item) in kinds for item in value)
    return True


def _type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, (list, tuple)) else "a mapping"


def _shown(value: Any) -> str:
    import json

    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}…"
