"""Which old object became which new one: the rules by their numbers, and random trees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.manifests.identity import FILE_IDENTITY, Identity, Item, Place
from gate.manifests.pairing import Pair, pair

NO_RENAMES: Mapping[str, str] = {}


def item(  # one object of one side
    path: str,
    name: str | None = "web",
    value: Any = 1,
    *,
    kind: str = "Deployment",
    group: str = "apps",
    namespace: str | None = None,
    order: int = 0,
) -> Item:
    identity = Identity(group, "v1", kind, namespace, name)
    return Item(identity, path, order, value, Place(path, b"", 0))


def file(path: str, value: Any = 1, order: int = 0) -> Item:
    return Item(FILE_IDENTITY, path, order, value, Place(path, b"", 0))


def test_1_the_same_file_wins_over_equal_content_elsewhere() -> None:
    base, overlay = item("base.yaml", value=1), item("overlay.yaml", value=2)
    new_base, new_overlay = item("base.yaml", value=2), item("overlay.yaml", value=1)
    found = pair([base, overlay], [new_overlay, new_base], NO_RENAMES)
    assert found == [Pair(overlay, new_overlay), Pair(base, new_base)]


def test_1_twins_in_one_file_are_paired_in_document_order() -> None:
    first, second = item("a.yaml", value=1), item("a.yaml", value=2, order=1)
    changed, same = item("a.yaml", value=9), item("a.yaml", value=2, order=1)
    assert pair([first, second], [changed, same], NO_RENAMES) == [
        Pair(first, changed),
        Pair(second, same),
    ]


def test_1_of_unlike_many_copies_the_last_ones_are_paired() -> None:
    one, two = item("a.yaml", value=1), item("a.yaml", value=2, order=1)
    assert pair([one], [one, two], NO_RENAMES) == [Pair(None, one), Pair(one, two)]
    assert pair([one, two], [one], NO_RENAMES) == [Pair(two, one), Pair(one, None)]


def test_1_objects_that_get_a_name_from_the_cluster_are_paired_in_their_order() -> None:
    one, two = item("a.yaml", "job-*", value=1), item("a.yaml", "job-*", value=2, order=1)
    assert pair([one], [one, two], NO_RENAMES) == [Pair(one, one), Pair(None, two)]


def test_2_a_renamed_file_takes_its_objects_along() -> None:
    old, other = item("a.yaml", value=1), item("b.yaml", value=1)
    moved, copy = item("c.yaml", value=2), item("d.yaml", value=1)
    found = pair([old, other], [moved, copy], {"a.yaml": "c.yaml"})
    assert found == [Pair(old, moved), Pair(other, copy)]


def test_2_a_renamed_file_that_holds_no_objects_is_the_same_file() -> None:
    old, new = file("values.yaml", 1), file("chart/values.yaml", 2)
    assert pair([old], [new], {"values.yaml": "chart/values.yaml"}) == [Pair(old, new)]


def test_3_equal_content_in_another_file_is_a_move() -> None:
    old, other = item("a.yaml", value=1), item("b.yaml", value=2)
    moved, fresh = item("c.yaml", value=2), item("d.yaml", value=3)
    found = pair([old, other], [moved, fresh], NO_RENAMES)
    assert Pair(other, moved) in found


def test_3_as_many_copies_before_as_after_is_a_move_of_all() -> None:
    old = [item(f"old/{number}.yaml") for number in range(4)]
    new = [item(f"new/{number}.yaml") for number in range(4)]
    found = pair(old, new, NO_RENAMES)
    assert all(one.old and one.new for one in found)


def test_3_fewer_copies_than_before_are_not_guessed_at() -> None:
    found = pair([item("a.yaml"), item("b.yaml")], [item("c.yaml")], NO_RENAMES)
    assert all(one.old is None or one.new is None for one in found)
    assert len(found) == 3


def test_4_one_of_an_identity_left_on_each_side_is_the_same() -> None:
    old, new = item("a.yaml", value=1), item("b.yaml", value=2)
    assert pair([old], [new], NO_RENAMES) == [Pair(old, new)]


def test_4_two_of_an_identity_left_are_not_guessed_at() -> None:
    old = [item("a.yaml", value=1), item("b.yaml", value=2)]
    assert len(pair(old, [item("c.yaml", value=3)], NO_RENAMES)) == 3


def test_4_objects_without_a_name_are_nothing_but_their_file() -> None:
    old = item("a/kustomization.yaml", None, 1, kind="Kustomization")
    new = item("b/kustomization.yaml", None, 2, kind="Kustomization")
    assert pair([old], [new], NO_RENAMES) == [Pair(None, new), Pair(old, None)]


def test_5_a_namespace_that_appears_in_the_file_is_an_edit() -> None:
    old, new = item("a.yaml", value=1), item("a.yaml", value=2, namespace="shop")
    assert pair([old], [new], NO_RENAMES) == [Pair(old, new)]
    assert pair([new], [old], NO_RENAMES) == [Pair(new, old)]


def test_5_a_group_that_appears_in_the_file_is_an_edit() -> None:
    old, new = item("a.yaml", group="core"), item("a.yaml", group="apps")
    assert pair([old], [new], NO_RENAMES) == [Pair(old, new)]


def test_5_another_namespace_is_another_object() -> None:
    old, new = item("a.yaml", namespace="shop"), item("a.yaml", namespace="bank")
    assert pair([old], [new], NO_RENAMES) == [Pair(None, new), Pair(old, None)]


def test_5_a_namespace_that_appears_in_another_file_is_another_object() -> None:
    old, new = item("a.yaml"), item("b.yaml", namespace="shop")
    assert pair([old], [new], NO_RENAMES) == [Pair(None, new), Pair(old, None)]


def test_the_documents_of_a_file_without_objects_may_change_places() -> None:
    old = [file("v.yaml", 1), file("v.yaml", 2, 1)]
    new = [file("v.yaml", 2), file("v.yaml", 1, 1)]
    assert pair(old, new, NO_RENAMES) == [Pair(old[1], new[0]), Pair(old[0], new[1])]


def test_two_values_files_with_unlike_content_are_not_one() -> None:
    old, new = file("a/values.yaml", 1), file("b/values.yaml", 2)
    assert pair([old], [new], NO_RENAMES) == [Pair(None, new), Pair(old, None)]


PATHS = ["base/app.yaml", "overlays/dev/app.yaml", "overlays/prod/app.yaml", "release/all.yaml"]

ITEMS = st.lists(
    st.builds(
        item,
        path=st.sampled_from(PATHS),
        name=st.sampled_from(["web", "db", None]),
        value=st.integers(0, 2),
        namespace=st.sampled_from([None, "shop"]),
    )
    | st.builds(file, path=st.sampled_from(PATHS), value=st.integers(0, 2)),
    max_size=10,
)
RENAMES = st.dictionaries(
    st.sampled_from(PATHS), st.sampled_from(["new/a.yaml", "new/b.yaml"]), max_size=2
)


@settings(deadline=None, max_examples=400)
@given(ITEMS, ITEMS, RENAMES)
def test_each_object_stands_in_exactly_one_pair(
    old: list[Item], new: list[Item], renames: dict[str, str]
) -> None:
    found = pair(old, new, renames)
    assert [id(one.new) for one in found if one.new] == [id(item) for item in new]
    assert sorted(id(one.old) for one in found if one.old) == sorted(map(id, old))


@settings(deadline=None, max_examples=300)
@given(ITEMS)
def test_equal_sides_pair_each_object_with_itself(items: list[Item]) -> None:
    found = pair(items, items, NO_RENAMES)
    assert all(one.old and one.new and one.old.equals(one.new) for one in found)


@settings(deadline=None, max_examples=300)
@given(ITEMS, st.randoms(use_true_random=False))
def test_objects_that_move_to_new_files_stay_equal(items: list[Item], random: Any) -> None:
    moved = [
        item(f"{number}/x.yaml", one.identity.name, one.value, namespace=one.identity.namespace)
        for number, one in enumerate(items)
        if not one.is_file
    ]
    random.shuffle(moved)
    found = pair([one for one in items if not one.is_file], moved, NO_RENAMES)
    assert all(one.old and one.new and one.old.equals(one.new) for one in found)
