"""One Prometheus with thirty days of history for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.prometheus import Server, with_history


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with with_history(tmp_path_factory.mktemp("prometheus")) as server:
        yield server
