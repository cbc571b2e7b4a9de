"""Rules and libraries from the wheel and from the repository, checked and put together."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import gate
from gate.decision import metadata
from gate.decision.limits import DEFAULT, Limits
from gate.decision.scan import Head, Scan, scan
from gate.decision.sources import BUILTIN, SUFFIX, TESTS
from gate.decision.syntax import REFUSED, Syntax, of_scan
from gate.errors import EngineError, PolicyError, did_you_mean
from gate.model.policy import Bundle, Module, Origin, PolicyFiles, Rule

_ROOT = "gate"
_LIBRARIES = "lib"
_MAYBE_REFUSED = re.compile(
    rf"[.\[\"`](?:{'|'.join(name.rpartition('.')[2] for name in REFUSED)})\b"
)


@dataclass(frozen=True, slots=True)
class _Loaded:
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
    found: list[_Loaded] = []
    if builtin:
        found += [_wheel_module(path, text) for path, text in _builtin_texts()]
    for files in given:
        found += _given_modules(files, limits)
    return _bundle(sorted(found, key=lambda loaded: loaded.path), given)


def only(bundle: Bundle, rules: Iterable[str]) -> Bundle:
    """The same bundle, asked for some of its rules only. Its digest stays: the texts are equal."""
    kept = {rule: bundle.rules[rule] for rule in sorted(rules)}
    return replace(bundle, rules=kept, entry=entry(kept, bundle.digest))


def entry(rules: Mapping[str, Rule], digest: str) -> str:
    """The module `gate_entry`: one clause for each set, so that an undefined one drops no other."""
    clauses = [
        f'findings["{rule.id}"]["{name}"] := data.{_ROOT}.{rule.id}.{name}'
        for rule in rules.values()
        for name in ((*rule.sets, "applies") if rule.applies else rule.sets)
    ]
    head = ["package gate_entry", f"digest := {json.dumps(digest)}"]
    return "\n\n".join([*head, f"rules := {json.dumps(sorted(rules))}", *clauses]) + "\n"


def digest(modules: Iterable[Module]) -> str:
    """`sha256:` over the paths and texts, in the order of the paths."""
    total = hashlib.sha256()
    for module in sorted(modules, key=lambda module: module.path):
        total.update(json.dumps([module.path, module.text]).encode("ascii"))
        total.update(b"\n")
    return f"sha256:{total.hexdigest()}"


def _bundle(found: Sequence[_Loaded], given: Sequence[PolicyFiles]) -> Bundle:
    _refuse_clashes(found)
    _refuse_missing_references(found)
    rules = [_rule(loaded) for loaded in found if not _is_library(loaded.syntax.package)]
    by_id = {rule.id: rule for rule in sorted(rules, key=lambda rule: rule.id)}
    modules = [loaded.module for loaded in found]
    total = digest(modules)
    return Bundle(
        modules=modules,
        rules=by_id,
        digest=total,
        entry=entry(by_id, total),
        files=tuple(given),
    )


def _builtin_texts() -> Iterator[tuple[str, str]]:
    root = _builtin_folder()
    for file in sorted(root.rglob(f"*{SUFFIX}")):
        if not file.name.endswith(TESTS):
            path = f"{BUILTIN}:{file.relative_to(root).as_posix()}"
            yield path, file.read_text(encoding="utf-8")


def _builtin_folder() -> Path:
    """`gate/policies` of the wheel, or `policies` of a source checkout."""
    package = Path(gate.__file__).parent
    for folder in (package / "policies", package.parent / "policies"):
        if folder.is_dir():
            return folder
    raise EngineError("The installation lacks its built-in policies.")


def _wheel_module(path: str, text: str) -> _Loaded:
    scanned = scan(text)
    syntax = of_scan(scanned)
    if syntax is None:
        raise PolicyError("No package is declared.", path=path, line=1)
    if _MAYBE_REFUSED.search(text):
        from gate.decision import embedded

        syntax = embedded.parse(path, text)
    return _checked(path, text, "builtin", scanned, syntax)


def _given_modules(files: PolicyFiles, limits: Limits) -> list[_Loaded]:
    from gate.decision import confined

    texts = files.texts
    paths = sorted(path for path in texts if not path.endswith(TESTS))
    scans = {path: _small(path, texts[path], limits) for path in paths}
    parsed = confined.parse([(path, texts[path]) for path in paths], limits)
    return [
        _checked(path, texts[path], files.origin, scans[path], syntax)
        for path, syntax in zip(paths, parsed, strict=True)
    ]


def _small(path: str, text: str, limits: Limits) -> Scan:
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


def _checked(path: str, text: str, origin: Origin, scanned: Scan, syntax: Syntax) -> _Loaded:
    _check_package(path, syntax)
    for use in syntax.refused:
        name = ".".join(use.parts[:2])
        message = f"{name} {REFUSED[name][1]}: no rule may use it."
        raise PolicyError(message, advice="Rules read `input` only.", path=path, line=use.line)
    for line in syntax.unfaithful:
        raise PolicyError(
            "`not` stands before a call or comparison with an operand that may be undefined: the "
            "embedded engine reads that otherwise than OPA.",
            advice="Give the value a name first: `image := r.new.image`, then "
            "`not startswith(image, ...)`.",
            path=path,
            line=line,
        )
    library = _is_library(syntax.package)
    for head in syntax.heads:
        _check_head(path, head, library=library)
    if not library and not {"deny", "warn"} & {head.name for head in syntax.heads}:
        message = "The rule defines neither deny nor warn."
        raise PolicyError(message, path=path, line=syntax.line)
    rule = None if library else ".".join(syntax.package[1:])
    return _Loaded(Module(path, text, origin, rule), scanned, syntax)


def _check_package(path: str, syntax: Syntax) -> None:
    """`policies/slo/low.rego` holds `package gate.slo.low`: the last two parts of the path."""
    parts = path.removesuffix(SUFFIX).replace(":", "/").split("/")
    if len(parts) < 2:
        raise PolicyError(
            "A policy stands in a folder that names its area.",
            advice=f"Move it to a folder, for instance policies/team/{path}.",
            path=path,
        )
    wanted = (_ROOT, *parts[-2:])
    if syntax.package != wanted:
        message = f"The package is {_dotted(syntax.package)}, the path says {_dotted(wanted)}."
        raise PolicyError(
            message,
            advice="Rename the package or move the file: <area>/<rule>.rego is gate.<area>.<rule>.",
            path=path,
            line=syntax.line,
        )
    odd = next((part for part in wanted if not (part.isidentifier() and part.isascii())), None)
    if odd is not None:
        message = f"`{odd}` cannot be part of a rule's name: use letters, digits and _."
        raise PolicyError(message, path=path, line=syntax.line)


def _check_head(path: str, head: Head, *, library: bool) -> None:
    if library and head.name in ("deny", "warn"):
        message = f"A library has no {head.name}: nobody would read it."
        raise PolicyError(message, path=path, line=head.line)
    if library:
        return
    if head.name in ("deny", "warn") and head.kind != "set":
        raise PolicyError(
            f"`{head.name}` must be a set.",
            advice=f'Write `{head.name} contains {{"message": ...}} if {{ ... }}`.',
            path=path,
            line=head.line,
        )
    if head.name == "applies" and head.kind not in ("value", "default"):
        raise PolicyError("`applies` must be true or false.", path=path, line=head.line)


def _refuse_clashes(found: Sequence[_Loaded]) -> None:
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


def _refuse_missing_references(found: Sequence[_Loaded]) -> None:
    """What is not there is undefined to Rego, and a rule that asks for it silently never fires."""
    packages = {loaded.syntax.package: loaded.syntax for loaded in found}
    libraries = [f"data.{_dotted(package)}" for package in packages if _is_library(package)]
    for loaded in found:
        for reference in loaded.syntax.data:
            if not _exists(reference.parts[1:], packages):
                name = _dotted(reference.parts)
                raise PolicyError(
                    f"Nothing defines {name}{did_you_mean(name, libraries)}",
                    advice="Rules read `input` and the libraries of the bundle.",
                    path=loaded.path,
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


def _rule(loaded: _Loaded) -> Rule:
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


def _is_library(package: tuple[str, ...]) -> bool:
    return package[1] == _LIBRARIES


def _dotted(parts: Iterable[str]) -> str:
    return ".".join(parts)
