"""The HTTP edge to an OPA: one session through opa-python-client, with limits on time, size and
repeats. All that can go wrong on the way becomes an error of the gate's own here."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import opa_client
import requests

from gate.clients import transport
from gate.clients.deadline import within
from gate.decision.engines.address import Address
from gate.decision.limits import Limits
from gate.errors import EngineError, UsageError

Json = Mapping[str, Any]

CONNECT_SECONDS = 5.0
"""How long a connection may take until it stands."""
PAUSES = (0.25, 0.5, 1.0, 2.0)
"""Seconds between one try and the next, so that there is one more try than pauses."""

_GRACE = 0.2
_STRICT = {"strict-builtin-errors": "true", "provenance": "true"}


@dataclass(frozen=True, slots=True)
class Secrets:
    """How the gate shows who it is: a bearer token, a client certificate with its key, and the
    authorities it trusts (paths of PEM files). Its text shows none of them."""

    token: str | None = None
    authorities: str | None = None
    certificate: str | None = None
    key: str | None = None

    def __repr__(self) -> str:
        return "Secrets(...)"


class EvaluationError(Exception):
    """The OPA evaluated, and the evaluation failed: what it says, in which file and line."""

    def __init__(self, message: str, file: str | None = None, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line


class LateError(EngineError):
    """No decision within the time for it."""


class LostError(EngineError):
    """The connection was refused or lost, as often as it was tried."""


class LargeError(EngineError):
    """The answer is larger than the limit."""


class Connection:
    """One session to one OPA. `whose` says for people which one it is."""

    def __init__(
        self,
        address: Address,
        secrets: Secrets,
        limits: Limits,
        *,
        whose: str = "the OPA server",
        pauses: tuple[float, ...] = PAUSES,
        connect_seconds: float = CONNECT_SECONDS,
    ) -> None:
        self._limits = limits
        self._whose = whose
        self._pauses = pauses
        self._connect_seconds = connect_seconds
        self._secrets = [each for each in (secrets.token,) if each]
        self._client = _client(address, secrets, limits)
        self._until = 0.0
        self.begin()

    def begin(self) -> None:
        """Begins a decision: from now on counts the time for all that is asked until the next."""
        self._until = time.monotonic() + self._limits.seconds

    def ask(self, package: str, rule: str | None, policy_input: Any) -> Json:
        """The whole answer to `data.<package>.<rule>` with strict builtin errors.

        Raises EvaluationError where the evaluation failed, EngineError where nothing could be
        asked, UsageError or PolicyError where the caller must change something.
        """
        return self._object(
            lambda: self._client.query_rule(policy_input, package, rule, query_params=_STRICT)
        )

    def policies(self) -> Json:
        """The answer to `GET /v1/policies`: all modules with their texts."""
        return self._object(lambda: self._got("policies"))

    def data(self, path: str) -> Json:
        """The answer to `GET /v1/data/<path>`."""
        return self._object(lambda: self._got(f"data/{path}"))

    def close(self) -> None:
        """Ends the session."""
        self._client.close_connection()

    def _got(self, path: str) -> Any:
        # The client has no call that gives all texts at once.
        response = self._client._session.get(  # noqa: SLF001
            f"{self._client.root_url}/{path}", timeout=self._client.timeout
        )
        response.raise_for_status()
        return response.json()

    def _object(self, call: Callable[[], Any]) -> Json:
        answer = self._repeated(call)
        if not isinstance(answer, Mapping):
            raise EngineError(
                f"{_start(self._whose)} answers with something other than OPA's JSON.",
                advice="Look at what answers at this address: a proxy, or another program?",
            )
        return answer

    def _repeated(self, call: Callable[[], Any]) -> Any:
        """Tries again, within the time, what a restart or a busy server explains."""
        pauses = iter(self._pauses)
        while True:
            try:
                return self._once(call)
            except requests.RequestException as error:
                pause = next(pauses, None)
                left = self._until - time.monotonic()
                if pause is None or pause >= left or not _is_passing(error):
                    raise self._translated(error) from _cause(error, self._secrets)
                time.sleep(pause)
            except (
                transport.TooLargeError,
                transport.EncodedError,
                RecursionError,
                ValueError,
                OSError,
            ) as error:
                raise self._translated(error) from _cause(error, self._secrets)

    def _once(self, call: Callable[[], Any]) -> Any:
        left = self._until - time.monotonic()
        if left <= 0:
            raise self._late()
        self._client.timeout = (min(self._connect_seconds, left), left)
        try:
            # A socket's own timeout comes first, where there is one.
            return within(call, left + _GRACE)
        except TimeoutError as error:
            raise self._late() from error

    def _late(self) -> LateError:
        return LateError(
            f"{_start(self._whose)} gave no decision within {self._limits.seconds:g} s.",
            advice="Look whether it is overloaded, or make the rules cheaper. A decision that "
            "comes later does not count.",
        )

    def _translated(self, error: Exception) -> Exception:
        if isinstance(error, requests.HTTPError) and error.response is not None:
            return self._status(error.response)
        if isinstance(error, requests.exceptions.SSLError):
            return EngineError(
                f"There is no trusted TLS connection to {self._whose}: {_tls_reason(error)}.",
                advice="Name the authority that signed its certificate: "
                "GATE_ENGINE_CA=/path/of/ca.pem; and a client certificate, if it asks for one: "
                "GATE_ENGINE_CERT, GATE_ENGINE_KEY.",
            )
        if isinstance(error, requests.exceptions.ConnectTimeout):
            return LateError(
                f"{_start(self._whose)} does not take a connection.",
                advice="Look whether the address is right and reachable from here.",
            )
        if isinstance(error, requests.Timeout) or _is_read_timeout(error):
            return self._late()
        if isinstance(error, requests.TooManyRedirects):
            return EngineError(
                f"{_start(self._whose)} answers that it is elsewhere (a redirect), and gate "
                "follows none.",
                advice="Give --engine the address where OPA itself answers.",
            )
        if isinstance(error, transport.TooLargeError):
            return LargeError(
                f"{_start(self._whose)} answers with more than "
                f"{self._limits.answer / 1024**2:g} MB.",
                advice="Look at what answers at this address, and at rules with many findings.",
            )
        if isinstance(error, (requests.exceptions.ContentDecodingError, transport.EncodedError)):
            return EngineError(
                f"The answer of {self._whose} is compressed in a way that cannot be read.",
                advice="Look at the proxy between here and OPA.",
            )
        if isinstance(error, requests.exceptions.ChunkedEncodingError):
            return LostError(
                f"The answer of {self._whose} was cut off.",
                advice="Look at OPA's log, and at the proxy between here and it.",
            )
        if isinstance(error, (ValueError, RecursionError)) and not isinstance(
            error, requests.exceptions.InvalidURL
        ):
            return EngineError(
                f"{_start(self._whose)} answers with something other than OPA's JSON.",
                advice="Look at what answers at this address: a proxy, or another program?",
            )
        return LostError(
            f"{_start(self._whose)} cannot be reached: {_reason(error)}.",
            advice="Look whether it runs and the address is right, or leave out --engine to "
            "judge on this machine.",
        )

    def _status(self, response: requests.Response) -> Exception:
        """What an answer with an error's status means."""
        code = response.status_code
        told = _told(response)
        said = self._hidden(str(told.get("message", ""))) if told else ""
        if code == 500 and told and (evaluation := _evaluation(told, self._hidden)):
            return evaluation
        if code in (401, 403):
            return UsageError(
                f"{_start(self._whose)} does not let gate ask ({code}).",
                advice="Set GATE_ENGINE_TOKEN to a token that its authorization policy allows to "
                "POST to /v1/data/gate_entry and below /v1/data/gate.",
            )
        if code == 404:
            return EngineError(
                f"{_start(self._whose)} knows no /v1/data (404).",
                advice="Look at what answers at this address: a proxy, or another program?",
            )
        if code == 413:
            return EngineError(
                f"The change is too large for {self._whose} (413).",
                advice="Raise `server.decoding.max_length` of OPA, or the limit of the proxy.",
            )
        end = f": {said}" if said else ""
        if code in transport.AGAIN or code >= 500:
            return EngineError(
                f"{_start(self._whose)} fails with status {code}{end}.",
                advice="Look at its log, and at the proxy between here and it; then try again.",
            )
        return EngineError(
            f"{_start(self._whose)} takes no such question, status {code}{end}.",
            advice="Name an OPA of version 1.0 or newer, and look at the proxy before it.",
        )

    def _hidden(self, text: str) -> str:
        return transport.one_line(text, self._secrets)


def _client(address: Address, secrets: Secrets, limits: Limits) -> Any:
    """The client, its session made safe: no settings of the environment but proxies for remote
    servers, no redirects, no password files."""
    certificate = _certificate(secrets)
    client = opa_client.OpaClient(
        host=address.host,
        port=address.port,
        ssl=address.tls,
        cert=certificate,
        token=_checked(secrets.token),
        timeout=limits.seconds,
    )
    session = client._session  # noqa: SLF001 - there is no other way to limit an answer
    transport.guard(session, limits.answer, authorities=secrets.authorities)
    session.max_redirects = 0
    session.proxies = transport.proxies(address.url)
    return client


def _checked(token: str | None) -> str | None:
    """Refuses a token that no header can hold, since the error of requests would show it."""
    if token is not None and not (token.isascii() and token.isprintable() and " " not in token):
        raise UsageError(
            "GATE_ENGINE_TOKEN holds a line break, a space or another sign that no token has.",
            advice="Set it to the token alone.",
        )
    return token


def _certificate(secrets: Secrets) -> tuple[str, str] | str | None:
    """Tries the files before anything is asked."""
    authorities, certificate, key = secrets.authorities, secrets.certificate, secrets.key
    if authorities:
        _refuse("GATE_ENGINE_CA", transport.authorities_fault(authorities))
    if certificate is None:
        if key is not None:
            raise UsageError(
                "GATE_ENGINE_KEY is set and GATE_ENGINE_CERT is not.",
                advice="Set both: the client certificate and its key.",
            )
        return None
    _refuse("GATE_ENGINE_CERT with GATE_ENGINE_KEY", transport.certificate_fault(certificate, key))
    return (certificate, key) if key else certificate


def _refuse(names: str, fault: str | None) -> None:
    if fault is not None:
        raise UsageError(
            f"{names}: {fault}.",
            advice="Name PEM files: certificates, and a key without a password.",
        )


def _told(response: requests.Response) -> Json | None:
    """OPA's own description of an error, None for what is none."""
    try:
        told = response.json()
    except ValueError:
        return None
    return told if isinstance(told, Mapping) and "code" in told else None


def _evaluation(told: Json, hidden: Callable[[str], str]) -> EvaluationError | None:
    """The failed evaluation that OPA tells of, None for any other failure."""
    errors = told.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, Mapping) or not str(first.get("code", "")).startswith("eval_"):
        return None
    place = first.get("location")
    place = place if isinstance(place, Mapping) else {}
    file, row = place.get("file"), place.get("row")
    message = hidden(str(first.get("message") or first["code"]))
    return EvaluationError(
        message + ".",
        file if isinstance(file, str) and file else None,
        row if isinstance(row, int) else None,
    )


def _is_passing(error: requests.RequestException) -> bool:
    """Whether it may go away by itself: refused, reset, cut off, or busy."""
    if isinstance(error, requests.HTTPError):
        return error.response is not None and error.response.status_code in transport.AGAIN
    if isinstance(error, (requests.exceptions.SSLError, requests.Timeout)):
        return False
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return not _is_read_timeout(error)
    return any(isinstance(each, ConnectionError) for each in transport.chain(error))


def _is_read_timeout(error: BaseException) -> bool:
    return any(isinstance(each, TimeoutError) for each in transport.chain(error))


def _tls_reason(error: BaseException) -> str:
    for each in transport.chain(error):
        if isinstance(each, ssl.SSLCertVerificationError):
            return each.verify_message
    reasons = [each.reason for each in transport.chain(error) if isinstance(each, ssl.SSLError)]
    told = next((reason for reason in reasons if reason), None)
    return told.lower().replace("_", " ") if told else "the handshake failed"


def _reason(error: BaseException) -> str:
    word = transport.system_word(transport.chain(error))
    is_proxy = isinstance(error, requests.exceptions.ProxyError)
    return word or ("the proxy fails" if is_proxy else "the connection fails")


def _cause(error: Exception, secrets: list[str]) -> Exception | None:
    """The cause that `-vv` may show: none where its text holds a secret or an address of a proxy,
    which may hold a password."""
    texts = [str(each) for each in transport.chain(error)]
    risky = isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader))
    held = any(secret in text for secret in secrets for text in texts)
    return None if risky or held or any("@" in text for text in texts) else error


def _start(text: str) -> str:
    return text[0].upper() + text[1:]
