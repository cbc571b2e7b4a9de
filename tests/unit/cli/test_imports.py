"""What is imported when: a budget, measured in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"git", "requests", "jsonschema", "opa_client", "rich", "regorus", "yaml", "junitparser"}


def imported(*arguments: str) -> set[str]:
    """The heavy modules that a run of `gate ARGUMENTS` has imported at its end."""
    program = (
        "import sys\n"
        "from gate.cli.main import main\n"
        "try:\n"
        f"    main({list(arguments)!r})\n"
        "except SystemExit as end:\n"
        "    assert end.code == 0, end.code\n"
        "print('IMPORTED', *sorted({name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    last = done.stdout.splitlines()[-1].split()
    assert last[0] == "IMPORTED"
    return HEAVY & set(last[1:])


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["check", "--help"],
        ["policy", "--help"],
        ["policy", "test", "--help"],
        ["policy", "coverage", "--help"],
        ["explain", "--help"],
        ["freeze", "--help"],
        ["slo", "--help"],
    ],
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    assert imported(*arguments) == set()


def test_the_budget_would_notice_a_heavy_import() -> None:
    assert "yaml" in imported("policy", "list")


def test_a_schema_is_printed_without_a_heavy_import() -> None:
    assert imported("schema", "verdict") == set()


def test_judging_imports_neither_the_network_nor_schemas() -> None:
    assert imported("demo") <= {"git", "regorus", "yaml"}
