"""Bundles in `policies`: which names are taken, and which files of the gate they are."""

from __future__ import annotations

import pytest

from gate.config.load import gate_paths, load
from gate.errors import ConfigError
from gate.model.config import Config
from tests.support.trees import MemoryTree

PIN = "#sha256=" + "0" * 64


def policies(name: str) -> tuple[object, ...]:
    found = load(MemoryTree({".gate.yaml": f"version: 1\npolicies: ['{name}']\n"}))
    assert found is not None
    return found.policies


@pytest.mark.parametrize(
    "name",
    [
        *("rules.tar.gz", f"dist/rules.tar.gz{PIN}", f"https://bundles.example/a//b/../x{PIN}"),
        *("https://bundles.example:8443/x.tar.gz?version=1", "http://127.0.0.1:8080/x"),
    ],
)
def test_a_bundle_is_named_by_path_or_address(name: str) -> None:
    assert policies(name) == (name,)


@pytest.mark.parametrize(
    "name", ["ftp://bundles.example/x", "file:///etc/x", "https://", "https://a b", "/x.tar.gz"]
)
def test_any_other_address_is_refused(name: str) -> None:
    with pytest.raises(ConfigError):
        policies(name)


def test_the_file_of_a_bundle_is_the_gate_s_own_and_an_address_is_none() -> None:
    config = Config(policies=(f"dist/rules.tar.gz{PIN}", f"https://bundles.example/x{PIN}"))
    assert gate_paths(config) == gate_paths(Config(policies=("dist/rules.tar.gz",)))
    assert "dist/rules.tar.gz" in gate_paths(config)
