"""Every test runs with a home of its own and without the caller's Git and gate settings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from gate import programs

# No test measures absolute times, and a busy machine is no fault.
hypothesis.settings.register_profile("gate", hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("gate")

MEASURED = "COVERAGE_PROCESS_CONFIG"


@pytest.fixture(autouse=True, scope="session")
def measured_children() -> Iterator[None]:
    """Coverage reaches gate's child processes too, which inherit next to nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(programs, "KEPT_VARIABLES", (*programs.KEPT_VARIABLES, MEASURED))
        yield


@pytest.fixture(autouse=True)
def private_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("home")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GIT_", "GATE_", "GITHUB_", "XDG_"))
        and name not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "CI"}
    }
    require_all = os.environ.get("GATE_REQUIRE_ALL")
    if require_all:
        kept["GATE_REQUIRE_ALL"] = require_all
    kept |= {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(kept)
    yield home
    os.environ.clear()
    os.environ.update(before)
    assert not any(home.iterdir()), f"a test wrote to the home folder: {list(home.iterdir())}"
