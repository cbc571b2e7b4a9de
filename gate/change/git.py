"""The only place that runs Git.

Trust step 2 (docs: "Trust"): nothing of the judged state is executed. Only plumbing and `log`
are run, no hook, filter, text converter, external diff, pager or file system monitor is
configured, nothing is fetched (but by `gate.change.fetch`, for an event), and no replacement
objects are followed. Only `gate demo` commits, to what it made itself. Values from outside reach
Git as full object ids or on standard input, never as arguments that could be options.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

from gate import programs
from gate.change.interface import BLOB_LIMIT
from gate.change.names import over_limit, text
from gate.errors import ChangeError
from gate.model.change import Unread

CONFIG = {
    "core.attributesFile": os.devnull,
    "core.bigFileThreshold": "8m",
    "core.commentChar": "#",
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.pager": "cat",
    "core.sshCommand": "false",
    "core.useReplaceRefs": "false",
    "credential.helper": "",
    "diff.external": "",
    "gc.auto": "0",
    "gpg.program": "false",
    "log.showSignature": "false",
    "maintenance.auto": "false",
    "protocol.allow": "never",
    "submodule.recurse": "false",
    "trailer.separators": ":",
}

ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
}

_KEPT = {
    "GIT_AUTHOR_EMAIL",
    "GIT_AUTHOR_NAME",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_EXEC_PATH",
    "GIT_INDEX_FILE",
}
_QUARANTINE = {"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_OBJECT_DIRECTORY", "GIT_QUARANTINE_PATH"}

_ENGLISH = {"LANGUAGE": "C", "LC_ALL": "C"}
"""What Git says is read here."""

_REQUESTS_AT_ONCE = 32
"""So many that neither the requests nor the complaints about them fill a pipe."""

_BYTES_AT_ONCE = 16 * 1024 * 1024
_COMPLAINT = 4096
_MISSING = "not in this clone: a partial clone, or a damaged one"
_FACT = re.compile(rb"^([0-9a-f]{40,64}) (\w+) (\d+)$")
_DUBIOUS = re.compile(r"dubious ownership in repository at '(.*?)'", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Result:
    """What a run of Git gave."""

    status: int
    out: bytes
    err: str


@dataclass(frozen=True, slots=True)
class ObjectFact:
    """An object that is there. `size` in bytes."""

    oid: str
    kind: str
    size: int


class Runner:
    """Runs Git in one folder."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir() or not os.access(folder, os.X_OK):
            what = "is not a folder that can be entered" if folder.exists() else "does not exist"
            raise ChangeError(f"{folder} {what}.", advice="Name the repository with --repo.")
        self.folder = folder
        self._cwd = folder.absolute()
        self._program = _program()

    def run(self, *arguments: str) -> bytes:
        """Standard output; a failure of Git is a ChangeError."""
        result = self.attempt(*arguments)
        if result.status != 0:
            raise translated(result.err, self.folder)
        return result.out

    def attempt(self, *arguments: str) -> Result:
        """Runs Git, and leaves it to the caller what its exit status means."""
        process = self.start(*arguments, stdin=subprocess.DEVNULL)
        out, err = process.communicate()
        return Result(process.returncode, out, text(err))

    def start(
        self,
        *arguments: str,
        stdin: int = subprocess.PIPE,
        config: Mapping[str, str] = CONFIG,
        environment: Mapping[str, str] = ENVIRONMENT,
        kept: Collection[str] = (),
        alone: bool = False,
    ) -> subprocess.Popen[bytes]:
        """Starts Git and leaves it running, with pipes. Of the caller's Git variables those in
        `kept` stay too. `alone`: in a session of its own, so that nothing asks on the terminal and
        all that it starts can be ended."""
        command = [self._program, "--no-pager", *_settings(config), *arguments]
        try:
            return subprocess.Popen(
                command,
                cwd=self._cwd,
                env={**_inherited(_KEPT | set(kept)), **_ENGLISH, **environment},
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=alone,
            )
        except OSError as error:
            raise _unusable(error) from error


class Objects:
    """Reads objects by way of two lasting processes: one for sizes, one for contents.

    Each question is asked and answered whole before the next, so that several readers can take
    turns. Sizes are asked first: what is too large is never sent. `absent`, where it is set, is
    given the ids of files that a partial clone lacks, and may bring them.
    """

    def __init__(self, runner: Runner) -> None:
        self.absent: Callable[[Sequence[str]], None] | None = None
        self._check = _Conversation(runner, "--batch-check")
        self._content = _Conversation(runner, "--batch")

    def facts(self, names: Sequence[str]) -> list[ObjectFact | None]:
        """What objects the names mean; None for each that is not there."""
        clean = [name if name.isprintable() else "" for name in names]
        answers: list[ObjectFact | None] = []
        for some in _chunks(clean):
            answers += [_fact(line) for line, _ in self._check.ask(some, with_body=False)]
        return answers

    def blobs(self, oids: Iterable[str], limit: int = BLOB_LIMIT) -> Iterator[bytes | Unread]:
        """The contents in the order given. `limit` is in bytes."""
        for some in _chunks(oids):
            facts = self.facts(some)
            if self.absent is not None and None in facts:
                self.absent([oid for oid, fact in zip(some, facts, strict=True) if fact is None])
                facts = self.facts(some)
            for group in _groups(some, facts, limit):
                yield from self._bodies(group, limit)

    def whole(self, oid: str, kind: str) -> bytes:
        """An object that the gate cannot do without."""
        line, body = self._content.ask([oid], with_body=True)[0]
        fact = _fact(line)
        if fact is None or fact.kind != kind:
            raise ChangeError(
                f"Git cannot read the {kind} {oid[:7]}: {_why(line)}.",
                advice="Fetch the whole history, without a filter, or check with `git fsck`.",
            )
        return body

    def close(self) -> None:
        self._check.close()
        self._content.close()

    def _bodies(
        self, group: Sequence[tuple[str, ObjectFact | None]], limit: int
    ) -> Iterator[bytes | Unread]:
        wanted = [oid for oid, fact in group if _unread(fact, limit) is None]
        answers = iter(self._content.ask(wanted, with_body=True))
        for _, fact in group:
            refused = _unread(fact, limit)
            if refused is not None:
                yield refused
                continue
            line, body = next(answers)
            yield body if _fact(line) is not None else Unread(_why(line))


class _Conversation:
    """One `git cat-file` that is asked by lines. Where Git dies over an object, that object's
    answer says why, and a new process takes the rest."""

    def __init__(self, runner: Runner, mode: str) -> None:
        self._runner = runner
        self._mode = mode
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, requests: Sequence[str], *, with_body: bool) -> list[tuple[bytes, bytes]]:
        """For each request the line that answers it and the body."""
        answers: list[tuple[bytes, bytes]] = []
        while len(answers) < len(requests):
            answers += self._ask_one_process(requests[len(answers) :], with_body=with_body)
        return answers

    def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout, process.stderr):
            with contextlib.suppress(OSError):
                _piped(pipe).close()
        process.wait()

    def _ask_one_process(
        self, requests: Sequence[str], *, with_body: bool
    ) -> list[tuple[bytes, bytes]]:
        if self._process is None:
            self._process = self._runner.start("cat-file", self._mode)
            os.set_blocking(_piped(self._process.stderr).fileno(), False)
        process = self._process
        with contextlib.suppress(BrokenPipeError):
            _piped(process.stdin).write("".join(f"{name}\n" for name in requests).encode())
            _piped(process.stdin).flush()
        answers = []
        for _ in requests:
            answer = _answer(_piped(process.stdout), with_body=with_body)
            if answer is None:
                answers.append((self._last_words(process), b""))
                return answers
            answers.append(answer)
        _piped(process.stderr).read(_COMPLAINT)
        return answers

    def _last_words(self, process: subprocess.Popen[bytes]) -> bytes:
        process.wait()
        said = _piped(process.stderr).read() or b""
        self.close()
        return (said.strip().splitlines() or [b"Git ended"])[-1]


@dataclass(frozen=True, slots=True)
class Repository:
    """An open repository.

    `top` is the working tree's folder, None where there is none. `shallow_file` is where Git says
    which commits of a shallow clone lack their parents (gitrepository-layout(5), `shallow`).
    """

    runner: Runner
    objects: Objects
    top: Path | None
    bare: bool
    shallow_file: Path
    hash_name: str

    def close(self) -> None:
        self.objects.close()

    @property
    def cut(self) -> set[str]:
        """The commits whose parents a shallow clone lacks now; none in a whole one."""
        try:
            return set(self.shallow_file.read_text("ascii").split())
        except FileNotFoundError:
            return set()

    @property
    def shallow(self) -> bool:
        """Whether the history is cut."""
        return bool(self.cut)

    @property
    def empty_tree(self) -> str:
        return self._hash(b"tree 0\0")

    @property
    def empty_blob(self) -> str:
        return self._hash(b"blob 0\0")

    def _hash(self, content: bytes) -> str:
        import hashlib

        return hashlib.new(self.hash_name, content, usedforsecurity=False).hexdigest()


def open_repository(folder: Path) -> Repository:
    """The repository that a folder is in."""
    found = Runner(folder)
    answer = found.run(
        "rev-parse",
        "--is-bare-repository",
        "--is-inside-work-tree",
        "--show-object-format",
        "--git-path",
        "shallow",
        "--show-cdup",
    )
    bare, inside, hash_name, places = answer.removesuffix(b"\n").split(b"\n", 3)
    # Where there is no working tree, the last answer is left out.
    shallow, _, up = places.rpartition(b"\n") if inside == b"true" else (places, b"", b"")
    top = _top(folder, up) if inside == b"true" else None
    runner = found if top is None else Runner(top)
    return Repository(
        runner=runner,
        objects=Objects(runner),
        top=top,
        bare=bare == b"true",
        shallow_file=folder.absolute() / os.fsdecode(shallow),
        hash_name=hash_name.decode(),
    )


@contextlib.contextmanager
def closed_on_error(repository: Repository) -> Iterator[Repository]:
    """The repository stays open unless the block fails."""
    try:
        yield repository
    except BaseException:
        repository.close()
        raise


def translated(err: str, folder: Path) -> ChangeError:
    """Git's complaint in our words."""
    owner = _DUBIOUS.search(err)
    if owner:
        return ChangeError(
            f"Git refuses the repository at {owner[1]}: it belongs to another user "
            "(dubious ownership).",
            advice="If you trust it, run: "
            f"git config --global --add safe.directory {shlex.quote(owner[1])}",
        )
    if "not a git repository" in err.lower():
        return ChangeError(
            f"{folder} is not in a Git repository.",
            advice="Run gate inside one, name one with --repo, "
            "or judge a folder: `gate check DIR`.",
        )
    lines = [line for line in err.splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith("fatal:")] or lines or ["no reason given"]
    return ChangeError(
        f"Git failed: {fatal[0].removeprefix('fatal:').strip()}",
        advice="Check the repository with `git fsck`.",
    )


def _program() -> str:
    """Git's absolute path."""
    found = programs.found("git")
    if found is None:
        raise ChangeError(
            "Git is not installed, or not on the PATH.",
            advice="Install Git, or judge a folder without it: `gate check DIR`.",
        )
    return found


def _unusable(error: OSError) -> ChangeError:
    return ChangeError(
        f"Git cannot be started: {error.strerror or type(error).__name__}.",
        advice="See what `git version` says, and mend that.",
    )


def _inherited(kept: Collection[str]) -> dict[str, str]:
    """The caller's environment without its Git variables, such as a hook's GIT_DIR. The operator's
    configuration stays, a push's quarantined objects, and the index file, as `git commit -a` uses
    another: Git takes it from the top of the working tree, whatever folder a hook has gone to."""
    if "GIT_QUARANTINE_PATH" in os.environ:
        kept = {*kept, *_QUARANTINE}
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name in kept or name.startswith("GIT_CONFIG")
    }


def _settings(config: Mapping[str, str]) -> Iterator[str]:
    for name, value in config.items():
        yield from ("-c", f"{name}={value}")


def _top(folder: Path, up: bytes) -> Path:
    return Path(os.path.normpath(folder.absolute().resolve() / os.fsdecode(up)))


def _chunks(names: Iterable[str]) -> Iterator[list[str]]:
    waiting = iter(names)
    while some := list(islice(waiting, _REQUESTS_AT_ONCE)):
        yield some


def _groups(
    oids: Sequence[str], facts: Sequence[ObjectFact | None], limit: int
) -> Iterator[list[tuple[str, ObjectFact | None]]]:
    """Neighbours whose contents together stay below what is held at once."""
    group: list[tuple[str, ObjectFact | None]] = []
    held = 0
    for oid, fact in zip(oids, facts, strict=True):
        size = fact.size if fact is not None and fact.size <= limit else 0
        if group and held + size > _BYTES_AT_ONCE:
            yield group
            group, held = [], 0
        group.append((oid, fact))
        held += size
    yield group


def _unread(fact: ObjectFact | None, limit: int) -> Unread | None:
    if fact is None:
        return Unread(_MISSING)
    if fact.kind != "blob":
        return Unread(f"not a file but a {fact.kind}")
    return Unread(over_limit(fact.size, limit)) if fact.size > limit else None


def _fact(line: bytes) -> ObjectFact | None:
    match = _FACT.match(line)
    return match and ObjectFact(match[1].decode(), match[2].decode(), int(match[3]))


def _answer(out: IO[bytes], *, with_body: bool) -> tuple[bytes, bytes] | None:
    """One answer; None where the process ended before it was complete."""
    line = out.readline()
    if not line.endswith(b"\n"):
        return None
    line = line[:-1]
    fact = _fact(line)
    if not with_body or fact is None:
        return line, b""
    body = out.read(fact.size + 1)
    return (line, body[:-1]) if len(body) == fact.size + 1 else None


def _why(line: bytes) -> str:
    if line.endswith(b" missing"):
        return _MISSING
    return text(line).removeprefix("fatal:").removeprefix("error:").strip()


def _piped(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
