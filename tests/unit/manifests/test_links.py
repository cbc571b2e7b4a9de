"""Symbolic links within one tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from gate.manifests.links import Fault, follow
from gate.model.change import Entry, Unread
from tests.support.trees import Content, Link, MemoryTree, Submodule


def followed(files: dict[str, Content], path: str) -> Entry | Fault:
    tree = MemoryTree(files)
    link = tree.find(path)
    assert link is not None
    return follow(tree, link)


@pytest.mark.parametrize(
    ("files", "target"),
    [
        ({"a/link": Link("../b/x.yaml"), "b/x.yaml": ""}, "b/x.yaml"),
        ({"a/link": Link("./x.yaml"), "a/x.yaml": ""}, "a/x.yaml"),
        ({"a/link": Link("other"), "a/other": Link("x"), "a/x": ""}, "a/x"),
        ({"a/link": Link("../c/x"), "c": Link("b"), "b/x": ""}, "b/x"),
        ({"a/link": Link("../c/../b/x"), "c": Link("d/e"), "d/e/y": "", "d/b/x": ""}, "d/b/x"),
    ],
)
def test_a_link_leads_to_a_file(files: dict[str, Content], target: str) -> None:
    found = followed(files, "a/link")
    assert isinstance(found, Entry)
    assert found.path == target


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({"a/link": Link("../../x")}, "outside"),
        ({"a/link": Link("/etc/passwd")}, "outside"),
        ({"a/link": Link("other"), "a/other": Link("/etc")}, "outside"),
        ({"a/link": Link("nothing")}, "broken"),
        ({"a/link": Link("link")}, "broken"),
        ({"a/link": Link("x.yaml/y"), "a/x.yaml": ""}, "broken"),
        ({"a/link": Link("module/x"), "a/module": Submodule()}, "broken"),
        ({"a/link": Link("other"), "a/other": Link("link")}, "broken"),
        ({"a/link": Link("../b"), "b/x.yaml": ""}, "folder"),
        ({"a/link": Link("../b"), "b/deep/x.yaml": ""}, "folder"),
        ({"a/link": Link("..")}, "folder"),
    ],
)
def test_a_link_that_gives_no_file_says_why(files: dict[str, Content], kind: str) -> None:
    found = followed(files, "a/link")
    assert isinstance(found, Fault)
    assert found.kind == kind


class WithoutBlobs(MemoryTree):
    """A tree of which only the names are there, as in a partial clone."""

    def read(self, entries: Iterable[Entry]) -> Iterator[tuple[Entry, bytes | Unread]]:
        return ((entry, Unread("missing")) for entry in entries)


def test_a_link_whose_text_is_missing_is_broken() -> None:
    tree = WithoutBlobs({"a": Link("b"), "b": ""})
    link = tree.find("a")
    assert link is not None
    assert follow(tree, link) == Fault("broken", "a link that cannot be read")
