"""TLS to an OPA server, with an authority and client certificates made for the test."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gate.decision import bundle as bundles
from gate.decision.engines.server import Server
from gate.decision.limits import Limits
from gate.decision.sources import archive
from gate.errors import EngineError, UsageError
from gate.model.policy import Bundle
from tests.support.opa import Opa, running
from tests.support.tools import need

LIMITS = Limits(seconds=20)


@dataclass(frozen=True)
class Papers:
    """PEM files, all of one authority but `other`."""

    folder: Path

    def __getattr__(self, name: str) -> str:
        return str(self.folder / f"{name}.pem")


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    made = Papers(tmp_path_factory.mktemp("papers"))
    for name in ("authority", "other"):
        _openssl(
            made, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-subj", f"/CN=test {name}", "-days", "2",
            "-addext", "keyUsage=critical,keyCertSign",
            "-keyout", f"{name}_key.pem", "-out", f"{name}.pem",
        )  # fmt: skip
    for name, usage in (("server", "serverAuth"), ("client", "clientAuth")):
        extensions = f"subjectAltName=IP:127.0.0.1\nextendedKeyUsage={usage}\n"
        (made.folder / f"{name}.ext").write_text(extensions)
        _openssl(
            made, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", f"/CN=test {name}", "-keyout", f"{name}_key.pem", "-out", f"{name}.csr",
        )  # fmt: skip
        _openssl(
            made, "x509", "-req", "-in", f"{name}.csr", "-CA", "authority.pem",
            "-CAkey", "authority_key.pem", "-CAcreateserial", "-days", "2",
            "-extfile", f"{name}.ext", "-out", f"{name}.pem",
        )  # fmt: skip
    _openssl(
        made, "pkey", "-in", "client_key.pem", "-aes256", "-passout", "pass:x",
        "-out", "locked_key.pem",
    )  # fmt: skip
    return made


def _openssl(papers: Papers, *arguments: str) -> None:
    subprocess.run(
        [need("openssl"), *arguments], cwd=papers.folder, check=True, capture_output=True
    )


@pytest.fixture(scope="module")
def rules() -> Bundle:
    return bundles.load(True)


@pytest.fixture(scope="module")
def opa(rules: Bundle, papers: Papers) -> Iterator[Opa]:
    """An OPA that takes only clients with a certificate of the authority."""
    file = papers.folder / "gate.tar.gz"
    file.write_bytes(archive.write(rules))
    with running(
        "--tls-cert-file", papers.server, "--tls-private-key-file", papers.server_key,
        "--tls-ca-cert-file", papers.authority, "--authentication", "tls", "--bundle", file,
    ) as found:  # fmt: skip
        yield found


def judge(opa: Opa, rules: Bundle, monkeypatch: pytest.MonkeyPatch, **env: str) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    engine = Server(f"https://127.0.0.1:{opa.port}", limits=LIMITS, pauses=())
    try:
        assert set(engine.evaluate(rules, {}).results) == set(rules.rules)
    finally:
        engine.close()


def test_authority_and_client_certificate_are_used(
    opa: Opa, rules: Bundle, papers: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge(
        opa, rules, monkeypatch, GATE_ENGINE_CA=papers.authority,
        GATE_ENGINE_CERT=papers.client, GATE_ENGINE_KEY=papers.client_key,
        # What other programs trust does not count where the gate has an authority of its own.
        REQUESTS_CA_BUNDLE=papers.other,
    )  # fmt: skip


def test_the_authorities_that_other_programs_trust_count_where_none_is_named(
    opa: Opa, rules: Bundle, papers: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge(
        opa, rules, monkeypatch, REQUESTS_CA_BUNDLE=papers.authority,
        GATE_ENGINE_CERT=papers.client, GATE_ENGINE_KEY=papers.client_key,
    )  # fmt: skip


@pytest.mark.parametrize("authority", ["", "other"])
def test_a_server_that_nobody_vouches_for_is_not_asked(
    authority: str, opa: Opa, rules: Bundle, papers: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = {"GATE_ENGINE_CA": papers.other} if authority else {}
    with pytest.raises(EngineError, match="no trusted TLS connection") as caught:
        judge(opa, rules, monkeypatch, **env)
    assert "GATE_ENGINE_CA" in caught.value.advice


def test_a_missing_client_certificate_is_said(
    opa: Opa, rules: Bundle, papers: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EngineError) as caught:
        judge(opa, rules, monkeypatch, GATE_ENGINE_CA=papers.authority)
    assert "GATE_ENGINE_CERT" in caught.value.advice


@pytest.mark.parametrize(
    ("certificate", "key", "said"),
    [
        ("client", "server_key", "no PEM file that can be used"),
        ("client", "locked_key", "no PEM file that can be used"),
        ("client", "nowhere", "there is no such file"),
        ("", "client_key", "GATE_ENGINE_CERT is not"),
    ],
)
def test_papers_that_do_not_fit_are_refused_before_anything_is_asked(
    certificate: str, key: str, said: str, papers: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATE_ENGINE_CERT", getattr(papers, certificate) if certificate else "")
    monkeypatch.setenv("GATE_ENGINE_KEY", getattr(papers, key))
    with pytest.raises(UsageError, match=said):
        Server("https://127.0.0.1:1")


def test_an_authority_that_is_none_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("missing", None), ("none", "no PEM")):
        file = tmp_path / f"{name}.pem"
        if text is not None:
            file.write_text(text)
        monkeypatch.setenv("GATE_ENGINE_CA", str(file))
        with pytest.raises(UsageError, match="GATE_ENGINE_CA"):
            Server("https://127.0.0.1:1")


def test_plain_http_to_a_tls_server_is_no_answer(opa: Opa, rules: Bundle) -> None:
    engine = Server(f"http://127.0.0.1:{opa.port}", limits=LIMITS, pauses=())
    with pytest.raises(EngineError):
        engine.evaluate(rules, {})
    engine.close()


def test_tls_to_a_plain_server_is_no_answer(rules: Bundle) -> None:
    with running() as opa:
        engine = Server(f"https://127.0.0.1:{opa.port}", limits=LIMITS, pauses=())
        with pytest.raises(EngineError, match="no trusted TLS connection"):
            engine.evaluate(rules, {})
        engine.close()
