"""Files with SLOs are found, read with care, and never passed over in silence."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gate.errors import ConfigError
from gate.evidence.interface import Question
from gate.evidence.slo.interface import Unplanned
from gate.evidence.slo.openslo import plans
from gate.evidence.slo.specs import MAX_FILES, expected
from gate.model.change import Unread
from tests.support.tools import real_data
from tests.support.trees import Content, Link, MemoryTree

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
SLOTH = """\
version: prometheus/v1
service: shop
labels: {env: production}
slos:
  - {name: a, objective: 99.9}
  - {name: b, objective: 101}
"""


def asked(files: dict[str, Content]) -> Question:
    return Question("p", "slo", [], {}, MemoryTree(files), NOW)


def look(files: dict[str, Content], specs: Any = "slo/*.y*ml", **settings: Any) -> list[Unplanned]:
    return expected(asked(files), {"specs": specs, **settings})


def test_sloth_names_services_and_objectives() -> None:
    whole, wrong = look({"slo/a.yml": SLOTH})
    assert (whole.service, whole.environment, whole.name) == ("shop", None, "a")
    assert (whole.objective, whole.place) == (pytest.approx(0.999), "slo/a.yml:5")
    assert whole.reason == "its spec is there, and no series of it"
    assert wrong.reason == "its objective must be a percentage above 0 and below 100"
    labelled = look({"slo/a.yml": SLOTH}, labels={"environment": "env"})
    assert [each.environment for each in labelled] == ["production", "production"]


def test_without_specs_nothing_is_expected() -> None:
    assert expected(asked({"slo/a.yml": SLOTH}), {}) == []


@pytest.mark.parametrize(
    ("specs", "message"),
    [
        ("slo/*.json", "`specs` names `slo/*.json`, and no file of memory matches"),
        (["slo/*.yml", "other/"], "`specs` names `other/`, and no file of memory matches"),
        ("README.yml", "the files of `specs` name no SLO of sloth"),
    ],
)
def test_a_pattern_that_finds_nothing_is_an_error(specs: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        look({"slo/a.yml": SLOTH, "README.yml": "a: 1"}, specs)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("a: ]", "slo/a.yml:1: `slo/a.yml` is not valid YAML: "),
        ("a: 1\na: 2", "slo/a.yml:2: `slo/a.yml` cannot be read: the key `a` is there twice"),
        (b"\xff", "slo/a.yml:1: `slo/a.yml` is not UTF-8"),
        ("[" * 5000, "slo/a.yml:1: `slo/a.yml` cannot be read: it is nested deeper"),
        (b"#" * 500_001, "slo/a.yml: `slo/a.yml` is too large"),
        (Link("x"), "slo/a.yml cannot be read: it is a symbolic link"),
    ],
)
def test_a_broken_file_is_everybodys(content: Content, reason: str) -> None:
    broken, *others = look({"slo/a.yml": content, "slo/b.yml": SLOTH})
    assert broken.service is None
    assert broken.reason.startswith(reason)
    assert len(others) == 2


def test_only_the_folder_of_a_pattern_is_listed() -> None:
    class Tree(MemoryTree):
        def below(self, path: str) -> Any:
            assert path == "slo/team"
            return super().below(path)

    question = Question("p", "slo", [], {}, Tree({"slo/team/a.yml": SLOTH, "x": ""}), NOW)
    assert len(expected(question, {"specs": "slo/team/**/*.yml"})) == 2


def test_merges_and_several_documents_are_read() -> None:
    text = "x: &x {version: prometheus/v1}\n---\n" + SLOTH.replace("labels", "<<: {x: 1}\nlabels")
    assert len(look({"slo/a.yml": text})) == 2


def test_real_files_of_sloth_and_pyrra() -> None:
    sloth = {str(p): p.read_bytes() for p in real_data("sloth").rglob("*.y*ml")}
    found = look(sloth, "**")
    assert {(each.service, each.name, each.objective) for each in found} >= {
        ("myservice", "requests-availability", 0.9990000000000001),
        ("home-wifi", "good-wifi-client-satisfaction", 0.95),
        ("svc01", "slo02", None),
    }
    pyrra = {str(p): p.read_bytes() for p in real_data("pyrra").rglob("*.yaml")}
    found = look(pyrra, "**", convention="pyrra")
    assert sorted((each.name, round(each.objective or 0, 6)) for each in found) == [
        ("nginx-api-errors", 0.999),
        ("nginx-api-latency", 0.9),
        ("prometheus-api-query", 0.99),
        ("prometheus-blackbox-probe-success", 0.99),
        ("prometheus-rule-evaluation-failures", 0.9999),
    ]


def test_every_real_file_gives_plans_or_reasons() -> None:
    folders = [real_data(name) for name in ("openslo", "openslo-go-sdk", "oslo", "sloth", "pyrra")]
    silent = []
    for path in (path for folder in folders for path in sorted(folder.rglob("*.y*ml"))):
        name = f"slo/{Path(path).name}"
        try:
            assert plans(asked({name: path.read_bytes()}), {"specs": "slo/"})
        except ConfigError as error:
            assert error.message == "the files of `specs` name no SLO of OpenSLO"  # noqa: PT017
            silent.append(path.name)
    assert sorted(silent) == [
        "7d.yaml",
        "alert_policies.yaml",
        "crd.yaml",
        "getting-started.yml",
        "google-28d.yaml",
        "k8s-getting-started.yml",
        "slis.yaml",
        "two-documents.yaml",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("version: prometheus/v1\nslos: [{name: a, objective: 99}]", "the spec names no service"),
        ("version: prometheus/v1\nservice: shop", "the spec holds no SLO"),
        ("version: prometheus/v1\nservice: shop\nslos: [{objective: 99}]", "the SLO has no name"),
        (Unread("it is not in this clone"), "slo/a.yml cannot be read: it is not in this clone"),
    ],
)
def test_what_is_not_whole_is_told(content: Content, reason: str) -> None:
    (found,) = look({"slo/a.yml": content})
    assert (found.reason, found.objective) == (reason, None)


def test_a_pattern_takes_files_out() -> None:
    files: dict[str, Content] = {"slo/a.yml": SLOTH, "slo/b.yml": SLOTH}
    assert len(look(files, ["slo/*.yml", "!slo/b.yml"])) == 2


def test_only_so_many_files_are_read() -> None:
    files: dict[str, Content] = {f"slo/{index}.yml": "" for index in range(MAX_FILES + 1)}
    with pytest.raises(ConfigError) as caught:
        look(files, "slo/*.yml")
    assert caught.value.message == f"`specs` names {MAX_FILES + 1} files, and at most 1000 are read"
