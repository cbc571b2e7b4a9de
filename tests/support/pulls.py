"""A repository on a local GitHub: `origin` with pull requests, a clone of it, and the events that
the runner would hand over."""

from __future__ import annotations

import copy
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.support.command import Run, gate
from tests.support.git import Repo
from tests.support.github_api import REPOSITORY, Api, environment, serving

APP = "apps/checkout/app.yaml"
CONFIG = """\
version: 1
environments: {production: {paths: ["apps/**"]}}
services: {checkout: {paths: ["apps/checkout/**"], tier: 1}}
rules: {delivery.progressive_required: off}
evidence: {freeze: [{windows: freezes.yaml}]}
"""
FREEZES = """\
windows:
  - {name: weekend, kind: deny, from: "2026-11-27T17:00:00Z", to: "2026-11-30T08:00:00Z"}
"""
MONDAY, TUESDAY = "2026-11-23T10:00:00Z", "2026-11-24T10:00:00Z"
SATURDAY, AFTER = "2026-11-28T10:00:00Z", "2026-11-30T10:00:00Z"


def app(version: str) -> str:
    return (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: checkout, namespace: shop}\n"
        "spec:\n  template:\n    spec:\n      containers:\n"
        f"        - {{name: app, image: 'shop:{version}'}}\n"
    )


@dataclass
class Hosted:
    """`clone` is the runner's; its `origin` is bare."""

    api: Api
    folder: Path
    clone: Repo

    def pull(self, number: int, files: Mapping[str, str], **more: Any) -> str:
        """A pull request of a new commit on `main`, and its head."""
        self.clone.checkout("main")
        self.clone.git("checkout", "--quiet", "-B", f"change-{number}")
        head = self.clone.commit(f"change {number}", **files)
        self.clone.git("push", "--quiet", "origin", f"HEAD:refs/pull/{number}/head")
        self.clone.checkout("main")
        self.api.pull(number, head, **more)
        return head

    def merge(self, message: str, **files: str) -> str:
        """A commit on `main`, of somebody else."""
        self.clone.checkout("main")
        self.clone.commit(message, **files)
        self.clone.git("push", "--quiet", "origin", "main")
        self.api.tips["main"] = self.clone.sha("main")
        return self.api.tips["main"]

    def event(self, number: int) -> dict[str, str]:
        """The variables of a run for a pull request."""
        pull = next(each for each in self.api.pulls if each["number"] == number)
        file = self.folder / f"event-{number}.json"
        payload = {"action": "synchronize", "number": number, "pull_request": pull}
        file.write_text(json.dumps(payload))
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(file),
        }

    def gate(self, *arguments: str | Path, **more: str) -> Run:
        """The command in the clone."""
        return gate(*arguments, cwd=self.clone.path, env={**environment(self.api), **more})


@contextmanager
def hosted(folder: Path, like: Hosted | None = None) -> Iterator[Hosted]:
    """With `main`, and nothing else; or as another one is."""
    if like is None:
        made = _new(folder)
    else:
        shutil.copytree(like.folder, folder, dirs_exist_ok=True)
        api = replace(copy.deepcopy(like.api), asked=[])
        made = Hosted(api, folder, Repo(folder / "clone", like.clone.clock))
    with serving(made.api):
        yield made


def _new(folder: Path) -> Hosted:
    origin = Repo.init(folder / f"{REPOSITORY}.git", bare=True)
    clone = Repo.init(folder / "clone")
    clone.commit("start", **{".gate.yaml": CONFIG, "freezes.yaml": FREEZES, APP: app("1.0.0")})
    clone.git("remote", "add", "origin", os.path.relpath(origin.path, clone.path))
    clone.git("push", "--quiet", "origin", "main")
    return Hosted(Api(tips={"main": clone.sha("main")}), folder, clone)
