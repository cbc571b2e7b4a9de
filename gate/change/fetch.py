"""Brings what an event's change needs from `origin`: commits that a shallow clone lacks, the tip of
the branch that the change goes into, and in a partial clone the files.

Trust step 2 holds here too: Git runs no hook, no submodule, no maintenance, no program of the
remote's configuration on this side, and it writes no ref and no `FETCH_HEAD`. What is fetched is
asked for by its full id, and stays without a name. The runner's own credentials are used, as its
Git's configuration holds them; where they do not suffice, the token of the environment, which is
sent to GitHub alone and handed to Git by the environment.
"""

from __future__ import annotations

import base64
import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import SplitResult, urlsplit

from gate.change.git import CONFIG, ENVIRONMENT, Repository, Result
from gate.change.history import meetings
from gate.change.names import text
from gate.clients import github_environment as github
from gate.clients.address import is_loopback

SECONDS = 120.0
"""How long one question to `origin` may take."""

STEPS = (32, 128, 512, 2048)
"""By how many commits a shallow clone is deepened, one after the other; then as far as it goes."""

_OPERATORS = ("core.sshCommand", "credential.helper", "protocol.allow")
"""Settings of the operator's that hold again: they say how `origin` is reached."""

_CONFIG = {
    **{name: value for name, value in CONFIG.items() if name not in _OPERATORS},
    "fetch.writeCommitGraph": "false",
}
_ENVIRONMENT = {
    **ENVIRONMENT,
    "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
}
_KEPT = (
    *("GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_HTTP_PROXY_AUTHMETHOD"),
    *("GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_SSL_CERT", "GIT_SSL_KEY", "GIT_SSL_NO_VERIFY"),
)
_UPLOAD_PACK = "--upload-pack=git-upload-pack"
_FETCH = (
    *("fetch", "--quiet", "--no-progress", "--no-tags", "--no-prune", "--refmap="),
    *("--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance", _UPLOAD_PACK),
)
_LIST = ("ls-remote", "--quiet", _UPLOAD_PACK)
_GRACE = 5.0
_SSH = re.compile(r"(?:[^@/:]+@)?[^/:]+:(?!//)(.+)")
_USER = re.compile(r"//[^/@\s]+@")


class NotFetchedError(Exception):
    """Nothing came from `origin`. `reason` says why: a clause."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Origin:
    """The remote `origin` of a clone, which must be the repository `name` (`owner/name`). All that
    goes wrong is NotFetchedError."""

    def __init__(self, repository: Repository, name: str, *, offline: bool) -> None:
        self._repository = repository
        self._name = name
        self.offline = offline
        self._with_token = False
        self.is_partial = self._setting("remote.origin.promisor") == "true"

    @property
    def stranger(self) -> str | None:
        """What `origin` is, where it is another repository: then none of its branches is trusted,
        those of the last fetch included."""
        url = self._setting("remote.origin.url")
        path = _path(url)
        known = path is None or path.lower().endswith(f"/{self._name.lower()}")
        return None if known else _USER.sub("//", url)

    def tip(self, ref: str) -> str | None:
        """The id that a full ref has at origin now; None where it has none of that name."""
        out = text(self._asked(*_LIST, "origin", ref))
        found = (line.partition("\t") for line in out.splitlines())
        return next((sha for sha, _, name in found if name == ref), None)

    def default_branch(self) -> str | None:
        """The full ref of the branch that origin's HEAD is."""
        out = text(self._asked(*_LIST, "--symref", "origin", "HEAD"))
        first = out.split("\n", 1)[0]
        return first.removeprefix("ref: ").split("\t")[0] if first.startswith("ref: ") else None

    def bring(self, *ids: str) -> None:
        """Fetches commits that are not here, of a shallow clone without their history."""
        missing = self.missing(ids)
        if missing:
            depth = ("--depth=1",) if self._repository.shallow else ()
            self._asked(*_FETCH, *depth, "origin", *missing)

    def bring_ref(self, ref: str) -> None:
        """As `bring`, for what a full ref holds."""
        depth = ("--depth=1",) if self._repository.shallow else ()
        self._asked(*_FETCH, *depth, "origin", ref)

    def deepen(self, base: str, head: str) -> None:
        """Fetches as much of the history of two commits as tells where they met."""
        for depth in (*(f"--deepen={step}" for step in STEPS), "--unshallow"):
            if meetings(self._repository, base, head)[1]:
                return
            self._asked(*_FETCH, depth, "origin", base, head)

    def bring_files(self, ids: Sequence[str]) -> None:
        """Fetches the contents of files that a partial clone lacks."""
        missing = self.missing(ids)
        if missing:
            quick = ("-c", "fetch.negotiationAlgorithm=noop")
            self._asked(*quick, *_FETCH, "--stdin", "origin", told="\n".join(missing))

    def missing(self, ids: Sequence[str]) -> list[str]:
        """Those of the ids that are not here."""
        facts = self._repository.objects.facts(ids)
        return [each for each, fact in zip(ids, facts, strict=True) if fact is None]

    def _setting(self, name: str) -> str:
        """The first value of a setting, or nothing."""
        out = self._repository.runner.attempt("config", "--get-all", name).out
        return text(out).split("\n", 1)[0]

    def _asked(self, *arguments: str, told: str = "") -> bytes:
        if self.offline:
            raise NotFetchedError("nothing is fetched with --offline")
        credentials = self._credentials()
        result = self._run(arguments, told, credentials if self._with_token else {})
        if result.status != 0 and credentials and not self._with_token:
            retried = self._run(arguments, told, credentials)
            self._with_token = retried.status == 0
            result = retried
        if result.status != 0:
            raise NotFetchedError(_why(result.err))
        return result.out

    def _run(self, arguments: Sequence[str], told: str, more: Mapping[str, str]) -> Result:
        process = self._repository.runner.start(
            *arguments, config=_CONFIG, environment={**_ENVIRONMENT, **more}, kept=_KEPT, alone=True
        )
        with _ended(process):
            try:
                out, err = process.communicate(told.encode(), SECONDS)
            except subprocess.TimeoutExpired:
                raise NotFetchedError(f"no answer within {SECONDS:g} s") from None
            return Result(process.returncode, out, text(err))

    def _credentials(self) -> Mapping[str, str]:
        """The environment that makes Git send the token, where origin is GitHub's."""
        token = github.token()
        url = text(self._repository.runner.attempt("remote", "get-url", "origin").out).strip()
        server = github.server()
        if not token or not _is_same_server(url, server):
            return {}
        secret = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        key = f"http.{server.rstrip('/')}/.extraheader"
        told = os.environ.get("GIT_CONFIG_COUNT", "")
        first = int(told) if told.isascii() and told.isdigit() else 0
        return {
            "GIT_CONFIG_COUNT": str(first + 2),
            f"GIT_CONFIG_KEY_{first}": key,
            f"GIT_CONFIG_VALUE_{first}": "",
            f"GIT_CONFIG_KEY_{first + 1}": key,
            f"GIT_CONFIG_VALUE_{first + 1}": f"AUTHORIZATION: basic {secret}",
        }


@contextlib.contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Ends a process and all that it started, where the block fails. It may tidy up before."""
    try:
        yield
    except BaseException:
        for how, grace in ((signal.SIGTERM, _GRACE), (signal.SIGKILL, None)):
            with contextlib.suppress(OSError):
                os.killpg(process.pid, how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=grace)
                break
        raise


def _path(url: str) -> str | None:
    """The path of an address of another machine, without `.git`; None of a folder's."""
    found = _SSH.fullmatch(url) if "://" not in url else None
    parts = _parts(url)
    if found is not None:
        path = f"/{found[1]}"
    elif parts is not None and parts.scheme in ("http", "https", "ssh", "git"):
        path = parts.path
    else:
        return None
    return "/" + path.strip("/").removesuffix(".git")


def _is_same_server(url: str, server: str) -> bool:
    """Whether an address is GitHub's, over a line that others cannot read."""
    one, other = _parts(url), _parts(server)
    if one is None or other is None or not one.hostname:
        return False
    is_safe = one.scheme == "https" or (one.scheme == "http" and is_loopback(one.hostname))
    return is_safe and _server(one) == _server(other)


def _server(parts: SplitResult) -> tuple[str, str]:
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()


def _parts(url: str) -> SplitResult | None:
    with contextlib.suppress(ValueError):
        return urlsplit(url)
    return None


def _why(err: str) -> str:
    """Git's complaint, without who asks."""
    lines = [line.strip() for line in err.splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith("fatal:")] or lines or ["no reason given"]
    return _USER.sub("//", fatal[0].removeprefix("fatal:").strip().rstrip("."))
