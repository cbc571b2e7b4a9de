"""An OPA server behind a proxy that does whatever goes wrong: a clear word, no pass, no secret."""

from __future__ import annotations

import gzip
import json
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gate.cli.main import main
from gate.decision import bundle as bundles
from gate.decision.engines import address
from gate.decision.engines.connection import Connection, LateError, LostError, Secrets
from gate.decision.engines.server import Server, served
from gate.decision.limits import Limits
from gate.decision.sources import archive
from gate.errors import EngineError
from gate.model.policy import Bundle
from tests.support.command import Run, gate
from tests.support.opa import Opa, free_port, running
from tests.support.proxy import (
    Behaviour,
    Call,
    answer,
    forward,
    json_answer,
    raw,
    serving,
    silent,
)

TOKEN = "t0p-s3cret-bearer"
LIMITS = Limits(seconds=20)
HASTY = Limits(seconds=0.7)
PAUSES = (0.05, 0.1)
HARMLESS = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: words, namespace: shop}
data: {hello: world}
"""
Judge = Callable[..., Run]


@pytest.fixture(scope="module")
def rules() -> Bundle:
    return bundles.load(True)


@pytest.fixture(scope="module")
def opa(rules: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opa]:
    """An OPA that serves the gate's own rules."""
    file = tmp_path_factory.mktemp("opa") / "gate.tar.gz"
    file.write_bytes(archive.write(rules))
    with running("--bundle", file) as found:
        yield found


@pytest.fixture(scope="module")
def change(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which nothing is wrong: whatever is not judged would pass."""
    folder = tmp_path_factory.mktemp("change")
    (folder / "deploy").mkdir()
    (folder / "deploy" / "words.yaml").write_text(HARMLESS)
    return folder


@pytest.fixture
def judged(
    change: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Judge]:
    """`gate check deploy --engine URL -vv` in this process, to be quick."""
    monkeypatch.chdir(change)
    monkeypatch.setenv("GATE_ENGINE_TOKEN", TOKEN)
    before = signal.getsignal(signal.SIGTERM)

    def judge(port: int, *more: str) -> Run:
        with pytest.raises(SystemExit) as caught:
            main(["check", "deploy", "--engine", f"http://127.0.0.1:{port}", "-vv", *more])
        out, err = capsys.readouterr()
        assert isinstance(caught.value.code, int)
        return Run(caught.value.code, out, err)

    yield judge
    signal.signal(signal.SIGTERM, before)


def asked(port: int, bundle: Bundle, limits: Limits = LIMITS) -> Any:
    engine = Server(f"http://127.0.0.1:{port}", limits=limits, pauses=PAUSES)
    try:
        return engine.evaluate(bundle, {})
    finally:
        engine.close()


def test_without_a_fault_the_change_passes(judged: Judge, opa: Opa) -> None:
    assert judged(opa.port).code == 0
    with serving(forward(opa.port)) as port:
        assert judged(port).code == 0


GOOD = {"digest": "sha256:" + "0" * 64, "rules": [], "findings": {}}


def echoing(kind: str, status: str) -> Behaviour:
    def behave(call: Call) -> None:
        text = call.head.decode()
        body = json.dumps({"code": "x", "message": text}) if "json" in kind else f"<p>{text}</p>"
        answer(body.encode(), status, kind)(call)

    return behave


def bomb() -> Behaviour:
    return answer(gzip.compress(b'"' + b"0" * (70 * 1024**2), 1), Content_Encoding="gzip")


def huge() -> Behaviour:
    return raw(b"HTTP/1.1 200 OK\r\n\r\n", *[b"0" * 1024**2] * 70)


FAULTS: dict[str, tuple[Behaviour, int, str]] = {
    "400": (json_answer({"code": "invalid_parameter", "message": "odd"}, "400 Bad"), 4, "400: odd"),
    "401": (json_answer({"code": "unauthorized"}, "401 No"), 2, "GATE_ENGINE_TOKEN"),
    "403": (answer(b"<h1>no</h1>", "403 No", "text/html"), 2, "does not let gate ask (403)"),
    "404": (answer(b"not found", "404 Not Found", "text/plain"), 4, "knows no /v1/data (404)"),
    "413": (answer(b"", "413 Large"), 4, "too large"),
    "418": (answer(b"", "418 Teapot"), 4, "status 418"),
    "500": (answer(b"<h1>oops</h1>", "500 Oops", "text/html"), 4, "fails with status 500"),
    "500 of opa": (
        json_answer({"code": "internal_error", "message": "storage is gone"}, "500 Oops"),
        4,
        "storage is gone",
    ),
    "echo": (echoing("text/html", "500 Oops"), 4, "fails with status 500"),
    "echo in json": (echoing("application/json", "500 Oops"), 4, "fails with status 500"),
    "echo with 400": (echoing("application/json", "400 Bad"), 4, "status 400"),
    "html": (answer(b"<html>Log in</html>", kind="text/html"), 4, "other than OPA's JSON"),
    "redirect": (answer(b"", "302 Found", Location="http://127.0.0.1:1/"), 4, "a redirect"),
    "redirect of a post": (answer(b"", "307 There", Location="/v2/data"), 4, "a redirect"),
    "empty": (answer(b""), 4, "other than OPA's JSON"),
    "no json": (answer(b'{"result": '), 4, "other than OPA's JSON"),
    "deep json": (answer(b"[" * 200_000), 4, "other than OPA's JSON"),
    "a list": (json_answer([1]), 4, "other than OPA's JSON"),
    "huge": (huge(), 4, "more than 64 MB"),
    "bomb": (bomb(), 4, "more than 64 MB"),
    "no gzip": (answer(b"plain", Content_Encoding="gzip"), 4, "compressed"),
    "odd encoding": (answer(b"?", Content_Encoding="gzip, gzip"), 4, "compressed"),
    "no http": (raw(b"SSH-2.0-OpenSSH_9.6\r\n"), 4, "cannot be reached"),
    "undefined": (json_answer({}), 2, "has no data.gate_entry"),
    "result null": (json_answer({"result": None}), 2, "has no data.gate_entry"),
    "result a list": (json_answer({"result": []}), 2, "has no data.gate_entry"),
    "no digest": (json_answer({"result": {"findings": {}}}), 2, "has no data.gate_entry"),
    "digest a number": (json_answer({"result": {"digest": 1}}), 2, "has no data.gate_entry"),
    "wrong digest": (json_answer({"result": GOOD}), 2, "sha256:000000000000 in place of sha256:"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_never_a_pass_and_shows_no_secret(fault: str, judged: Judge) -> None:
    behave, code, said = FAULTS[fault]
    with serving(behave) as port:
        run = judged(port)
    assert run.code == code, str(run)
    assert said in " ".join(run.err.split()), str(run)
    assert TOKEN not in run.out + run.err
    first, advice = run.err.splitlines()[:2]
    assert first.startswith("gate: ")
    assert advice.strip().endswith((".", "?"))


def test_nobody_at_the_address_is_said(change: Path) -> None:
    run = gate(
        "check", "deploy", "--engine", f"http://127.0.0.1:{free_port()}", "-o", "json",
        cwd=change, env={"GATE_ENGINE_TOKEN": TOKEN},
    )  # fmt: skip
    assert run.code == 4
    assert run.json["verdict"] == "error"
    assert run.json["error"]["kind"] == "engine"
    assert run.json["error"]["message"] == ("The OPA server cannot be reached: connection refused.")
    assert TOKEN not in run.out + run.err


def test_a_server_that_is_busy_for_good_is_said(judged: Judge) -> None:
    with serving(answer(b"", "503 Busy")) as port:
        run = judged(port)
    assert run.code == 4
    assert "fails with status 503" in run.err


def with_digest(rules: Bundle, findings: Any) -> Behaviour:
    return json_answer({"result": {"digest": rules.digest, "findings": findings}})


@pytest.mark.parametrize("findings", [[], "x", {"workload.image_pinned": []}, 7])
def test_findings_of_a_wrong_shape_are_an_error(
    findings: Any, judged: Judge, rules: Bundle
) -> None:
    with serving(with_digest(rules, findings)) as port:
        run = judged(port)
    assert run.code == 4, str(run)
    assert "not that of gate_entry" in run.err


@pytest.mark.parametrize("lost", ["the rule", "the set", "all", "findings"])
def test_what_is_missing_in_the_answer_is_an_error_of_its_rule(
    lost: str, judged: Judge, rules: Bundle
) -> None:
    findings: dict[str, Any] = {
        rule.id: {name: [] for name in rule.sets} for rule in rules.rules.values()
    }
    if lost == "the rule":
        del findings["workload.image_pinned"]
    elif lost == "the set":
        findings["workload.image_pinned"] = {}
    else:
        findings = {}
    behave = with_digest(rules, findings)
    if lost == "findings":
        behave = json_answer({"result": {"digest": rules.digest}})
    with serving(behave) as port:
        run = judged(port)
    assert run.code == 2, str(run)
    said = " ".join(run.out.split())
    assert "workload.image_pinned" in said
    assert "does not hold this rule" in said or "has no value" in said


# Time


@pytest.mark.parametrize(
    "behave",
    [
        silent,
        raw(b"HTTP/1.1 200 OK\r\n", b"X-Slow: 1\r\n", pause=0.05, forever=True),
        raw(b"HTTP/1.1 200 OK\r\n\r\n", b" ", pause=0.05, forever=True),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b" ", pause=0.05, forever=True),
    ],
    ids=["no answer", "slow headers", "slow body", "slow body of a length"],
)
def test_no_decision_in_time_is_an_error(behave: Behaviour, rules: Bundle) -> None:
    with serving(behave) as port, pytest.raises(LateError, match=r"no decision within 0.7 s"):
        asked(port, rules, HASTY)


def test_a_decision_that_comes_late_is_not_asked_for_again(opa: Opa, rules: Bundle) -> None:
    numbers: list[int] = []

    def late(call: Call) -> None:
        numbers.append(call.number)
        time.sleep(1.0)
        forward(opa.port)(call)

    with serving(late) as port, pytest.raises(LateError):
        asked(port, rules, HASTY)
    assert numbers == [0]


@pytest.mark.skipif(sys.platform != "linux", reason="a full queue drops on Linux only")
def test_a_connection_that_is_never_taken_is_an_error() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        there = address.read(f"http://127.0.0.1:{full.getsockname()[1]}")
        connection = Connection(there, Secrets(), LIMITS, connect_seconds=0.3)
        try:
            with pytest.raises(LateError, match="does not take a connection"):
                connection.ask("gate_entry", None, {})
        finally:
            connection.close()
            for each in waiting:
                each.close()


def test_an_answer_that_is_always_cut_off_is_an_error(rules: Bundle) -> None:
    for cut in (b"Content-Length: 900\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n9\r\n{"):
        behave = raw(b"HTTP/1.1 200 OK\r\n" + cut)
        with serving(behave) as port, pytest.raises(LostError, match="was cut off"):
            asked(port, rules)


def test_rules_that_fail_together_and_not_by_themselves_are_no_verdict(rules: Bundle) -> None:
    told = {"code": "eval_conflict_error", "message": "two values", "location": {"file": "x"}}

    def together(call: Call) -> None:
        if call.target.startswith("/v1/data/gate_entry?"):
            json_answer({"code": "internal_error", "errors": [told]}, "500 Oops")(call)
        elif call.target.startswith("/v1/data/gate_entry/digest"):
            json_answer({"result": rules.digest})(call)
        else:
            json_answer({"result": []})(call)

    with serving(together) as port, pytest.raises(EngineError, match="fail together"):
        asked(port, rules)


def test_an_evaluation_that_fails_wherever_it_is_asked_is_an_engines_error(rules: Bundle) -> None:
    told = {"code": "eval_builtin_error", "message": "authz broke"}
    broken = json_answer({"code": "internal_error", "errors": [told]}, "500 Oops")
    with serving(broken) as port:
        with pytest.raises(EngineError, match=r"OPA fails to answer: authz broke\."):
            asked(port, rules)
        with pytest.raises(EngineError, match="OPA fails to answer"):
            served(f"http://127.0.0.1:{port}")


def test_a_failure_in_a_file_that_is_not_the_gates_is_named(rules: Bundle) -> None:
    place = {"file": "team/lib.rego", "row": 7}
    told = {"code": "eval_conflict_error", "message": "two values", "location": place}

    def failing(call: Call) -> None:
        if call.target.startswith("/v1/data/gate_entry/digest"):
            json_answer({"result": rules.digest})(call)
        else:
            json_answer({"code": "internal_error", "errors": [told]}, "500 Oops")(call)

    with serving(failing) as port:
        failures = asked(port, rules).failures
    assert set(failures) == set(rules.rules)
    assert {each.message for each in failures.values()} == {
        "two values. (team/lib.rego:7 on the server)"
    }


def test_a_proxy_is_used_for_a_remote_server_and_its_password_not_shown(
    change: Path, judged: Judge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    heads: list[bytes] = []

    def refuse(call: Call) -> None:
        heads.append(call.head)
        answer(b"no", "407 Proxy Authentication Required", "text/plain")(call)

    with serving(refuse) as port:
        for scheme in ("http", "https"):
            monkeypatch.setenv(f"{scheme}_proxy", f"http://ann:pa55word@127.0.0.1:{port}")
            with pytest.raises(SystemExit) as caught:
                main(["check", "deploy", "--engine", f"{scheme}://opa.example", "-vv"])
            out, err = capsys.readouterr()
            assert caught.value.code == 4
            assert "pa55word" not in out + err
            assert TOKEN not in out + err
    assert heads[0].startswith(b"POST http://opa.example:80/v1/data/gate_entry?")
    assert heads[1].startswith(b"CONNECT opa.example:443 ")


def test_trying_again_ends_with_the_time(rules: Bundle) -> None:
    started = time.monotonic()
    engine = Server(f"http://127.0.0.1:{free_port()}", limits=HASTY, pauses=(0.3,) * 100)
    with pytest.raises(LostError):
        engine.evaluate(rules, {})
    engine.close()
    assert time.monotonic() - started < 5


def test_all_questions_of_a_decision_share_its_time(rules: Bundle) -> None:
    """An evaluation that fails is asked for rule by rule: none of them has the time for itself."""
    told = {"code": "eval_builtin_error", "message": "no"}
    failed = {"code": "internal_error", "message": "x", "errors": [told]}

    def slowly(call: Call) -> None:
        time.sleep(0.2)
        if call.target.startswith("/v1/data/gate_entry/digest"):
            json_answer({"result": rules.digest})(call)
        elif call.target.startswith("/v1/data/gate_entry"):
            json_answer(failed, "500 Oops")(call)
        else:
            json_answer({"result": []})(call)

    with serving(slowly) as port, pytest.raises(LateError):
        asked(port, rules, HASTY)
