"""The address of an OPA server, checked."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from gate.errors import UsageError

_PORTS = {"http": 80, "https": 443}
_EXAMPLE = "Write it as http://127.0.0.1:8181 or https://opa.example."


@dataclass(frozen=True, slots=True)
class Address:
    """Where an OPA answers. `host` is as it stands in an address: IPv6 in brackets."""

    tls: bool
    host: str
    port: int

    @property
    def url(self) -> str:
        """The address with its port, for people and for requests."""
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"


def read(text: str) -> Address:
    """The address that a person gave. Raises UsageError, which shows no password."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts = None
    if parts is None or parts.scheme not in _PORTS or not parts.hostname:
        raise UsageError("The address of the engine is none that gate can ask.", advice=_EXAMPLE)
    _refuse_more(parts)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Address(parts.scheme == "https", host, port or _PORTS[parts.scheme])


def _refuse_more(parts: SplitResult) -> None:
    """What a request would drop in silence, or show."""
    if "@" in parts.netloc:
        raise UsageError(
            "The address of the engine holds a user or password, which logs would show.",
            advice="Leave them out and set GATE_ENGINE_TOKEN; OPA takes bearer tokens.",
        )
    if parts.path not in ("", "/"):
        raise UsageError(
            "The address of the engine has a path, and OPA is asked at the root only.",
            advice=f"Give OPA a host name of its own in the proxy. {_EXAMPLE}",
        )
    if parts.query or parts.fragment:
        raise UsageError(
            "The address of the engine has more than scheme, host and port.", advice=_EXAMPLE
        )
