"""What a file is, by its name and a look at its bytes."""

from __future__ import annotations

import pytest

from gate.manifests.files import (
    begins_an_object,
    cannot_hold_an_object,
    is_lfs_pointer,
    is_not_deployed,
    is_template,
    names_an_object,
)

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1\n"


@pytest.mark.parametrize(
    ("path", "data", "expected"),
    [
        ("a.yaml", b"a: {{ .Values.x }}\n", True),
        ("a.yaml", b"a: 1\n  {%- if x %}\n", True),
        ("a.yaml", b"a: 1 # {{ x }}\n# {{ y }}\n", False),
        ("a.yaml", b"a: {b: {c: 1}}\n", False),
        ("a.YAML.TPL", b"a: 1\n", True),
        ("a.j2", b"", True),
    ],
)
def test_a_template_is_told_by_name_or_expression(path: str, data: bytes, expected: bool) -> None:
    assert is_template(path, data) is expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"apiVersion": "v1", "kind": "Pod"}', True),
        (b'{"\\u0061piVersion": "v1", "\\u006bind": "Pod"}', True),
        (b'{"\\x61piVersion": "v1", "\\U0000006bind": "Pod"}', True),
        (b'{"api\\\n  Version": "v1", "ki\\\r\nnd": "Pod"}', True),
        (b'{"\\u0062piVersion": "v1", "kind": "Pod"}', False),
        (b'{"apiVersion": "v1"}', False),
    ],
)
def test_escaped_keys_are_keys(data: bytes, expected: bool) -> None:
    assert names_an_object(data) is expected
    assert begins_an_object(data) is expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a: [\n", True),
        (b"a: \\d [\n", True),
        (b"kind: [\n", False),
        (b"apiVersion: [\n", False),
        ("kind".encode("utf-16"), False),
        ("kind".encode("utf-32"), False),
        (b'"\\u0061": [\n', False),
        (b'"ki\\\nnd": [\n', False),
    ],
)
def test_what_names_nothing_in_any_encoding_holds_no_object(data: bytes, expected: bool) -> None:
    assert cannot_hold_an_object(data) is expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tests/a.yaml", True),
        ("a/testdata/b/c.yaml", True),
        ("i18n/de.yaml", True),
        ("api/openapi.v1.yaml", True),
        ("pnpm-lock.yaml", True),
        ("package-lock.json", True),
        ("tests.yaml", False),
        ("contests/a.yaml", False),
        ("deploy/clock.yaml", False),
    ],
)
def test_some_places_are_not_deployed(path: str, expected: bool) -> None:
    assert is_not_deployed(path) is expected


def test_a_pointer_is_small_and_starts_with_its_version() -> None:
    assert is_lfs_pointer(POINTER)
    assert not is_lfs_pointer(b"\n" + POINTER)
    assert not is_lfs_pointer(POINTER + b"#" * 1024)
