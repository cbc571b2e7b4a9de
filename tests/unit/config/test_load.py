"""What a config says, and what is said about a wrong one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gate.change.folder import FolderTree
from gate.config.load import gate_paths, load, load_defaults, touched
from gate.errors import ConfigError
from gate.model.change import Unread
from gate.model.config import Config, ManifestConfig, RuleConfig, ServiceConfig, Waiver
from tests.support.tools import ROOT
from tests.unit.config.trees import Files, config

WHOLE = """\
version: 1
mode: advisory
engine: embedded
policies: [builtin, policies/]
require: [freeze]
manifests: {include: ["clusters/**"], exclude: ["**/testdata/**"], unrendered: undecided}
environments:
  production: {paths: ["clusters/prod/**"]}
  test: {}
services:
  checkout: {paths: ["apps/checkout/"], tier: 1, owners: [pay], depends_on: [ledger], runbook: r.md}
bots: [renovate]
rules:
  workload.image_pinned: warn
  slo.budget_low: {level: deny, on_unavailable: warn, settings: {remaining: 0.2}}
evidence:
  slo: [{file: {path: slo.json, max_age: 1h}}, {prometheus: {url: "${PROM}"}}]
waivers: exceptions.yaml
"""


def loaded(text: str | bytes) -> Config:
    found = load(config(text))
    assert found is not None
    return found


def refused(text: str | bytes) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(config(text))
    return caught.value


def test_every_key_reaches_the_config() -> None:
    waiver = "waivers: [{rule: a.b, expires: 2026-12-31, reason: it must}]"
    assert load(Files({".gate.yaml": WHOLE, "exceptions.yaml": waiver})) == Config(
        path=".gate.yaml",
        mode="advisory",
        engine="embedded",
        policies=("builtin", "policies"),
        require=("freeze",),
        manifests=ManifestConfig(("clusters/**",), ("**/testdata/**",), "undecided", "undecided"),
        environments={"production": ("clusters/prod/**",), "test": ()},
        services={
            "checkout": ServiceConfig(("apps/checkout/",), 1, ("pay",), ("ledger",), "r.md"),
        },
        bots=("renovate",),
        rules={
            "workload.image_pinned": RuleConfig("warn", line=14),
            "slo.budget_low": RuleConfig("deny", "warn", {"remaining": 0.2}, line=15),
        },
        evidence={
            "slo": [
                {"file": {"path": "slo.json", "max_age": "1h"}},
                {"prometheus": {"url": "${PROM}"}},
            ]
        },
        waivers_path="exceptions.yaml",
        waivers=(Waiver("a.b", "2026-12-31", "it must", line=1),),
    )


def test_the_design_s_example_loads_whole() -> None:
    design = ROOT.parent / "shared" / "design.md"
    if not design.is_file():
        pytest.skip("no design.md beside the project")
    text = design.read_text(encoding="utf-8").partition("\n## Config\n")[2]
    example = text.partition("```yaml\n")[2].partition("```")[0]
    found = load(Files({".gate.yaml": example, ".gate/waivers.yaml": "waivers: []"}))
    assert found is not None
    assert sorted(found.evidence) == ["alerts", "delivery", "freeze", "incidents", "slo"]
    assert found.services["checkout"].tier == 1


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n", "{}", "version: 1"])
def test_an_empty_config_means_the_defaults(text: str) -> None:
    assert loaded(text) == Config(path=".gate.yaml")


def test_a_tree_without_config_has_none_and_the_defaults_judge() -> None:
    assert load(Files({"README.md": ""})) is None
    assert load_defaults() == Config()


def test_a_folder_called_like_the_config_is_no_config(tmp_path: Path) -> None:
    (tmp_path / ".gate.yaml").mkdir()
    assert load(FolderTree(tmp_path)) is None


def test_the_other_ending_is_read_too(tmp_path: Path) -> None:
    (tmp_path / ".gate.yml").write_text("mode: advisory")
    found = load(FolderTree(tmp_path))
    assert found == Config(path=".gate.yml", mode="advisory")


def test_two_configs_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"both `\.gate\.yaml` and `\.gate\.yml` in main"):
        load(Files({".gate.yaml": "", ".gate.yml": ""}))


def test_a_config_that_is_named_must_be_there() -> None:
    files = Files({"ci/gate.yaml": "mode: advisory", ".gate.yaml": "", ".gate.yml": ""})
    found = load(files, path="ci/gate.yaml")
    assert found == Config(path="ci/gate.yaml", mode="advisory")
    with pytest.raises(ConfigError, match=r"no file `other\.yaml` in main"):
        load(files, path="other.yaml")


def test_a_link_is_not_followed() -> None:
    with pytest.raises(ConfigError, match="is a symbolic link"):
        load(Files({".gate.yaml": "else.yaml"}, links=[".gate.yaml"]))


def test_a_config_that_cannot_be_read_is_an_error_and_not_absent() -> None:
    with pytest.raises(ConfigError, match="cannot be read: it is too large"):
        load(Files({".gate.yaml": Unread("it is too large")}))


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbfmode: advisory\r\nrules:\r\n  a.b: off\r\n",
        b"mode: advisory\r\nrules:\r\n  a.b: false\r\n",
        b"mode: 'advisory'\nrules: {a.b: 'off'}",
        b'{"mode": "advisory", "rules": {"a.b": false}}',
        b"rules: &rules {a.b: off}\nmode: advisory",
    ],
)
def test_windows_line_ends_a_byte_order_mark_and_every_off_are_understood(text: bytes) -> None:
    found = loaded(text)
    assert found.mode == "advisory"
    assert found.rules["a.b"].level == "off"


def test_words_and_dates_are_text_where_text_is_asked_for() -> None:
    found = loaded("bots: [yes, no, 2026-11-22, 014, 22:22, 1_000, null-bot]")
    assert found.bots == ("yes", "no", "2026-11-22", "014", "22:22", "1_000", "null-bot")
    assert list(loaded("environments: {on: {}, 1: {}, true: {}}").environments) == [
        "on",
        "1",
        "true",
    ]


def test_an_alias_stands_for_its_value() -> None:
    found = loaded("services:\n  a: &a {tier: 2}\n  b: *a\n")
    assert found.services["b"].tier == 2


def test_variables_stay_as_they_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", "secret")
    found = loaded("bots: ['${NAME}']\nevidence: {slo: [{prometheus: {url: '${NAME}'}}]}")
    assert "secret" not in repr(found)


def wrong_configs() -> list[tuple[str | bytes, int, str]]:
    """`wrong.txt`: a config, then the line and the message of its refusal."""
    table = Path(__file__).with_name("wrong.txt").read_text(encoding="utf-8")
    cases: list[tuple[str | bytes, int, str]] = []
    for block in table.split("----\n"):
        text, _, expected = block.rstrip("\n").rpartition("\n=> ")
        line, _, message = expected.partition(": ")
        cases.append((text, int(line), message))
    return cases


WRONG = [
    *wrong_configs(),
    ("bots: [\x07]", 1, "`.gate.yaml` holds the control character U+0007."),
    (b"mode: enforce\nbots: [caf\xe9]", 2, "`.gate.yaml` is not UTF-8."),
]


@pytest.mark.parametrize(("text", "line", "message"), WRONG)
def test_a_wrong_config_is_refused_with_its_line(
    text: str | bytes, line: int, message: str
) -> None:
    error = refused(text)
    assert (error.message, error.path, error.line) == (message, ".gate.yaml", line)
    assert error.exit_code == 2


def test_all_that_is_wrong_is_said_in_the_order_of_the_lines() -> None:
    error = refused("mode: x\nrules: {a.b: y}\nbots: z\n")
    assert error.line == 1
    assert re.findall(r"Line (\d+): `([a-z.]+)`", error.advice) == [
        ("2", "rules.a.b"),
        ("3", "bots"),
    ]


def test_text_from_the_file_is_short_and_printable_in_a_message() -> None:
    error = refused(f'mode: "\\e[31m{"x" * 500}"')
    assert len(error.message) < 150
    assert error.message.isprintable()


HOSTILE = {
    "brackets": "a: " + "[" * 400_000,
    "braces": "a: " + "{" * 400_000,
    "dashes": "- " * 200_000,
    "questions": "? " * 200_000,
    "nested keys": "".join(f"{' ' * depth}a:\n" for depth in range(900)),
    "a bomb of aliases": "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
    + "".join(
        f"{key}: &{key} [{','.join([f'*{before}'] * 10)}]\n"
        for before, key in zip("abcdefgh", "bcdefghi", strict=True)
    ),
    "unknown keys": "".join(f"k{number}: 1\n" for number in range(40_000)),
    "an unknown key without end": "x" * 400_000 + ": 1",
    "an alias to itself": "a: &a {b: *a}",
    "a number without end": "version: " + "9" * 400_000,
    "too many bytes": "#" * 600_000,
    "a pattern's nightmare": "waivers: " + "a/" * 200_000 + "../x",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_config_is_refused(name: str) -> None:
    error = refused(HOSTILE[name])
    assert error.path == ".gate.yaml"
    assert len(error.message) < 400


def test_the_gate_s_own_files_are_known() -> None:
    found = loaded(
        """
policies: [builtin, server, policies/, team/rules.tar.gz]
evidence:
  slo: [{file: slo/now.json}, {prometheus: {url: "http://prom"}}]
  freeze: [{windows: freezes.yaml}, {ical: "https://x.example/a.ics"}, {ical: holidays.ics},
    {argocd: {projects: "argocd/projects/*.yaml"}}, {file: {path: f.json}}]
"""
    )
    assert gate_paths(found) == (
        ".gate.yaml",
        ".gate.yml",
        ".gate/waivers.yaml",
        "argocd/projects",
        "f.json",
        "freezes.yaml",
        "holidays.ics",
        "policies",
        "slo/now.json",
        "team/rules.tar.gz",
    )
    changed = ["policies-old/a.rego", "policies/a/b.rego", "src/x.py", ".gate/waivers.yaml"]
    assert touched(found, changed) == ("policies/a/b.rego", ".gate/waivers.yaml")


def test_without_config_the_files_that_would_be_one_are_the_gate_s_own() -> None:
    assert gate_paths(load_defaults()) == (".gate.yaml", ".gate.yml", ".gate/waivers.yaml")


def test_a_pattern_without_folder_stands_for_the_whole_repository() -> None:
    found = loaded("evidence: {freeze: [{argocd: {projects: '**/*.yaml'}}]}")
    assert touched(found, ["any/where.txt"]) == ("any/where.txt",)


def test_a_config_of_another_name_is_the_one_that_counts() -> None:
    found = load(Files({"ci/gate.yaml": ""}), path="ci/gate.yaml")
    assert found is not None
    assert touched(found, [".gate.yaml", "ci/gate.yaml"]) == ("ci/gate.yaml",)
