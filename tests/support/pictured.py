"""What the pictures of the documentation show: the commands, run for real in the example shop."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from gate.cli.demo import NOW
from tests.support.command import gate
from tests.support.tools import ROOT, need

HOOKS = ROOT / ".pre-commit-hooks.yaml"
FILE = "apps/catalog/deployment.yaml"
BRANCHES = ("--base", "main", "--head", "upgrade")
PEOPLE = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.org"), ("DATE", NOW))
}


def environment() -> Mapping[str, str]:
    """Of a terminal with colours, 80 columns wide, at the time of the shop."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {"COLUMNS": "80", "NO_COLOR": "", "GATE_NOW": NOW, "PATH": path, **PEOPLE}


def told(shop: Path, *arguments: str) -> str:
    """What `gate ARGUMENTS` prints to standard output."""
    return gate(*arguments, cwd=shop, env=environment()).out


def git(folder: Path, *arguments: str, env: Mapping[str, str] | None = None, code: int = 0) -> str:
    """What `git ARGUMENTS` prints, wherever to, where it ends with `code`."""
    done = subprocess.run(
        [need("git"), *arguments],
        cwd=folder,
        env={**os.environ, **environment(), **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout
    return done.stdout


def comment(shop: Path, _: Path) -> str:
    return told(shop, "check", *BRANCHES, "-o", "markdown")


def annotations(shop: Path, _: Path) -> str:
    diff = git(shop, "diff", "--no-color", "main...upgrade", "--", FILE)
    return told(shop, "check", *BRANCHES, "-o", "json") + diff


def doctor(shop: Path, _: Path) -> str:
    return told(shop, "doctor", "--only", "setup", "--only", "sources", "--only", "faults",
                "--accept", "GATE_NOW", "--color", "always")  # fmt: skip


def init(shop: Path, empty: Path) -> str:
    """In the shop as it was before it had a gate."""
    git(shop, "worktree", "add", "--detach", str(empty), "main")
    git(empty, "checkout", "--orphan", "before")
    git(empty, "rm", "--quiet", "--force", ".gate.yaml", "freezes.yaml", "slo.json")
    git(empty, "commit", "--quiet", "--message=The shop")
    return told(empty, "init", "--dry-run", "--without", "workflow", "--color", "always")


def pre_commit(shop: Path, work: Path) -> str:
    """A commit that the hook stops. The hook is the real one but for its installation."""
    (hook,) = [each for each in yaml.safe_load(HOOKS.read_text()) if each["id"] == "gate-check"]
    kept = ("id", "name", "entry", "pass_filenames", "always_run", "require_serial")
    local = {**{key: hook[key] for key in kept}, "language": "system"}
    git(shop, "worktree", "add", "-b", "hooked", str(work), "main")
    config = {"repos": [{"repo": "local", "hooks": [local]}]}
    (work / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    home = {"PRE_COMMIT_HOME": str(work / ".git-pre-commit"), "PRE_COMMIT_COLOR": "always"}
    git(work, "add", ".pre-commit-config.yaml")
    git(work, "commit", "--quiet", "--message=A hook")
    hooks = work.with_name("hooks")
    file = work / FILE
    file.write_text(file.read_text().replace("catalog:1.9.0", "catalog:latest"))
    hooks.mkdir()
    script = hooks / "pre-commit"
    script.write_text(f'#!/bin/sh\nexec "{need("pre-commit")}" run\n')
    script.chmod(0o755)
    command = "git commit --all --message 'catalog: the newest image'"
    said = git(work, "-c", f"core.hooksPath={hooks}", *shlex.split(command)[1:], env=home, code=1)
    return f"$ {command}\n{said}"


TERMINALS: Mapping[str, tuple[str, Callable[[Path, Path], str]]] = {
    "doctor": ("gate doctor", doctor),
    "init": ("gate init", init),
    "pre-commit": ("git commit", pre_commit),
}
SURFACES: Mapping[str, Callable[[Path, Path], str]] = {
    "annotations": annotations,
    "checks": comment,
    "comment": comment,
}


def words(text: str) -> list[str]:
    """A text without colours, in words."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text).split()


def main() -> None:
    """`python -m tests.support.pictured` draws them all anew."""
    import tempfile

    from gate.cli.demo import make_shop

    pictures = ROOT / "docs" / "pictures"
    sys.path.insert(0, str(pictures))
    import make  # type: ignore[import-not-found]
    import surfaces  # type: ignore[import-not-found]

    with tempfile.TemporaryDirectory() as temporary:
        shop = Path(temporary) / "shop"
        make_shop(shop)
        for name, (title, run) in TERMINALS.items():
            text = run(shop, Path(temporary) / name)
            (pictures / f"{name}.svg").write_text(make.picture(text, title), encoding="utf-8")
        for name, show in SURFACES.items():
            text = show(shop, Path(temporary) / name)
            (pictures / f"{name}.svg").write_text(surfaces.draw(name, text), encoding="utf-8")


if __name__ == "__main__":
    main()
