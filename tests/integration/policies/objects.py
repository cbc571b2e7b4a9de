"""Random manifests: real shapes with random damage, so that rules are reached and surprised."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

_LABELS = {"app": "web"}
_CONTAINERS = [
    {
        "name": "app",
        "image": "shop/web:1.4.2",
        "readinessProbe": {"httpGet": {"path": "/ready"}},
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}},
    },
    {"name": "proxy", "image": "proxy:latest"},
]
_TEMPLATE = {"metadata": {"labels": _LABELS}, "spec": {"containers": _CONTAINERS}}
_WORKLOAD = {"replicas": 4, "selector": {"matchLabels": _LABELS}, "template": _TEMPLATE}
_WEB = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
_ANALYSIS = {"templates": [{"templateName": "errors"}]}
_VALUES = {
    "replicaCount": 4,
    "image": {"repository": "shop/web", "tag": "main"},
    "autoscaling": {"enabled": True, "minReplicas": 2, "maxReplicas": 9},
    "podDisruptionBudget": {"enabled": True, "minAvailable": 1},
    "readinessProbe": {"enabled": True},
    "probes": {"readiness": {"httpGet": {"path": "/"}}},
    "extraContainers": [{"name": "side", "image": "side"}],
}
_ALERT = {"alert": "Down", "expr": "up == 0", "annotations": {"runbook_url": "https://a.test"}}
_SLO = {
    "service": "web",
    "indicator": {"spec": {"ratioMetric": {"good": {}, "total": {}}}},
    "objectives": [{"target": 0.99}],
}
_CANARY_STEPS = [{"setWeight": 20}, {"pause": {}}, {"analysis": _ANALYSIS}, {"setWeight": 50}]

_SPECS: list[tuple[str, str, Any]] = [
    ("apps/v1", "Deployment", _WORKLOAD),
    ("apps/v1", "StatefulSet", _WORKLOAD),
    ("batch/v1", "CronJob", {"jobTemplate": {"spec": {"template": _TEMPLATE}}}),
    ("v1", "Pod", _TEMPLATE["spec"]),
    ("v1", "Service", {"selector": _LABELS}),
    ("v1", "Namespace", {}),
    (
        "argoproj.io/v1alpha1",
        "Rollout",
        {**_WORKLOAD, "strategy": {"canary": {"steps": _CANARY_STEPS, "analysis": _ANALYSIS}}},
    ),
    (
        "argoproj.io/v1alpha1",
        "Rollout",
        {"workloadRef": _WEB, "strategy": {"blueGreen": {"prePromotionAnalysis": _ANALYSIS}}},
    ),
    (
        "argoproj.io/v1alpha1",
        "AnalysisTemplate",
        {
            "metrics": [{"name": "errors", "count": 3, "failureLimit": 3, "provider": {"web": {}}}],
            "dryRun": [{"metricName": "err.*"}],
        },
    ),
    (
        "argoproj.io/v1alpha1",
        "Application",
        {
            "source": {
                "repoURL": "https://a.test/b.git",
                "targetRevision": "main",
                "path": "apps",
                "kustomize": {"images": ["web=shop/web:latest"]},
                "helm": {"valuesObject": _VALUES},
            },
            "syncPolicy": {"automated": {"prune": True}},
        },
    ),
    (
        "flagger.app/v1beta1",
        "Canary",
        {
            "targetRef": _WEB,
            "analysis": {
                "stepWeight": 50,
                "metrics": [{"name": "a"}],
                "webhooks": [{"type": "event"}],
            },
        },
    ),
    ("autoscaling/v2", "HorizontalPodAutoscaler", {"scaleTargetRef": _WEB, "minReplicas": 4}),
    ("keda.sh/v1alpha1", "ScaledObject", {"scaleTargetRef": _WEB, "minReplicaCount": 4}),
    (
        "policy/v1",
        "PodDisruptionBudget",
        {"selector": {"matchLabels": _LABELS}, "minAvailable": 2, "maxUnavailable": "10%"},
    ),
    (
        "helm.toolkit.fluxcd.io/v2",
        "HelmRelease",
        {"chart": {"spec": {"chart": "web", "version": "1.x"}}, "values": _VALUES},
    ),
    ("source.toolkit.fluxcd.io/v1", "OCIRepository", {"ref": {"tag": "1.2.3", "semver": "^1"}}),
    ("source.toolkit.fluxcd.io/v1", "GitRepository", {"ref": {"branch": "main"}}),
    ("monitoring.coreos.com/v1", "PrometheusRule", {"groups": [{"name": "g", "rules": [_ALERT]}]}),
    ("openslo/v1", "SLO", _SLO),
    ("pyrra.dev/v1alpha1", "ServiceLevelObjective", {"target": "99.9", "window": "4w"}),
]

_FILES: list[tuple[str, Any]] = [
    ("charts/web/values.yaml", _VALUES),
    ("apps/values-prod.yaml", _VALUES),
    ("apps/rules.yaml", {"groups": [{"name": "g", "rules": [_ALERT]}]}),
    (".gate.yaml", {"version": 1, "rules": {"workload.image_pinned": "warn"}}),
    (
        "apps/slo.yaml",
        {"version": "prometheus/v1", "service": "web", "slos": [{"name": "a", "objective": 99.9}]},
    ),
]

_KUSTOMIZATION = {
    "apiVersion": "kustomize.config.k8s.io/v1beta1",
    "kind": "Kustomization",
    "resources": ["web.yaml", "https://github.com/a/b?ref=main"],
    "images": [{"name": "shop/web", "newTag": "latest"}],
    "replicas": [{"name": "web", "count": 4}],
    "commonLabels": {"team": "a"},
}

_words = st.sampled_from(
    [
        "", "web", "latest", "shop/web:1.4", "host:5000/web", "web@sha256:ab", "${TAG}", "50%", "4",
        "1.x", "main", "../base", "app", "enabled", "HEAD", "v1.2.3", ".*", "$patch", "a b",
        "é\u2028",
    ]
)  # fmt: skip
_leaves = st.none() | st.booleans() | st.integers(-2, 120) | st.sampled_from([0.5, 99.9]) | _words
_json = st.recursive(
    _leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            _words | st.sampled_from(["name", "spec", "image", "enabled"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            yield (*path, key)
            yield from _places(inner, (*path, key))


@st.composite
def _damaged(draw: st.DrawFn, value: Any) -> Any:
    """The value with up to three of its parts replaced, or taken away."""
    result = copy.deepcopy(value)
    for _ in range(draw(st.integers(0, 3))):
        places = list(_places(result))
        if not places:
            break
        *above, key = draw(st.sampled_from(places))
        holder = result
        for step in above:
            holder = holder[step]
        if draw(st.booleans()):
            holder[key] = draw(_json)
        else:
            del holder[key]
    return result


@st.composite
def _manifest(draw: st.DrawFn) -> dict[str, Any]:
    """The identity and an undamaged value of one object or file."""
    which = draw(st.integers(0, len(_SPECS) + len(_FILES)))
    if which < len(_SPECS):
        api, kind, spec = _SPECS[which]
        group = api.rpartition("/")[0] or "core"
        metadata = {"name": "errors" if kind == "AnalysisTemplate" else "web", "namespace": "shop"}
        value = {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec}
        return {"group": group, "kind": kind, "path": "apps/web.yaml", "value": value}
    if which < len(_SPECS) + len(_FILES):
        path, value = _FILES[which - len(_SPECS)]
        return {"group": "file", "kind": "File", "path": path, "value": value}
    path = "apps/kustomization.yaml"
    group = "kustomize.config.k8s.io"
    return {"group": group, "kind": "Kustomization", "path": path, "value": _KUSTOMIZATION}


@st.composite
def _resource(draw: st.DrawFn, number: int, statuses: tuple[str, ...]) -> dict[str, Any]:
    manifest = draw(_manifest())
    status = draw(st.sampled_from(statuses))
    old = None if status in ("added", "present") else draw(_damaged(manifest["value"]))
    new = None if status == "deleted" else draw(_damaged(manifest["value"]))
    name = manifest["path"] if manifest["kind"] == "File" else "web"
    return {
        "id": f"{manifest['group']}/{manifest['kind']}/shop/{name}#{number}",
        "group": manifest["group"],
        "version": "v1",
        "kind": manifest["kind"],
        "namespace": draw(st.sampled_from(["shop", None])),
        "name": "errors" if manifest["kind"] == "AnalysisTemplate" else name,
        "status": status,
        "path": manifest["path"],
        "old_path": draw(st.sampled_from([None, "old/web.yaml"])),
        "service": draw(st.sampled_from(["web", "web", None])),
        "environments": ["production"],
        "old": old,
        "new": old if status == "unchanged" else new,
        "changes": [],
        "patch": draw(st.sampled_from([False, False, False, True])),
    }


@st.composite
def resources(draw: st.DrawFn) -> dict[str, Any]:
    """`resources` and `unchanged` of a policy input."""
    statuses = ("added", "modified", "modified", "modified", "deleted", "present")
    changed = range(draw(st.integers(1, 4)))
    beside = range(100, 100 + draw(st.integers(0, 3)))
    return {
        "resources": [draw(_resource(number, statuses)) for number in changed],
        "unchanged": [draw(_resource(number, ("unchanged",))) for number in beside],
    }
