"""Bundles between gate and a real OPA: each reads what the other writes."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gate.decision import bundle as bundles
from gate.decision.engines.embedded import Embedded
from gate.decision.sources import archive
from gate.decision.sources.documents import document
from gate.errors import PolicyError
from gate.model.policy import Bundle, PolicyFiles
from tests.support.tools import need
from tests.support.web import Asked, Told, web
from tests.unit.decision.cases import module

RULE = module("team.named", 'deny contains "x" if input.x in data.teams.days')
OLD = module("team.old", 'deny["old"] { input.x }')
LIBRARY = "package gate.lib.names\n\nfirst := 1\n"
DATA = {"teams": {"days": ["mon", 2.5]}, "gate": {"team": {"more": {"a": None}}}}


def opa(*arguments: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(
        [need("opa"), *(str(each) for each in arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def made(*, builtin: bool = True) -> Bundle:
    files = PolicyFiles(
        {
            "x.tar.gz!policy.rego": RULE,
            "x.tar.gz!odd [name]*.rego": OLD,
            "policies/l.rego": LIBRARY,
        },
        data=DATA,
        v0=frozenset({"x.tar.gz!odd [name]*.rego"}),
        by_path=False,
    )
    return bundles.load(builtin, [files])


def written(folder: Path, bundle: Bundle) -> Path:
    file = folder / "gate-bundle.tar.gz"
    file.write_bytes(archive.write(bundle))
    return file


def evaluated(file: Path, query: str, policy_input: Any, folder: Path) -> Any:
    (folder / "input.json").write_text(json.dumps(policy_input))
    told = opa("eval", "-f", "json", "-b", file, "-i", folder / "input.json", query)
    return json.loads(told)["result"][0]["expressions"][0]["value"]


def test_opa_takes_the_bundle_and_judges_as_the_embedded_engine(tmp_path: Path) -> None:
    bundle = made(builtin=False)
    file = written(tmp_path, bundle)
    opa("check", "--strict", "-b", file)
    for policy_input in ({"x": "mon"}, {"x": 2.5}, {"x": "tue"}, {}):
        entry = evaluated(file, "data.gate_entry", policy_input, tmp_path)
        assert entry["digest"] == bundle.digest
        assert entry["findings"] == Embedded().evaluate(bundle, policy_input).results
    told = json.loads(opa("inspect", "-f", "json", file))
    assert told["manifest"]["revision"] == bundle.digest
    assert "gate_entry" in told["manifest"]["roots"]
    assert evaluated(file, "data.gate.team.more", {}, tmp_path) == {"a": None}


@contextmanager
def serving(folder: Path, *arguments: str | Path) -> Iterator[str]:
    """An OPA server that has activated its bundles."""
    with subprocess.Popen(
        [
            *(need("opa"), "run", "--server", "--addr", "127.0.0.1:0", "--log-format", "json"),
            *("--log-level", "info", *(str(each) for each in arguments)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
    ) as process:
        try:
            address = f"http://127.0.0.1:{_port(process)}"
            for _ in range(300):
                if _healthy(address):
                    break
                time.sleep(0.05)
            yield address
        finally:
            process.terminate()


def _port(process: subprocess.Popen[bytes]) -> int:
    """The port of a server that was told to take a free one, as the system lists it."""
    for _ in range(300):
        listening = {
            line.split()[9]: int(line.split()[1].rpartition(":")[2], 16)
            for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
            if line.split()[3] == "0A"
        }
        for each in Path(f"/proc/{process.pid}/fd").iterdir():
            try:
                inode = str(each.readlink()).removeprefix("socket:[").removesuffix("]")
            except OSError:
                continue
            if inode in listening:
                return listening[inode]
        time.sleep(0.05)
    raise AssertionError("opa does not listen")


def _healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health?bundles") as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        return False


def asked(address: str, path: str) -> Any:
    with urllib.request.urlopen(f"{address}/v1/data/{path}") as answer:
        return json.load(answer)["result"]


def test_a_server_serves_the_bundle(tmp_path: Path) -> None:
    bundle = made()
    written(tmp_path, bundle)
    with serving(tmp_path, "--bundle", "gate-bundle.tar.gz") as address:
        assert _healthy(address)
        assert asked(address, "gate_entry/digest") == bundle.digest
        assert asked(address, "gate_entry/rules") == sorted(bundle.rules)


def test_a_server_fetches_the_bundle_and_a_team_s_own_beside_it(tmp_path: Path) -> None:
    bundle = bundles.load(True)
    team = tmp_path / "team"
    team.mkdir()
    (team / "named.rego").write_text(module("team.own", 'deny contains "x" if input.x'))
    (team / ".manifest").write_text(json.dumps({"roots": ["gate/team"]}))
    opa("build", "-b", team, "-o", tmp_path / "team.tar.gz")
    served = {
        "/gate.tar.gz": archive.write(bundle),
        "/team.tar.gz": (tmp_path / "team.tar.gz").read_bytes(),
    }

    def answer(request: Asked) -> Told:
        return Told(body=served[request.path], headers={"Content-Type": "application/gzip"})

    with web(answer) as server:
        config = {
            "services": {"files": {"url": server.address}},
            "bundles": {
                name: {"service": "files", "resource": f"{name}.tar.gz"}
                for name in ("gate", "team")
            },
        }
        (tmp_path / "opa.json").write_text(json.dumps(config))
        with serving(tmp_path, "--config-file", "opa.json") as address:
            assert _healthy(address)
            assert asked(address, "gate_entry/digest") == bundle.digest
            assert asked(address, "gate/team/own/deny") == []


def source(folder: Path, **manifest: Any) -> Path:
    """A folder as a team has it, for `opa build -b`."""
    (folder / "rules" / "deep").mkdir(parents=True)
    (folder / "teams").mkdir()
    (folder / "rules" / "deep" / "policy.rego").write_text(RULE)
    (folder / "rules" / "policy_test.rego").write_text("package gate.team.named_test\n")
    (folder / "teams" / "data.yaml").write_text("days: [mon, 2.5]\n")
    (folder / "rules" / "data.json").write_text('{"big": 12345678901234567890}')
    if manifest:
        (folder / ".manifest").write_text(json.dumps(manifest))
    return folder


@pytest.mark.parametrize(
    "manifest",
    [
        {},
        {"revision": "7", "roots": ["gate", "teams", "rules"]},
        {"roots": ["gate/team", "teams", "rules/big"], "metadata": {"a": 1}},
    ],
)
def test_a_bundle_that_opa_built_is_read(tmp_path: Path, manifest: dict[str, Any]) -> None:
    folder = source(tmp_path / "source", **manifest)
    file = tmp_path / "team.tar.gz"
    opa("build", "-b", folder, "-o", file)
    files = archive.read("team.tar.gz", file.read_bytes())
    bundle = bundles.load(False, [files])
    assert list(bundle.rules) == ["team.named"]
    expected = {"teams": {"days": ["mon", 2.5]}, "rules": {"big": 12345678901234567890}}
    assert bundle.data == expected
    theirs = evaluated(file, "data", {}, tmp_path)
    assert {key: theirs[key] for key in expected} == expected
    for policy_input in ({"x": "mon"}, {"x": "tue"}):
        theirs = evaluated(file, "data.gate.team.named.deny", policy_input, tmp_path)
        ours = Embedded().evaluate(bundle, policy_input).results["team.named"]["deny"]
        assert ours == theirs


def test_old_rego_that_opa_built_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "old.rego").write_text(OLD)
    file = tmp_path / "team.tar.gz"
    opa("build", "--v0-compatible", "-b", folder, "-o", file)
    bundle = bundles.load(False, [archive.read("team.tar.gz", file.read_bytes())])
    assert [each.v0 for each in bundle.modules] == [True]
    assert Embedded().evaluate(bundle, {"x": 1}).results == {"team.old": {"deny": ["old"]}}


def test_a_bundle_that_opa_signed_is_read_with_its_digest(tmp_path: Path) -> None:
    folder = source(tmp_path / "source")
    opa("build", "-b", folder, "-o", tmp_path / "plain.tar.gz")
    signed = tmp_path / "signed"
    signed.mkdir()
    subprocess.run(["tar", "-xzf", tmp_path / "plain.tar.gz", "-C", signed], check=True)
    opa("sign", "--signing-alg", "HS256", "--signing-key", "word", "-b", signed, cwd=tmp_path)
    opa("sign", "--signing-alg", "HS256", "--signing-key", "word", "-b", ".", cwd=signed)
    names = sorted(path.name for path in signed.iterdir())
    subprocess.run(["tar", "-czf", tmp_path / "team.tar.gz", *names], cwd=signed, check=True)
    data = (tmp_path / "team.tar.gz").read_bytes()
    with pytest.raises(PolicyError, match="signed"):
        archive.read("team.tar.gz", data)
    assert list(bundles.load(False, [archive.read("team.tar.gz", data, pinned=True)]).rules)


def test_a_compiled_bundle_is_refused(tmp_path: Path) -> None:
    folder = source(tmp_path / "source")
    file = tmp_path / "team.tar.gz"
    opa("build", "-t", "plan", "-e", "gate/team/named/deny", "-b", folder, "-o", file)
    with pytest.raises(PolicyError, match="compiled"):
        archive.read("team.tar.gz", file.read_bytes())


def test_what_opa_refuses_is_refused(tmp_path: Path) -> None:
    folder = source(tmp_path / "source", roots=["gate/team"])
    done = subprocess.run(
        [need("opa"), "build", "-b", folder], capture_output=True, check=False, cwd=tmp_path
    )
    assert done.returncode != 0
    subprocess.run(["tar", "-czf", tmp_path / "x.tar.gz", "-C", folder, "."], check=True)
    with pytest.raises(PolicyError, match="outside"):
        archive.read("x.tar.gz", (tmp_path / "x.tar.gz").read_bytes())


SCALARS = [
    *("1", "-1", "+1", "01", "0o17", "0x1F", "0b11", "1_000", "1e3", "1.0", "-0.0", "1.5e-3", ".5"),
    *(
        "1.",
        "12345678901234567890",
        "123456789012345678901234567890",
        "1e400",
        "9007199254740993.0",
    ),
    *("true", "True", "yes", "on", "off", "y", "n", "null", "~", "Null", "nullish", "''", "'1'"),
    *("2026-01-02", "2026-01-02T03:04:05Z", "12:30:45", "=", '"\\u00e9"', "a b", "a:b", "-", "?a"),
    *("0.1", "100000000000000000000.0", "1e22", "1__0", "0x_1", "1_.5", "+.5", "0o8", "08", "!x"),
]


def test_data_in_yaml_means_what_opa_reads(tmp_path: Path) -> None:
    read = {}
    for scalar in SCALARS:
        text = f"v: {scalar}\n"
        try:
            read[scalar] = document("data.yaml", text.encode())["v"]
        except PolicyError:
            continue
    assert len(read) > len(SCALARS) - 6
    lines = [f"k{index}: {scalar}\n" for index, scalar in enumerate(read)]
    (tmp_path / "data.yaml").write_text("".join(lines))
    subprocess.run(
        ["tar", "-czf", "x.tar.gz", "data.yaml"], cwd=tmp_path, check=True, capture_output=True
    )
    theirs = evaluated(tmp_path / "x.tar.gz", "data", {}, tmp_path)
    assert {scalar: theirs[f"k{index}"] for index, scalar in enumerate(read)} == read


PATTERNS = [
    *(
        "*",
        "**",
        "/*",
        "*.rego",
        "a.rego",
        "/a.rego",
        "?.rego",
        "b/*",
        "b/**",
        "*/c.rego",
        "b*.rego",
    ),
    *("*c*", "\\a.rego", "b/?.rego", "b?c.rego", "*b/d/*", "**/e.rego", "*a*", "", "*?*?*?*?*?*?*"),
]


@pytest.mark.parametrize("start", ["", "/"])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_of_versions_means_what_opa_reads(
    tmp_path: Path, pattern: str, start: str
) -> None:
    names = ["a.rego", "b/c.rego", "b/d/e.rego"]
    manifest = {"file_rego_versions": {pattern: 0}}

    def packed(old: set[str]) -> bytes:
        files = {
            name: f"package gate.team.r{index}\n\n"
            + ('deny["x"] { input.x }\n' if name in old else 'deny contains "x" if input.x\n')
            for index, name in enumerate(names)
        }
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w:gz") as tar:
            for name, text in {".manifest": json.dumps(manifest), **files}.items():
                entry = tarfile.TarInfo(f"{start}{name}")
                entry.size = len(text.encode())
                tar.addfile(entry, io.BytesIO(text.encode()))
        return out.getvalue()

    found = archive.read("x", packed(set())).v0
    old = {name for name in names if f"x!{name}" in found}
    (tmp_path / "x.tar.gz").write_bytes(packed(old))
    opa("check", "-b", tmp_path / "x.tar.gz")
