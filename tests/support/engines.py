"""Rego by both engines, the embedded one as the gate uses it: rewritten."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gate.decision.engines import embedded
from gate.decision.engines.inputs import input_text
from gate.errors import PolicyError
from tests.support.tools import need

REFUSED = "refused"
"""What `embedded_value` gives where the allow-list refuses, or the engine raises an error."""


def embedded_value(
    text: str, query: str, policy_input: Any, *, v0: bool = False
) -> list[Any] | str:
    """The value of a query over one module in a list, empty where it is undefined, or REFUSED."""
    made = embedded.examined([("t.rego", text)], ["t.rego"] if v0 else [])["t.rego"]
    if made.unfaithful:
        return REFUSED
    try:
        engine = embedded.load([("t.rego", made.text)])
        engine.set_input_json(input_text(policy_input))
        return embedded.query(engine, query)
    except PolicyError:
        return REFUSED


def opa_values(
    text: str, queries: Sequence[str], policy_input: Any, folder: Path, *options: str
) -> Mapping[str, list[Any]]:
    """The same for several queries, from a real OPA."""
    (folder / "t.rego").write_text(text, encoding="utf-8")
    wanted = ", ".join(f'"{query}": [x | x := {query}]' for query in queries)
    done = subprocess.run(
        [need("opa"), "eval", *options, "-d", folder / "t.rego", "-I", f"x := {{{wanted}}}"],
        input=input_text(policy_input),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    value: Mapping[str, list[Any]] = json.loads(done.stdout)["result"][0]["bindings"]["x"]
    return value
