"""Files made to crash, to hang or to fill the memory: each is read in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

MEGABYTES = 200
SECONDS_OF_CPU = 60
HOSTILE = {
    "brackets": ("b'[' * 50_000", "nested deeper"),
    "mappings": ("b'{a: ' * 50_000", "nested deeper"),
    "block mappings": ("b''.join(b' ' * i + b'a:\\n' for i in range(3000))", "nested deeper"),
    "dashes": ("b'- ' * 1_000_000", "nested deeper"),
    "deep JSON": ("b'{\"a\":' * 5000 + b'1' + b'}' * 5000", "nested deeper"),
    "quoted closers": ("b'[\"]]]]]]\",' * 50_000", "nested deeper"),
    "lists": ("b'[' + b'[],' * 2_700_000 + b']'", "more than 400,000 values"),
    "documents": ("b'---\\n' * 2_000_000", "more than 20,000 documents"),
    "bomb": (
        "b'a: &a [x,x,x,x,x,x,x,x,x]\\n' + b''.join(b'%c: &%c [%s]\\n' % (98 + i, 98 + i,"
        " b','.join([b'*%c' % (97 + i)] * 9)) for i in range(20))",
        "more than 400,000 values",
    ),
    "merge bomb": (
        "b'a: &a {x: 1}\\n' + b''.join(b'%c: &%c {<<: [%s]}\\n' % (98 + i, 98 + i,"
        " b','.join([b'*%c' % (97 + i)] * 9)) for i in range(20))",
        "more than 400,000 values",
    ),
    "repeated text": (
        "b'- &a \"' + b'x' * 1_000_000 + b'\"\\n' + b'- *a\\n' * 900_000",
        "more than 16,777,216 characters",
    ),
    "anchors": ("b''.join(b'- &a%d x\\n' % i for i in range(390_000))", None),
    "large key": ("b'? \"' + b'k' * 7_000_000 + b'\"\\n: 1\\n'", None),
    "keys": ("b''.join(b'%d:\\n' % i for i in range(900_000))", "more than 400,000 values"),
    "directives": (
        "b''.join(b'%%TAG !a%d! x\\n' % i for i in range(400_000)) + b'---\\na: 1\\n'",
        "more than 2,048 bytes of YAML directives",
    ),
    "large tag": (
        "b'%TAG !a! tag:' + b'x' * 4_000_000 + b'\\n---\\n' + b'- !a!x y\\n' * 300_000",
        "more than 2,048 bytes of YAML directives",
    ),
    "comments": ("b'#\\n' * 4_000_000", None),
    "underscores": ("b'- .' + b'1_1' * 2_700_000", None),
    "digits": ("b'- ' + b'9' * 8_000_000", None),
    "JSON digits": ("b'[' + b'9' * 8_000_000 + b']'", None),
    "wide text": ("'a: \"'.encode() + '\\U0001f600'.encode() * 2_000_000 + b'\"'", None),
}
PROGRAM = """
import resource
from gate.manifests.positions import positions
from gate.manifests.reading import read_file
data = {expression}
resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds}))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
reading = read_file("a.yaml", data)
positions(data, 0, ()).find(["a", 0])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak // 1024 if peak > before else 0)
print([problem.message for problem in reading.problems])
"""


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_costs_little_and_is_named(name: str) -> None:
    pytest.importorskip("resource", reason="the system cannot limit a process")
    expression, message = HOSTILE[name]
    program = PROGRAM.format(expression=expression, seconds=SECONDS_OF_CPU)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    peak, problems = done.stdout.splitlines()
    assert int(peak) < MEGABYTES
    assert problems == "[]" if message is None else message in problems
