"""The windows file: what it may say, and what is wrong with one that is refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
import yaml

from gate import schemas
from gate.evidence.freeze.windows import observe
from gate.model.change import Unread
from gate.model.manifest import Target
from gate.model.verdict import Evidence
from tests.unit.evidence.freeze.asked import CHECKOUT, ask, reason, times, utc, windows

WEEKENDS = (
    ("2026-11-27", "2026-11-30"),
    ("2026-12-04", "2026-12-07"),
    ("2026-12-11", "2026-12-14"),
    ("2026-12-18", "2026-12-21"),
)
KNOWN: dict[str, Any] = {"services": ("checkout", "cart"), "environments": ("production", "dev")}


def look(text: str | bytes | Unread, **fields: Any) -> list[Evidence]:
    return ask(observe, "freezes.yaml", {"freezes.yaml": text}, **fields)


def file(*lines: str) -> str:
    return "windows:\n" + "".join(f"  - {{name: w, {line}}}\n" for line in lines)


def spans(*lines: str, **fields: Any) -> list[tuple[str, str | None]]:
    return times(look(file(*lines), **fields))


def test_one_time_is_told_with_all_that_is_known_of_it() -> None:
    found = look(
        "review_by: 2027-01-31\n"
        "time_zone: Europe/Berlin\n"
        "windows:\n"
        "  - name: Year-end\n"
        "    from: 2026-12-20\n"
        "    to: 2027-01-06\n"
        "    reason: Few people are there.\n"
        "    who: payments-team\n"
    )
    assert found[0].observed_at == "2026-11-22T10:00:00Z"
    assert found[0].value == [
        {
            "source": "freezes.yaml",
            "until": "2026-12-23T10:00:00Z",
            "last_end": "2027-01-06T23:00:00Z",
            "review_by": "2027-01-31T23:00:00Z",
            "windows": [
                {
                    "name": "Year-end",
                    "from": "2026-12-19T23:00:00Z",
                    "until": "2027-01-06T23:00:00Z",
                    "reason": "Few people are there.",
                    "who": "payments-team",
                    "line": 4,
                }
            ],
        }
    ]


def test_the_settings_may_be_a_mapping() -> None:
    found = ask(observe, {"path": "f"}, {"f": "windows: []"}, name="f")
    assert found[0].value[0]["windows"] == []


def test_no_windows_is_an_honest_answer() -> None:
    (found,) = look("windows: []")
    assert found.status == "ok"
    assert found.value[0]["windows"] == []
    assert found.value[0]["last_end"] is None


def test_times_have_three_forms() -> None:
    assert spans("from: 2026-11-30, to: 2026-11-30") == [("2026-11-30T00:00", "2026-12-01T00:00")]
    assert spans("from: 2026-11-30 15:00, to: 2026-11-30T16:00:30, time_zone: Asia/Kathmandu") == [
        ("2026-11-30T09:15", "2026-11-30T10:15")
    ]
    assert spans('from: "2026-11-30T15:00Z", to: "2026-11-30T15:00:00-01:00"') == [
        ("2026-11-30T15:00", "2026-11-30T16:00")
    ]


def test_only_what_is_near_is_told() -> None:
    past = "from: 2026-11-01, to: 2026-11-21"
    ends_now = 'from: 2026-11-01, to: "2026-11-22T10:00:00Z"'
    far = "from: 2027-06-01, to: 2027-06-02"
    assert spans(past, ends_now, far) == []
    assert spans(far, days=365) == [("2027-06-01T00:00", "2027-06-03T00:00")]
    assert spans("from: 2020-01-01, to: 2099-12-31") == [("2020-01-01T00:00", "2100-01-01T00:00")]


def test_a_freeze_may_have_no_end() -> None:
    (found,) = look(file("from: 2026-11-01"))
    assert found.value[0]["windows"][0]["until"] is None
    assert found.value[0]["last_end"] is None


def test_the_last_end_is_that_of_the_last_that_denies() -> None:
    ended = "from: 2020-01-01, to: 2020-01-02"
    later = "cron: 0 0 * * *, duration: 1h, to: 2021-05-31"
    allow = "kind: allow, from: 2030-01-01, to: 2030-01-02"
    for lines, expected in (
        ((ended, later, allow), "2021-06-01T00:00:00Z"),
        ((ended, "weekly: {from: Fri 15:00, to: Mon 08:00}"), None),
    ):
        assert look(file(*lines))[0].value[0]["last_end"] == expected


def test_a_weekend_is_the_same_by_cron_and_by_words() -> None:
    berlin = "time_zone: Europe/Berlin"
    by_words = spans(f"weekly: {{from: Fri 15:00, to: Mon 00:00}}, {berlin}", days=10)
    assert by_words == spans(f"cron: 0 15 * * 5, duration: 2d9h, {berlin}", days=10)
    assert by_words == [
        ("2026-11-20T14:00", "2026-11-22T23:00"),
        ("2026-11-27T14:00", "2026-11-29T23:00"),
    ]


def test_a_week_ends_by_the_clock_and_a_duration_does_not() -> None:
    fields: dict[str, Any] = {"now": utc("2026-10-24T00:00"), "days": 2}
    berlin = "time_zone: Europe/Berlin"
    assert spans(f"weekly: {{from: Sat 22:00, to: Sun 06:00}}, {berlin}", **fields) == [
        ("2026-10-24T20:00", "2026-10-25T05:00")
    ]
    assert spans(f"cron: 0 22 * * 6, duration: 8h, {berlin}", **fields) == [
        ("2026-10-24T20:00", "2026-10-25T04:00")
    ]


def test_a_week_may_be_all_but_a_minute() -> None:
    found = spans("weekly: {from: Mon 08:00, to: Mon 07:59}", days=1)
    assert found == [
        ("2026-11-16T08:00", "2026-11-23T07:59"),
        ("2026-11-23T08:00", "2026-11-30T07:59"),
    ]


def test_repetition_has_bounds() -> None:
    line = 'cron: 0 0 * * *, duration: 6h, from: 2026-11-24, to: "2026-11-25T03:00:00Z"'
    assert spans(line) == [
        ("2026-11-24T00:00", "2026-11-24T06:00"),
        ("2026-11-25T00:00", "2026-11-25T03:00"),
    ]
    assert spans("cron: 0 15 * * 5, duration: 57h, from: 2026-11-22") == [
        ("2026-11-22T00:00", "2026-11-23T00:00"),
        *((f"{day}T15:00", f"{end}T00:00") for day, end in WEEKENDS),
    ]
    assert spans("cron: 0 0 * * *, duration: 6h, to: 2020-01-01") == []
    assert spans("weekly: {from: Fri 15:00, to: Mon 08:00}, from: 2028-01-01") == []


def test_where_clocks_change_a_freeze_is_longer_and_an_exception_shorter() -> None:
    fields: dict[str, Any] = {"now": utc("2026-10-24T00:00"), "days": 3}
    night = "from: 2026-10-25 02:30, to: 2026-10-25 02:40, time_zone: Europe/Berlin"
    whole = "from: 2026-10-25, to: 2026-10-25"
    assert spans(night, **fields) == [("2026-10-25T00:30", "2026-10-25T01:40")]
    assert spans(whole, f"kind: allow, {night}", **fields) == [
        ("2026-10-25T00:00", "2026-10-26T00:00")
    ]


def test_an_exception_is_taken_out_of_what_both_speak_of() -> None:
    deny = "from: 2026-12-01, to: 2026-12-10"
    allow = "kind: allow, from: 2026-12-03, to: 2026-12-03"
    parted = [("2026-12-01T00:00", "2026-12-03T00:00"), ("2026-12-04T00:00", "2026-12-11T00:00")]
    whole = [("2026-12-01T00:00", "2026-12-11T00:00")]
    assert spans(deny, allow) == parted
    assert (
        spans(f"{deny}, scope: {{tiers: [1]}}", f"{allow}, scope: {{services: [checkout]}}")
        == parted
    )
    assert spans(deny, f"{allow}, scope: {{services: [cart]}}") == whole
    assert (
        spans(deny, f"{allow}, scope: {{tiers: [1]}}", targets=[Target("x", "production")]) == whole
    )
    assert spans(allow) == []
    assert spans(deny, "kind: allow, cron: 0 12 * * 4, duration: 2h", days=14) == [
        ("2026-12-01T00:00", "2026-12-03T12:00"),
        ("2026-12-03T14:00", "2026-12-10T12:00"),
    ]


def test_windows_are_in_order_and_keep_their_names() -> None:
    text = (
        "windows:\n- {name: b, from: 2026-12-05, to: 2026-12-07}\n- {name: a, from: 2026-12-01}\n"
    )
    assert [each["name"] for each in windows(look(text))] == ["a", "b"]


def test_each_target_has_its_own_freezes() -> None:
    targets = [
        CHECKOUT,
        Target("cart", "production", 2),
        Target("cart", "dev", 2),
        Target("x", "dev"),
    ]
    lines = (
        "from: 2026-12-01, scope: {services: [cart]}",
        "from: 2026-12-02, scope: {environments: [production]}",
        "from: 2026-12-03, scope: {tiers: [1]}",
    )
    found = look(file(*lines), targets=targets, services=("checkout", "cart"))
    days = [[each["from"][8:10] for each in one.value[0]["windows"]] for one in found]
    assert days == [["02", "03"], ["01", "02"], ["01"], ["03"]]


WRONG: Sequence[tuple[str, str]] = [
    ("", "freezes.yaml:1:1: The file must be a mapping, and is empty."),
    ("review_by: 2027-01-01", "freezes.yaml:1:1: The file lacks `windows`."),
    ("windows:", "1:9: `windows` must be a list of windows (`[]` where there are none)"),
    (
        "window: []",
        "1:1: The file lacks `windows`. More is wrong. Line 1: unknown key `window`. Did",
    ),
    ("windows: {}", "must be a list of windows"),
    ("windows: [", "freezes.yaml:2:1: `freezes.yaml` is not valid YAML"),
    ("windows: []\nwindows: []", "the key `windows` is there twice"),
    ("windows: []\n---\nwindows: []", "there is more than one YAML document"),
    (
        file("from: 2026-12-01, too: x"),
        "2:33: Unknown key `too` in `windows[0]`. Did you mean `to`?",
    ),
    ("windows:\n- from: 2026-12-01", "2:3: `windows[0]` lacks `name`"),
    (file("from: 2026"), "2:21: `windows[0].from` must be a date (`2026-12-20`), a local time"),
    (file("from: 2026-02-30"), "2:21: `2026-02-30` is in no calendar."),
    (file("from: 2026-12-01 24:01"), "is in no calendar"),
    (file("from: 2026-12-02, to: 2026-12-01"), "2:37: `to` is not after `from`."),
    (file("from: 2026-12-02 10:00, to: 2026-12-02 10:00"), "`to` is not after `from`."),
    (file("cron: 0 0 * * *, duration: 0h"), "2:42: A duration of 0:00:00 cannot be repeated."),
    (file("cron: 0 0 * * *, duration: 400d"), "Write one over 0 and up to 366 days."),
    (file("cron: 0 0 * * *, duration: long"), "must be a duration, such as `90m`"),
    (file("cron: 0 0 * * *"), "the window `w` has `cron` and no `duration`"),
    (file("duration: 8h, from: 2026-12-01"), "has a `duration` and no `cron`"),
    (file("cron: 0 0 31 2 *, duration: 8h"), "2:21: `0 0 31 2 *` is no cron expression"),
    (file('cron: "@daily", duration: 8h'), "Write five fields"),
    (file("reason: because"), "The window `w` does not say when it is."),
    (file("to: 2026-12-01"), "does not say when it is"),
    (file("kind: allow, from: 2026-12-01"), "is an exception without an end. Write `to`."),
    (file("kind: forbid, from: 2026-12-01"), "must be `deny` or `allow`"),
    (
        file("cron: 0 0 * * *, duration: 1h, weekly: {from: Fri 15:00, to: Mon 08:00}"),
        "has both `cron` and `weekly`",
    ),
    (
        file("weekly: {from: Fri 15:00, to: Fri 15:00}"),
        "2:23: `weekly` begins and ends at the same",
    ),
    (file("weekly: {from: Friday, to: Mon 08:00}"), "a day of the week and a local time"),
    (file("weekly: {from: Fri 15:00}"), "`windows[0].weekly` lacks `to`"),
    (file("from: 2026-12-01, time_zone: europe/berlin"), "Did you mean `Europe/Berlin`?"),
    ("time_zone: Mars\nwindows: []", "1:12: There is no time zone `Mars`"),
    ("review_by: 2026-02-31\nwindows: []", "1:12: `2026-02-31` is in no calendar"),
    ("review_by: soon\nwindows: []", "`review_by` must be a date"),
    (file("from: 2026-12-01, scope: {services: []}"), "must be a list that is not empty"),
    (file("from: 2026-12-01, scope: {services: [chekout]}"), "Did you mean `checkout`?"),
    (file("from: 2026-12-01, scope: {environments: [producton]}"), "Did you mean `production`?"),
    (file("from: 2026-12-01, scope: {tiers: [0]}"), "1 (mission-critical) or more"),
    (file("from: 2026-12-01, scope: {service: [cart]}"), "Did you mean `services`?"),
    (file('from: "0001-01-01T00:00:00+10:00"'), "is in no calendar"),
]


BEYOND_A_SCHEMA = (
    *("is in no calendar", "after `from`", "cannot be repeated", "up to 366", "is no cron"),
    *("five fields", "begins and ends", "time zone", "Europe/Berlin", "`checkout`", "`production`"),
    "is there twice",
)


@pytest.mark.parametrize(("text", "why"), WRONG)
def test_what_is_wrong_makes_it_unavailable_and_is_told(text: str, why: str) -> None:
    told = reason(look(text, **KNOWN))
    assert told.startswith("freezes.yaml:")
    assert why.lower() in told.lower()


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert reason(look("{}")).startswith("freezes.yaml:1:1: The file lacks `windows`. See `gate")
    told = reason(look(file("from: 2026-13-01", "from: 2026-12-01", "cron: x, duration: 1h")))
    assert told.startswith("freezes.yaml:2:21:")
    assert "Line 4:" in told


@pytest.mark.parametrize("content", [Unread("it is too large"), b"\xff", b"windows: [\x00]"])
def test_a_file_that_cannot_be_read_is_unavailable(content: bytes | Unread) -> None:
    assert "freezes.yaml" in reason(look(content))


def test_a_file_that_is_not_there_is_unavailable() -> None:
    assert "no file" in reason(ask(observe, "freezes.yaml", {}))
    assert "symbolic link" in reason(look("windows: []", links=["freezes.yaml"]))


def test_a_cron_that_happens_too_often_is_told_with_its_line() -> None:
    told = reason(look(file("from: 2026-12-01", "cron: '* * * * *', duration: 1m"), days=365))
    assert told.startswith("freezes.yaml:3: `* * * * *` happens over 100000 times")


def test_more_freezes_than_anybody_reads_are_unavailable() -> None:
    assert "over 10000 freezes" in reason(look(file("cron: '*/2 * * * *', duration: 30s")))


def test_the_path_may_be_a_secret() -> None:
    found = ask(observe, "s3cret/f", {}, name="windows")
    assert "s3cret" not in reason(found)


@pytest.mark.parametrize("year", [1, 1970, 9990, 9999])
def test_a_clock_that_is_wrong_does_not_break_it(year: int) -> None:
    now = datetime(year, 12, 20, tzinfo=UTC)
    zones = ("UTC", "Asia/Kathmandu", "America/New_York", "Pacific/Kiritimati")
    lines = [
        line
        for name in zones
        for line in (
            f"cron: 0 15 * * *, duration: 2h, time_zone: {name}",
            f"weekly: {{from: Fri 15:00, to: Mon 08:00}}, time_zone: {name}",
            f"from: 0001-01-01, to: 9999-12-31, time_zone: {name}",
            f"kind: allow, cron: 0 15 * * *, duration: 1h, time_zone: {name}",
            f"kind: allow, weekly: {{from: Fri 15:00, to: Mon 08:00}}, time_zone: {name}",
        )
    ]
    (found,) = look(file(*lines), now=now)
    assert found.status == "ok", found.reason
    assert found.value[0]["windows"]


def test_the_year_9999_is_no_problem() -> None:
    assert spans("from: 2026-12-01, to: 9999-12-31") == [("2026-12-01T00:00", "9999-12-31T23:59")]


def test_many_exceptions_are_taken_out_of_many_freezes() -> None:
    lines = ("cron: '*/5 * * * *', duration: 4m", "kind: allow, cron: '*/5 * * * *', duration: 1m")
    found = spans(*lines)
    assert len(found) == 31 * 24 * 12
    assert found[1] == ("2026-11-22T10:06", "2026-11-22T10:09")


def test_the_schema_and_the_reader_agree() -> None:
    schema = jsonschema.Draft202012Validator(schemas.load("freezes"))
    jsonschema.Draft202012Validator.check_schema(schemas.load("freezes"))
    for text, why in WRONG:
        try:
            document = yaml.load(text, yaml.BaseLoader)
        except yaml.YAMLError:
            continue
        if any(each in why for each in BEYOND_A_SCHEMA):
            continue
        document = _numbers(document)
        assert not schema.is_valid(document), (text, why)
    for text in (
        "windows: []",
        file("from: 2026-12-01"),
        file("weekly: {from: Fri 15:00, to: Mon 08:00}, to: 2027-01-01, kind: allow"),
        file("cron: 0 0 * * *, duration: 1h, kind: allow"),
        file("kind: allow, from: 2026-12-01, to: 2026-12-02, scope: {tiers: [1]}"),
    ):
        schema.validate(_numbers(yaml.load(text, yaml.BaseLoader)))
        assert look(text)[0].status == "ok"


def _numbers(value: Any) -> Any:
    """BaseLoader reads all as text; tiers are numbers."""
    if isinstance(value, dict):
        return {
            key: [int(tier) for tier in each] if key == "tiers" else _numbers(each)
            for key, each in value.items()
        }
    return [_numbers(each) for each in value] if isinstance(value, list) else value


def test_json_is_yaml() -> None:
    assert look(json.dumps({"windows": [{"name": "w", "from": "2026-12-01"}]}))[0].status == "ok"
