"""What kustomizations list."""

from __future__ import annotations

from typing import Any

import pytest

from gate.manifests.kustomize import (
    Kustomizations,
    holds_patch_directive,
    inline_patches,
    is_json_patch,
    kustomization,
)
from tests.support.trees import Link, MemoryTree


def test_listed_paths_are_seen_from_the_root() -> None:
    found = kustomization(
        "apps/shop/kustomization.yaml",
        {"resources": ["a.yaml", "../../base", ".", "/etc/x", "../../../out"], "bases": ["b"]},
    )
    assert found.resources == ("apps/shop/a.yaml", "base", "apps/shop", "apps/shop/b")


@pytest.mark.parametrize(
    "address",
    ["https://example.com/a.yaml", "git@example.com:a/b", "github.com/a/b//c?ref=v1"],
)
def test_addresses_are_left_out(address: str) -> None:
    assert kustomization("kustomization.yaml", {"resources": [address]}).resources == ()


def test_patch_files_are_named_in_three_ways() -> None:
    found = kustomization(
        "kustomization.yaml",
        {
            "patches": [{"path": "one.yaml"}, {"patch": "a: 1\n"}],
            "patchesJson6902": [{"path": "./two.yaml"}],
            "patchesStrategicMerge": ["three.yaml", "kind: X\n"],
        },
    )
    assert found.patches == {"one.yaml", "two.yaml", "three.yaml"}


def test_patches_within_a_kustomization_are_found_with_their_place() -> None:
    value = {
        "patches": [{"path": "one.yaml"}, {"patch": "kind: A\n"}],
        "patchesStrategicMerge": ["three.yaml", "kind: B\n"],
    }
    assert [(patch.path, patch.text) for patch in inline_patches(value)] == [
        (("patches", 1, "patch"), "kind: A\n"),
        (("patchesStrategicMerge", 1), "kind: B\n"),
    ]


@pytest.mark.parametrize(
    "value", [None, [], {"resources": 1, "patches": {"a": 1}}, {"patches": [1]}]
)
def test_odd_shapes_list_nothing(value: Any) -> None:
    found = kustomization("kustomization.yaml", value)
    assert (found.resources, found.patches) == ((), frozenset())
    assert list(inline_patches(value)) == []


def test_the_nearest_kustomization_stands_in_the_folder_or_above() -> None:
    tree = MemoryTree(
        {
            "kustomization.yaml": "resources: [all.yaml]",
            "apps/Kustomization": "resources: [a.yaml]",
        }
    )
    found = Kustomizations(tree)
    for path, expected in [
        ("apps/a.yaml", "apps/Kustomization"),
        ("apps/deep/er/a.yaml", "apps/Kustomization"),
        ("other/a.yaml", "kustomization.yaml"),
    ]:
        nearest = found.nearest(path)
        assert nearest is not None
        assert nearest.path == expected
    assert tree.reads == 2


def test_no_kustomization_is_near() -> None:
    assert Kustomizations(MemoryTree({"a/kustomization.yaml": "{}"})).nearest("b/c.yaml") is None


def test_a_kustomization_may_be_a_link() -> None:
    tree = MemoryTree({"a/kustomization.yaml": Link("../b.yaml"), "b.yaml": "patches: [{path: p}]"})
    assert Kustomizations(tree).is_patch("a/p")


def test_a_kustomization_that_cannot_be_read_lists_nothing() -> None:
    tree = MemoryTree({"a/kustomization.yaml": Link("../../b.yaml"), "kustomization.yaml": "{{"})
    assert not Kustomizations(tree).is_patch("a/p")


def test_a_patch_directive_is_found_at_any_depth() -> None:
    assert holds_patch_directive({"spec": {"list": [{"x": 1}, {"$patch": "delete"}]}})
    assert not holds_patch_directive({"spec": ["$patch"]})


def test_a_json_patch_is_a_list_of_operations() -> None:
    assert is_json_patch([{"op": "remove", "path": "/spec"}])
    assert not is_json_patch([])
    assert not is_json_patch([{"op": "remove"}])
    assert not is_json_patch({"op": "remove", "path": "/spec"})
