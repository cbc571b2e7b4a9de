"""`${NAME}` is found and filled wherever it stands in a source's settings."""

from __future__ import annotations

from gate.evidence.variables import filled, missing

SETTINGS = {
    "url": "https://${HOST}/a?b=${B}",
    "headers": [{"token": "Bearer ${TOKEN}"}, "${HOST}"],
    "retries": 3,
    "plain": "$HOST ${} ${1A} $${HOST}",
    "none": None,
}


def test_each_variable_without_value_is_named_once() -> None:
    assert missing(SETTINGS, {"B": "", "TOKEN": "x"}) == ["HOST", "B"]
    assert missing(SETTINGS, {"HOST": "h", "B": "b", "TOKEN": "x"}) == []


def test_values_are_filled_in_and_all_else_stays() -> None:
    assert filled(SETTINGS, {"HOST": "${TOKEN}", "B": "b", "TOKEN": "x"}) == {
        "url": "https://${TOKEN}/a?b=b",
        "headers": [{"token": "Bearer x"}, "${TOKEN}"],
        "retries": 3,
        "plain": "$HOST ${} ${1A} $${TOKEN}",
        "none": None,
    }
