"""Any bytes as a manifest: the whole command neither crashes nor hangs nor grows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.command import GATE, gate

PROGRAM = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True)
print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.stderr.buffer.write(done.stderr)
"""
MEGABYTE = 1024 if sys.platform != "darwin" else 1024 * 1024
HEAD = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: "

DENSE = {
    "mappings": "[" + ",".join(["{}"] * 390_000) + "]",
    "keys": "{" + ",".join(f"k{number}: 1" for number in range(190_000)) + "}",
    "texts": "[" + ",".join(['"abcd"'] * 390_000) + "]",
    "nested": "[" + ",".join(["{a: {b: [c]}}"] * 70_000) + "]",
    "containers": "{template: {spec: {containers: ["
    + ",".join(f"{{name: c{number}, image: a}}" for number in range(3_000))
    + "]}}}",
    "one long text": "{a: " + "x" * 8_000_000 + "}",
    "too many": "[" + ",".join(["0"] * 3_000_000) + "]",
}


@pytest.mark.parametrize("name", DENSE)
def test_a_dense_file_stays_below_200_megabytes(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.yaml").write_text(HEAD + DENSE[name] + "\n")
    command = [str(GATE), "check", "--tree", ".", "-q", "-o", "json=verdict.json"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *command],
        cwd=tmp_path,
        env=os.environ | {"COVERAGE_PROCESS_START": ""},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    code, peak = (int(each) for each in done.stdout.split())
    assert code in {0, 1, 3}, done.stderr
    assert json.loads((tmp_path / "verdict.json").read_text())["exit_code"] == code
    assert peak < 200 * MEGABYTE, f"{peak / MEGABYTE:.0f} MB"


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.one_of(
        st.binary(max_size=4_000),
        st.binary(max_size=200).map(lambda data: HEAD.encode() + data),
        st.text("{}[]:-&*!|>#%@` \n\t'\"ab<", max_size=400).map(lambda t: (HEAD + t).encode()),
    )
)
def test_any_bytes_give_a_verdict(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.yaml").write_bytes(data)
    run = gate("check", "--tree", ".", "-o", "json", cwd=tmp_path)
    assert run.code in {0, 1, 3}, str(run)
    assert run.json["exit_code"] == run.code
