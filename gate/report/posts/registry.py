"""Finds a post by its name. Only the one that is asked for is imported."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import cast

from gate.errors import UsageError, did_you_mean
from gate.report.posts.interface import Post

POSTS: Mapping[str, str] = {
    "actions": "gate.report.posts.actions",
    "github": "gate.report.posts.github",
}


def poster(name: str) -> Post:
    """The post of a name.

    Raises:
        UsageError: there is no such post.
    """
    module = POSTS.get(name)
    if module is None:
        raise UsageError(
            f"Nothing can be posted to `{name}`{did_you_mean(name.lower(), POSTS)}",
            advice=f"Use one of: {', '.join(sorted(POSTS))}.",
        )
    return cast(Post, import_module(module).post)
