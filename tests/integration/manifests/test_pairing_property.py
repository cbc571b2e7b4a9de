"""Any two trees of random objects pair back to the right changes.

The trees are those of a kustomize shop: a base, two overlays, and a rendered copy that holds every
object in one file, so that one identity stands in up to four files.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.manifests.read import read
from gate.model.config import Config
from gate.model.manifest import Manifests, Resource
from gate.model.places import saved_places
from tests.support.trees import MemoryTree, change_between

Key = tuple[str, str, str | None]
Objects = Mapping[tuple[str, Key], int]
"""By file and identity: what the object holds."""

FILES = ["base/app.yaml", "overlays/dev/app.yaml", "overlays/prod/app.yaml", "release/all.yaml"]
KEYS: list[Key] = [
    ("Deployment", "web", None),
    ("Deployment", "web", "shop"),
    ("Deployment", "db", None),
    ("Service", "web", None),
]

OBJECTS = st.dictionaries(
    st.tuples(st.sampled_from(FILES), st.sampled_from(KEYS)), st.integers(0, 2), max_size=12
)
COMMON = settings(deadline=None, max_examples=150)


def manifest(key: Key, content: int) -> dict[str, Any]:
    kind, name, namespace = key
    metadata = {"name": name} if namespace is None else {"name": name, "namespace": namespace}
    version = "apps/v1" if kind == "Deployment" else "v1"
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": {"x": content}}


def tree(objects: Objects, order: Sequence[Key] = KEYS) -> MemoryTree:
    """The files of these objects; `order` is that of the documents in each."""
    files: dict[str, list[str]] = {}
    for path, key in sorted(objects, key=lambda one: order.index(one[1])):
        files.setdefault(path, []).append(json.dumps(manifest(key, objects[path, key]), indent=1))
    return MemoryTree({path: "\n---\n".join(texts) for path, texts in files.items()})


def judge(old: MemoryTree, new: MemoryTree) -> Manifests:
    return read(change_between(old, new), old, new, Config())


def key_of(resource: Resource) -> Key:
    return (resource.kind, resource.name, resource.namespace)


@COMMON
@given(OBJECTS, OBJECTS)
def test_what_stands_in_one_file_before_and_after_is_one_modified_object(
    old: Objects, new: Objects
) -> None:
    found = judge(tree(old), tree(new)).resources
    modified = {
        (one.path, key_of(one)): (one.old, one.new)
        for one in found
        if one.status == "modified" and one.old_path is None and (one.path, key_of(one)) in old
    }
    expected = {
        (path, key): (manifest(key, old[path, key]), manifest(key, content))
        for (path, key), content in new.items()
        if old.get((path, key), content) != content
    }
    assert modified == expected


@COMMON
@given(OBJECTS, OBJECTS)
def test_no_new_object_is_lost_or_told_twice(old: Objects, new: Objects) -> None:
    found = judge(tree(old), tree(new)).resources
    told = Counter((one.path, key_of(one)) for one in found if one.new is not None)
    assert all(count == 1 for count in told.values())
    before = {(key, content) for (_, key), content in old.items()}
    for (path, key), content in new.items():
        is_new = (key, content) not in before
        assert told[path, key] == 1 or not is_new
    assert set(told) <= set(new)


@COMMON
@given(OBJECTS, OBJECTS)
def test_no_old_object_is_lost_or_told_twice(old: Objects, new: Objects) -> None:
    found = judge(tree(old), tree(new)).resources
    told = Counter((one.old_path or one.path, key_of(one)) for one in found if one.old is not None)
    after = {(key, content) for (_, key), content in new.items()}
    for (path, key), content in old.items():
        if (key, content) not in after and key[2] is None:
            same_file = {(path, (key[0], key[1], namespace)) for namespace in (None, "shop")}
            assert told[path, key] or told.keys() & same_file


@COMMON
@given(OBJECTS, OBJECTS)
def test_what_is_told_is_what_stands_there(old: Objects, new: Objects) -> None:
    result = judge(tree(old), tree(new))
    for one in result.resources:
        if one.new is not None:
            assert one.new == manifest(key_of(one), new[one.path, key_of(one)])
        if one.status == "modified":
            assert one.changes
        assert (one.old is None) == (one.status == "added")
        assert (one.new is None) == (one.status == "deleted")
    ids = [one.id for one in (*result.resources, *result.unchanged)]
    assert len(set(ids)) == len(ids)


@COMMON
@given(OBJECTS, st.permutations(KEYS))
def test_the_order_of_documents_changes_nothing(objects: Objects, order: list[Key]) -> None:
    assert judge(tree(objects), tree(objects, order)).resources == []


@COMMON
@given(OBJECTS)
def test_moving_every_file_changes_nothing(objects: Objects) -> None:
    moved = {(f"moved/{path}", key): content for (path, key), content in objects.items()}
    assert judge(tree(objects), tree(moved)).resources == []


@COMMON
@given(OBJECTS, OBJECTS)
def test_a_saved_input_tells_the_same_places(old: Objects, new: Objects) -> None:
    result = judge(tree(old), tree(new))
    as_saved = json.loads(json.dumps(result.locate.positions()))
    places = saved_places(as_saved, [])
    for one in (*result.resources, *result.unchanged):
        for path in [(), ("kind",), ("spec", "x"), ("spec", "none"), ("metadata", "name", 0)]:
            assert places(one.id, path) == result.locate(one.id, path)
            assert places(one.id, path) is not None
