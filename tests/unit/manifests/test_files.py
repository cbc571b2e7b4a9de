"""What a file is, by its name and a look at its bytes."""

from __future__ import annotations

import pytest

from gate.manifests.files import is_lfs_pointer, is_template

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


def test_a_pointer_is_small_and_starts_with_its_version() -> None:
    assert is_lfs_pointer(POINTER)
    assert not is_lfs_pointer(b"\n" + POINTER)
    assert not is_lfs_pointer(POINTER + b"#" * 1024)
