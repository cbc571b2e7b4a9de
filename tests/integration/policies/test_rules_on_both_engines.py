"""The rules' own tests on the real OPA and on the embedded engine, and what both engines say."""

from __future__ import annotations

import copy
import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import regorus
from hypothesis import HealthCheck, Phase, given, settings

from gate.decision import bundle
from gate.model.policy import Bundle
from tests.integration.policies.objects import resources
from tests.support.tools import ROOT, need

POLICIES = ROOT / "policies"
MODULES = sorted(POLICIES.rglob("*.rego"))
TESTS = [path for path in MODULES if path.name.endswith("_test.rego")]
RULES = [path for path in MODULES if path not in TESTS and path.parent.name != "lib"]
PACKAGE = re.compile(r"^package (\S+)$", re.MULTILINE)


def _name(path: Path) -> str:
    return path.relative_to(POLICIES).as_posix()


def _opa(*arguments: str, text: str | None = None) -> Any:
    done = subprocess.run(
        [need("opa"), *arguments],
        cwd=POLICIES,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def _engine(paths: Sequence[Path]) -> regorus.Engine:
    engine = regorus.Engine()
    for path in paths:
        engine.add_policy(_name(path), path.read_text(encoding="utf-8"))
    return engine


@pytest.fixture(scope="module")
def opa_tests() -> dict[str, bool]:
    """Each test's full name, and whether it passed on OPA."""
    found = _opa("test", ".", "--format", "json")
    return {
        f"{test['package']}.{test['name']}": not test.get("fail") and not test.get("error")
        for test in found
    }


@pytest.fixture(scope="module")
def built_in() -> Bundle:
    return bundle.load(True)


def test_every_rego_test_passes_on_opa(opa_tests: dict[str, bool]) -> None:
    assert [name for name, passed in opa_tests.items() if not passed] == []
    assert len(opa_tests) > len(RULES)


def test_every_rego_test_passes_on_the_embedded_engine(opa_tests: dict[str, bool]) -> None:
    engine = _engine(MODULES)
    passed = {name: _holds(engine, name) for name in opa_tests}
    assert {name: said for name, said in passed.items() if said is not True} == {}
    assert len(passed) == len(_test_names())


def _holds(engine: regorus.Engine, name: str) -> Any:
    try:
        return engine.eval_rule(name)
    except RuntimeError as error:
        return _without_backtrace(error)


def _without_backtrace(error: RuntimeError) -> str:
    return str(error).partition("Stack backtrace")[0]


def _test_names() -> set[str]:
    return {
        f"{package}.{name}"
        for path in TESTS
        for text in [path.read_text(encoding="utf-8")]
        for package in PACKAGE.findall(text)
        for name in re.findall(r"^(test_\w+) if ", text, re.MULTILINE)
    }


def test_every_line_of_every_policy_is_covered() -> None:
    report = _opa("test", ".", "--coverage", "--format", "json")
    missed = {
        path: [part["start"]["row"] for part in found["not_covered"]]
        for path, found in report["files"].items()
        if found.get("not_covered")
    }
    assert missed == {}
    assert set(report["files"]) >= {_name(path) for path in MODULES if path not in TESTS}


def test_every_rule_has_tests_beside_it() -> None:
    lonely = [
        _name(path) for path in RULES if path.with_name(f"{path.stem}_test.rego") not in TESTS
    ]
    assert lonely == []


def test_regal_finds_nothing() -> None:
    done = subprocess.run(
        [need("regal"), "lint", "--format", "json", "policies"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stdout)["violations"] or []
    assert [
        (item["title"], item["location"]["file"], item["location"]["row"]) for item in found
    ] == []


def test_every_policy_is_formatted() -> None:
    done = subprocess.run(
        [need("opa"), "fmt", "--list", "."],
        cwd=POLICIES,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_path_and_its_package_agree(path: Path) -> None:
    (package,) = PACKAGE.findall(path.read_text(encoding="utf-8"))
    assert package == ".".join(["gate", *path.relative_to(POLICIES).with_suffix("").parts])


def test_every_rule_loads_with_its_metadata(built_in: Bundle) -> None:
    assert set(built_in.rules) == {f"{path.parent.name}.{path.stem}" for path in RULES}
    for rule in built_in.rules.values():
        assert rule.title[0].isupper(), rule.id
        assert not rule.title.endswith("."), rule.id
        assert rule.description.endswith("."), rule.id
        assert rule.remediation, rule.id
        assert rule.applies, rule.id


@pytest.mark.parametrize("path", RULES, ids=_name)
def test_a_rule_reads_its_own_settings_and_all_of_them(path: Path, built_in: Bundle) -> None:
    rule = built_in.rules[f"{path.parent.name}.{path.stem}"]
    text = path.read_text(encoding="utf-8")
    assert set(re.findall(r'input\.settings\["([^"]+)"\]', text)) <= {rule.id}
    library = "".join(each.read_text(encoding="utf-8") for each in POLICIES.glob("lib/*.rego"))
    unread = [key for key in rule.settings if not re.search(rf"ettings\.{key}\b", text + library)]
    assert unread == []


class Judge:
    """All rules on one engine, with the settings of their metadata."""

    def __init__(self, loaded: Bundle) -> None:
        self._engine = regorus.Engine()
        for module in loaded.modules:
            self._engine.add_policy(module.path, module.text)
        self._engine.add_policy("entry", loaded.entry)
        self._settings = {rule.id: dict(rule.settings) for rule in loaded.rules.values()}

    def input_of(self, found: Mapping[str, Any]) -> dict[str, Any]:
        services = {"web": {"tier": 1, "owners": [], "depends_on": [], "runbook": None}}
        target = {"service": "web", "environment": "production", "tier": 1}
        change = {"kind": "range", "base": "a", "head": "b", "trusted": "a", "author": None}
        change |= {"commits": [], "labels": [], "environments": ["production"]}
        change |= {
            "files": [
                {"path": each["path"], "old_path": None, "status": "modified"}
                for each in found["resources"]
            ]
        }
        rest = {
            "services": services,
            "targets": [target],
            "evidence": {},
            "settings": self._settings,
        }
        return {"change": change, **found, **rest, "now": "2026-11-22T10:00:00Z"}

    def says(self, policy_input: Mapping[str, Any]) -> dict[str, Any]:
        self._engine.set_input_json(json.dumps(policy_input))
        try:
            answer = json.loads(self._engine.eval_query_as_json("data.gate_entry.findings"))
        except RuntimeError as error:
            raise AssertionError(_without_backtrace(error)) from None
        found: dict[str, Any] = answer["result"][0]["expressions"][0]["value"]
        return found


@pytest.fixture(scope="module")
def judge(built_in: Bundle) -> Judge:
    return Judge(built_in)


def _comparable(findings: Mapping[str, Any]) -> Any:
    """Sets have no order."""
    return {
        f"{rule} {name}": sorted(json.dumps(item, sort_keys=True) for item in found)
        for rule, sets in findings.items()
        for name, found in sets.items()
        if name != "applies"
    }


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(found=resources())
def test_no_shape_of_a_manifest_makes_a_rule_fail(found: dict[str, Any], judge: Judge) -> None:
    before = copy.deepcopy(found)
    findings = judge.says(judge.input_of(found))
    known = {each["id"] for each in before["resources"]}
    for sets in findings.values():
        for name in {"deny", "warn"} & set(sets):
            for item in sets[name]:
                assert item["message"]
                assert item.get("resource") is None or item["resource"] in known


def _samples(count: int) -> Iterator[dict[str, Any]]:
    """The same random inputs in each run."""
    samples: list[dict[str, Any]] = []

    @settings(
        max_examples=count, deadline=None, database=None, derandomize=True, phases=[Phase.generate]
    )
    @given(found=resources())
    def collect(found: dict[str, Any]) -> None:
        samples.append(found)

    collect()
    yield from samples


def test_both_engines_say_the_same(built_in: Bundle, judge: Judge, tmp_path: Path) -> None:
    inputs = [judge.input_of(found) for found in _samples(150)]
    for module in built_in.modules:
        file = tmp_path / f"{module.path.replace('/', '_').replace(':', '_')}"
        file.write_text(module.text, encoding="utf-8")
    (tmp_path / "entry.rego").write_text(built_in.entry, encoding="utf-8")
    (tmp_path / "all.rego").write_text(
        "package every\n\nanswers := [answer |\n\tsome one in input.inputs\n"
        "\tanswer := data.gate_entry.findings with input as one\n]\n",
        encoding="utf-8",
    )
    answer = _opa(
        "eval", "--format", "json", "--strict-builtin-errors", "--stdin-input",
        "--data", str(tmp_path), "data.every.answers",
        text=json.dumps({"inputs": inputs}),
    )  # fmt: skip
    assert "errors" not in answer, answer.get("errors")
    answers = answer["result"][0]["expressions"][0]["value"]
    assert len(answers) == len(inputs)
    found = 0
    for one, said in zip(inputs, answers, strict=True):
        ours, theirs = _comparable(judge.says(one)), _comparable(said)
        assert ours == theirs, json.dumps(one["resources"])
        found += sum(len(items) for items in ours.values())
    assert found > len(inputs)
