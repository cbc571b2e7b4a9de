"""A local OPA judges within limits, answers nobody else, and is gone afterwards."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from gate.decision.engines import keeper, local
from gate.decision.engines.embedded import Embedded
from gate.decision.engines.local import Local
from gate.decision.limits import Limits
from gate.errors import EngineError, PolicyError
from gate.model.policy import Bundle, Module
from tests.support.rules import load
from tests.support.tools import need
from tests.support.trees import MemoryTree
from tests.unit.decision.cases import bundle, context, module, resource

LIMITS = Limits(seconds=20)
GOOD = module("team.good", 'deny contains "kept"')
LOOP = """\
deny contains "x" if {
	some a in numbers.range(1, 30000)
	some b in numbers.range(1, 30000)
	a + b < 0
}
"""
BUSY = LOOP.replace("30000", "1200")


@pytest.fixture(autouse=True)
def opa() -> None:
    need("opa")


@pytest.fixture
def engine() -> Iterator[Local]:
    made = Local(limits=LIMITS)
    yield made
    made.close()


def of_repository(**rules: str) -> Bundle:
    files = {"policies/team/good.rego": GOOD}
    for name, body in rules.items():
        files[f"policies/team/{name}.rego"] = module(f"team.{name}", body)
    return load(["policies"], MemoryTree(dict(files)))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return bool(state.stdout.strip()) and not state.stdout.startswith("Z")


def gone(pid: int) -> bool:
    """Whether the process ends, sooner or later."""
    until = time.monotonic() + 15
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not alive(pid)


def started(engine: Local, judged: Bundle) -> tuple[int, int, str]:
    """The process ids of keeper and OPA, and the OPA's address, once it has answered."""
    engine.evaluate(judged, {})
    running = engine._running
    assert running is not None
    children = subprocess.run(
        ["pgrep", "-P", str(running.keeper.pid)], capture_output=True, text=True, check=True
    )
    return running.keeper.pid, int(children.stdout), str(running.connection._client.root_url)


def test_it_answers_as_the_embedded_engine_does(engine: Local) -> None:
    rules = bundle(
        module(
            "team.one", "deny contains r.id if {\n\tsome r in input.resources\n\tr.new.a > 1\n}"
        ),
        module("team.two", 'warn contains "w" if input.nothing\n\napplies if input.resources'),
    )
    made = context(
        rules, [resource("x", {"a": 1.0}, {"a": 2.0}), resource("y", {}, {"a": "é\ud800"})]
    )
    answer = engine.evaluate(rules, made)
    assert answer == Embedded().evaluate(rules, made)
    assert answer.results["team.one"]["deny"] == ["core/ConfigMap/_/x", "core/ConfigMap/_/y"]
    about = engine.about(rules)
    assert (about["name"], about["reason"]) == ("local opa", "asked for")
    assert about["version"].startswith("1.")


def test_a_rule_that_fails_is_named_with_its_line_and_the_others_are_kept(engine: Local) -> None:
    judged = of_repository(bad="deny contains x if {\n\tx := to_number(input.word)\n}")
    answer = engine.evaluate(judged, {"word": "no number"})
    assert answer.results == {"team.good": {"deny": ["kept"]}}
    failure = answer.failures["team.bad"]
    assert (failure.path, failure.line) == ("policies/team/bad.rego", 9)
    assert failure.message.startswith("to_number: ")


def test_two_values_of_one_name_are_a_failure_of_that_rule(engine: Local) -> None:
    judged = of_repository(bad="deny contains x if x := f(1)\n\nf(_) := 1\n\nf(_) := 2")
    answer = engine.evaluate(judged, {})
    assert "conflict" in answer.failures["team.bad"].message
    assert "at policies/team/bad.rego:" in answer.failures["team.bad"].message
    assert "/tmp" not in answer.failures["team.bad"].message
    assert answer.results == {"team.good": {"deny": ["kept"]}}


@pytest.mark.parametrize(
    ("body", "why", "limits"),
    [
        (
            "deny contains x if some x in numbers.range(1, 1000000000)",
            "0.25 GB of memory",
            Limits(seconds=60, memory=256 * 1024**2),
        ),
        (LOOP, "took longer than the 1.5 s", Limits(seconds=1.5)),
    ],
    ids=["memory", "loop"],
)
def test_a_rule_without_measure_is_named_and_the_others_are_kept(
    body: str, why: str, limits: Limits
) -> None:
    engine = Local(limits=limits)
    try:
        answer = engine.evaluate(of_repository(bad=body, zebra='deny contains "too"'), {})
    finally:
        engine.close()
    assert why in answer.failures["team.bad"].message
    assert answer.results == {"team.good": {"deny": ["kept"]}, "team.zebra": {"deny": ["too"]}}


@pytest.mark.parametrize(
    "call",
    [
        'http.send({"method": "get", "url": input.url})',
        "net.lookup_ip_addr(input.name)",
        'json.match_schema({}, {"$ref": "http://127.0.0.1:1/x"})',
        'json.verify_schema({"$ref": "file:///etc/hostname"})',
        "time.now_ns()",
        'rand.intn("x", 9)',
        'uuid.rfc4122("x")',
        "opa.runtime()",
    ],
)
def test_no_builtin_reaches_out_even_where_nobody_looked_before(engine: Local, call: str) -> None:
    judged = of_repository()
    bad = Module(
        "policies/team/bad.rego",
        f"package gate.team.bad\n\ndeny contains {call}\n",
        "repository",
        "team.bad",
    )
    with pytest.raises(PolicyError, match="undefined function") as caught:
        engine.evaluate(replace(judged, modules=[*judged.modules, bad], digest="other"), {})
    assert (caught.value.path, caught.value.line) == ("policies/team/bad.rego", 3)


def test_what_opa_does_not_compile_is_an_error_with_its_place(engine: Local) -> None:
    judged = of_repository()
    bad = Module(
        "policies/team/bad.rego", "package gate.team.bad\n\ndeny if {\n", "repository", "team.bad"
    )
    with pytest.raises(PolicyError) as caught:
        engine.evaluate(replace(judged, modules=[*judged.modules, bad], digest="other"), {})
    assert caught.value.path == "policies/team/bad.rego"


def test_old_rego_and_data_are_served(engine: Local) -> None:
    judged = of_repository()
    old = Module(
        "old.rego",
        "package team_old\n\ndeny[msg] { input.a; msg := data.words.hello }\n",
        "repository",
        v0=True,
    )
    glue = Module(
        "glue.rego",
        "package gate.team.glue\n\ndeny contains x if some x in data.team_old.deny\n",
        "generated",
        "team.glue",
    )
    rule = replace(judged.rules["team.good"], id="team.glue")
    entry = judged.entry + '\nfindings["team.glue"]["deny"] := data.gate.team.glue.deny\n'
    whole = replace(
        judged,
        modules=[*judged.modules, old, glue],
        rules={**judged.rules, "team.glue": rule},
        data={"words": {"hello": "hallo"}},
        entry=entry,
    )
    assert engine.evaluate(whole, {"a": 1}).results["team.glue"] == {"deny": ["hallo"]}


def test_only_who_has_the_token_is_answered(engine: Local) -> None:
    _, _, url = started(engine, of_repository())
    assert url.startswith("http://127.0.0.1:")
    for path in ("data/gate_entry", "policies", "config", "data"):
        assert requests.get(f"{url}/{path}", timeout=5).status_code == 401
    told = requests.put(f"{url}/policies/x", data="package gate.x", timeout=5)
    assert told.status_code == 401
    wrong = {"Authorization": "Bearer " + "0" * 64}
    assert requests.post(f"{url}/data/gate_entry", headers=wrong, timeout=5).status_code == 401


def test_another_bundle_is_judged_by_an_opa_of_its_own(engine: Local) -> None:
    first = started(engine, of_repository())
    second = started(engine, of_repository(more='deny contains "more"'))
    assert first[1] != second[1]
    assert gone(first[0])
    assert gone(first[1])


def test_the_same_bundle_is_judged_by_the_same_opa(engine: Local) -> None:
    judged = of_repository()
    assert started(engine, judged) == started(engine, judged)


def test_an_opa_that_is_killed_between_two_questions_is_started_anew(engine: Local) -> None:
    judged = of_repository()
    _, opa, _ = started(engine, judged)
    os.kill(opa, signal.SIGKILL)
    assert engine._running is not None
    while engine._running.events.empty():
        time.sleep(0.01)
    answer = engine.evaluate(judged, {})
    assert answer.results == {"team.good": {"deny": ["kept"]}}


def test_an_opa_that_is_killed_at_work_is_an_error(engine: Local) -> None:
    judged = of_repository(bad=BUSY)
    started(engine, of_repository())
    threading.Thread(target=_kill_when_busy, args=(engine, judged.digest)).start()
    with pytest.raises(PolicyError, match=r"together ended OPA \(ended by SIGKILL\)"):
        engine.evaluate(judged, {})


def _kill_when_busy(engine: Local, digest: str) -> None:
    while engine._served is None or engine._served[0] != digest or engine._running is None:
        time.sleep(0.02)
    children = ["pgrep", "-P", str(engine._running.keeper.pid)]
    time.sleep(0.3)
    found = subprocess.run(children, capture_output=True, text=True, check=True)
    os.kill(int(found.stdout), signal.SIGKILL)


def test_the_environment_does_not_reach_it(engine: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_ENGINE_TOKEN", "very-secret")
    monkeypatch.setenv("OPA_RUN_ADDR", "0.0.0.0:1")
    keeper_pid, opa, _ = started(engine, of_repository())
    for pid in (keeper_pid, opa):
        environment = Path(f"/proc/{pid}/environ")
        if environment.exists():
            assert b"secret" not in environment.read_bytes()


def test_its_files_are_private_and_gone_with_it(engine: Local) -> None:
    keeper_pid, opa, _ = started(engine, of_repository())
    cwd = Path(f"/proc/{opa}/cwd")
    if not cwd.exists():
        pytest.skip("there is no /proc")
    folder = cwd.readlink()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    engine.close()
    assert gone(keeper_pid)
    assert gone(opa)
    assert not folder.exists()


def test_no_opa_on_the_path_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="no `opa` on the PATH") as caught:
        Local()
    assert "Install opa 1.x" in caught.value.advice


def pretend(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """A script in the place of `opa`."""
    program = folder / "opa"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(local, "found", lambda: str(program))


@pytest.mark.parametrize(
    ("script", "what"),
    [
        ("exit 3", "exit code 3"),
        ("echo 'error: no such flag'; exit 1", "no such flag"),
        ("kill -9 $$", "ended by SIGKILL"),
        ("echo 'listen tcp: bind: address already in use'; exit 1", "no free port"),
    ],
)
def test_an_opa_that_does_not_start_is_an_error(
    script: str, what: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pretend(monkeypatch, tmp_path, script)
    engine = Local(limits=LIMITS)
    with pytest.raises(EngineError, match=what):
        engine.evaluate(bundle(GOOD), {})
    engine.close()


def test_a_port_that_is_taken_in_between_is_no_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    taken = "echo 'listen tcp: bind: address already in use'; exit 1"
    real = f'exec {need("opa")} "$@"'
    marker = tmp_path / "marker"
    pretend(monkeypatch, tmp_path, f"[ -e {marker} ] || {{ : > {marker}; {taken}; }}\n{real}")
    engine = Local(limits=LIMITS)
    assert engine.evaluate(bundle(GOOD), {}).results == {"team.good": {"deny": ["kept"]}}
    engine.close()
    assert marker.exists()


def test_an_opa_that_never_serves_is_given_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pretend(monkeypatch, tmp_path, "exec sleep 60")
    engine = Local(limits=Limits(seconds=0.5))
    with pytest.raises(PolicyError, match=r"longer than the 0.5 s"):
        engine.evaluate(bundle(GOOD), {})
    engine.close()


def test_a_program_that_is_no_opa_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend(monkeypatch, tmp_path, "echo '[]'")
    engine = Local(limits=LIMITS)
    with pytest.raises(EngineError, match="does not say what it can do"):
        engine.evaluate(of_repository(), {})
    engine.close()


def test_rules_that_answer_too_much_are_an_error() -> None:
    judged = of_repository(
        bad='deny contains sprintf("%d %s", [x, input.word]) if some x in numbers.range(1, 2000)'
    )
    engine = Local(limits=Limits(seconds=20, answer=1024**2))
    with pytest.raises(PolicyError, match="more than 1 MB"):
        engine.evaluate(judged, {"word": "x" * 1000})
    engine.close()


def test_what_is_left_when_all_the_time_is_gone_is_said() -> None:
    bodies = {f"slow{index}": LOOP for index in range(4)}
    engine = Local(limits=Limits(seconds=0.8))
    answer = engine.evaluate(of_repository(**bodies), {})
    engine.close()
    assert answer.results == {"team.good": {"deny": ["kept"]}}
    last = answer.failures["team.slow3"].message
    assert last == "It was not judged: other rules took all the time."


def test_another_program_on_the_port_is_not_believed(
    monkeypatch: pytest.MonkeyPatch, engine: Local
) -> None:
    """It has the digest, since everybody can know that, and no proof."""
    from tests.support.proxy import json_answer, serving

    with serving(
        json_answer({"result": {"digest": "x", "proof": "0" * 64, "findings": {}}})
    ) as port:
        monkeypatch.setattr(local, "_port", lambda *_, **__: port)
        with pytest.raises(EngineError, match="Another program answers"):
            engine.evaluate(of_repository(), {})


def test_it_leaves_no_core_dump_and_has_its_memory_limited(engine: Local) -> None:
    _, opa, _ = started(engine, of_repository())
    limits = Path(f"/proc/{opa}/limits")
    if not limits.exists():
        pytest.skip("there is no /proc")
    told: dict[str, Any] = {
        line[:25].strip(): line[25:].split()[0] for line in limits.read_text().splitlines()
    }
    assert told["Max core file size"] == "0"
    assert told["Max data size"] == str(LIMITS.memory)


def test_the_keeper_needs_nothing_of_the_installation() -> None:
    source = Path(keeper.__file__).read_text()
    assert "from gate" not in source
    assert "import gate" not in source
