"""Engines by name, and the addresses of servers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gate.decision.engines import address
from gate.decision.engines.registry import open_engine
from gate.errors import EngineError, UsageError
from tests.support.tools import need
from tests.unit.decision.cases import bundle, module

RULES = bundle(module("team.good", 'deny contains "kept"'))


@pytest.mark.parametrize(
    ("name", "engine"),
    [
        ("auto", "embedded"),
        ("embedded", "embedded"),
        ("opa", "local opa"),
        ("http://127.0.0.1:8181", "opa server"),
    ],
)
def test_each_name_opens_its_engine(name: str, engine: str) -> None:
    if name == "opa":
        need("opa")
    opened = open_engine(name, by="--engine")
    told = opened.about(RULES)
    opened.close()
    assert told["name"] == engine
    assert name == "auto" or told["reason"] == "asked for with --engine"


def test_a_name_that_is_none_is_refused_with_the_near_one() -> None:
    with pytest.raises(UsageError, match="Did you mean `embedded`"):
        open_engine("embeded")


def test_a_password_in_the_place_of_a_name_is_not_shown() -> None:
    with pytest.raises(UsageError, match="no engine of that name"):
        open_engine("ann:pa55word@host")


def test_offline_no_server_is_asked() -> None:
    opened = open_engine("https://opa.example", offline=True)
    assert opened.about(RULES)["name"] == "embedded"
    assert opened.about(RULES)["reason"].startswith("offline: ")


def test_no_opa_on_the_path_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="no `opa` on the PATH"):
        open_engine("opa")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://127.0.0.1:8181", "http://127.0.0.1:8181"),
        ("http://localhost:8181/", "http://localhost:8181"),
        ("http://[::1]:8181", "http://[::1]:8181"),
        ("HTTP://opa", "http://opa:80"),
        ("https://OPA.example", "https://opa.example:443"),
        ("http://10.0.0.1:8181", "http://10.0.0.1:8181"),
    ],
)
def test_an_address_is_scheme_host_and_port(text: str, url: str) -> None:
    assert address.read(text).url == url


def test_only_the_engine_that_judges_is_imported() -> None:
    code = (
        "import sys; from gate.decision.engines.registry import open_engine;"
        "open_engine('embedded');"
        "heavy = {'requests', 'opa_client', 'gate.decision.engines.local'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
