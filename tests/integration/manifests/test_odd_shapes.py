"""Values of any shape where a manifest has others: nothing breaks, nothing is lost."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.manifests.read import read
from gate.model.config import Config
from tests.support.trees import MemoryTree, change_between

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from(
        [
            "",
            "a.yaml",
            "../b",
            "/",
            "kind: Secret\n",
            "[",
            "- {op: add, path: /x, value: 1}\n",
            "Secret",
        ]
    )
)
OBJECT_KEYS = [
    "apiVersion",
    "kind",
    "metadata",
    "name",
    "namespace",
    "generateName",
    "labels",
    "app",
]
OTHER_KEYS = ["resources", "patches", "patch", "path", "target", "$patch", "items", "data", "spec"]
KEYS = st.sampled_from([*OBJECT_KEYS, *OTHER_KEYS])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4)
)
PATHS = st.sampled_from(["kustomization.yaml", "a.yaml", "b/kustomization.yaml", "b/values.yaml"])
FILES = st.dictionaries(PATHS, st.lists(VALUES, min_size=1, max_size=2), max_size=4)


def tree(files: dict[str, list[Any]]) -> MemoryTree:
    return MemoryTree(
        {path: "\n---\n".join(map(json.dumps, values)) for path, values in files.items()}
    )


@settings(deadline=None, max_examples=300)
@given(FILES, FILES)
def test_any_shape_is_read(old: dict[str, list[Any]], new: dict[str, list[Any]]) -> None:
    before, after = tree(old), tree(new)
    found = read(change_between(before, after), before, after, Config())
    every = [*found.resources, *found.unchanged]
    assert len({one.id for one in every}) == len(every)
    assert all(found.locate(one.id, ("metadata", "name")) for one in every)
    json.dumps([(one.old, one.new) for one in every])


@settings(deadline=None, max_examples=150)
@given(FILES)
def test_the_same_shapes_are_no_change(files: dict[str, list[Any]]) -> None:
    before = MemoryTree({path: f"{text}\n" for path, text in tree(files).files.items()})
    after = tree(files)
    assert read(change_between(before, after), before, after, Config()).resources == []
