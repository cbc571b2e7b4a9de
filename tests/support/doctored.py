"""A small set-up for the doctor, in which it finds nothing wrong, and ways to make it worse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from tests.support.git import Repo

NOW = "2026-12-21T10:00:00Z"
SLO = {
    "name": "available",
    "objective": 0.999,
    "window": "28d",
    "remaining": 0.6,
    "state": "ok",
    "burn_rate": 0.5,
}
RECORDED = {
    "checkout": {
        "production": {"status": "ok", "observed_at": "2026-12-21T09:58:00Z", "value": [SLO]}
    }
}
CONFIG: dict[str, Any] = {
    "version": 1,
    "environments": {"production": {"paths": ["clusters/**"]}},
    "services": {"checkout": {"paths": ["apps/checkout/**"], "tier": 1}},
    "rules": {"change.weakens_gate": "deny"},
    "evidence": {
        "freeze": [{"windows": "freezes.yaml"}],
        "slo": [{"file": {"path": "slo.json", "max_age": "1h"}}],
    },
}
FREEZES = 'windows: [{name: Summer, from: "2027-07-01", to: "2027-07-08"}]\n'
DEPLOYMENT = f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: checkout, namespace: shop}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: checkout}}}}
  template:
    metadata: {{labels: {{app: checkout}}}}
    spec:
      containers:
        - name: app
          image: shop.example/checkout@sha256:{"a" * 64}
"""


def changed(**others: Any) -> dict[str, Any]:
    """The config with other keys; `rules` and `evidence` are added to, None takes a key away."""
    made: dict[str, Any] = json.loads(json.dumps(CONFIG))
    for key, value in others.items():
        made[key] = {**made.get(key, {}), **value} if isinstance(value, dict) else value
    for part in ("rules", "evidence"):
        made[part] = {key: each for key, each in made[part].items() if each is not None}
    return made


def made(folder: Path, config: dict[str, Any] | None = None, **files: str) -> Repo:
    """The repository, with everything committed on `main`."""
    repo = Repo.init(folder)
    repo.write(".gate.yaml", yaml.safe_dump(config or CONFIG, sort_keys=False))
    repo.write("freezes.yaml", FREEZES)
    repo.write("slo.json", json.dumps(RECORDED))
    repo.write("apps/checkout/deployment.yaml", DEPLOYMENT)
    repo.commit("all", **files)
    return repo
