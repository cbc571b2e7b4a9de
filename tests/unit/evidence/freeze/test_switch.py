"""An emergency stop holds for everything, and is never overlooked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.evidence.freeze.switch import observe
from gate.model.manifest import Target
from gate.model.verdict import Evidence
from tests.support.web import Told, web
from tests.unit.evidence.freeze.asked import CHECKOUT, NOW, ask, reason, times, windows

CART = Target("cart", "staging")


def stop(content: str | bytes, **more: Any) -> list[Evidence]:
    return ask(observe, "stop.yaml", {"stop.yaml": content}, **more)


def test_frozen_holds_for_every_target_from_now_without_end() -> None:
    found = stop("frozen: true\nreason: database\nwho: ada\n", targets=[CHECKOUT, CART])
    assert found[0].value == found[1].value
    assert found[0].value == [
        {
            "source": "stop.yaml",
            "until": "2026-12-23T10:00:00Z",
            "last_end": None,
            "review_by": None,
            "windows": [
                {
                    "name": "Emergency stop",
                    "from": "2026-11-22T10:00:00Z",
                    "until": None,
                    "reason": "database",
                    "who": "ada",
                    "line": 1,
                }
            ],
        }
    ]


@pytest.mark.parametrize(
    "content", ["frozen: false", '{"frozen": false}', '{\n\t"frozen":\tfalse}']
)
def test_not_frozen_is_no_freeze(content: str) -> None:
    assert windows(stop(content)) == []


def test_json_is_read_too_and_by_means_who() -> None:
    (window,) = windows(stop('{"frozen": true, "by": "ops", "reason": "a\\nb"}'))
    assert (window["who"], window["reason"]) == ("ops", "a b")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("since: 2026-11-22T08:00:00Z", [("2026-11-22T08:00", None)]),
        ("since: 2026-11-22T08:00:00+02:00", [("2026-11-22T06:00", None)]),
        ("until: '2026-11-22T12:00:00Z'", [("2026-11-22T10:00", "2026-11-22T12:00")]),
        ("since: 2026-12-01T00:00:00Z", [("2026-12-01T00:00", None)]),
        ("since: 2027-12-01T00:00:00Z", []),
        ("until: 2026-11-22T09:59:59Z", []),
        ("until: 2026-11-22T10:00:00Z", []),
    ],
)
def test_it_may_say_since_when_and_until_when(more: str, expected: list[Any]) -> None:
    assert times(stop(f"frozen: true\n{more}")) == expected


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "stop.yaml:1:1: The file must be a mapping with `frozen`, and is empty."),
        ("on", "stop.yaml:1:1: The file must be a mapping with `frozen`, and is the text `on`."),
        ("{}", "stop.yaml:1:1: The file lacks `frozen`."),
        (
            "frozen: yes",
            "stop.yaml:1:9: `frozen` must be `true` or `false`, and is the text `yes`.",
        ),
        ("frozen: 'true'", "stop.yaml:1:9: `frozen` must be `true` or `false`"),
        ("frozen: 1", "stop.yaml:1:9: `frozen` must be `true` or `false`, and is the number 1."),
        ("frozen:", "stop.yaml:1:8: `frozen` must be `true` or `false`, and is empty."),
        ("frozen: false\nfrozen: true", "the key `frozen` is there twice"),
        (
            "frozen: false\nfrozn: true",
            "stop.yaml:2:1: Unknown key `frozn`. Did you mean `frozen`?",
        ),
        ("frozen: false\n---\nfrozen: true", "there is more than one YAML document"),
        ("frozen: true\nuntil: tomorrow", "stop.yaml:2:8: `until` must be a time with its zone"),
        ("frozen: true\nuntil: 2026-11-23T00:00:00", "stop.yaml:2: `until` is no RFC 3339 time"),
        ("frozen: true\nsince: 2026-11-31T00:00:00Z", "stop.yaml:2: `since` is no RFC 3339 time"),
        (
            "frozen: true\nsince: 2026-11-23T00:00:00Z\nuntil: 2026-11-23T00:00:00Z",
            "stop.yaml:3: `until` must be later than `since`.",
        ),
        ("<html>log in</html>", "stop.yaml:1:1: The file must be a mapping with `frozen`"),
        (b"\xff\xfe", "stop.yaml:1: `stop.yaml` is not UTF-8."),
    ],
)
def test_what_does_not_say_clearly_whether_it_is_on_is_unavailable(
    content: str | bytes, told: str
) -> None:
    assert told in reason(stop(content))


def test_the_reason_says_what_to_write() -> None:
    assert reason(stop("off")).endswith(" Write `frozen: true` or `frozen: false`.")


def test_a_missing_file_and_a_link_are_unavailable() -> None:
    assert "There is no file `stop.yaml` in main." in reason(ask(observe, "stop.yaml"))
    linked = ask(observe, {"path": "s"}, {"s": "frozen: false"}, links=["s"], name="s")
    assert "links are not followed" in reason(linked)


def test_the_value_of_a_variable_in_a_path_is_not_shown() -> None:
    found = ask(observe, "very-secret/stop.yaml", name="${FOLDER}/stop.yaml")
    assert "There is no file `${FOLDER}/stop.yaml` in main." in reason(found)
    assert "very-secret" not in str(found)


def test_an_address_without_its_beginning_is_unavailable() -> None:
    found = ask(observe, {"url": "ann:very-secret@stop.example/stop"}, name="switch")
    assert reason(found).startswith("switch: its address is none that can be asked.")
    assert "very-secret" not in str(found)


def at(told: Told, **settings: Any) -> list[Evidence]:
    with web(lambda _: told) as server:
        return ask(observe, {"url": server.address + "/stop", **settings}, name="switch")


def test_an_address_is_asked_each_time() -> None:
    bodies = [b'{"frozen": false}', b'{"frozen": true}']
    with web(lambda _: Told(body=bodies.pop(0))) as server:
        address = server.address + "/stop"
        assert windows(ask(observe, address, name="switch")) == []
        (window,) = windows(ask(observe, {"url": address, "token": "t0ken"}, name="switch"))
        assert (window["name"], window["line"]) == ("Emergency stop", None)
        asked = server.asked
    assert [each.headers.get("Cache-Control") for each in asked] == ["no-cache", "no-cache"]
    assert [each.headers.get("Authorization") for each in asked] == [None, "Bearer t0ken"]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (Told(401, b"who?"), "switch: it does not accept who asks (401)"),
        (Told(403, b""), "switch: it does not let gate ask this (403)"),
        (Told(404, b"404 page not found"), "nothing at this address (404): 404 page not found"),
        (Told(500, b""), "switch: it fails with status 500"),
        (Told(204, b""), "switch: it answers with status 204"),
        (Told(302, b"", {"Location": "/login"}), "gate follows no redirect"),
        (Told(200, b""), "switch: its answer is empty"),
        (Told(200, b"  <!doctype html><p>Log in"), "a page for people"),
        (Told(200, b"false"), "switch:1:1: The file must be a mapping with `frozen`"),
    ],
)
def test_another_answer_than_a_clear_one_is_unavailable(told: Told, expected: str) -> None:
    assert expected in reason(at(told, token="s3cret-t0ken"))


def test_nobody_there_is_unavailable_and_shows_no_secret() -> None:
    with web(lambda _: Told()) as server:
        address = server.address.replace("http://", "http://user:hunter22@") + "/?key=hunter33"
    told = reason(ask(observe, {"url": address, "timeout": "1s"}, name="switch"))
    assert told.startswith("switch: it refuses the connection.")
    assert "hunter" not in told


@given(st.text(max_size=40) | st.binary(max_size=40))
def test_no_other_content_is_read_as_off(content: str | bytes) -> None:
    (found,) = stop(content)
    assert found.status == "unavailable"


@given(
    since=st.none() | st.integers(-4000, 4000),
    until=st.none() | st.integers(-4000, 4000),
    days=st.integers(0, 60),
)
def test_a_stop_is_told_where_it_overlaps_what_is_asked_for(
    since: int | None, until: int | None, days: int
) -> None:
    def written(minutes: int) -> str:
        return (NOW + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")

    lines = ["frozen: true"]
    lines += [f"since: {written(since)}"] if since is not None else []
    lines += [f"until: {written(until)}"] if until is not None else []
    found = stop("\n".join(lines), days=days)
    if since is not None and until is not None and until <= since:
        assert "later than" in reason(found)
        return
    is_near = (since or 0) <= days * 24 * 60 and (until is None or until > 0)
    assert bool(windows(found)) is is_near
