"""Rules and libraries from the wheel and from the repository, checked and put together."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import gate
from gate.decision.limits import DEFAULT, Limits
from gate.decision.rego import metadata
from gate.decision.rego.scan import Scan, scan
from gate.decision.rego.syntax import REFUSED, Syntax, of_scan
from gate.decision.sources.documents import merged
from gate.decision.sources.read import BUILTIN, SUFFIX, TESTS
from gate.errors import EngineError, PolicyError, did_you_mean
from gate.model.policy import Bundle, Module, PolicyFiles, Rule, Unfaithful

_ROOT = "gate"
_LIBRARIES = "lib"
_RESERVED = frozenset({"gate_entry", "system"})
_MAYBE_REFUSED = re.compile(
    rf"[.\[\"`](?:{'|'.join(name.rpartition('.')[2] for name in REFUSED)})\b"
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A module with what was found out about it."""

    module: Module
    scanned: Scan
    syntax: Syntax

    @property
    def path(self) -> str:
        return self.module.path


def load(builtin: bool, given: Sequence[PolicyFiles] = (), *, limits: Limits = DEFAULT) -> Bundle:
    """The bundle of the wheel's rules, if `builtin`, and those of the sources (`sources.read`).

    Raises PolicyError with path and line for what is no rule and no library. A bundle may be
    empty; the verdict is then undecided.
    """
    found: list[Loaded] = []
    if builtin:
        found += [_wheel_module(path, text) for path, text in builtin_texts()]
    for files in given:
        if files.conftest is None:
            found += _given_modules(files, limits)
    foreign, rules = _of_conftest(given, limits)
    return _bundle(sorted(found, key=lambda loaded: loaded.path), given, foreign, rules, limits)


def only(bundle: Bundle, rules: Iterable[str]) -> Bundle:
    """The same bundle, asked for some of its rules only. Its digest stays: the texts are equal."""
    kept = {rule: bundle.rules[rule] for rule in sorted(rules)}
    return replace(bundle, rules=kept, entry=entry(kept, bundle.digest))


def served(bundle: Bundle) -> Bundle:
    """The part that an OPA server is given (`gate policy bundle`): all but the rules that it has
    of its own. Digest and entry are those that the server then answers with."""
    if all(files.origin != "server" for files in bundle.files):
        return bundle
    modules = [module for module in bundle.modules if module.origin != "server"]
    kept = {name: rule for name, rule in bundle.rules.items() if rule.origin != "server"}
    files = [each for each in bundle.files if each.origin != "server"]
    data = merged(each.data for each in files)
    total = digest(modules, data)
    return replace(
        bundle,
        modules=modules,
        rules=kept,
        digest=total,
        entry=entry(kept, total),
        data=data,
        files=files,
    )


def entry(rules: Mapping[str, Rule], digest: str) -> str:
    """The module `gate_entry`: one clause for each set, so that an undefined one drops no other."""
    clauses = [
        f'findings["{rule.id}"]["{name}"] := data.{_ROOT}.{rule.id}.{name}'
        for rule in rules.values()
        for name in ((*rule.sets, "applies") if rule.applies else rule.sets)
    ]
    head = ["package gate_entry", f"digest := {json.dumps(digest)}"]
    return "\n\n".join([*head, f"rules := {json.dumps(sorted(rules))}", *clauses]) + "\n"


def digest(modules: Iterable[Module], data: Mapping[str, Any] | None = None) -> str:
    """`sha256:` over the texts and the data, wherever they stand: the same rules have the same
    digest in a folder, in an archive and on a server."""
    lines = sorted(
        json.dumps([module.text, "v0"] if module.v0 else [module.text]) for module in modules
    )
    if data:
        lines.append(json.dumps({"data": data}, sort_keys=True))
    total = hashlib.sha256()
    for line in lines:
        total.update(f"{line}\n".encode("ascii"))
    return f"sha256:{total.hexdigest()}"


def _of_conftest(
    given: Sequence[PolicyFiles], limits: Limits
) -> tuple[Sequence[Loaded], Sequence[Rule]]:
    """The modules that are written for conftest, those that ask them, and their rules."""
    if all(files.conftest is None for files in given):
        return (), ()
    from gate.decision.sources import conftest

    return conftest.modules(given, limits)


def _bundle(
    found: Sequence[Loaded],
    given: Sequence[PolicyFiles],
    foreign: Sequence[Loaded],
    foreign_rules: Sequence[Rule],
    limits: Limits,
) -> Bundle:
    data = _data([*found, *foreign], given)
    _refuse_clashes([*found, *(each for each in foreign if each.module.origin == "generated")])
    for fault in missing_references({loaded.path: loaded.syntax for loaded in found}, data):
        raise fault
    rules = [_rule(loaded) for loaded in found if not is_library(loaded.syntax.package)]
    rules += foreign_rules
    by_id = {rule.id: rule for rule in sorted(rules, key=lambda rule: rule.id)}
    modules = [loaded.module for loaded in (*found, *foreign)]
    total = digest(modules, data)
    unfaithful, core = _examined(modules, limits)
    for fault in _missing_names(unfaithful):
        raise fault
    return Bundle(
        modules=modules,
        rules=by_id,
        digest=total,
        entry=entry(by_id, total),
        data=data,
        unfaithful=unfaithful,
        core=core,
        files=tuple(given),
    )


def _missing_names(unfaithful: Mapping[str, Sequence[Unfaithful]]) -> Iterator[PolicyError]:
    """What is asked of a library under another name, and is not in it: OPA has no word on that."""
    for path, found in unfaithful.items():
        for each in found:
            if each.only == "missing":
                yield PolicyError(
                    f"No engine takes this: {each.what}.",
                    advice="Mend the name; the libraries are in policies/lib.",
                    path=path,
                    line=each.line,
                )


def _examined(
    modules: Sequence[Module], limits: Limits
) -> tuple[Mapping[str, Sequence[Unfaithful]], Mapping[str, str]]:
    """What only OPA judges rightly, in the modules that are not from the wheel; where there is
    nothing, their texts as the embedded engine judges them."""
    given = [module for module in modules if module.origin != "builtin"]
    if not given:
        return {}, {}
    from gate.decision.engines import confined

    return confined.examine(
        [(module.path, module.text) for module in given],
        [module.path for module in given if module.v0],
        [(module.path, module.text) for module in modules if module.origin == "builtin"],
        limits,
    )


def builtin_texts(*, tests: bool = False) -> Iterator[tuple[str, str]]:
    """The paths and texts of the wheel's Rego, on request with its tests."""
    root = _builtin_folder()
    for file in sorted(root.rglob(f"*{SUFFIX}")):
        if tests or not file.name.endswith(TESTS):
            path = f"{BUILTIN}:{file.relative_to(root).as_posix()}"
            yield path, file.read_text(encoding="utf-8")


def builtin_libraries() -> Iterator[tuple[str, ...]]:
    """The packages of the wheel's libraries."""
    for file in sorted((_builtin_folder() / _LIBRARIES).glob(f"*{SUFFIX}")):
        if not file.name.endswith(TESTS):
            yield (_ROOT, _LIBRARIES, file.stem)


def _builtin_folder() -> Path:
    """`gate/policies` of the wheel, or `policies` of a source checkout."""
    package = Path(gate.__file__).parent
    for folder in (package / "policies", package.parent / "policies"):
        if folder.is_dir():
            return folder
    raise EngineError("The installation lacks its built-in policies.")


def _wheel_module(path: str, text: str) -> Loaded:
    scanned = scan(text)
    syntax = of_scan(scanned)
    if syntax is None:
        raise PolicyError("No package is declared.", path=path, line=1)
    if _MAYBE_REFUSED.search(text):
        from gate.decision.engines import embedded

        syntax = embedded.parse(path, text)
    return _checked(Module(path, text, "builtin"), scanned, syntax)


def _given_modules(files: PolicyFiles, limits: Limits) -> list[Loaded]:
    from gate.decision.engines import confined

    texts = files.texts
    paths = sorted(path for path in texts if not path.endswith(TESTS))
    scans = {path: small(path, texts[path], limits) for path in paths}
    found: list[Loaded] = []
    for v0 in (False, True):
        same = [path for path in paths if (path in files.v0) == v0]
        parsed = confined.parse([(path, texts[path]) for path in same], limits, v0=v0)
        for path, syntax in zip(same, parsed, strict=True):
            module = Module(path, texts[path], files.origin, v0=v0)
            found.append(_checked(module, scans[path], syntax, by_path=files.by_path))
    return found


def small(path: str, text: str, limits: Limits) -> Scan:
    """Caps size and depth before a parser may see the text."""
    if len(text) > limits.file:
        raise PolicyError(
            f"The policy is too large: at most {limits.file // 1024} KB are read.", path=path
        )
    scanned = scan(text)
    if scanned.depth > limits.depth:
        message = f"Brackets are nested {scanned.depth} deep, and at most {limits.depth} are read."
        raise PolicyError(message, path=path, line=scanned.deepest)
    return scanned


def _checked(module: Module, scanned: Scan, syntax: Syntax, *, by_path: bool = True) -> Loaded:
    path = module.path
    for fault in package_faults(path, syntax, by_path=by_path):
        raise fault
    for fault in refused_uses(path, syntax):
        raise fault
    for fault in head_faults(path, syntax):
        raise fault
    rule = None if is_library(syntax.package) else ".".join(syntax.package[1:])
    return Loaded(replace(module, rule=rule), scanned, syntax)


def package_faults(path: str, syntax: Syntax, *, by_path: bool = True) -> Iterator[PolicyError]:
    """What is wrong with a module's package: it is `gate.<area>.<rule>`, or `gate.lib.<name>` for
    a library, and with `by_path` as the path says."""
    package = syntax.package
    parts = path.removesuffix(SUFFIX).replace(":", "/").split("/")
    wanted = (_ROOT, *parts[-2:])
    if by_path and len(parts) < 2:
        yield PolicyError(
            "A policy stands in a folder that names its area.",
            advice=f"Move it to a folder, for instance policies/team/{path}.",
            path=path,
        )
    elif by_path and package != wanted:
        yield PolicyError(
            f"The package is {_dotted(package)}, the path says {_dotted(wanted)}.",
            advice="Rename the package or move the file: <area>/<rule>.rego is gate.<area>.<rule>.",
            path=path,
            line=syntax.line,
        )
    elif len(package) != 3 or package[0] != _ROOT:
        yield PolicyError(
            f"The package is {_dotted(package)}, and a rule is gate.<area>.<rule>.",
            advice="Rename the package, or leave the file out of the bundle.",
            path=path,
            line=syntax.line,
        )
    odd = next((part for part in package if not (part.isidentifier() and part.isascii())), None)
    if odd is not None:
        message = f"`{odd}` cannot be part of a rule's name: use letters, digits and _."
        yield PolicyError(message, path=path, line=syntax.line)


def refused_uses(path: str, syntax: Syntax) -> Iterator[PolicyError]:
    """The uses of builtins that no rule may use."""
    for use in syntax.refused:
        name = ".".join(use.parts[:2])
        message = f"{name} {REFUSED[name][1]}: no rule may use it."
        yield PolicyError(message, advice="Rules read `input` only.", path=path, line=use.line)


def head_faults(path: str, syntax: Syntax) -> Iterator[PolicyError]:
    """What is wrong with `deny`, `warn` and `applies` of a module."""
    library = is_library(syntax.package)
    for head in syntax.heads:
        found = head.name in ("deny", "warn")
        if library and found:
            message = f"A library has no {head.name}: nobody would read it."
            yield PolicyError(message, path=path, line=head.line)
        elif found and head.kind != "set":
            yield PolicyError(
                f"`{head.name}` must be a set.",
                advice=f'Write `{head.name} contains {{"message": ...}} if {{ ... }}`.',
                path=path,
                line=head.line,
            )
        elif not library and not found and head.kind not in ("value", "default"):
            yield PolicyError("`applies` must be true or false.", path=path, line=head.line)
    if not library and not {"deny", "warn"} & {head.name for head in syntax.heads}:
        yield PolicyError(
            "The rule defines neither deny nor warn.",
            advice='Write `deny contains {"message": ...} if { ... }`; what is written for '
            "conftest (`violation`, `deny_x`) is named with --conftest.",
            path=path,
            line=syntax.line,
        )


def _refuse_clashes(found: Sequence[Loaded]) -> None:
    """One package comes from one file: else a library could change what a built-in rule says."""
    seen: dict[tuple[str, ...], str] = {}
    for loaded in found:
        package = loaded.syntax.package
        if package in seen:
            raise PolicyError(
                f"The package {_dotted(package)} is defined in {seen[package]} too.",
                advice="Give one of them another name.",
                path=loaded.path,
                line=loaded.syntax.line,
            )
        seen[package] = loaded.path
    for outer, inner in pairwise(sorted(seen)):
        if inner[: len(outer)] == outer:
            raise PolicyError(
                f"{_dotted(outer[1:])} is a rule, and a namespace too.",
                advice="Give one of them another name.",
                path=seen[outer],
            )


def _data(found: Sequence[Loaded], given: Sequence[PolicyFiles]) -> dict[str, Any]:
    """All base documents as one. Where a module has its names, no document may stand."""
    try:
        data = merged(files.data for files in given)
    except ValueError as error:
        raise PolicyError(f"Two sources of policies say something of {error}.") from error
    for name in _RESERVED & set(data):
        raise PolicyError(f"data.{name} is not for data files.", advice="Give it another name.")
    for loaded in found:
        _refuse_data_within(loaded, data)
    return data


def _refuse_data_within(loaded: Loaded, data: Mapping[str, Any]) -> None:
    here: Any = data
    for part in loaded.syntax.package:
        if not isinstance(here, Mapping) or part not in here:
            break
        here = here[part]
    else:
        # What the wheel's modules define is not known from a light look.
        defined = loaded.syntax.defined
        if not isinstance(here, Mapping) or not defined or set(defined) & set(here):
            raise _data_clash(loaded)
        return
    if not isinstance(here, Mapping):
        raise _data_clash(loaded)


def _data_clash(loaded: Loaded) -> PolicyError:
    return PolicyError(
        f"A data file says something of data.{_dotted(loaded.syntax.package)} that the package "
        "defines.",
        advice="Give the data another name.",
        path=loaded.path,
        line=loaded.syntax.line,
    )


def missing_references(
    found: Mapping[str, Syntax], data: Mapping[str, Any]
) -> Iterator[PolicyError]:
    """What modules (by path) ask for below `data` and nothing defines: it is undefined to Rego, and
    a rule that asks for it silently never fires."""
    packages = {syntax.package: syntax for syntax in found.values()}
    absent = set(builtin_libraries()) - set(packages)
    libraries = [f"data.{_dotted(package)}" for package in packages if is_library(package)]
    for path, syntax in found.items():
        for reference in syntax.data:
            if not _exists(reference.parts[1:], packages) and not _holds(data, reference.parts[1:]):
                name = _dotted(reference.parts)
                yield PolicyError(
                    f"Nothing defines {name}{did_you_mean(name, libraries)}",
                    advice=f"It comes with gate: name `{BUILTIN}` among the policies too."
                    if reference.parts[1:4] in absent
                    else "Rules read `input` and the libraries of the bundle.",
                    path=path,
                    line=reference.line,
                )


def _exists(parts: tuple[str, ...], packages: Mapping[tuple[str, ...], Syntax]) -> bool:
    if any(package[: len(parts)] == parts for package in packages):
        return True
    return any(
        parts[: len(package)] == package
        # What the wheel's modules define is not known from a light look.
        and (not syntax.defined or parts[len(package)] in syntax.defined)
        for package, syntax in packages.items()
    )


def _holds(data: Any, parts: tuple[str, ...]) -> bool:
    """Whether the data has something at a place, or a list or value on the way to it."""
    for part in parts:
        if not isinstance(data, Mapping):
            return True
        if part not in data:
            return False
        data = data[part]
    return True


def _rule(loaded: Loaded) -> Rule:
    told = metadata.read(loaded.path, loaded.scanned)
    names = {head.name for head in loaded.syntax.heads}
    return Rule(
        id=_dotted(loaded.syntax.package[1:]),
        title=told.title,
        description=told.description,
        path=loaded.path,
        line=loaded.syntax.line,
        origin=loaded.module.origin,
        level=told.level,
        remediation=told.remediation,
        requires=told.requires,
        settings=told.settings,
        standard=told.standard,
        existing="never" if told.existing == "never" else "judge",
        effective_on=told.effective_on,
        runbook=told.runbook,
        sets=tuple(name for name in ("deny", "warn") if name in names),
        applies="applies" in names,
    )


def is_library(package: tuple[str, ...]) -> bool:
    """Whether a package is one that rules share."""
    return package[1:2] == (_LIBRARIES,)


def _dotted(parts: Iterable[str]) -> str:
    return ".".join(parts)
