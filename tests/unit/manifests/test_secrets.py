"""Secret values without their content."""

from __future__ import annotations

import base64
import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.manifests.secrets import LAST_APPLIED, redactor, without_sops


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def secret(**content: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, **content}


def test_equal_contents_have_equal_numbers_however_they_are_written() -> None:
    redact = redactor()
    old = redact(secret(data={"a": encoded("x"), "b": encoded("y"), "bad": "p@ss"}))
    new = redact(secret(stringData={"a": "x", "b": "z", "bad": "p@ss"}, data={"c": "eA==\n"}))
    assert old["data"] == {"a": "<secret:1>", "b": "<secret:2>", "bad": "<secret:3>"}
    assert new["data"] == {"c": "<secret:1>"}
    assert new["stringData"] == {"a": "<secret:1>", "b": "<secret:4>", "bad": "<secret:3>"}


def test_each_input_numbers_anew() -> None:
    assert redactor()(secret(data={"a": "eA=="})) == redactor()(secret(data={"a": "eQ=="}))


@pytest.mark.parametrize("value", [5, True, "text", ["x"], {"a": {"b": "x"}}])
def test_values_of_any_shape_are_hidden(value: Any) -> None:
    shown = str(redactor()(secret(data=value, stringData=value)))
    assert "<secret:1>" in shown
    assert str(value) not in shown


def test_absent_values_and_ciphertext_stay() -> None:
    cipher = "ENC[AES256_GCM,data:abc=,iv:x=,tag:y=,type:str]"
    value = secret(data={"a": None, "b": cipher}, stringData=None)
    assert redactor()(value) == value


def test_the_last_applied_configuration_of_a_secret_is_hidden() -> None:
    annotations = {LAST_APPLIED: '{"data": {"a": "eA=="}}', "owner": "team"}
    value = secret(metadata={"name": "s", "annotations": annotations})
    assert redactor()(value)["metadata"] == {
        "name": "s",
        "annotations": {LAST_APPLIED: "<secret:1>", "owner": "team"},
    }
    other = {**value, "kind": "ConfigMap"}
    assert redactor()(other) is other


def test_a_secret_within_something_else_is_hidden() -> None:
    value = {"spec": {"values": {"extra": [secret(stringData={"token": "hidden"})]}}}
    assert "hidden" not in str(redactor()(value))


def test_kustomize_literals_and_patches_of_secrets_are_hidden() -> None:
    value = {
        "secretGenerator": [
            {"name": "s", "literals": ["user=admin", "password='hidden'", "odd", 5]},
            {"name": "f", "files": ["key.pem"]},
            "odd",
        ],
        "configMapGenerator": [{"literals": ["mode=fast"]}],
        "patches": [
            {"patch": "kind: Secret\nstringData: {a: hidden}\n"},
            {"target": {"kind": "Secret"}, "patch": "- {op: add, path: /data/a, value: hidden}"},
            {"patch": '{"kind": "Secret", "data": {"a": "hidden"}}'},
            {"patch": "kind: Deployment\n"},
            {"path": "secret.yaml", "target": {"kind": "Secret"}},
        ],
        "patchesStrategicMerge": ["secret.yaml", "kind: Secret\nstringData: {a: hidden}\n"],
    }
    shown = redactor()(value)
    assert "hidden" not in str(shown)
    assert "admin" not in str(shown)
    assert shown["secretGenerator"][0]["literals"][0] == "user=<secret:1>"
    assert shown["secretGenerator"][1:] == value["secretGenerator"][1:]
    assert shown["configMapGenerator"] is value["configMapGenerator"]
    assert shown["patches"][3:] == value["patches"][3:]
    assert shown["patchesStrategicMerge"][0] == "secret.yaml"


@pytest.mark.parametrize(
    "value",
    [
        {"secretGenerator": [{"literals": ["hidden", {"a": "hidden"}]}]},
        {"secretGenerator": [{"literals": {"a": "hidden"}}, {"literals": "hidden"}]},
        {"secretGenerator": {"name": "s", "literals": ["a=hidden"], "odd": ["hidden"]}},
        {"kind": "SecretGenerator", "literals": ["a=hidden"]},
        {"kind": "SecretList", "items": {"stringData": {"a": "hidden"}}},
        {"kind": "Secrett", "stringData": {"a": "hidden"}},
        secret(x={"a": "hidden"}, y=["hidden"], type={"a": "hidden"}),
        secret(metadata="hidden"),
        {"patch": "kind: &a Secret\nstringData: {a: hidden}\n"},
        {"patch": '"kind": "\\x53ecret"\ndata: {a: hidden}\n'},
        {"target": {"name": "s"}, "patch": "- {op: add, path: /data/a, value: hidden}"},
        {"target": {"name": "s"}, "patch": "data: {a: hidden}\n"},
        {"patch": "kind: Secret\nstringData: {a: hidden\n"},
        {"generators": ["kind: SecretGenerator\nliterals: [a=hidden]\n"]},
    ],
)
def test_values_are_hidden_in_any_place(value: dict[str, Any]) -> None:
    assert "hidden" not in str(redactor()(value))


@pytest.mark.parametrize(
    "value",
    [
        secret(type="Opaque", immutable=True, **{"$patch": "delete"}),
        {"patch": "# kind: Secret\nkind: Deployment\nspec: {image: a}\n"},
        {"patch": "kind: ConfigMap\ndata: {a: b}\n"},
        {"target": {"kind": "ConfigMap"}, "patch": "- {op: add, path: /data/a, value: b}"},
        {"target": {"name": "s"}, "patch": "- {op: add, path: /spec/data, value: b}"},
        {"generators": ["kind: ConfigMapGenerator\nliterals: [a=Secret]\n", "dir"]},
    ],
)
def test_what_is_not_secret_is_shown(value: dict[str, Any]) -> None:
    assert redactor()(value) == value


def test_a_literal_equals_the_secret_it_makes() -> None:
    redact = redactor()
    made = redact({"secretGenerator": [{"literals": ["a=x"]}]})
    assert made["secretGenerator"] == [{"literals": ["a=<secret:1>"]}]
    assert redact(secret(data={"a": encoded("x")}))["data"] == {"a": "<secret:1>"}


@pytest.mark.parametrize(
    "value",
    [
        secret(),
        secret(metadata=None, data=None),
        secret(metadata={"annotations": None}),
        {"secretGenerator": None, "patches": None, "patchesStrategicMerge": None},
        {"kind": "Deployment", "spec": {"data": {"a": "eA=="}}},
        ["x", 1, None],
    ],
)
def test_what_holds_no_secret_comes_back_as_it_is(value: Any) -> None:
    assert redactor()(value) == value


@given(st.dictionaries(st.text(max_size=5), st.text(min_size=1)))
def test_nothing_that_was_given_is_changed(content: dict[str, str]) -> None:
    value = [{"items": [secret(stringData=content)]}]
    before = copy.deepcopy(value)
    redacted = redactor()(value)
    assert value == before
    assert len(set(redacted[0]["items"][0]["stringData"].values())) == len(set(content.values()))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": 1, "sops": {"mac": "x"}}, {"a": 1}),
        ({"a": 1, "sops": {"lastmodified": "x"}}, {"a": 1}),
        ({"a": 1, "sops": {"enabled": True}}, {"a": 1, "sops": {"enabled": True}}),
        ({"a": 1, "sops": "x"}, {"a": 1, "sops": "x"}),
        (["sops"], ["sops"]),
    ],
)
def test_only_a_block_of_sops_itself_is_left_out(value: Any, expected: Any) -> None:
    assert without_sops(value) == expected
