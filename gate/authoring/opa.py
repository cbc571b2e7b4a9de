"""Tests on a local OPA: `opa test`, and `opa eval` for the places of those that fail.

The files go to a folder of their own; OPA runs with limits, an empty environment, and with no host
that it may reach, so that `http.send` can be mocked and nothing else.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gate import programs
from gate.authoring import marks, places
from gate.authoring.clauses import Test, Tests
from gate.authoring.files import Files
from gate.authoring.results import A_SET, Place, Report, Result
from gate.authoring.testing import Run, Wanted
from gate.decision.limits import Limits
from gate.errors import EngineError, PolicyError

_CHILD = "gate.authoring.child"
_FILE = re.compile(r"(?:\S*/)?m/(\d+)\.rego(?::(\d+))?(?::(\d+))?")
_LOAD_ERROR = re.compile(r"(?:\S*/)?m/(\d+)\.rego:(\d+)(?::(\d+))?: (?:\w+_error: )?(.*)")
_READS_FILES = ("json.match_schema", "json.verify_schema")
_ROUNDS = 8
_TIMES = 10

_Where = tuple[str, str]
"""A test: its path and name."""


@dataclass(frozen=True, slots=True)
class _Opa:
    """An OPA over the files in a folder. `paths` are theirs by number."""

    program: str
    folder: Path
    paths: Sequence[str]
    limits: Limits
    tests: Mapping[str, Tests] = field(default_factory=dict)


def run(given: Files, wanted: Wanted, reason: str) -> Run:
    """Runs the tests. Raises PolicyError for policies that do not load."""
    from gate.decision.engines.local import found

    program = found()
    described = _described(given, wanted.limits)
    with tempfile.TemporaryDirectory(prefix="gate-test-") as folder:
        older = [path for path, told in described.items() if told["v0"]]
        tests = {path: _tests(told) for path, told in described.items()}
        texts = {**given.modules, **given.support}
        opa = _Opa(program, Path(folder), tuple(texts), wanted.limits, tests)
        _write(opa, texts, given.data, older)
        results, seconds = _tested(opa, given, wanted)
        results = _strictly(opa, results)
        results = _placed(opa, results)
        about = {"name": "opa", "version": _version(opa), "reason": reason}
    return _unmarked(Report(results, about, seconds))


def _unmarked(report: Report) -> Run:
    """Takes the marks out of what was printed."""
    reached: set[int] = set()
    results = []
    for each in report.results:
        numbers = [marks.number_of(line) for line in each.prints]
        reached.update(number for number in numbers if number is not None)
        kept = [line for line, number in zip(each.prints, numbers, strict=True) if number is None]
        results.append(replace(each, prints=tuple(kept)))
    return Run(replace(report, results=results), reached)


def _tests(told: Mapping[str, Any]) -> Tests:
    return Tests.from_json({key: value for key, value in told.items() if key != "v0"})


def _described(given: Files, limits: Limits) -> dict[str, Mapping[str, Any]]:
    """What regorus can tell of the modules; a module that it does not read has no places."""
    from gate.decision.engines import confined

    request = {"do": "describe", "modules": list(given.modules.items())}
    answers, _ = confined.ask(_CHILD, request, limits)
    told = [each["described"] for each in answers if "described" in each]
    return {path: each for path, each in zip(given.modules, told, strict=False) if each}


def _write(opa: _Opa, texts: Mapping[str, str], data: Any, older: Sequence[str]) -> None:
    """The files as a bundle: it says of each whether it is older Rego."""
    bundle = opa.folder / "b"
    (bundle / "m").mkdir(parents=True)
    numbers = {path: number for number, path in enumerate(opa.paths)}
    for path, text in texts.items():
        (bundle / "m" / f"{numbers[path]}.rego").write_text(text, encoding="utf-8")
    v0 = {f"/m/{numbers[path]}.rego": 0 for path in older}
    manifest = {"roots": [""], "rego_version": 1, "file_rego_versions": v0}
    (bundle / ".manifest").write_text(json.dumps(manifest))
    (bundle / "data.json").write_text(json.dumps(data))
    told = json.loads(_call(opa, ["capabilities", "--current"]).stdout)
    # The schemas of these may name files.
    told["builtins"] = [each for each in told["builtins"] if each["name"] not in _READS_FILES]
    (opa.folder / "capabilities.json").write_text(json.dumps({**told, "allow_net": []}))


def _call(opa: _Opa, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Runs OPA. It may take longer than one test may: it runs all of them."""
    seconds = _TIMES * opa.limits.seconds
    limited = programs.module("gate.authoring.limited", str(opa.limits.memory))
    try:
        return subprocess.run(
            [*limited, opa.program, *arguments],
            cwd=opa.folder,
            env=programs.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired as error:
        raise PolicyError(
            f"The tests took longer than the {seconds:g} s that they may take.",
            advice="Name fewer of them, or see with --run which it is.",
        ) from error
    except OSError as error:
        raise EngineError(f"{opa.program} cannot be started: {error.strerror}.") from error


def _tested(opa: _Opa, given: Files, wanted: Wanted) -> tuple[list[Result], dict[str, float]]:
    done = _call(
        opa,
        [
            *("test", "--format", "json", "--timeout", f"{wanted.seconds}s"),
            *("--capabilities", "capabilities.json", "--bundle", "b"),
        ],
    )
    told = _json(done, opa)
    results: list[Result] = []
    seconds: dict[str, float] = {}
    pattern = re.compile(wanted.run)
    for each in sorted(told, key=lambda each: _order(each, opa)):
        path = _path(each["location"]["file"], opa)
        if path not in given.modules or not pattern.search(f"{each['package']}.{each['name']}"):
            continue
        results += _results(each, path, opa)
        seconds[path] = seconds.get(path, 0.0) + each.get("duration", 0) / 1e9
    return results, seconds


def _json(done: subprocess.CompletedProcess[str], opa: _Opa) -> Any:
    try:
        return json.loads(done.stdout)
    except ValueError as error:
        raise _load_error(done.stderr or done.stdout, opa) from error


def _load_error(said: str, opa: _Opa) -> PolicyError:
    found = _LOAD_ERROR.search(said)
    if found is None:
        lines = [line for line in said.strip().splitlines() if line] or ["it gave no reason"]
        return PolicyError(f"OPA does not run these tests: {lines[-1].strip().rstrip('.')}.")
    number, line, column, message = found.groups()
    return PolicyError(
        f"OPA does not load it: {message.rstrip('.')}.",
        path=opa.paths[int(number)],
        line=int(line),
        column=int(column) if column else None,
    )


def _order(told: Mapping[str, Any], opa: _Opa) -> Any:
    location = told["location"]
    return _path(location["file"], opa), location["row"], told["name"]


def _path(file: str, opa: _Opa) -> str:
    found = _FILE.search(file)
    return opa.paths[int(found[1])] if found else file


def _results(told: Mapping[str, Any], path: str, opa: _Opa) -> Iterator[Result]:
    base: dict[str, Any] = {
        "package": told["package"].removeprefix("data.").removeprefix("data"),
        "name": told["name"],
        "path": path,
        "line": told["location"]["row"],
        "prints": tuple(
            base64.b64decode(told.get("output") or "").decode("utf-8", "replace").splitlines()
        ),
    }
    if told.get("skip"):
        yield Result(**base, outcome="skip")
    elif told.get("error"):
        yield Result(**base, outcome="error", message=_message(told["error"], opa))
    elif told.get("sub_results"):
        for case, failed in _leaves(told["sub_results"], ()):
            yield Result(**base, outcome="fail" if failed else "pass", case=case)
    else:
        failed = bool(told.get("fail"))
        message = A_SET if failed and _is_set(opa, path, told["name"]) else ""
        yield Result(**base, outcome="fail" if failed else "pass", message=message)


def _leaves(
    told: Mapping[str, Any], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], bool]]:
    """The cases of a table, as OPA counts them: those without cases of their own."""
    for name, each in sorted(told.items()):
        if each.get("sub_results"):
            yield from _leaves(each["sub_results"], (*above, name))
        else:
            yield (*above, name), bool(each.get("fail"))


def _message(error: Any, opa: _Opa) -> str:
    """One error of OPA, its place in front."""
    first = error[0] if isinstance(error, list) else error
    if not isinstance(first, Mapping):
        return str(first)
    message = " ".join(_FILE.sub(lambda found: _place(found, opa), str(first["message"])).split())
    location = first.get("location") or {}
    place = ""
    if location.get("file"):
        place = f"{_path(location['file'], opa)}:{location['row']}:{location['col']}: "
    return f"{place}{message[:1].upper()}{message[1:]}".rstrip(".") + "."


def _place(found: re.Match[str], opa: _Opa) -> str:
    return ":".join(part for part in (opa.paths[int(found[1])], found[2], found[3]) if part)


def _strictly(opa: _Opa, results: Sequence[Result]) -> list[Result]:
    """A builtin that fails is undefined to `opa test`, and may let a test pass; the gate judges
    strictly, and so such a test is one error here."""
    queries = {
        (each.path, _base(each)): f"{opa.tests[each.path].package}.{_base(each)}"
        for each in results
        if each.outcome in ("pass", "fail") and each.path in opa.tests
    }
    failed = dict(_failing(opa, queries))
    found: list[Result] = []
    for each in results:
        message = failed.get((each.path, _base(each)))
        if message is None:
            found.append(each)
        elif not found or (found[-1].path, found[-1].name) != (each.path, each.name):
            found.append(replace(each, outcome="error", case=(), message=message))
    return found


def _base(result: Result) -> str:
    """The name without the number that OPA gives to the second clause."""
    return result.name.partition("#")[0]


def _failing(opa: _Opa, queries: Mapping[_Where, str]) -> Iterator[tuple[_Where, str]]:
    """The tests whose queries raise the error of a builtin, found by halving."""
    if not queries:
        return
    asked = ", ".join(f"[gate_v | gate_v := {query}]" for query in queries.values())
    done = _eval(opa, f"[{asked}]", strict=True)
    errors = done.get("errors")
    if not errors:
        return
    if len(queries) == 1:
        if errors[0].get("code") == "eval_builtin_error":
            yield next(iter(queries)), _message(errors, opa)
        return
    items = list(queries.items())
    half = len(items) // 2
    yield from _failing(opa, dict(items[:half]))
    yield from _failing(opa, dict(items[half:]))


def _eval(opa: _Opa, query: str, *, strict: bool = False, data: Sequence[str] = ()) -> Any:
    done = _call(
        opa,
        [
            *("eval", "--format", "json", "--capabilities", "capabilities.json"),
            *(("--strict-builtin-errors",) if strict else ()),
            *("--bundle", "b"),
            *(part for each in data for part in ("--data", each)),
            query,
        ],
    )
    try:
        return json.loads(done.stdout)
    except ValueError:
        return {"errors": [{"message": done.stderr.strip()}]}


def _test_of(opa: _Opa, path: str, name: str) -> Test | None:
    tests = opa.tests.get(path)
    return next((test for test in tests.tests if test.name == name), None) if tests else None


def _is_set(opa: _Opa, path: str, name: str) -> bool:
    test = _test_of(opa, path, name)
    return test is not None and test.kind == "set"


def _placed(opa: _Opa, results: list[Result]) -> list[Result]:
    """The failed tests with their places, all searched at once, since each OPA loads all files."""
    failed: dict[tuple[str, str], list[int]] = {}
    for number, each in enumerate(results):
        if each.outcome == "fail" and _test_of(opa, each.path, each.name) is not None:
            failed.setdefault((each.path, each.name), []).append(number)
    searches = {
        where: _search(opa, where, [results[n].case for n in numbers])
        for where, numbers in failed.items()
    }
    found = list(results)
    for where, told in _together(opa, searches).items():
        for number, place in zip(failed[where], told, strict=True):
            found[number] = replace(found[number], place=place)
    return found


def _search(opa: _Opa, where: _Where, cases: Sequence[tuple[str, ...]]) -> places.Search:
    """The search for one test; of a table the keys are asked for first, since OPA tells names."""
    test = _test_of(opa, *where)
    assert test is not None
    if test.kind != "cases":
        return (yield from places.search(test, [True]))
    (tried,) = yield [places.tried(test)]
    keys = {places.case_of(key): key for key in tried or ()}
    if not all(case in keys for case in cases):
        return [None for _ in cases]
    return (yield from places.search(test, [keys[case] for case in cases]))


def _together(opa: _Opa, searches: dict[_Where, places.Search]) -> dict[_Where, list[Place | None]]:
    """Runs searches in lockstep: what all of them ask in a round is one question."""
    found: dict[_Where, list[Place | None]] = {}
    answers: dict[_Where, Any] = dict.fromkeys(searches)
    while answers:
        asked: dict[_Where, list[str]] = {}
        for where, answer in answers.items():
            try:
                asked[where] = searches[where].send(answer)
            except StopIteration as end:
                found[where] = end.value
        answers = _answers(opa, asked)
    return found


def _answers(opa: _Opa, asked: Mapping[_Where, list[str]]) -> dict[_Where, list[Any]]:
    """The values of arrays by test; None for each that cannot be evaluated."""
    found: dict[_Where, list[Any]] = {}
    probes: dict[str, tuple[_Where, int]] = {}
    texts: dict[str, str] = {}
    for where, arrays in asked.items():
        found[where] = [None] * len(arrays)
        for number, array in enumerate(arrays):
            name = f"gate_probe_{len(probes)}"
            probes[name] = where, number
            texts[name] = places.module(opa.tests[where[0]].header, {name: array})
    packages = {name: opa.tests[where[0]].package for name, (where, _) in probes.items()}
    for name, value in _values(opa, packages, texts).items():
        where, number = probes[name]
        found[where][number] = value
    return found


def _values(opa: _Opa, packages: Mapping[str, str], texts: Mapping[str, str]) -> dict[str, Any]:
    """The values of probes by name. One that OPA does not compile is left out, and the others
    asked again."""
    left = dict(texts)
    for _ in range(_ROUNDS):
        if not left:
            break
        for name, text in left.items():
            (opa.folder / f"{name}.rego").write_text(text, encoding="utf-8")
        asked = ", ".join(f'"{name}": [v | v := {packages[name]}.{name}]' for name in left)
        told = _eval(opa, f"{{{asked}}}", data=[f"{name}.rego" for name in left])
        if "errors" not in told:
            value = told["result"][0]["expressions"][0]["value"]
            return {name: each[0] for name, each in value.items() if each}
        files = {Path((each.get("location") or {}).get("file", "")).stem for each in told["errors"]}
        if not files & set(left):
            break
        left = {name: text for name, text in left.items() if name not in files}
    return {}


def _version(opa: _Opa) -> str:
    found = re.search(r"^Version: (\S+)", _call(opa, ["version"]).stdout, re.MULTILINE)
    return found[1] if found else "not told"
