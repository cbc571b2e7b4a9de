"""Short ways to open a change of a test's repository and to look into it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gate.change.interface import ChangeRequest, Source
from gate.change.registry import open_source
from gate.errors import ChangeError
from gate.model.change import Tree, Unread
from tests.support.git import Repo


def opened(where: Repo | Path, **request: Any) -> Source:
    return open_source(ChangeRequest(where.path if isinstance(where, Repo) else where, **request))


def files(source: Source) -> dict[str, str]:
    return {file.path: file.status for file in source.change.files}


def content(tree: Tree | None, path: str) -> bytes | Unread:
    assert tree is not None
    entry = tree.find(path)
    assert entry is not None, path
    return next(iter(tree.read([entry])))[1]


def refusal(where: Repo | Path, **request: Any) -> ChangeError:
    """The error that opening ends with."""
    with pytest.raises(ChangeError) as caught:
        opened(where, **request).close()
    assert caught.value.exit_code == 2
    assert caught.value.advice
    return caught.value
