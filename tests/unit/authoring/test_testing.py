"""Running tests on the embedded engine: what counts as what, and where a test fails."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gate.authoring import files, testing
from gate.authoring.files import Files
from gate.authoring.results import Report, Result
from gate.decision.limits import Limits
from gate.errors import PolicyError, UsageError


def run(text: str, **wanted: str) -> Report:
    """The tests of one module, on the embedded engine."""
    return run_all({"a_test.rego": text}, **wanted)


def run_all(modules: Mapping[str, str], **wanted: str) -> Report:
    given = Files(modules=dict(modules), named="these")
    asked = testing.Wanted(**{"engine": "embedded", **wanted})
    return testing.run(given, asked, lambda _: None).report


def only(text: str) -> Result:
    """The one test that fails."""
    (result,) = [each for each in run(text).results if each.outcome != "pass"]
    return result


def failing(body: str, more: str = "") -> Result:
    return only(f"package a_test\n\nimport rego.v1\n{more}\ntest_it if {{\n\t{body}\n}}\n")


def outcomes(report: Report) -> dict[str, str]:
    return {result.title.removeprefix("a_test."): result.outcome for result in report.results}


def test_the_value_of_a_test_must_be_true_and_nothing_like_it() -> None:
    text = """package a_test
test_true if 1 == 1
test_true_value := true
test_false := false
test_undefined if input.x
test_one := 1
test_text := "yes"
test_set contains true
test_function(x) if x
test_else if { false } else := true
todo_test_later if false
"""
    assert outcomes(run(text)) == {
        "test_true": "pass",
        "test_true_value": "pass",
        "test_false": "fail",
        "test_undefined": "fail",
        "test_one": "fail",
        "test_text": "fail",
        "test_set": "fail",
        "test_function": "error",
        "test_else": "pass",
        "todo_test_later": "skip",
    }


def test_each_clause_of_a_name_is_a_test() -> None:
    text = "package a_test\ntest_x if 1 == 1\ntest_x if 1 == 2\ndefault test_x := false\n"
    assert outcomes(run(text)) == {"test_x": "pass", "test_x#01": "fail", "test_x#02": "fail"}


def test_a_table_has_a_result_for_each_case_it_tries() -> None:
    text = """package a_test
test_sum[note] if {
	some note, tc in {"one": {"a": 1, "b": 1}, "two": {"a": 1, "b": 5}}
	tc.a == tc.b
}
test_pairs[x][y] if {
	some x in ["a", "b"]
	some y in [1, 2]
	y == 1
}
test_none[x] if {
	some x in []
}
"""
    report = run(text)
    assert outcomes(report) == {
        "test_sum [one]": "pass",
        "test_sum [two]": "fail",
        "test_pairs [a, 1]": "pass",
        "test_pairs [a, 2]": "fail",
        "test_pairs [b, 1]": "pass",
        "test_pairs [b, 2]": "fail",
        "test_none": "pass",
    }
    (two,) = [each for each in report.results if each.case == ("two",)]
    assert two.place is not None
    assert (two.place.line, two.place.text) == (4, "tc.a == tc.b")
    assert two.place.values == (("tc.a", "1"), ("tc.b", "5"))


def test_a_case_that_is_1_is_not_the_case_that_is_true() -> None:
    text = """package a_test
test_odd[x] if {
	some x in [1, true]
	x == true
}
"""
    assert outcomes(run(text)) == {"test_odd [1]": "fail", "test_odd [true]": "pass"}


def test_a_failed_builtin_is_an_error_with_its_place() -> None:
    result = failing('to_number("x") == 1')
    assert result.outcome == "error"
    assert result.message.startswith("a_test.rego:6: ")


def test_two_values_of_one_rule_are_an_error() -> None:
    text = "package a_test\n\ntest_x := x if some x in [true, false]\n"
    assert only(text).outcome == "error"


def test_what_a_test_prints_is_told_without_the_engines_place() -> None:
    result = failing('print("hello", {1, 2})\n\t1 == 2')
    assert result.prints == ("hello {1, 2}",)


@pytest.mark.parametrize(
    ("body", "line", "text", "said", "values"),
    [
        ("1 == 1\n\tx := 2\n\tx == 3", 8, "x == 3", "is false", {"x": "2"}),
        ("x := input.a", 6, "x := input.a", "", {"input.a": "undefined"}),
        ("input.a", 6, "input.a", "is undefined", {}),
        ("not limit", 6, "not limit", "does not hold", {"limit": "{4, 5}"}),
        ("x := 4\n\tnot x in limit", 7, "not x in limit", "does not hold", {"x": "4"}),
        ("count(limit) == 3", 6, "count(limit) == 3", "is false", {"count(limit)": "2"}),
        ("more(4) in limit\n\tmore(9) in limit", 7, "more(9) in limit", "is false", {}),
        ("some x in limit\n\tx > 7", 7, "x > 7", "is false", {"x": "4 or 5"}),
        (
            'input.a == 1 with input as {\n\t\t"a": 2}',
            6,
            'input.a == 1 with input as {\n\t\t"a": 2}',
            "is false",
            {"input.a": "2"},
        ),
        ('"é" == name # no\n\ttrue', 6, '"é" == name', "is false", {"name": '"e"'}),
    ],
)
def test_the_first_statement_that_does_not_hold_is_found(
    body: str, line: int, text: str, said: str, values: dict[str, str]
) -> None:
    more = 'limit := {4, 5}\nmore(x) := x + 1\nname := "e"'
    place = failing(body, more).place
    assert place is not None
    assert (place.line - 2, place.text, place.said) == (line, text, said)
    assert values.items() <= dict(place.values).items()


def test_within_every_the_first_element_that_fails_is_shown() -> None:
    result = failing("some x in [9]\n\tevery y in [1, 2, x] {\n\t\ty > 0\n\t\ty < 5\n\t}")
    assert result.place is not None
    assert (result.place.line, result.place.text) == (9, "y < 5")
    assert result.place.values == (("y", "9"),)


def test_every_within_every_keeps_what_stands_behind_with() -> None:
    result = failing(
        "every x in [1, 2] {\n\t\tevery y in [1, 2] {\n\t\t\tx + y < input.most\n\t\t}\n\t}"
        ' with input as {"most": 4}',
    )
    assert result.place is not None
    assert result.place.text == "x + y < input.most"
    assert dict(result.place.values) | {"x": "2", "y": "2", "input.most": "4"} == dict(
        result.place.values
    )


def test_an_every_over_nothing_that_is_defined_fails_itself() -> None:
    result = failing("every x in input.list {\n\t\tx\n\t}")
    assert result.place is not None
    assert result.place.line == 6
    assert result.place.values == (("input.list", "undefined"),)


def test_only_the_tests_with_such_a_name_run() -> None:
    text = "package a_test\ntest_red if 1 == 1\ntest_blue if 1 == 2\n"
    assert outcomes(run(text, run="a_test.test_r")) == {"test_red": "pass"}


def test_no_test_is_no_pass() -> None:
    with pytest.raises(PolicyError, match="no test in these"):
        run("package a_test\nx := 1\n")
    with pytest.raises(PolicyError, match="has a name with `blue`"):
        run("package a_test\ntest_red if 1 == 1\n", run="blue")


def test_a_policy_that_does_not_parse_is_named() -> None:
    with pytest.raises(PolicyError) as raised:
        run("package a_test\n\ntest_x if {\n")
    assert raised.value.path == "a_test.rego"


def test_older_rego_runs_beside_newer() -> None:
    report = run_all(
        {
            "a_test.rego": "package a_test\ntest_x { 1 == 1 }\ntest_x { 1 == 2 }\n",
            "b_test.rego": "package b_test\ntest_y if 1 == 1\n",
        }
    )
    assert report.counts == {"pass": 2, "fail": 1, "error": 0, "skip": 0}


def test_an_engine_that_is_a_server_is_refused() -> None:
    with pytest.raises(UsageError, match="do not run on a server"):
        testing.Wanted(engine="http://127.0.0.1:8181")
    with pytest.raises(UsageError, match="Did you mean `embedded`"):
        testing.Wanted(engine="embeded")
    with pytest.raises(UsageError, match="no regular expression"):
        testing.Wanted(run="(")


def test_what_only_opa_judges_is_refused_by_the_embedded_engine() -> None:
    with pytest.raises(PolicyError) as raised:
        run("package a_test\ntest_x if f(1) == 1\nf(x) := f(x)\n")
    assert (raised.value.path, raised.value.line) == ("a_test.rego", 3)


def test_a_module_may_stand_in_a_package_with_any_name() -> None:
    report = run('package a["b-c"]\ntest_x if 1 == 1\ntest_x if 2 == 1\n')
    assert [each.title for each in report.results] == [
        'a["b-c"].test_x',
        'a["b-c"].test_x#01',
    ]
    assert report.counts["fail"] == 1


def test_rules_of_the_wheel_are_there_for_who_refers_to_them(tmp_path: Path) -> None:
    (tmp_path / "x_test.rego").write_text(
        "package x_test\n\nimport data.gate.lib.values\n\ntest_x if values.list(5) == []\n"
    )
    given = files.read([str(tmp_path)], 1000)
    assert list(given.support) == ["builtin:lib/values.rego"]
    report = testing.run(given, testing.Wanted(engine="embedded"), lambda _: None).report
    assert report.counts["pass"] == 1


def test_a_test_without_end_is_ended_and_the_others_are_judged() -> None:
    text = """package a_test
test_before if 1 == 1
test_long if {
	some i in numbers.range(1, 5000)
	some j in numbers.range(1, 5000)
	some k in numbers.range(1, 5000)
	i + j + k == 0
}
test_after if 1 == 2
"""
    given = Files(modules={"a_test.rego": text}, named="these")
    wanted = testing.Wanted(engine="embedded", seconds=1)
    report = testing.run(given, wanted, lambda _: None).report
    assert outcomes(report) == {"test_before": "pass", "test_long": "error", "test_after": "fail"}
    assert "took longer than the 1 s" in report.results[1].message
    assert report.results[2].place is not None


def test_where_many_tests_use_up_the_time_together_none_is_blamed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The process for tests may take no longer than its limit; the rest goes on in another."""
    from gate.decision.engines import confined

    real = confined.ask
    late = "took longer than the 30 s that it may take"
    starts: list[int] = []

    def ask(program: str, request: Mapping[str, Any], limits: Limits) -> Any:
        answers, death = real(program, request, limits)
        starts.append(request["start"])
        cut = 3 if len(starts) < 3 else len(answers)
        return answers[:cut], late if len(starts) < 3 else death

    monkeypatch.setattr(confined, "ask", ask)
    report = run("package a_test\n" + "".join(f"test_{n} if {n} >= 0\n" for n in range(6)))
    assert starts == [0, 2, 4]
    assert report.counts == {"pass": 6, "fail": 0, "error": 0, "skip": 0}
