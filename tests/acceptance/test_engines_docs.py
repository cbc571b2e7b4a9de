"""The examples of docs/engines.md, run as they stand there."""

from __future__ import annotations

import functools
import http.server
import json
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from gate.decision.engines import connection
from gate.decision.limits import DEFAULT
from gate.decision.rego.syntax import REFUSED
from tests.support.command import gate
from tests.support.opa import running
from tests.support.tools import ROOT, need

PAGE = (ROOT / "docs" / "engines.md").read_text(encoding="utf-8")
PLACE = "http://127.0.0.1:8181"
HARMLESS = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: shop}, data: {a: b}}\n"


def example(title: str) -> str:
    found = re.search(rf"<!-- {re.escape(title)} -->\n```\w+\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None, title
    return found[1]


def words(line: str, program: str) -> list[str]:
    first, *rest = line.split()
    assert first == program
    return rest


@pytest.fixture
def change(tmp_path: Path) -> Path:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "a.yaml").write_text(HARMLESS)
    return tmp_path


def built(folder: Path) -> Path:
    """The bundle, as the page builds it."""
    line = example("serve").splitlines()[0]
    run = gate(*words(line, "gate"), cwd=folder)
    assert run.code == 0, str(run)
    return folder / line.split()[-1]


def checked(folder: Path, port: int, **env: str) -> None:
    """The page's check, at another port."""
    line = example("check").strip().replace(PLACE, f"http://127.0.0.1:{port}")
    run = gate(*words(line, "gate"), "-o", "json", cwd=folder, env=env)
    assert run.code == 0, str(run)
    assert run.json["engine"]["name"] == "opa server"


def test_the_bundle_is_built_served_and_asked(change: Path) -> None:
    bundle = built(change)
    arguments = words(example("serve").splitlines()[1], "opa")
    assert arguments[:4] == ["run", "--server", "--addr", "127.0.0.1:8181"]
    assert arguments[4:] == ["--bundle", bundle.name]
    with running(arguments[4], bundle) as opa:
        checked(change, opa.port)


@contextmanager
def published(folder: Path) -> Iterator[int]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def test_a_sidecar_fetches_the_bundle(change: Path) -> None:
    need("opa")
    bundle = built(change)
    (sidecar,) = yaml.safe_load(example("sidecar"))["containers"]
    assert sidecar["args"][:3] == ["run", "--server", "--addr=127.0.0.1:8181"]
    (config,) = (each for each in sidecar["args"] if each.startswith("--config-file="))
    assert config == "--config-file=/config/opa.yaml"
    (change / "public").mkdir()
    shutil.copy(bundle, change / "public")
    with published(change / "public") as port:
        told = example("opa.yaml").replace("https://bundles.example", f"http://127.0.0.1:{port}")
        (change / "opa.yaml").write_text(told)
        ready = ("--ready-timeout", "20")
        with running("--config-file", change / "opa.yaml", *ready) as opa:
            checked(change, opa.port)


def test_the_authorization_lets_the_gate_ask_and_nobody_else(change: Path) -> None:
    bundle = built(change)
    team = change / "authz"
    team.mkdir()
    (team / "authz.rego").write_text(example("system/authz.rego"))
    (team / "data.json").write_text(json.dumps({"tokens": {"gate": "a-token"}}))
    (team / ".manifest").write_text('{"roots": ["system/authz", "tokens"]}')
    guarded = ("--authentication", "token", "--authorization", "basic")
    with running(*guarded, "--bundle", bundle, team) as opa:
        checked(change, opa.port, GATE_ENGINE_TOKEN="a-token")
        run = gate("check", "deploy", "--engine", f"http://127.0.0.1:{opa.port}", cwd=change)
    assert run.code == 2
    assert "GATE_ENGINE_TOKEN" in run.err


def test_the_limits_are_those_of_the_code() -> None:
    pauses = [f"{pause:g}" for pause in connection.PAUSES]
    assert f"| tries | {len(pauses) + 1}, with pauses of {', '.join(pauses[:-1])} and" in PAGE
    assert f"and {pauses[-1]} s:" in PAGE
    assert f"| time for a decision | {DEFAULT.seconds:g} s" in PAGE
    assert f"| time for a connection | {connection.CONNECT_SECONDS:g} s |" in PAGE
    assert f"| answer | {DEFAULT.answer // 1024**2} MB" in PAGE
    assert f"| memory of a local OPA | {DEFAULT.memory // 1024**3} GB" in PAGE


def test_the_page_names_every_builtin_that_is_refused() -> None:
    section = PAGE.partition("\n## A local OPA\n")[2].partition("\n## ")[0]
    assert all(f"`{name}`" in section for name in REFUSED)
