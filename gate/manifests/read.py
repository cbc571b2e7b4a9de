"""The stage: from a change and its trees to what the rules are asked about."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gate.manifests.differences import differences
from gate.manifests.gather import Gathered, Reader, Selection, sides
from gate.manifests.hiding import makes_secret, without_secrets
from gate.manifests.identity import FILE_IDENTITY, Item, assign_ids
from gate.manifests.indirect import is_indirect
from gate.manifests.locate import Places
from gate.manifests.moves import by_environment, shadowed
from gate.manifests.pairing import Pair, pair
from gate.manifests.secrets import redactor
from gate.manifests.services import Scope
from gate.manifests.surroundings import Around, surroundings
from gate.model.change import Change, FileChange, Tree
from gate.model.config import Config
from gate.model.manifest import (
    NO_SERVICE,
    Manifests,
    Problem,
    Resource,
    ResourceStatus,
    Target,
)


def read(
    change: Change,
    old: Tree | None,
    new: Tree,
    config: Config,
    *,
    environments: Sequence[str] = (),
    services: Sequence[str] = (),
) -> Manifests:
    """Reads what a change does to manifests.

    `environments` and `services` restrict what is asked about. Where the configuration defines
    any, an unknown name raises UsageError; where not, the names given are taken as they are.
    """
    scope = Scope(config, environments, services)
    both = _both_sides(change, old, new, config, scope)
    redact = redactor()
    changed, equal = _sorted_out(both, config, scope)
    chosen = [one for one in without_secrets(changed, redact) if not _is_nothing(one)]
    beside = surroundings(_around(both, chosen, new), equal, both.after_reader)
    neighbours = (Pair(item, item) for item in beside.items)
    unchanged = list(without_secrets(neighbours, redact))
    ids = assign_ids([one.current for one in chosen])
    others = assign_ids(
        [one.current for one in unchanged], {*ids, *(one.current.plain_id for one in chosen)}
    )
    resources = [
        _resource(identifier, one, _status(change, one), scope)
        for identifier, one in zip(ids, chosen, strict=True)
    ]
    reached, targets = scope.reach(_services(change, chosen, scope))
    if config.evidence.get("freeze") or "freeze" in config.require:
        targets += [Target(NO_SERVICE, name) for name in _without_service(resources, scope)]
    return Manifests(
        resources=resources,
        unchanged=[
            _resource(identifier, one, "unchanged", scope)
            for identifier, one in zip(others, unchanged, strict=True)
        ],
        services=reached,
        targets=targets,
        problems=_problems(
            [
                *_problems_of(both),
                *beside.problems,
                *_shadowed(change, both, chosen, beside.items),
                *_hidden_from_rules(chosen),
            ],
            scope,
        ),
        indirect=sum(map(is_indirect, resources)),
        locate=Places(
            {
                identifier: one.current
                for identifier, one in zip([*ids, *others], [*chosen, *unchanged], strict=True)
            },
            frozenset(
                identifier for identifier, one in zip(ids, chosen, strict=True) if not one.new
            ),
        ),
        environments=_environments(change, resources, scope),
    )


def _hidden_from_rules(chosen: Iterable[Pair]) -> Iterator[Problem]:
    message = "a Secret is made of it: its values are hidden, from the rules too"
    return (Problem(one.current.path, "unrendered", message) for one in chosen if makes_secret(one))


@dataclass(frozen=True, slots=True)
class _Sides:
    """What was read of both sides, and the readers that can look up more."""

    files: Sequence[FileChange]
    renames: Mapping[str, str]
    before: Gathered
    after: Gathered
    before_reader: Reader | None
    after_reader: Reader


def _both_sides(
    change: Change, old: Tree | None, new: Tree, config: Config, scope: Scope
) -> _Sides:
    files = [file for file in change.files if not _is_same_blob(change, file)]
    selection = Selection(config.manifests)
    rendered = change.kind in ("tree", "trees")
    after_reader = Reader(new, selection, scope, rendered=rendered)
    before_reader = Reader(old, selection, scope, rendered=rendered) if old else None
    return _Sides(
        files=files,
        renames={file.old_path: file.path for file in files if file.old_path and _is_rename(file)},
        before=before_reader.gather(sides(files, "old")) if before_reader else Gathered(),
        after=after_reader.gather(sides(files, "new")),
        before_reader=before_reader,
        after_reader=after_reader,
    )


def _is_same_blob(change: Change, file: FileChange) -> bool:
    """Only the executable bit differs. In folders the `oid` is a path and says nothing."""
    if change.kind not in ("range", "staged") or file.old is None or file.new is None:
        return False
    kinds = {file.old.mode[:3], file.new.mode[:3]}
    return file.old.path == file.new.path and file.old.oid == file.new.oid and len(kinds) == 1


def _is_rename(file: FileChange) -> bool:
    return file.old_path is not None and file.status != "copied"


def _sorted_out(both: _Sides, config: Config, scope: Scope) -> tuple[list[Pair], list[Pair]]:
    """The pairs of the input, in the order of their places, and those that are equal."""
    chosen, equal = [], []
    pairs = pair(both.before.items, both.after.items, both.renames)
    standing = {(item.path, item.key) for item in both.after.items if item.is_one}
    for whole in pairs:
        if whole.new is None and (
            _may_be_unread(whole, both, config) or _is_a_copy(whole.current, both, standing)
        ):
            continue
        for one in by_environment(whole, scope, both.after_reader):
            if _is_nothing(one):
                equal.append(one)
            elif _is_asked(one, scope):
                chosen.append(one)
    chosen.sort(key=_order)
    return chosen, equal


def _is_asked(one: Pair, scope: Scope) -> bool:
    """Whether the caller asked about an environment and a service of either side."""
    sides = [item for item in (one.old, one.new) if item]
    services = {name for item in sides for name in scope.services_of_file(item.path)}
    services |= {name for item in sides if (name := _service(item, scope))}
    return scope.is_asked(_environments_of(one, scope)) and scope.is_service_asked(services)


def _order(one: Pair) -> tuple[str, bool, int]:
    return (one.current.path, one.new is None, one.current.order)


def _may_be_unread(one: Pair, both: _Sides, config: Config) -> bool:
    """Whether what seems deleted may stand in what could not be read. The verdict is undecided
    for that; unless the configuration lets it pass, and then a deletion is assumed."""
    path = one.current.path
    is_unread = both.renames.get(path, path) in both.after.unread
    return is_unread and config.manifests.unreadable == "undecided"


def _is_a_copy(item: Item, both: _Sides, standing: Collection[tuple[str, Hashable]]) -> bool:
    """Whether the object stands in its file still: of copies there the last one counts."""
    return item.is_one and (both.renames.get(item.path, item.path), item.key) in standing


def _shadowed(
    change: Change, both: _Sides, chosen: Sequence[Pair], beside: Iterable[Item]
) -> list[Problem]:
    if change.kind == "tree":
        return []
    return shadowed(chosen, [*both.after.items, *beside], both.after_reader)


def _is_nothing(one: Pair) -> bool:
    return one.old is not None and one.new is not None and one.old.equals(one.new)


def _around(both: _Sides, chosen: Sequence[Pair], new: Tree) -> Around:
    return Around(
        pairs=chosen,
        changed={file.new.path for file in both.files if file.new},
        tree=new,
        kustomizations=both.after_reader.kustomizations,
        before=both.before_reader.kustomizations if both.before_reader else None,
    )


def _status(change: Change, one: Pair) -> ResourceStatus:
    if change.kind == "tree":
        return "present"
    if one.old is None:
        return "added"
    return "deleted" if one.new is None else "modified"


def _resource(identifier: str, one: Pair, status: ResourceStatus, scope: Scope) -> Resource:
    item = one.current
    identity = item.identity
    moved = one.old is not None and one.new is not None and one.old.path != one.new.path
    return Resource(
        id=identifier,
        group=identity.group,
        version=identity.version,
        kind=identity.kind,
        namespace=identity.namespace,
        name=item.name,
        status=status,
        path=item.path,
        old_path=one.old.path if one.old and moved else None,
        service=scope.strictest(
            _service(side, scope) for side in (one.new, one.old) if side is not None
        ),
        environments=scope.sorted(_environments_of(one, scope)),
        old=one.old.value if one.old else None,
        new=one.new.value if one.new else None,
        changes=differences(one.old.value, one.new.value) if one.old and one.new else (),
        patch=item.patch,
    )


def _service(item: Item, scope: Scope) -> str | None:
    identity = item.identity
    return scope.service(identity.group, identity.kind, identity.name, item.value, item.path)


def _environments_of(one: Pair, scope: Scope) -> set[str]:
    if one.environments is not None:
        return set(one.environments)
    paths = {item.path for item in (one.old, one.new) if item}
    return {name for path in paths for name in scope.environments(path)}


def _services(change: Change, chosen: Iterable[Pair], scope: Scope) -> Iterator[tuple[str, str]]:
    """Each service of the change with a path that brought it in, before or after."""
    for file in change.files:
        for path in _changed_paths(file):
            yield from ((name, path) for name in scope.services_of_file(path))
    for one in chosen:
        for item in (one.old, one.new):
            service = _service(item, scope) if item else None
            if item is not None and service is not None:
                yield service, item.path


def _without_service(resources: Iterable[Resource], scope: Scope) -> tuple[str, ...]:
    """Where what belongs to no service is deployed. A file that is no object counts where the
    configuration names its environment: the rest may be about anything."""
    return scope.sorted(
        {
            name
            for each in resources
            if each.service is None
            and (each.group != FILE_IDENTITY.group or scope.named_environments(each.path))
            for name in each.environments
        }
    )


def _changed_paths(file: FileChange) -> tuple[str, ...]:
    """The paths that the file leaves or enters; the origin of a copy stays."""
    return (file.path, file.old_path) if file.old_path and _is_rename(file) else (file.path,)


def _environments(change: Change, resources: Iterable[Resource], scope: Scope) -> tuple[str, ...]:
    """The environments of the change: its objects', and those that a file's path names."""
    found = {name for resource in resources for name in resource.environments}
    for file in change.files:
        for path in _changed_paths(file):
            found.update(scope.named_environments(path))
    return scope.sorted(found or scope.unnamed)


def _problems_of(both: _Sides) -> list[Problem]:
    """An unreadable old side never blocks: the fix must get in."""
    known = {(problem.path, problem.message) for problem in both.after.problems}
    old = [
        replace(problem, kind="unrendered", message=f"before the change: {problem.message}")
        for problem in both.before.problems
        if (both.renames.get(problem.path, problem.path), problem.message) not in known
    ]
    return [*both.after.problems, *both.after.remarks, *old]


def _problems(problems: Iterable[Problem], scope: Scope) -> list[Problem]:
    asked = (one for one in problems if scope.is_asked(scope.environments(one.path)))
    return sorted(
        dict.fromkeys(asked), key=lambda one: (one.path, one.line or 0, one.kind, one.message)
    )
