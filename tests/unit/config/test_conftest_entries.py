"""`policies` with conftest's policies in it: what is read, and what is wrong."""

from __future__ import annotations

import pytest

from gate.config.load import gate_paths, load
from gate.errors import ConfigError
from gate.model.config import Config, Conftest
from tests.unit.config.trees import Files


def read(entry: str) -> Config:
    found = load(Files({".gate.yaml": f"policies: [builtin, {entry}]"}))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{conftest: policy/}", Conftest("policy", ("main",), (), combine=False)),
        ("{conftest: a/b, namespaces: [main, k8s.x]}", Conftest("a/b", ("main", "k8s.x"))),
        ("{conftest: a, namespaces: all}", Conftest("a", ())),
        ('{conftest: a, namespaces: ["k8s.*", "[ab]?"]}', Conftest("a", ("k8s.*", "[ab]?"))),
        ("{conftest: a, data: [d/, e/f.yaml]}", Conftest("a", data=("d", "e/f.yaml"))),
        ("{conftest: a, combine: true}", Conftest("a", combine=True)),
    ],
)
def test_what_an_entry_says(entry: str, expected: Conftest) -> None:
    assert read(entry).policies == ("builtin", expected)


def test_policies_and_data_are_the_gates_own_files() -> None:
    assert {"policy", "d"} <= set(gate_paths(read("{conftest: policy/, data: [d/]}")))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{conftst: a}", "`policies[1]` lacks `conftest`."),
        ("{namespaces: [main]}", "`policies[1]` lacks `conftest`."),
        (
            "{conftest: a, namespace: [x]}",
            "Unknown key `namespace` in `policies[1]`. Did you mean `namespaces`?",
        ),
        (
            "{conftest: a, namespaces: main}",
            "`policies[1].namespaces` must be `all`, or a list of namespaces, and is the text "
            "`main`.",
        ),
        ("{conftest: a, namespaces: []}", "must be a list that is not empty"),
        ("{conftest: a, namespaces: [a b]}", "must be a namespace, such as `main`"),
        ("{conftest: a, namespaces: [gate/x]}", "must be a namespace, such as `main`"),
        ("{conftest: ../a}", "must be a path inside the repository"),
        ("{conftest: a, data: [/d]}", "must be a path inside the repository"),
        ("{conftest: a, data: d}", "`policies[1].data` must be a list"),
        ("{conftest: a, combine: 1}", "must be `true` or `false`"),
        ("7", "or a mapping with `conftest`"),
    ],
)
def test_what_is_wrong(entry: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(entry)
    assert message in caught.value.message
    assert caught.value.line == 1
