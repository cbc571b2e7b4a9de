"""Scalars, against the table of what Kubernetes reads and against conftest, which shares its
reader."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.manifests.limits import ReadingError
from gate.manifests.reading import read_file
from gate.manifests.scalars import json_number, key_text, plain, tagged
from tests.support.tools import need

KUBERNETES = {
    "yes": True,
    "on": True,
    "TRUE": True,
    "y": True,
    "n": False,
    "No": False,
    "OFF": False,
    "yEs": "yEs",
    "014": 12,
    "0o14": 12,
    "08": 8,
    "0b11": 3,
    "-0b11": -3,
    "0x1F": 31,
    "+0x1F": 31,
    "1_000": 1000,
    "0_14": 12,
    "-_1": -1,
    "_1": "_1",
    "22:22": "22:22",
    "1e3": 1000,
    "1e+3": 1000,
    "1.0": 1,
    "1.5": 1.5,
    "+.5": 0.5,
    ".5": 0.5,
    ".5_0": 0.5,
    "._5": "._5",
    "1e999": "1e999",
    "-0": 0,
    "-0.0": 0,
    "2024-01-01": "2024-01-01",
    "2024-01-01T10:00:00Z": "2024-01-01T10:00:00Z",
    "9223372036854775807": 9223372036854775807,
    "9223372036854775808": 9.223372036854775808e18,
    "12345678901234567890123": 1.2345678901234568e22,
    "0x1FFFFFFFFFFFFFFFFF": "0x1FFFFFFFFFFFFFFFFF",
    "0777777777777777777777777": 7.777777777777778e23,
    "0b": "0b",
    "0x": "0x",
    "1.2.3": "1.2.3",
    "=": "=",
    "<<": "<<",
    "~": None,
    "null": None,
    "Null": None,
    "nULL": "nULL",
    "NaN": "NaN",
    "inf": "inf",
    "!Ref x": "x",
    "!Ref 5": "5",
    "!Ref": "",
    "! 5": "5",
    '! "yes"': "yes",
    "!!str 5": "5",
    "!!str": "",
    "!!int '5'": 5,
    "!!float 5": 5,
    "!!bool 'yes'": True,
    "!!null ''": None,
    "!!binary aGk=": "hi",
    "!!timestamp 2024-01-01": "2024-01-01",
    "!!set {a}": {"a": None},
    "'yes'": "yes",
    '"014"': "014",
    "{1: a, true: b}": {"1": "a", "true": "b"},
    "{y: a, n: b}": {"true": "a", "false": "b"},
    "{014: a}": {"12": "a"},
    "{1.1: a, 1e3: b, 1234567.0: c, 0.00001: d, .inf: e}": {
        "1.1": "a",
        "1000": "b",
        "1.234567e+06": "c",
        "1e-05": "d",
        ".inf": "e",
    },
    "{a: 1, <<: {a: 2, b: 3}}": {"a": 2, "b": 3},
    "{<<: {a: 2, b: 3}, a: 1}": {"a": 1, "b": 3},
    "{<<: [{a: 1}, {a: 2, b: 3}]}": {"a": 1, "b": 3},
    '{"<<": 1}': {"<<": 1},
    "{a: 1, a: 2}": {"a": 2},
}
REFUSED = (
    ".inf",
    "-.Inf",
    ".nan",
    "{~: 1}",
    "{[a]: 1}",
    "{9223372036854775808: 1}",
    "{<<: 1}",
    "{<<: [1]}",
    "!!int x",
    "!!int 1.5",
    "!!bool 1",
    "!!float x",
    "!!null x",
    "!!binary '@'",
    "*nothing",
    "&a [*a]",
    "'\\",
)


def read(text: str) -> Any:
    reading = read_file("a.yaml", f"- {text}\n".encode())
    assert not reading.problems, reading.problems
    (document,) = reading.documents
    (value,) = document.value
    return value


@pytest.mark.parametrize("text", KUBERNETES)
def test_a_scalar_is_read_as_kubernetes_reads_it(text: str) -> None:
    value = read(text)
    assert value == KUBERNETES[text]
    assert type(value) is type(KUBERNETES[text])


@pytest.mark.parametrize("text", REFUSED)
def test_what_kubernetes_refuses_is_unreadable(text: str) -> None:
    reading = read_file("a.yaml", f"# comment\n- {text}\n".encode())
    assert reading.documents == ()
    (problem,) = reading.problems
    assert (problem.kind, problem.line) in {("unreadable", 2), ("unreadable", 3)}


def conftest_reads(path: Path, text: str) -> Any:
    path.write_text(text)
    command = [need("conftest"), "parse", "--parser", "yaml", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReadingError(done.stderr)
    return json.loads(done.stdout)


def with_floats(value: Any) -> Any:
    """conftest prints every number as a float."""
    if isinstance(value, dict):
        return {key: with_floats(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_floats(inner) for inner in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else value


def test_conftest_reads_the_whole_table_alike(tmp_path: Path) -> None:
    text = "".join(f"- {scalar}\n" for scalar in KUBERNETES)
    theirs = conftest_reads(tmp_path / "a.yaml", text)
    assert with_floats(theirs) == with_floats(list(KUBERNETES.values()))


@pytest.mark.parametrize("text", REFUSED)
def test_conftest_refuses_the_same(text: str, tmp_path: Path) -> None:
    with pytest.raises(ReadingError):
        conftest_reads(tmp_path / "a.yaml", f"- {text}\n")


NUMBERS = st.text("0123456789_.+-eExXoObBaf", min_size=1, max_size=12)
WORDS = st.sampled_from(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "nan"])
CASES = st.sampled_from([str.lower, str.upper, str.title, str.swapcase])
SCALARS = st.one_of(
    NUMBERS,
    st.builds(lambda word, case: case(word), WORDS, CASES),
    st.from_regex(r"[-+]?0[xXbBoO]?[0-9a-fA-F]{1,17}", fullmatch=True),
    st.from_regex(r"[-+]?[0-9]{1,25}(\.[0-9]{0,8})?([eE][-+]?[0-9]{1,3})?", fullmatch=True),
)


def is_readable(text: str) -> bool:
    return not read_file("a.yaml", f"- {text}\n".encode()).problems


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(SCALARS, min_size=40, max_size=80))
def test_conftest_reads_any_scalar_and_key_alike(texts: list[str]) -> None:
    path = Path("scalars.yaml")
    texts = [text for text in texts if is_readable(text) and is_readable(f"{{{text}: 1}}")]
    lines = [f"- {text}\n- {text}: 1\n- [{text}]\n" for text in texts]
    reading = read_file(str(path), "".join(lines).encode())
    if not reading.documents:
        return
    theirs = conftest_reads(path, "".join(lines))
    assert with_floats(reading.documents[0].value) == with_floats(theirs)


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path_factory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("scalars"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2.0**63, 2.0**63),
        (-(2.0**63), -(2**63)),
        (2**63, 2.0**63),
        (1e21, 1e21),
        (True, True),
        ("1.0", "1.0"),
    ],
)
def test_a_whole_number_is_an_integer_as_far_as_64_bits_go(value: Any, expected: Any) -> None:
    assert json_number(value) == expected
    assert type(json_number(value)) is type(expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1e300, ".inf"),
        (-1e300, "-.inf"),
        (float("nan"), ".nan"),
        (0.0, "0"),
        (-1.5, "-1.5"),
        (100000.5, "100000.5"),
        (12345678.5, "1.2345678e+07"),
        (0.0001, "0.0001"),
        (0.00015, "0.00015"),
        (0.1, "0.1"),
        (16777217.0, "1.6777216e+07"),
    ],
)
def test_a_float_key_is_written_as_go_does_with_32_bits(value: float, expected: str) -> None:
    assert key_text(value) == expected


def test_a_very_long_number_costs_no_quadratic_conversion() -> None:
    assert plain("9" * 1_000_000) == "9" * 1_000_000
    assert plain("0" * 1_000_000 + "7") == 7


def test_a_tag_outside_yaml_leaves_the_text() -> None:
    assert tagged("!vault", "5") == "5"
    assert tagged("tag:yaml.org,2002:whatever", "5") == "5"


def test_binary_bytes_that_are_no_text_become_replacement_characters() -> None:
    assert tagged("tag:yaml.org,2002:binary", "/2E=") == "\ufffda"
