"""Finds the expression that a test failed at, by evaluating ever longer beginnings of its body.

It knows no engine: it yields texts of comprehensions, and is sent their values (None for one that
cannot be evaluated). Each is an array, empty where the statements in it have no solution.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gate.authoring.clauses import Statement, Test
from gate.authoring.results import Place

Search = Generator[list[str], list[Any], "list[Place | None]"]
_Asking = Generator[list[str], list[Any], Any]

_VALUES = 6
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class _Scope:
    """What holds before a statement is reached: the statements, and a term that tells solutions
    apart (the keys of cases, of `every`)."""

    before: tuple[str, ...]
    key: str

    def array(self, term: str, more: Sequence[str] = ()) -> str:
        body = "\n".join((*self.before, *more)) or "true"
        return f"[{term} |\n{body}\n]"


def tried(test: Test) -> str:
    """Asks for the cases that a table tries, whether they hold or not."""
    before = tuple(each.probe for each in test.statements[: test.bound])
    return _Scope(before, _key(test)).array(_key(test))


def case_of(key: Sequence[Any]) -> tuple[str, ...]:
    """A case's name, as OPA writes it: text as it is, else JSON."""
    return tuple(part if isinstance(part, str) else _json(part) for part in key)


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal to Rego: 1 is not true."""
    return _json(one) == _json(other)


def search(test: Test, failed: Sequence[Any]) -> Search:
    """The place for each failed case, in their order; for a test that is no table, `[true]`."""
    reached = yield [
        _Scope((), _key(test)).array(_key(test), [each.probe for each in test.statements[:count]])
        for count in range(test.bound, len(test.statements) + 1)
    ]
    places: list[Place | None] = []
    for key in failed:
        number = _first_without(key, reached)
        if number is None:
            places.append(None)
            continue
        at = test.bound + number - 1
        before = tuple(each.probe for each in test.statements[:at])
        scope = _Scope(before, _key(test))
        places.append((yield from _explained(test.statements[at], scope, key, depth=0)))
    return places


def _key(test: Test) -> str:
    return f"[{', '.join(test.keys)}]" if test.keys else "true"


def _first_without(key: Any, reached: Sequence[Any]) -> int | None:
    """The number of the first beginning that has no solution with this key."""
    return next(
        (
            number
            for number, keys in enumerate(reached)
            if number and keys is not None and not any(same(key, each) for each in keys)
        ),
        None,
    )


def _explained(statement: Statement, scope: _Scope, key: Any, *, depth: int) -> _Asking:
    if statement.every is not None:
        found = yield from _within(statement, scope, key, depth=depth)
        if found is not None:
            return found
    return (yield from _valued(statement, scope, key))


def _within(statement: Statement, scope: _Scope, key: Any, *, depth: int) -> _Asking:
    """The place in the body of an `every`, for the first element that the body fails for."""
    every = statement.every
    assert every is not None
    index = every.key if every.key not in ("", "_") else f"gate_key_{depth}"
    value = every.value if every.value != "_" else f"gate_value_{depth}"
    element = f"some {index}, {value} in {every.domain}{statement.withs}"
    inner = _Scope((*scope.before, element), f"[{scope.key}, {index}]")
    texts = [f"{each.bare}{statement.withs}{each.withs}" for each in every.body]
    reached = yield [inner.array(inner.key, texts[:count]) for count in range(len(every.body) + 1)]
    for each in reached[0] or ():
        number = _first_without(each, reached) if same(each[0], key) else None
        if number is not None:
            at = _Scope((*inner.before, *texts[: number - 1]), inner.key)
            failing = every.body[number - 1]
            failing = _with(failing, statement.withs, (every.key, every.value))
            return (yield from _explained(failing, at, each, depth=depth + 1))
    return None


def _with(statement: Statement, withs: str, variables: Sequence[str]) -> Statement:
    """A statement of an `every`, with what the `every` has; its variables are always shown."""
    shown = [name for name in variables if name not in ("", "_")]
    operands = tuple(dict.fromkeys((*statement.operands, *shown)))
    return replace(statement, withs=f"{withs}{statement.withs}", operands=operands)


def _valued(statement: Statement, scope: _Scope, key: Any) -> _Asking:
    """The place with the values that stand there. What has no value of its own, such as a
    variable that the statement itself would bind, is left out."""
    texts = list(dict.fromkeys(text for text in (statement.asks, *statement.operands) if text))
    answers = yield [_valuation(texts, statement.withs, scope)]
    if answers[0] is None:
        answers = yield [_valuation([text], statement.withs, scope) for text in texts]
        found = [value for answer in answers for value in _of(key, answer, 1)]
    else:
        found = _of(key, answers[0], len(texts))
    values = {text: value for text, value in zip(texts, found, strict=True) if value is not None}
    said = _said(statement, values)
    if statement.kind != "not" or values.get(statement.asks) == [[True, "boolean"]]:
        values.pop(statement.asks, None)
    return Place(
        line=statement.line,
        column=statement.column,
        text=statement.text,
        said=said,
        values=tuple((text, _shown(value)) for text, value in values.items())[:_VALUES],
    )


def _valuation(texts: Sequence[str], withs: str, scope: _Scope) -> str:
    """Asks for all values of each text, in an order that does not depend on the engine."""
    each = ", ".join(f"[[gate_v, type_name(gate_v)] | gate_v := {text}{withs}]" for text in texts)
    return scope.array(f"[{scope.key}, [{each}]]")


def _of(key: Any, answer: Any, count: int) -> list[Any]:
    """The values of each text in all solutions with this key; None where there is no solution."""
    solutions = [values for found, values in answer or () if same(found, key)]
    if not solutions:
        return [None] * count
    return [[value for values in solutions for value in values[at]] for at in range(count)]


def _said(statement: Statement, values: Mapping[str, Any]) -> str:
    """What became of the statement, in the words that follow it."""
    if statement.kind == "not":
        return "does not hold"
    if statement.asks not in values:
        return ""
    value = values[statement.asks]
    if not value:
        return "is undefined"
    if value[0][0] is False:
        return "is false"
    return f"is {_text(*value[0])}, and not true" if statement.kind == "value" else ""


def _shown(values: Sequence[Any]) -> str:
    """The values of one text: none, one, or one for each solution."""
    if not values:
        return "undefined"
    texts = list(dict.fromkeys(_text(value, kind) for value, kind in values))
    return " or ".join(texts[:3]) + (f" or {len(texts) - 3} more" if len(texts) > 3 else "")


def _text(value: Any, kind: str) -> str:
    """A value as Rego writes it. Within it a set looks like an array, as in JSON."""
    if kind == "set":
        items = ", ".join(_json(item) for item in value)
        text = f"{{{items}}}" if value else "set()"
    else:
        text = _json(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def module(header: str, arrays: Mapping[str, str]) -> str:
    """A module of the test's package that gives each array a name."""
    return header + "".join(f"\n{name} := {array}\n" for name, array in arrays.items())
