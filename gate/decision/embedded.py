"""The embedded engine: regorus, in this process for the rules of the wheel, in a limited child
process for all others. Nothing that it prints reaches the terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import regorus

from gate.decision.inputs import input_text
from gate.decision.limits import DEFAULT, Limits
from gate.decision.noise import caught
from gate.decision.syntax import REFUSED, Syntax, of_tree
from gate.errors import PolicyError
from gate.model.policy import Answer, Bundle, RuleFailure

ENTRY_PATH = "gate_entry.rego"
_PLACE = re.compile(r"^--> (.*):(\d+):(\d+)$", re.MULTILINE)
_REASON = re.compile(r"^error: (.*)$", re.MULTILINE)
_INNER = re.compile(r" \(path \[.*\], scopes \[.*\]\)$")
"""What regorus adds for those who work on it."""
_UNSCHEDULED = "could not schedule all statements"


@dataclass(frozen=True, slots=True)
class Program:
    """What is evaluated: modules as (path, text), for each rule the names to ask, the entry."""

    modules: Sequence[tuple[str, str]]
    rules: Mapping[str, Sequence[str]]
    entry: str


class Embedded:
    """Implements `gate.decision.interface.Engine`."""

    def __init__(self, reason: str = "asked for", limits: Limits = DEFAULT) -> None:
        self._reason = reason
        self._limits = limits
        self._loaded: tuple[str, regorus.Engine] | None = None

    def about(self, _: Bundle, /) -> Mapping[str, str]:
        from importlib.metadata import version

        return {
            "name": "embedded",
            "version": version("gordon-to-regorus"),
            "reason": self._reason,
        }

    def close(self) -> None:
        """Nothing is left to end."""

    def evaluate(self, bundle: Bundle, policy_input: Mapping[str, Any]) -> Answer:
        program = program_of(bundle)
        text = input_text(policy_input)
        # Trust, step 3: Rego that is not from the wheel is judged in a limited child.
        if any(module.origin != "builtin" for module in bundle.modules):
            from gate.decision import confined

            return confined.evaluate(program, text, self._limits)
        if self._loaded is None or self._loaded[0] != bundle.digest:
            self._loaded = (bundle.digest, load(program.modules))
        return evaluate(self._loaded[1], program, text)


def program_of(bundle: Bundle) -> Program:
    """The bundle as the engine takes it."""
    return Program(
        modules=[(module.path, module.text) for module in bundle.modules],
        rules={
            rule.id: (*rule.sets, "applies") if rule.applies else rule.sets
            for rule in bundle.rules.values()
        },
        entry=bundle.entry,
    )


def parse(path: str, text: str) -> Syntax:
    """Parses one module. Raises PolicyError with path and line."""
    engine = regorus.Engine()
    with caught(), _translated():
        engine.add_policy(path, text)
        tree = engine.get_ast_as_json()
    try:
        return of_tree(json.loads(tree)[0]["ast"])
    except RecursionError as error:
        raise PolicyError("The policy is nested too deeply.", path=path) from error


def load(modules: Sequence[tuple[str, str]]) -> regorus.Engine:
    """An engine with these modules, in which the refused builtins fail. Raises PolicyError."""
    engine = regorus.Engine()
    engine.set_gather_prints(True)
    with caught(), _translated():
        for name, (arity, reason) in REFUSED.items():
            engine.add_extension(name, arity, _refusal(name, reason))
        for path, text in modules:
            engine.add_policy(path, text)
    return engine


def _refusal(name: str, reason: str) -> Callable[..., Any]:
    def refuse(*_: Any) -> Any:
        raise PolicyError(f"{name} {reason}")

    return refuse


def evaluate(loaded: regorus.Engine, program: Program, input_json: str) -> Answer:
    """Asks the entry once; where that fails, each rule by itself. Raises PolicyError where the
    modules do not compile."""
    engine = prepare(loaded, program, input_json)
    try:
        with caught(), _translated():
            answer = json.loads(engine.eval_query_as_json("data.gate_entry"))
    except PolicyError:
        return one_by_one(engine, program)
    value = answer["result"][0]["expressions"][0]["value"]
    return Answer(results=value.get("findings", {}))


def prepare(loaded: regorus.Engine, program: Program, input_json: str) -> regorus.Engine:
    """An engine ready to answer: entry and input added, all modules compiled."""
    with caught() as noise, _translated():
        engine = loaded.clone()
        engine.add_policy(ENTRY_PATH, program.entry)
        engine.set_input_json(input_json)
        engine.eval_query_as_json("data.gate_entry.digest")
        said = noise()
    if _UNSCHEDULED in said:
        raise _unscheduled(program.modules)
    return engine


def one_by_one(engine: regorus.Engine, program: Program) -> Answer:
    """Each rule by itself, so that one that fails takes no other with it."""
    results: dict[str, Mapping[str, Any]] = {}
    failures: dict[str, RuleFailure] = {}
    for rule, names in program.rules.items():
        try:
            results[rule] = {name: value for name in names for value in _ask(engine, rule, name)}
        except PolicyError as error:
            failures[rule] = RuleFailure(error.message, error.path, error.line)
    return Answer(results, failures)


def _ask(engine: regorus.Engine, rule: str, name: str) -> list[Any]:
    """The value of one name of a rule's package in a list; empty where it is undefined."""
    with caught(), _translated():
        answer = json.loads(engine.clone().eval_query_as_json(f"data.gate.{rule}.{name}"))
    return [answer["result"][0]["expressions"][0]["value"]] if answer.get("result") else []


def _unscheduled(modules: Sequence[tuple[str, str]]) -> PolicyError:
    """Finds the module by compiling each alone: the message of the engine names none."""
    for path, text in modules:
        engine = regorus.Engine()
        with caught() as noise:
            try:
                with _translated():
                    engine.add_policy(path, text)
                    engine.eval_query_as_json("true")
            except PolicyError:
                continue
            finally:
                said = noise()
        if _UNSCHEDULED in said:
            return PolicyError(
                "The embedded engine cannot order the statements of a rule in this file, and "
                "would judge wrongly.",
                advice="Give each variable its value (:=) in a statement before its use.",
                path=path,
            )
    return PolicyError(
        "The embedded engine cannot order the statements of a rule, and would judge wrongly.",
        advice="Give each variable its value (:=) in a statement before its use.",
    )


@contextmanager
def _translated() -> Iterator[None]:
    """Maps what regorus raises: RuntimeError with a Rust backtrace, and panics."""
    try:
        yield
    except RuntimeError as error:
        raise _policy_error(str(error)) from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            message = f"The embedded engine gave up: {_first_line(str(error))}."
            raise PolicyError(message) from error
        raise


def _policy_error(text: str) -> PolicyError:
    """Takes message and place out of an error's text, and leaves the backtrace behind."""
    text = text.partition("Stack backtrace:")[0].strip()
    place = _PLACE.search(text)
    reason = _REASON.search(text)
    message = reason[1].strip() if reason else _first_line(text)
    message = message.rsplit("raises Python error: PolicyError: ", 1)[-1]
    message = _sentence(_INNER.sub("", message))
    if place is None or place[1] == ENTRY_PATH:
        return PolicyError(message)
    return PolicyError(message, path=place[1], line=int(place[2]), column=int(place[3]))


def _sentence(text: str) -> str:
    """regorus speaks in fragments; a name in front, like `time.now_ns`, stays as it is."""
    first, _, rest = text.partition(" ")
    plain = first.capitalize() if first.isalpha() and first.islower() else first
    return f"{plain} {rest}".strip().rstrip(".") + "."


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "no reason given")
