"""Rego rewritten into the core: equal forms, on their lines, and what is refused."""

from __future__ import annotations

import json

import pytest

from gate.decision import bundle
from gate.decision.engines import embedded
from gate.decision.rego import builtins, faithful, own
from gate.decision.rego.rewrite import Rewritten, Source, rewrite_all
from gate.errors import PolicyError


def rewritten(text: str, *, v0: bool = False) -> Rewritten:
    return embedded.examined([("t.rego", text)], ["t.rego"] if v0 else [])["t.rego"]


def core(body: str) -> str:
    """The one rule of a module in the core, in one line."""
    made = rewritten(f"package t\n\n{body}\n")
    assert made.unfaithful == ()
    return " ".join(made.text.removeprefix("package t").split())


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("p := x if some x in input.l", "p = x if { gate__1 := input[`l`]; x := gate__1[_]}"),
        ("p if not input.a", 'p = true if { count([1 | input["a"]]) == 0}'),
        (
            'p if not startswith(input.a, "x")',
            'p = true if { gate__1 := input["a"]; count([1 | startswith(gate__1, "x")]) == 0}',
        ),
        ("p contains x.a if some x in [1]", "gate__3 := x[`a`]}"),
        ("p if { [x, 1] = input.a; y := x }", "is_array(gate__1); count(gate__1) == 2;"),
        ("p := input.a + 1", "gate__1 := gate.plus(input[`a`], 1)}"),
    ],
)
def test_a_construct_becomes_its_equal_in_the_core(body: str, wanted: str) -> None:
    assert wanted.replace("`", '"') in core(body)


def test_statements_stay_on_their_lines() -> None:
    head = "package t\n\n# why\np contains m if {\n"
    text = f"{head}\tsome x in input.l\n\n\tnot x.a == 1\n\tm := x.b\n}}\n"
    lines = rewritten(text).text.splitlines()
    assert lines[3].startswith("p contains m if {")
    assert "input" in lines[4]
    assert "count(" in lines[6]
    assert lines[7].startswith("m := ")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("p := http_post(1)", "the builtin `http_post`"),
        ("p := f(input.n)\n\nf(n) := f(n - 1) if n > 0", "recursion (`f` reads itself)"),
        ("p if q\n\nq if p", "recursion (`p` reads itself)"),
        ("p if input.a with count as 1", "`with` over a function"),
        ("p := 1e3", "the number 1e3"),
        ("p if { some x; input.a }", "the variable `x`, never used"),
        ("p := x if input.a", "the variable `x`, which no statement gives a value"),
        ("p := data.t", "`data.t`, a whole package, as a value"),
        ("p if data.other.f(1)", "the function `data.other.f`, which is not known"),
        ("count := 1", "a rule with the name of a builtin (`count`)"),
        ("p if count(1, 2, 3)", "`count` with 3 arguments"),
        ("p if not input.a[_] == 1", "`_` behind `not`"),
        ("p if not input.a[_]", "`_` behind `not`"),
        ("p if not startswith(input.a[_].b, `x`)", "`_` behind `not`"),
        ("p if not `x` in input.a[_]", "`_` behind `not`"),
        ("p if { a := [b | b := b]; some b in a }", "the variable `b` before it is declared"),
        (
            "p if { a := [1 | [b | some b in input.l]; b]; some b in a }",
            "the variable `b` before it is declared",
        ),
        (r"p if regex.match(`^\p{L}+$`, input.a)", r"the pattern `^\p{L}+$`"),
        ("p := regex.replace(input.a, `[a-z]*`, `_`)", "the pattern `[a-z]*`"),
        ("p := regex.replace(input.a, `a`, `$x`)", "the pattern `$x`"),
        ("p := time.format([1, `UTC`, `2006`])", "`time.format` with a layout"),
    ],
)
def test_what_has_no_form_in_the_core_is_refused_by_its_name(text: str, what: str) -> None:
    found = rewritten(f"package t\n\n{text}\n").unfaithful
    assert what in [each.what for each in found]
    assert found[0].line >= 3


@pytest.mark.parametrize(
    "body",
    [
        "hosts := [h | some h in input.l]; some h in hosts; h == 2",
        "hosts := {h | h := input.l[_]}; h := 2; hosts[h]",
        "hosts := {h: i | some i, h in input.l}; some h, i in hosts; i == 1; h == 2",
        "every h in input.l { h > 0 }; some h in input.l; h == 2",
        "every i, h in input.l { g := h; g > i }; some i, h in input.l; h > i",
        "not count([input.l[_]]) > 1; input.l[_] == 2",
        "not [x | x := input.l[_]] == []",
    ],
)
def test_a_name_of_an_inner_body_may_be_declared_again_behind_it(body: str) -> None:
    made = rewritten(f"package t\n\np if {{ {body} }}\n")
    assert made.unfaithful == ()
    engine = embedded.load([("t.rego", made.text)])
    engine.set_input_json(json.dumps({"l": [1, 2]}))
    assert embedded.query(engine, "data.t.p") == [True]


def test_an_import_that_only_regorus_knows_is_refused() -> None:
    found = rewritten("package t\n\nimport future.keywords.zzz\n\np := 1\n").unfaithful
    assert [(each.line, each.what) for each in found] == [(3, "an import that OPA does not know")]


def test_recursion_is_found_across_modules() -> None:
    texts = {
        "a.rego": "package a\n\np if data.b.q\n",
        "b.rego": "package b\n\nimport data.a\n\nq if a.p\n",
        "c.rego": "package c\n\nr if data.a.p\n",
    }
    sources = [Source(path, text, embedded.tree(path, text)) for path, text in texts.items()]
    found = {path: [u.what for u in made.unfaithful] for path, made in rewrite_all(sources).items()}
    assert found == {
        "a.rego": ["recursion (`p` reads itself)"],
        "b.rego": ["recursion (`q` reads itself)"],
        "c.rego": [],
    }


def test_rego_of_before_1_0_becomes_that_of_today() -> None:
    made = rewritten("package t\n\np[x] { x := input.l[_] }\n\nq = 1 { true } { true }\n", v0=True)
    assert made.unfaithful == ()
    assert "p contains x if {" in made.text
    assert made.text.count("q = 1 if {") == 2


def test_each_own_builtin_has_a_number_of_arguments_and_may_be_called() -> None:
    assert set(own.ARITY) == set(builtins.OWN)
    public = {name: arity for name, arity in own.ARITY.items() if not name.startswith("gate.")}
    assert {name: faithful.BUILTINS.get(name) for name in public} == public


def test_a_name_that_a_library_does_not_define_is_refused() -> None:
    text = "package t\n\nimport data.gate.lib.pods\n\np contains x if some x in pods.aftr\n"
    made = embedded.examined([("t.rego", text)], (), list(bundle.builtin_texts()))
    (found,) = made["t.rego"].unfaithful
    assert (found.line, found.what) == (5, "`data.gate.lib.pods.aftr`, which nothing defines")
    assert found.is_for_none


def test_what_fails_for_its_operands_says_which_builtin_it_is() -> None:
    engine = embedded.load([("t.rego", "package t\n\np := units.parse_bytes(input.a)\n")])
    engine.set_input_json('{"a": 1}')
    with pytest.raises(PolicyError, match=r"^units\.parse_bytes: operand must be string"):
        embedded.query(engine, "data.t.p")


def test_no_rule_of_the_wheel_needs_what_is_refused() -> None:
    made = embedded.examined(list(bundle.builtin_texts()))
    assert {path: each.unfaithful for path, each in made.items() if each.unfaithful} == {}


WHEEL_AS_IT_STANDS = {
    "`not` before what may be undefined",
    "a term in a rule's head that may be undefined",
    "an object of objects that may be empty",
}
"""The wheel's rules run as they stand. What they ask for in such places is always there: fields
that the input's schema requires. The tests of the rules pass in both forms (below)."""


def test_the_wheel_uses_only_known_constructs_that_the_engine_takes_otherwise() -> None:
    made = embedded.examined(list(bundle.builtin_texts()))
    kinds = {each.what for found in made.values() for each in found.changed}
    assert kinds <= WHEEL_AS_IT_STANDS


def test_the_rules_of_the_wheel_pass_their_tests_as_they_stand_and_in_the_core() -> None:
    modules = list(bundle.builtin_texts(tests=True))
    made = embedded.examined(modules)
    tests = [
        ".".join((*faithful.package_of(tree), name))
        for path, text in modules
        if path.endswith("_test.rego")
        for tree in [embedded.tree(path, text)]
        for name in sorted(faithful.world([tree]).names[faithful.package_of(tree)])
        if name.startswith("test_")
    ]
    assert len(tests) > 300
    for form in (modules, [(path, each.text) for path, each in made.items()]):
        engine = embedded.load(form)
        assert [name for name in tests if embedded.query(engine, name) != [True]] == []
