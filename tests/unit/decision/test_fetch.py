"""Bundles from the network and from the cache."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path

import pytest

from gate.decision.sources import cache, fetch, tarball
from gate.errors import PolicyError
from tests.support.proxy import Call, serving
from tests.support.web import Asked, Tls, Told, certificate, web

BYTES = b"some bundle"
PIN = hashlib.sha256(BYTES).hexdigest()
OTHER = hashlib.sha256(b"other").hexdigest()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own, no memory of what was fetched, and no waiting."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(fetch, "_fetched", {})
    monkeypatch.setattr(fetch, "PAUSES", (0.01, 0.01))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "cache" / "change-gate" / "bundles"


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def trusted(tls: Tls, monkeypatch: pytest.MonkeyPatch) -> Tls:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tls.certificate))
    return tls


def forget() -> None:
    """As in another process."""
    fetch._fetched.clear()


def whole(_: Asked) -> Told:
    return Told(body=BYTES)


def tagged(asked: Asked) -> Told:
    """Answers as a server with ETags does."""
    if asked.headers.get("If-None-Match") == '"one"':
        return Told(304)
    return Told(body=BYTES, headers={"ETag": '"one"'})


def refusal(address: str, pin: str | None = None, *, offline: bool = False) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        fetch.fetched(address, pin, offline=offline)
    assert caught.value.exit_code == 2
    return caught.value


def test_a_bundle_is_fetched_over_https(trusted: Tls) -> None:
    with web(whole, trusted) as server:
        assert server.address.startswith("https:")
        assert fetch.fetched(f"{server.address}/x.tar.gz", PIN, offline=False) == BYTES


def test_a_certificate_that_is_not_trusted_is_refused(tls: Tls) -> None:
    with web(whole, tls) as server:
        error = refusal(f"{server.address}/x.tar.gz")
    assert "certificate is not trusted" in error.message
    assert server.asked == []


def test_a_pinned_bundle_is_fetched_once_and_judges_offline() -> None:
    with web(whole) as server:
        address = f"{server.address}/x.tar.gz"
        for _ in range(3):
            forget()
            assert fetch.fetched(address, PIN, offline=False) == BYTES
        assert len(server.asked) == 1
    forget()
    assert fetch.fetched(address, PIN, offline=True) == BYTES
    assert fetch.fetched("https://other.example/y.tar.gz", PIN, offline=True) == BYTES


def test_an_unpinned_bundle_is_asked_for_on_each_run() -> None:
    with web(tagged) as server:
        address = f"{server.address}/x.tar.gz"
        for _ in range(3):
            forget()
            assert fetch.fetched(address, None, offline=False) == BYTES
    sent = [asked.headers.get("If-None-Match") for asked in server.asked]
    assert sent == [None, '"one"', '"one"']
    forget()
    assert "Name it with its digest" in refusal(address, offline=True).advice
    assert "cannot be fetched" in refusal(address).message


def test_a_new_version_is_taken() -> None:
    answers = iter([Told(body=BYTES, headers={"ETag": '"one"'}), Told(body=b"new")])
    with web(lambda _: next(answers)) as server:
        address = f"{server.address}/x.tar.gz"
        assert fetch.fetched(address, None, offline=False) == BYTES
        forget()
        assert fetch.fetched(address, None, offline=False) == b"new"


def test_one_process_asks_once_and_offline_may_have_it_too() -> None:
    with web(whole) as server:
        address = f"{server.address}/x.tar.gz"
        assert fetch.fetched(address, None, offline=False) == BYTES
        assert fetch.fetched(address, None, offline=True) == BYTES
        assert len(server.asked) == 1
        assert "asked for on each run" in refusal(f"{address}x", offline=True).message


def test_other_bytes_than_were_asked_for_are_refused_and_not_kept(folder: Path) -> None:
    with web(whole) as server:
        address = f"{server.address}/x.tar.gz"
        assert f"its digest is sha256={PIN}" in refusal(address, OTHER).message
        assert not folder.exists()
        assert fetch.fetched(address, None, offline=False) == BYTES
        assert "not the one that was asked for" in refusal(address, OTHER).message


@pytest.mark.parametrize("content", [b"", b"other", BYTES + b"\n"])
def test_what_is_broken_in_the_cache_is_fetched_anew(folder: Path, content: bytes) -> None:
    with web(tagged) as server:
        for pin in (PIN, None):
            address = f"{server.address}/{pin}.tar.gz"
            assert fetch.fetched(address, pin, offline=False) == BYTES
            (folder / f"sha256-{PIN}.tar.gz").write_bytes(content)
            forget()
            assert "fetched" in refusal(address, pin, offline=True).message or pin is None
            assert fetch.fetched(address, pin, offline=False) == BYTES
            assert (folder / f"sha256-{PIN}.tar.gz").read_bytes() == BYTES
            forget()
    assert [asked.headers.get("If-None-Match") for asked in server.asked] == 4 * [None]


@pytest.mark.parametrize(
    "record",
    [
        "{",
        "[]",
        "null",
        '{"etag": "x"}',
        json.dumps({"etag": "a\r\nX-Evil: 1", "digest": PIN}),
        json.dumps({"etag": '"one"', "digest": "../../x"}),
        json.dumps({"etag": '"one"', "digest": OTHER}),
        "[" * 100_000,
    ],
)
def test_a_broken_record_of_an_address_is_not_used(folder: Path, record: str) -> None:
    with web(tagged) as server:
        address = f"{server.address}/x.tar.gz"
        assert fetch.fetched(address, None, offline=False) == BYTES
        (found,) = folder.glob("address-*.json")
        found.write_text(record)
        forget()
        assert fetch.fetched(address, None, offline=False) == BYTES
    assert "If-None-Match" not in server.asked[1].headers


def test_nothing_half_written_stays_in_the_cache(folder: Path) -> None:
    with web(tagged) as server:
        fetch.fetched(f"{server.address}/x.tar.gz", None, offline=False)
    names = sorted(path.name.partition("-")[0] for path in folder.iterdir())
    assert names == ["address", "sha256"]


def test_a_cache_that_cannot_be_written_is_no_obstacle(folder: Path) -> None:
    folder.parent.parent.mkdir(parents=True)
    folder.parent.write_text("a file in its place")
    with web(whole) as server:
        assert fetch.fetched(f"{server.address}/x.tar.gz", PIN, offline=False) == BYTES


def test_without_a_home_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert str(cache.folder()).endswith("/.cache/change-gate/bundles")

    def homeless() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", homeless)
    with web(whole) as server:
        assert fetch.fetched(f"{server.address}/x.tar.gz", PIN, offline=False) == BYTES
    assert cache.kept(PIN) is None


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("http://bundles.example/x.tar.gz", "HTTPS only"),
        ("http://127.0.0.1.example/x.tar.gz", "HTTPS only"),
        ("ftp://bundles.example/x.tar.gz", "HTTPS only"),
        ("file:///etc/passwd", "is none"),
        ("file://localhost/etc/passwd", "HTTPS only"),
        ("oci://bundles.example/x", "HTTPS only"),
        ("https://", "is none"),
        ("https://host:port/x", "is none"),
        ("https://[::1/x", "is none"),
        ("https://host/a b", "is none"),
        ("https://host/a\n", "is none"),
        ("https://user:word@host/x", "user or password"),
        ("https://host/x#sha256", "no digest"),
    ],
)
def test_an_address_that_is_not_asked_is_refused(address: str, what: str) -> None:
    error = refusal(address)
    assert what in error.message
    assert "word@" not in f"{error.message} {error.path} {error.advice}"


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]", "127.8.9.1"])
def test_this_machine_may_be_asked_without_tls(name: str) -> None:
    assert "nothing is asked" in refusal(f"http://{name}:1/x", offline=True).message


def test_what_may_be_a_secret_of_an_address_is_not_shown() -> None:
    with web(lambda _: Told(404)) as server:
        error = refusal(f"{server.address}/x.tar.gz?token=secret")
        assert server.asked[0].path == "/x.tar.gz?token=secret"
    gone = refusal(f"{server.address}/x.tar.gz?token=secret")
    for each in (error, gone):
        chain = (each.message, each.path, each.advice, each.__cause__, each.__suppress_context__)
        assert "secret" not in repr(chain)
        assert each.path == f"{server.address}/x.tar.gz"


@pytest.mark.parametrize(
    ("status", "what"), [(401, "login"), (403, "login"), (404, "Mend"), (410, "Look"), (304, "")]
)
def test_a_status_that_is_no_bundle_is_refused(status: int, what: str) -> None:
    with web(lambda _: Told(status)) as server:
        error = refusal(f"{server.address}/x.tar.gz")
    assert f"status {status}" in error.message
    assert what in error.advice
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again(status: int) -> None:
    answers = iter([Told(status), Told(status), Told(body=BYTES)])
    with web(lambda _: next(answers)) as server:
        assert fetch.fetched(f"{server.address}/x.tar.gz", PIN, offline=False) == BYTES
    with web(lambda _: Told(status)) as server:
        assert f"status {status}" in refusal(f"{server.address}/x", PIN + "x").message
        assert len(server.asked) == 3


def moved(to: str, status: int = 302) -> Told:
    return Told(status, headers={"Location": to})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(status: int) -> None:
    with web(lambda asked: whole(asked) if asked.path == "/y" else moved("/y", status)) as server:
        assert fetch.fetched(f"{server.address}/x", PIN, offline=False) == BYTES


@pytest.mark.parametrize(
    "to",
    [
        *("http://bundles.example/x", "file:///etc/passwd", "ftp://127.0.0.1/x"),
        *("http://user:word@127.0.0.1/x", "https://[", "//bundles.example/x", "/a b"),
    ],
)
def test_a_redirect_elsewhere_is_refused(to: str) -> None:
    with web(lambda _: moved(to)) as server:
        error = refusal(f"{server.address}/x")
    assert "is not asked" in error.message
    assert "word" not in error.message
    assert len(server.asked) == 1


def test_a_redirect_from_https_to_http_is_refused(trusted: Tls) -> None:
    with web(whole) as plain, web(lambda _: moved(f"{plain.address}/x"), trusted) as server:
        assert "is not asked" in refusal(f"{server.address}/x").message
    assert plain.asked == []


def test_a_redirect_without_end_is_refused() -> None:
    with web(lambda asked: moved(f"{asked.path}x")) as server:
        assert "from one address to the next" in refusal(f"{server.address}/x").message
    assert len(server.asked) == fetch.REDIRECTS + 1


def test_no_password_file_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = tmp_path / "netrc"
    passwords.write_text("machine 127.0.0.1 login ada password word\n")
    passwords.chmod(0o600)
    monkeypatch.setenv("NETRC", str(passwords))
    with web(whole) as server:
        assert fetch.fetched(f"{server.address}/x", PIN, offline=False) == BYTES
    assert "Authorization" not in server.asked[0].headers


def test_this_machine_is_asked_through_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with web(whole) as server:
        assert fetch.fetched(f"{server.address}/x", PIN, offline=False) == BYTES


def test_a_server_that_calls_the_archive_compressed_gives_the_archive() -> None:
    told = Told(body=BYTES, headers={"Content-Encoding": "gzip"})
    with web(lambda _: told) as server:
        assert fetch.fetched(f"{server.address}/x", PIN, offline=False) == BYTES
    assert server.asked[0].headers["Accept-Encoding"] == "identity"


def test_a_large_body_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "MAX_PACKED", 1000)
    with web(lambda _: Told(body=bytes(1001))) as server:
        assert "larger than" in refusal(f"{server.address}/x").message
    with web(lambda _: Told(body=bytes(1000))) as server:
        assert fetch.fetched(f"{server.address}/x", None, offline=False) == bytes(1000)


def endless(call: Call) -> None:
    call.send(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(1000):
        call.send(bytes(65536))


def cut(call: Call) -> None:
    call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")


def silent(call: Call) -> None:
    call.connection.recv(1)


def slow(call: Call) -> None:
    call.send(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        call.send(b"x")
        call.connection.settimeout(0.02)
        try:
            call.connection.recv(1)
        except TimeoutError:
            continue
        return


def nonsense(call: Call) -> None:
    call.send(b"words\r\n\r\n")


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "SECONDS", 1.0)
    monkeypatch.setattr(fetch, "SILENCE", 0.2)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    ("behaviour", "what"),
    [
        (endless, "larger than 1 MB"),
        (cut, "cut off"),
        (silent, "no answer within 0.2 s"),
        (slow, "no answer within 1 s"),
        (nonsense, "does not answer in HTTP"),
        (lambda _: None, "broke off the connection"),
    ],
)
def test_a_fault_on_the_way_is_told(
    behaviour: object, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "MAX_PACKED", 1024**2)
    with serving(behaviour) as port:  # type: ignore[arg-type]
        assert what in refusal(f"http://127.0.0.1:{port}/x").message


def test_redirects_share_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "SECONDS", 0.5)

    def slowly(asked: Asked) -> Told:
        time.sleep(0.2)
        return moved(f"{asked.path}x")

    with web(slowly) as server:
        assert "no answer within 0.5 s" in refusal(f"{server.address}/x").message
    assert len(server.asked) <= fetch.REDIRECTS


def test_a_lost_connection_is_tried_again() -> None:
    def good(call: Call) -> None:
        call.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BYTES), BYTES))

    with serving(cut, lambda _: None, good) as port:
        assert fetch.fetched(f"http://127.0.0.1:{port}/x", PIN, offline=False) == BYTES


def test_the_limit_of_a_download_is_that_of_a_bundle() -> None:
    assert fetch.MAX_PACKED == tarball.MAX_PACKED
