"""A freeze holds for what belongs to no service too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import check, gate, rules
from tests.support.git import Repo

NOW = ("--base", "main", "--now", "2026-11-22T10:00:00Z")
CONFIG = """\
version: 1
environments: {production: {paths: ["prod/**"]}, staging: {paths: ["staging/**"]}}
services: {checkout: {paths: ["prod/checkout/**"]}}
evidence:
  freeze: [{switch: stop.yaml}]
  slo: [{file: slo.json}]
"""
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared}\ndata: {key: VALUE}\n"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo.init(tmp_path / "repo")
    files = {
        ".gate.yaml": CONFIG,
        "stop.yaml": "frozen: true\n",
        "prod/shared/map.yaml": MAP,
        "prod/values.yaml": "replicas: 3\n",
        "mkdocs.yml": "site_name: shop\n",
        "README.md": "shop\n",
    }
    made.commit("one", **files)
    made.branch("change")
    return made


def test_an_object_of_no_service_is_frozen(repo: Repo) -> None:
    repo.commit("two", **{"prod/shared/map.yaml": MAP.replace("VALUE", "other")})
    found = check(repo.path, *NOW)
    assert (found["verdict"], rules(found, level="deny")) == ("deny", {"freeze.active"})
    (finding,) = found["findings"]
    assert finding["message"].startswith("(no service) in production is frozen by")
    assert found["change"]["services"] == []
    assert gate("when", *NOW, cwd=repo.path).code == 1


def test_so_is_a_file_where_its_environment_is_named(repo: Repo) -> None:
    repo.commit("two", **{"prod/values.yaml": "replicas: 4\n"})
    assert rules(check(repo.path, *NOW), level="deny") == {"freeze.active"}


@pytest.mark.parametrize("path", ["README.md", "mkdocs.yml"])
def test_what_is_about_nothing_that_is_deployed_is_not(repo: Repo, path: str) -> None:
    repo.commit("two", **{path: "site_name: store\n"})
    assert check(repo.path, *NOW)["verdict"] == "pass"


def test_a_switch_that_does_not_answer_leaves_it_undecided(repo: Repo) -> None:
    repo.checkout("main")
    repo.commit("broken", **{"stop.yaml": "on\n"})
    repo.checkout("change")
    repo.commit("two", **{"prod/shared/map.yaml": MAP.replace("VALUE", "other")})
    assert check(repo.path, *NOW)["verdict"] == "undecided"


def test_a_service_is_asked_about_as_ever(repo: Repo) -> None:
    repo.checkout("main")
    repo.commit("calm", **{"stop.yaml": "frozen: false\n"})
    repo.checkout("change")
    repo.commit("two", **{"prod/shared/map.yaml": MAP.replace("VALUE", "other")})
    found = check(repo.path, *NOW)
    assert found["verdict"] == "pass"
    assert {(each["kind"], each["service"], each["status"]) for each in found["evidence"]} == {
        ("freeze", "(no service)", "ok"),
        ("slo", "(no service)", "ok"),
    }
