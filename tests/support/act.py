"""Runs GitHub workflows that use the action, by the real `act` on this machine.

The action is taken from this checkout. `actions/checkout` and `actions/cache` are small stand-ins
that do with Git and files what the real ones do by default: a shallow clone of one commit, and a
folder that is kept under a key. Nothing is fetched but the action's own packages.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.git import Repo
from tests.support.tools import ROOT, need

REPOSITORY = "shop/apps"
ACTION = "change-gate/change-gate@v0"
CHECKOUT = "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd"
CACHE = "actions/cache@27d5ce7f107fe9357f9df03efb73ab90386fccae"

_EXPORTED = (
    *("action", "action.yml", "examples", "gate", "policies"),
    *("pyproject.toml", "LICENSE", "README.md", "CHANGELOG.md"),
)

_CHECKOUT = """\
name: checkout
description: One commit of the repository, without history, as the real one does it by default.
inputs:
  ref: {description: what, required: false}
  fetch-depth: {description: how deep, required: false, default: "1"}
  path: {description: where, required: false, default: .}
  persist-credentials: {description: "", required: false, default: "true"}
runs:
  using: composite
  steps:
    - shell: bash
      env:
        REF: ${{ inputs.ref || github.ref }}
        DEPTH: ${{ inputs.fetch-depth }}
        FOLDER: ${{ inputs.path }}
      run: bash "$GITHUB_ACTION_PATH/checkout.sh"
"""

_CHECKOUT_SCRIPT = """\
set -euo pipefail
# A job that needs the action finds it installed, where an earlier one left it.
if [ -n "$ACT_KEPT" ]; then ln -s "$ACT_KEPT" "$RUNNER_TEMP/change-gate"; fi
git init --quiet --initial-branch=main "$FOLDER"
cd "$FOLDER"
git remote add origin "$ACT_ORIGIN"
sha=$ACT_SHA
case $REF in
  refs/pull/*) kept="refs/remotes/pull/${REF#refs/pull/}" ;;
  refs/heads/*) kept="refs/remotes/origin/${REF#refs/heads/}" ;;
  refs/tags/*) kept=$REF ;;
  *) sha=$REF kept=refs/remotes/asked ;;
esac
if [ "$DEPTH" = 0 ]; then
  git fetch --quiet --no-tags --prune origin "+refs/heads/*:refs/remotes/origin/*"
  git fetch --quiet --no-tags origin "+$sha:$kept"
else
  git fetch --quiet --no-tags --prune --depth="$DEPTH" origin "+$sha:$kept"
fi
case $REF in
  refs/heads/*) git checkout --quiet --force -B "${REF#refs/heads/}" "$kept" ;;
  *) git checkout --quiet --force --detach "$kept" ;;
esac
"""

_RESTORE = """\
name: restore
description: What was kept under a key.
inputs:
  path: {description: where, required: true}
  key: {description: the name, required: true}
outputs:
  cache-hit: {description: whether, value: "${{ steps.restore.outputs.hit }}"}
runs:
  using: composite
  steps:
    - id: restore
      shell: bash
      env: {FOLDER: "${{ inputs.path }}", KEY: "${{ inputs.key }}"}
      run: |
        if [ -d "$ACT_CACHE/$KEY" ]; then
          mkdir -p "$FOLDER" && cp -R "$ACT_CACHE/$KEY/." "$FOLDER"
          echo hit=true >>"$GITHUB_OUTPUT"
        fi
"""

_SAVE = """\
name: save
description: Keeps a folder under a key.
inputs:
  path: {description: where, required: true}
  key: {description: the name, required: true}
runs:
  using: composite
  steps:
    - shell: bash
      env: {FOLDER: "${{ inputs.path }}", KEY: "${{ inputs.key }}"}
      run: mkdir -p "$ACT_CACHE" && cp -R "$FOLDER" "$ACT_CACHE/$KEY"
"""


@dataclass(frozen=True)
class Hosted:
    """What `uses` names, as folders; what runs share; and where act keeps its own."""

    folder: Path

    @property
    def action(self) -> Path:
        return self.folder / "action"

    @property
    def kept(self) -> Path:
        return self.folder / "kept"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"


def hosted(folder: Path) -> Hosted:
    """Makes the folders once, also where several processes ask for them, and exports the action
    as a release would hold it: what Git tracks or would track."""
    made = Hosted(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(folder / "lock"):
        if not (folder / "complete").exists():
            export(made.action)
            _put(folder / "checkout" / "action.yml", _CHECKOUT)
            _put(folder / "checkout" / "checkout.sh", _CHECKOUT_SCRIPT)
            _put(folder / "caches" / "restore" / "action.yml", _RESTORE)
            _put(folder / "caches" / "save" / "action.yml", _SAVE)
            made.kept.mkdir()
            (folder / "complete").touch()
    return made


def export(target: Path) -> None:
    """The action's own files, as a checkout of a release holds them."""
    listed = subprocess.run(
        [need("git"), "ls-files", "-co", "--exclude-standard", "-z", "--", *_EXPORTED],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@dataclass
class Hub:
    """A repository on a hub: a bare origin, and somebody's clone of it."""

    origin: Repo
    work: Repo

    @classmethod
    def make(cls, folder: Path) -> Hub:
        origin = Repo.init(folder / f"{REPOSITORY}.git", bare=True)
        # A hub gives what is asked for by its id, and parts of a repository.
        origin.git("config", "uploadpack.allowAnySHA1InWant", "true")
        origin.git("config", "uploadpack.allowFilter", "true")
        work = Repo.init(folder / "work")
        work.git("remote", "add", "origin", f"file://{origin.path}")
        return cls(origin, work)

    def commit(self, message: str, files: Mapping[str, str | bytes | None]) -> str:
        """Commits to the branch that is checked out; None removes. Pushes it."""
        for path, content in files.items():
            if content is None:
                self.work.remove(path)
            else:
                self.work.write(path, content)
        sha = self.work.commit(message)
        self.push("HEAD")
        return sha

    def push(self, what: str, to: str | None = None) -> None:
        """Pushes a ref, or HEAD's branch."""
        named = f"{what}:{to}" if to else what
        self.work.git("push", "--quiet", "--force", "origin", named)

    def merged(self, head: str, to: str = "main") -> str:
        """What a merge of a commit would be: a commit that no branch holds."""
        tree = self.work.git("merge-tree", "--write-tree", to, head).splitlines()[0]
        return self.work.git("commit-tree", tree, "-p", to, "-p", head, "-m", "merge")


@dataclass(frozen=True)
class Happening:
    """An event: its name and payload, and what the runner is told beside it."""

    name: str
    payload: Mapping[str, Any]
    sha: str
    ref: str
    env: Mapping[str, str] = field(default_factory=dict)


def _repository() -> dict[str, Any]:
    owner, _, name = REPOSITORY.partition("/")
    return {
        "full_name": REPOSITORY,
        "name": name,
        "owner": {"login": owner},
        "default_branch": "main",
        "fork": False,
    }


def pull_request(hub: Hub, head: str, branch: str, *, fork: bool = False, base: str | None = None,
                 number: int = 7, labels: Sequence[str] = ()) -> Happening:  # fmt: skip
    """A pull request into `main`, with the refs that GitHub makes for it. `base` is what GitHub
    wrote into the event when it was opened."""
    merge = hub.merged(head)
    hub.push(head, f"refs/pull/{number}/head")
    hub.push(merge, f"refs/pull/{number}/merge")
    theirs = {**_repository(), **({"full_name": "somebody/apps", "fork": True} if fork else {})}
    pull = {
        "number": number,
        "user": {"login": "ada"},
        "title": "A change",
        "body": None,
        "labels": [{"name": label} for label in labels],
        "commits": 1,
        "merge_commit_sha": merge,
        "base": {"ref": "main", "sha": base or hub.work.sha("main"), "repo": _repository()},
        "head": {"ref": branch, "sha": head, "repo": theirs},
    }
    payload = {"action": "synchronize", "number": number, "pull_request": pull}
    return Happening(
        "pull_request",
        {**payload, "repository": _repository()},
        merge,
        f"refs/pull/{number}/merge",
        {"GITHUB_BASE_REF": "main", "GITHUB_HEAD_REF": branch},
    )


def merge_group(hub: Hub, head: str, base: str) -> Happening:
    """A merge queue's group: `head` is what the branch would be, on top of what is queued."""
    ref = f"refs/heads/gh-readonly-queue/main/pr-7-{base}"
    hub.push(head, ref)
    group = {"head_sha": head, "head_ref": ref, "base_sha": base, "base_ref": "refs/heads/main"}
    payload = {"action": "checks_requested", "merge_group": group, "repository": _repository()}
    return Happening("merge_group", payload, head, ref)


def push(before: str, after: str, ref: str = "refs/heads/main") -> Happening:
    payload = {"ref": ref, "before": before, "after": after, "repository": _repository()}
    return Happening("push", payload, after, ref)


def deployment(sha: str, environment: str = "production", number: int = 42) -> Happening:
    told = {"id": number, "sha": sha, "ref": "main", "environment": environment, "task": "deploy"}
    payload = {"deployment": told, "repository": _repository(), "action": "created"}
    return Happening("deployment", payload, sha, "refs/heads/main")


def workflow_dispatch(sha: str, inputs: Mapping[str, str]) -> Happening:
    payload = {"inputs": dict(inputs), "ref": "refs/heads/main", "repository": _repository()}
    return Happening("workflow_dispatch", {**payload, "workflow": "w.yml"}, sha, "refs/heads/main")


@dataclass(frozen=True)
class Acted:
    """What came of a run: act's exit code, and each line of its log."""

    code: int
    log: Sequence[Mapping[str, Any]]
    err: str

    @property
    def text(self) -> str:
        """What the steps printed."""
        return "\n".join(str(each.get("msg", "")).rstrip("\n") for each in self.log)

    def told(self, name: str) -> str:
        """What a step printed as `name=<...>`."""
        found = re.findall(rf"^{re.escape(name)}=<(.*)>$", self.text, re.MULTILINE)
        assert len(found) == 1, f"{name}: {found}\n{self}"
        return str(found[0])

    def commands(self, kind: str) -> list[str]:
        """The runner's commands of a kind (`error`, `warning`) that it understood."""
        return [str(each["arg"]) for each in self.log if each.get("command") == kind]

    def __str__(self) -> str:
        return f"exit {self.code}\n{self.text}\n{self.err}"


def act(place: Hosted, hub: Hub, workflow: str, happening: Happening, folder: Path, *,
        secrets: Mapping[str, str] | None = None, env: Mapping[str, str] | None = None,
        fresh: bool = False, job: str | None = None) -> Acted:  # fmt: skip
    """Runs a workflow for an event. `fresh`: nothing is installed yet; else an earlier run's
    installation is found."""
    folder.mkdir(parents=True, exist_ok=True)
    _put(folder / "workflow.yml", workflow)
    (folder / "event.json").write_text(json.dumps(happening.payload))
    runner, home = Repo.init(folder / "runner"), folder / "home"
    home.mkdir()
    told = {
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_REPOSITORY_OWNER": REPOSITORY.partition("/")[0],
        "GITHUB_REF": happening.ref,
        "SHA_REF": happening.sha,  # act takes GITHUB_SHA by this name
        "GITHUB_API_URL": "http://127.0.0.1:9",
        "ACT_ORIGIN": f"file://{hub.origin.path}",
        "ACT_SHA": happening.sha,
        "ACT_CACHE": str(place.cache),
        "ACT_KEPT": "" if fresh else str(place.kept),
        **happening.env,
        **(env or {}),
    }
    command = [
        *(need("act"), happening.name, "--json", "-P", "ubuntu-latest=-self-hosted"),
        *("--no-skip-checkout", "--no-cache-server", "--use-new-action-cache"),
        *("--action-cache-path", str(folder / "act"), "--rm", "--pull=false"),
        *("-C", str(runner.path), "-W", str(folder / "workflow.yml")),
        *("-e", str(folder / "event.json"), "-a", "ada"),
        *("--local-repository", f"{ACTION}={place.action}"),
        *("--local-repository", f"{CHECKOUT}={place.folder / 'checkout'}"),
        *("--local-repository", f"{CACHE}={place.folder / 'caches'}"),
        *(part for name, value in told.items() for part in ("--env", f"{name}={value}")),
        *(part for name in secrets or {} for part in ("-s", name)),
        *(("-j", job) if job else ()),
    ]
    # One installs for all; who finds it installed waits for nobody.
    alone = not fresh and not any(place.kept.glob("*/installed"))
    with one_at_a_time(place.folder / "using") if alone else nullcontext():
        done = subprocess.run(
            command,
            cwd=runner.path,
            env={**os.environ, **(secrets or {}), "HOME": str(home), "XDG_CONFIG_HOME": str(home)},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=300,
        )
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return Acted(done.returncode, lines, done.stderr)
