"""How the action installs itself: from its own checkout, by hash, and leaving all else as it is."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.version import Version

from tests.acceptance.test_action import EXAMPLES, PAGE, manifest, place, workflow
from tests.support.act import CHECKOUT, Hosted, Hub, act, one_at_a_time, pull_request, push
from tests.support.tools import ROOT, need

__all__ = ["place"]

ACTION = ROOT / "action.yml"
LOCK = ROOT / "action" / "requirements.txt"
SCRIPTS = sorted((ROOT / "action").glob("*.sh"))
PINNED = re.compile(r"(?m)^(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?: ; (?P<marker>.*?))? \\$")
POLICY = """\
rules:
  unpinned-uses:
    config:
      policies:
        change-gate/*: ref-pin
        "*": hash-pin
"""


def locked() -> dict[str, tuple[Version, str | None, int]]:
    """Each package: its version, marker, and how many hashes it has."""
    text = LOCK.read_text()
    parts = re.split(r"(?m)^(?=[a-z0-9])", text)
    found = {}
    for part in filter(None, parts):
        pin = PINNED.match(part)
        assert pin is not None, part[:80]
        hashes = re.findall(r"--hash=sha256:[0-9a-f]{64}\b", part)
        found[pin["name"]] = (Version(pin["version"]), pin["marker"], len(hashes))
    return found


def test_the_lock_holds_what_the_project_needs_and_nothing_from_elsewhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    pins = locked()
    for each in map(Requirement, needed):
        name = each.name.lower().replace("_", "-")
        assert name in pins, f"`make lock`: {name} is missing"
        version, marker, _ = pins[name]
        assert version in each.specifier, f"`make lock`: {name} {version}"
        assert marker is None
    assert all(count > 0 for _, _, count in pins.values())
    assert "://" not in LOCK.read_text()
    for _, marker, _ in pins.values():
        assert marker is None or Marker(marker)


def scripts(
    folder: Path, root: Path = ROOT, script: str = "python", **env: str
) -> tuple[int, str, dict[str, str]]:
    """Runs one of the action's scripts as its step does."""
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / "output"
    output.touch()
    done = subprocess.run(
        [need("bash"), "--noprofile", "--norc", "-eo", "pipefail", root / f"action/{script}.sh"],
        env={
            **os.environ,
            "GITHUB_ACTION_PATH": str(root),
            "GITHUB_OUTPUT": str(output),
            "RUNNER_TEMP": str(folder),
            "HOME": str(folder),
            **env,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    told = dict(line.split("=", 1) for line in output.read_text().splitlines())
    return done.returncode, done.stdout + done.stderr, told


def fake(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A PATH without any Python."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("bash", "env"):
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    return folder


def test_a_python_that_cannot_do_it_is_passed_over(tmp_path: Path, tools: Path) -> None:
    fake(tools / "python3.14", "echo 'pyenv: python3.14: command not found' >&2; exit 127")
    fake(tools / "python3.13", "exit 1  # it has no ensurepip")
    fake(tools / "python3", "echo 3.9; exit 1")
    fake(tmp_path / "checkout" / "bin" / "python3.12", f"touch {tmp_path}/run-of-the-checkout")
    kept = tmp_path / "tool cache" / "Python" / "3.11.9" / "x64" / "bin" / "python3"
    fake(kept, f'exec "{Path(sys.executable).resolve()}" "$@"')
    env = {
        "PATH": f"{tmp_path / 'checkout' / 'bin'}:{tools}",
        "GITHUB_WORKSPACE": str(tmp_path / "checkout"),
        "RUNNER_TOOL_CACHE": str(tmp_path / "tool cache"),
    }
    code, said, told = scripts(tmp_path / "a run", **env)
    assert code == 0, said
    assert told["python"] == str(kept)
    assert not (tmp_path / "run-of-the-checkout").exists()
    assert told["installed"] == "false"
    assert told["folder"].startswith(str(tmp_path / "a run" / "change-gate"))


def test_without_a_python_it_says_what_to_add(tmp_path: Path, tools: Path) -> None:
    env = {"PATH": str(tools), "RUNNER_TOOL_CACHE": str(tmp_path / "none")}
    code, said, told = scripts(tmp_path / "run", **env)
    assert code == 4
    assert "actions/setup-python" in said
    assert said.startswith("::error ")
    assert told == {}


def test_another_source_or_lock_is_another_folder(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "action", copy / "action")
    shutil.copy(ROOT / "pyproject.toml", copy)
    (copy / "gate").mkdir()
    runs = [scripts(tmp_path / "1", copy)[2]]
    (copy / "gate" / "a.py").write_text("")
    runs.append(scripts(tmp_path / "1", copy)[2])
    with (copy / "action" / "requirements.txt").open("a") as file:
        file.write("\n")
    runs.append(scripts(tmp_path / "1", copy)[2])
    assert len({each["folder"] for each in runs}) == 3
    assert [runs[0]["key"] == each["key"] for each in runs] == [True, True, False]


def _poison(folder: Path, name: str) -> None:
    """A package that pip would install, and somebody added to."""
    with zipfile.ZipFile(next(folder.glob(f"{name}-*.whl")), "a") as wheel:
        wheel.writestr(f"{name}/added.py", "")


SEEN = "env | sort | grep -vE '^(GITHUB_|RUNNER_|INPUT_|_=|SHLVL|ACT)'; command -v python3"
PURE = f"""\
      - run: ({SEEN}) >"$RUNNER_TEMP/before"
"""
STILL = f"""\
      - if: always()
        run: |
          ({SEEN}) >"$RUNNER_TEMP/after"
          echo "same=<$(cmp "$RUNNER_TEMP/before" "$RUNNER_TEMP/after" && echo yes)>"
          echo "verdict=<${{{{ steps.gate.outputs.verdict }}}}>"
"""


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    made = Hub.make(tmp_path / "hub")
    made.commit("first", {"a.yaml": manifest("1.0.0")})
    # Modules of the checkout are nobody's: not pip's, not gate's.
    hostile = "raise SystemExit('the checkout was run')\n"
    made.commit("second", {f"{name}.py": hostile for name in ("gate", "yaml", "pip", "venv", "re")})
    return made


def downloads(place: Hosted, hub: Hub, folder: Path) -> Path:
    """What a run that no pull request started keeps for the next: made once for all processes."""
    with one_at_a_time(place.folder / "keeping"):
        if not place.cache.is_dir():
            happening = push(hub.work.sha("main~1"), hub.work.sha("main"))
            acted = act(place, hub, workflow("post: false"), happening, folder, fresh=True)
            assert place.cache.is_dir(), str(acted)
    return place.cache


def test_it_installs_from_what_was_kept_and_leaves_the_job_as_it_was(
    place: Hosted, hub: Hub, tmp_path: Path
) -> None:
    """With no index to ask: the first run kept all that is needed."""
    happening = push(hub.work.sha("main~1"), hub.work.sha("main"))
    cache = downloads(place, hub, tmp_path / "first")
    text = workflow("post: false", before=PURE, after=STILL)
    dead = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_FIND_LINKS": "", "PIP_RETRIES": "0"}
    acted = act(place, hub, text, happening, tmp_path / "run", fresh=True, env=dead)
    assert acted.told("verdict") == "pass", str(acted)
    assert acted.told("same") == "yes"

    kept = tmp_path / "poisoned"
    shutil.copytree(cache, kept)
    (folder,) = kept.iterdir()
    _poison(folder, "click")
    evil = {**dead, "ACT_CACHE": str(kept)}
    refused = act(place, hub, text, happening, tmp_path / "evil", fresh=True, env=evil)
    assert refused.told("verdict") == "error", str(refused)
    assert "exit status 4" in refused.text


def test_one_job_alone_has_the_name_that_is_required() -> None:
    """A check belongs to a commit: what is deployed, or dispatched on a branch, may be the head of
    a pull request."""
    names = {
        file.name: [
            job.get("name", key) for key, job in yaml.safe_load(file.read_text())["jobs"].items()
        ]
        for file in EXAMPLES.iterdir()
    }
    assert len(names) == 4
    assert [file for file, jobs in names.items() if "change-gate" in jobs] == ["change-gate.yml"]


def test_what_a_pull_request_may_have_written_is_not_unpacked(
    place: Hosted, hub: Hub, tmp_path: Path
) -> None:
    """tar puts a cache's files wherever it says, before any hash is looked at; and a pull request's
    cache is written by whatever workflow an earlier commit of it had."""
    head = hub.work.sha("main")
    happening = pull_request(hub, head, "change")
    cache = tmp_path / "cache"
    dead = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_FIND_LINKS": "", "PIP_RETRIES": "0"}
    shutil.copytree(downloads(place, hub, tmp_path / "first"), cache)
    acted = act(
        place, hub, workflow("post: false"), happening, tmp_path / "run", fresh=True,
        env={**dead, "ACT_CACHE": str(cache)},
    )  # fmt: skip
    assert "exit status 4" in acted.text, "it was installed from the cache"


def test_a_file_with_another_hash_is_downloaded_anew(place: Hosted, tmp_path: Path) -> None:
    """With a lock of one small package."""
    root, wheels, folder = tmp_path / "root", tmp_path / "wheels", tmp_path / "folder"
    (root / "action").mkdir(parents=True)
    shutil.copy(ROOT / "action" / "install.sh", root / "action")
    parts = re.split(r"(?m)^(?=[a-z0-9])", LOCK.read_text())
    (small,) = (each for each in parts if each.startswith("six=="))
    (root / "action" / "requirements.txt").write_text(small)
    wheels.mkdir()
    bad = wheels / f"{small.split(' ')[0].replace('==', '-')}-py2.py3-none-any.whl"
    bad.write_bytes(b"PK\x05\x06" + b"\0" * 18)
    env = {
        "CHANGE_GATE_PYTHON": need("python3"),
        "CHANGE_GATE_FOLDER": str(folder),
        "CHANGE_GATE_WHEELS": str(wheels),
    }
    code, said, _ = scripts(tmp_path / "run", root, "install", **env)
    assert code == 4, "there is no change-gate in this folder"
    assert hashlib.sha256(bad.read_bytes()).hexdigest() in small, said
    assert list(folder.glob("environment/lib/*/site-packages/six.py"))


@pytest.mark.parametrize(
    ("command", "output", "given"),
    [
        (
            "check",
            "sarif=*\n junit=$(id)",
            "check -o text -o github --post actions -o sarif=* -o junit=$(id) --post github",
        ),
        ("recheck", "", "recheck"),
    ],
)
def test_the_command_is_called_in_isolation_and_speaks_in_one_stream(
    tmp_path: Path, command: str, output: str, given: str
) -> None:
    """The runner reads two streams in no order, and a command in the wrong place is believed."""
    fake(
        tmp_path / "environment" / "bin" / "python",
        'echo "$@"; echo ::error::hostile >&2; echo end; exit 3',
    )
    env = {
        "CHANGE_GATE_COMMAND": command,
        "CHANGE_GATE_FOLDER": str(tmp_path),
        "CHANGE_GATE_OUTPUT": output,
        "CHANGE_GATE_POST": "true",
        "CHANGE_GATE_WORKING_DIRECTORY": str(tmp_path),
        "CHANGE_GATE_OUTER_OFFLINE": "",
        "GATE_OFFLINE": "false",
    }
    done = subprocess.run(
        [need("bash"), ROOT / "action" / "judge.sh"],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (3, "")
    assert lines == [f"-I -m gate {given}", "::error::hostile", "end"]


def test_nothing_of_an_input_is_put_into_a_script() -> None:
    action = yaml.safe_load(ACTION.read_text())
    steps = action["runs"]["steps"]
    assert not [step for step in steps if "${{" in step.get("run", "")]
    assert all("${{" not in each.read_text() for each in SCRIPTS)
    names = {name for step in steps for name in step.get("env", {}) if name.startswith("GATE_")}
    mapped = {name.removeprefix("GATE_").lower().replace("_", "-") for name in names}
    apart = {"output", "command", "post", "token", "working-directory"}
    assert mapped | apart == set(action["inputs"])
    defaults = {name for name, each in action["inputs"].items() if "default" in each}
    assert defaults == {"command", "post", "offline", "token", "working-directory"}
    for name in (*action["inputs"], *action["outputs"]):
        assert f"`{name}`" in PAGE, name
    uses = [step["uses"] for step in steps if "uses" in step]
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", each) for each in uses)


def test_the_checkout_is_the_one_that_the_examples_name() -> None:
    for file in EXAMPLES.glob("*.yml"):
        assert CHECKOUT in file.read_text(), file


def _workflows(folder: Path) -> list[Path]:
    """The examples, and what the page shows, as files of a repository."""
    target = folder / ".github" / "workflows"
    target.mkdir(parents=True)
    for file in EXAMPLES.glob("*.yml"):
        shutil.copy(file, target)
    shown = re.findall(r"```yaml\n(on:.*?)```", PAGE, re.DOTALL)
    assert len(shown) == 2
    for number, text in enumerate(shown):
        (target / f"page-{number}.yml").write_text(text)
    return sorted(target.iterdir())


def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    files = _workflows(tmp_path)
    done = subprocess.run(
        [need("actionlint"), "-no-color", *files], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_zizmor_finds_nothing(tmp_path: Path) -> None:
    """The examples and the action as its strictest reader has them; the page's as all have."""
    files = _workflows(tmp_path)
    config = tmp_path / "zizmor.yml"
    config.write_text(POLICY)
    page = [file for file in files if file.name.startswith("page-")]
    strict = [ACTION, *(file for file in files if file not in page)]
    for persona, asked in (("pedantic", strict), ("regular", page)):
        done = subprocess.run(
            [
                *(need("zizmor"), "--offline", "--no-progress", "--persona", persona),
                *("--config", str(config), *map(str, asked)),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
