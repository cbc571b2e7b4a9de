"""Argo CD's sync windows freeze whom Argo CD would not sync, and are never overlooked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gate.evidence.freeze.argocd import observe
from gate.model.change import Unread
from gate.model.manifest import Target
from gate.model.verdict import Evidence
from tests.support.tools import real_data
from tests.support.web import Told, web
from tests.unit.evidence.freeze.asked import CHECKOUT, ask, reason, times, utc, windows

PATH = "argocd/shop.yaml"


def project(*sync_windows: Mapping[str, Any], name: str = "shop") -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": name},
        "spec": {"syncWindows": list(sync_windows)},
    }


def window(kind: str = "deny", schedule: str = "0 9 * * *", **more: Any) -> dict[str, Any]:
    chosen = {} if more.keys() & {"namespaces", "clusters"} else {"applications": ["*"]}
    return {"kind": kind, "schedule": schedule, "duration": "8h", **chosen, **more}


def filed(*projects: Any, days: float = 1, **settings: Any) -> list[Evidence]:
    """What a file with these projects says of checkout, on a Sunday at 10:00 UTC."""
    text = "---\n".join(yaml.safe_dump(each, sort_keys=False) for each in projects)
    return ask(observe, {"projects": PATH, **settings}, {PATH: text}, name="argocd", days=days)


def test_a_deny_window_is_a_freeze_with_its_true_bounds() -> None:
    found = filed(project(window(description="night\nrun", manualSync=True, syncOverrun=True)))
    assert windows(found) == [
        {
            "name": "deny `0 9 * * *` 8h (project shop)",
            "from": f"2026-11-{day}T09:00:00Z",
            "until": f"2026-11-{day}T17:00:00Z",
            "reason": "night run",
            "who": None,
            "line": 7,
        }
        for day in (22, 23)
    ]


def test_outside_of_all_allow_windows_is_a_freeze() -> None:
    found = filed(
        project(
            window("allow", "0 6 * * *", duration="2h"),
            window("allow", "0 20 * * *", duration="1h", timeZone="Europe/Berlin"),
        )
    )
    assert times(found) == [
        ("2026-11-22T08:00", "2026-11-22T19:00"),
        ("2026-11-22T20:00", "2026-11-23T06:00"),
        ("2026-11-23T08:00", "2026-11-23T19:00"),
    ]
    name = "outside allow `0 6 * * *` 2h and `0 20 * * *` 1h Europe/Berlin (project shop)"
    assert windows(found)[0]["name"] == name


def test_deny_wins_over_allow() -> None:
    found = filed(project(window("allow"), window("deny", "0 12 * * *", duration="1h")), days=0.2)
    assert times(found) == [("2026-11-22T12:00", "2026-11-22T13:00")]


def test_without_windows_nothing_is_frozen() -> None:
    assert windows(filed(project())) == []
    assert windows(filed(project() | {"spec": {}})) == []
    assert windows(filed(project() | {"spec": {"syncWindows": None}})) == []


def test_windows_of_others_do_not_count_not_even_wrong_ones() -> None:
    others = window(applications=["cart"], schedule="nonsense")
    found = filed(project(others, window("allow", applications=["cart"])), application="{service}")
    assert windows(found) == []


@pytest.mark.parametrize(
    ("patterns", "fits"),
    [
        (["checkout"], True),
        (["check*"], True),
        (["*out"], True),
        (["*"], True),
        (["cart", "?heckout"], True),
        (["[a-c]heckout"], True),
        (["[!a-c]heckout"], False),
        (["{cart,check{}out}"], None),
        (["{cart,checkout}"], True),
        (["{cart,check*}"], True),
        (["check"], False),
        (["Checkout"], False),
        (["checkout-*"], False),
        ([r"check\out"], True),
        ([r"check\*"], False),
        (["check[out"], None),
        (["{}"], None),
        (["[!]"], None),
        (["{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"], None),
    ],
)
def test_patterns_are_argo_cd_s(patterns: list[str], fits: bool | None) -> None:
    found = filed(project(window(applications=patterns)), application="{service}")
    if fits is None:
        assert "that gate cannot read" in reason(found)
    else:
        assert bool(windows(found)) is fits


@pytest.mark.parametrize(
    ("selectors", "settings", "fits"),
    [
        ({"namespaces": ["shop"]}, {"namespace": "shop"}, True),
        ({"namespaces": ["shop"]}, {"namespace": "{service}-{environment}"}, False),
        ({"namespaces": ["*-production"]}, {"namespace": "{service}-{environment}"}, True),
        ({"namespaces": ["shop"]}, {}, None),
        ({"namespaces": ["*"]}, {}, True),
        ({"namespaces": ["shop"], "applications": ["checkout"]}, {}, True),
        ({"namespaces": ["shop"], "applications": ["cart"]}, {}, None),
        ({"clusters": ["eu"]}, {"cluster": "eu"}, True),
        ({"clusters": ["https://*.eu"]}, {"cluster": "https://k8s.eu"}, True),
        ({"clusters": ["https://k8s.eu"]}, {"cluster": "eu"}, None),
        ({"clusters": ["us"]}, {"cluster": "eu"}, False),
        ({"clusters": ["eu"]}, {"cluster": "https://k8s.eu"}, None),
        ({"clusters": ["eu", "https://k8s.us"]}, {"cluster": "https://k8s.eu"}, False),
        ({"clusters": ["eu"]}, {"namespace": "shop"}, None),
        ({"namespaces": ["shop"], "applications": ["cart"], "andOperator": True}, {}, False),
        ({"namespaces": ["shop"], "applications": ["checkout"], "andOperator": True}, {}, None),
        (
            {"namespaces": ["shop"], "clusters": ["eu"], "andOperator": True},
            {"namespace": "shop", "cluster": "eu"},
            True,
        ),
        (
            {"namespaces": ["shop"], "clusters": ["eu"], "andOperator": True},
            {"namespace": "shop", "cluster": "us"},
            False,
        ),
        ({"applications": [], "namespaces": None, "andOperator": True}, {}, False),
        ({"applications": []}, {}, False),
    ],
)
@pytest.mark.parametrize("kind", ["allow", "deny"])
def test_whom_a_window_speaks_of(
    kind: str, selectors: dict[str, Any], settings: dict[str, Any], fits: bool | None
) -> None:
    chosen = {"applications": None, "application": None} | selectors
    del chosen["application"]
    found = filed(project(window(kind, **chosen)), application="{service}", **settings)
    if fits is None:
        told = reason(found)
        assert told.startswith(f"{PATH}:7: Sync window 0 of project `shop` selects by ")
        assert "Set `" in told
    else:
        assert bool(windows(found)) is fits


def test_a_reason_names_what_to_set() -> None:
    both = project(window(namespaces=["shop"], clusters=["eu"], applications=["cart"]))
    assert reason(filed(both, application="{service}")).endswith(
        "selects by clusters and namespaces, and the settings of the source do not say which are "
        "those of `checkout`. Set `cluster` and `namespace` in the settings."
    )
    other = filed(project(window(clusters=["https://eu"])), cluster="eu")
    assert reason(other).endswith(
        "selects by clusters, and the settings of the source name the cluster in another way. "
        "Set `cluster` as the window names it: its name, or its address."
    )


def test_names_that_nobody_said_and_no_window_knows_are_unavailable() -> None:
    told = reason(filed(project(window(applications=["shop-*"]))))
    assert told == (
        "argocd: none of its sync windows (1) speaks of an Application called `checkout`. Set "
        "`application` to how the Applications are called, such as `{service}-{environment}`."
    )
    assert windows(filed(project(window(applications=["shop-*"])), application="{service}")) == []
    assert len(windows(filed(project(window(applications=["shop-*"])), application="shop-a"))) == 2
    cart = ask(
        observe,
        {"projects": PATH},
        {PATH: json.dumps(project(window(applications=["cart"])))},
        services=["cart", "checkout"],
        environments=["production"],
    )
    assert windows(cart) == []


def test_each_target_has_windows_of_its_own() -> None:
    found = ask(
        observe,
        {"projects": PATH, "application": "{service}-{environment}"},
        {PATH: json.dumps(project(window(applications=["*-staging"])))},
        targets=[CHECKOUT, Target("checkout", "staging")],
        days=0,
    )
    assert [len(each.value[0]["windows"]) for each in found] == [0, 1]


def test_one_target_s_wrong_window_spoils_only_its_own() -> None:
    wrong = window(applications=["cart"], duration="soon")
    found = ask(
        observe,
        {"projects": PATH, "application": "{service}"},
        {PATH: json.dumps(project(wrong))},
        targets=[CHECKOUT, Target("cart", "production")],
    )
    assert [each.status for each in found] == ["ok", "unavailable"]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"schedule": "@daily"}, "has a schedule, `@daily`, that is a name for a schedule"),
        (
            {"schedule": "0 0 * * 7"},
            "has a schedule, `0 0 * * 7`, that has a field (day of the week) out",
        ),
        ({"schedule": "0 0 0 * * *"}, "that has 6 fields, and not 5."),
        ({"schedule": "0 0 31 2 *"}, "has a schedule, `0 0 31 2 *`, that never comes."),
        ({"schedule": ""}, "has no `schedule`."),
        ({"schedule": None}, "has no `schedule`."),
        ({"duration": "1d"}, "has a duration, `1d`, that is no duration of Go"),
        ({"duration": "0h"}, "has a duration, `0h`, that must be more than nothing"),
        ({"duration": 60}, "has a value of another form under `duration`."),
        ({"kind": "Deny"}, "has the kind `Deny`: it is neither `allow` nor `deny`."),
        ({"kind": None}, "it is neither `allow` nor `deny`."),
        (
            {"timeZone": "europe/berlin"},
            "has a zone that Argo CD takes for UTC. There is no time zone `europe/berlin`",
        ),
        ({"timeZone": "Local"}, "has a zone that Argo CD takes for UTC."),
        ({"timezone": "UTC"}, "has an unknown key `timezone`. Did you mean `timeZone`?"),
        ({"applications": "*"}, "has a value of another form under `applications`."),
        ({"applications": [1]}, "has a value of another form under `applications`."),
        ({"andOperator": "yes"}, "has a value of another form under `andOperator`."),
    ],
)
def test_a_wrong_window_is_unavailable_with_its_place(more: dict[str, Any], told: str) -> None:
    found = reason(filed(project(window(schedule="0 1 * * *")), project(window() | more, name="b")))
    assert found.startswith(f"{PATH}:")
    assert "Sync window 0 of project `b` " in found
    assert told in found


def test_a_window_is_counted_as_argo_cd_does() -> None:
    text = "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: p}\nspec:\n"
    text += "  syncWindows:\n  - {kind: deny, schedule: 0 1 * * *, duration: 1h}\n  - text\n"
    assert reason(ask(observe, {"projects": "a.yaml"}, {"a.yaml": text})).startswith(
        "a.yaml:7: Sync window 1 of project `p` is no mapping."
    )


def test_without_project_all_count_and_each_for_itself() -> None:
    day, night = window("allow"), window("allow", "0 22 * * *")
    both = [project(day, name="a"), project(night, name="b")]
    names = [each["name"] for each in windows(filed(*both, days=0))]
    assert names == ["outside allow `0 22 * * *` 8h (project b)"]
    assert windows(filed(*both, days=0, project="a")) == []
    assert reason(filed(*both, project="c")) == (
        "argocd: there is no AppProject `c`. Look at `project` in the source's settings, and at "
        "who may see it."
    )


def test_lists_and_several_files_are_read() -> None:
    many = {"apiVersion": "v1", "kind": "List", "items": [project(window()), {"kind": "Other"}]}
    named = {"apiVersion": "v1", "kind": "AppProjectList", "items": [project(window(), name="b")]}
    files: dict[str, str | bytes | Unread] = {
        "argocd/a.yaml": yaml.safe_dump(many),
        "argocd/b.json": json.dumps(named),
        "argocd/c.yml": "kind: Application # of an AppProject\n",
        "argocd/README.md": "AppProject: {{",
        "other/d.yaml": yaml.safe_dump(project(window(), name="d")),
    }
    for pattern in ("argocd/*", ["argocd/*.yaml", "argocd/**/*.json"], "argocd/", ["./argocd/**"]):
        found = windows(ask(observe, {"projects": pattern}, files, days=0))
        names = [each["name"].partition("(")[2] for each in found]
        assert names == ["project shop)", "project b)"], pattern


@pytest.mark.parametrize("lost", ["argocd/freezes.yaml", "argo/*.yaml"])
def test_of_several_patterns_none_is_lost_in_silence(lost: str) -> None:
    """Its file may be the one with the freeze."""
    files = {"argocd/a.yaml": yaml.safe_dump(project(window()))}
    told = reason(ask(observe, {"projects": ["argocd/a.yaml", lost]}, files, name="argocd"))
    assert told.startswith(f"argocd: no file of main fits `{lost}`.")
    taken_back = ["argocd/*.yaml", "!argocd/b.yaml"]
    files["argocd/b.yaml"] = "AppProject: {{"
    assert windows(ask(observe, {"projects": taken_back}, files, days=0))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "There is no AppProject in `argocd/shop.yaml` of main (1 files)."),
        ("kind: Application", "There is no AppProject in `argocd/shop.yaml`"),
        ("apiVersion: v1\nkind: AppProject\n", "There is no AppProject in"),
        ("kind: AppProject\nspec: {{ .Values.x }}", "It is a template, and gate renders none."),
        ("kind: AppProject\n  x: 1", "is not valid YAML"),
        ("kind: AppProject".encode("utf-16"), "is not UTF-8"),
        (
            "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nspec: {}",
            "argocd/shop.yaml:1: It holds an AppProject without a name.",
        ),
        (
            "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: a}\nspec: []\n",
            "It holds an AppProject, `a`, of another form.",
        ),
        (
            "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: a}\nspec: [1]\n",
            "It holds an AppProject, `a`, of another form.",
        ),
        (Unread("too large"), "argocd/shop.yaml: It cannot be read: too large."),
    ],
)
def test_files_without_a_readable_project_are_unavailable(
    content: str | bytes | Unread, told: str
) -> None:
    assert told in reason(ask(observe, {"projects": PATH}, {PATH: content}))


def test_no_file_and_a_link_are_unavailable() -> None:
    assert "(0 files)" in reason(ask(observe, {"projects": "argocd/*.yaml"}))
    linked = ask(observe, {"projects": "a.yaml"}, {"a.yaml": "../x"}, links=["a.yaml"])
    assert reason(linked) == (
        "a.yaml: It is a symbolic link, and links are not followed. Name the file itself."
    )


def live(told: Told, **settings: Any) -> list[Evidence]:
    with web(lambda _: told) as server:
        settings = {"url": server.address + "/api/v1/projects", **settings}
        return ask(observe, settings, name="argocd", days=0)


def answer(content: Any) -> Told:
    return Told(200, json.dumps(content).encode(), {"Content-Type": "application/json"})


def test_a_live_api_s_projects_are_read() -> None:
    item = project(window(), name="shop")
    bare = {key: item[key] for key in ("metadata", "spec")}
    for content in (
        {"metadata": {"resourceVersion": "7"}, "items": [bare | {"status": {}}]},
        {"kind": "AppProjectList", "metadata": {"continue": ""}, "items": [item]},
        item,
        bare,
    ):
        (found,) = windows(live(answer(content)))
        assert (found["name"], found["line"]) == ("deny `0 9 * * *` 8h (project shop)", None)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (answer({"metadata": {}, "items": None}), "it lists no AppProject, or none that may be"),
        (answer({"items": []}), "it lists no AppProject"),
        (answer({"metadata": {"continue": "abc"}, "items": [{}]}), "its list is only a part"),
        (answer({"kind": "Status"}), "its answer is no list of AppProjects"),
        (answer({"items": 7}), "its answer is no list of AppProjects"),
        (answer([]), "its answer is no list of AppProjects"),
        (answer({"items": [7]}), "The API holds an AppProject without a name."),
        (answer({"items": [project("x")]}), "Sync window 0 of project `shop` is no mapping."),  # type: ignore[arg-type]
        (Told(200, b"{"), "its answer is not JSON"),
        (Told(200, b"<html>"), "a page for people"),
        (Told(401, b'{"error":"no session information","code":16}'), "(401)"),
        (Told(403, b'{"kind":"Status","message":"forbidden: no list"}'), "forbidden: no list"),
        (Told(404, b"404 page not found\n"), "(404): 404 page not found"),
    ],
)
def test_another_answer_of_a_live_api_is_unavailable(told: Told, expected: str) -> None:
    found = reason(live(told, token="s3cret-token"))
    assert expected in found
    assert "s3cret" not in found


def test_the_token_is_sent() -> None:
    with web(lambda _: answer(project(window()))) as server:
        ask(observe, {"url": server.address, "token": "abc"})
        assert server.asked[0].headers["Authorization"] == "Bearer abc"


def test_argo_cd_s_own_examples() -> None:
    text = (real_data("argo-cd") / "cut-sync-windows.yaml").read_bytes()
    settings = {"projects": "p.yaml", "namespace": "default", "cluster": "in-cluster"}
    found = ask(observe, settings, {"p.yaml": text}, days=0.6)
    assert times(found) == [
        ("2026-11-22T17:00", "2026-11-22T23:00"),
        ("2026-11-22T21:00", "2026-11-22T22:00"),
        ("2026-11-23T00:00", "2026-11-23T09:00"),
    ]
    assert [each["line"] for each in windows(found)] == [13, 19, 13]
    unsaid = ask(observe, {"projects": "p.yaml"}, {"p.yaml": text})
    assert "window 2 of project `default` selects by namespaces" in reason(unsaid)


def test_a_real_project_with_one_allow_window() -> None:
    folder = real_data("tharlesson-argocd") / "argocd"
    files = {
        str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.yaml"))
    }
    settings = {"projects": "**/*.yaml", "application": "workloads-prod", "project": "prod"}
    found = ask(observe, settings, files, days=2)
    assert times(found) == [
        ("2026-11-21T01:00", "2026-11-23T15:00"),
        ("2026-11-24T01:00", "2026-11-24T15:00"),
    ]
    assert "none of its sync windows (1)" in reason(ask(observe, {"projects": "**"}, files))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["kind", "schedule", "duration", "applications", "clusters", "timeZone"]
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_what_is_no_window_is_unavailable_and_never_raises(content: Any) -> None:
    text = json.dumps(project(content))
    (found,) = ask(observe, {"projects": PATH, "application": "{service}"}, {PATH: text})
    if not isinstance(content, dict) or "?" in content:
        assert found.status == "unavailable"


@given(st.binary(max_size=60))
def test_no_bytes_are_read_as_no_freeze(content: bytes) -> None:
    (found,) = ask(observe, {"projects": PATH}, {PATH: content + b" AppProject"})
    assert found.status == "unavailable"


def test_more_freezes_than_anybody_reads_are_unavailable() -> None:
    minutes = project(window(schedule="*/2 * * * *", duration="1m"))
    assert "open or close more than 5000 times" in reason(filed(minutes, days=31))
    assert "more than 1000 sync windows" in reason(filed(project(*[window()] * 1001)))


@pytest.mark.parametrize("now", ["0001-01-01T00:00", "9999-12-31T23:59"])
@pytest.mark.parametrize("kind", ["allow", "deny"])
@pytest.mark.parametrize("place", ["Asia/Tokyo", "America/New_York"])
def test_no_clock_raises(now: str, kind: str, place: str) -> None:
    text = json.dumps(project(window(kind, timeZone=place)))
    (found,) = ask(observe, {"projects": PATH}, {PATH: text}, now=utc(now))
    assert found.status in ("ok", "unavailable")
