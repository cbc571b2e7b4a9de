"""What leaves the machine with a post: no secret, and a stamp that only gate can have written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import ConfigError
from gate.report.posts import check_run
from gate.report.posts.redact import redacted, secrets
from gate.report.posts.stamp import Stamp, read, stamp, written
from tests.unit.report.samples import PASSED, SAMPLES

HEAD = "2" * 40
SAID = Stamp("2026-11-27T17:00:00Z", "deny", "3" * 40, HEAD, "0123456789abcdef")


@given(st.text(), st.sampled_from(["pass", "warn", "deny", "undecided", "error"]))
def test_what_is_written_is_read_behind_any_text(text: str, verdict: Any) -> None:
    said = replace(SAID, verdict=verdict)
    assert read(f"{text}\n\n{written(said)}") == said
    assert read(f"{written(replace(said, digest='f' * 16))}{text}\n\n{written(said)}\n") == said


@given(st.text() | st.none() | st.integers())
def test_any_other_text_is_none(text: object) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"verdict": "passed"},
        {"verdict": None},
        {"head": "main"},
        {"head": None},
        {"trusted": "--upload-pack=x"},
        {"trusted": 3},
        {"valid_until": "tomorrow"},
        {"valid_until": 5},
        {"digest": "x"},
    ],
)
def test_a_stamp_that_gate_cannot_have_written(wrong: dict[str, Any]) -> None:
    assert read(written(SAID)) == SAID
    assert read(written(replace(SAID, **wrong))) is None


@pytest.mark.parametrize("text", ["{}", "[]", "null", '{"verdict": "pass"}', "{", "{" * 9_999])
def test_what_is_no_stamp(text: str) -> None:
    assert read(f"<!-- change-gate: {text} -->") is None


def test_nothing_may_follow() -> None:
    assert read(f"{written(SAID)} and more") is None


@pytest.mark.parametrize("name", SAMPLES)
def test_the_same_verdict_has_the_same_digest(name: str) -> None:
    told = SAMPLES[name]()
    later = replace(told, decision_id="x", evaluated_at="2026-11-23T00:00:00Z", description="y")
    assert stamp(told, HEAD) == stamp(later, HEAD)
    assert read(written(stamp(told, HEAD))) == stamp(told, HEAD)


def test_each_verdict_has_its_own_digest() -> None:
    names = (
        *("passed", "deny", "many", "warn", "evidence_missing", "unreadable", "rule_failed"),
        *("advisory", "excused", "preview", "preview_denied", "preview_broken", "hostile"),
    )
    assert len({stamp(SAMPLES[name](), HEAD).digest for name in names}) == len(names)
    one, other = (ConfigError(text, path=".gate.yaml") for text in ("one", "other"))
    assert stamp(one, HEAD) != stamp(other, HEAD)
    assert stamp(one, HEAD).verdict == "error"


SECRET = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8).filter(
    lambda text: text not in "***" * 99
)


@given(SECRET, st.text(), st.text())
def test_a_secret_is_left_out_wherever_it_stands(secret: str, before: str, after: str) -> None:
    text = f"{before}{secret}{after}"
    value: Any = {"a": [text, (text, 1, None)], "b": {"c": text}}
    found = redacted(value, (secret,))
    for each in (found["a"][0], found["a"][1][0], found["b"]["c"]):
        assert secret not in each
    assert found["a"][1][1:] == (1, None)


def test_a_verdict_keeps_its_own_words() -> None:
    told = replace(SAMPLES["evidence_missing"](), judged_by="undecided and hidden-here")
    found = redacted(told, ("undecided", "hidden-here", "enforce"))
    assert (found.verdict, found.mode) == (told.verdict, told.mode)
    assert found.judged_by == "*** and ***"
    error = ConfigError("it holds hidden-here", advice="mend hidden-here", path="hidden-here")
    left_out = redacted(error, ("hidden-here",))
    assert (left_out.message, left_out.advice, left_out.path) == ("it holds ***", "mend ***", "***")
    assert error.message == "it holds hidden-here"


def test_which_variables_hold_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "PD_TOKEN": "token-value",
        "db_password": "password-value",
        "SSH_KEY": "-----BEGIN OPENSSH PRIVATE KEY-----\nbGluZW9uZQ==\n-----END KEY-----",
        "SHORT_SECRET": "short",
        "HOME_PAGE": "no-secret-here",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    found = secrets()
    assert {"token-value", "password-value", "bGluZW9uZQ==", values["SSH_KEY"]} <= set(found)
    assert not {"short", "no-secret-here", "-----END KEY-----"} & set(found)
    assert [len(each) for each in found] == sorted(map(len, found), reverse=True)


@given(st.text(), st.text())
def test_marks_are_plain_and_short(message: str, path: str) -> None:
    finding = SAMPLES["deny"]().findings[0]
    place = finding.location
    assert place is not None
    hostile = replace(
        finding,
        message=message * 50,
        rule=message or "rule",
        remediation=message,
        location=replace(place, path=path),
    )
    (mark,) = check_run.marks(replace(PASSED, findings=[hostile]))
    assert 0 < len(mark["message"]) <= 4_000
    assert len(mark["title"]) <= 255
    for key in ("message", "title", "path"):
        mark[key].encode("utf-8")
        assert "\n" not in mark[key]
