"""The rules about change, SLOs and alerts on files that nobody here wrote, with small edits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import check
from tests.support.tools import REAL_DATA, real_data

Edit = Callable[[str], str | None]

SLOTH = "sloth/getting-started.yml"
SLOTH_RESOURCE = "sloth/k8s-getting-started.yml"
PYRRA = "pyrra/nginx.yaml"
OPENSLO = "openslo/timeslices-slo.yaml"
OPENSLO_ALPHA = "oslo/v1alpha.yaml"
OPENSLO_LIST = "openslo-go-sdk/inline/output-v1_slo.yaml"
THANOS = "thanos/alerts.yaml"
OPENSHIFT = "openshift-machine-config-operator/0000_90_machine-config_01_prometheus-rules.yaml"
APPLICATION = "tharlesson-argocd/argocd/applications/workloads-prod-app.yaml"

LOWERED = "slo.objective_lowered"
REMOVED = "observability.alert_removed"
RUNBOOK = "observability.alert_runbook"
DELETES = "change.deletes_stateful"
MAJOR = "change.major_upgrade"
JUDGED = {LOWERED, REMOVED, RUNBOOK, DELETES, MAJOR}


def replaced(*pairs: tuple[str, str]) -> Edit:
    def edit(text: str) -> str:
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        return text

    return edit


def without(first: str, last: str) -> Edit:
    """Cuts from the line with `first` up to the line with `last`, which stays."""

    def edit(text: str) -> str:
        lines = text.splitlines(keepends=True)
        start = next(number for number, line in enumerate(lines) if first in line)
        end = next(number for number in range(start + 1, len(lines)) if last in lines[number])
        return "".join(lines[:start] + lines[end:])

    return edit


def gone(_: str) -> None:
    return None


def original(file: str) -> str:
    real_data(file.split("/", maxsplit=1)[0])
    return (REAL_DATA / file).read_text(encoding="utf-8")


def judged(folder: Path, old: Mapping[str, str], new: Mapping[str, str]) -> list[dict[str, Any]]:
    """The findings of the rules under test, between two trees of files."""
    for side, files in (("old", old), ("new", new)):
        (folder / side).mkdir()
        for name, text in files.items():
            path = folder / side / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    verdict = check(folder, "--base-tree", "old", "--tree", "new", "--include-existing")
    assert [rule for rule in verdict["rules"] if rule["outcome"] == "error"] == []
    return [finding for finding in verdict["findings"] if finding["rule"] in JUDGED]


def messages(findings: list[dict[str, Any]], rule: str) -> list[str]:
    return sorted(finding["message"] for finding in findings if finding["rule"] == rule)


def after(folder: Path, file: str, edit: Edit) -> list[dict[str, Any]]:
    text = original(file)
    new = edit(text)
    name = file.rsplit("/", maxsplit=1)[-1]
    return judged(folder, {name: text}, {} if new is None else {name: new})


@pytest.mark.parametrize(
    ("file", "edit", "message"),
    [
        (
            SLOTH,
            replaced(("objective: 99.9", "objective: 99")),
            "The objective of SLO myservice/requests-availability falls from 99.9 to 99.",
        ),
        (
            SLOTH_RESOURCE,
            replaced(("objective: 99.9", "objective: 99.85")),
            "The objective of SLO myservice/requests-availability falls from 99.9 to 99.85.",
        ),
        (
            PYRRA,
            replaced(("target: '99.9'", "target: '99.5'")),
            "The objective of SLO monitoring/nginx-api-errors falls from 99.9 to 99.5.",
        ),
        (
            OPENSLO,
            replaced(("target: 0.995", "target: 0.99")),
            "The objective of SLO web-availability/service-availability (Internal objective)"
            " falls from 0.995 to 0.99.",
        ),
        (
            OPENSLO_ALPHA,
            replaced(("target: 0.98", "target: 0.97")),
            "The objective of SLO my-test-service/ratio (painful) falls from 0.98 to 0.97.",
        ),
        (
            OPENSLO_LIST,
            replaced(("target: 0.995", "target: 0.9")),
            "The objective of SLO web/my-slo-1 (Good) falls from 0.995 to 0.9.",
        ),
    ],
    ids=["sloth", "sloth resource", "pyrra", "openslo", "openslo v1alpha", "openslo in a list"],
)
def test_a_lowered_objective_is_denied_at_its_line(
    tmp_path: Path, file: str, edit: Edit, message: str
) -> None:
    findings = after(tmp_path, file, edit)
    assert messages(findings, LOWERED)[:1] == [message]
    (finding, *_) = (each for each in findings if each["rule"] == LOWERED)
    assert finding["level"] == "deny"
    line = finding["location"]["line"]
    text = (tmp_path / "new" / file.rsplit("/", maxsplit=1)[-1]).read_text(encoding="utf-8")
    assert message.rstrip(".").rsplit(" ", maxsplit=1)[-1] in text.splitlines()[line - 1]


@pytest.mark.parametrize("file", [SLOTH, SLOTH_RESOURCE, PYRRA, OPENSLO, OPENSLO_ALPHA])
def test_a_deleted_objective_is_denied(tmp_path: Path, file: str) -> None:
    findings = messages(after(tmp_path, file, gone), LOWERED)
    assert findings
    assert all(message.endswith("is removed.") for message in findings)


@pytest.mark.parametrize("file", [SLOTH, SLOTH_RESOURCE, PYRRA, OPENSLO, OPENSLO_ALPHA, THANOS])
def test_a_file_that_moves_and_a_new_file_say_nothing(tmp_path: Path, file: str) -> None:
    text = original(file)
    (tmp_path / "moved").mkdir()
    (tmp_path / "new file").mkdir()
    moved = judged(tmp_path / "moved", {"a/old.yaml": text}, {"b/new.yaml": text})
    assert [each for each in moved if each["rule"] in {LOWERED, REMOVED}] == []
    added = judged(tmp_path / "new file", {}, {"a.yaml": text})
    assert [each for each in added if each["rule"] in {LOWERED, REMOVED}] == []


def test_a_move_from_the_file_format_of_sloth_to_its_resource_says_nothing(tmp_path: Path) -> None:
    old, new = {"slo.yml": original(SLOTH)}, {"slo.yaml": original(SLOTH_RESOURCE)}
    findings = judged(tmp_path, old, new)
    assert [each for each in findings if each["rule"] in {LOWERED, REMOVED}] == []


def test_what_sloth_generates_holds_the_alerts_of_its_source(tmp_path: Path) -> None:
    old = {"slo.yml": original(SLOTH)}
    new = {"rules.yml": original("sloth/_gen/getting-started.yml")}
    findings = judged(tmp_path, old, new)
    assert messages(findings, REMOVED) == []
    assert messages(findings, LOWERED) == ["SLO myservice/requests-availability is removed."]


@pytest.mark.parametrize(
    ("file", "edit", "expected"),
    [
        (
            THANOS,
            without("alert: ThanosCompactHalted", "alert: ThanosCompactHighCompactionFailures"),
            ["Alert ThanosCompactHalted is removed."],
        ),
        (
            THANOS,
            replaced(("alert: ThanosCompactHalted", "alert: ThanosCompactStopped")),
            [],
        ),
        (
            OPENSHIFT,
            without("- alert: MCCDrainError", "- name: mcc-pool-alert"),
            ["Alert MCCDrainError is removed."],
        ),
        (
            SLOTH,
            replaced(("page_alert:\n", "page_alert:\n        disable: true\n")),
            ["Alert MyServiceHighErrorRate (page) is removed."],
        ),
        (
            "sloth/_gen/getting-started.yml",
            without("- alert: MyServiceHighErrorRate", "- alert: MyServiceHighErrorRate"),
            ["Alert MyServiceHighErrorRate loses 1 of its 2 rules."],
        ),
    ],
    ids=["rule file", "another name", "resource", "sloth page", "one of two of a name"],
)
def test_removed_alerts(tmp_path: Path, file: str, edit: Edit, expected: list[str]) -> None:
    assert messages(after(tmp_path, file, edit), REMOVED) == expected


def test_the_one_alert_without_a_runbook_is_named(tmp_path: Path) -> None:
    findings = judged(tmp_path, {}, {"rules.yaml": original(OPENSHIFT)})
    assert messages(findings, RUNBOOK) == [
        "Alert MCCBootImageSkewEnforcementNone has no runbook: runbook_url or runbook is not set."
    ]


def test_alerts_with_runbooks_and_recording_rules_are_not(tmp_path: Path) -> None:
    new = {"alerts.yaml": original(THANOS), "rules.yaml": original("thanos/rules.yaml")}
    assert messages(judged(tmp_path, {}, new), RUNBOOK) == []


def test_a_deleted_application_takes_along_what_it_deployed(tmp_path: Path) -> None:
    findings = after(tmp_path, APPLICATION, gone)
    assert messages(findings, DELETES) == [
        "Application argocd/workloads-prod is deleted, and what it deployed with it."
    ]


@pytest.mark.parametrize(
    "mark", ["argocd.argoproj.io/sync-options: Prune=false", "helm.sh/resource-policy: keep"]
)
def test_a_marked_application_stays(tmp_path: Path, mark: str) -> None:
    wave = 'argocd.argoproj.io/sync-wave: "2"'
    text = replaced((wave, f"{wave}\n    {mark}"))(original(APPLICATION))
    assert messages(judged(tmp_path, {"app.yaml": text}, {}), DELETES) == []


def test_an_application_that_prunes_and_leaves_its_folder(tmp_path: Path) -> None:
    old = replaced(("syncPolicy:", "syncPolicy:\n    automated: {prune: true}"))(
        original(APPLICATION)
    )
    new = replaced(("environments/prod", "environments/live"))(old)
    assert messages(judged(tmp_path, {"app.yaml": old}, {"app.yaml": new}), DELETES) == [
        "Application argocd/workloads-prod no longer reads environments/prod "
        "and prunes what it held."
    ]


def test_an_application_that_takes_a_major_version(tmp_path: Path) -> None:
    old = replaced(("targetRevision: main", "targetRevision: v1.9.0"))(original(APPLICATION))
    new = replaced(("v1.9.0", "v2.0.0"))(old)
    assert messages(judged(tmp_path, {"app.yaml": old}, {"app.yaml": new}), MAJOR) == [
        "Source environments/prod goes from v1.9.0 to v2.0.0: a major upgrade."
    ]


def test_a_dropped_line_of_a_definition_that_stays_in_the_folder(tmp_path: Path) -> None:
    definition = original("argo-cd/appproject-crd.yaml")
    kustomization = "resources:\n- crd.yaml\n- app.yaml\n"
    files = {"crd.yaml": definition, "app.yaml": original(APPLICATION)}
    findings = judged(
        tmp_path,
        {**files, "kustomization.yaml": kustomization},
        {**files, "kustomization.yaml": kustomization.replace("- app.yaml\n", "")},
    )
    assert messages(findings, DELETES) == [
        "kustomization.yaml drops app.yaml: Application argocd/workloads-prod is pruned, "
        "and what it deployed with it."
    ]


def test_a_deleted_definition_takes_along_its_objects(tmp_path: Path) -> None:
    findings = after(tmp_path, "argo-cd/appproject-crd.yaml", gone)
    assert messages(findings, DELETES) == [
        "CustomResourceDefinition appprojects.argoproj.io is deleted, "
        "and every object of its kind with it."
    ]
