"""Loading rules: where they come from, and everything that is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import gate
from gate.decision import bundle as bundles
from gate.decision.limits import Limits
from gate.errors import EngineError, PolicyError
from gate.model.change import Unread
from gate.model.policy import PolicyFiles
from tests.support.rules import load
from tests.support.trees import Link, MemoryTree
from tests.unit.decision.cases import bundle, module

RULE = module("team.named", 'deny contains "x" if input.x\n\nwarn contains "y" if input.y\n')
LIBRARY = "package gate.lib.names\n\nfirst := 1\n"


def loaded(files: dict[str, str | bytes | Link | Unread], *sources: str) -> bundles.Bundle:
    return load(sources or ("policies",), MemoryTree(files))


def refusal(text: str, path: str = "policies/team/named.rego") -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        loaded({path: text})
    return caught.value


def test_a_folder_gives_its_rules_and_libraries_and_no_tests() -> None:
    found = loaded(
        {
            "policies/team/named.rego": RULE,
            "policies/team/named_test.rego": "not Rego at all",
            "policies/team/readme.md": "words",
            "policies/lib/names.rego": LIBRARY,
            "other/team/more.rego": module("team.more", 'deny contains "x" if true'),
        }
    )
    assert [each.path for each in found.modules] == [
        "policies/lib/names.rego",
        "policies/team/named.rego",
    ]
    assert [each.rule for each in found.modules] == [None, "team.named"]
    rule = found.rules["team.named"]
    assert (rule.origin, rule.sets, rule.applies) == ("repository", ("deny", "warn"), False)
    assert (rule.path, rule.line) == ("policies/team/named.rego", 6)


def test_a_source_can_be_one_file() -> None:
    found = loaded({"policies/team/named.rego": RULE}, "./policies/team/named.rego")
    assert list(found.rules) == ["team.named"]


def test_the_root_is_a_folder_too() -> None:
    assert list(loaded({"team/named.rego": RULE}, ".").rules) == ["team.named"]


def test_two_sources_that_overlap_load_a_file_once() -> None:
    found = loaded({"policies/team/named.rego": RULE}, "policies", "policies/team")
    assert len(found.modules) == 1


def test_the_builtin_rules_are_loaded_without_a_tree() -> None:
    found = bundles.load(True)
    assert found.rules
    assert {each.origin for each in found.modules} == {"builtin"}
    assert all(each.path.startswith("builtin:") for each in found.modules)
    assert not any("_test" in each.path for each in found.modules)


def test_modules_of_a_saved_input_give_the_same_bundle() -> None:
    files = {"policies/team/named.rego": RULE, "policies/lib/names.rego": LIBRARY}
    given = [PolicyFiles(files)]
    assert bundles.load(False, given) == loaded(dict(files))
    assert bundles.load(True, given) == load(("builtin", "policies"), MemoryTree(files))


def test_the_digest_follows_every_text_and_neither_order_nor_place() -> None:
    files = {"policies/team/named.rego": RULE, "policies/lib/names.rego": LIBRARY}
    one = loaded(dict(files)).digest
    assert one == loaded(dict(reversed(files.items()))).digest
    assert one.startswith("sha256:")
    assert one != loaded({**files, "policies/lib/names.rego": LIBRARY + "\n"}).digest
    moved = {"rules/team/named.rego": RULE, "rules/lib/names.rego": LIBRARY}
    assert one == loaded(dict(moved), "rules").digest


def test_the_entry_asks_each_set_in_a_clause_of_its_own() -> None:
    both = bundle(
        module(
            "a.one", 'deny contains "x" if true\n\nwarn contains "y" if true\n\napplies := true'
        ),
        module("a.two", 'warn contains "y" if true'),
    )
    clauses = [line for line in both.entry.splitlines() if line.startswith("findings")]
    assert clauses == [
        'findings["a.one"]["deny"] := data.gate.a.one.deny',
        'findings["a.one"]["warn"] := data.gate.a.one.warn',
        'findings["a.one"]["applies"] := data.gate.a.one.applies',
        'findings["a.two"]["warn"] := data.gate.a.two.warn',
    ]
    assert f'digest := "{both.digest}"' in both.entry
    assert 'rules := ["a.one", "a.two"]' in both.entry


def test_a_part_of_a_bundle_keeps_its_digest() -> None:
    whole = bundle(
        module("a.one", 'deny contains "x" if true'), module("a.two", 'deny contains "x" if true')
    )
    part = bundles.only(whole, ["a.two"])
    assert list(part.rules) == ["a.two"]
    assert "a.one" not in part.entry
    assert (part.digest, part.modules) == (whole.digest, whole.modules)


def test_a_bundle_without_any_rule_is_empty_and_no_error() -> None:
    found = loaded({"policies/lib/names.rego": LIBRARY})
    assert not found.rules
    assert not bundles.load(False).rules


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("", "Expecting `package`", 1),
        ("package gate.team.named\n\ndeny contains {", "Expecting expression", 3),
        (RULE.replace("gate.team.named", "gate.team.other"), "the path says gate.team.named", 6),
        (RULE.replace("package gate.team.named", "package named"), "The package is named", 6),
        (RULE.replace("# METADATA\n", ""), "no METADATA block", 5),
        (RULE.replace("# title", "# titel"), "Did you mean `title`?", 2),
        (module("team.named", "allow := true"), "neither deny nor warn", 6),
        (module("team.named", 'deny := {"x"}'), "`deny` must be a set", 8),
        (module("team.named", 'deny["x"] := 1'), "`deny` must be a set", 8),
        (module("team.named", "deny if true"), "`deny` must be a set", 8),
        (module("team.named", 'default deny := set()\n\nwarn contains "x"'), "`deny` must be", 8),
        (module("team.named", "warn(x) := x"), "`warn` must be a set", 8),
        (
            module("team.named", 'deny contains "x"\n\napplies(x) := x'),
            "`applies` must be true",
            10,
        ),
        (
            module("team.named", 'deny contains "x"\n\napplies contains 1'),
            "`applies` must be true",
            10,
        ),
        (module("team.named", "deny contains x if x := time.now_ns()"), "time.now_ns is not", 8),
        (module("team.named", 'deny contains x if x := time["now_ns"]()'), "time.now_ns is", 8),
        (module("team.named", 'deny contains x if x := time["\\u006eow_ns"]()'), "time.now_ns", 8),
        (module("team.named", 'deny contains "x" if http.send({})'), "http.send reaches out", 8),
        (module("team.named", 'deny contains "x" if net.lookup_ip_addr("a")'), "reaches out", 8),
        (module("team.named", 'deny contains "x" if json.match_schema({}, {})[0]'), "schema n", 8),
        (module("team.named", 'deny contains "x" if json.verify_schema({})[0]'), "schema names", 8),
        (module("team.named", "deny contains opa.runtime() if true"), "opa.runtime reaches", 8),
        (module("team.named", 'deny contains rand.intn("a", 3) if true'), "not the same twice", 8),
        (module("team.named", 'deny contains uuid.rfc4122("a") if true'), "not the same", 8),
        (
            module("team.named", "import data.gate.lib.nams\n\ndeny contains nams.x if true"),
            "Nothing defines data.gate.lib.nams",
            8,
        ),
        (module("team.named", "deny contains x if x := data.config.x"), "data.config.x", 8),
        (module("team.named", "deny contains x if x := data.gate.team.named.no"), "named.no", 8),
        (module("team.named", "deny contains 1 if " + "[" * 101 + "]" * 101), "101 deep", 8),
    ],
)
def test_what_is_no_rule_is_refused_with_its_line(text: str, message: str, line: int) -> None:
    error = refusal(text)
    assert message in error.message
    assert "Stack" not in error.message
    assert (error.path, error.line) == ("policies/team/named.rego", line)


def test_a_library_that_is_misspelt_is_suggested() -> None:
    text = module("team.named", "import data.gate.lib.nams\n\ndeny contains nams.x if true")
    with pytest.raises(PolicyError, match=r"Did you mean `data\.gate\.lib\.names`\?"):
        loaded({"policies/team/named.rego": text, "policies/lib/names.rego": LIBRARY})


def test_a_library_of_gate_needs_the_policies_of_gate() -> None:
    text = module("team.named", "deny contains x if x := data.gate.lib.pods.label(input.x)")
    assert "name `builtin`" in refusal(text).advice
    assert bundles.load(True, [PolicyFiles({"policies/team/named.rego": text})]).rules


def test_what_a_library_defines_can_be_used_and_nothing_else() -> None:
    files: dict[str, str | bytes | Link | Unread] = {"policies/lib/names.rego": LIBRARY}
    good = module("team.named", "deny contains x if x := data.gate.lib.names.first")
    assert loaded({**files, "policies/team/named.rego": good}).rules
    bad = good.replace("names.first", "names.frist")
    with pytest.raises(PolicyError, match="Nothing defines"):
        loaded({**files, "policies/team/named.rego": bad})


def test_a_repositorys_rule_can_use_the_builtin_libraries() -> None:
    builtin = bundles.load(True)
    library = next(each for each in builtin.modules if each.rule is None)
    name = library.text.partition("package gate.lib.")[2].split()[0]
    text = module("team.named", f'import data.gate.lib.{name}\n\ndeny contains "x" if {name}')
    found = load(("builtin", "policies"), MemoryTree({"policies/team/named.rego": text}))
    assert found.rules["team.named"].origin == "repository"


def test_a_library_cannot_hold_findings() -> None:
    error = refusal("package gate.lib.names\n\ndeny contains 1\n", "policies/lib/names.rego")
    assert "A library has no deny" in error.message
    assert error.line == 3


def test_one_id_from_two_sources_is_an_error() -> None:
    with pytest.raises(
        PolicyError, match=r"gate\.team\.named is defined in a/team/named\.rego too"
    ):
        loaded({"a/team/named.rego": RULE, "b/team/named.rego": RULE}, "a", "b")


def test_a_repository_cannot_replace_a_builtin_rule_or_library() -> None:
    builtin = bundles.load(True)
    library = next(each for each in builtin.modules if each.rule is None)
    path = "policies/" + library.path.removeprefix("builtin:")
    with pytest.raises(PolicyError, match=r"is defined in builtin:lib/.* too") as caught:
        load(("builtin", "policies"), MemoryTree({path: library.text}))
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("polices", "polices does not exist. Did you mean `policies`?"),
        ("docs", "docs holds no policy"),
        ("policies/team/named.txt", "does not exist. Did you mean `policies/team`?"),
        ("docs/a.md", "does not end in .rego"),
        ("../policies", "outside of the repository"),
        ("/etc", "outside of the repository"),
    ],
)
def test_a_source_that_is_none_is_refused(source: str, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        loaded({"policies/team/named.rego": RULE, "docs/a.md": ""}, source)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("content", "message", "line"),
    [
        (b"package gate.team.named\n\n# \xff\n", "is not UTF-8", 3),
        (Unread("larger than 1 MB"), "larger than 1 MB", None),
        (Link("../secret.rego"), "not a link", None),
        ("# " + "x" * 600_000, "512 KB", None),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error(
    content: str | bytes | Link | Unread, message: str, line: int | None
) -> None:
    with pytest.raises(PolicyError) as caught:
        loaded({"policies/team/named.rego": content})
    assert message in caught.value.message
    assert (caught.value.path, caught.value.line) == ("policies/team/named.rego", line)


def test_a_misspelt_name_of_an_imported_library_is_missed_by_no_engine() -> None:
    text = module(
        "team.named",
        "import data.gate.lib.names\n\ndeny contains name if some name in names.frist",
    )
    files = {"policies/team/named.rego": text, "policies/lib/names.rego": LIBRARY}
    with pytest.raises(PolicyError, match=r"names\.frist`, which nothing defines"):
        loaded({**files})


def test_syntax_that_only_opa_reads_has_a_way_out() -> None:
    error = refusal(module("team.named", 'deny contains $"{x}" if x := input.x'))
    assert error.line == 8
    assert "sprintf" in error.advice


def test_a_policy_needs_a_folder_for_its_area() -> None:
    with pytest.raises(PolicyError, match="names its area"):
        loaded({"named.rego": RULE}, ".")


def test_a_name_that_rego_would_have_to_quote_is_refused() -> None:
    text = RULE.replace("gate.team.named", 'gate["my-team"].named')
    error = refusal(text, "policies/my-team/named.rego")
    assert "`my-team` cannot be part" in error.message


def test_parsing_that_takes_too_long_names_the_file() -> None:
    hostile = module("team.slow", "deny contains x if { x := " + "[" * 30 + "]" * 30 + " }")
    tree = MemoryTree({"policies/team/named.rego": RULE, "policies/team/slow.rego": hostile})
    with pytest.raises(PolicyError, match="took longer than the 1 s") as caught:
        load(["policies"], tree, limits=replace(Limits(), seconds=1))
    assert caught.value.path == "policies/team/slow.rego"


def test_the_wheels_own_modules_may_not_use_what_is_refused_either() -> None:
    with pytest.raises(PolicyError, match=r"time\.now_ns is not the same twice") as caught:
        bundle(module("team.clock", "deny contains x if x := time.now_ns()"))
    assert (caught.value.path, caught.value.line) == ("builtin:team/clock.rego", 8)


def test_words_that_only_look_like_refused_builtins_are_fine() -> None:
    body = 'deny contains x if {\n\tx := input.spec["send"]\n\ty := input.opa.runtime\n\ty\n}'
    assert bundle(module("team.words", body)).rules


def test_a_library_may_say_whether_something_applies() -> None:
    library = "package gate.lib.names\n\napplies contains 1\n"
    assert bundle(libraries=[library]).modules


def test_a_wheel_without_its_policies_is_a_fault_of_the_installation(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(gate, "__file__", str(tmp_path / "gate" / "__init__.py"))
    with pytest.raises(EngineError, match="lacks its built-in policies"):
        bundles.load(True)


def test_a_module_of_the_wheel_without_a_package_is_named() -> None:
    with pytest.raises(PolicyError, match="No package") as caught:
        bundle("# package gate.team.named\n")
    assert caught.value.path == "builtin:team/named.rego"
