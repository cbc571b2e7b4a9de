"""What the environment says of GitHub: where it is, and the token for it."""

from __future__ import annotations

import os

SERVER = "https://github.com"


def token() -> str | None:
    """The token for GitHub."""
    return os.environ.get("GATE_GITHUB_TOKEN") or os.environ.get("GITHUB_TOKEN") or None


def server() -> str:
    """The address of its pages and repositories."""
    return os.environ.get("GITHUB_SERVER_URL") or SERVER
