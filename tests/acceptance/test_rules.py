"""What each rule says of manifests as people write them, and what it does not say.

Every case is a folder of one change. All are judged in one run, and each is read apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.command import check
from tests.support.git import Repo

Files = Mapping[str, str]
NOTHING: frozenset[str] = frozenset()

CONFIG = """\
version: 1
services:
  critical: {paths: ["critical-*/**"], tier: 1}
"""

# Said of nearly all cases, and the business of their own tests.
ASIDE = frozenset({"change.blast_radius"})


@dataclass(frozen=True)
class Case:
    """A change in a folder of its own; `NS` in a file becomes the folder's name."""

    name: str
    old: Files
    new: Files
    says: frozenset[str] = NOTHING


def pod(image: str = "shop/web:1.4.2", *, probe: bool = True, resources: bool = True) -> str:
    ready = ", readinessProbe: {httpGet: {path: /ready, port: 80}}" if probe else ""
    needs = (
        ", resources: {requests: {cpu: 50m, memory: 64Mi}, limits: {memory: 64Mi}}"
        if resources
        else ""
    )
    return f"{{name: app, image: '{image}'{ready}{needs}}}"


def deployment(
    containers: str = "",
    *,
    name: str = "web",
    replicas: str = "replicas: 4",
    labels: str = "app: web",
    selector: str = "app: web",
    kind: str = "Deployment",
    more: str = "",
) -> str:
    return f"""\
apiVersion: apps/v1
kind: {kind}
metadata:
  name: {name}
  namespace: NS
  labels: {{app.kubernetes.io/name: {name}}}
spec:
  {replicas}
  selector:
    matchLabels: {{{selector}}}
  template:
    metadata:
      labels: {{{labels}}}
    spec:
      containers:
        - {containers or pod()}
{more}"""


def thing(api: str, kind: str, name: str, spec: str, *, marks: str = "") -> str:
    annotations = f"  annotations: {{{marks}}}\n" if marks else ""
    return (
        f"apiVersion: {api}\nkind: {kind}\n"
        f"metadata:\n  name: {name}\n  namespace: NS\n{annotations}spec: {spec}\n"
    )


def kustomization(body: str) -> str:
    return f"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n{body}\n"


def component(body: str) -> str:
    return f"apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n{body}\n"


def release(values: str = "{}", *, version: str = "1.2.3", chart: str = "web") -> str:
    return thing(
        "helm.toolkit.fluxcd.io/v2",
        "HelmRelease",
        "web",
        f"{{interval: 5m, chart: {{spec: {{chart: {chart}, version: {version}, "
        f"sourceRef: {{kind: HelmRepository, name: shop}}}}}}, values: {values}}}",
    )


def application(source: str, *, policy: str = "{}") -> str:
    return thing(
        "argoproj.io/v1alpha1",
        "Application",
        "NS",
        f"{{project: default, source: {{{source}}}, "
        f"destination: {{namespace: shop, server: https://kubernetes.default.svc}}, "
        f"syncPolicy: {policy}}}",
    )


REPO = "repoURL: https://git.example/apps.git, targetRevision: v1.2.3"


def rollout(strategy: str, *, template: str = "", image: str = "shop/web:1.4.2") -> str:
    pods = template or (
        f"selector: {{matchLabels: {{app: web}}}}, "
        f"template: {{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{pod(image)}]}}}}"
    )
    return thing(
        "argoproj.io/v1alpha1", "Rollout", "web", f"{{replicas: 4, {pods}, strategy: {strategy}}}"
    )


REFERENCE = "workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}"


def canary(analysis: str, *, more: str = "") -> str:
    return thing(
        "flagger.app/v1beta1",
        "Canary",
        "web",
        f"{{targetRef: {{apiVersion: apps/v1, kind: Deployment, name: web}}, "
        f"service: {{port: 80}}, {more}analysis: {analysis}}}",
    )


def template(metric: str) -> str:
    return thing(
        "argoproj.io/v1alpha1",
        "AnalysisTemplate",
        "errors",
        f"{{metrics: [{{name: e, {metric}}}]}}",
    )


PROMETHEUS = "provider: {prometheus: {address: 'http://prom', query: q}}"
STEPS = "canary: {steps: [{setWeight: %s}, {pause: {duration: 60}}, {setWeight: 50}, {pause: {}}]"
MEASURED = "analysis: {templates: [{templateName: errors}]}"


def rules(*alerts: str, expression: str = "up", runbook: bool = True) -> str:
    return thing(
        "monitoring.coreos.com/v1",
        "PrometheusRule",
        "web",
        "{groups: [{name: g, rules: [" + ", ".join(
            f"{{alert: {name}-NS, expr: '{expression}_NS_{name} == 0'"
            + (", annotations: {runbook_url: 'https://runbooks.example/a'}}" if runbook else "}")
            for name in alerts
        ) + "]}]}",
    )  # fmt: skip


def openslo(target: str) -> str:
    return (
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: availability-NS}\n"
        "spec:\n  service: NS\n  budgetingMethod: Occurrences\n"
        "  timeWindow: [{duration: 28d, isRolling: true}]\n"
        "  indicatorRef: availability-NS\n"
        f"  objectives: [{{displayName: good, {target}}}]\n"
    )


def sloth(objective: str, *, name: str = "requests") -> str:
    return (
        "version: prometheus/v1\nservice: NS\nslos:\n"
        f"  - name: {name}-NS\n    objective: {objective}\n"
        "    sli: {events: {error_query: 'e', total_query: 't'}}\n"
        "    alerting: {name: NS, annotations: {runbook_url: 'https://runbooks.example/a'}}\n"
    )


def pyrra(target: str) -> str:
    return (
        "apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\n"
        "metadata:\n  name: requests\n  namespace: NS\n"
        "  annotations: {pyrra.dev/runbook_url: 'https://runbooks.example/a'}\n"
        f"spec: {{target: '{target}', window: 4w, "
        "indicator: {ratio: {errors: {metric: e}, total: {metric: t}}}}\n"
    )


HPA = thing(
    "autoscaling/v2",
    "HorizontalPodAutoscaler",
    "web",
    "{scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, "
    "minReplicas: 4, maxReplicas: 10}",
)
KEDA = thing(
    "keda.sh/v1alpha1",
    "ScaledObject",
    "web",
    "{scaleTargetRef: {name: web}, minReplicaCount: 4, maxReplicaCount: 10, "
    "triggers: [{type: cpu, metricType: Utilization, metadata: {value: '70'}}]}",
)
PDB = thing(
    "policy/v1",
    "PodDisruptionBudget",
    "web",
    "{minAvailable: 2, selector: {matchLabels: {app: web}}}",
)
PVC = thing(
    "v1",
    "PersistentVolumeClaim",
    "data",
    "{accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}",
)
SERVICE = thing("v1", "Service", "web", "{selector: {app: web}, ports: [{port: 80}]}")
WEB = {"web.yaml": deployment()}


def edited(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


def replaced(name: str, text: str, *pairs: tuple[str, str], says: frozenset[str] = NOTHING) -> Case:
    return Case(name, {"a.yaml": text}, {"a.yaml": edited(text, *pairs)}, says)


def added(name: str, text: str, says: frozenset[str] = NOTHING, file: str = "a.yaml") -> Case:
    return Case(name, {}, {file: text}, says)


PIN = frozenset({"workload.image_pinned"})
READY = frozenset({"workload.readiness_removed"})
CAPACITY = frozenset({"workload.capacity_drop"})
SELECTOR = frozenset({"workload.selector_changed"})
NEEDS = frozenset({"workload.resources_missing"})
STEP = frozenset({"delivery.progressive_required"})
MEASURE = frozenset({"delivery.verification_required"})
FIRST = frozenset({"delivery.first_step_too_large"})
CRITERIA = frozenset({"delivery.rollback_criteria"})
FLOATS = frozenset({"delivery.source_floating"})
DELETES = frozenset({"change.deletes_stateful"})
MAJOR = frozenset({"change.major_upgrade"})
LOWERED = frozenset({"slo.objective_lowered"})
ALERT = frozenset({"observability.alert_removed"})
RUNBOOK = frozenset({"observability.alert_runbook"})
TAG = ("1.4.2", "latest")

IMAGES = [
    replaced("pin-latest", deployment(), TAG, says=PIN),
    replaced("pin-none", deployment(), ("web:1.4.2", "web"), says=PIN),
    replaced("pin-port-is-no-tag", deployment(), ("shop/web:1.4.2", "host:5000/web"), says=PIN),
    replaced("pin-digest", deployment(), ("1.4.2", "1.4.3@sha256:" + "a" * 64)),
    replaced("pin-main", deployment(), ("1.4.2", "main"), says=PIN),
    replaced("pin-variable", deployment(), ("1.4.2", "${TAG}")),
    replaced("pin-uppercase", deployment(), ("1.4.2", "LATEST"), says=PIN),
    added(
        "pin-init",
        deployment(
            more="      initContainers: [{name: i, image: busybox, resources: "
            "{requests: {cpu: 1m, memory: 1Mi}, limits: {memory: 1Mi}}}]\n"
        ),
        PIN,
    ),
    added(
        "pin-cronjob",
        thing(
            "batch/v1",
            "CronJob",
            "x",
            "{schedule: '* * * * *', jobTemplate: "
            "{spec: {template: {spec: {containers: [" + pod("busybox") + "]}}}}}",
        ),
        PIN,
    ),
    added(
        "pin-pod",
        thing(
            "v1",
            "Pod",
            "x",
            "{ephemeralContainers: [{name: d, image: busybox}], containers: [" + pod() + "]}",
        ),
        PIN,
    ),
    added(
        "pin-knative",
        thing(
            "serving.knative.dev/v1",
            "Service",
            "x",
            "{template: {spec: {containers: [" + pod("shop/web:latest") + "]}}}",
        ),
        PIN,
    ),
    added(
        "pin-workflow",
        thing(
            "argoproj.io/v1alpha1",
            "WorkflowTemplate",
            "x",
            "{templates: [{name: a, container: {image: 'alpine:latest'}}]}",
        ),
        PIN,
    ),
    added(
        "pin-tekton",
        thing("tekton.dev/v1", "Task", "x", "{steps: [{name: a, image: 'alpine:latest'}]}"),
        PIN,
    ),
    added(
        "pin-image-volume",
        deployment(more="      volumes: [{name: v, image: {reference: 'a/b:latest'}}]\n"),
        PIN,
    ),
    added(
        "pin-list",
        "apiVersion: v1\nkind: List\nitems:\n  - "
        + deployment(pod("shop/web")).replace("\n", "\n    ").rstrip()
        + "\n",
        PIN,
    ),
    added("pin-rollout", rollout("{" + STEPS % 10 + ", " + MEASURED + "}}", image="shop/web"), PIN),
    added(
        "pin-kustomize",
        kustomization("images: [{name: shop/web, newTag: latest}]"),
        PIN,
        "kustomization.yaml",
    ),
    added(
        "pin-kustomize-no-tag",
        kustomization("images: [{name: shop/web, newName: other/web}]"),
        NOTHING,
        "kustomization.yaml",
    ),
    added(
        "pin-kustomize-digest",
        kustomization("images: [{name: shop/web, digest: 'sha256:" + "a" * 64 + "'}]"),
        NOTHING,
        "kustomization.yaml",
    ),
    Case(
        "pin-kustomize-sets",
        {},
        {
            "web.yaml": deployment(pod("shop/web")),
            "kustomization.yaml": kustomization(
                "resources: [web.yaml]\nimages: [{name: shop/web, newTag: 1.4.2}]"
            ),
        },
    ),
    Case(
        "pin-kustomize-bump",
        {
            "web.yaml": deployment(pod("shop/web")),
            "kustomization.yaml": kustomization(
                "resources: [web.yaml]\nimages: [{name: shop/web, newTag: 1.4.2}]"
            ),
        },
        {
            "web.yaml": deployment(pod("shop/web")),
            "kustomization.yaml": kustomization(
                "resources: [web.yaml]\nimages: [{name: shop/web, newTag: 1.4.3}]"
            ),
        },
    ),
    Case(
        "pin-kustomize-drops",
        {
            "web.yaml": deployment(pod("shop/web")),
            "kustomization.yaml": kustomization(
                "resources: [web.yaml]\nimages: [{name: shop/web, newTag: 1.4.2}]"
            ),
        },
        {
            "web.yaml": deployment(pod("shop/web")),
            "kustomization.yaml": kustomization("resources: [web.yaml]"),
        },
        PIN,
    ),
    Case(
        "pin-inline-patch",
        {"kustomization.yaml": kustomization("resources: [web.yaml]"), **WEB},
        {
            **WEB,
            "kustomization.yaml": kustomization(
                "resources: [web.yaml]\npatches:\n  - patch: |\n"
                "      apiVersion: apps/v1\n      kind: Deployment\n      metadata: "
                "{name: web, namespace: NS}\n"
                "      spec: {template: {spec: {containers: [{name: app, image: "
                "'shop/web:latest'}]}}}"
            ),
        },
        PIN,
    ),
    Case(
        "pin-inline-json-patch",
        {"kustomization.yaml": kustomization("resources: [web.yaml]"), **WEB},
        {
            **WEB,
            "kustomization.yaml": kustomization(
                "resources: [web.yaml]\npatches:\n  - target: {kind: Deployment}\n    patch: |-\n"
                "      - op: replace\n        path: "
                "/spec/template/spec/containers/0/image\n        value: shop/web:latest"
            ),
        },
        PIN,
    ),
    added(
        "pin-flux-images",
        thing(
            "kustomize.toolkit.fluxcd.io/v1",
            "Kustomization",
            "x",
            "{path: ./a, prune: false, sourceRef: {kind: GitRepository, name: a}, "
            "images: [{name: a, newTag: latest}]}",
        ),
        PIN,
    ),
    added("pin-release", release("{image: {repository: shop/web, tag: latest}}"), PIN),
    added("pin-release-no-tag", release("{image: {repository: shop/web}}")),
    added(
        "pin-release-split",
        release("{image: {registry: ghcr.io, repository: shop/web, tag: main}}"),
        PIN,
    ),
    added(
        "pin-release-digest",
        release("{image: {repository: shop/web, tag: latest, digest: 'sha256:" + "a" * 64 + "'}}"),
    ),
    added("pin-release-string", release("{image: 'shop/web:latest'}"), PIN),
    added("pin-values", "image:\n  repository: shop/web\n  tag: latest\n", PIN, "values-prod.yaml"),
    added(
        "pin-values-empty-tag",
        "image:\n  repository: shop/web\n  tag: ''\n",
        NOTHING,
        "values.yaml",
    ),
    added(
        "pin-app-parameter",
        application(REPO + ", path: chart, helm: {parameters: [{name: image.tag, value: latest}]}"),
        PIN,
    ),
    added(
        "pin-app-parameter-fine",
        application(REPO + ", path: chart, helm: {parameters: [{name: image.tag, value: 1.4.2}]}"),
    ),
    added(
        "pin-app-values-object",
        application(
            REPO + ", path: chart, helm: {valuesObject: {image: {repository: a, tag: latest}}}"
        ),
        PIN,
    ),
    added(
        "pin-app-values",
        application(
            REPO + ', path: chart, helm: {values: "image:\\n  repository: a\\n  tag: latest\\n"}'
        ),
        PIN,
    ),
    added(
        "pin-app-kustomize",
        application(REPO + ", path: overlay, kustomize: {images: ['a=b:latest']}"),
        PIN,
    ),
    added(
        "pin-chart-inline",
        kustomization(
            "helmCharts: [{name: web, repo: 'https://c.example', version: 1.2.3, "
            "valuesInline: {image: {repository: a, tag: latest}}}]"
        ),
        PIN,
        "kustomization.yaml",
    ),
]

PROBE = ", readinessProbe: {httpGet: {path: /ready, port: 80}}"

WORKLOADS = [
    replaced("ready-removed", deployment(), (PROBE, ""), says=READY),
    replaced("ready-null", deployment(), (PROBE, ", readinessProbe: null"), says=READY),
    replaced(
        "ready-other", deployment(), ("httpGet: {path: /ready, port: 80}", "tcpSocket: {port: 80}")
    ),
    replaced(
        "ready-renamed-container",
        deployment(),
        ("name: app,", "name: main,"),
        (PROBE, ""),
        says=READY,
    ),
    replaced("ready-statefulset", deployment(kind="StatefulSet"), (PROBE, ""), says=READY),
    Case(
        "ready-renamed-file",
        {"a.yaml": deployment()},
        {"b.yaml": edited(deployment(), (PROBE, ""))},
        READY,
    ),
    replaced(
        "ready-release",
        release("{replicaCount: 4, readinessProbe: {enabled: true}}"),
        ("enabled: true", "enabled: false"),
        says=READY,
    ),
    replaced(
        "ready-release-probes",
        release("{probes: {readiness: {httpGet: {path: /}}}}"),
        ("{httpGet: {path: /}}", "null"),
        says=READY,
    ),
    Case(
        "ready-values",
        {"values.yaml": "readinessProbe:\n  httpGet: {path: /}\n"},
        {"values.yaml": "readinessProbe: {}\n"},
        READY,
    ),
    Case(
        "ready-container-gone",
        {
            "a.yaml": deployment(
                pod()
                + "\n        - {name: side, image: 'a:1'"
                + PROBE
                + ", resources: {requests: {cpu: 1m, memory: 1Mi}, limits: {memory: 1Mi}}}"
            )
        },
        {"a.yaml": deployment()},
    ),
    replaced("drop-half", deployment(), ("replicas: 4", "replicas: 2"), says=CAPACITY),
    replaced("drop-little", deployment(), ("replicas: 4", "replicas: 3")),
    replaced("drop-default", deployment(), ("replicas: 4\n", "paused: false\n"), says=CAPACITY),
    replaced(
        "drop-zero",
        deployment(replicas="replicas: 1"),
        ("replicas: 1", "replicas: 0"),
        says=CAPACITY,
    ),
    Case("drop-to-hpa", WEB, {"web.yaml": deployment(replicas="paused: false"), "hpa.yaml": HPA}),
    Case(
        "drop-to-keda", WEB, {"web.yaml": deployment(replicas="paused: false"), "keda.yaml": KEDA}
    ),
    Case(
        "drop-hpa-old",
        {**WEB, "hpa.yaml": HPA},
        {"web.yaml": deployment(replicas="paused: false"), "hpa.yaml": HPA},
    ),
    Case(
        "drop-to-weak-hpa",
        {"web.yaml": deployment(replicas="replicas: 40")},
        {
            "web.yaml": deployment(replicas="paused: false"),
            "hpa.yaml": edited(
                HPA, ("minReplicas: 4", "minReplicas: 1"), ("maxReplicas: 10", "maxReplicas: 2")
            ),
        },
        CAPACITY,
    ),
    Case(
        "drop-hpa",
        {**WEB, "hpa.yaml": HPA},
        {**WEB, "hpa.yaml": edited(HPA, ("minReplicas: 4", "minReplicas: 1"))},
        CAPACITY,
    ),
    Case(
        "drop-hpa-max",
        {**WEB, "hpa.yaml": HPA},
        {**WEB, "hpa.yaml": edited(HPA, ("maxReplicas: 10", "maxReplicas: 5"))},
        CAPACITY,
    ),
    Case(
        "drop-hpa-deleted",
        {"web.yaml": deployment(replicas="paused: false"), "hpa.yaml": HPA},
        {"web.yaml": deployment(replicas="paused: false")},
        CAPACITY,
    ),
    Case(
        "drop-hpa-to-keda",
        {"web.yaml": deployment(replicas="paused: false"), "hpa.yaml": HPA},
        {"web.yaml": deployment(replicas="paused: false"), "keda.yaml": KEDA},
    ),
    Case(
        "drop-pdb",
        {**WEB, "pdb.yaml": PDB},
        {**WEB, "pdb.yaml": edited(PDB, ("minAvailable: 2", "minAvailable: 1"))},
        CAPACITY,
    ),
    Case("drop-pdb-deleted", {**WEB, "pdb.yaml": PDB}, WEB, CAPACITY),
    Case(
        "drop-pdb-all",
        {**WEB, "pdb.yaml": PDB},
        {**WEB, "pdb.yaml": edited(PDB, ("minAvailable: 2", "maxUnavailable: 100%"))},
        CAPACITY,
    ),
    Case(
        "drop-pdb-unavailable",
        {**WEB, "pdb.yaml": edited(PDB, ("minAvailable: 2", "maxUnavailable: 1"))},
        {**WEB, "pdb.yaml": edited(PDB, ("minAvailable: 2", "maxUnavailable: 3"))},
        CAPACITY,
    ),
    replaced(
        "drop-release",
        release("{replicaCount: 6}"),
        ("replicaCount: 6", "replicaCount: 1"),
        says=CAPACITY,
    ),
    replaced(
        "drop-release-hpa",
        release("{replicaCount: 6, autoscaling: {enabled: false}}"),
        (
            "replicaCount: 6, autoscaling: {enabled: false}",
            "replicaCount: 1, autoscaling: {enabled: true, minReplicas: 6}",
        ),
    ),
    replaced(
        "drop-release-max-unavailable",
        release("{podDisruptionBudget: {enabled: true, maxUnavailable: 1}}"),
        ("maxUnavailable: 1", "maxUnavailable: 5"),
        says=CAPACITY,
    ),
    replaced(
        "drop-release-max-percent",
        release("{pdb: {maxUnavailable: 25%}}"),
        ("25%", "100%"),
        says=CAPACITY,
    ),
    replaced(
        "drop-release-strategy",
        release("{updateStrategy: {rollingUpdate: {maxUnavailable: 1}}}"),
        ("maxUnavailable: 1", "maxUnavailable: 5"),
    ),
    replaced(
        "drop-release-pdb",
        release("{pdb: {enabled: true}}"),
        ("enabled: true", "enabled: false"),
        says=CAPACITY,
    ),
    Case(
        "drop-kustomize",
        {
            **WEB,
            "kustomization.yaml": kustomization(
                "resources: [web.yaml]\nreplicas: [{name: web, count: 6}]"
            ),
        },
        {
            **WEB,
            "kustomization.yaml": kustomization(
                "resources: [web.yaml]\nreplicas: [{name: web, count: 1}]"
            ),
        },
        CAPACITY,
    ),
    Case(
        "drop-patch",
        {
            **WEB,
            "kustomization.yaml": kustomization("resources: [web.yaml]\npatches: [{path: p.yaml}]"),
            "p.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, "
            "namespace: NS}\nspec: {replicas: 6}\n",
        },
        {
            **WEB,
            "kustomization.yaml": kustomization("resources: [web.yaml]\npatches: [{path: p.yaml}]"),
            "p.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, "
            "namespace: NS}\nspec: {replicas: 1}\n",
        },
        CAPACITY,
    ),
    replaced(
        "drop-app-parameter",
        application(REPO + ", path: chart, helm: {parameters: [{name: replicaCount, value: '6'}]}"),
        ("'6'", "'1'"),
        says=CAPACITY,
    ),
    replaced(
        "selector",
        deployment(labels="app: web, tier: a"),
        ("matchLabels: {app: web}", "matchLabels: {app: web, tier: a}"),
        says=SELECTOR,
    ),
    Case(
        "selector-service",
        {**WEB, "svc.yaml": SERVICE},
        {**WEB, "svc.yaml": edited(SERVICE, ("app: web", "app: other"))},
        SELECTOR,
    ),
    Case(
        "selector-labels",
        {**WEB, "kustomization.yaml": kustomization("resources: [web.yaml]")},
        {
            **WEB,
            "kustomization.yaml": kustomization("resources: [web.yaml]\ncommonLabels: {team: a}"),
        },
        SELECTOR,
    ),
    Case(
        "selector-labels-outside",
        {**WEB, "kustomization.yaml": kustomization("resources: [web.yaml]")},
        {
            **WEB,
            "kustomization.yaml": kustomization(
                "resources: [web.yaml]\nlabels: [{pairs: {team: a}}]"
            ),
        },
    ),
    added("needs-none", deployment(pod(resources=False)), NEEDS),
    added("needs-no-cpu-limit", deployment()),
    added(
        "needs-limits-only",
        deployment("{name: a, image: 'a:1', resources: {limits: {cpu: 1, memory: 1Gi}}}"),
    ),
    Case(
        "needs-patch",
        WEB,
        {
            **WEB,
            "kustomization.yaml": kustomization("resources: [web.yaml]\npatches: [{path: p.yaml}]"),
            "p.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, "
            "namespace: NS}\nspec: {template: {spec: {containers: [{name: app, env: []}]}}}\n",
        },
    ),
]

DELIVERY = [
    added("critical-plain", deployment(), STEP),
    added("plain", deployment()),
    replaced("critical-scaled", deployment(), ("replicas: 4", "replicas: 5")),
    added("critical-rollout", rollout("{" + STEPS % 10 + ", " + MEASURED + "}}")),
    added("critical-no-steps", rollout("{canary: {maxSurge: 1}}"), STEP | MEASURE | FIRST),
    added("critical-no-analysis", rollout("{" + STEPS % 10 + "}}"), MEASURE),
    added("critical-first-large", rollout("{" + STEPS % 40 + ", " + MEASURED + "}}"), FIRST),
    Case(
        "critical-ref",
        {"r.yaml": rollout("{" + STEPS % 40 + "}}", template=REFERENCE)},
        {
            "web.yaml": deployment(pod("shop/web:1.4.3")),
            "r.yaml": rollout("{" + STEPS % 40 + "}}", template=REFERENCE),
        },
        MEASURE | FIRST,
    ),
    Case(
        "critical-ref-fine",
        {
            **WEB,
            "r.yaml": rollout("{" + STEPS % 10 + ", " + MEASURED + "}}", template=REFERENCE),
            "t.yaml": template("successCondition: 'true', " + PROMETHEUS),
        },
        {
            "web.yaml": deployment(pod("shop/web:1.4.3")),
            "r.yaml": rollout("{" + STEPS % 10 + ", " + MEASURED + "}}", template=REFERENCE),
            "t.yaml": template("successCondition: 'true', " + PROMETHEUS),
        },
    ),
    Case(
        "critical-ref-unchanged-workload",
        {
            **WEB,
            "r.yaml": rollout(
                "{" + STEPS % 10 + ", " + MEASURED + "}}", template=REFERENCE
            ).replace("web\n  namespace", "roll\n  namespace"),
        },
        {
            **WEB,
            "r.yaml": rollout(
                "{" + STEPS % 60 + ", " + MEASURED + "}}", template=REFERENCE
            ).replace("web\n  namespace", "roll\n  namespace"),
        },
        FIRST,
    ),
    Case(
        "critical-ref-deleted",
        {**WEB, "r.yaml": rollout("{" + STEPS % 10 + ", " + MEASURED + "}}", template=REFERENCE)},
        WEB,
        STEP,
    ),
    Case(
        "critical-canary",
        {
            "c.yaml": canary(
                "{interval: 1m, threshold: 5, stepWeight: 50, metrics: [{name: e, "
                "thresholdRange: {min: 99}}]}"
            )
        },
        {
            "web.yaml": deployment(pod("shop/web:1.4.3")),
            "c.yaml": canary(
                "{interval: 1m, threshold: 5, stepWeight: 50, metrics: [{name: e, "
                "thresholdRange: {min: 99}}]}"
            ),
        },
        FIRST,
    ),
    Case(
        "critical-skip",
        WEB,
        {
            **WEB,
            "c.yaml": canary(
                "{stepWeight: 5, metrics: [{name: e, thresholdRange: {min: 99}}]}",
                more="skipAnalysis: true, ",
            ),
        },
        MEASURE,
    ),
    Case(
        "critical-unbounded",
        WEB,
        {**WEB, "c.yaml": canary("{stepWeight: 5, metrics: [{name: e}]}")},
        CRITERIA,
    ),
    Case(
        "critical-no-condition",
        {},
        {
            "r.yaml": rollout("{" + STEPS % 10 + ", " + MEASURED + "}}"),
            "t.yaml": template(PROMETHEUS),
        },
        CRITERIA,
    ),
    Case(
        "critical-endless",
        {
            "r.yaml": rollout("{" + STEPS % 10 + ", " + MEASURED + "}}"),
            "t.yaml": template("successCondition: 'true', " + PROMETHEUS),
        },
        {
            "r.yaml": rollout("{" + STEPS % 10 + ", " + MEASURED + "}}"),
            "t.yaml": template("successCondition: 'true', failureLimit: -1, " + PROMETHEUS),
        },
        CRITERIA,
    ),
    Case(
        "critical-dry",
        {
            "r.yaml": rollout("{" + STEPS % 10 + ", " + MEASURED + "}}"),
            "t.yaml": template("successCondition: 'true', " + PROMETHEUS),
        },
        {
            "r.yaml": rollout("{" + STEPS % 10 + ", " + MEASURED + "}}"),
            "t.yaml": template("successCondition: 'true', " + PROMETHEUS).replace(
                "spec: {", "spec: {dryRun: [{metricName: '.*'}], "
            ),
        },
        CRITERIA,
    ),
    added(
        "critical-blue-green",
        rollout(
            "{blueGreen: {activeService: a, prePromotionAnalysis: {templates: "
            "[{templateName: errors}]}}}"
        ),
    ),
    replaced("float-range", release(), ("1.2.3", "1.x"), says=FLOATS),
    replaced("float-none", release(), (", version: 1.2.3", ""), says=FLOATS),
    added(
        "float-branch",
        thing(
            "source.toolkit.fluxcd.io/v1",
            "GitRepository",
            "x",
            "{url: 'https://g.example/a', ref: {branch: main}}",
        ),
        FLOATS,
    ),
    added(
        "float-not",
        thing(
            "source.toolkit.fluxcd.io/v1",
            "GitRepository",
            "x",
            "{url: 'https://g.example/a', ref: {tag: v1.2.3}}",
        ),
    ),
    added(
        "float-oci",
        thing(
            "source.toolkit.fluxcd.io/v1",
            "OCIRepository",
            "x",
            "{url: 'oci://g.example/a', ref: {semver: '>=1.0.0'}}",
        ),
        FLOATS,
    ),
    added(
        "float-app",
        application("repoURL: https://git.example/apps.git, targetRevision: HEAD, path: a"),
        FLOATS,
    ),
    added(
        "float-app-chart",
        application("repoURL: https://c.example, targetRevision: 1.*, chart: web"),
        FLOATS,
    ),
    added(
        "float-remote",
        kustomization("resources: ['https://github.com/a/b//c?ref=main']"),
        FLOATS,
        "kustomization.yaml",
    ),
    added(
        "float-remote-not",
        kustomization("resources: ['https://github.com/a/b//c?ref=v1.2.3']"),
        NOTHING,
        "kustomization.yaml",
    ),
]

LISTED = kustomization("resources: [pvc.yaml, web.yaml]")
KEPT = "argocd.argoproj.io/sync-options: 'Prune=false'"
FLUX = "{path: ./apps/NS, prune: true, interval: 5m, sourceRef: {kind: GitRepository, name: a}}"


def flux(spec: str = FLUX) -> str:
    return thing("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "NS", spec)


CHANGES = [
    Case("del-pvc", {"pvc.yaml": PVC}, {}, DELETES),
    Case("del-statefulset", {"a.yaml": deployment(kind="StatefulSet")}, {}, DELETES),
    Case("del-kept", {"pvc.yaml": PVC.replace("NS\n", "NS\n  annotations: {" + KEPT + "}\n")}, {}),
    Case(
        "del-flux-kept",
        {
            "pvc.yaml": PVC.replace(
                "NS\n", "NS\n  annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}\n"
            )
        },
        {},
    ),
    Case(
        "del-helm-kept",
        {"pvc.yaml": PVC.replace("NS\n", "NS\n  annotations: {helm.sh/resource-policy: keep}\n")},
        {},
    ),
    Case("del-moved", {"a/pvc.yaml": PVC}, {"b/data.yaml": PVC}),
    Case("del-deployment", {**WEB, "svc.yaml": SERVICE}, {}),
    Case(
        "del-line",
        {"pvc.yaml": PVC, **WEB, "kustomization.yaml": LISTED},
        {"pvc.yaml": PVC, **WEB, "kustomization.yaml": LISTED.replace("pvc.yaml, ", "")},
        DELETES,
    ),
    Case(
        "del-line-and-file",
        {"pvc.yaml": PVC, **WEB, "kustomization.yaml": LISTED},
        {**WEB, "kustomization.yaml": LISTED.replace("pvc.yaml, ", "")},
        DELETES,
    ),
    Case(
        "del-line-harmless",
        {"pvc.yaml": PVC, **WEB, "kustomization.yaml": LISTED},
        {"pvc.yaml": PVC, **WEB, "kustomization.yaml": LISTED.replace(", web.yaml", "")},
    ),
    Case(
        "del-reordered",
        {"pvc.yaml": PVC, **WEB, "kustomization.yaml": LISTED},
        {
            "pvc.yaml": PVC,
            **WEB,
            "kustomization.yaml": kustomization("resources: [web.yaml, pvc.yaml]"),
        },
    ),
    Case(
        "del-line-folder",
        {
            "data/pvc.yaml": PVC,
            "data/kustomization.yaml": kustomization("resources: [pvc.yaml]"),
            "kustomization.yaml": kustomization("resources: [data]"),
        },
        {
            "data/pvc.yaml": PVC,
            "data/kustomization.yaml": kustomization("resources: [pvc.yaml]"),
            "kustomization.yaml": kustomization("resources: []"),
        },
        DELETES,
    ),
    Case(
        "del-component",
        {
            "data/pvc.yaml": PVC,
            "data/kustomization.yaml": component("resources: [pvc.yaml]"),
            "kustomization.yaml": kustomization("components: [data]"),
        },
        {
            "data/pvc.yaml": PVC,
            "data/kustomization.yaml": component("resources: [pvc.yaml]"),
            "kustomization.yaml": kustomization("namePrefix: a-"),
        },
        DELETES,
    ),
    Case(
        "del-component-resources",
        {
            "pvc.yaml": PVC,
            "kustomization.yaml": component("resources: [pvc.yaml]"),
        },
        {
            "pvc.yaml": PVC,
            "kustomization.yaml": component("resources: []"),
        },
        DELETES,
    ),
    Case(
        "del-kustomization-file",
        {"pvc.yaml": PVC, "kustomization.yaml": kustomization("resources: [pvc.yaml]")},
        {"pvc.yaml": PVC},
    ),
    Case("del-release", {"a.yaml": release()}, {}, DELETES),
    Case("del-release-moved", {"old/a.yaml": release()}, {"new/a.yaml": release()}),
    Case("del-application", {"a.yaml": application(REPO + ", path: a")}, {}, DELETES),
    Case("del-flux", {"a.yaml": flux()}, {}, DELETES),
    Case("del-flux-no-prune", {"a.yaml": flux(FLUX.replace("prune: true", "prune: false"))}, {}),
    replaced("del-flux-path", flux(), ("path: ./apps/NS", "path: ./apps/other"), says=DELETES),
    Case(
        "del-namespace",
        {"a.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: NS}\n"},
        {},
        DELETES,
    ),
    Case(
        "del-renamed",
        {"pvc.yaml": PVC},
        {"pvc.yaml": PVC.replace("name: data", "name: data2")},
        DELETES,
    ),
    replaced("major-image", deployment(), ("1.4.2", "2.0.0"), says=MAJOR),
    replaced("major-zero", deployment(pod("shop/a:0.4.2")), ("0.4.2", "0.5.0"), says=MAJOR),
    replaced("major-down", deployment(pod("shop/b:1.4.2")), ("1.4.2", "1.3.0"), says=MAJOR),
    replaced("major-patch", deployment(), ("1.4.2", "1.4.3")),
    replaced(
        "major-digest-bump",
        deployment(pod("shop/web:1.4.2@sha256:" + "a" * 64)),
        ("1.4.2@sha256:" + "a" * 64, "1.4.3@sha256:" + "b" * 64),
    ),
    replaced("major-chart", release(chart="major"), ("1.2.3", "3.0.0"), says=MAJOR),
    replaced(
        "major-oci",
        thing(
            "source.toolkit.fluxcd.io/v1",
            "OCIRepository",
            "x",
            "{url: 'oci://g.example/a', ref: {tag: 4.2.3}}",
        ),
        ("4.2.3", "5.0.0"),
        says=MAJOR,
    ),
    replaced(
        "major-app",
        application("repoURL: https://git.example/apps.git, targetRevision: v6.2.3, path: a"),
        ("v6.2.3", "v7.0.0"),
        says=MAJOR,
    ),
    replaced(
        "major-parameter",
        application(REPO + ", path: chart, helm: {parameters: [{name: image.tag, value: 8.4.2}]}"),
        ("8.4.2", "9.0.0"),
        says=MAJOR,
    ),
    replaced("major-date", deployment(pod("shop/c:2024.01.02")), ("2024.01.02", "2025.01.02")),
    replaced(
        "major-kustomize",
        kustomization("images: [{name: shop/k, newTag: 10.4.2}]"),
        ("10.4.2", "11.0.0"),
        says=MAJOR,
    ),
]

SLOS = [
    replaced("slo-open", openslo("target: 0.999"), ("0.999", "0.99"), says=LOWERED),
    replaced(
        "slo-open-percent", openslo("target: 0.999"), ("target: 0.999", "targetPercent: 99.9")
    ),
    replaced("slo-up", openslo("target: 0.99"), ("0.99", "0.999")),
    replaced("slo-sloth", sloth("99.9"), ("99.9", "99.0"), says=LOWERED),
    replaced("slo-pyrra", pyrra("99.9"), ("99.9", "99"), says=LOWERED),
    Case("slo-gone", {"a.yaml": openslo("target: 0.999")}, {}, LOWERED),
    Case("slo-moved", {"a/a.yaml": sloth("99.9")}, {"b/b.yaml": sloth("99.9")}),
    Case("slo-moved-lowered", {"a/a.yaml": sloth("99.9")}, {"b/b.yaml": sloth("99")}, LOWERED),
    Case("slo-renamed", {"a.yaml": sloth("99.9")}, {"a.yaml": sloth("99.9", name="other")}),
    Case("alert-gone", {"a.yaml": rules("Down", "Slow")}, {"a.yaml": rules("Down")}, ALERT),
    Case("alert-file-gone", {"a.yaml": rules("Down")}, {}, ALERT),
    Case(
        "alert-elsewhere",
        {"a.yaml": rules("Down", "Slow")},
        {"a.yaml": rules("Down"), "b/b.yaml": rules("Slow")},
    ),
    Case("alert-added", {"a.yaml": rules("Down")}, {"a.yaml": rules("Slow", "Down")}),
    Case(
        "alert-renamed",
        {"a.yaml": rules("Down")},
        {"a.yaml": rules("Down").replace("alert: Down", "alert: Gone")},
    ),
    Case(
        "alert-no-runbook",
        {"a.yaml": rules("Down")},
        {"a.yaml": rules("Down", runbook=False)},
        RUNBOOK,
    ),
    added("alert-recording", "groups: [{name: g, rules: [{record: a:b, expr: up}]}]\n"),
    added("alert-new", rules("Down")),
]

CLUSTER = {
    "web.yaml": deployment(pod("shop/web")),
    "svc.yaml": SERVICE,
    "hpa.yaml": HPA,
    "pdb.yaml": PDB,
    "pvc.yaml": PVC,
    "rules.yaml": rules("Down", "Slow"),
    "slo.yaml": openslo("target: 0.999"),
    "kustomization.yaml": kustomization(
        "resources: [web.yaml, svc.yaml, hpa.yaml, pdb.yaml, pvc.yaml, rules.yaml, slo.yaml]\n"
        "images: [{name: shop/web, newTag: 1.4.2}]"
    ),
}


def moved(files: Files, folder: str) -> dict[str, str]:
    return {f"{folder}/{path}": text for path, text in files.items()}


def reformatted(text: str) -> str:
    documents = list(yaml.safe_load_all(text))
    return "# Ours.\n" + yaml.safe_dump_all(documents, default_flow_style=False, sort_keys=True)


HARMLESS = [
    Case("quiet-new", {}, CLUSTER),
    Case("quiet-moved", moved(CLUSTER, "a"), moved(CLUSTER, "b/c")),
    Case("quiet-formatted", CLUSTER, {path: reformatted(text) for path, text in CLUSTER.items()}),
    Case("quiet-joined", {"a.yaml": SERVICE, "b.yaml": PVC}, {"all.yaml": f"{PVC}---\n{SERVICE}"}),
    Case(
        "quiet-release-moved",
        {"dev/web.yaml": release()},
        {"apps/base/web/release.yaml": release()},
    ),
    Case("quiet-flux-renamed-file", {"flux.yaml": flux()}, {"apps.yaml": flux()}),
    Case(
        "quiet-retired",
        {"web.yaml": deployment(), "svc.yaml": SERVICE, "hpa.yaml": HPA, "pdb.yaml": PDB},
        {},
    ),
    Case(
        "quiet-tightened",
        {"pdb.yaml": PDB, "hpa.yaml": HPA, **WEB},
        {
            "pdb.yaml": edited(PDB, ("minAvailable: 2", "minAvailable: 3")),
            "hpa.yaml": edited(HPA, ("minReplicas: 4", "minReplicas: 6")),
            **WEB,
        },
    ),
]
CASES = [*IMAGES, *WORKLOADS, *DELIVERY, *CHANGES, *SLOS, *HARMLESS]


def _write(folder: Path, name: str, files: Files) -> None:
    for path, text in files.items():
        target = folder / name / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.replace("NS", name), encoding="utf-8")


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """All cases, judged at once."""
    folder = tmp_path_factory.mktemp("cases")
    (folder / "gate.yaml").write_text(CONFIG, encoding="utf-8")
    for case in CASES:
        _write(folder / "old", case.name, case.old)
        _write(folder / "new", case.name, case.new)
    return check(
        folder,
        "--base-tree",
        "old",
        "--tree",
        "new",
        "--config",
        "gate.yaml",
        "--engine",
        "embedded",
    )


def _said(verdict: Any, case: str) -> set[str]:
    return {
        finding["rule"]
        for finding in verdict["findings"]
        if finding["location"]
        and finding["location"]["path"].split("/")[0] == case
        and finding["status"] == "new"
    } - {"change.blast_radius"}


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_change_is_judged_by_what_it_does(case: Case, verdict: Any) -> None:
    assert _said(verdict, case.name) == case.says


WORKFLOW = """\
on: pull_request
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: gate check
"""
GATE = "version: 1\nrules:\n  workload.image_pinned: deny\n"
HOOKS = "repos:\n  - repo: https://git.example/change-gate\n    rev: v1\n    hooks: [{id: gate}]\n"


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (".github/workflows/ci.yml", None),
        (".github/workflows/ci.yml", WORKFLOW.replace("gate check", "gate check || true")),
        (".github/workflows/ci.yml", WORKFLOW.replace("  gate:", "  gate:\n    if: false")),
        (
            ".github/workflows/ci.yml",
            WORKFLOW.replace("  gate:", "  gate:\n    continue-on-error: true"),
        ),
        (".github/workflows/ci.yml", "env: {GATE_FAIL_ON: never}\n" + WORKFLOW),
        (".github/workflows/ci.yml", WORKFLOW.replace("pull_request", "workflow_dispatch")),
        (".gate.yaml", None),
        (".gate.yaml", GATE.replace("deny", "off")),
        (".gate.yaml", GATE + "mode: advisory\n"),
        (".pre-commit-config.yaml", "repos: []\n"),
        ("CODEOWNERS", "* @nobody\n"),
        ("policies/ours.rego", None),
        ("calendars/freeze.yaml", None),
        (
            ".gate/waivers.yaml",
            "waivers: [{rule: a.b, service: a, expires: 2027-01-01, reason: r}]\n",
        ),
    ],
)
def test_what_weakens_the_gate_is_said(tmp_path: Path, file: str, text: str | None) -> None:
    repo = Repo.init(tmp_path / "repo")
    repo.write(".github/workflows/ci.yml", WORKFLOW)
    repo.write(".gate.yaml", GATE)
    repo.write(".pre-commit-config.yaml", HOOKS)
    repo.write("CODEOWNERS", "* @gate\n")
    repo.write("policies/ours.rego", "package gate.ours\n")
    repo.write("calendars/freeze.yaml", "windows: []\n")
    repo.commit("start")
    repo.branch("change")
    if text is None:
        repo.remove(file)
    else:
        repo.write(file, text)
    repo.commit("weaker")
    verdict = check(repo.path, "--base", "main", "--engine", "embedded")
    (finding,) = (each for each in verdict["findings"] if each["rule"] == "change.weakens_gate")
    assert file in finding["message"] or finding["location"]["path"] == file


def _judged(folder: Path, config: str, old: Files, new: Files) -> Any:
    (folder / "old").mkdir(parents=True)
    (folder / "gate.yaml").write_text(config, encoding="utf-8")
    _write(folder, "old", old)
    _write(folder, "new", new)
    return check(
        folder,
        "--base-tree",
        "old",
        "--tree",
        "new",
        "--config",
        "gate.yaml",
        "--engine",
        "embedded",
    )


def _rules(verdict: Any) -> set[str]:
    return {finding["rule"] for finding in verdict["findings"]}


def test_services_times_environments_are_counted(tmp_path: Path) -> None:
    config = (
        "version: 1\nenvironments: {a: {paths: ['a/**']}, b: {paths: ['b/**']}}\n"
        "rules: {change.blast_radius: {settings: {max_targets: 5}}}\n"
    )
    files = {
        f"{place}/{name}.yaml": deployment(name=name) for place in "ab" for name in ("x", "y", "z")
    }
    small = dict(list(files.items())[:5])
    assert _rules(_judged(tmp_path / "many", config, {}, files)) == {"change.blast_radius"}
    assert _rules(_judged(tmp_path / "few", config, {}, small)) == set()


def test_telemetry_is_asked_for_where_it_is_switched_on(tmp_path: Path) -> None:
    config = "version: 1\nrules: {observability.telemetry: warn}\n"
    seen = deployment(
        "{name: app, image: 'a:1', env: [{name: OTEL_SERVICE_NAME, value: web}], "
        "resources: {requests: {cpu: 1m, memory: 1Mi}, limits: {memory: 1Mi}}}",
        name="seen",
    )
    verdict = _judged(tmp_path, config, {}, {"a.yaml": deployment(), "b.yaml": seen})
    assert [(each["rule"], each["location"]["path"]) for each in verdict["findings"]] == [
        ("observability.telemetry", "a.yaml")
    ]
