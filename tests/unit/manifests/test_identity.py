"""Identities and ids."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.manifests.identity import FILE_IDENTITY, Identity, Item, Place, assign_ids, identify
from gate.manifests.reading import Document


def document(value: Any, path: str = "a.yaml", *, is_object: bool = True) -> Document:
    return Document(path, 0, (), value, is_object)


def item(path: str, name: str | None = "web", order: int = 0) -> Item:
    identity = Identity("apps", "v1", "Deployment", None, name)
    return Item(identity, path, order, None, Place(path, b"", 0))


def file(path: str, order: int = 0) -> Item:
    return Item(FILE_IDENTITY, path, order, None, Place(path, b"", 0))


def plain_id(value: Any, path: str = "a.yaml", *, is_object: bool = True) -> str:
    found = identify(document(value, path, is_object=is_object))
    return Item(found, path, 0, value, Place(path, b"", 0)).plain_id


@pytest.mark.parametrize(
    ("api_version", "metadata", "expected"),
    [
        ("apps/v1", {"name": "web", "namespace": "shop"}, "apps/X/shop/web"),
        ("v1", {"name": "web"}, "core/X/_/web"),
        ("batch/v1", {"generateName": "migrate-"}, "batch/X/_/migrate-*"),
        ("batch/v1", {"generateName": "migrate-", "name": "now"}, "batch/X/_/now"),
        ("v1", None, "core/X/_/_"),
        ("v1", "text", "core/X/_/_"),
        ("v1", {"name": "", "namespace": ""}, "core/X/_/_"),
        ("v1", {"name": 1, "namespace": True}, "core/X/true/1"),
        ("v1", {"name": ["x"]}, "core/X/_/_"),
    ],
)
def test_the_id_of_an_object(api_version: str, metadata: Any, expected: str) -> None:
    value = {"apiVersion": api_version, "kind": "X", "metadata": metadata}
    assert plain_id(value) == expected


def test_a_file_that_is_no_object_is_named_by_its_path() -> None:
    assert plain_id({"replicaCount": 1}, "chart/values.yaml", is_object=False) == (
        "file/File/_/chart/values.yaml"
    )


def test_a_kustomization_needs_no_header() -> None:
    path = "apps/kustomization.yml"
    assert plain_id({"resources": []}, path, is_object=False) == (
        "kustomize.config.k8s.io/Kustomization/_/_"
    )
    assert plain_id({"kind": "Component"}, path, is_object=False) == (
        "kustomize.config.k8s.io/Component/_/_"
    )


def test_a_list_in_a_kustomization_file_is_no_kustomization() -> None:
    assert identify(document(["x"], "kustomization.yaml", is_object=False)) == FILE_IDENTITY


def test_an_id_that_stands_alone_has_no_suffix() -> None:
    assert assign_ids([item("a.yaml"), item("b.yaml", "db")]) == [
        "apps/Deployment/_/web",
        "apps/Deployment/_/db",
    ]


def test_shared_ids_name_their_files() -> None:
    assert assign_ids([item("base.yaml"), item("release.yaml")]) == [
        "apps/Deployment/_/web@base.yaml",
        "apps/Deployment/_/web@release.yaml",
    ]


def test_twins_in_one_file_are_counted_in_document_order() -> None:
    items = [item("a.yaml", order=5), item("a.yaml", order=2), item("b.yaml")]
    assert assign_ids(items) == [
        "apps/Deployment/_/web@a.yaml#2",
        "apps/Deployment/_/web@a.yaml#1",
        "apps/Deployment/_/web@b.yaml",
    ]


def test_the_documents_of_a_file_are_counted() -> None:
    assert assign_ids([file("v.yaml", 0), file("v.yaml", 1)]) == [
        "file/File/_/v.yaml#1",
        "file/File/_/v.yaml#2",
    ]


def test_ids_keep_clear_of_those_that_are_taken() -> None:
    assert assign_ids([item("a.yaml")], {"apps/Deployment/_/web"}) == [
        "apps/Deployment/_/web@a.yaml"
    ]


NAMES = st.sampled_from(["web", "web@a", "web@a#1", None])
PATHS = st.sampled_from(["a", "a#1", "a#2", "b@a"])


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.builds(item, PATHS, NAMES) | st.builds(file, PATHS), max_size=8),
    st.lists(st.builds(item, PATHS, NAMES), max_size=4),
)
def test_no_two_ids_are_equal(items: list[Item], others: list[Item]) -> None:
    ids = assign_ids(items)
    more = assign_ids(others, {*ids, *(one.plain_id for one in items)})
    assert len({*ids, *more}) == len(items) + len(others)
