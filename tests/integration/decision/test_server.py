"""An OPA server as engine, also behind a proxy that does whatever goes wrong."""

from __future__ import annotations

import gzip
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from gate.decision import bundle as bundles
from gate.decision.engines import server as servers
from gate.decision.engines.embedded import Embedded
from gate.decision.engines.server import Server
from gate.decision.limits import Limits
from gate.decision.sources import archive
from gate.errors import EngineError, PolicyError
from gate.model.policy import Bundle
from tests.support.command import Run, gate
from tests.support.opa import Opa, running
from tests.support.proxy import (
    Call,
    answer,
    forward,
    hang_up,
    json_answer,
    raw,
    serving,
)
from tests.support.rules import load
from tests.support.trees import MemoryTree
from tests.unit.decision.cases import context, module, resource

TOKEN = "t0p-s3cret-bearer"
LIMITS = Limits(seconds=10)
HASTY = Limits(seconds=0.7)
PAUSES = (0.05, 0.1)
HARMLESS = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: words, namespace: shop}
data: {hello: world}
"""


@pytest.fixture(scope="module")
def rules() -> Bundle:
    return bundles.load(True)


@pytest.fixture(scope="module")
def opa(rules: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opa]:
    """An OPA that serves the gate's own rules."""
    with running("--bundle", packed(rules, tmp_path_factory.mktemp("opa"))) as found:
        yield found


@pytest.fixture(scope="module")
def change(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which nothing is wrong: whatever is not judged would pass."""
    folder = tmp_path_factory.mktemp("change")
    (folder / "deploy").mkdir()
    (folder / "deploy" / "words.yaml").write_text(HARMLESS)
    return folder


def packed(bundle: Bundle, folder: Path, name: str = "gate.tar.gz") -> Path:
    file = folder / name
    file.write_bytes(archive.write(bundles.served(bundle)))
    return file


def judged(folder: Path, port: int, *more: str, **env: str) -> Run:
    engine = f"http://127.0.0.1:{port}"
    return gate(
        "check", "deploy", "--engine", engine, "-vv", *more,
        cwd=folder, env={"GATE_ENGINE_TOKEN": TOKEN, **env},
    )  # fmt: skip


def of_repository(**rules: str) -> Bundle:
    files = {
        f"policies/team/{name}.rego": module(f"team.{name}", body) for name, body in rules.items()
    }
    return load(["policies"], MemoryTree(dict(files)))


def asked(port: int, bundle: Bundle, limits: Limits = LIMITS) -> Any:
    engine = Server(f"http://127.0.0.1:{port}", limits=limits, pauses=PAUSES)
    try:
        return engine.evaluate(bundle, {})
    finally:
        engine.close()


# What works


def test_the_server_judges_as_the_embedded_engine_does(opa: Opa, rules: Bundle) -> None:
    made = context(rules, [resource("x", {"a": 1.0}, {"a": "é\ud800"})])
    engine = Server(f"http://127.0.0.1:{opa.port}", "asked for with --engine")
    try:
        assert engine.evaluate(rules, made) == Embedded().evaluate(rules, made)
        told = engine.about(rules)
    finally:
        engine.close()
    assert (told["name"], told["reason"]) == ("opa server", "asked for with --engine")
    assert told["version"].startswith("1.")


def test_a_change_is_judged_by_a_server_and_the_verdict_says_so(change: Path, opa: Opa) -> None:
    run = judged(change, opa.port, "-o", "json")
    assert run.code == 0, str(run)
    assert run.json["engine"]["name"] == "opa server"
    assert run.json["engine"]["reason"] == "asked for with --engine"
    run = judged(change, opa.port)
    assert "asked for with --engine" in run.out


def test_a_rule_that_is_off_is_not_missed(change: Path, opa: Opa, rules: Bundle) -> None:
    fewer = bundles.only(rules, list(rules.rules)[:3])
    assert set(asked(opa.port, fewer).results) == set(list(rules.rules)[:3])


def test_a_rule_that_fails_is_named_with_its_line_and_the_others_are_kept(tmp_path: Path) -> None:
    made = of_repository(
        good='deny contains "kept"',
        bad='deny contains x if {\n\tx := to_number("no number")\n}',
        two="deny contains x if x := f(1)\n\nf(_) := 1\n\nf(_) := 2",
    )
    with running("--bundle", packed(made, tmp_path)) as opa:
        found = asked(opa.port, made)
    assert found.results == {"team.good": {"deny": ["kept"]}}
    bad, two = found.failures["team.bad"], found.failures["team.two"]
    assert (bad.path, bad.line) == ("policies/team/bad.rego", 9)
    assert bad.message.startswith("to_number: ")
    assert two.path == "policies/team/two.rego"
    assert "conflict" in two.message


def test_a_server_that_restarts_in_between_answers_after_all(rules: Bundle, tmp_path: Path) -> None:
    with running("--bundle", packed(rules, tmp_path)) as opa:
        opa.end()
        timer = threading.Timer(0.5, opa.start)
        timer.start()
        engine = Server(f"http://127.0.0.1:{opa.port}")
        try:
            assert not engine.evaluate(rules, {}).failures
        finally:
            engine.close()
            timer.join()


@pytest.mark.parametrize("status", ["429 Slow", "502 Bad", "503 Busy", "504 Late"])
def test_what_passes_is_asked_again(status: str, opa: Opa, rules: Bundle) -> None:
    with serving(answer(b"", status), hang_up, forward(opa.port)) as port:
        assert set(asked(port, rules).results) == set(rules.rules)


def test_an_answer_that_was_cut_off_is_asked_for_again(opa: Opa, rules: Bundle) -> None:
    cut = raw(b'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"result": {')
    with serving(cut, forward(opa.port)) as port:
        assert set(asked(port, rules).results) == set(rules.rules)


def test_a_compressed_answer_is_read(opa: Opa, rules: Bundle) -> None:
    def zipped(call: Call) -> None:
        there = HTTPConnection("127.0.0.1", opa.port, timeout=30)
        with closing(there):
            there.request("POST", call.target, call.body, {"Content-Type": "application/json"})
            body = there.getresponse().read()
        answer(gzip.compress(body), Content_Encoding="gzip")(call)

    with serving(zipped) as port:
        assert set(asked(port, rules).results) == set(rules.rules)


# What is no verdict


def test_other_rules_on_the_server_are_no_verdict(change: Path, tmp_path: Path) -> None:
    other = of_repository(good='deny contains "x"')
    with running("--bundle", packed(other, tmp_path)) as opa:
        run = judged(change, opa.port)
    assert run.code == 2
    assert "serves other rules than the configured ones" in run.err
    assert "gate policy bundle" in run.err


def test_an_opa_without_the_bundle_is_no_verdict(change: Path) -> None:
    with running() as opa:
        run = judged(change, opa.port)
    assert run.code == 2
    assert "has no data.gate_entry" in run.err


# Who asks


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://ann:pa55word@127.0.0.1:8181", "holds a user or password"),
        ("http://127.0.0.1:8181/opa", "has a path"),
        ("http://127.0.0.1:8181/?pa55word=1", "more than scheme, host and port"),
        ("http://127.0.0.1:8181/#pa55word", "more than scheme, host and port"),
        ("ftp://127.0.0.1", "none that gate can ask"),
        ("http://", "none that gate can ask"),
        ("http://127.0.0.1:pa55word", "none that gate can ask"),
    ],
)
def test_an_address_that_is_more_than_an_address_is_refused(
    url: str, said: str, change: Path
) -> None:
    run = gate("check", "deploy", "--engine", url, "-vv", cwd=change)
    assert run.code == 2, str(run)
    assert said in run.err
    assert "pa55word" not in run.out + run.err


@pytest.mark.parametrize(
    "token", [f"{TOKEN}\n", f"a {TOKEN}", f"{TOKEN}é", f"{TOKEN}\x00"[:-1] + "\t"]
)
def test_a_token_that_is_none_is_not_shown(token: str, change: Path, opa: Opa) -> None:
    run = judged(change, opa.port, GATE_ENGINE_TOKEN=token)
    assert run.code == 2, str(run)
    assert "GATE_ENGINE_TOKEN" in run.err
    assert TOKEN not in run.out + run.err


def test_the_token_is_sent_and_nothing_of_the_home_folder(
    rules: Bundle, change: Path, tmp_path: Path
) -> None:
    heads: list[bytes] = []

    def see(call: Call) -> None:
        heads.append(call.head)
        json_answer({})(call)

    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ann password pa55word\n")
    netrc.chmod(0o600)
    with serving(see) as port, serving(see) as proxy:
        judged(
            change, port, NETRC=str(netrc),
            HTTP_PROXY=f"http://127.0.0.1:{proxy}", http_proxy=f"http://127.0.0.1:{proxy}",
        )  # fmt: skip
    assert len(heads) == 1
    assert heads[0].startswith(b"POST /v1/data/gate_entry?")
    assert f"Authorization: Bearer {TOKEN}".encode() in heads[0]


@pytest.mark.parametrize("policies", ["[builtin]", "[builtin, server]"])
def test_no_token_is_sent_where_only_a_working_tree_names_the_server(
    policies: str, tmp_path: Path
) -> None:
    heads: list[bytes] = []
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "words.yaml").write_text(HARMLESS)
    with serving(lambda call: heads.append(call.head)) as port:
        config = f"version: 1\nengine: http://127.0.0.1:{port}\npolicies: {policies}\n"
        (tmp_path / ".gate.yaml").write_text(config)
        run = gate("check", "deploy", cwd=tmp_path, env={"GATE_ENGINE_TOKEN": TOKEN})
    assert run.code == 2, str(run)
    assert "Name the server yourself" in run.err
    assert TOKEN not in str(run)
    assert not heads


def test_a_server_that_wants_a_token_gets_it(rules: Bundle, change: Path, tmp_path: Path) -> None:
    file = tmp_path / "authz.rego"
    folder = tmp_path / "authz"
    folder.mkdir()
    file = folder / "authz.rego"
    file.write_text(
        f'package system.authz\n\ndefault allow := false\n\nallow if input.identity == "{TOKEN}"\n'
    )
    (folder / ".manifest").write_text('{"roots": ["system/authz"]}')
    arguments = ("--authentication", "token", "--authorization", "basic")
    with running(*arguments, "--bundle", packed(rules, tmp_path), folder) as opa:
        assert judged(change, opa.port).code == 0
        run = judged(change, opa.port, GATE_ENGINE_TOKEN="wrong")
    assert run.code == 2
    assert "does not let gate ask (401)" in run.err


def test_offline_and_a_server_are_not_asked_for_together(change: Path) -> None:
    run = judged(change, 1, "--offline")
    assert run.code == 2
    assert "--offline asks none" in run.err


def test_a_configured_server_gives_way_to_offline(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "words.yaml").write_text(HARMLESS)
    (tmp_path / ".gate.yaml").write_text("version: 1\nengine: http://127.0.0.1:1\n")
    run = gate("check", "deploy", "--offline", "-o", "json", cwd=tmp_path)
    assert run.code == 0, str(run)
    assert run.json["engine"]["name"] == "embedded"
    assert run.json["engine"]["reason"].startswith("offline: the server is not asked; ")


# A team's own rules on its server

TEAM = module("team.mine", "deny contains data.gate.lib.words.hello if input.resources")
WORDS = 'package gate.lib.words\n\nhello := "hallo"\n'


def team_bundle(folder: Path, *roots: str, **texts: str) -> Path:
    folder.mkdir()
    for name, text in texts.items():
        (folder / f"{name}.rego").write_text(text)
    (folder / ".manifest").write_text(json.dumps({"roots": list(roots)}))
    return folder


def test_a_teams_own_rules_are_judged_where_they_are(
    rules: Bundle, change: Path, tmp_path: Path
) -> None:
    team = team_bundle(
        tmp_path / "team", "gate/team", "gate/lib/words",
        mine=TEAM, words=WORDS, test=TEAM.replace("gate.team.mine", "gate.team.mine_test"),
    )  # fmt: skip
    with running("--bundle", packed(rules, tmp_path), team) as opa:
        found = servers.served(f"http://127.0.0.1:{opa.port}")
        run = judged(change, opa.port, "--policy", "builtin", "--policy", "server")
    assert found.texts == {"server:team/mine.rego": TEAM, "server:lib/words.rego": WORDS}
    assert found.origin == "server"
    assert run.code == 1, str(run)
    assert "hallo" in run.out


def test_a_saved_input_is_judged_by_any_engine(rules: Bundle, change: Path, tmp_path: Path) -> None:
    team = team_bundle(tmp_path / "team", "gate/team", "gate/lib/words", mine=TEAM, words=WORDS)
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "words.yaml").write_text(HARMLESS)
    with running("--bundle", packed(rules, tmp_path), team) as opa:
        url = f"http://127.0.0.1:{opa.port}"
        (tmp_path / ".gate.yaml").write_text(
            f"version: 1\nengine: {url}\npolicies: [builtin, server]\n"
        )
        saved = gate("context", "deploy", cwd=tmp_path)
        assert saved.code == 0, str(saved)
        (tmp_path / "saved.json").write_text(saved.out)
        for engine, name in ((url, "opa server"), ("embedded", "embedded"), ("opa", "local opa")):
            run = gate(
                "check", "--input", "saved.json", "--engine", engine, "-o", "json", cwd=tmp_path
            )
            assert run.code == 1, str(run)
            assert [each["message"] for each in run.json["findings"]] == ["hallo"]
            assert run.json["engine"]["name"] == name


def test_a_server_without_rules_of_its_own_is_no_verdict(
    rules: Bundle, change: Path, tmp_path: Path
) -> None:
    team = team_bundle(tmp_path / "team", "gate/lib/words", words=WORDS)
    for more in ((), (team,)):
        with running("--bundle", packed(rules, tmp_path), *more) as opa:
            run = judged(change, opa.port, "--policy", "builtin", "--policy", "server")
        assert run.code == 2, str(run)
        assert "The OPA server holds no rules of its own." in run.err


def test_a_rule_that_was_added_to_the_gates_bundle_is_judged(
    rules: Bundle, change: Path, tmp_path: Path
) -> None:
    merged = tmp_path / "merged"
    with tarfile.open(packed(rules, tmp_path)) as tar:
        tar.extractall(merged, filter="data")
    manifest = json.loads((merged / ".manifest").read_text())
    manifest["roots"].append("gate/team")
    (merged / ".manifest").write_text(json.dumps(manifest))
    (merged / "mine.rego").write_text(module("team.mine", 'deny contains "added"'))
    with running("--bundle", merged) as opa:
        run = judged(change, opa.port, "--policy", "builtin", "--policy", "server")
    assert run.code == 1, str(run)
    assert "added" in run.out


def test_two_modules_of_one_package_are_an_error(rules: Bundle, tmp_path: Path) -> None:
    two = "package gate.team.mine\n\nwarn contains 1\n"
    team = team_bundle(tmp_path / "team", "gate/team", one=TEAM, two=two)
    with (
        running("--bundle", packed(rules, tmp_path), team) as opa,
        pytest.raises(PolicyError, match="defined twice"),
    ):
        servers.served(f"http://127.0.0.1:{opa.port}")


def test_a_package_that_nobody_would_read_is_an_error(tmp_path: Path) -> None:
    odd = team_bundle(tmp_path / "team", "gate", one="package gate.team.sub.rule\n\nx := 1\n")
    with (
        running("--bundle", odd) as opa,
        pytest.raises(PolicyError, match=r"gate\.team\.sub\.rule, which is no rule"),
    ):
        servers.served(f"http://127.0.0.1:{opa.port}")


def test_rules_that_change_while_they_judge_are_an_error(tmp_path: Path) -> None:
    team = team_bundle(tmp_path / "team", "gate/team", "gate/lib/words", mine=TEAM, words=WORDS)
    with running("--bundle", team) as opa:
        url = f"http://127.0.0.1:{opa.port}"
        made = bundles.load(False, [servers.served(url)])
        engine = Server(url)
        assert engine.evaluate(made, {"resources": []}).results == {
            "team.mine": {"deny": ["hallo"]}
        }
        opa.end()
        (team / "words.rego").write_text(WORDS.replace("hallo", "tach"))
        opa.start()
        with pytest.raises(EngineError, match="changed while they judged"):
            engine.evaluate(made, {"resources": []})
        engine.close()


@pytest.mark.parametrize(
    "told",
    [
        {"result": [{"id": "x"}]},
        {"result": {}},
        {},
        {"result": [{"ast": {"package": {"path": [1]}}}]},
    ],
)
def test_a_list_of_policies_that_is_none_is_an_error(told: Any) -> None:
    with serving(json_answer({}), json_answer(told)) as port, pytest.raises(EngineError):
        servers.served(f"http://127.0.0.1:{port}")
