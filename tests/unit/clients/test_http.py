"""The HTTP edge: whatever a server or the way to it does, there is a reply or a plain reason."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.clients import http
from gate.clients.address import shown
from gate.clients.http import Access, Reply, Session, Unreachable, access, json_of, why
from tests.support.web import Asked, Tls, Told, certificate, web

SECRET = "an-example-of-a-token"


def ask(address: str, who: Access | None = None, **params: str) -> Reply:
    with Session(who or Access(timeout=5), pauses=(0.01,)) as session:
        return session.get(address, params)


def failure(address: str, who: Access | None = None) -> str:
    with pytest.raises(Unreachable) as error:
        ask(address, who)
    assert str(error.value) == error.value.reason
    return error.value.reason


@contextmanager
def raw(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that does as it likes with each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(2)
                    answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        over.set()
        thread.join()


def test_a_reply_has_status_body_and_headers_of_any_case() -> None:
    with web(lambda _: Told(404, b"no", {"X-Thing": "a"})) as server:
        reply = ask(f"{server.address}/a", None, query="b c")
    assert (reply.status, reply.body, reply.headers["x-thing"]) == (404, b"no", "a")
    assert server.asked[0].path == "/a?query=b+c"


def test_a_form_is_posted() -> None:
    with web(lambda asked: Told(200, asked.body)) as server, Session(Access()) as session:
        assert session.post(server.address, {"query": "a+b"}).body == b"query=a%2Bb"


@pytest.mark.parametrize(
    ("who", "header"),
    [
        (Access(token=SECRET), f"Bearer {SECRET}"),
        (Access(user="ä", password="p:w"), "Basic " + base64.b64encode("ä:p:w".encode()).decode()),
        (Access(user="u"), "Basic " + base64.b64encode(b"u:").decode()),
        (Access(headers={"Authorization": "ApiKey x"}), "ApiKey x"),
        (Access(), None),
    ],
)
def test_who_asks_is_told(who: Access, header: str | None) -> None:
    with web(lambda _: Told()) as server:
        ask(server.address, who)
    assert server.asked[0].headers.get("Authorization") == header


def test_user_and_password_of_an_address_are_used_and_not_shown() -> None:
    with web(lambda _: Told()) as server:
        address = server.address.replace("//", "//u%40x:p%2Fw@")
        for settings in (address, {"url": address}, {"url": address, "user": "a", "password": "b"}):
            ask(address, access(settings))
    given = [each.headers["Authorization"].removeprefix("Basic ") for each in server.asked]
    assert list(map(base64.b64decode, given)) == [b"u@x:p/w", b"u@x:p/w", b"a:b"]
    assert "p/w" not in why(401, b"no: p/w", access(address))
    assert access("http://[") == Access()
    assert shown(f"{address}/a?b=c#d") == f"{server.address}/a"
    assert shown("http://[") == shown("ann:p/w@host.example/a") == "the address"


def test_a_password_file_of_the_machine_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with web(lambda _: Told()) as server:
        ask(server.address)
    assert "Authorization" not in server.asked[0].headers


def test_the_tenants_header_is_sent_and_no_cookie_comes_back() -> None:
    with (
        web(lambda _: Told(headers={"Set-Cookie": "a=b"})) as server,
        Session(Access(headers={"X-Scope-OrgID": "shop"})) as session,
    ):
        session.get(server.address)
        session.get(server.address)
    assert [each.headers["X-Scope-OrgID"] for each in server.asked] == ["shop", "shop"]
    assert "Cookie" not in server.asked[1].headers


def test_no_redirect_is_followed() -> None:
    for location in ("/elsewhere", "http://[", ""):
        told = Told(302, b"", {"Location": location})
        with web(lambda _, told=told: told) as server:  # type: ignore[misc]
            reply = ask(server.address, Access(token=SECRET))
        assert (reply.status, len(server.asked)) == (302, 1)
    assert why(302) == "it answers that it is elsewhere (302), and gate follows no redirect"


def test_a_refused_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert failure(f"http://127.0.0.1:{port}") == "it refuses the connection"


def test_a_name_that_is_not_found() -> None:
    assert failure("http://nowhere.invalid") == "the name of its host is not found"


@pytest.mark.parametrize(
    "address", ["", "prom:9090", "ftp://a", "http://", "http://[", "http://a:b", "http://a\x00b"]
)
def test_an_address_that_is_none(address: str) -> None:
    assert failure(address)


def test_a_slow_answer_is_not_waited_for_and_not_repeated() -> None:
    over = threading.Event()

    def answer(asked: Asked) -> Told:
        over.wait(10)
        return Told()

    with web(answer) as server:
        assert failure(server.address, Access(timeout=0.3)) == "no answer within 0.3 s"
        assert len(server.asked) == 1
        over.set()


def test_an_answer_that_drips_is_not_waited_for() -> None:
    over = threading.Event()

    def answer(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        try:
            while not over.wait(0.05):
                connection.sendall(b"x")
        except OSError:
            return

    with raw(answer) as address:
        assert failure(address, Access(timeout=0.4)) == "no answer within 0.4 s"
        over.set()


def drop(connection: socket.socket) -> None:
    connection.recv(4096)
    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (drop, "it broke off the connection"),
        (lambda each: None, "it broke off the connection"),
        (lambda each: each.sendall(b"SSH-2.0-x\r\n"), "it does not answer in HTTP"),
        (
            lambda each: each.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"),
            "its answer was cut off",
        ),
        (
            lambda each: each.sendall(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
            ),
            "its answer was cut off",
        ),
    ],
)
def test_a_broken_answer(answer: Callable[[socket.socket], None], reason: str) -> None:
    def heard(connection: socket.socket) -> None:
        if answer is not drop:
            connection.recv(4096)
        answer(connection)

    with raw(heard if answer is not drop else drop) as address:
        assert failure(address) == reason


def test_a_broken_connection_is_tried_once_more() -> None:
    seen = []

    def answer(connection: socket.socket) -> None:
        seen.append(1)
        connection.recv(4096)
        if len(seen) > 1:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")

    with raw(answer) as address:
        assert ask(address).body == b"x"
    assert len(seen) == 2


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_asked_once_more(status: int) -> None:
    with web(lambda _: Told(status if len(server.asked) == 1 else 200)) as server:
        assert ask(server.address).status == 200
    with web(lambda _: Told(status)) as server:
        assert ask(server.address).status == status
    assert len(server.asked) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_no_other_status_is_asked_again(status: int) -> None:
    with web(lambda _: Told(status)) as server:
        assert ask(server.address).status == status
    assert len(server.asked) == 1


def test_a_repeat_stays_within_the_time() -> None:
    with web(lambda _: Told(503)) as server, Session(Access(timeout=0.2), pauses=(0.3,)) as session:
        assert session.get(server.address).status == 503
    assert len(server.asked) == 1


@pytest.mark.parametrize(("again", "times"), [(False, 1), (True, 2)])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_json_is_sent_twice_only_where_that_does_no_harm(
    method: Literal["POST", "PATCH"], again: bool, times: int
) -> None:
    with web(lambda _: Told(502)) as server, Session(Access(timeout=5)) as session:
        reply = session.send(method, server.address, {"a": ["ü"]}, again=again)
    assert reply.status == 502
    assert [(asked.method, json.loads(asked.body)) for asked in server.asked] == [
        (method, {"a": ["ü"]})
    ] * times
    assert server.asked[0].headers["Content-Type"] == "application/json"


def test_a_caller_may_allow_less_time() -> None:
    def late(_: Asked) -> Told:
        sleep(1)
        return Told()

    with web(late) as server, Session(Access()) as session:
        with pytest.raises(Unreachable, match=r"no answer within 0\.2 s"):
            session.get(server.address, seconds=0.2)
        with pytest.raises(Unreachable, match=r"no answer within 0\.2 s"):
            session.send("POST", server.address, {}, again=False, seconds=0.2)


def test_a_server_that_wants_to_be_left_alone_is() -> None:
    with web(lambda _: Told(429, headers={"Retry-After": "60"})) as server:
        assert ask(server.address).status == 429
    assert len(server.asked) == 1


def test_an_answer_that_is_too_large() -> None:
    assert http.MAX_BYTES == 8 * 1024**2
    large = b"x" * (1024**2 + 1)
    with Session(Access(), size=1024**2) as session:
        for told in (
            Told(200, large),
            Told(200, gzip.compress(large), {"Content-Encoding": "gzip"}),
        ):
            with (
                web(lambda _, told=told: told) as server,  # type: ignore[misc]
                pytest.raises(Unreachable, match="its answer is larger than 1 MB"),
            ):
                session.get(server.address)
        with web(lambda _: Told(200, large[1:])) as server:
            assert len(session.get(server.address).body) == 1024**2


def test_compression_is_not_asked_for() -> None:
    told = Told(200, gzip.compress(b"a"), {"Content-Encoding": "gzip"})
    with web(lambda _: told) as server:
        assert ask(server.address, Access(headers={"Accept-Encoding": "br"})).body == b"a"
    assert server.asked[0].headers["Accept-Encoding"] == "identity"
    deflated = Told(200, zlib.compress(b"a"), {"Content-Encoding": "deflate"})
    with web(lambda _: deflated) as server:
        reason = failure(server.address)
    assert reason == "its answer is compressed in a way that nobody asked for"
    with web(lambda _: Told(200, b"a" * 99, {"Content-Encoding": "gzip"})) as server:
        assert failure(server.address) == "its answer cannot be decompressed"


def test_an_answer_can_be_taken_as_it_comes() -> None:
    told = Told(200, b"no gzip", {"Content-Encoding": "gzip, br"})
    with (
        web(lambda _: told) as server,
        Session(Access(), decoded=False) as session,
    ):
        assert session.get(server.address).body == b"no gzip"


def test_a_server_that_falls_silent_is_asked_once_more_where_that_is_wanted() -> None:
    over = threading.Event()

    def answer(asked: Asked) -> Told:
        if len(server.asked) == 1:
            over.wait(10)
        return Told(200, b"a")

    with web(answer) as server, Session(Access(), silence=0.2, pauses=(0.01,)) as session:
        assert session.get(server.address).body == b"a"
        over.set()


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    return certificate(tmp_path_factory.mktemp("tls"))


def test_tls_with_an_authority_of_ones_own(tls: Tls, monkeypatch: pytest.MonkeyPatch) -> None:
    with web(lambda _: Told(200, b"a"), tls) as server:
        assert ask(server.address, Access(ca=str(tls.certificate))).body == b"a"
        assert failure(server.address).startswith("its certificate is not trusted: self")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tls.certificate))
        assert ask(server.address).body == b"a"


def test_the_authority_that_is_named_beats_that_of_the_environment(
    tls: Tls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tls.certificate))
    with web(lambda _: Told(), tls) as server:
        assert "not trusted" in failure(server.address, Access(ca=str(other.certificate)))


def test_a_name_that_the_certificate_does_not_have(tls: Tls) -> None:
    with web(lambda _: Told(), tls) as server:
        address = server.address.replace("127.0.0.1", "localhost")
        assert "not trusted: Hostname mismatch" in failure(address, Access(ca=str(tls.certificate)))


def test_a_server_without_tls_and_one_with() -> None:
    with web(lambda _: Told()) as server:
        assert failure(server.address.replace("http", "https")) == "it does not speak TLS"


def test_a_client_certificate(tls: Tls, tmp_path: Path) -> None:
    mine = certificate(tmp_path)
    asks = {"clients": mine.certificate}
    with web(lambda _: Told(200, b"a"), tls, **asks) as server:
        ca = str(tls.certificate)
        who = Access(ca=ca, certificate=str(mine.certificate), key=str(mine.key))
        assert ask(server.address, who).body == b"a"
        # The server's word may be lost behind the end of the connection.
        refused = failure(server.address, Access(ca=ca))
        assert "client certificate" in refused or "broke off the connection" in refused


def test_files_that_cannot_be_used_are_named(tls: Tls, tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("no certificate")
    here, key = str(tls.certificate), str(tls.key)
    absent = str(tmp_path / "absent")
    for who, reason in [
        (Access(ca=absent), "ca: there is no such file"),
        (Access(ca=str(text)), "ca: no PEM file that can be used"),
        (Access(ca=str(tmp_path)), "ca: no PEM file that can be used"),
        (Access(certificate=absent), "certificate: there is no such file"),
        (Access(certificate=here), "certificate: no PEM file that can be used"),
        (Access(certificate=here, key=absent), "certificate with key: there is no such file"),
        (
            Access(certificate=here, key=str(text)),
            "certificate with key: no PEM file that can be used",
        ),
        (Access(key=key), "`key` is set and `certificate` is not"),
    ]:
        assert failure("http://127.0.0.1", who) == reason


@pytest.mark.parametrize("value", ["a\nb", "a\r", " a", "ä", "a\x00"])
def test_what_no_header_can_hold(value: str) -> None:
    for who in (Access(token=value), Access(headers={"X-Scope-OrgID": value})):
        reason = failure("http://127.0.0.1", who)
        assert "no header can hold" in reason
        assert repr(value) not in reason


def test_a_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with web(lambda _: Told(200, b"by proxy")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.address)
        monkeypatch.setenv("http_proxy", proxy.address)
        monkeypatch.setenv("https_proxy", proxy.address)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert ask("http://prom.example/a").body == b"by proxy"
        assert proxy.asked[0].path == "http://prom.example/a"
        reason = failure("https://prom.example/a")
        assert reason.startswith("the proxy before it fails: it answers with status 501")
        with web(lambda _: Told(200, b"direct")) as server:
            assert ask(server.address).body == b"direct"
    assert "proxy" in failure("http://prom.example/a")


def test_access_of_settings() -> None:
    settings = {"url": "x", "token": "t", "headers": {"a": "b"}, "timeout": "1m30s", "ca": "c"}
    assert access(settings) == Access(token="t", headers={"a": "b"}, timeout=90.0, ca="c")
    assert access("http://prom") == Access()
    assert Access().timeout == 10


def test_no_secret_is_in_the_text_of_an_access() -> None:
    assert repr(Access(token=SECRET, password=SECRET)) == "Access(...)"


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, b"", "it does not accept who asks (401); look at token, user and password"),
        (403, b"", "it does not let gate ask this (403)"),
        (404, b"<html>", "it has nothing at this address (404)"),
        (429, b"slow\n down.", "it is asked too often (429): slow down"),
        (503, b'{"message": "x"}', "it fails with status 503: x"),
        (
            400,
            b'{"status": "error", "error": "bad", "message": "m"}',
            "it answers with status 400: bad",
        ),
        (418, b"\xff" * 3, "it answers with status 418: ���"),
        (500, b"a" * 300, f"it fails with status 500: {'a' * 200}…"),
        (500, b"{" * 3, "it fails with status 500"),
    ],
)
def test_a_status_in_words(status: int, body: bytes, said: str) -> None:
    assert why(status, body) == said


def test_a_server_that_repeats_a_secret_is_not_quoted() -> None:
    who = Access(token=SECRET, user="u", password="pw", headers={"X-Key": "0123456789"})
    basic = base64.b64encode(b"u:pw").decode()
    for echoed in (SECRET, "pw", "0123456789", basic):
        assert echoed not in why(401, f"no: {echoed}".encode(), who)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{",
        b'{"a": 1, "a": 2}',
        b"\xff",
        b"[NaN]",
        b"[1e999]",
        b'["\\ud800"]',
        b"1" * 5000,
    ],
)
def test_what_is_not_json(body: bytes) -> None:
    with pytest.raises(Unreachable, match="its answer is not JSON"):
        json_of(Reply(200, body, {}))


def test_json_that_is_nested_too_deep() -> None:
    assert json_of(Reply(200, b"\xef\xbb\xbf" + b"[" * 64 + b"]" * 64, {}))
    for deep in (b"[" * 66 + b"]" * 66, b"[" * 100_000):
        with pytest.raises(Unreachable, match="its answer is nested deeper than 64 levels"):
            json_of(Reply(200, deep, {}))


def test_many_threads_share_a_session() -> None:
    with (
        web(lambda asked: Told(200, asked.path.encode())) as server,
        Session(Access(), parallel=8) as session,
        ThreadPoolExecutor(8) as pool,
    ):
        found = list(pool.map(lambda n: session.get(f"{server.address}/{n}").body, range(64)))
    assert found == [f"/{n}".encode() for n in range(64)]


@given(
    st.integers(100, 599),
    st.binary(max_size=40)
    | st.builds(
        lambda value: json.dumps(value).encode(),
        st.dictionaries(st.sampled_from(["error", "message", "x"]), st.none() | st.integers()),
    ),
)
@settings(max_examples=200, deadline=None)
def test_no_answer_raises_anything_else(status: int, body: bytes) -> None:
    said = why(status, body, Access(token=SECRET))
    assert said
    assert "\n" not in said
    with suppress(Unreachable):
        json_of(Reply(status, body, {}))


def test_the_errors_of_tls_are_told_apart() -> None:
    ended = ssl.SSLError(1, "")
    assert "may ask for a client certificate" in http._tls([ended])
    for reason, words in [
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "it asks for a client certificate"),
        (
            "TLSV1_ALERT_PROTOCOL_VERSION",
            "there is no TLS connection: tlsv1 alert protocol version",
        ),
        ("UNEXPECTED_EOF_WHILE_READING", "it ended the TLS connection"),
        ("WRONG_VERSION_NUMBER", "it does not speak TLS"),
    ]:
        error = ssl.SSLError(1, "")
        error.reason = reason
        assert http._tls([error]).startswith(words)
