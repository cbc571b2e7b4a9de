"""What `gate init` proposes from what it sees, and what it takes for no more than a guess."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.adoption.init import plan as plans
from gate.adoption.init import render
from gate.adoption.init.environments import Environment, environments
from gate.adoption.init.look import Seen, look
from gate.adoption.init.services import MAX_SERVICES, Service, services
from gate.adoption.init.sources import Source
from gate.change.folder import FolderTree
from gate.change.git import open_repository
from gate.config import load
from gate.model.config import Config
from tests.support.git import Repo
from tests.support.tools import real_data

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
KUSTOMIZATION = "kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\n"


def deployment(name: str) -> str:
    return f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\n"


def tree(folder: Path, files: Mapping[str, str]) -> FolderTree:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return FolderTree(folder)


def proposed(folder: Path, files: Mapping[str, str]) -> tuple[str, Config]:
    """The text of the config for a repository with these files, and what it means."""
    repo = Repo.init(folder / "repo")
    for path, text in files.items():
        repo.write(path, text)
    repo.stage()
    opened = open_repository(repo.path)
    try:
        (file,) = plans.plan(opened, ["config"], NOW).files
    finally:
        opened.close()
    return file.new.decode(), load.read(file.new, ".gate.yaml", FolderTree(repo.path))


def found(folder: Path, files: Mapping[str, str]) -> dict[str, Environment]:
    return {each.name: each for each in environments(look(tree(folder, files)))}


def test_folders_of_a_known_name_are_environments(tmp_path: Path) -> None:
    files = {
        "clusters/production/apps.yaml": deployment("a"),
        "apps/production/a.yaml": deployment("a"),
        "apps/base/a.yaml": deployment("a"),
        "web/overlays/staging/kustomization.yaml": KUSTOMIZATION,
        "api/overlays/staging/kustomization.yaml": KUSTOMIZATION,
    }
    seen = found(tmp_path, files)
    assert seen["production"].paths == ("apps/production/**", "clusters/production/**")
    assert seen["staging"].paths == ("**/overlays/staging/**",)
    assert seen["staging"].files == 2
    assert not any(each.doubt for each in seen.values())


def test_many_folders_of_a_name_become_one_pattern(tmp_path: Path) -> None:
    files = {f"components/c{n}/production/kustomization.yaml": KUSTOMIZATION for n in range(9)}
    assert found(tmp_path, files)["production"].paths == ("**/production/**",)


@pytest.mark.parametrize(
    "path",
    [
        "tests/production/a.yaml",
        "docs/prod/a.yaml",
        ".github/production/a.yaml",
        "overlays/with-istio/a.yaml",
        "src/integration/a.yaml",
        "production/readme.md",
    ],
)
def test_what_only_looks_like_one_is_none(tmp_path: Path, path: str) -> None:
    assert not found(tmp_path, {path: deployment("a")})


def test_a_cluster_of_another_name_is_in_doubt(tmp_path: Path) -> None:
    seen = found(tmp_path, {"clusters/home/a.yaml": deployment("a")})
    assert seen["home"].doubt == "is it an environment?"


def test_what_another_environment_uses_is_in_doubt(tmp_path: Path) -> None:
    files = {
        "overlays/prod/kustomization.yaml": f"{KUSTOMIZATION}resources: [../staging]\n",
        "overlays/staging/kustomization.yaml": KUSTOMIZATION,
        "overlays/dev/kustomization.yaml": KUSTOMIZATION,
    }
    doubts = {name: each.doubt for name, each in found(tmp_path, files).items()}
    assert doubts == {
        "dev": None,
        "prod": None,
        "staging": "overlays/prod/kustomization.yaml (prod) uses it too",
    }


@pytest.mark.parametrize(
    "user",
    [
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: shop-production}\n"
        "spec: {source: {path: envs/staging}}\n",
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        "metadata: {name: production}\nspec: {path: ./envs/staging}\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: production}\n"
        "spec: {generators: [{git: {directories: [{path: envs/staging}]}}], template: {}}\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: production}\n"
        "spec: {generators: [], template: {spec: {sources: [{path: envs/staging}]}}}\n",
    ],
)
def test_an_application_says_by_its_name_where_it_deploys(tmp_path: Path, user: str) -> None:
    files = {
        "apps/user.yaml": user,
        "envs/staging/a.yaml": deployment("a"),
        "envs/production/a.yaml": deployment("a"),
    }
    assert "uses it too" in str(found(tmp_path, files)["staging"].doubt)


def test_what_was_not_looked_at_may_use_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gate.adoption.init.look.MAX_FILES", 1)
    files = {f"overlays/prod/{name}.yaml": deployment(name) for name in "abc"}
    assert found(tmp_path, files)["prod"].doubt == "2 files were not looked at, which may use it"


def test_of_two_names_for_one_thing_the_smaller_is_in_doubt(tmp_path: Path) -> None:
    files = {
        "clusters/production/a.yaml": deployment("a"),
        "clusters/production/b.yaml": deployment("b"),
        "apps/prod/a.yaml": deployment("a"),
        "clusters/eu-production/a.yaml": deployment("a"),
    }
    doubts = {name: each.doubt for name, each in found(tmp_path, files).items()}
    assert doubts == {
        "production": None,
        "prod": "is it production?",
        "eu-production": "is it production?",
    }


def test_services_are_what_the_labels_say(tmp_path: Path) -> None:
    labelled = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, labels: {app: web}}\n"
    job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate}\n"
    place = tree(
        tmp_path,
        {
            "apps/web/a.yaml": labelled,
            "apps/both/b.yaml": f"{deployment('b')}---\n{deployment('both')}",
            "apps/job.yaml": job,
            "tests/t.yaml": deployment("t"),
            "apps/p/kustomization.yaml": f"{KUSTOMIZATION}patches: [path: patch.yaml]\n",
            "apps/p/patch.yaml": deployment("manager"),
            "src/web/main.go": "package main\n",
        },
    )
    assert services(look(place), place) == (
        Service("b", 1),
        Service("both", 1),
        Service("web", 1, ("apps/web/**",), source="src/web"),
    )


def test_owners_are_those_of_all_files_of_a_service(tmp_path: Path) -> None:
    place = tree(
        tmp_path,
        {
            ".github/CODEOWNERS": "* @org/all\n/apps/web/ @org/web # the web\n"
            "/apps/api/*  @org/api\n[x] @org/x\n",
            "CODEOWNERS": "* @org/other\n",
            "apps/web/a.yaml": deployment("web"),
            "apps/api/a.yaml": deployment("api"),
            "apps/api/deep/b.yaml": "x: 1\n",
        },
    )
    owners = {each.name: each.owners for each in services(look(place), place)}
    assert owners == {"web": ("@org/web",), "api": ()}


def test_too_many_services_are_only_counted(tmp_path: Path) -> None:
    files = {f"apps/s{n:03}/a.yaml": deployment(f"s{n:03}") for n in range(MAX_SERVICES + 1)}
    text, config = proposed(tmp_path, files)
    assert not config.services
    assert f"{MAX_SERVICES + 1} services are found by their labels" in " ".join(text.split())


PROJECT = """\
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: shop}
spec:
  syncWindows:
    - {kind: deny, schedule: "0 15 * * 5", duration: 57h, %s}
"""
APPLICATION = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: %s}\n"


def test_sync_windows_become_a_source(tmp_path: Path) -> None:
    files = {"argocd/shop.yaml": PROJECT % 'applications: ["*"]', "web/a.yaml": deployment("web")}
    _, config = proposed(tmp_path, files)
    assert config.evidence == {"freeze": [{"argocd": {"projects": "argocd/shop.yaml"}}]}


def test_the_form_of_the_applications_names_is_found(tmp_path: Path) -> None:
    files = {
        "argocd/shop.yaml": PROJECT % 'applications: ["*-prod"]',
        "argocd/web.yaml": APPLICATION % "web-prod",
        "overlays/prod/a.yaml": deployment("web"),
    }
    _, config = proposed(tmp_path, files)
    (source,) = config.evidence["freeze"]
    assert source["argocd"]["application"] == "{service}-{environment}"


@pytest.mark.parametrize(
    ("selects", "others", "why"),
    [
        ("applications: [shop]", {"argocd/app.yaml": APPLICATION % "shop"}, "not called after"),
        ("applications: [shop]", {}, "not called after"),
        ("clusters: [eu]", {}, "select by cluster"),
        (
            'applications: ["*"]',
            {"argocd/b.yaml": PROJECT.replace("shop", "other") % 'applications: ["*"]'},
            "several AppProjects",
        ),
        ('applications: ["*"], timeZone: Nowhere/No', {}, "it does not answer"),
    ],
)
def test_windows_that_would_miss_or_block_are_only_comments(
    tmp_path: Path, selects: str, others: Mapping[str, str], why: str
) -> None:
    files = {"argocd/a.yaml": PROJECT % selects, "web/a.yaml": deployment("web"), **others}
    text, config = proposed(tmp_path, files)
    assert not config.evidence
    assert why in " ".join(text.replace("#", "").split())


def test_a_file_of_windows_is_tried_before_it_is_proposed(tmp_path: Path) -> None:
    windows = "windows: [{name: May, from: 2026-05-01, to: 2026-05-02, scope: {services: [%s]}}]\n"
    files = {"web/a.yaml": deployment("web")}
    _, config = proposed(tmp_path / "one", {**files, "freezes.yaml": windows % "web"})
    assert config.evidence == {"freeze": [{"windows": "freezes.yaml"}]}
    text, config = proposed(tmp_path / "two", {**files, "freezes.yaml": windows % "wbe"})
    assert not config.evidence
    assert "it does not answer" in text


def test_slos_are_a_comment_without_an_address(tmp_path: Path) -> None:
    sloth = "version: prometheus/v1\nservice: web\nslos: []\n"
    pyrra = "apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nmetadata: {name: x}\n"
    files = {"slo/web.yaml": sloth, "slo/x.yaml": pyrra}
    text, config = proposed(tmp_path, files)
    assert not config.evidence
    assert 'url: "${PROMETHEUS_URL}", convention: sloth, specs: ["slo/web.yaml"]' in text
    assert "convention: pyrra" in text
    uncommented = text.replace("\n# ", "\n").partition("evidence:")
    again = load.read(f"evidence:{uncommented[2]}".encode(), ".gate.yaml", FolderTree(tmp_path))
    assert len(again.evidence["slo"]) == 2


def test_a_calendar_is_a_comment(tmp_path: Path) -> None:
    files = {"a.ics": "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "b.ics": "text", "x.yaml": "{}"}
    text, config = proposed(tmp_path, files)
    assert not config.evidence
    assert "#     # 1 iCalendar file: each event would be a freeze\n" in text
    assert "#     - ical: a.ics\n" in text


def test_many_specs_become_patterns(tmp_path: Path) -> None:
    sloth = "version: prometheus/v1\nservice: web\nslos: []\n"
    text, _ = proposed(tmp_path, {f"slo/{n}.yml": sloth for n in range(9)})
    assert "SLOs of Sloth in 9 files" in text
    assert 'specs: ["slo/*.yml"]' in text


def test_windows_in_very_many_files_are_a_comment(tmp_path: Path) -> None:
    files = {f"argocd/{n}.yaml": PROJECT % 'applications: ["*"]' for n in range(11)}
    text, config = proposed(tmp_path, files)
    assert not config.evidence
    assert "they are in 11 files" in text


def test_examples_and_documents_freeze_nothing(tmp_path: Path) -> None:
    window = PROJECT % 'applications: ["*"]'
    _, config = proposed(tmp_path, {"docs/project.yaml": window, "web/a.yaml": deployment("web")})
    assert not config.evidence


def test_real_files_of_a_gitops_repository(tmp_path: Path) -> None:
    """Its window is for an Application that is called after no service: taken as it stands, it
    would freeze nothing."""
    folder = real_data("tharlesson-argocd")
    files = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*.yaml")
    }
    text, config = proposed(tmp_path, files)
    assert config.environments == {"prod": ("**/overlays/prod/**",)}
    assert config.services["sample-api"].paths == ("apps/sample-api/**",)
    assert not config.evidence
    assert "Applications workloads-prod" in " ".join(text.split())


def test_what_cannot_be_read_is_said_and_not_left_out(tmp_path: Path) -> None:
    text, config = proposed(tmp_path, {"a.yaml": "apiVersion: v1\nkind: [\n"})
    assert "1 file cannot be read" in text
    assert config.manifests.exclude == ()


def test_an_empty_repository_gets_the_least(tmp_path: Path) -> None:
    text, config = proposed(tmp_path, {})
    assert (config.mode, config.environments, config.services) == ("enforce", {}, {})
    assert text.count("\n") < 12


def test_odd_names_and_links_are_counted_and_not_read(tmp_path: Path) -> None:
    place = tree(tmp_path, {"a.yaml": deployment("a"), "b*.yaml": deployment("b")})
    (tmp_path / "l.yaml").symlink_to("a.yaml")
    seen = look(place)
    assert (seen.looked_at, seen.left_out) == (1, 1)
    assert [each.name for each in seen.objects] == ["a"]


def test_no_more_than_the_limit_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.adoption.init.look.MAX_FILES", 2)
    seen = look(tree(tmp_path, {f"{n}.yaml": deployment(f"s{n}") for n in range(5)}))
    assert (seen.looked_at, seen.left_out, len(seen.objects)) == (2, 3, 2)
    monkeypatch.setattr("gate.adoption.init.look.MAX_BYTES", 70)
    seen = look(tree(tmp_path, {}))
    assert (seen.looked_at, seen.left_out) == (1, 4)


TEXT = st.text(min_size=1, max_size=40)


@settings(deadline=None, max_examples=60)
@given(TEXT, TEXT, TEXT, TEXT)
def test_no_name_breaks_out_of_the_config(one: str, two: str, three: str, four: str) -> None:
    seen = Seen(paths=(), unreadable=["a.yaml"])
    text = render.config(
        seen,
        [Environment("prod", ("prod/**",), 1), Environment("x", ("x/**",), 1, doubt=one)],
        [Service("web", 1, source=two)],
        [Source("freeze", {"windows": "f.yaml"}, three), Source("slo", {"file": "a"}, "b", four)],
    )
    config = load.read(text.encode(), ".gate.yaml", FolderTree(Path("/nonexistent")))
    assert list(config.environments) == ["prod"]
    assert list(config.services) == ["web"]
    assert config.evidence == {"freeze": [{"windows": "f.yaml"}]}


@pytest.mark.parametrize("name", ["yes", "No", "null", "on", "1", "1.5", "0x1", "a b", "y"])
def test_names_that_yaml_takes_for_something_else_are_quoted(name: str) -> None:
    text = render.config(Seen(paths=()), [Environment(name, ("x/**",), 1)], [Service(name, 1)], [])
    config = load.read(text.encode(), ".gate.yaml", FolderTree(Path("/nonexistent")))
    assert (list(config.environments), list(config.services)) == ([name], [name])
