"""What every session over HTTP has."""

from __future__ import annotations

import pytest

from gate.clients.transport import proxies


@pytest.mark.parametrize(
    ("address", "is_here"),
    [
        ("http://127.0.0.1:8181", True),
        ("http://127.8.9.1", True),
        ("https://localhost/a", True),
        ("http://[::1]:8181", True),
        ("http://opa:80", False),
        ("https://opa.example:443", False),
        ("http://10.0.0.1:8181", False),
        ("http://localhost.example", False),
    ],
)
def test_this_machine_is_asked_through_no_proxy(
    address: str, is_here: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for scheme in ("http", "https"):
        monkeypatch.setenv(f"{scheme}_proxy", "http://proxy.example")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert ("http" in proxies(address)) == (not is_here)
