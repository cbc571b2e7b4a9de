"""What the config makes of the rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gate.decision.rules import effective, way, ways
from gate.errors import ConfigError
from gate.model.config import Config, RuleConfig
from tests.unit.decision.cases import bundle, module

RULES = bundle(
    module(
        "slo.low",
        'deny contains "x" if input.x',
        level="warn",
        settings="{left: 0.2, names: [a], on: true, text: t, map: {a: 1}, any: null, none: []}",
    ),
    module("team.plain", 'deny contains "x" if input.x'),
)


def config(rule: str, **told: Any) -> Config:
    return Config(path=".gate.yaml", rules={rule: RuleConfig(line=7, **told)})


def test_without_config_the_metadata_holds() -> None:
    levels, settings, told = effective(RULES, Config())
    assert levels == {"slo.low": "warn", "team.plain": "deny"}
    assert settings["slo.low"]["left"] == 0.2
    assert settings["team.plain"] == {}
    assert told == {"slo.low": "undecided", "team.plain": "undecided"}


def test_the_config_overrides_what_it_names() -> None:
    told = config("slo.low", level="off", on_unavailable="deny", settings={"left": 1})
    levels, settings, unavailable = effective(RULES, told)
    assert levels == {"slo.low": "off", "team.plain": "deny"}
    assert (settings["slo.low"]["left"], settings["slo.low"]["names"]) == (1, ["a"])
    assert unavailable["slo.low"] == "deny"


TOP: dict[str, Any] = {"pull_request": "warn", "deployment": "deny"}


@pytest.mark.parametrize(
    ("top", "own", "event", "expected"),
    [
        (None, None, "push", "undecided"),
        (None, None, None, "undecided"),
        ("warn", None, None, "warn"),
        ("warn", "deny", "push", "deny"),
        (TOP, None, "pull_request", "warn"),
        (TOP, None, "pull_request_target", "warn"),
        (TOP, None, "pull_request_review", "warn"),
        (TOP, None, "deployment_status", "deny"),
        (TOP, None, "merge_group", "undecided"),
        (TOP, None, "issue_comment", "undecided"),
        (TOP, None, None, "undecided"),
        ({**TOP, "default": "warn"}, None, "merge_group", "warn"),
        ({**TOP, "default": "warn"}, None, None, "warn"),
        (TOP, {"merge_group": "deny"}, "merge_group", "deny"),
        (TOP, {"merge_group": "deny"}, "pull_request", "warn"),
        (TOP, {"default": "undecided"}, "pull_request", "undecided"),
        ("warn", {"push": "deny"}, None, "warn"),
    ],
)
def test_what_is_unavailable_counts_by_the_event(
    top: Any, own: Any, event: str | None, expected: str
) -> None:
    told = replace(config("slo.low", on_unavailable=own), on_unavailable=top)
    assert effective(RULES, told, event)[2]["slo.low"] == expected
    assert way(told, "slo.low", event) == expected


def test_all_ways_of_a_rule() -> None:
    told = replace(config("slo.low", on_unavailable={"merge_group": "deny"}), on_unavailable=TOP)
    assert ways(told, "slo.low") == {
        "default": "undecided",
        "pull_request": "warn",
        "deployment": "deny",
        "merge_group": "deny",
    }
    assert ways(Config(), "slo.low") == {"default": "undecided"}


@pytest.mark.parametrize(
    "value", [{"left": 3}, {"names": []}, {"any": 3}, {"any": "x"}, {"none": [1, "a"]}, {"map": {}}]
)
def test_a_value_of_the_same_type_is_taken(value: dict[str, Any]) -> None:
    assert (
        effective(RULES, config("slo.low", settings=value))[1]["slo.low"].items() >= value.items()
    )


@pytest.mark.parametrize(
    ("rule", "settings", "message"),
    [
        ("slo.lwo", {}, "There is no rule `slo.lwo`. Did you mean `slo.low`?"),
        ("slo.low", {"lfet": 1}, "there is no setting `lfet`. Did you mean `left`?"),
        ("team.plain", {"left": 1}, "the rule has no settings"),
        ("slo.low", {"left": "0.2"}, "`left` must be a number like 0.2"),
        ("slo.low", {"left": True}, "`left` must be a number"),
        ("slo.low", {"left": None}, "`left` must be a number"),
        ("slo.low", {"on": 1}, "`on` must be true or false"),
        ("slo.low", {"names": "a"}, "`names` must be a list"),
        ("slo.low", {"names": [1]}, "`names` must be a list"),
        ("slo.low", {"text": []}, "`text` must be text"),
        ("slo.low", {"map": []}, "`map` must be a mapping"),
    ],
)
def test_what_does_not_fit_is_an_error_with_its_line(
    rule: str, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        effective(RULES, config(rule, settings=settings))
    assert message in caught.value.message
    assert (caught.value.path, caught.value.line) == (".gate.yaml", 7)
