"""The fields that differ."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.manifests.differences import differences, same
from gate.model.manifest import FieldChange


def pod(*containers: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"containers": list(containers)}}


def test_equal_objects_have_no_differences() -> None:
    assert differences({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}) == ()


def test_a_value_is_replaced_at_its_path() -> None:
    old = pod({"name": "app", "image": "shop/app:1"})
    new = pod({"name": "app", "image": "shop/app:2"})
    path = ("spec", "containers", 0, "image")
    assert differences(old, new) == (FieldChange(path, "replace", "shop/app:1", "shop/app:2"),)


def test_what_appears_and_what_disappears_is_named_whole() -> None:
    assert differences({"gone": {"x": 1}}, {"here": {"y": 2}}) == (
        FieldChange(("here",), "add", None, {"y": 2}),
        FieldChange(("gone",), "remove", {"x": 1}, None),
    )


def test_a_null_is_not_an_absent_value() -> None:
    assert differences({}, {"a": None}) == (FieldChange(("a",), "add", None, None),)


def test_true_is_not_one() -> None:
    assert differences({"a": 1}, {"a": True}) == (FieldChange(("a",), "replace", 1, True),)
    assert differences({"a": [0]}, {"a": [False]}) == (FieldChange(("a", 0), "replace", 0, False),)


def test_containers_are_matched_by_name_and_keep_the_new_index() -> None:
    old = pod({"name": "app", "image": "a:1"}, {"name": "proxy", "image": "p:1"})
    new = pod({"name": "proxy", "image": "p:2"}, {"name": "app", "image": "a:1"})
    path = ("spec", "containers", 0, "image")
    assert differences(old, new) == (FieldChange(path, "replace", "p:1", "p:2"),)


def test_a_removed_container_keeps_its_old_index() -> None:
    old = pod({"name": "app"}, {"name": "proxy"}, {"name": "log"})
    new = pod({"name": "log"}, {"name": "app"})
    assert differences(old, new) == (
        FieldChange(("spec", "containers", 1), "remove", {"name": "proxy"}, None),
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            [{"containerPort": 80}, {"containerPort": 81}],
            [{"containerPort": 81}, {"containerPort": 80}],
        ),
        ([{"mountPath": "/a"}, {"mountPath": "/b"}], [{"mountPath": "/b"}, {"mountPath": "/a"}]),
        ([{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}], [{"ip": "10.0.0.2"}, {"ip": "10.0.0.1"}]),
        ([{"alert": "A"}, {"alert": "B"}], [{"alert": "B"}, {"alert": "A"}]),
    ],
)
def test_elements_with_a_merge_key_may_move(old: list[Any], new: list[Any]) -> None:
    assert differences({"list": old}, {"list": new}) == ()


def test_a_merge_key_that_stands_twice_names_nothing() -> None:
    old = [{"name": "a", "v": 1}, {"name": "a", "v": 2}]
    new = [{"name": "a", "v": 1}, {"name": "a", "v": 3}]
    assert differences(old, new) == (FieldChange((1, "v"), "replace", 2, 3),)


def test_the_number_80_and_the_text_80_are_two_names() -> None:
    assert len(differences([{"port": 80}], [{"port": "80"}])) == 2


def test_a_line_dropped_from_a_list_is_one_removal() -> None:
    old = {"resources": ["a.yaml", "b.yaml", "c.yaml"]}
    new = {"resources": ["a.yaml", "c.yaml"]}
    assert differences(old, new) == (FieldChange(("resources", 1), "remove", "b.yaml", None),)


def test_a_line_put_into_a_list_is_one_addition() -> None:
    steps = [{"setWeight": 20}, {"pause": {}}, {"setWeight": 60}]
    longer = [steps[0], {"analysis": {}}, *steps[1:]]
    assert differences(steps, longer) == (FieldChange((1,), "add", None, {"analysis": {}}),)


def test_another_type_replaces_the_whole_value() -> None:
    assert differences({"a": [1]}, {"a": {"b": 1}}) == (
        FieldChange(("a",), "replace", [1], {"b": 1}),
    )


def test_lists_within_lists_cost_no_more_than_their_size() -> None:
    def nested(leaf: int) -> Any:
        value: Any = leaf
        for _ in range(150):
            value = [value, 0]
        return value

    (change,) = differences(nested(1), nested(2))
    assert change.path == (0,) * 150


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "b", "1"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["name", "port", "x", "y"]), inner, max_size=4)
    ),
    max_leaves=12,
)


def lookup(value: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


@settings(deadline=None, max_examples=300)
@given(JSON, JSON)
def test_each_change_names_values_that_stand_in_the_objects(old: Any, new: Any) -> None:
    for change in differences(old, new):
        if change.op != "remove":
            assert same(lookup(new, change.path), change.new)
        else:
            assert same(lookup(old, change.path), change.old)


@settings(deadline=None, max_examples=300)
@given(JSON)
def test_an_object_does_not_differ_from_itself(value: Any) -> None:
    assert differences(value, value) == ()


def without_order(value: Any) -> Any:
    """The value with lists that a merge key orders sorted, as Kubernetes takes them."""
    if isinstance(value, dict):
        return {key: without_order(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return sorted((without_order(inner) for inner in value), key=repr)
    return value


@settings(deadline=None, max_examples=300)
@given(JSON, JSON)
def test_no_difference_means_equal_but_for_the_order_of_named_elements(old: Any, new: Any) -> None:
    if not differences(old, new):
        assert same(without_order(old), without_order(new))
