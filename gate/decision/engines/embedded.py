"""The embedded engine: regorus, in this process for the rules of the wheel, in a limited child
process for all others. Nothing that it prints reaches the terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import regorus

from gate.decision.engines.inputs import input_text
from gate.decision.engines.noise import caught
from gate.decision.limits import DEFAULT, Limits
from gate.decision.rego.own import ARITY, late
from gate.decision.rego.syntax import REFUSED, Syntax, of_tree
from gate.errors import InputError, PolicyError
from gate.model.policy import Answer, Bundle, RuleFailure, Unfaithful

if TYPE_CHECKING:
    from gate.decision.engines.confined import Confined
    from gate.decision.rego.rewrite import Rewritten

ENTRY_PATH = "gate_entry.rego"
_PLACE = re.compile(r"^--> (.*):(\d+):(\d+)$", re.MULTILINE)
_REASON = re.compile(r"^error: (.*)$", re.MULTILINE)
_INNER = re.compile(r" \(path \[.*\], scopes \[.*\]\)$")
"""What regorus adds for those who work on it."""
_TEMPLATE = re.compile(r"\$[\"`]")
_OLDER = "`if` keyword is required"
_LONGEST = 64 * 1024**2
_WORD = re.compile(r"\w+")
_LARGE = re.compile(r"[:\[,]-?\d{19}")
_UNSCHEDULED = "could not schedule all statements"


@dataclass(frozen=True, slots=True)
class Program:
    """What is evaluated: modules as (path, text), all in the core or from the wheel, for each rule
    the names to ask, the entry, and the base documents."""

    modules: Sequence[tuple[str, str]]
    rules: Mapping[str, Sequence[str]]
    entry: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def like(self, other: Program) -> bool:
        """Whether both hold the same modules and base documents. Equal documents are not enough:
        to Python, true and 1 are equal."""
        same = self.data is other.data or not (self.data or other.data)
        return same and self.modules == other.modules


class Embedded:
    """Implements `gate.decision.engines.interface.Engine`. What it loaded last it keeps: the same
    rules are then judged on another input without being read anew."""

    def __init__(self, reason: str = "asked for", limits: Limits = DEFAULT) -> None:
        self._reason = reason
        self._limits = limits
        self._loaded: Loaded | None = None
        self._confined: Confined | None = None

    def about(self, _: Bundle, /) -> Mapping[str, str]:
        return {"name": "embedded", "version": _version(), "reason": self._reason}

    def close(self) -> None:
        self._loaded = None
        if self._confined is not None:
            self._confined.close()

    def evaluate(self, bundle: Bundle, policy_input: Mapping[str, Any]) -> Answer:
        program = program_of(bundle)
        text = input_text(policy_input)
        refuse_large(text)
        # Trust, step 3: Rego that is not from the wheel is judged in a limited child.
        if any(module.origin != "builtin" for module in bundle.modules):
            if self._confined is None:
                from gate.decision.engines.confined import Confined

                self._confined = Confined(self._limits)
            return self._confined.evaluate(program, text)
        if self._loaded is None or not self._loaded.program.like(program):
            self._loaded = Loaded(program)
        return evaluate(self._loaded.ready(program, text), program)


@cache
def _version() -> str:
    """As the name of the folder says that an installed wheel has beside it. Python's own module for
    that takes longer to import than a change without manifests takes to judge."""
    found = list(Path(regorus.__file__).parents[1].glob("gordon_to_regorus-*.dist-info"))
    if len(found) == 1:
        return found[0].name.removesuffix(".dist-info").partition("-")[2]
    from importlib.metadata import version

    return version("gordon-to-regorus")


class Loaded:
    """The modules of a program, read once, and compiled with the entry that was asked last. An
    engine that judged is never asked again, as one that failed within a `with` keeps what it put
    in the input's place: `ready` gives a fresh copy."""

    def __init__(self, program: Program) -> None:
        """Raises PolicyError for modules that are wrong."""
        self.program = program
        self._modules = load(program.modules, program.data)
        self._compiled: tuple[str, regorus.Engine] | None = None

    def ready(self, program: Program, input_json: str) -> regorus.Engine:
        """An engine with the entry of a program `like` this one, and an input. Raises PolicyError
        where they do not compile."""
        if self._compiled is None or self._compiled[0] != program.entry:
            self._compiled = (program.entry, prepare(self._modules, program))
        engine = self._compiled[1].clone()
        with caught(), translated():
            engine.set_input_json(input_json)
        return engine


def refuse_large(input_json: str) -> None:
    """Raises InputError for an integer that the engine would make a decimal of, silently."""
    if not _LARGE.search(input_json):
        return
    waiting = [json.loads(input_json)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, (dict, list)):
            waiting.extend(value.values() if isinstance(value, dict) else value)
        elif isinstance(value, int) and not -(2**63) <= value < 2**64:
            raise InputError(
                f"The embedded engine does not count with {value}: it takes more than 64 bits.",
                advice="Judge with `--engine opa`.",
            )


def program_of(bundle: Bundle) -> Program:
    """The bundle as the engine takes it. Raises PolicyError for what it may judge otherwise."""
    for path, found in sorted(bundle.unfaithful.items()):
        raise unfaithful(path, found[0])
    return Program(
        modules=[
            (each.path, each.text if each.origin == "builtin" else bundle.core[each.path])
            for each in bundle.modules
        ],
        rules={
            rule.id: (*rule.sets, "applies") if rule.applies else rule.sets
            for rule in bundle.rules.values()
        },
        entry=bundle.entry,
        data=bundle.data,
    )


def unfaithful(path: str, found: Unfaithful) -> PolicyError:
    """The error that refuses what the embedded engine may judge otherwise than OPA."""
    if found.is_for_none:
        return for_none(path, found)
    rewritten = f"Write it as {found.instead}, or judge" if found.instead else "Judge"
    return PolicyError(
        f"The embedded engine may judge this otherwise than OPA: {found.what}.",
        advice=f"{rewritten} with `--engine opa`.",
        path=path,
        line=found.line,
    )


def for_none(path: str, found: Unfaithful) -> PolicyError:
    """The error that refuses what OPA does not take either."""
    return PolicyError(
        f"No engine takes this: {found.what}.",
        advice=f"Write it as {found.instead}." if found.instead else None,
        path=path,
        line=found.line,
    )


def examined(
    modules: Sequence[tuple[str, str]],
    v0: Collection[str] = (),
    trusted: Sequence[tuple[str, str]] = (),
) -> dict[str, Rewritten]:
    """The modules rewritten, by path. What then does not compile is unfaithful too. Of the trusted
    modules those are parsed that may be read."""
    from gate.decision.rego.rewrite import Source, rewrite_all

    words = {word for _, text in modules for word in _WORD.findall(text)}
    known = [tree(path, text) for path, text in trusted if PurePosixPath(path).stem in words]
    sources = [Source(path, text, tree(path, text, v0=path in v0)) for path, text in modules]
    made = rewrite_all(sources, known)
    if any(each.unfaithful for each in made.values()):
        return made
    core = [(path, each.text) for path, each in made.items()]
    try:
        compiled(load([*core, *trusted]), Program(core, {}, ""))
    except PolicyError as error:
        path = error.path if error.path in made else core[0][0]
        what = f"what the embedded engine does not compile ({error.message.rstrip('.')})"
        return {**made, path: replace(made[path], unfaithful=(Unfaithful(error.line or 1, what),))}
    return made


def parse(path: str, text: str, *, older: bool = False, v0: bool = False) -> Syntax:
    """What the gate needs to know of one module. Raises PolicyError with path and line.

    `older`: what does not parse is read as the Rego of before OPA 1.0, and marked so. `v0`: it is
    said to be such.
    """
    try:
        return of_tree(tree(path, text, v0=v0), v0=v0)
    except PolicyError as error:
        if not older:
            raise
        return _older(path, text, error)


def _older(path: str, text: str, newer: PolicyError) -> Syntax:
    """The module read as v0; where that fails too, the error of the reading that came further."""
    try:
        return parse(path, text, v0=True)
    except PolicyError as error:
        further = max((newer, error), key=lambda each: (each.line or 0, each.column or 0))
        raise further from error


def tree(path: str, text: str, *, v0: bool = False) -> dict[str, Any]:
    """The syntax tree of one module, as regorus gives it. Raises PolicyError."""
    engine = _engine()
    if v0:
        engine.set_rego_v0(True)
    try:
        with caught(), translated():
            engine.add_policy(path, text)
            trees = engine.get_ast_as_json()
    except PolicyError as error:
        raise PolicyError(
            error.message,
            advice=_advice(text, error),
            path=error.path,
            line=error.line,
            column=error.column,
        ) from error
    try:
        ast: dict[str, Any] = json.loads(trees)[0]["ast"]
    except RecursionError as error:
        raise PolicyError("The policy is nested too deeply.", path=path) from error
    return ast


def _advice(text: str, fault: PolicyError) -> str:
    """What to do about a syntax error, by the line that it names."""
    if _OLDER in fault.message:
        return "Write it as OPA 1 reads it: `deny contains msg if { ... }`."
    line = text.split("\n")[fault.line - 1] if fault.line else ""
    if _TEMPLATE.search(line):
        return 'Write sprintf: `$"..."` of newer Rego is not read.'
    return "Mend the line."


def _engine() -> regorus.Engine:
    """An engine that reads long lines, as OPA does: the size of a file is capped elsewhere."""
    engine = regorus.Engine()
    engine.set_policy_length_config(max_col=_LONGEST, max_file_bytes=_LONGEST, max_lines=_LONGEST)
    return engine


def load(
    modules: Sequence[tuple[str, str]], data: Mapping[str, Any] | None = None
) -> regorus.Engine:
    """An engine with these modules and base documents, in which the refused builtins fail. Raises
    PolicyError."""
    engine = _engine()
    engine.set_gather_prints(True)
    with caught(), translated():
        for name, (arity, reason) in REFUSED.items():
            engine.add_extension(name, arity, _refusal(name, reason))
        for name, arity in ARITY.items():
            engine.add_extension(name, arity, late(name))
        for path, text in modules:
            engine.add_policy(path, text)
    if data:
        with caught(), translated():
            engine.add_data_json(input_text(data))
    return engine


def _refusal(name: str, reason: str) -> Callable[..., Any]:
    def refuse(*_: Any) -> Any:
        raise PolicyError(f"{name} {reason}")

    return refuse


def evaluate(engine: regorus.Engine, program: Program) -> Answer:
    """Asks the entry once; where that fails, each rule by itself. The engine stays as it was."""
    try:
        with caught(), translated():
            answer = json.loads(engine.clone().eval_query_as_json("data.gate_entry"))
    except PolicyError:
        return one_by_one(engine, program)
    value = answer["result"][0]["expressions"][0]["value"]
    return Answer(results=value.get("findings", {}))


def prepare(loaded: regorus.Engine, program: Program) -> regorus.Engine:
    """A copy that knows the entry too, all modules compiled. Raises PolicyError."""
    with caught() as noise, translated():
        engine = loaded.clone()
        engine.add_policy(ENTRY_PATH, program.entry)
        engine.eval_query_as_json("data.gate_entry.digest")
        said = noise()
    if _UNSCHEDULED in said:
        raise _unscheduled(program)
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
    return query(engine.clone(), f"data.gate.{rule}.{name}")


def query(engine: regorus.Engine, text: str) -> list[Any]:
    """The value of a query in a list; empty where it is undefined. Raises PolicyError where it
    cannot be evaluated, or the modules cannot be compiled."""
    with caught() as noise, translated():
        answer = json.loads(engine.eval_query_as_json(text))
        said = noise()
    if _UNSCHEDULED in said:
        raise PolicyError("The embedded engine cannot order the statements of a rule.")
    return [answer["result"][0]["expressions"][0]["value"]] if answer.get("result") else []


def compiled(engine: regorus.Engine, program: Program) -> None:
    """Compiles all modules. Raises PolicyError, with the path where there is one."""
    with caught() as noise, translated():
        engine.eval_query_as_json("true")
        said = noise()
    if _UNSCHEDULED in said:
        raise _unscheduled(program)


def extended(engine: regorus.Engine, path: str, text: str) -> regorus.Engine:
    """A copy of an engine with one more module. Raises PolicyError."""
    copy = engine.clone()
    with caught(), translated():
        copy.add_policy(path, text)
    return copy


def _unscheduled(program: Program) -> PolicyError:
    """Finds the module by compiling each alone: the message of the engine names none."""
    for path, text in program.modules:
        engine = regorus.Engine()
        with caught() as noise:
            try:
                with translated():
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
def translated() -> Iterator[None]:
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
    if "TypeError: unhashable type" in message:
        message = "the embedded engine cannot hand a set of lists or objects to a builtin"
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
