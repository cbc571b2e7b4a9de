"""Refs and commits: what a name means, where two histories meet, who wrote what."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from gate.change.git import Repository
from gate.change.names import text
from gate.errors import ChangeError
from gate.model.change import Commit

_FORMAT = "%H%x00%an <%ae>%x00%cn <%ce>%x00%s%x00%(trailers:only,unfold)"
_FIELDS = 5
_ID = re.compile(r"[0-9a-f]{7,64}")
_ZEROS = re.compile(r"0{40}(0{24})?")
_NAMESPACES = ("refs/heads/", "refs/tags/", "refs/remotes/")
_GUESSES = (
    "refs/remotes/origin/main",
    "refs/heads/main",
    "refs/remotes/origin/master",
    "refs/heads/master",
)
_SHALLOW_ADVICE = (
    "Fetch the whole history: `fetch-depth: 0` at actions/checkout, or `git fetch --unshallow`."
)


@dataclass(frozen=True, slots=True)
class Point:
    """A commit, and what a person calls it."""

    sha: str
    tree: str
    label: str

    @property
    def short(self) -> str:
        return self.sha[:7]


def point(repository: Repository, ref: str) -> Point:
    """The commit that a name means. A name that means several, such as a branch and a tag, is
    an error: whoever may push tags must not choose what is trusted."""
    found = find_point(repository, ref)
    if found is None:
        raise _unknown(repository, ref)
    return found


def find_point(repository: Repository, ref: str) -> Point | None:
    """As `point`, but None for an unknown name."""
    full = [f"{start}{ref}" for start in _NAMESPACES]
    names = [f"{ref}^{{commit}}", f"{ref}^{{tree}}", *(f"{name}^{{commit}}" for name in full)]
    commit, tree, *meanings = repository.objects.facts(names)
    if len({meaning.oid for meaning in meanings if meaning}) > 1:
        several = [name for name, meaning in zip(full, meanings, strict=True) if meaning]
        raise ChangeError(
            f"{ref} means several commits: {', '.join(several)}.", advice="Write one of them."
        )
    if commit is None:
        return None
    if tree is None:
        raise ChangeError(
            f"The files of {ref} ({commit.oid[:7]}) are not in this clone.",
            advice="Fetch them: a clone without `--filter=tree:0`.",
        )
    return Point(commit.oid, tree.oid, commit.oid[:7] if commit.oid.startswith(ref) else ref)


def is_nothing(ref: str) -> bool:
    """Whether it is the zeros that stand for no commit, as before the first push of a branch."""
    return _ZEROS.fullmatch(ref) is not None


def merge_bases(repository: Repository, base: Point, head: Point) -> list[Point]:
    """The commits where the head's history left the base's: several after merges in both
    directions, none where they share none."""
    ids, is_sure = meetings(repository, base.sha, head.sha)
    if not is_sure:
        raise too_shallow(
            f"The clone is too shallow: where {head.label} left {base.label} is not in it."
        )
    return [point(repository, sha) for sha in ids]


def meetings(repository: Repository, base: str, head: str) -> tuple[list[str], bool]:
    """The ids of these commits as this clone has them, and whether it has all that tells. In a
    shallow one a nearer path may be cut off, and an older commit would be found, from which what
    the head takes back is no change."""
    ids = repository.runner.attempt("merge-base", "--all", base, head).out.decode().split()
    cut = repository.cut
    if not cut:
        return ids, True
    apart = repository.runner.run("rev-list", base, head, *(f"^{sha}" for sha in ids), "--")
    return ids, cut.isdisjoint(apart.decode().split())


def is_ancestor(repository: Repository, old: str, new: str) -> bool:
    """Whether a commit's history holds another one, as far as it is in this clone."""
    return repository.runner.attempt("merge-base", "--is-ancestor", old, new).status == 0


def parents(repository: Repository, commit: Point) -> list[str]:
    """The ids of a commit's parents as they were written, also where the clone lacks them."""
    header = repository.objects.whole(commit.sha, "commit").partition(b"\n\n")[0]
    return [
        line.removeprefix(b"parent ").decode()
        for line in header.split(b"\n")
        if line.startswith(b"parent ")
    ]


def commits(
    repository: Repository, head: Point, without: Sequence[str], most: int | None = None
) -> tuple[Commit, ...]:
    """The commits of a head, newest first, without those of other commits' histories."""
    out = repository.runner.run(
        "log",
        "-z",
        *(() if most is None else (f"--max-count={most}",)),
        f"--format=tformat:{_FORMAT}",
        "--encoding=UTF-8",
        "--no-color",
        "--no-decorate",
        "--no-mailmap",
        "--no-notes",
        "--no-patch",
        "--no-show-signature",
        head.sha,
        *(f"^{sha}" for sha in without),
        "--",
    )
    fields = out.split(b"\0")[:-1]
    return tuple(
        _commit(fields[place : place + _FIELDS]) for place in range(0, len(fields), _FIELDS)
    )


def default_branch(repository: Repository) -> str | None:
    """The full name of the branch that others start from: what origin says, else a usual name."""
    refs = _refs(repository)
    said = refs.get("refs/remotes/origin/HEAD")
    if said in refs:
        return said
    return next((name for name in _GUESSES if name in refs), None)


def current_branch(repository: Repository) -> str | None:
    """The full name of the branch that is checked out; None for a detached head."""
    result = repository.runner.attempt("symbolic-ref", "--quiet", "HEAD")
    return text(result.out).strip() or None if result.status == 0 else None


def short_name(ref: str) -> str:
    """`main` for `refs/heads/main`, `origin/main` for `refs/remotes/origin/main`."""
    return ref.removeprefix("refs/heads/").removeprefix("refs/remotes/").removeprefix("refs/tags/")


def writer(repository: Repository) -> str | None:
    """Who would write the next commit, `Name <address>`; None where Git does not know."""
    result = repository.runner.attempt("var", "GIT_AUTHOR_IDENT")
    if result.status != 0:
        return None
    return text(result.out).strip().rpartition(">")[0] + ">"


def too_shallow(message: str) -> ChangeError:
    """The clone lacks commits that the change needs."""
    return ChangeError(message, advice=_SHALLOW_ADVICE)


def _refs(repository: Repository) -> dict[str, str]:
    """All branches and tags: full names, to the name that a symbolic one stands for or ''."""
    out = repository.runner.run(
        "for-each-ref", "--format=%(refname)%00%(symref)", "refs/heads", "refs/remotes", "refs/tags"
    )
    fields = text(out).replace("\n", "\0").split("\0")
    return dict(zip(fields[0::2], fields[1::2], strict=False))


def _commit(fields: Sequence[bytes]) -> Commit:
    sha, author, committer, subject, trailers = (text(field) for field in fields)
    return Commit(sha, author, committer, subject, _trailers(trailers))


def _trailers(lines: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in lines.split("\n"):
        key, colon, value = line.partition(":")
        if colon:
            found.setdefault(key.strip().lower(), []).append(value.strip())
    return found


def _unknown(repository: Repository, ref: str) -> ChangeError:
    refs = _refs(repository)
    if ref == "HEAD":
        return ChangeError(
            "The repository has no commits yet.",
            advice="Judge what is staged: `gate check --staged`.",
        )
    if repository.shallow:
        return too_shallow(f"{ref} is not in this clone, which is shallow.")
    names = {short_name(name) for name in refs}
    meant = next((name for name in sorted(names) if name.endswith(f"/{ref}")), None)
    import difflib

    close = difflib.get_close_matches(ref, sorted(names), n=1)
    if meant or close:
        advice = f"Did you mean {meant or close[0]}?"
        return ChangeError(f"There is no commit named {ref} in this clone.", advice=advice)
    what = "commit" if _ID.fullmatch(ref) else "branch, tag or commit"
    fetch = f"Fetch it: git fetch origin {shlex.quote(ref)}"
    return ChangeError(
        f"There is no {what} named {ref or repr(ref)} in this clone.",
        advice=fetch if ref else "The name is empty: see whether a variable is not set.",
    )
