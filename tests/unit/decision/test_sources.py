"""Where policies come from: which reader gets a source, and what is refused before it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gate.change.folder import FolderTree
from gate.decision import bundle as bundles
from gate.decision.sources import archive, fetch
from gate.decision.sources import read as sources
from gate.errors import PolicyError
from gate.model.change import Unread
from gate.model.policy import PolicyFiles
from tests.support.trees import Link, MemoryTree
from tests.unit.decision.cases import module

RULE = module("team.named", 'deny contains "x" if input.x')
BUNDLE = archive.write(
    bundles.load(False, [PolicyFiles({"policies/team/named.rego": RULE})]),
)
DIGEST = hashlib.sha256(BUNDLE).hexdigest()
TREE = MemoryTree({"dist/team.tar.gz": BUNDLE, "policies/team/named.rego": RULE, "a.txt": "words"})


def read(*policies: str, engine: str = "auto", offline: bool = False) -> list[PolicyFiles]:
    return sources.read(policies, TREE, engine=engine, offline=offline)


def refusal(source: str, tree: MemoryTree = TREE, **more: object) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        sources.read([source], tree, **more)  # type: ignore[arg-type]
    return caught.value


@pytest.mark.parametrize(
    "source",
    [
        *("dist/team.tar.gz", "./dist/team.tar.gz", f"dist/team.tar.gz#sha256={DIGEST}"),
        f"dist/team.tar.gz#sha256={DIGEST.upper()}",
    ],
)
def test_a_bundle_is_read_from_the_tree(source: str) -> None:
    (found,) = read(source)
    name = source.partition("#")[0]
    assert found.texts == {f"{name}!policies/team/named.rego": RULE}
    assert not found.by_path


def test_a_bundle_is_read_from_a_folder_on_disk(tmp_path: Path) -> None:
    (tmp_path / "team.tar.gz").write_bytes(BUNDLE)
    (found,) = sources.read(["team.tar.gz"], FolderTree(tmp_path))
    assert list(found.texts) == ["team.tar.gz!policies/team/named.rego"]


def test_a_bundle_and_its_folder_have_one_digest() -> None:
    one, other = (bundles.load(False, read(each)) for each in ("policies", "dist/team.tar.gz"))
    assert one.digest == other.digest


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("dist/none.tar.gz", "does not exist"),
        ("../team.tar.gz", "outside of the repository"),
        ("/team.tar.gz", "outside of the repository"),
        (f"dist/team.tar.gz#sha256={'0' * 64}", f"its digest is sha256={DIGEST}"),
        ("dist/team.tar.gz#sha256=12", "is no digest"),
        ("dist/team.tar.gz#sha256=", "is no digest"),
        (f"policies#sha256={DIGEST}", "Only a bundle has a digest"),
        ("a.txt", "does not end in .rego or .tar.gz"),
        ("ftp://bundles.example/x.tar.gz", "HTTPS only"),
        ("server", "needs an OPA server"),
    ],
)
def test_a_source_that_cannot_be_read_is_refused(source: str, what: str) -> None:
    error = refusal(source)
    assert what in f"{error.message} {error.path}"


def test_a_bundle_must_be_a_file_with_bytes() -> None:
    linked = MemoryTree({"team.tar.gz": Link("/etc/passwd")})
    assert "not a link" in refusal("team.tar.gz", linked).message
    unread = MemoryTree({"team.tar.gz": Unread("9 MB, over the limit")})
    assert "over the limit" in refusal("team.tar.gz", unread).message


def test_a_server_s_rules_are_not_read_offline() -> None:
    error = refusal("server", engine="http://127.0.0.1:1", offline=True)
    assert "--offline" in error.message


def test_an_address_is_fetched_and_shown_without_its_query(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = "https://bundles.example/team?key=secret"
    monkeypatch.setattr(fetch, "_fetched", {address: BUNDLE})
    (found,) = read(f"{address}#sha256={DIGEST}", offline=True)
    assert list(found.texts) == ["https://bundles.example/team!policies/team/named.rego"]


def test_a_source_that_is_named_twice_counts_once() -> None:
    for twice in (read("dist/team.tar.gz", "dist/team.tar.gz"), read("policies", "policies/team")):
        assert list(bundles.load(False, sources.once(twice)).rules) == ["team.named"]


def test_two_files_of_one_path_are_not_taken_for_one() -> None:
    other = PolicyFiles({"policies/team/named.rego": f"{RULE}\nwarn contains 1 if true\n"})
    with pytest.raises(PolicyError, match="different files with this path"):
        sources.once([*read("policies"), other])


def test_one_rule_from_two_sources_is_refused() -> None:
    with pytest.raises(PolicyError, match="is defined in"):
        bundles.load(False, sources.once(read("policies", "dist/team.tar.gz")))
