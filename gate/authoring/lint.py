"""`gate policy lint`: what is wrong with rules before they judge.

It says all that it finds, where `gate.decision.bundle` ends at the first fault; and what it calls
free of errors, that loads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gate.authoring.checks import inputs, modules
from gate.authoring.checks.modules import Module
from gate.authoring.checks.problem import Check, Problem, error
from gate.authoring.files import Files
from gate.decision import bundle
from gate.decision.engines import confined
from gate.decision.engines.embedded import Program
from gate.decision.limits import DEFAULT, Limits
from gate.decision.rego.scan import Scan
from gate.decision.rego.syntax import Syntax
from gate.decision.sources.read import BUILTIN, SUFFIX
from gate.errors import PolicyError
from gate.model.policy import Bundle, PolicyFiles, Unfaithful

_CHILD = "gate.authoring.checks.child"
_REPEATS = 5


@dataclass(frozen=True, slots=True)
class _Read:
    """What the child said: of each module by path its syntax, or what is wrong with it; of all
    together the problems, and of each what it reads of the input, and what only OPA judges
    rightly."""

    syntaxes: Mapping[str, Syntax]
    others: Sequence[Syntax]
    problems: Sequence[Problem]
    uses: Mapping[str, Sequence[tuple[tuple[str | None, ...], int]]]
    unfaithful: Mapping[str, Sequence[Unfaithful]]


def lint(
    files: Files, unread: Sequence[PolicyError] = (), *, limits: Limits = DEFAULT
) -> list[Problem]:
    """All problems of the modules, by path and line; of files that could not be read the reason.
    Raises PolicyError where the modules together end the process that reads them."""
    scans, problems = _scanned(files.modules, limits)
    problems += [_problem(fault.path or "", "syntax", fault) for fault in unread]
    texts = {path: files.modules[path] for path in scans}
    read, broken = _read(replace(files, modules=texts), limits)
    found = [
        Module(path, _full(path), files.modules[path], scans[path], syntax)
        for path, syntax in read.syntaxes.items()
    ]
    problems += broken
    problems += [each for module in found for each in modules.check(module, files.modules)]
    gates = {module.path for module in found if module.is_gates}
    problems += [problem for problem in read.problems if problem.path in gates]
    problems += _references(found, read, files.data)
    problems += _clashes(found)
    known = {module.rule for module in found if module.is_rule} | set(bundle.load(True).rules)
    for module in found:
        problems += _unfaithful(module, read, problems)
        if module.is_rule:
            problems += inputs.check(module, read.uses.get(module.path, ()), known)
    if not any(problem.level == "error" for problem in problems):
        problems += _loaded(files, limits, compiled=not any(read.unfaithful.values()))
    return sorted(set(problems))


def _scanned(texts: Mapping[str, str], limits: Limits) -> tuple[dict[str, Scan], list[Problem]]:
    """The modules that a parser may see."""
    scans: dict[str, Scan] = {}
    problems = []
    for path, text in texts.items():
        try:
            scans[path] = bundle.small(path, text, limits)
        except PolicyError as fault:
            problems.append(_problem(path, "syntax", fault))
    return scans, problems


def _read(files: Files, limits: Limits) -> tuple[_Read, list[Problem]]:
    """Asks the child, without the modules that end it."""
    waiting = dict(files.modules)
    problems: list[Problem] = []
    for _ in range(_REPEATS):
        answers, death = _ask(replace(files, modules=waiting), limits)
        if death is None:
            read, wrong = _answered(waiting, answers)
            return read, problems + wrong
        culprits = _culprits(replace(files, modules=waiting), answers, limits)
        for path in culprits:
            del waiting[path]
            advice = "It recurses without end, or nests too deeply."
            message = f"Reading this policy {death}."
            problems.append(error(path, 1, "syntax", message, advice))
        if not culprits:
            raise PolicyError(f"Reading all policies together {death}.", advice="Lint fewer.")
    raise PolicyError("Too many policies end the process that reads them.", advice="Lint fewer.")


def _ask(files: Files, limits: Limits) -> tuple[Sequence[Mapping[str, Any]], str | None]:
    request = {
        "modules": list(files.modules.items()),
        "others": list(files.support.items()),
        "documents": "gate" in files.data,
    }
    return confined.ask(_CHILD, request, limits)


def _culprits(files: Files, answers: Sequence[Mapping[str, Any]], limits: Limits) -> list[str]:
    """The modules that end a child: that at which it stopped, or those that do so alone."""
    paths = list(files.modules)
    if len(answers) < len(paths):
        return [paths[len(answers)]]
    single = {path: replace(files, modules={path: files.modules[path]}) for path in paths}
    return [path for path, alone in single.items() if _ask(alone, limits)[1] is not None]


def _answered(
    texts: Mapping[str, str], answers: Sequence[Mapping[str, Any]]
) -> tuple[_Read, list[Problem]]:
    syntaxes: dict[str, Syntax] = {}
    problems = []
    for path, answer in zip(texts, answers, strict=False):
        if "error" in answer:
            problems.append(_problem(path, "syntax", PolicyError(**answer["error"])))
        else:
            syntaxes[path] = Syntax.from_json(answer["syntax"])
    last = answers[-1]
    read = _Read(
        syntaxes=syntaxes,
        others=[Syntax.from_json(each) for each in last["others"]],
        problems=[each for each in map(Problem.from_json, last["problems"]) if each.path in texts],
        uses={
            path: [(tuple(used), line) for used, line in uses]
            for path, uses in last["uses"].items()
        },
        unfaithful={
            path: [Unfaithful(**each) for each in told] for path, told in last["unfaithful"].items()
        },
    )
    return read, problems


def _references(found: Sequence[Module], read: _Read, data: Mapping[str, Any]) -> Iterator[Problem]:
    own = {module.path: module.syntax for module in found if module.is_gates and not module.is_test}
    others = {f"{BUILTIN}#{number}": syntax for number, syntax in enumerate(read.others)}
    told = {(each.path, each.line) for each in read.problems if each.check == "reference"}
    for fault in bundle.missing_references({**others, **own}, data):
        if fault.path in own and (fault.path, fault.line) not in told:
            yield _problem(str(fault.path), "reference", fault)


def _unfaithful(module: Module, read: _Read, problems: Sequence[Problem]) -> Iterator[Problem]:
    """What no engine or only OPA takes, where nothing better is said of the line."""
    told = {
        each.line
        for each in problems
        if each.path == module.path and each.check in ("reference", "refused")
    }
    for each in modules.unfaithful(module, read.unfaithful.get(module.path, ())):
        if each.line not in told:
            yield each


def _clashes(found: Sequence[Module]) -> Iterator[Problem]:
    """Packages that two files define, or the wheel with another text."""
    first: dict[tuple[str, ...], Module] = {}
    wheel = {each.path.partition(":")[2]: each.text for each in bundle.load(True).modules}
    for module in found:
        package, where = module.syntax.package, "/".join(module.syntax.package[1:])
        other = first.setdefault(package, module).path
        if other == module.path and wheel.get(f"{where}{SUFFIX}") not in (None, module.text):
            other = "gate itself"
        if other != module.path:
            name = ".".join(package)
            message = f"The package {name} is defined in {other} too."
            advice = "Give one of them another name."
            yield error(module.path, module.syntax.line, "package", message, advice)


def _loaded(files: Files, limits: Limits, *, compiled: bool) -> Iterator[Problem]:
    """What the loader or, with `compiled`, the embedded engine refuses and no check has found."""
    texts = {_full(path): text for path, text in {**files.support, **files.modules}.items()}
    paths = {_full(path): path for path in files.modules}
    try:
        made = bundle.load(False, [PolicyFiles(texts, files.data)], limits=limits)
        if compiled:
            confined.evaluate(_nothing_asked(made), "{}", limits)
    except PolicyError as fault:
        path = paths.get(fault.path or "", next(iter(files.modules)))
        yield _problem(path, "load", fault)


def _nothing_asked(made: Bundle) -> Program:
    """The bundle, compiled and asked for nothing."""
    from gate.decision.engines.embedded import program_of

    return replace(program_of(made), rules={}, entry=bundle.entry({}, made.digest))


def _problem(path: str, check: Check, fault: PolicyError) -> Problem:
    advice = fault.advice if fault.advice != PolicyError.default_advice else ""
    return error(path, fault.line or 1, check, fault.message, advice)


def _full(path: str) -> str:
    """The path with the folders that it stands in; the wheel's as it is."""
    return path if path.startswith(f"{BUILTIN}:") else Path(path).absolute().as_posix()
