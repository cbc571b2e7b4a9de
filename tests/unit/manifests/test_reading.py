"""Files as documents: several in one, broken ones, lists, templates, any bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.manifests.limits import MAX_BYTES, MAX_DEPTH
from gate.manifests.reading import Document, looks_like_manifest, read_file
from gate.model.manifest import Problem
from tests.support.tools import real_data

POD = b"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
TEMPLATE = "a Helm template: not evaluated until rendered"


def values(data: bytes) -> list[Any]:
    reading = read_file("a.yaml", data)
    assert reading.problems == ()
    return [document.value for document in reading.documents]


def problems(data: bytes, path: str = "a.yaml") -> list[tuple[str, str, int | None]]:
    found = read_file(path, data).problems
    assert all(problem.path == path for problem in found)
    return [(problem.kind, problem.message, problem.line) for problem in found]


def test_an_object_is_told_from_other_yaml() -> None:
    reading = read_file("a.yaml", POD + b"---\nservices: {}\n---\napiVersion: 1\nkind: Pod\n")
    assert [document.is_object for document in reading.documents] == [True, False, False]
    assert reading.documents[0] == Document(
        "a.yaml", 0, (), {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}, True
    )


@pytest.mark.parametrize("data", [b"", b"\n", b"# nothing\n", b"---\n", b"---\nnull\n---\n~\n"])
def test_a_file_without_content_has_neither_documents_nor_problems(data: bytes) -> None:
    assert values(data) == []


def test_empty_documents_count_in_the_index() -> None:
    reading = read_file("a.yaml", b"a: 1\n---\n---\nb: 2\n---\n# end\n")
    assert [(document.index, document.value) for document in reading.documents] == [
        (0, {"a": 1}),
        (2, {"b": 2}),
    ]


@pytest.mark.parametrize(
    ("broken", "message", "line"),
    [
        (b"a: [1\n", "not YAML: did not find expected ',' or ']'", 5),
        (b"\ta: 1\n", "not YAML: found character that cannot start any token (a tab?)", 4),
        (b"a: *b\n", "an alias whose anchor does not stand before it in its document", 4),
        (b"x: 1\na: caf\xe9\n", "not YAML: incomplete UTF-8 octet sequence", 5),
        (b"a: \0\n", "not YAML: control characters are not allowed", 4),
        (b"a: .inf\n", "a value that is .inf or .nan, which Kubernetes refuses", 4),
        (b"!%ed%a0%80 x\n", "not YAML: a tag that is not UTF-8", 3),
    ],
)
def test_a_broken_document_leaves_the_others(broken: bytes, message: str, line: int) -> None:
    reading = read_file("a.yaml", b"a: &b 1\n" + b"# one\n---\n" + broken + b"---\nc: 3\n")
    assert [(document.index, document.value) for document in reading.documents] == [
        (0, {"a": 1}),
        (2, {"c": 3}),
    ]
    assert reading.problems == (Problem("a.yaml", "unreadable", message, line),)


def test_what_stands_behind_a_document_is_named_even_where_it_looks_like_a_template() -> None:
    reading = read_file("a.yaml", b"--- {a: 1}\n}}{{ x\n")
    assert [document.value for document in reading.documents] == [{"a": 1}]
    assert [(problem.kind, problem.line) for problem in reading.problems] == [("unreadable", 2)]


def test_many_broken_documents_are_counted() -> None:
    found = problems(b"---\n[\n" * 60)
    assert len(found) == 51
    assert found[-1] == ("unreadable", "10 more documents that cannot be read", None)


def test_repeated_keys_are_listed_and_the_last_holds() -> None:
    reading = read_file("a.yaml", b"a: 1\nb:\n  c: 1\n  c: 2\na: 3\n---\n1: x\n'1': z\n")
    assert reading.duplicates == ((4, "c"), (5, "a"), (8, "1"))
    assert [document.value for document in reading.documents] == [
        {"a": 3, "b": {"c": 2}},
        {"1": "z"},
    ]


def test_a_key_that_replaces_a_merged_one_is_no_repetition() -> None:
    reading = read_file("a.yaml", b"x: &x {a: 1}\ny: {<<: *x, a: 2}\nz: {<<: *x, a: 2, a: 3}\n")
    assert reading.duplicates == ((3, "a"),)


def test_many_repeated_keys_are_counted() -> None:
    reading = read_file("a.yaml", b"a: 1\n" * 150)
    assert len(reading.duplicates) == 101
    assert reading.duplicates[-1] == (101, "… and 49 more keys")


def test_repeated_keys_in_json_are_listed_with_their_line() -> None:
    assert read_file("a.json", b'{"a": 1,\n "a": 2}').duplicates == ((2, "a"),)


def test_aliases_and_anchors_mean_what_they_mean_to_kubernetes() -> None:
    assert values(b"- &a {x: 1}\n- *a\n- &b y\n- *b\n- {*b : 1}\n- &c [&c 2, *c]\n- *c\n") == [
        [{"x": 1}, {"x": 1}, True, True, {"true": 1}, [2, 2], 2]
    ]


@pytest.mark.parametrize("depth", [MAX_DEPTH, MAX_DEPTH + 1])
@pytest.mark.parametrize("form", [b"[%b1%b]", b'{"a": %b1%b}'])
@pytest.mark.parametrize("path", ["a.yaml", "a.json"])
def test_nesting_is_read_up_to_its_limit(depth: int, form: bytes, path: str) -> None:
    opening, closing = form.split(b"%b1%b")
    found = problems(opening * depth + b"1" + closing * depth, path)
    expected = [("unreadable", f"nested deeper than the {MAX_DEPTH} levels that are read", 1)]
    assert found == (expected if depth > MAX_DEPTH else [])


def test_a_limit_is_never_excused_as_a_template() -> None:
    assert problems(b"# x\na: '{{ x }}'\nb: " + b"[" * 300)[0][0] == "unreadable"


def test_a_file_beyond_the_size_is_not_read() -> None:
    assert problems(b"#" * (MAX_BYTES + 1)) == [
        ("unreadable", "8,388,609 bytes: more than the 8,388,608 that are read", None)
    ]


def test_a_git_lfs_pointer_is_unreadable() -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
    assert problems(pointer) == [
        ("unreadable", "a Git LFS pointer: its content is not in the repository", 1)
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"spec:\n  replicas: {{ .Values.n }}\n",
        b"{{- if .Values.on }}\na: 1\n{{- end }}\n",
        b"a: 1\n{% if x %}\nb\n",
    ],
)
def test_a_template_that_does_not_parse_is_unrendered(data: bytes) -> None:
    ((kind, message, line),) = problems(data)
    assert (kind, message) == ("unrendered", TEMPLATE)
    assert line in {1, 2, 3}


def test_a_template_that_parses_is_read() -> None:
    assert values(b"summary: '{{ $labels.pod }} is down'\n") == [
        {"summary": "{{ $labels.pod }} is down"}
    ]


def test_an_expression_in_a_comment_makes_no_template() -> None:
    assert problems(b"# {{ x }}\na: [ # {{\n")[0][0] == "unreadable"


def test_one_problem_stands_for_all_templates_of_a_file() -> None:
    reading = read_file("a.yaml", b"a: {{ b }}\n---\nc: 1\n---\nd: {{ e }}\n")
    assert [document.value for document in reading.documents] == [{"c": 1}]
    assert reading.problems == (Problem("a.yaml", "unrendered", TEMPLATE, 1),)


LISTS = [
    (
        {"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Pod"}]},
        [(("items", 0), {"apiVersion": "v1", "kind": "Pod"})],
    ),
    (
        {"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [{"metadata": {"name": "a"}}]},
        [
            (
                ("items", 0),
                {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}},
            )
        ],
    ),
    (
        {
            "apiVersion": "v1",
            "kind": "List",
            "items": [
                {
                    "apiVersion": "v1",
                    "kind": "List",
                    "items": [{"apiVersion": "v1", "kind": "Pod"}],
                }
            ],
        },
        [(("items", 0, "items", 0), {"apiVersion": "v1", "kind": "Pod"})],
    ),
    (
        {"apiVersion": "v1", "kind": "Hidden", "items": [{"apiVersion": "v1", "kind": "Pod"}]},
        [(("items", 0), {"apiVersion": "v1", "kind": "Pod"})],
    ),
    ({"apiVersion": "v1", "kind": "List", "items": None}, []),
    ({"apiVersion": "v1", "kind": "List", "items": []}, []),
    ({"apiVersion": "v1", "kind": "List"}, []),
    (
        {"apiVersion": "x/v1", "kind": "AllowList", "spec": {}},
        [((), {"apiVersion": "x/v1", "kind": "AllowList", "spec": {}})],
    ),
    (
        {"apiVersion": "x/v1", "kind": "Menu", "items": ["tea"]},
        [((), {"apiVersion": "x/v1", "kind": "Menu", "items": ["tea"]})],
    ),
    (
        [{"apiVersion": "v1", "kind": "Pod"}, "x"],
        [((0,), {"apiVersion": "v1", "kind": "Pod"}), ((1,), "x")],
    ),
    (["x", {"kind": "Pod"}], [((), ["x", {"kind": "Pod"}])]),
]


@pytest.mark.parametrize(("value", "expected"), LISTS)
def test_lists_are_taken_apart(value: Any, expected: list[Any]) -> None:
    reading = read_file("a.json", json.dumps(value).encode())
    assert reading.problems == ()
    assert [(document.item, document.value) for document in reading.documents] == expected


def test_an_item_that_is_no_object_is_a_problem() -> None:
    data = (
        b"---\napiVersion: v1\nkind: List\nitems: [{kind: Pod}, 5, {apiVersion: v1, kind: Pod}]\n"
    )
    reading = read_file("a.yaml", data)
    assert [document.item for document in reading.documents] == [("items", 2)]
    assert problems(data) == [
        ("unreadable", "a list whose item 0 has no apiVersion and kind", 1),
        ("unreadable", "a list whose item 1 has no apiVersion and kind", 1),
    ]


def test_the_block_of_sops_is_left_out() -> None:
    data = b"a: ENC[AES256_GCM,data:x]\nsops: {mac: 'ENC[x]', lastmodified: '2026-01-01'}\n"
    assert values(data) == [{"a": "ENC[AES256_GCM,data:x]"}]
    assert values(b"sops: {enabled: true}\n") == [{"sops": {"enabled": True}}]


def test_the_source_comment_of_rendered_output_is_kept() -> None:
    rendered = b"---\n# Source: shop/templates/a.yaml\n" + POD + b"---\n" + POD
    reading = read_file("out.yaml", rendered)
    assert [document.source for document in reading.documents] == ["shop/templates/a.yaml", None]


@pytest.mark.parametrize(
    ("path", "data", "expected"),
    [
        ("a.yaml", b"", True),
        ("A.YML", b"x", True),
        ("a.json", b'{"x": 1}', False),
        ("a.json", b'{"apiVersion": "v1", "kind": "Pod", broken', True),
        ("a.txt", POD, True),
        ("a.txt", b'{"apiVersion": "v1", "kind": "Pod"}', True),
        ("a.txt", b"---\n- apiVersion: v1\n  kind: Pod\n", False),
        ("a.txt", POD + b"---\n[broken\n", True),
        ("a.txt", POD.decode().encode("utf-16"), True),
        ("a.txt", "a".encode("utf-32"), False),
        ("README.md", b"# Install\n\n```yaml\n" + POD + b"```\n", False),
        ("post.md", b"---\ntitle: x\n---\n# Text\n```yaml\n" + POD + b"```\n", False),
        ("a_test.go", b"package a\n\nconst x = `\n---\n" + POD + b"---\n`\n", False),
        ("run.sh", b"cat <<EOF\n" + POD + b"EOF\n", False),
        ("a.yaml.tpl", POD + b"spec: {{ x }}\n", True),
        ("_helpers.tpl", b'{{- define "x" -}}\n', False),
        ("big.txt", POD + b"#" * MAX_BYTES, False),
    ],
)
def test_what_counts_as_a_manifest(path: str, data: bytes, expected: bool) -> None:
    assert looks_like_manifest(path, data) is expected


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=9), inner)
    ),
    max_leaves=20,
)


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(st.text("abcy019._-", min_size=1), JSON, min_size=1))
def test_json_and_yaml_of_any_value_are_read_back(value: dict[str, Any]) -> None:
    reading = read_file("a.json", json.dumps(value).encode())
    assert [document.value for document in reading.documents] == [value]
    ascii_only = json.dumps(value).isascii() and "\\u" not in json.dumps(value)
    if ascii_only:
        assert values(b"---\n" + json.dumps(value).encode()) == [value]


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]))


@settings(deadline=None, max_examples=100)
@given(st.lists(st.dictionaries(TEXT, TEXT | st.integers(-9, 9), min_size=1), min_size=1))
def test_dumped_documents_are_read_back(documents: list[dict[str, Any]]) -> None:
    class Quoted(yaml.SafeDumper):
        """Quotes all text, since PyYAML leaves `y` and `1e3` without quotes."""

    Quoted.add_representer(
        str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
    )
    assert values(yaml.dump_all(documents, Dumper=Quoted, encoding="utf-8")) == documents


PIECES = st.sampled_from(
    [
        *(b"a: ", b"- ", b"? ", b"\n", b"  ", b"[", b"]", b"{", b"}", b",", b"&x ", b"*x", b"<<: "),
        *(b"!t ", b"!!int ", b"'", b'"', b"|", b">", b"#", b"---\n", b"...\n", b"%TAG ! x\n"),
        *(b"\t", b"\r", b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\xc2\x85", b"\\ud800", b"1e999"),
        *(b"apiVersion: v1\nkind: List\nitems:\n", b'{"kind": "Pod"}', b"sops: {mac: x}\n"),
        b"{{ x }}",
    ]
)
BYTES = st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=25).map(b"".join))


@settings(deadline=None, max_examples=600)
@given(BYTES, st.sampled_from(["a.yaml", "a.json", "a.txt"]))
def test_any_bytes_are_read_or_named(data: bytes, path: str) -> None:
    reading = read_file(path, data)
    json.dumps([document.value for document in reading.documents], allow_nan=False).encode()
    objects = [document.value for document in reading.documents if document.is_object]
    assert all(isinstance(value, dict) for value in objects)
    assert all(problem.line is None or problem.line >= 1 for problem in reading.problems)
    assert looks_like_manifest(path, data) in {True, False}


BROKEN = {
    "argo-rollouts/e2e/analysis-run-failfast.yaml",
    "thanos/rules-files/invalid-yaml-format.yaml",
}
SEVERAL = {
    "argo-rollouts/examples/rollout-bluegreen.yaml": 3,
    "argo-rollouts/e2e/istio-hr-host.yaml": 5,
    "argo-rollouts/lint/valid-with-another-empty-object.yml": 1,
    "kyverno-policies/disallow-latest-tag/resource.yaml": 8,
    "oslo/two-documents.yaml": 3,
    "oslo/v1alpha.yaml": 4,
    "openslo-go-sdk/inline/input-v1_slo.yaml": 5,
}


def test_real_files_are_read_as_their_list_says() -> None:
    root = real_data("")
    unreadable = set()
    for path in sorted(root.rglob("*.y*ml")):
        name = path.relative_to(root).as_posix()
        reading = read_file(name, path.read_bytes())
        unreadable |= {problem.path for problem in reading.problems}
        assert reading.duplicates == ()
    assert unreadable == BROKEN


@pytest.mark.parametrize("suffix", SEVERAL)
def test_real_files_hold_as_many_objects_as_their_list_says(suffix: str) -> None:
    root = real_data(suffix.split("/", maxsplit=1)[0])
    path = root / suffix.split("/", 1)[1]
    assert (
        sum(found.is_object for found in read_file(suffix, path.read_bytes()).documents)
        == (SEVERAL[suffix])
    )
