"""From trees to resources: each sentence of design.md's "Manifests" on a small change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from gate.errors import UsageError
from gate.manifests.read import read
from gate.model.change import Change, Entry, FileChange, Unread
from gate.model.config import Config, ManifestConfig, ServiceConfig
from gate.model.manifest import Location, Manifests, Resource
from gate.model.places import saved_places
from tests.support.trees import Content, Link, MemoryTree, Submodule, change_between

Files = Mapping[str, Content]


def deployment(name: str = "web", image: str = "shop/web:1", **metadata: Any) -> str:
    lines = "".join(f"  {key}: {value}\n" for key, value in metadata.items())
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
{lines}spec:
  template:
    spec:
      containers:
      - name: app
        image: {image}
"""


def judge(
    old: Files,
    new: Files,
    config: Config | None = None,
    *,
    renames: Mapping[str, str] | None = None,
    **asked: Any,
) -> Manifests:
    before, after = MemoryTree(old), MemoryTree(new)
    change = change_between(before, after, renames=renames)
    return read(change, before, after, config or Config(), **asked)


def only(manifests: Manifests) -> Resource:
    (resource,) = manifests.resources
    return resource


def ids(manifests: Manifests) -> list[str]:
    return [resource.id for resource in manifests.resources]


def listed(manifests: Manifests) -> list[tuple[str, str]]:
    return [(problem.path, problem.kind) for problem in manifests.problems]


# -- what is in the input


def test_an_edited_field_is_one_change_with_its_place() -> None:
    found = judge({"a.yaml": deployment()}, {"a.yaml": deployment(image="shop/web:2")})
    resource = only(found)
    path = ("spec", "template", "spec", "containers", 0, "image")
    assert (resource.id, resource.status) == ("apps/Deployment/_/web", "modified")
    assert [(change.path, change.op, change.new) for change in resource.changes] == [
        (path, "replace", "shop/web:2")
    ]
    assert found.locate(resource.id, path) == Location("a.yaml", 10, 9)
    assert found.locate(resource.id, (*path[:-1], "absent")) == Location("a.yaml", 9, 9)
    assert found.locate("core/Pod/_/none", ()) is None


def test_an_object_that_is_equal_after_parsing_is_not_in_the_input() -> None:
    old = {"a.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {hostPID: yes}\n"}
    new = {"a.yaml": "# a comment\n" + old["a.yaml"].replace("yes", "true")}
    found = judge(old, new)
    assert found.resources == []
    assert found.targets == []


def test_equal_trees_give_nothing() -> None:
    files = {"a.yaml": deployment(), "b.yaml": "{{ not yaml"}
    found = judge(files, files)
    assert (found.resources, found.problems, found.unchanged) == ([], [], [])


def test_documents_may_change_places() -> None:
    one, two = deployment("one"), deployment("two")
    assert judge({"a.yaml": f"{one}---\n{two}"}, {"a.yaml": f"{two}---\n{one}"}).resources == []


def test_a_pure_move_is_nothing_with_git_s_rename_or_without() -> None:
    old, new = {"a.yaml": deployment()}, {"b/c.yaml": deployment()}
    assert judge(old, new).resources == []
    assert judge(old, new, renames={"a.yaml": "b/c.yaml"}).resources == []


def test_an_object_that_moves_and_changes_knows_both_paths() -> None:
    found = only(judge({"a.yaml": deployment()}, {"b.yaml": deployment(image="x:2")}))
    assert (found.path, found.old_path, found.status) == ("b.yaml", "a.yaml", "modified")


def test_what_moves_to_another_environment_arrives_there() -> None:
    config = Config(environments={"staging": ("staging/**",), "production": ("prod/**",)})
    old, new = {"staging/a.yaml": deployment()}, {"prod/a.yaml": deployment()}
    found = judge(old, new, config, renames={"staging/a.yaml": "prod/a.yaml"})
    assert sides_of(found) == [
        ("prod/a.yaml", "added", ("production",)),
        ("staging/a.yaml", "deleted", ("staging",)),
    ]
    assert [target.environment for target in found.targets] == ["staging", "production"]


PLACES = Config(environments={"staging": ("staging/**",), "production": ("prod/**",)})


def sides_of(found: Manifests) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(one.path, one.status, tuple(one.environments)) for one in found.resources]


def test_what_moves_into_a_base_is_compared_where_it_was_and_new_elsewhere() -> None:
    listed = "resources: [a.yaml]\n"
    old = {"prod/a.yaml": deployment(), "base/kustomization.yaml": listed}
    new = {"base/a.yaml": deployment(image="x:2"), "base/kustomization.yaml": listed}
    found = judge(old, new, PLACES)
    assert sides_of(found) == [
        ("base/a.yaml", "added", ("staging",)),
        ("base/a.yaml", "modified", ("production",)),
    ]
    assert len(set(ids(found))) == 2
    new["base/a.yaml"] = deployment()
    assert sides_of(judge(old, new, PLACES)) == [("base/a.yaml", "added", ("staging",))]


def test_what_moves_out_of_a_base_leaves_the_other_environments() -> None:
    new = {"prod/a.yaml": deployment(image="x:2")}
    assert sides_of(judge({"base/a.yaml": deployment()}, new, PLACES)) == [
        ("base/a.yaml", "deleted", ("staging",)),
        ("prod/a.yaml", "modified", ("production",)),
    ]


def test_what_moves_where_nothing_reads_it_may_be_gone() -> None:
    old = {"prod/a.yaml": deployment()}
    for place in ("archive/a.yaml", "prod/a.txt"):
        found = judge(old, {place: deployment(image="x:2")}, PLACES)
        assert ("prod/a.yaml", "deleted", ("production",)) in sides_of(found)
        assert (place, "modified", ("production",)) in sides_of(found)


def test_a_kustomization_of_the_environment_that_lists_the_new_place_keeps_it() -> None:
    old = {"prod/a.yaml": deployment(), "prod/kustomization.yaml": "resources: [a.yaml]\n"}
    listed = "resources: [../shared/a.yaml]\n"
    new = {"shared/a.yaml": deployment(), "prod/kustomization.yaml": listed}
    statuses = [one.status for one in judge(old, new, PLACES).resources]
    assert "deleted" not in statuses
    del new["prod/kustomization.yaml"]
    new["staging/kustomization.yaml"] = listed
    assert "deleted" in [one.status for one in judge(old, new, PLACES).resources]


def test_of_copies_in_a_file_the_last_one_is_compared_and_the_other_is_named() -> None:
    old, new = deployment(), f"{deployment()}---\n{deployment(image='x:2')}"
    found = judge({"a.yaml": old}, {"a.yaml": new})
    assert sorted((one.status, one.new["spec"] == one.old) for one in found.resources) == [
        ("added", False),
        ("modified", False),
    ]
    (modified,) = (one for one in found.resources if one.status == "modified")
    assert [change.new for change in modified.changes] == ["x:2"]
    assert [problem.message for problem in found.problems] == [
        "apps/Deployment/_/web stands twice: what is applied last wins"
    ]
    back = judge({"a.yaml": new}, {"a.yaml": old})
    assert [one.status for one in back.resources] == ["modified"]


@pytest.mark.parametrize(
    ("new", "named"),
    [
        ({"deploy/zz.yaml": "CONFIG"}, ["deploy/zz.yaml"]),
        ({"deploy/more/zz.yaml": "CONFIG"}, ["deploy/more/zz.yaml"]),
        ({"elsewhere/zz.yaml": "CONFIG"}, []),
    ],
)
def test_what_comes_where_it_stands_already_is_named(new: dict[str, str], named: list[str]) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: %s}\n"
    old = {
        "deploy/a.yaml": text % 1,
        "deploy/kustomization.yaml": "resources: [a.yaml, more/zz.yaml]\n",
    }
    found = judge(old, {**old, **dict.fromkeys(new, text % 2)})
    assert [one.path for one in found.problems] == named
    for problem in found.problems:
        assert problem.kind == "unrendered"
        assert "core/ConfigMap/_/x stands in deploy/a.yaml too" in problem.message


def test_an_object_that_drops_its_label_belongs_to_the_stricter_service() -> None:
    config = Config(services={"pay": ServiceConfig(tier=1), "other": ServiceConfig(tier=2)})
    old = {"a.yaml": deployment(labels="{app: pay}")}
    for labels in ("{app: other}", "{}"):
        found = judge(old, {"a.yaml": deployment(labels=labels)}, config)
        assert only(found).service == "pay"
        assert "pay" in found.services
        assert len(found.services) == 2
    raised = judge({"a.yaml": deployment(labels="{app: other}")}, old, config)
    assert only(raised).service == "pay"


def test_added_and_deleted_objects_have_one_side() -> None:
    found = judge({"a.yaml": deployment("old")}, {"b.yaml": deployment("new")})
    deleted, added = found.resources
    assert (deleted.status, deleted.new, deleted.path) == ("deleted", None, "a.yaml")
    assert (added.status, added.old, added.path) == ("added", None, "b.yaml")
    assert found.locate(deleted.id, ("kind",)) == Location("a.yaml", 2, 1, "old")


def test_a_tree_alone_is_present() -> None:
    tree = MemoryTree({"a.yaml": deployment()})
    found = read(change_between(None, tree, kind="tree"), None, tree, Config())
    assert only(found).status == "present"
    assert only(found).old is None
    assert found.unchanged == []


def test_a_list_is_its_items() -> None:
    items = (
        "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: %s}}\n"
    )
    found = judge({"a.yaml": items % "x"}, {"a.yaml": items % "z"})
    assert sorted(ids(found)) == ["core/Pod/_/x", "core/Pod/_/z"]
    assert found.locate("core/Pod/_/z", ("kind",)) == Location("a.yaml", 4, 20)


def test_copies_of_one_object_are_paired_by_file_and_told_apart() -> None:
    paths = ["base/web.yaml", "overlays/dev/web.yaml", "release/all.yaml"]
    old = {path: deployment() for path in paths}
    new = {path: deployment(image="shop/web:2") for path in paths}
    found = judge(old, new)
    assert ids(found) == [f"apps/Deployment/_/web@{path}" for path in paths]
    assert {resource.status for resource in found.resources} == {"modified"}


def test_a_git_copy_is_added_and_its_origin_stays() -> None:
    before = MemoryTree({"a.yaml": deployment()})
    after = MemoryTree({"a.yaml": deployment(), "b.yaml": deployment()})
    source, copy = after.find("a.yaml"), after.find("b.yaml")
    change = Change("range", None, None, None, "", files=[FileChange("copied", source, copy)])
    found = read(change, before, after, Config())
    assert only(found).status == "added"
    assert [one.id for one in found.unchanged] == ["apps/Deployment/_/web@a.yaml"]


def test_two_folders_with_one_path_are_compared_by_content() -> None:
    before = MemoryTree({"a.yaml": deployment()})
    after = MemoryTree({"a.yaml": deployment(image="x:2")})
    entry = Entry("a.yaml", "100644", "a.yaml")
    change = Change("trees", None, None, None, "", files=[FileChange("modified", entry, entry)])
    assert only(read(change, before, after, Config())).status == "modified"


def test_each_file_is_read_once_and_in_one_batch() -> None:
    before = MemoryTree({f"{number}.yaml": deployment(f"n{number}") for number in range(5)})
    after = MemoryTree(
        {path: f"{text}---\n" + deployment("x") for path, text in before.files.items()}
    )
    read(change_between(before, after), before, after, Config())
    assert (before.reads, after.reads) == (1, 1)
    assert sorted(after.opened) == sorted(after.files)


# -- files that are no objects


def test_a_file_that_is_no_object_is_a_resource_of_kind_file() -> None:
    found = judge({"values.yaml": "replicas: 2\n"}, {"values.yaml": "replicas: 1\n"})
    resource = only(found)
    assert (resource.id, resource.kind, resource.group) == (
        "file/File/_/values.yaml",
        "File",
        "file",
    )
    assert (resource.old, resource.new, resource.name) == (
        {"replicas": 2},
        {"replicas": 1},
        "values.yaml",
    )
    assert found.locate(resource.id, ("replicas",)) == Location("values.yaml", 1, 1)
    assert found.indirect == 1


def test_each_document_of_such_a_file_is_one() -> None:
    found = judge({}, {"rules.yaml": "a: 1\n---\nb: 2\n"})
    assert ids(found) == ["file/File/_/rules.yaml#1", "file/File/_/rules.yaml#2"]


def test_a_kustomization_without_a_header_is_one() -> None:
    old = {"kustomization.yaml": "resources: [a.yaml, b.yaml]\n"}
    found = judge(old, {"kustomization.yaml": "resources: [a.yaml]\n"})
    assert ids(found) == ["kustomize.config.k8s.io/Kustomization/_/_"]
    assert found.indirect == 1


# -- patches


def test_what_a_kustomization_lists_as_a_patch_is_one() -> None:
    kustomization = "resources: [web.yaml]\npatches: [{path: more/patch.yaml}]\n"
    old = {"kustomization.yaml": kustomization}
    new = {**old, "web.yaml": deployment(), "more/patch.yaml": deployment("other")}
    patches = {resource.path: resource.patch for resource in judge(old, new).resources}
    assert patches == {"web.yaml": False, "more/patch.yaml": True}


def test_a_whole_object_does_not_become_a_patch() -> None:
    old = {"web.yaml": deployment()}
    for new in (
        {"web.yaml": deployment(image="x:2") + "$patch: merge\n"},
        {"web.yaml": deployment(image="x:2"), "kustomization.yaml": "patches: [{path: web.yaml}]"},
    ):
        found = judge(old, new)
        assert [one.patch for one in found.resources if one.kind == "Deployment"] == [False]


def test_what_is_listed_as_a_resource_is_no_patch() -> None:
    listed = "resources: [web.yaml]\npatches: [{path: web.yaml}]\n"
    found = judge({}, {"web.yaml": deployment(), "kustomization.yaml": listed})
    assert [one.patch for one in found.resources] == [False, False]


def test_a_patch_within_a_kustomization_is_not_what_became_of_an_object() -> None:
    text = "".join(f"    {line}\n" for line in deployment().splitlines())
    new = {"kustomization.yaml": f"patches:\n- patch: |-\n{text}"}
    found = judge({"web.yaml": deployment()}, new)
    assert [one.path for one in found.resources if one.status == "deleted"] == ["web.yaml"]


def test_an_object_in_a_kustomization_file_is_no_patch_of_it() -> None:
    for text in (deployment() + "$patch: merge\n", "patches: [path: kustomization.yaml]\n"):
        assert not only(judge({}, {"kustomization.yaml": text})).patch


def test_an_object_with_a_patch_directive_is_a_patch() -> None:
    assert only(judge({}, {"a.yaml": deployment() + "$patch: delete\n"})).patch


def test_a_json_patch_is_a_file_that_is_a_patch() -> None:
    found = only(judge({}, {"a.yaml": "- {op: remove, path: /spec}\n"}))
    assert (found.kind, found.patch) == ("File", True)


def test_a_patch_within_a_kustomization_is_an_object_of_its_own() -> None:
    def kustomization(image: str) -> str:
        text = "".join(f"    {line}\n" for line in deployment(image=image).splitlines())
        return f"resources: [../base]\npatches:\n- patch: |-\n{text}"

    old = {"kustomization.yaml": kustomization("a:1")}
    found = judge(old, {"kustomization.yaml": kustomization("a:2")})
    patch = next(resource for resource in found.resources if resource.kind == "Deployment")
    assert (patch.id, patch.patch, patch.status) == ("apps/Deployment/_/web", True, "modified")
    assert found.locate(patch.id, ("spec",)) == Location("kustomization.yaml", 3, 3)
    saved = saved_places(found.locate.positions(), [])
    assert saved(patch.id, ("spec",)) == Location("kustomization.yaml", 3, 3)


# -- what cannot be seen


def test_a_broken_document_leaves_the_others() -> None:
    found = judge({}, {"a.yaml": f"{deployment()}---\n{{ not: [yaml\n---\n{deployment('b')}"})
    assert len(found.resources) == 2
    assert listed(found) == [("a.yaml", "unreadable")]


def test_a_deletion_is_not_claimed_where_the_new_side_is_unreadable() -> None:
    old, new = {"a.yaml": deployment()}, {"a.yaml": "{ not: [yaml\n"}
    assert judge(old, new).resources == []
    lenient = Config(manifests=ManifestConfig(unreadable="list"))
    assert only(judge(old, new, lenient)).status == "deleted"


def test_an_unreadable_old_side_never_blocks() -> None:
    found = judge({"a.yaml": "{ not: [yaml\n"}, {"a.yaml": deployment()})
    assert only(found).status == "added"
    assert listed(found) == [("a.yaml", "unrendered")]
    assert found.problems[0].message.startswith("before the change: ")


def test_a_problem_that_stays_is_named_once() -> None:
    found = judge({"a.yaml": "a: [1\n"}, {"a.yaml": "b: [1\n"})
    assert listed(found) == [("a.yaml", "unreadable")]


def test_a_key_that_stands_twice_is_named() -> None:
    (problem,) = judge({}, {"a.yaml": deployment() + "kind: Other\n"}).problems
    assert problem.kind == "unrendered"
    assert "`kind` stands twice" in problem.message


@pytest.mark.parametrize("path", ["a.yaml", "deep/a.yml", "flags.json", "apps/Kustomization"])
def test_a_manifest_that_is_not_there_to_read_is_unreadable(path: str) -> None:
    assert listed(judge({}, {path: Unread("larger than the limit")})) == [(path, "unreadable")]


def test_a_large_file_of_another_kind_is_nobody_s_business() -> None:
    assert judge({}, {"video.mp4": Unread("larger than the limit")}).problems == []


def test_a_large_file_that_a_kustomization_lists_is_unreadable() -> None:
    new = {"kustomization.yaml": "resources: [all.txt]\n", "all.txt": Unread("too large")}
    assert ("all.txt", "unreadable") in listed(judge({}, new))


def test_a_large_file_s_stand_in_that_a_kustomization_lists_is_unreadable() -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    new = {"kustomization.yaml": "resources: [all.txt]\n", "all.txt": pointer, "b.txt": pointer}
    assert listed(judge({}, new)) == [("all.txt", "unreadable")]


BROKEN = "{ a: [\n"


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("tests/a.yaml", BROKEN, "unrendered"),
        ("web/locales/de.yml", BROKEN, "unrendered"),
        ("web/pnpm-lock.yaml", BROKEN, "unrendered"),
        ("deploy/a.yaml", BROKEN, "unreadable"),
        ("tests/a.yaml", BROKEN + "# kind: Pod\n", "unreadable"),
        ("tests/a.yaml", BROKEN + '"\\x61": 1\n', "unreadable"),
        ("tests/a.yaml", (BROKEN + "apiVersion: v1").encode("utf-16-le"), "unreadable"),
        ("tests/values.yaml", BROKEN, "unreadable"),
        ("tests/kustomization.yaml", BROKEN, "unreadable"),
        ("prod/tests/a.yaml", BROKEN, "unreadable"),
        ("tests/a.yaml", "[" * 500, "unreadable"),
    ],
)
def test_what_is_broken_and_can_hold_no_object_blocks_only_where_it_may_be_deployed(
    path: str, text: Content, kind: str
) -> None:
    assert listed(judge({}, {path: text}, PLACES)) == [(path, kind)]


def test_what_is_broken_in_an_included_or_listed_file_blocks() -> None:
    included = Config(manifests=ManifestConfig(include=("tests/**",)))
    assert listed(judge({}, {"tests/a.yaml": BROKEN}, included)) == [("tests/a.yaml", "unreadable")]
    new = {"tests/kustomization.yaml": "resources: [a.yaml]\n", "tests/a.yaml": BROKEN}
    assert listed(judge({}, new)) == [("tests/a.yaml", "unreadable")]


def test_chart_templates_are_named_and_not_judged() -> None:
    chart = {"charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n"}
    templates = {
        "charts/web/templates/parses.yaml": deployment(image='"{{ .Values.image }}"'),
        "charts/web/templates/deep/broken.yaml": "{{ if .Values.x }}\n",
        "charts/web/templates/plain.yaml": deployment("plain"),
        "charts/web/templates/_helpers.tpl": "no expression\n",
        "charts/web/templates/NOTES.txt": "{{ .Values.x }}\n",
        "templates/plain.yaml": deployment("no-chart", image='"{{ x }}"'),
    }
    found = judge(chart, {**chart, **templates})
    assert listed(found) == [
        ("charts/web/templates/_helpers.tpl", "unrendered"),
        ("charts/web/templates/deep/broken.yaml", "unrendered"),
        ("charts/web/templates/parses.yaml", "unrendered"),
    ]
    assert ids(found) == ["apps/Deployment/_/plain", "apps/Deployment/_/no-chart"]


def test_a_link_is_read_as_what_it_leads_to_in_its_own_tree() -> None:
    old = {"a.yaml": Link("one.txt"), "one.txt": deployment(), "two.txt": deployment(image="x:2")}
    found = judge(old, {**old, "a.yaml": Link("two.txt")})
    assert (only(found).path, only(found).status) == ("a.yaml", "modified")
    assert found.locate(only(found).id, ("kind",)) == Location("two.txt", 2, 1)


@pytest.mark.parametrize(
    ("path", "target", "expected"),
    [
        ("a.yaml", "/etc/passwd", [("a.yaml", "unreadable")]),
        ("apps", "../../elsewhere", [("apps", "unreadable")]),
        ("a.yaml", "nowhere.yaml", [("a.yaml", "unreadable")]),
        ("apps", "nowhere", [("apps", "unrendered")]),
        ("apps", "base", [("apps", "unrendered")]),
        ("tool.sh", "/usr/bin/tool", []),
    ],
)
def test_a_link_that_gives_no_file_is_named(
    path: str, target: str, expected: list[tuple[str, str]]
) -> None:
    base: Files = {"base/a.yaml": deployment()}
    assert listed(judge(base, {**base, path: Link(target)})) == expected


def test_a_submodule_blocks_only_where_manifests_are_expected() -> None:
    new: Files = {"clusters/lib": Submodule()}
    assert listed(judge({}, new)) == [("clusters/lib", "unrendered")]
    for config in (
        Config(environments={"production": ("clusters/**",)}),
        Config(environments={"production": ("clusters/lib/**",)}),
        Config(manifests=ManifestConfig(include=("clusters/**",))),
    ):
        assert listed(judge({}, new, config)) == [("clusters/lib", "unreadable")]
    excluded = Config(manifests=ManifestConfig(exclude=("clusters/lib/**",)))
    assert listed(judge({}, new, excluded)) == []


# -- which files count


def test_excluded_files_are_not_even_opened() -> None:
    config = Config(manifests=ManifestConfig(exclude=("**/testdata/**",)))
    after = MemoryTree({"x/testdata/a.yaml": "{ not yaml", "a.yaml": deployment()})
    found = read(change_between(None, after), None, after, config)
    assert (len(found.resources), found.problems) == (1, [])
    assert after.opened == ["a.yaml"]


def test_an_include_list_leaves_all_else_out() -> None:
    config = Config(manifests=ManifestConfig(include=("clusters/**",)))
    new = {
        "clusters/a.yaml": deployment(),
        "clusters/README.md": "# Hello: [world\n",
        "clusters/flags.json": '{"flags": {}}',
        "other/a.yaml": deployment(),
    }
    found = judge({}, new, config)
    assert [resource.path for resource in found.resources] == [
        "clusters/a.yaml",
        "clusters/flags.json",
    ]
    assert found.problems == []


def test_other_files_count_where_they_hold_objects() -> None:
    new = {"a.txt": deployment(), "package.json": '{"name": "x"}', "main.py": "print(1)\n"}
    assert [resource.path for resource in judge({}, new).resources] == ["a.txt"]


def test_what_a_kustomization_lists_counts_whatever_it_is_called() -> None:
    text = json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}})
    old = {"kustomization.yaml": "resources: [parts/a.part]\n"}
    found = judge(old, {**old, "parts/a.part": f"- not: [an object\n---\n{text}\n"})
    assert ids(found) == ["core/Pod/_/x"]
    assert listed(found) == [("parts/a.part", "unreadable")]


def test_an_indented_object_counts_without_a_suffix() -> None:
    text = "".join(f"  {line}\n" for line in deployment().splitlines())
    assert ids(judge({}, {"a.txt": text, "README.md": f"Use:\n\n{text}"})) == [
        "apps/Deployment/_/web"
    ]


@pytest.mark.parametrize(
    ("manifests", "key"),
    [
        (ManifestConfig(exclude=("hidden/**",)), "`manifests.exclude`"),
        (ManifestConfig(include=("apps/**",)), "`manifests.include`"),
    ],
)
def test_what_is_listed_and_left_out_is_named(manifests: ManifestConfig, key: str) -> None:
    files = {
        "apps/kustomization.yaml": "resources: [../hidden, ../hidden/a.yaml, gone.yaml]\n",
        "hidden/kustomization.yaml": "resources: [b.yaml]\n",
        "hidden/a.yaml": deployment(),
        "hidden/b.yaml": deployment(),
    }
    found = judge({}, files, Config(manifests=manifests))
    assert listed(found) == [
        ("hidden/a.yaml", "unrendered"),
        ("hidden/kustomization.yaml", "unrendered"),
    ]
    message = f"listed by `apps/kustomization.yaml`, but left out by {key}"
    assert {problem.message for problem in found.problems} == {message}


# -- what stands beside the change


HPA = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
"""


def test_what_stands_in_the_same_folder_and_file_is_there_for_the_rules() -> None:
    config_map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
    old = {
        "apps/web.yaml": f"{deployment()}---\n{deployment('same-file')}",
        "apps/hpa.yaml": HPA,
        "apps/config.yaml": config_map,
        "elsewhere/hpa.yaml": HPA,
    }
    new = {**old, "apps/web.yaml": old["apps/web.yaml"].replace("shop/web:1", "shop/web:2", 1)}
    found = judge(old, new)
    assert {(one.id, one.status, one.path) for one in found.unchanged} == {
        ("apps/Deployment/_/same-file", "unchanged", "apps/web.yaml"),
        ("autoscaling/HorizontalPodAutoscaler/_/web", "unchanged", "apps/hpa.yaml"),
    }
    assert all(one.old == one.new and one.changes == () for one in found.unchanged)


def test_what_the_nearest_kustomization_lists_is_there_through_its_bases() -> None:
    old = {
        "overlays/prod/kustomization.yaml": "resources: [../../base, extra.yaml]\n",
        "overlays/prod/patches/web.yaml": deployment(),
        "overlays/prod/extra.yaml": HPA.replace("web", "extra"),
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": deployment(),
        "base/not-listed.yaml": HPA,
    }
    new = {**old, "overlays/prod/patches/web.yaml": deployment(image="x:2")}
    assert sorted(one.path for one in judge(old, new).unchanged) == [
        "base/kustomization.yaml",
        "base/web.yaml",
        "overlays/prod/extra.yaml",
        "overlays/prod/kustomization.yaml",
    ]


def test_what_a_kustomization_no_longer_lists_still_stands_there() -> None:
    old = {
        "app/kustomization.yaml": "resources: [../db/db.yaml]\n",
        "db/db.yaml": deployment("db"),
    }
    found = judge(old, {**old, "app/kustomization.yaml": "resources: []\n"})
    assert [one.path for one in found.unchanged] == ["db/db.yaml"]


OTHER = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db}\n"


def test_all_that_a_kustomization_drops_is_there_whatever_its_kind() -> None:
    old = {
        "app/kustomization.yaml": "resources: [../db, other.yaml]\n",
        "app/other.yaml": OTHER.replace("db", "listed"),
        "db/kustomization.yaml": "resources: [deep]\n",
        "db/deep/kustomization.yaml": "resources: [db.yaml]\n",
        "db/deep/db.yaml": OTHER,
        "db/deep/not-listed.yaml": OTHER.replace("db", "not-listed"),
    }
    for new in ({**old, "app/kustomization.yaml": "resources: [other.yaml]\n"}, {**old}):
        if new == old:
            del new["app/kustomization.yaml"]
        paths = {one.path for one in judge(old, new).unchanged}
        assert "db/deep/db.yaml" in paths
        assert "db/deep/not-listed.yaml" not in paths


def test_a_deleted_object_that_stands_elsewhere_is_there_whatever_its_kind() -> None:
    old = {"app/a.yaml": OTHER, "app/b.yaml": OTHER, "app/c.yaml": OTHER.replace("db", "x")}
    new = {path: text for path, text in old.items() if path != "app/a.yaml"}
    assert [one.path for one in judge(old, new).unchanged] == ["app/b.yaml"]


def test_a_dropped_file_that_is_not_read_blocks() -> None:
    files = {f"db/{number:04}.yaml": OTHER for number in range(600)}
    resources = "".join(f"- ../{path}\n" for path in files)
    old = {**files, "app/kustomization.yaml": f"resources:\n{resources}"}
    found = judge(old, {**old, "app/kustomization.yaml": "resources: []\n"})
    assert len(found.unchanged) == 500
    assert listed(found) == [("db/0500.yaml", "unreadable")]


def test_ids_beside_the_change_differ_from_those_of_the_change() -> None:
    old = {"a/web.yaml": deployment(), "a/copy.yaml": deployment()}
    found = judge(old, {**old, "a/web.yaml": deployment(image="x:2")})
    assert ids(found) == ["apps/Deployment/_/web"]
    assert [one.id for one in found.unchanged] == ["apps/Deployment/_/web@a/copy.yaml"]


def test_a_change_without_objects_reads_nothing_beside_it() -> None:
    old = {"src/main.py": "1", "src/a.yaml": deployment()}
    before, after = MemoryTree(old), MemoryTree({**old, "src/main.py": "2"})
    found = read(change_between(before, after), before, after, Config())
    assert (found.resources, found.unchanged) == ([], [])
    assert after.opened == ["src/main.py"]


def test_too_many_files_beside_the_change_are_named() -> None:
    old = {f"apps/{number:04}.yaml": HPA for number in range(600)}
    found = judge(old, {**old, "apps/web.yaml": deployment()})
    assert len(found.unchanged) == 500
    assert listed(found) == [("apps/0500.yaml", "unrendered")]


def test_an_unreadable_neighbour_is_named_and_does_not_block() -> None:
    old = {"apps/broken.yaml": "kind: Deployment\nx: [\n"}
    found = judge(old, {**old, "apps/web.yaml": deployment()})
    assert listed(found) == [("apps/broken.yaml", "unrendered")]


# -- services, environments, targets


CONFIG = Config(
    environments={"production": ("clusters/prod/**",), "staging": ("clusters/staging/**",)},
    services={"checkout": ServiceConfig(("apps/checkout/**", "src/checkout/**"), tier=1)},
)


def test_a_source_file_brings_its_service_in() -> None:
    found = judge({}, {"src/checkout/main.go": "package main\n"}, CONFIG)
    assert found.resources == []
    assert [(one.service, one.environment, one.tier) for one in found.targets] == [
        ("checkout", "production", 1),
        ("checkout", "staging", 1),
    ]


def test_a_deleted_or_renamed_file_brings_its_service_in() -> None:
    old = {"src/checkout/main.go": "x"}
    assert list(judge(old, {}, CONFIG).services) == ["checkout"]
    found = judge(
        old, {"lib/main.go": "x"}, CONFIG, renames={"src/checkout/main.go": "lib/main.go"}
    )
    assert list(found.services) == ["checkout"]


def test_a_relabelled_object_reaches_both_services() -> None:
    old = {"a.yaml": deployment(labels="{app: ledger}")}
    found = judge(old, {"a.yaml": deployment(labels="{app: other}")})
    assert list(found.services) == ["ledger", "other"]
    assert only(found).service == "other"


def test_only_what_belongs_to_the_asked_environment_is_judged() -> None:
    new = {
        "clusters/prod/a.yaml": deployment("prod"),
        "clusters/staging/a.yaml": deployment("staging"),
        "clusters/staging/broken.yaml": "a: [\n",
        "base/a.yaml": deployment("base"),
    }
    found = judge({}, new, CONFIG, environments=["production"])
    assert [resource.name for resource in found.resources] == ["base", "prod"]
    assert {target.environment for target in found.targets} == {"production"}
    assert found.environments == ("production",)
    assert found.problems == []


def test_the_environments_of_the_change_are_those_it_touches() -> None:
    assert judge({}, {"clusters/prod/run.sh": "x"}, CONFIG).environments == ("production",)
    assert judge({}, {"README.md": "x"}, CONFIG).environments == ()
    assert judge({}, {"README.md": "x"}).environments == ("default",)


def test_an_unknown_service_is_a_wrong_usage() -> None:
    with pytest.raises(UsageError, match="no service `chekout`"):
        judge({}, {}, CONFIG, services=["chekout"])


# -- rendered trees


def test_a_source_comment_becomes_the_place_of_a_rendered_object() -> None:
    source = "---\n# Source: shop/templates/web.yaml\n"
    before = MemoryTree({"all.yaml": source + deployment()})
    after = MemoryTree({"all.yaml": source + deployment(image="x:2")})
    rendered = read(change_between(before, after, kind="trees"), before, after, Config())
    assert only(rendered).path == "all.yaml"
    assert rendered.locate(only(rendered).id, ("spec",)) == Location("shop/templates/web.yaml")
    committed = read(change_between(before, after), before, after, Config())
    assert committed.locate(only(committed).id, ("kind",)) == Location("all.yaml", 4, 1)


# -- secrets


def test_secret_values_never_reach_the_input() -> None:
    def secret(one: str, two: str) -> str:
        return (
            "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
            f"stringData:\n  one: {one}\n  two: {two}\n"
        )

    found = judge(
        {"a.yaml": secret("hidden-1", "hidden-2")}, {"a.yaml": secret("hidden-1", "hidden-3")}
    )
    assert "hidden" not in repr(found.resources)
    (change,) = only(found).changes
    assert change.path == ("stringData", "two")
    assert change.old != change.new


@pytest.mark.parametrize("where", ["inline", "file"])
def test_a_json_patch_of_a_secret_shows_no_value(where: str) -> None:
    operations = "- {op: add, path: /stringData/password, value: hidden-4}\n"
    indented = "".join(f"    {line}\n" for line in operations.splitlines())
    inline = f"- target: {{kind: Secret, name: s}}\n  patch: |-\n{indented}"
    listed_file = "- target: {kind: Secret, name: s}\n  path: patch.yaml\n"
    new = {"kustomization.yaml": "patches:\n" + (inline if where == "inline" else listed_file)}
    if where == "file":
        new["patch.yaml"] = operations
    found = judge({}, new)
    patch = next(resource for resource in found.resources if resource.kind == "File")
    assert patch.new[0]["value"].startswith("<secret:")
    assert "hidden" not in repr(found)


@pytest.mark.parametrize("kind", ["ConfigMap", "Secrett"])
@pytest.mark.parametrize("way", ["becomes", "was"])
def test_what_changes_its_kind_to_or_from_secret_is_hidden(kind: str, way: str) -> None:
    other = f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: s}}\ndata: {{p: hidden-5}}\n"
    secret = other.replace(kind, "Secret").replace("hidden-5", "aGlkZGVuLTU=")
    sides = ({"a.yaml": other}, {"a.yaml": secret})
    found = judge(*(sides if way == "becomes" else reversed(sides)))
    assert len(found.resources) == 2
    assert "hidden" not in repr(found.resources)
    assert "aGlk" not in repr(found.resources)


@pytest.mark.parametrize(
    ("target", "is_shown"),
    [("{name: s}", False), ("{kind: Secre.}", False), ("{kind: ConfigMap}", True)],
)
@pytest.mark.parametrize("where", ["inline", "file"])
def test_a_patch_of_what_may_be_a_secret_hides_only_its_data(
    target: str, is_shown: bool, where: str
) -> None:
    operations = (
        "- {op: add, path: /data/p, value: hidden-6}\n"
        "- {op: replace, path: '', value: {data: {p: hidden-6}, spec: {image: seen-1}}}\n"
        "- {op: replace, path: /spec/image, value: seen-2}\n"
    )
    patch = "  path: patch.yaml\n"
    if where == "inline":
        patch = "  patch: |-\n" + "".join(f"    {line}\n" for line in operations.splitlines())
    new = {"kustomization.yaml": f"patches:\n- target: {target}\n{patch}"}
    if where == "file":
        new["patch.yaml"] = operations
    shown = repr(judge({}, new).resources)
    assert ("hidden-6" in shown) is is_shown
    assert "seen-1" in shown
    assert "seen-2" in shown


def test_what_is_equal_but_for_the_way_a_secret_is_written_is_nothing() -> None:
    head = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n"
    old, new = f"{head}  a: aGlkZGVu\n", f'{head}  a: "aGlk\\nZGVu"\n'
    assert judge({"a.yaml": old}, {"a.yaml": new}).resources == []


# -- edges


def test_a_partial_object_beside_the_change_is_not_shown_as_a_whole_one() -> None:
    old = {
        "kustomization.yaml": "resources: [web.yaml]\npatches: [{path: hpa-patch.yaml}]\n",
        "hpa-patch.yaml": HPA + "$patch: delete\n",
        "web.yaml": deployment(),
    }
    found = judge(old, {**old, "web.yaml": deployment(image="x:2")})
    assert [one.path for one in found.unchanged] == ["kustomization.yaml"]


def test_a_deletion_is_not_claimed_where_the_renamed_file_is_unreadable() -> None:
    old, new = {"a.yaml": deployment()}, {"b.yaml": "{ not: [yaml\n"}
    assert judge(old, new, renames={"a.yaml": "b.yaml"}).resources == []


def test_a_broken_patch_within_a_kustomization_is_named() -> None:
    found = judge({}, {"kustomization.yaml": 'patches: [{patch: "a: [1"}]\n'})
    assert listed(found) == [("kustomization.yaml", "unreadable")]
    assert found.problems[0].message.startswith("in a patch: ")


def test_a_changed_mode_is_no_change_of_objects() -> None:
    tree = MemoryTree({"a.yaml": "{ not: [yaml"})
    files = [FileChange("modified", Entry("a.yaml", "100644", "x"), Entry("a.yaml", "100755", "x"))]
    change = Change("range", None, None, None, "", files=files)
    found = read(change, tree, tree, Config())
    assert (found.resources, found.problems, tree.opened) == ([], [], [])


def test_a_removed_submodule_is_named_without_blocking() -> None:
    config = Config(environments={"production": ("clusters/**",)})
    assert listed(judge({"clusters/lib": Submodule()}, {}, config)) == [
        ("clusters/lib", "unrendered")
    ]


def test_the_origin_of_a_copy_brings_no_service_in() -> None:
    tree = MemoryTree({"src/checkout/a.go": "x", "lib/a.go": "x"})
    files = [FileChange("copied", tree.find("src/checkout/a.go"), tree.find("lib/a.go"))]
    change = Change("range", None, None, None, "", files=files)
    assert read(change, tree, tree, CONFIG).services == {}


def test_more_than_the_limit_of_bytes_beside_the_change_is_named() -> None:
    large = HPA + "# " + "x" * (1 << 20) + "\n"
    old = {f"apps/{number}.yaml": large for number in range(6)}
    found = judge(old, {**old, "apps/web.yaml": deployment()})
    assert len(found.unchanged) == 3
    assert listed(found) == [("apps/3.yaml", "unrendered")]
