"""Where documents begin and end, and which encodings are read."""

from __future__ import annotations

import pytest

from gate.manifests import documents
from gate.manifests.documents import Part, decode, source_comment, split
from gate.manifests.limits import FileLimitError, ReadingError


def parts(data: bytes) -> list[tuple[bytes, int]]:
    return [(part.data, part.line) for part in split(data)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"# only a comment\n\n", []),
        (b"a: 1\n", [(b"a: 1\n", 0)]),
        (b"a\n---\nb\n", [(b"a\n", 0), (b"---\nb\n", 1)]),
        (b"# comment\n---\na\n", [(b"---\na\n", 1)]),
        (b"a\n---\n---\nb\n", [(b"a\n", 0), (b"---\n", 1), (b"---\nb\n", 2)]),
        (b"a\n---", [(b"a\n", 0), (b"---", 1)]),
        (b"a\r\n---\r\nb\r\n", [(b"a\r\n", 0), (b"---\r\nb\r\n", 1)]),
        (b"a\r---\rb", [(b"a\r", 0), (b"---\rb", 0)]),
        ("a\u2028---\u2028b".encode(), [("a\u2028".encode(), 0), ("---\u2028b".encode(), 0)]),
        (b"--- {a: 1}\n--- {b: 1}\n", [(b"--- {a: 1}\n", 0), (b"--- {b: 1}\n", 1)]),
        (b"a\n...\nb\n", [(b"a\n", 0), (b"\nb\n", 1)]),
        (b"a\n...\n# end\n", [(b"a\n", 0)]),
        (b"a\n...\n---\nb\n", [(b"a\n", 0), (b"---\nb\n", 2)]),
        (b"a: |\n  ---\n  b\n", [(b"a: |\n  ---\n  b\n", 0)]),
        (b"----\n---a\n ---\n", [(b"----\n---a\n ---\n", 0)]),
        (b"%YAML 1.1\n---\na\n", [(b"%YAML 1.1\n---\na\n", 0)]),
        (b"a\n...\n%YAML 1.1\n---\nb\n", [(b"a\n", 0), (b"\n%YAML 1.1\n---\nb\n", 1)]),
        (b"%YAML 1.1\n", [(b"%YAML 1.1\n", 0)]),
        (b"a\n---\n\xef\xbb\xbfb\n", [(b"a\n", 0), (b"---\nb\n", 1)]),
    ],
)
def test_documents_are_split_where_yaml_splits_them(
    data: bytes, expected: list[tuple[bytes, int]]
) -> None:
    assert parts(data) == expected


def test_the_size_of_directives_is_known() -> None:
    assert list(split(b"%YAML 1.1\n---\na")) == [Part(b"%YAML 1.1\n---\na", 0, directives=10)]


def test_one_document_too_many_ends_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MAX_DOCUMENTS", 2)
    read = split(b"a\n---\nb\n---\nc\n")
    assert [next(read).line, next(read).line] == [0, 1]
    with pytest.raises(FileLimitError) as caught:
        next(read)
    assert (caught.value.message, caught.value.line) == (
        "more than 2 documents: the rest is not read",
        4,
    )


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_marked_encodings_are_read(encoding: str) -> None:
    mark = "\ufeff" if encoding[-2:] in {"le", "be"} else ""
    assert decode((mark + "a: é\n").encode(encoding)) == "a: é\n".encode()


@pytest.mark.parametrize(
    "data",
    ["a: 1".encode("utf-32"), b"\xff\xfea", "\ufeff\ud800".encode("utf-16-le", "surrogatepass")],
)
def test_encodings_that_kubernetes_does_not_read_are_refused(data: bytes) -> None:
    with pytest.raises(ReadingError, match="UTF-"):
        decode(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"---\n# Source: shop/templates/a.yaml\na: 1\n", "shop/templates/a.yaml"),
        (b"# Source: shop/templates/a.yaml  \r\na: 1\n", "shop/templates/a.yaml"),
        (b"---\n# licence\n\n# Source: a.yaml\na: 1\n", "a.yaml"),
        (b"a: 1\n# Source: a.yaml\n", None),
        (b"a: |\n  # Source: a.yaml\n", None),
        (b"---\na: 1\n", None),
    ],
)
def test_the_source_is_taken_from_the_comment_above_the_content(
    data: bytes, expected: str | None
) -> None:
    assert source_comment(data) == expected
