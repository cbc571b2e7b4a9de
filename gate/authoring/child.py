"""Runs tests on the embedded engine in a limited process: `python -I -m gate.authoring.child`.

One request comes on standard input, a line of JSON; see `run`. Answers go to standard output, a
line of JSON each, as soon as they are there: the last tells how far a child came that died.
"""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from gate.authoring import marks, places
from gate.authoring.clauses import Test, Tests, of_tree
from gate.authoring.results import A_FUNCTION, A_SET, Result
from gate.decision.engines import embedded, noise
from gate.decision.engines.child import restrict
from gate.decision.limits import Limits
from gate.decision.rego.faithful import World, world
from gate.decision.rego.rewrite import Source, rewrite, rewrite_all
from gate.errors import PolicyError

_PRINTED = re.compile(r"^.*?\.rego:\d+: ", re.DOTALL)
_PROBE = "gate_probe.rego"


@dataclass(frozen=True, slots=True)
class _Module:
    """A module that is tested."""

    path: str
    tests: Tests


@dataclass(frozen=True, slots=True)
class _Loaded:
    """All modules, in the core that the engine reads as OPA does (`rewrite`), ready to be asked;
    `unfaithful` is what has no form in it, and `engine` then None."""

    modules: Sequence[_Module]
    world: World
    unfaithful: Sequence[Mapping[str, Any]]
    engine: Any
    reached: set[int] = field(default_factory=set)
    told: set[int] = field(default_factory=set)

    def prints(self) -> Iterator[str]:
        """What was printed since the last time; marks are only noted."""
        for line in self.engine.take_prints():
            text = _PRINTED.sub("", line, count=1)
            number = marks.number_of(text)
            if number is None:
                yield text
            else:
                self.reached.add(number)

    def newly_reached(self) -> list[int]:
        """The marks that were not told yet."""
        found = sorted(self.reached - self.told)
        self.told.update(found)
        return found


def main() -> None:
    """Serves the one request."""
    request = json.loads(sys.stdin.buffer.readline())
    restrict(Limits(**request["limits"]))
    noise.own()
    work = run if request["do"] == "run" else describe
    try:
        for answer in work(request):
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
    except PolicyError as error:
        told = {"message": error.message, "advice": error.advice}
        where = {"path": error.path, "line": error.line, "column": error.column}
        sys.stdout.write(json.dumps({"error": {**told, **where}}) + "\n")
    except MemoryError:
        sys.stdout.write(json.dumps({"memory": True}) + "\n")


def describe(request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """For each of the `modules` that regorus can parse: whether it is older Rego, and its tests
    with their statements; null for any other. With `do: mark` the module with marks instead."""
    first = 0
    for path, text in request["modules"]:
        try:
            tree, older = _tree(path, text)
        except PolicyError:
            yield {"described": None}
            continue
        if request["do"] == "mark":
            marked = marks.of_tree(tree, text, first, v0=older)
            first += len(marked.lines)
            yield {"described": marked.to_json()}
        else:
            yield {"described": {"v0": older, **of_tree(tree, text, v0=older).to_json()}}


def run(request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Loads `modules` (path, text) and `support`, with `data`, and runs the tests of the modules.

    First comes `{"loaded": ...}`: the tests, and what only OPA reads rightly (`unfaithful`); if
    there is any, nothing follows. Then for each test from number `start` on `{"results": [...]}`,
    and where one failed `{"places": [...]}`. `seconds` is what one test may take.
    """
    loaded = _load(request)
    tests = list(_chosen(loaded.modules, request["run"]))
    told = [_told(module, test) for module, test in tests]
    yield {"loaded": {"tests": told, "unfaithful": loaded.unfaithful}}
    if loaded.unfaithful:
        return
    for module, test in tests[request["start"] :]:
        yield from _one(loaded, module, test, request["seconds"])


def _chosen(modules: Sequence[_Module], run: str) -> Iterator[tuple[_Module, Test]]:
    """The tests whose full name the expression is found in, as OPA matches it."""
    wanted = re.compile(run)
    for module in modules:
        for test in module.tests.tests:
            if wanted.search(f"data.{test.package}.{test.name}"):
                yield module, test


def _told(module: _Module, test: Test) -> dict[str, Any]:
    return {
        "package": test.package,
        "name": test.name,
        "path": module.path,
        "line": test.line,
    }


def _load(request: Mapping[str, Any]) -> _Loaded:
    modules: list[_Module] = []
    sources: list[Source] = []
    for path, text in request["modules"]:
        tree, older = _tree(path, text)
        module = _Module(path, of_tree(tree, text, v0=older))
        modules.append(module)
        changed = module.tests.text
        tree = tree if changed == text else embedded.tree(path, changed, v0=older)
        sources.append(Source(path, changed, tree))
    for path, text in request["support"]:
        sources.append(Source(path, text, embedded.tree(path, text)))
    made = rewrite_all(sources)
    unfaithful = [
        {"path": path, **asdict(each)} for path, core in made.items() for each in core.unfaithful
    ]
    texts = [(path, core.text) for path, core in made.items()]
    engine = None if unfaithful else _engine(texts, request)
    return _Loaded(modules, world([source.tree for source in sources]), unfaithful, engine)


def _engine(core: Sequence[tuple[str, str]], request: Mapping[str, Any]) -> Any:
    program = embedded.Program(core, {}, "")
    engine = embedded.load(core, request["data"])
    embedded.compiled(engine, program)
    return engine


def _tree(path: str, text: str) -> tuple[dict[str, Any], bool]:
    """The syntax tree, and whether it is that of Rego before OPA 1.0."""
    try:
        return embedded.tree(path, text), False
    except PolicyError as error:
        try:
            return embedded.tree(path, text, v0=True), True
        except PolicyError:
            raise error from None


def _one(
    loaded: _Loaded, module: _Module, test: Test, seconds: float
) -> Iterator[Mapping[str, Any]]:
    _limit(seconds)
    begin = time.monotonic()
    results = _judged(loaded, module, test)
    took = time.monotonic() - begin
    told = [result.to_json() for result in results]
    yield {"results": told, "seconds": took, "reached": loaded.newly_reached()}
    failed = [result for result in results if result.outcome == "fail"]
    if failed:
        _limit(seconds)
        found = _places(loaded, module, test, failed)
        yield {"places": [place.to_json() if place else None for place in found]}


def _limit(seconds: float) -> None:
    """Ends this process if it takes longer: the engine itself cannot be interrupted."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _judged(loaded: _Loaded, module: _Module, test: Test) -> list[Result]:
    def result(outcome: Any, case: Sequence[Any] = (), message: str = "") -> Result:
        return Result(
            **_told(module, test),
            outcome=outcome,
            case=places.case_of(case),
            message=message,
            prints=tuple(loaded.prints()),
        )

    if test.skipped:
        return [result("skip")]
    if test.kind == "function":
        return [result("error", message=A_FUNCTION)]
    try:
        value = embedded.query(loaded.engine, test.query)
        tried = _cases(loaded, module, test) if test.kind == "cases" else []
    except PolicyError as error:
        # The column is that of the text in the core.
        place = f"{error.path}:{error.line}: " if error.path else ""
        return [result("error", message=f"{place}{error.message}")]
    if test.kind != "cases" or not tried:
        if test.kind == "cases" or (value and value[0] is True):
            return [result("pass")]
        return [result("fail", message=A_SET if test.kind == "set" else "")]
    held = value[0] if value else []
    return [result("pass" if _holds(key, held) else "fail", case=key) for key in tried]


def _holds(key: Any, held: Sequence[Any]) -> bool:
    """Whether a case is true, and nothing else."""
    values = [value for keys, value in held if places.same(keys, key)]
    return bool(values) and all(value is True for value in values)


def _cases(loaded: _Loaded, module: _Module, test: Test) -> list[Any]:
    """The keys of all cases that the table tries, each once."""
    (found,) = _ask_all(loaded, module, [places.tried(test)])
    if found is None:
        raise PolicyError(
            "The cases of this table cannot be told.", path=module.path, line=test.line
        )
    return list({json.dumps(key): key for key in found}.values())


def _places(loaded: _Loaded, module: _Module, test: Test, failed: Sequence[Result]) -> list[Any]:
    keys: list[Any] = [True]
    if failed[0].case:
        known = {places.case_of(key): key for key in _cases(loaded, module, test)}
        keys = [known[each.case] for each in failed]
    search = places.search(test, keys)
    try:
        asked = next(search)
        while True:
            asked = search.send(_ask_all(loaded, module, asked))
    except StopIteration as end:
        return list(end.value)


def _ask_all(loaded: _Loaded, module: _Module, arrays: Sequence[str]) -> list[Any]:
    """The values of arrays, all in one module; where that fails, each in one of its own."""
    names = {f"gate_probe_{number}": array for number, array in enumerate(arrays)}
    try:
        return _asked(loaded, module, names)
    except PolicyError:
        if len(arrays) == 1:
            return [None]
        return [value for array in arrays for value in _ask_all(loaded, module, [array])]


def _asked(loaded: _Loaded, module: _Module, names: Mapping[str, str]) -> list[Any]:
    text = places.module(module.tests.header, names)
    core = rewrite(embedded.tree(_PROBE, text), text, loaded.world)
    if core.unfaithful:
        raise PolicyError("The embedded engine would read this otherwise than OPA.")
    clone = embedded.extended(loaded.engine, _PROBE, core.text)
    values = [embedded.query(clone, f"{module.tests.package}.{name}") for name in names]
    return [value[0] if value else None for value in values]


if __name__ == "__main__":
    main()
