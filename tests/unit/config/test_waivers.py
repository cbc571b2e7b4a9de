"""A waiver has an end and a reason, and holds for one thing."""

from __future__ import annotations

import pytest

from gate.config.load import load, load_defaults
from gate.errors import ConfigError
from gate.model.config import Waiver
from tests.unit.config.trees import Files


def waivers(text: str) -> tuple[Waiver, ...]:
    found = load(Files({".gate.yaml": "", ".gate/waivers.yaml": text}))
    assert found is not None
    assert found.waivers_path == ".gate/waivers.yaml"
    return found.waivers


def waiver(expires: str) -> Waiver:
    return waivers(f"waivers: [{{rule: a.b, expires: {expires}, reason: r}}]")[0]


def test_waivers_keep_their_lines() -> None:
    assert waivers(
        """\
waivers:
  - rule: workload.image_pinned
    resource: apps/Deployment/shop/checkout
    expires: 2026-12-31
    reason: The vendor pins it with the next release.
    ticket: OPS-12
  - {rule: a.b, service: pay, expires: 2027-01-01, reason: r}
"""
    ) == (
        Waiver(
            "workload.image_pinned",
            "2026-12-31",
            "The vendor pins it with the next release.",
            resource="apps/Deployment/shop/checkout",
            ticket="OPS-12",
            line=2,
        ),
        Waiver("a.b", "2027-01-01", "r", service="pay", line=7),
    )


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("2026-12-31", "2026-12-31"),
        ("2026-12-31T10:00:00Z", "2026-12-31T10:00:00Z"),
        ("2026-12-31t10:00:00z", "2026-12-31T10:00:00Z"),
        ("2026-12-31 10:00:00.5+02:00", "2026-12-31T08:00:00Z"),
        ("2026-12-31T23:30:00-05:30", "2027-01-01T05:00:00Z"),
        ("'2028-02-29'", "2028-02-29"),
    ],
)
def test_an_end_is_a_date_or_a_time_in_utc(written: str, kept: str) -> None:
    assert waiver(written).expires == kept


@pytest.mark.parametrize("text", ["", "waivers:", "waivers: []", "# none left\n"])
def test_a_file_without_waivers_is_right(text: str) -> None:
    assert waivers(text) == ()


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("waivers:\n- {rule: a.b, reason: r}", 2, "`waivers[0]` lacks `expires`."),
        ("waivers:\n- {rule: a.b, expires: 2026-12-31}", 2, "`waivers[0]` lacks `reason`."),
        ("waivers: [{expires: 2026-12-31, reason: r}]", 1, "`waivers[0]` lacks `rule`."),
        (
            "waivers:\n- {rule: a.b, expires: 2026-12-31, reason: ' '}",
            2,
            "`waivers[0].reason` must be text that says why, and is the text ` `.",
        ),
        (
            "waivers: [{rule: a.b, expires: 2026-12-31, reason: r, service: x, path: y}]",
            1,
            "`waivers[0]` must be a mapping with at most one of `resource`, `service` and `path`,"
            " and is a mapping with `rule`, `expires`, `reason`, `service` and `path`.",
        ),
        (
            "waivers: [{rule: a.b, expires: 2026-12-31, reason: r, resourse: x}]",
            1,
            "Unknown key `resourse` in `waivers[0]`. Did you mean `resource`?",
        ),
        (
            "waivers: [{rule: a.b, expires: never, reason: r}]",
            1,
            "`waivers[0].expires` must be a date (`2026-12-31`) or a time with its zone"
            " (`2026-12-31T17:00:00Z`), and is the text `never`.",
        ),
        (
            "waivers: [{rule: a.b, expires: 2026-12-31T10:00:00, reason: r}]",
            1,
            "`waivers[0].expires` must be a date (`2026-12-31`) or a time with its zone"
            " (`2026-12-31T17:00:00Z`), and is the text `2026-12-31T10:00:00`.",
        ),
        (
            "waivers:\n- rule: a.b\n  expires: 2026-02-30\n  reason: r",
            3,
            "`expires` is `2026-02-30`, which is no moment of any calendar.",
        ),
        (
            "waivers: [{rule: a.b, expires: '0001-01-01T00:00:00+10:00', reason: r}]",
            1,
            "`expires` is `0001-01-01T00:00:00+10:00`, which is no moment of any calendar.",
        ),
        ("- {rule: a.b}", 1, "The file must be a mapping, and is a list."),
    ],
)
def test_a_wrong_waiver_is_refused_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        waivers(text)
    error = caught.value
    assert (error.message, error.path, error.line) == (message, ".gate/waivers.yaml", line)


def test_a_waivers_file_that_is_named_must_be_there() -> None:
    with pytest.raises(ConfigError, match=r"names the waivers file `w\.yaml`, and main has none"):
        load(Files({".gate.yaml": "waivers: w.yaml"}))


def test_the_usual_waivers_file_is_not_read_beside_a_named_one() -> None:
    wrong = "waivers: [{}]"
    files = Files({".gate.yaml": "waivers: w.yaml", "w.yaml": "", ".gate/waivers.yaml": wrong})
    found = load(files)
    assert found is not None
    assert (found.waivers_path, found.waivers) == ("w.yaml", ())


def test_waivers_hold_without_a_config_too() -> None:
    text = "waivers: [{rule: a.b, expires: 2026-12-31, reason: r}]"
    found = load_defaults(Files({".gate/waivers.yaml": text}))
    assert found.waivers == (Waiver("a.b", "2026-12-31", "r", line=1),)
    assert load_defaults(Files({})).waivers_path is None
