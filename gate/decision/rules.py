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


def effective(
    bundle: Bundle, config: Config
) -> tuple[dict[str, Level], dict[str, dict[str, Any]], dict[str, OnUnavailable]]:
    """For every rule of the bundle its level, its settings (the metadata's, overridden by the
    config's), and what follows where its evidence is unavailable.

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
        on_unavailable[rule.id] = told.on_unavailable or "undecided"
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
