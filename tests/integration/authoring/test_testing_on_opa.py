"""The same tests on both engines, held against `opa test` itself."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from gate.authoring import coverage, files, testing
from gate.authoring.results import Report
from gate.decision.limits import DEFAULT
from gate.errors import PolicyError
from tests.support.tools import ROOT, need

RULE = """package shop

import rego.v1

limit := {4, 5}

more(x) := x + 1

deny contains message if {
	some name in input.names
	name == "bad"
	message := sprintf("%s is bad", [name])
}
"""
TESTS = """package shop_test

import data.shop
import rego.v1

test_true if 1 == 1

test_false if 1 == 2

test_value := "yes"

test_twice if true

test_twice if false

default test_default := false

test_set contains 1

test_input if {
	count(shop.deny) == 2 with input as {"names": ["good", "bad"]}
}

test_not if {
	some x in [9]
	not x > 5
}

test_table[note] if {
	some note, tc in {"a": {"got": 1}, "b": {"got": 2}}
	tc.got == 1
}

test_nested[x][y] if {
	some x in ["p", "q"]
	some y in [1, 2]
	y == 1
}

test_every if {
	every x in [3, 4] {
		x > 0
		shop.more(x) in shop.limit with input as {}
		x < 4
	}
}

test_printed if {
	print("seen", 1)
	input.x
}

a.b.test_inner := 1 == 1

todo_test_later if false
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.rego").write_text(RULE)
    (tmp_path / "shop_test.rego").write_text(TESTS)
    return tmp_path


def run(folder: Path, engine: str) -> Report:
    given = files.read([str(folder)], DEFAULT.file)
    return testing.run(given, testing.Wanted(engine=engine), lambda _: None).report


def opa_counts(folder: Path) -> Mapping[str, int]:
    """What `opa test` says itself."""
    done = subprocess.run(
        [need("opa"), "test", "--bundle", "--format", "json", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    return Counter(outcome for each in json.loads(done.stdout) for outcome in opa_outcomes(each))


def opa_outcomes(told: Mapping[str, Any]) -> Iterator[str]:
    if told.get("skip"):
        yield "skip"
    elif told.get("error"):
        yield "error"
    elif told.get("sub_results"):
        for each in told["sub_results"].values():
            yield from opa_outcomes(each)
    else:
        yield "fail" if told.get("fail") else "pass"


def shown(report: Report) -> list[Any]:
    return sorted(
        (
            (each.title, each.path, each.line, each.outcome, each.message, each.prints, each.place)
            for each in report.results
        ),
        key=str,
    )


def test_both_engines_say_the_same_of_each_test_and_count_as_opa_does(folder: Path) -> None:
    need("opa")
    embedded, opa = run(folder, "embedded"), run(folder, "opa")
    assert shown(embedded) == shown(opa)
    assert Counter(each.outcome for each in opa.results) == opa_counts(folder)
    assert all(each.place or each.message for each in opa.results if each.outcome == "fail")


def test_the_rules_of_the_wheel_pass_as_many_tests_as_opa_counts() -> None:
    counts = opa_counts(ROOT / "policies")
    assert counts["pass"] > 300
    for engine in ("auto", "opa"):
        report = run(ROOT / "policies", engine)
        assert Counter(each.outcome for each in report.results) == counts


def test_a_builtin_that_fails_is_an_error_on_opa_too(tmp_path: Path) -> None:
    need("opa")
    (tmp_path / "a_test.rego").write_text(
        "package a_test\n\ndeny if to_number(input.x) > 1\n\n"
        'test_nothing_denied if not deny with input as {"x": "y"}\n\ntest_fine if 1 == 1\n\n'
        'test_table[x] if {\n\tsome x in ["1", "y"]\n\tto_number(x) == 1\n}\n'
    )
    assert opa_counts(tmp_path) == {"pass": 3, "fail": 1}
    for engine in ("opa", "embedded"):
        (first, fine, table) = run(tmp_path, engine).results
        assert (first.outcome, fine.outcome, table.outcome) == ("error", "pass", "error")
        assert first.message.startswith(f"{tmp_path.as_posix()}/a_test.rego:3:")


def test_auto_takes_opa_for_what_only_opa_reads(tmp_path: Path) -> None:
    need("opa")
    (tmp_path / "a_test.rego").write_text(
        "package a_test\n\ntest_x if {\n\thttp.send({}).code == 1 with http.send as mock\n}\n\n"
        'mock(_) := {"code": 1}\n'
    )
    report = run(tmp_path, "auto")
    assert report.engine["name"] == "opa"
    assert "a_test.rego:4" in report.engine["reason"]
    assert report.counts["pass"] == 1


def test_opa_reaches_no_host(tmp_path: Path) -> None:
    need("opa")
    (tmp_path / "a_test.rego").write_text(
        "package a_test\n\ntest_x if {\n"
        '\thttp.send({"method": "get", "url": "http://127.0.0.1:1/"}).status_code == 200\n}\n'
    )
    (result,) = run(tmp_path, "opa").results
    assert result.outcome == "error"
    assert "disallowed host" in result.message


def test_opa_does_not_see_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need("opa")
    monkeypatch.setenv("TOKEN", "hush")
    (tmp_path / "a_test.rego").write_text(
        "package a_test\n\ntest_x if not opa.runtime().env.TOKEN\n"
    )
    assert run(tmp_path, "opa").counts["pass"] == 1


def test_older_rego_and_data_files_run_on_opa(tmp_path: Path) -> None:
    need("opa")
    (tmp_path / "a_test.rego").write_text(
        "package a_test\n\ntest_x { data.limits.most == 5 }\n\ntest_y { data.limits.most == 6 }\n"
    )
    (tmp_path / "limits").mkdir()
    (tmp_path / "limits" / "data.yaml").write_text("most: 5\n")
    for engine in ("embedded", "opa"):
        report = run(tmp_path, engine)
        assert report.counts == {"pass": 1, "fail": 1, "error": 0, "skip": 0}
        place = report.results[1].place
        assert place is not None
        assert place.values == (("data.limits.most", "5"),)


def test_what_opa_does_not_load_is_told_with_its_place(tmp_path: Path) -> None:
    need("opa")
    (tmp_path / "a_test.rego").write_text("package a_test\n\ntest_x if f(1)\n\nf(x) := f(x)\n")
    with pytest.raises(PolicyError, match="recursive") as raised:
        run(tmp_path, "opa")
    assert raised.value.place == f"{tmp_path.as_posix()}/a_test.rego:5"


def measured(folder: Path, engine: str) -> coverage.Coverage:
    given = files.read([str(folder)], DEFAULT.file)
    return coverage.measure(given, testing.Wanted(engine=engine), lambda _: None)


def opa_missed(folder: Path) -> dict[str, set[int]]:
    """The lines that `opa test --coverage` holds not to be covered."""
    done = subprocess.run(
        [need("opa"), "test", "--coverage", "--format", "json", str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    return {
        file: {
            line
            for part in told.get("not_covered", [])
            for line in range(part["start"]["row"], part["end"]["row"] + 1)
        }
        for file, told in json.loads(done.stdout)["files"].items()
    }


def test_a_line_that_opa_holds_not_to_be_covered_is_not(tmp_path: Path) -> None:
    """All tests of one area only: much is not reached. OPA counts all lines of a statement, and
    takes those within one that was evaluated as covered; gate looks at each."""
    need("opa")
    for file in sorted((ROOT / "policies" / "lib").glob("*.rego")):
        if file.name not in {"images_test.rego", "pods_test.rego", "kustomize_test.rego"}:
            (tmp_path / file.name).write_text(file.read_text())
    opa = opa_missed(tmp_path)
    found = measured(tmp_path, "opa").files
    assert sum(len(each.missed) for each in found) > 50
    for each in found:
        assert not set(each.covered) & opa[each.path], each.path


def test_both_engines_reach_the_same_lines(folder: Path) -> None:
    need("opa")
    text = (folder / "shop_test.rego").read_text()
    (folder / "shop_test.rego").write_text(
        text[: text.index("test_true")]
        + 'test_it if shop.more(1) == 2\ntest_no if not "x" in shop.deny with input as {}\n'
    )
    opa, embedded = measured(folder, "opa"), measured(folder, "embedded")
    assert opa.files == embedded.files
    (file,) = opa.files
    assert file.missed == (5, 9, 11, 12)
