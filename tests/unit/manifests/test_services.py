"""Services, environments and targets."""

from __future__ import annotations

from typing import Any

import pytest

from gate.errors import UsageError
from gate.manifests.services import Scope
from gate.model.config import Config, ServiceConfig
from gate.model.manifest import Target

CONFIG = Config(
    environments={"production": ("clusters/prod/**",), "staging": ("clusters/staging/**",)},
    services={
        "checkout": ServiceConfig(("apps/checkout/**", "src/checkout/**"), 1, ("team-pay",)),
        "ledger": ServiceConfig(("apps/ledger/**", "apps/checkout/ledger/**")),
    },
)


def labelled(*, pod: dict[str, Any] | None = None, **labels: str) -> dict[str, Any]:
    template = {"spec": {"template": {"metadata": {"labels": pod}}}} if pod else {}
    return {"metadata": {"labels": labels}, **template}


def service(
    value: Any, path: str = "x.yaml", kind: str = "Deployment", config: Config = CONFIG
) -> str | None:
    return Scope(config).service("apps", kind, "web", value, path)


def test_a_path_that_matches_none_belongs_to_all_environments() -> None:
    scope = Scope(CONFIG)
    assert scope.environments("clusters/prod/a.yaml") == ("production",)
    assert scope.environments("base/a.yaml") == ("production", "staging")


def test_without_configured_environments_there_is_one() -> None:
    assert Scope(Config()).environments("a.yaml") == ("default",)


def test_an_environment_that_is_asked_for_needs_no_configuration() -> None:
    assert Scope(Config(), ["production"]).environments("a.yaml") == ("production",)


def test_the_path_says_which_service_an_object_is() -> None:
    assert service(labelled(app="other"), "apps/checkout/a.yaml") == "checkout"


def test_where_two_services_match_the_path_the_labels_tell() -> None:
    assert service(labelled(app="ledger"), "apps/checkout/ledger/a.yaml") == "ledger"
    assert service(labelled(app="other"), "apps/checkout/ledger/a.yaml") == "checkout"


def test_a_label_names_a_configured_service_without_a_path() -> None:
    value = {"metadata": {"labels": {"app": "shop", "k8s-app": "ledger"}}}
    assert service(value) == "ledger"


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"app": "c", "app.kubernetes.io/instance": "b", "app.kubernetes.io/name": "a"}, "a"),
        ({"app": "c", "app.kubernetes.io/instance": "b"}, "b"),
        ({"k8s-app": "d", "app": "c"}, "c"),
        ({"k8s-app": "d"}, "d"),
        ({"app": ""}, "web"),
        ({"app": 3}, "web"),
    ],
)
def test_labels_are_asked_in_their_order(labels: dict[str, Any], expected: str) -> None:
    assert service({"metadata": {"labels": labels}}, config=Config()) == expected


def test_the_labels_of_the_pods_come_after_the_object_s_own() -> None:
    assert service(labelled(pod={"app": "pods"}), config=Config()) == "pods"
    assert service(labelled(pod={"app": "pods"}, app="own"), config=Config()) == "own"


def test_the_pods_of_a_cron_job_count() -> None:
    template = {"template": {"metadata": {"labels": {"app": "report"}}}}
    value = {"spec": {"jobTemplate": {"spec": template}}}
    assert service(value, kind="CronJob", config=Config()) == "report"


def test_the_own_name_counts_only_for_what_is_deployed() -> None:
    assert service({}, config=Config()) == "web"
    assert service({}, kind="ConfigMap", config=Config()) is None
    assert Scope(Config()).service("batch", "Job", "migrate-*", {}, "x.yaml") is None


@pytest.mark.parametrize("value", [None, [], "text", {"metadata": 1}, {"spec": {"template": []}}])
def test_odd_shapes_have_no_labels(value: Any) -> None:
    assert service(value, kind="ConfigMap", config=Config()) is None


def test_the_strictest_service_has_the_lowest_tier() -> None:
    strictest = Scope(CONFIG).strictest
    assert strictest(["ledger", "checkout"]) == "checkout"
    assert strictest(["ledger", "unknown"]) == "ledger"
    assert strictest(["unknown", None, "ledger"]) == "unknown"
    assert strictest([None]) is None


def test_targets_are_services_times_the_environments_that_brought_them_in() -> None:
    services, targets = Scope(CONFIG).reach(
        [("ledger", "base/a.yaml"), ("checkout", "clusters/prod/a.yaml"), ("ledger", "b.yaml")]
    )
    assert targets == [
        Target("checkout", "production", 1),
        Target("ledger", "production"),
        Target("ledger", "staging"),
    ]
    assert services["checkout"].owners == ("team-pay",)
    assert list(services) == ["checkout", "ledger"]


def test_asking_for_an_environment_leaves_the_others_out() -> None:
    services, targets = Scope(CONFIG, ["staging"]).reach(
        [("ledger", "base/a.yaml"), ("checkout", "clusters/prod/a.yaml")]
    )
    assert targets == [Target("ledger", "staging")]
    assert list(services) == ["ledger"]


def test_a_service_that_is_asked_for_is_a_target_without_any_file() -> None:
    _, targets = Scope(CONFIG, ["production"], ["checkout"]).reach([("ledger", "base/a.yaml")])
    assert targets == [Target("checkout", "production", 1)]


@pytest.mark.parametrize(
    ("arguments", "message", "advice"),
    [
        ((["prodction"], []), "no environment `prodction`. Did you mean `production`?", "It has: "),
        (([], ["chekout"]), "no service `chekout`. Did you mean `checkout`?", "It has: "),
        (([], ["zzz"]), "no service `zzz`", "It has: checkout, ledger."),
    ],
)
def test_an_unknown_name_is_refused_with_advice(
    arguments: tuple[list[str], list[str]], message: str, advice: str
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        Scope(CONFIG, *arguments)
    assert advice in caught.value.advice


def test_any_name_is_taken_where_none_is_configured() -> None:
    _, targets = Scope(Config(), ["anywhere"], ["anything"]).reach([])
    assert targets == [Target("anything", "anywhere")]
