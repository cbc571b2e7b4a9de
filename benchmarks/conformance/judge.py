"""Takes one case by the gate's path: parsing, allow-list and rewriting, engine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from benchmarks.conformance.cases import Case
from gate.decision.engines import embedded
from gate.decision.rego.nodes import names_in
from gate.decision.rego.rewrite import Source, rewrite_all
from gate.errors import PolicyError

Kind = Literal["right", "refused", "raises", "wrong"]

_SIMPLE = re.compile(r"^(?:(data[\w.]*) = (?!input)([a-z]\w*)|(?!input)([a-z]\w*) = (data[\w.]*))$")
_ENTRY = "conformance_entry.rego"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`reason` says what was refused, raised, or answered instead."""

    kind: Kind
    reason: str = ""


def judge(case: Case) -> Outcome:
    """Judges one case in this process: a case may end it."""
    if case.input_term is not None:
        return Outcome("refused", "an input that is no JSON")
    try:
        answer = _answer(case)
    except _RefusedCase as refused:
        return Outcome("refused", str(refused))
    except PolicyError as error:
        return Outcome("right" if case.results is None else "raises", error.message)
    return _compared(case, answer)


class _RefusedCase(Exception):  # noqa: N818 - an outcome
    """What was refused."""


def _answer(case: Case) -> list[Any]:
    try:
        sources = list(_sources(case))
    except PolicyError as error:
        raise _RefusedCase("syntax that the embedded engine does not read") from error
    made = rewrite_all(sources)
    for each in made.values():
        for found in each.unfaithful:
            raise _RefusedCase(found.what)
    modules = [(path, each.text) for path, each in made.items()]
    engine = embedded.load(modules, case.data)
    if case.has_input:
        with embedded.translated():
            engine.set_input_json(json.dumps(case.input))
    with embedded.translated():
        told = json.loads(engine.eval_query_as_json("data.conformance_entry.answer"))
    if not told.get("result"):
        return []
    found: list[Any] = told["result"][0]["expressions"][0]["value"]
    return found


def _sources(case: Case) -> Iterator[Source]:
    for number, text in enumerate(case.modules):
        path = f"test-{number}.rego"
        yield Source(path, text, embedded.tree(path, text, v0=case.v0))
    entry = _entry(case)
    yield Source(_ENTRY, entry, embedded.tree(_ENTRY, entry))


def _entry(case: Case) -> str:
    """A module whose `answer` lists the bindings of the case's query."""
    simple = _SIMPLE.match(case.query.strip())
    if simple:
        name, path = (simple[2], simple[1]) if simple[1] else (simple[3], simple[4])
        body = f'{{"{name}": found}} | found := {path}'
    else:
        probe = f"package conformance_entry\n\nanswer if {{ {case.query} }}\n"
        tree = embedded.tree(_ENTRY, probe)
        names = sorted(set(_names([rule["Spec"]["bodies"] for rule in tree["rules"]])))
        body = "{" + ", ".join(f'"{name}": {name}' for name in names) + f"}} | {case.query}"
    return f"package conformance_entry\n\nanswer := [{body}]\n"


def _names(bodies: Any) -> Iterator[str]:
    names = names_in(bodies, declared=True, nested=False)
    return (name for name in names if name not in ("data", "input", "_"))


def _compared(case: Case, answer: list[Any]) -> Outcome:
    if case.results is None:
        return Outcome("wrong", f"answers {_shown(answer)} where OPA raises an error")
    if _as_set(answer, case) == _as_set(case.results, case):
        return Outcome("right")
    return Outcome("wrong", f"answers {_shown(answer)}, OPA {_shown(case.results)}")


def _as_set(rows: list[Any], case: Case) -> set[str]:
    return {_shown({k: _sorted(v) if case.sort else v for k, v in row.items()}) for row in rows}


def _sorted(value: Any) -> Any:
    return sorted(value, key=_shown) if isinstance(value, list) else value


def _shown(value: Any) -> str:
    return json.dumps(_whole(value), sort_keys=True, ensure_ascii=False)


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    return value
