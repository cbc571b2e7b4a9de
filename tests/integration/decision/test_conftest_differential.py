"""The real conftest and gate find the same in the same manifests by the same policies."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import gate
from tests.support.conftests import by_conftest, by_gate, run_conftest, same, write
from tests.support.tools import need

DEPLOYMENTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, labels: {team: shop}}
spec:
  replicas: 1
  template:
    spec:
      containers:
      - {name: app, image: "cart:latest"}
      - {name: side, image: "registry.example/side:1"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: legacy}
spec:
  replicas: 3
  template:
    spec:
      securityContext: {runAsNonRoot: true}
      containers:
      - {name: app, image: "registry.example/legacy:2", resources: {limits: {memory: 1Gi}}}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: cart}
spec:
  type: LoadBalancer
  ports:
  - {name: http, port: 80, targetPort: 8080}
  - {name: ssh, port: 22}
"""
CONFIG = (
    '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "1"}}\n'
)
MANIFESTS = {
    "m/deployments.yaml": DEPLOYMENTS,
    "m/below/service.yml": SERVICE,
    "m/config.json": CONFIG,
}
LIBRARY = """\
package lib.kubernetes

is_deployment if input.kind == "Deployment"

containers contains container if some container in input.spec.template.spec.containers
"""
PLAIN = """\
package main

import data.lib.kubernetes

name := input.metadata.name

deny contains msg if {
	kubernetes.is_deployment
	not input.spec.template.spec.securityContext.runAsNonRoot
	msg := sprintf("%s runs as root", [name])
}

deny contains {"msg": msg, "details": {"container": container.name}} if {
	some container in kubernetes.containers
	not container.resources
	msg := sprintf("%s/%s has no limits", [name, container.name])
}

violation contains {"msg": "no team", "severity": 3, "_loc": {"file": "x.yaml", "line": 3}} if {
	not input.metadata.labels.team
}

warn contains "one replica is not many" if input.spec.replicas == 1

deny_latest contains msg if {
	some container in kubernetes.containers
	endswith(container.image, ":latest")
	msg := concat(" ", [container.name, "has no fixed tag"])
}

violation_ports := [sprintf("port %d of %s", [port.port, name]) |
	input.kind == "Service"
	some port in input.spec.ports
	port.port < 100
]

warn_config := {"a config"} if input.kind == "ConfigMap"

denydeny contains "this name is none" if true

deny_ contains "nor is this one" if true
"""
V0 = """\
package main

import data.lib.kubernetes

name = input.metadata.name

deny[msg] {
	kubernetes.is_deployment
	not input.spec.template.spec.securityContext.runAsNonRoot
	msg = sprintf("%s runs as root", [name])
}

deny[{"msg": msg, "details": {"container": container.name}}] {
	container := kubernetes.containers[_]
	not container.resources
	msg := sprintf("%s/%s has no limits", [name, container.name])
}

violation[{"msg": "no team"}] {
	not input.metadata.labels.team
}

warn_replicas[msg] {
	input.spec.replicas == 1
	msg := "one replica is not many"
}

warn_default = ["always"] { true } else = [] { true }
"""
V0_LIBRARY = """\
package lib.kubernetes

is_deployment {
	input.kind == "Deployment"
}

containers[container] {
	container := input.spec.template.spec.containers[_]
}
"""
EXCEPTIONS = """\
package main

deny contains "plain" if input.kind == "Deployment"

violation contains {"msg": "plain too"} if input.kind

warn contains "and this" if true

deny_root contains msg if {
	not input.spec.template.spec.securityContext.runAsNonRoot
	msg := "root"
}

violation_root contains {"msg": "root again"} if true

warn_root contains "root, softly" if true

violation_deny_other contains {"msg": "the name is other"} if true

exception contains rules if {
	input.metadata.name == "legacy"
	rules := ["", "nothing"]
}

exception contains {"root", "unknown"} if input.kind == "Service"

exception contains ["other"] if input.kind == "ConfigMap"

exception contains "no list" if true
"""
NAMESPACES = {
    "policy/main.rego": PLAIN,
    "policy/lib/kubernetes.rego": LIBRARY,
    "policy/security/deny.rego": (
        "package kubernetes.security\n\n"
        'deny contains "public" if input.spec.type == "LoadBalancer"\n'
    ),
    "policy/security/warn.rego": (
        'package kubernetes.security\n\nwarn contains "secure it" if input.kind == "Service"\n'
    ),
    "policy/team.rego": 'package team\n\nviolation contains {"msg": "ask"} if input.kind\n',
    "policy/main_test.rego": (
        "package main_test\n\nimport data.main\n\n"
        "test_a if count(main.deny) == 0 with input as {}\n"
    ),
}
FILE = """\
package main

deny contains msg if {
	not input.metadata.labels.team
	msg := sprintf("%s is no place for %s", [data.conftest.file.name, input.metadata.name])
}

warn contains "in a folder" if endswith(data.conftest.file.dir, "/m/below")
"""
DATA = """\
package main

import data.services

deny contains msg if {
	some port in input.spec.ports
	port.port in services.closed
	msg := sprintf("%s: %d is closed for %s", [input.metadata.name, port.port, services.team.name])
}

deny_owned contains msg if {
	some owner in data.owners.list
	owner == input.metadata.labels.team
	msg := sprintf("%s says no", [owner])
}

warn contains data.words.greeting if input.kind == "Service"
"""
DATA_FILES = {
    "data/services.yaml": "services:\n  closed: [22, 23]\n",
    "data/more.yml": "services: {team: {name: sea}}\n",
    "data/owners/names.json": '{"list": ["shop", "pay"]}',
    "data/notes.txt": "no data",
    "words/en.json": '{"words": {"greeting": "hello"}}',
}
COMBINED = """\
package main

violation contains {"msg": msg} if {
	some one in input
	one.contents.kind == "Deployment"
	not _served(one.contents.metadata.name)
	msg := sprintf("%s has no service (%s)", [one.contents.metadata.name, one.path])
}

_served(name) if {
	some one in input
	one.contents.kind == "Service"
	one.contents.metadata.name == name
}

warn contains sprintf("%d objects, first %s", [count(input), input[0].path]) if true

deny_many contains "many" if count(input) > 2

exception contains ["many"] if input[_].contents.kind == "Service"
"""


def test_rules_of_every_name_and_shape_of_result(tmp_path: Path) -> None:
    files = {"policy/main.rego": PLAIN, "policy/lib.rego": LIBRARY}
    same(write(tmp_path, {**MANIFESTS, **files}), "-p", "policy")


def test_rego_of_before_opa_1(tmp_path: Path) -> None:
    files = {"policy/main.rego": V0, "policy/lib.rego": V0_LIBRARY}
    same(write(tmp_path, {**MANIFESTS, **files}), "-p", "policy", v0=True)


def test_old_and_new_rego_in_one_folder_find_what_each_finds_alone(tmp_path: Path) -> None:
    write(tmp_path, {**MANIFESTS, "policy/main.rego": V0, "policy/lib.rego": LIBRARY})
    mixed = by_gate(tmp_path, "m", "-p", "policy")
    write(tmp_path, {"policy/lib.rego": V0_LIBRARY})
    assert mixed.found == by_conftest(tmp_path, "m", "-p", "policy", v0=True).found


def test_exceptions(tmp_path: Path) -> None:
    ours = same(write(tmp_path, {**MANIFESTS, "policy/main.rego": EXCEPTIONS}), "-p", "policy")
    assert ours.excepted == 7


@pytest.mark.parametrize(
    "options",
    [
        ["--namespace", "kubernetes.security"],
        ["--namespace", "main", "--namespace", "team"],
        ["--namespace", "k*"],
        ["--namespace", "?[^x]*n", "--namespace", "team"],
        ["--all-namespaces"],
    ],
)
def test_namespaces(tmp_path: Path, options: list[str]) -> None:
    same(write(tmp_path, {**MANIFESTS, **NAMESPACES}), "-p", "policy", *options)


def test_several_folders_are_one(tmp_path: Path) -> None:
    files = {"policy/main.rego": PLAIN, "lib/lib.rego": LIBRARY, "more/more.rego": EXCEPTIONS}
    same(write(tmp_path, {**MANIFESTS, **files}), "-p", "policy", "-p", "lib", "-p", "more")


def test_data_files(tmp_path: Path) -> None:
    root = write(tmp_path, {**MANIFESTS, **DATA_FILES, "policy/main.rego": DATA})
    same(root, "-p", "policy", "--data", "data", "--data", "words")


def test_a_data_file_by_its_name(tmp_path: Path) -> None:
    root = write(tmp_path, {**MANIFESTS, **DATA_FILES, "policy/main.rego": DATA})
    same(root, "-p", "policy", "--data", "data/services.yaml", "--data", "data/more.yml")


def test_combined(tmp_path: Path) -> None:
    same(write(tmp_path, {**MANIFESTS, "policy/main.rego": COMBINED}), "-p", "policy", "--combine")


def test_the_name_of_the_file(tmp_path: Path) -> None:
    same(write(tmp_path, {**MANIFESTS, "policy/main.rego": FILE}), "-p", "policy")


def test_the_same_on_every_engine(tmp_path: Path) -> None:
    need("opa")
    files = {"policy/main.rego": PLAIN, "policy/lib.rego": V0_LIBRARY, "policy/x.rego": EXCEPTIONS}
    write(tmp_path, {**MANIFESTS, **files})
    embedded, opa = (
        by_gate(tmp_path, "m", "-p", "policy", "--engine", engine) for engine in ("embedded", "opa")
    )
    assert embedded == opa
    assert embedded.found


@pytest.mark.parametrize(
    "rule",
    [
        'deny contains {"message": "no msg"} if true',
        'deny contains {"msg": 3} if true',
    ],
)
def test_an_object_without_msg_is_an_error_to_both(tmp_path: Path, rule: str) -> None:
    write(tmp_path, {**MANIFESTS, "policy/main.rego": f"package main\n\n{rule}\n"})
    theirs = run_conftest(tmp_path, "m", "-p", "policy")
    assert "field must be present" in theirs.stderr
    ours = gate("check", "m", "--conftest", "policy", "-o", "json", cwd=tmp_path)
    assert ours.code == 2
    (rule_,) = ours.json["rules"]
    assert rule_["outcome"] == "error"
    assert "without a text `msg`" in rule_["reason"]


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("deny if true", "data.main.deny is of the type boolean"),
        ('deny := "text"', "data.main.deny is of the type string"),
        ('deny := {"msg": "x"}', "data.main.deny is of the type object"),
        ("deny contains 3 if true", "a value of the type number without"),
        ('deny contains ["x"] if true', "a value of the type array without"),
        ('deny contains "" if true', "`message` must be text"),
    ],
)
def test_what_conftest_drops_in_silence_is_an_error(tmp_path: Path, rule: str, reason: str) -> None:
    write(tmp_path, {**MANIFESTS, "policy/main.rego": f"package main\n\n{rule}\n"})
    assert by_conftest(tmp_path, "m", "-p", "policy").found == set()
    ours = gate("check", "m", "--conftest", "policy", "-o", "json", cwd=tmp_path)
    assert ours.code == 2
    assert reason in ours.json["rules"][0]["reason"]
