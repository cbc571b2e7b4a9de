"""Who asks a Prometheus."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from gate.evidence.interface import Question
from gate.evidence.slo.prometheus import observe
from gate.model.manifest import Target
from tests.support.trees import MemoryTree
from tests.support.web import Told, web


@pytest.mark.parametrize("is_alone", [True, False])
def test_user_and_password_of_an_address_are_used_and_not_shown(is_alone: bool) -> None:
    with web(lambda _: Told(401, b"no: its-password")) as server:
        address = server.address.replace("//", "//ann:its-password@")
        settings: Any = address if is_alone else {"url": address}
        target, now = Target("shop", "production"), datetime(2026, 11, 22, tzinfo=UTC)
        (found,) = observe(Question("prom", "slo", [target], settings, MemoryTree({}), now))
    given = server.asked[0].headers["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(given) == b"ann:its-password"
    assert found.status == "unavailable"
    assert "(401)" in str(found.reason)
    assert "its-password" not in str(found.reason)
