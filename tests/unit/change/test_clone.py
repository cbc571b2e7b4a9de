"""What a branch is called."""

from __future__ import annotations

import pytest

from gate.change.clone import local_name


@pytest.mark.parametrize(
    ("ref", "name"),
    [
        ("main", "main"),
        ("refs/heads/main", "main"),
        ("refs/heads/a/b", "a/b"),
        ("refs/heads/origin/x", "origin/x"),
        ("refs/remotes/origin/main", "main"),
        ("refs/tags/v1", "v1"),
    ],
)
def test_the_name_of_a_branch(ref: str, name: str) -> None:
    assert local_name(ref) == name
