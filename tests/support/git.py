"""Builds real Git repositories for tests: always the same dates, the same people, and so the
same commit ids."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.tools import need

AUTHOR = "Ada Author <ada@example.org>"
COMMITTER = "Carl Committer <carl@example.org>"
_START = 1_760_000_000
_QUICK = ("-c", "core.fsync=none", "-c", "gc.auto=0", "-c", "maintenance.auto=false")


@dataclass
class Repo:
    """A repository and its working tree."""

    path: Path
    clock: int = field(default=_START)

    @classmethod
    def init(cls, path: Path, branch: str = "main", *, bare: bool = False) -> Repo:
        """A new, empty repository."""
        path.mkdir(parents=True, exist_ok=True)
        repo = cls(path)
        repo.git("init", "--quiet", f"--initial-branch={branch}", *(["--bare"] if bare else []))
        return repo

    def clone(self, path: Path, *options: str) -> Repo:
        """A clone, as over a network: `--depth` and `--filter` mean something."""
        self.git(
            "-c",
            "protocol.file.allow=always",
            "clone",
            "--quiet",
            *options,
            f"file://{self.path.absolute()}",
            str(path),
        )
        return Repo(path, self.clock)

    def write(self, path: str, content: str | bytes, *, executable: bool = False) -> Path:
        """Writes a file; `path` is relative to the root."""
        target = self.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
        if executable:
            target.chmod(0o755)
        return target

    def link(self, path: str, target: str) -> None:
        """Makes a symbolic link in the place of whatever is there."""
        place = self.path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(target)

    def submodule(self, path: str, sha: str = "1" * 40) -> None:
        """Stages a submodule that is not checked out."""
        (self.path / path).mkdir(parents=True, exist_ok=True)
        self.git("update-index", "--add", "--cacheinfo", f"160000,{sha},{path}")

    def remove(self, path: str) -> None:
        """Deletes a file or a folder."""
        target = self.path / path
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        else:
            target.unlink()

    def move(self, source: str, target: str) -> None:
        """Moves a file or a folder."""
        (self.path / target).parent.mkdir(parents=True, exist_ok=True)
        (self.path / source).rename(self.path / target)

    def stage(self) -> None:
        """Stages all that differs."""
        self.git("add", "--all")

    def commit(self, message: str, **files: str | bytes) -> str:
        """Writes the files, commits all that differs, and gives the commit's id."""
        for path, content in files.items():
            self.write(path, content)
        self.stage()
        self.git("commit", "--quiet", "--allow-empty", "--no-verify", f"--message={message}")
        return self.sha("HEAD")

    def branch(self, name: str) -> None:
        """Makes a branch here, and goes to it."""
        self.git("checkout", "--quiet", "-b", name)

    def checkout(self, ref: str) -> None:
        """Goes to a branch, or to a commit without a branch."""
        self.git("checkout", "--quiet", ref)

    def merge(self, name: str, message: str = "merge") -> str:
        """Merges with a merge commit, and gives its id."""
        self.git("merge", "--quiet", "--no-ff", f"--message={message}", name)
        return self.sha("HEAD")

    def sha(self, ref: str) -> str:
        """The full id of what a name means."""
        return self.git("rev-parse", "--verify", ref)

    def git(self, *arguments: str, stdin: bytes | None = None) -> str:
        """Runs Git, and gives its output without the last line end."""
        self.clock += 1
        result = subprocess.run(
            [need("git"), *_QUICK, *arguments],
            cwd=self.path,
            env=os.environ | self._identity(),
            input=stdin,
            capture_output=True,
            check=False,
        )
        if result.returncode != 0:
            raise AssertionError(f"git {' '.join(arguments)}: {result.stderr.decode()}")
        return result.stdout.decode(errors="surrogateescape").removesuffix("\n")

    def _identity(self) -> dict[str, str]:
        author, committer = AUTHOR.removesuffix(">"), COMMITTER.removesuffix(">")
        return {
            "GIT_AUTHOR_NAME": author.partition(" <")[0],
            "GIT_AUTHOR_EMAIL": author.partition(" <")[2],
            "GIT_AUTHOR_DATE": f"{self.clock} +0000",
            "GIT_COMMITTER_NAME": committer.partition(" <")[0],
            "GIT_COMMITTER_EMAIL": committer.partition(" <")[2],
            "GIT_COMMITTER_DATE": f"{self.clock} +0000",
        }
