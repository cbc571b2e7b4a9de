"""What is printed in a step of GitHub Actions holds no commands, however it is cut."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.cli.stop_commands import Breaker, harmless, is_log
from tests.support.command import gate

IN_ACTIONS = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "workflow_dispatch"}
SPACES = "\t\x0b\x0c\r \u00a0\u1680\u2003\u2028\u3000\x85"


def commands(text: str) -> list[str]:
    """The lines that the runner would obey: both forms, as actions/runner finds them."""
    return [
        line
        for line in text.split("\n")
        if line.strip().startswith("::") or re.search(r"##\[[^\]]*\]", line)
    ]


marks = st.lists(
    st.sampled_from([":", "::", "#", "##", "##[", "[", "error", "]", "\n", " ", *SPACES, "x", "é"])
).map("".join)


@given(marks, st.lists(st.integers(0, 40)))
def test_no_line_is_a_command_however_it_is_cut(text: str, cuts: list[int]) -> None:
    breaker, data, out = Breaker(), text.encode(), b""
    for size in [*cuts, len(data)]:
        out += breaker.broken(data[:size])
        data = data[size:]
    assert commands(out.decode()) == []
    assert out.replace(b"\\", b"") == text.encode()


@given(st.text(st.characters(exclude_characters=":#")))
def test_other_text_stays_as_it_is(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    assert Breaker().broken(data) == data


def test_marks_within_a_line_stay() -> None:
    text = b"std::vector, 2001:db8::1 and ::1 in [::1]\n# ## [x] ##x\n"
    assert Breaker().broken(text) == text


def test_a_very_long_line_is_still_one_line() -> None:
    breaker = Breaker()
    breaker.broken(b"x" * 10_000)
    assert breaker.broken(b"::error::x") == b"::error::x"
    breaker = Breaker()
    breaker.broken(b" " * 10_000)
    assert breaker.broken(b"::error::x") == b":\\:error::x"


@given(st.text())
def test_json_and_xml_say_the_same(text: str) -> None:
    hostile = f"##[error]{text}##[x] ::y::"
    written = json.dumps({"a": hostile}, ensure_ascii=True)
    assert "##[" not in harmless(written)
    assert json.loads(harmless(written)) == {"a": hostile}
    root = ET.Element("a", {"b": "##[x]::"})
    root.text = "##[error] ::x::"
    safe = harmless(ET.tostring(root, encoding="unicode"))
    assert "::" not in safe
    assert "##[" not in safe
    assert ET.fromstring(safe).text == root.text
    assert ET.fromstring(safe).attrib == root.attrib


def test_only_the_log_of_a_step_is_guarded(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        assert not is_log(file, IN_ACTIONS)
    assert is_log(io.StringIO(), IN_ACTIONS)
    assert not is_log(io.StringIO(), {"GITHUB_ACTIONS": "false"})
    assert not is_log(io.StringIO(), {})


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with a manifest whose names are commands."""
    folder = tmp_path / "tree"
    folder.mkdir()
    name = "::error title=x::y ##[set-output name=verdict]pass"
    (folder / "a.yaml").write_text(
        "apiVersion: apps/v1\nkind: Deployment\n"
        f'metadata: {{name: "{name}"}}\n'
        "spec: {replicas: 2, template: {spec: {containers: "
        f'[{{name: "{name}", image: "a/b:latest"}}]}}}}}}\n'
    )
    (tmp_path / "event.json").write_text("{}")
    return folder


def in_actions(tree: Path, *arguments: str) -> tuple[int, str, str]:
    env = {**IN_ACTIONS, "GITHUB_EVENT_PATH": str(tree.parent / "event.json")}
    run = gate(*arguments, cwd=tree, env=env)
    return run.code, run.out, run.err


def test_a_report_stands_between_a_word_and_its_end(tree: Path) -> None:
    code, out, err = in_actions(tree, "check", "--tree", ".")
    lines = out.split("\n")
    assert (code, err) == (1, "")
    (token,) = re.findall(r"\A::stop-commands::([0-9a-f]{32})$", lines[0], re.MULTILINE)
    assert lines[-2:] == [f"::{token}::", ""]
    assert commands("\n".join(lines[1:-2])) == []
    assert "##\\[set-output name=verdict]pass" in out
    assert in_actions(tree, "check", "--tree", ".")[1].split("\n")[0] != lines[0]


def test_commands_stand_outside_of_it_and_after_the_text(tree: Path) -> None:
    _, out, err = in_actions(tree, "check", "--tree", ".", "-o", "text", "-o", "github")
    assert err == ""
    (token,) = re.findall("^::stop-commands::([0-9a-f]{32})$", out, re.MULTILINE)
    text, _, rest = out.partition(f"::{token}::\n")
    assert "DENY" in text
    assert rest
    assert all(re.match("::(error|warning|notice) ", line) for line in rest.split("\n")[:-1])


def test_outside_of_actions_nothing_is_added(tree: Path) -> None:
    run = gate("check", "--tree", ".", "-o", "text", cwd=tree)
    assert "stop-commands" not in run.out
    assert "##[set-output name=verdict]pass" in run.out


def test_json_for_another_program_is_the_same_and_no_command(tree: Path) -> None:
    _, out, _ = in_actions(tree, "check", "--tree", ".", "-o", "json", "--now", "2026-11-22")
    assert commands(out) == []
    assert "##[set-output" in json.loads(out)["findings"][0]["message"]
    _, out, _ = in_actions(tree, "context", "--tree", ".")
    assert commands(out) == []
    json.loads(out)


def test_an_xml_report_for_another_program_is_no_command_either(tree: Path) -> None:
    _, out, _ = in_actions(tree, "check", "--tree", ".", "-o", "junit")
    assert commands(out) == []
    assert "##[set-output" in "".join(ET.fromstring(out.encode()).itertext())


def test_a_file_holds_what_it_would_elsewhere(tree: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.txt"
    in_actions(tree, "check", "--tree", ".", "-o", f"text={file}")
    assert "stop-commands" not in file.read_text(encoding="utf-8")
    assert "##[set-output" in file.read_text(encoding="utf-8")


WRONG = "::error::x ##[error]y"


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "--tree", ".", "--config", WRONG],
        ["explain", WRONG],
        ["check", f"--{WRONG}"],
        [WRONG],
        ["policy", "lint", WRONG],
        ["schema", WRONG],
        ["check", "--tree", ".", "-o", WRONG],
    ],
)
def test_an_error_is_no_command(tree: Path, arguments: list[str]) -> None:
    code, out, err = in_actions(tree, *arguments)
    assert code in {1, 2}
    assert "error" in err
    (token,) = re.findall(r"\A::stop-commands::([0-9a-f]{32})$", err, re.MULTILINE)
    inside = err.removeprefix(f"::stop-commands::{token}\n").removesuffix(f"::{token}::\n")
    assert commands(inside) == []
    assert commands(out) == []


def test_an_error_beside_commands_is_read_in_order(tree: Path) -> None:
    code, out, err = in_actions(
        tree, "check", "--tree", ".", "--config", WRONG, "-o", "text", "-o", "github"
    )
    assert (code, err) == (2, "")
    assert out.startswith("::error file=%3A%3Aerror%3A%3Ax")
    (token,) = re.findall("^::stop-commands::([0-9a-f]{32})$", out, re.MULTILINE)
    assert out.endswith(f"::{token}::\n")


def test_what_anything_else_prints_is_broken_up_on_both_streams() -> None:
    program = (
        "import os, sys\n"
        "from gate.cli.streams import open_streams\n"
        "open_streams()\n"
        "for stream in (sys.stdout, sys.stderr):\n"
        "    for piece in (':', ':error::x\\n', ' \\u3000::error::y\\n##', '[error]z\\n'):\n"
        "        stream.write(piece); stream.flush()\n"
        "    stream.write('::error::w\\n' * 5000)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        env={"GITHUB_ACTIONS": "true", "PYTHONIOENCODING": "utf-8"},
        check=True,
    )
    for out in (done.stdout.decode(), done.stderr.decode()):
        assert commands(out) == []
        assert out.count("error") == 5003
