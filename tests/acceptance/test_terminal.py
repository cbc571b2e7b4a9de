"""Terminals, pipes, full disks, closed streams, signals: the command in its surroundings."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from pathlib import Path

import jsonschema
import pytest

from gate import schemas
from tests.support.command import GATE, gate
from tests.support.git import Repo
from tests.support.tools import ROOT

NEUTRAL = ("COLUMNS", "NO_COLOR", "FORCE_COLOR")
CODES = re.compile(r"\x1b\[[0-9;]*m")
NOW = "2026-11-22T10:00:00Z"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "shop"
    made = gate("demo", "--keep", folder, cwd=folder.parent)
    assert made.code == 0, str(made)
    return folder


def on_terminal(
    command: str, cwd: Path, env: Mapping[str, str] | None = None, columns: int = 100
) -> tuple[int, str]:
    """The exit code of a shell command, and what a terminal of this width is told. No status line
    is: that one depends on how busy the machine is."""
    told = {key: value for key, value in os.environ.items() if key not in NEUTRAL}
    told |= {
        "CI": "1",
        "TERM": "xterm-256color",
        "PATH": f"{GATE.parent}:{told['PATH']}",
        **(env or {}),
    }
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    shell = subprocess.Popen(
        ["sh", "-c", command], cwd=cwd, env=told, stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    return shell.wait(), shown.decode().replace("\r\n", "\n")


def widest(text: str) -> int:
    return max(len(line) for line in CODES.sub("", text).split("\n"))


@pytest.mark.parametrize(
    ("env", "coloured"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True),
        ({"NO_COLOR": "1", "GATE_COLOR": "always"}, True),
    ],
)
def test_a_terminal_has_colours_as_people_expect(
    shop: Path, env: dict[str, str], coloured: bool
) -> None:
    code, shown = on_terminal("gate check --base main", shop, env)
    assert code == 1
    assert bool(CODES.search(shown)) is coloured


@pytest.mark.parametrize(("columns", "most"), [(60, 60), (100, 100), (250, 100)])
def test_text_fits_the_terminal_and_prose_stays_readable(
    shop: Path, columns: int, most: int
) -> None:
    _, shown = on_terminal("gate check --base main", shop, columns=columns)
    assert most - 15 < widest(shown) <= most


def test_columns_are_stronger_than_the_terminal(shop: Path) -> None:
    _, shown = on_terminal("gate check --base main", shop, {"COLUMNS": "60"}, columns=120)
    assert widest(shown) <= 60


def test_a_table_is_cut_on_a_terminal_and_whole_in_a_pipe(shop: Path) -> None:
    _, shown = on_terminal("gate policy list", shop, columns=70)
    assert widest(shown) <= 70
    assert "..." in shown
    assert "..." not in gate("policy", "list", cwd=shop).out


@pytest.mark.parametrize(
    "command",
    ["gate check --base main | cat", "gate check --base main -o json -o text 2>&1 | cat",
     "gate explain workload.image_pinned | cat", "gate policy list | cat",
     "gate check --base main -o text=report.txt > /dev/null; cat report.txt; rm report.txt"],
)  # fmt: skip
def test_no_colour_code_goes_into_a_pipe_or_a_file(shop: Path, command: str) -> None:
    _, shown = on_terminal(command, shop)
    assert shown
    assert "\x1b" not in shown


def test_forced_colours_go_into_a_pipe(shop: Path) -> None:
    assert "\x1b[" in gate("check", "--base", "main", cwd=shop, env={"FORCE_COLOR": "1"}).out
    assert "\x1b[" in gate("check", "--base", "main", "--color", "always", cwd=shop).out


def test_quiet_and_verbose(shop: Path) -> None:
    quiet, plain, verbose = (
        gate("check", "--base", "main", *extra, cwd=shop).out for extra in (["-q"], [], ["-v"])
    )
    assert quiet.startswith("DENY  4 findings block")
    assert "existing:" not in quiet
    assert "existing:" in plain
    assert "judged with:" not in plain
    assert "judged with:" in verbose
    assert "passed:" in verbose


def test_a_wrong_call_shows_a_traceback_only_with_vv(shop: Path) -> None:
    for extra, shown in (([], False), (["-v"], False), (["-vv"], True)):
        run = gate("check", "--base", "nowhere", *extra, cwd=shop)
        assert run.code == 2
        assert ("Traceback" in run.err) is shown


def test_every_option_is_also_a_variable(shop: Path) -> None:
    """Each is given a value that shows that it was read."""
    told = {
        "BASE": ("nowhere", "nowhere"),
        "HEAD": ("nowhere", "nowhere"),
        "STAGED": ("1", "staged changes"),
        "PUSHED": ("1", "HEAD against main"),
        "POST": ("nobody", "`nobody`"),
        "TREE": ("apps", "everything in apps"),
        "BASE_TREE": ("apps", "--tree"),
        "REPO": ("nowhere", "'--repo'"),
        "EVENT": ("nowhere", "'--event'"),
        "CONFIG": ("nowhere", "nowhere"),
        "POLICY": ("nowhere", "nowhere"),
        "CONFTEST": ("nowhere", "nowhere"),
        "NAMESPACE": ("main", "--conftest"),
        "ALL_NAMESPACES": ("1", "--conftest"),
        "DATA": ("data", "--conftest"),
        "COMBINE": ("1", "--conftest"),
        "TRUST": ("nobody", "'--trust'"),
        "ENVIRONMENT": ("nowhere", "nowhere"),
        "SERVICE": ("nothing", "nothing"),
        "OFFLINE": ("1", "offline: nothing was asked"),
        "NOW": ("tomorrow", "tomorrow"),
        "INPUT": ("nowhere", "nowhere"),
        "ENGINE": ("none", "`none`"),
        "FAIL_ON": ("never", "exit code 0"),
        "INCLUDE_EXISTING": ("1", "5 findings block"),
        "OUTPUT": ("json", '"schema"'),
        "COLOR": ("always", "\x1b["),
        "QUIET": ("1", "DENY"),
        "VERBOSE": ("1", "judged with:"),
    }
    listed = gate("check", "--help", cwd=shop).out
    names = {name.upper().replace("-", "_") for name in re.findall(r"--([a-z-]+)", listed)}
    assert names - {"HELP"} == set(told)
    for name, (value, shown) in told.items():
        run = gate("check", cwd=shop, env={f"GATE_{name}": value})
        assert shown in run.out + run.err, f"{name}: {run}"


def test_no_command_shows_help_and_is_a_wrong_call(shop: Path) -> None:
    for arguments in ([], ["policy"]):
        run = gate(*arguments, cwd=shop)
        assert run.code == 2
        assert run.err.startswith("Usage: gate")
        assert "\nCommands:\n" in run.err


def test_a_misspelt_area_of_rules_is_no_empty_list(shop: Path) -> None:
    run = gate("policy", "list", "--area", "worklod", cwd=shop)
    assert run.code == 2
    assert "Did you mean `workload`?" in run.err


@pytest.mark.parametrize("name", schemas.NAMES)
def test_a_published_schema_is_one(shop: Path, name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(gate("schema", name, cwd=shop).json)


def test_a_saved_input_comes_through_a_pipe(shop: Path) -> None:
    piped = "gate context --base main | gate check --input - -o json"
    env = os.environ | {"PATH": f"{GATE.parent}:{os.environ['PATH']}", "GATE_NOW": NOW}
    done = subprocess.run(piped, shell=True, cwd=shop, env=env, capture_output=True, check=False)
    direct = gate("check", "--base", "main", "-o", "json", cwd=shop, env={"GATE_NOW": NOW})
    assert json.loads(done.stdout) == direct.json
    assert done.returncode == direct.code == 1
    empty = gate("check", "--input", "-", cwd=shop)
    assert empty.code == 2
    assert empty.err.startswith("gate: standard input: ")


def in_shell(command: str, cwd: Path, env: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    done = subprocess.run(
        ["sh", "-c", command], cwd=cwd, capture_output=True, check=False,
        env={**os.environ, "PATH": f"{GATE.parent}:{os.environ['PATH']}", **(env or {})},
    )  # fmt: skip
    return (
        done.returncode,
        done.stdout.decode(errors="replace"),
        done.stderr.decode(errors="replace"),
    )


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_changes_no_verdict(shop: Path, closed: str) -> None:
    code, out, err = in_shell(f"gate check --base main {closed}", shop)
    assert (code, err) == (1, "")
    assert ("DENY" in out) is (">&-" not in closed.replace("2>&-", ""))


def test_a_reader_that_goes_changes_no_verdict_and_keeps_no_file_from_being_written(
    shop: Path, tmp_path: Path
) -> None:
    file = tmp_path / "verdict.json"
    reader, writer = os.pipe()
    os.close(reader)
    run = subprocess.run(
        [GATE, "check", "--base", "main", "-o", "text", "-o", f"json={file}"],
        cwd=shop, stdout=writer, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    os.close(writer)
    assert (run.returncode, run.stderr) == (1, b"")
    assert json.loads(file.read_text())["verdict"] == "deny"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "command",
    ["check --base main", "check --base main -o json", "context --base main", "--help"],
)  # fmt: skip
def test_a_full_disk_is_no_verdict_and_no_fault_of_gate(shop: Path, command: str) -> None:
    code, _, err = in_shell(f"gate {command} > /dev/full", shop)
    assert code == 4
    assert err == (
        "gate: Standard output cannot be written: No space left on device.\n"
        "  Make room there, or write elsewhere.\n"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_keeps_no_other_output_from_being_written(shop: Path, tmp_path: Path) -> None:
    file = tmp_path / "verdict.json"
    told = f"-o json=/dev/full -o json={file} -o text"
    code, out, err = in_shell(f"gate check --base main {told}", shop)
    assert code == 2
    assert "/dev/full cannot be written: No space left on device." in err
    assert "DENY" in out
    assert json.loads(file.read_text())["verdict"] == "deny"


def test_an_error_takes_the_place_of_an_earlier_verdict(shop: Path, tmp_path: Path) -> None:
    file = tmp_path / "verdict.json"
    assert gate("check", "--staged", "-o", f"json={file}", cwd=shop).code == 0
    assert json.loads(file.read_text())["verdict"] == "pass"
    assert gate("check", "--base", "nowhere", "-o", f"json={file}", cwd=shop).code == 2
    told = json.loads(file.read_text())
    jsonschema.validate(told, schemas.load("verdict"))
    assert (told["verdict"], told["exit_code"]) == ("error", 2)


@pytest.mark.parametrize(
    "env",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONUNBUFFERED": "1"},
    ],
)
def test_no_locale_breaks_what_is_told(tmp_path: Path, env: dict[str, str]) -> None:
    (tmp_path / "größe 日本").mkdir()
    (tmp_path / "größe 日本" / "pod.yaml").write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
        f"spec: {{containers: [{{name: a, image: 'x/{'long' * 500}:latest'}}]}}\n"
    )
    code, out, err = in_shell("gate check . -o text -o json=v.json", tmp_path, env)
    assert (code, err) == (1, "")
    assert "long" * 500 in out
    verdict = json.loads((tmp_path / "v.json").read_bytes())
    assert verdict["findings"][0]["location"]["path"] == "größe 日本/pod.yaml"
    assert f"{verdict['findings'][0]['location']['path']}:4" in out or "\\u65e5" in out


SLOW = """\
# METADATA
# title: T
# description: d
# scope: package
# custom:
#   remediation: r
package gate.team.slow

deny contains "x" if {
\tsome a in numbers.range(1, 5000)
\tsome b in numbers.range(1, 5000)
\ta * b == -1
}
"""


@pytest.mark.parametrize(
    ("number", "code", "said"), [(signal.SIGINT, 130, "Interrupted."), (signal.SIGTERM, 143, "")]
)
def test_an_interrupted_run_says_so_and_leaves_no_process(
    tmp_path: Path, number: signal.Signals, code: int, said: str
) -> None:
    (tmp_path / "policies" / "team").mkdir(parents=True)
    (tmp_path / "policies" / "team" / "slow.rego").write_text(SLOW)
    (tmp_path / ".gate.yaml").write_text("version: 1\npolicies: [policies]\n")
    run = subprocess.Popen(
        [GATE, "check", "."], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    child = _child_of(run.pid)
    time.sleep(0.5)
    run.send_signal(number)
    out, err = run.communicate(timeout=60)
    assert (run.returncode, out, err.decode().strip()) == (code, b"", said)
    assert not Path(f"/proc/{child}").exists()


def _child_of(pid: int) -> int:
    """The process that judges; parsing is over when it is the second that was seen."""
    seen: list[int] = []
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            if int(each) not in seen:
                seen.append(int(each))
        if len(seen) == 2:
            return seen[-1]
        time.sleep(0.01)
    raise AssertionError("no process judged")


def test_a_fault_of_gate_is_said_to_be_one_with_exit_code_4(tmp_path: Path, shop: Path) -> None:
    """An installation with a damaged file."""
    shutil.copytree(ROOT / "gate", tmp_path / "gate")
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    (tmp_path / "policies" / "workload" / "image_pinned.rego").write_bytes(b"\xff\xfe\x00")

    def damaged(*extra: str) -> tuple[int, str, str]:
        command = f"{sys.executable} -m gate check --base main {' '.join(extra)}"
        return in_shell(command, shop, {"PYTHONPATH": str(tmp_path)})

    code, out, err = damaged()
    assert (code, out) == (4, "")
    assert err.startswith("gate: gate failed: UnicodeDecodeError:")
    assert "Please report it with what `-vv` adds." in err
    assert "Traceback" not in err
    assert "Traceback" in damaged("-vv")[2]
    code, out, _ = damaged("-o", "json")
    verdict = json.loads(out)
    jsonschema.validate(verdict, schemas.load("verdict"))
    assert (verdict["exit_code"], verdict["error"]["kind"]) == (code, "internal") == (4, "internal")
    shutil.rmtree(tmp_path / "policies")
    code, _, err = damaged()
    assert code == 4
    assert "The installation lacks its built-in policies." in err
    assert "report" in err


def test_an_installation_without_its_dependencies_is_no_denial(shop: Path) -> None:
    program = (
        "import sys; sys.modules['click'] = None\n"
        "import runpy; runpy.run_module('gate', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=shop, capture_output=True, text=True, check=False
    )
    assert done.returncode == 4
    assert done.stderr.startswith("gate: The installation is not whole:")


@pytest.mark.parametrize(
    "body",
    [
        "deny contains x if {\n",
        "deny contains nothing\n",
        'deny contains "x" if foo.bar(1)\n',
        'f(x) := f(x)\n\ndeny contains "x" if f(1)\n',
        'deny contains "x" if { print("noise", input); trace("noise") }\n',
        'deny contains "x" if regex.match("(", "a")\n',
        "deny contains m if m := 1 / 0\n",
    ],
)
def test_no_noise_of_the_engine_reaches_the_terminal(tmp_path: Path, body: str) -> None:
    repo = Repo.init(tmp_path / "repo")
    repo.write("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n")
    repo.write(".gate.yaml", "version: 1\npolicies: [policies]\n")
    head = SLOW.partition("deny contains")[0].replace("slow", "odd")
    repo.write("policies/team/odd.rego", head + body)
    _, shown = on_terminal("gate check .", repo.path, {"RUST_BACKTRACE": "1", "NO_COLOR": "1"})
    for noise in ("noise", "backtrace", "regorus", "panicked", "scopes [", "Traceback", "0x"):
        assert noise not in shown, shown
