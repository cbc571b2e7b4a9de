"""A file's bytes as UTF-8, and where its YAML documents begin and end. Nothing is parsed here.

A document begins at `---` and ends at `...`, each at the start of a line and with white space
after it: no scalar, however it is quoted, can hold such a line. So each part stands for itself,
and an error in one leaves the others.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from gate.manifests.limits import MAX_DOCUMENTS, FileLimitError, ReadingError

_BEGIN, _END = b"---", b"..."
_BREAKS = (b"\n", b"\r", b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9")
_MARKER = re.compile(rb"(?:---|\.\.\.)(?=[ \t\r\n]|\Z|\xc2\x85|\xe2\x80[\xa8\xa9])")
_NO_CONTENT = re.compile(
    rb"(?:[ \t\r\n]|\xc2\x85|\xe2\x80[\xa8\xa9]|\xef\xbb\xbf"
    rb"|\#(?:(?!\xc2\x85|\xe2\x80[\xa8\xa9])[^\r\n])*+)*+"
)
_MARK_IN_DOCUMENT = re.compile(rb"\A(---[ \t]*+\r?\n)\xef\xbb\xbf")
_SOURCE = re.compile(
    rb"\A(?:---[^\r\n]*+\r?\n)?+"
    rb"(?:[ \t]*+(?:\#(?! Source: )[^\r\n]*+)?\r?\n)*+"
    rb"\# Source: ([^\r\n]+)"
)


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes of one document. `line` is the file's line, from 0, on which they start;
    `directives` how many bytes stand before the `---` where directives (`%YAML`) do."""

    data: bytes
    line: int
    directives: int = 0


def decode(data: bytes) -> bytes:
    """The bytes as UTF-8 without byte-order mark. UTF-16 with a mark is read, as Kubernetes does.

    Other bytes come back as they are: the parser finds what is not UTF-8, and where. Raises
    `ReadingError` for UTF-32 and for broken UTF-16.
    """
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise ReadingError("UTF-32, which Kubernetes does not read", 1)
    if not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-16").encode()
    except UnicodeDecodeError as error:
        raise ReadingError("broken UTF-16", 1) from error


def split(data: bytes) -> Iterator[Part]:
    """The documents in their order; an empty one counts where a `---` begins it.

    Raises `FileLimitError` at the document that is one too many.
    """
    line = counted = 0
    for count, (start, end, directives) in enumerate(_documents(data)):
        line += data.count(b"\n", counted, start)
        counted = start
        if count == MAX_DOCUMENTS:
            message = f"more than {MAX_DOCUMENTS:,} documents: the rest is not read"
            raise FileLimitError(message, line + 1)
        yield Part(_MARK_IN_DOCUMENT.sub(rb"\1", data[start:end]), line, directives)


def source_comment(data: bytes) -> str | None:
    """The path in a `# Source: x/y.yaml` comment, which Helm writes on top of a document."""
    if b"# Source: " not in data:
        return None
    match = _SOURCE.match(data)
    return match[1].decode("utf-8", "replace").strip() if match else None


def _documents(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Start, end, and size of the directives, of each document."""
    directives: int | None = None
    for marker, begin, end in _segments(data):
        start = begin + len(_END) if marker == _END else begin
        if marker != _BEGIN and directives is None:
            content = _first_content(data, start, end)
            if content == end:
                continue
            if data.startswith(b"%", content):
                directives = start
                continue
        if directives is None:
            yield start, end, 0
        else:
            yield directives, end, begin - directives
            directives = None
    if directives is not None:
        yield directives, len(data), len(data) - directives


def _first_content(data: bytes, start: int, end: int) -> int:
    match = _NO_CONTENT.match(data, start, end)
    return match.end() if match else start


def _segments(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """What stands from one marker to the next, with its marker; none before the first."""
    marker, begin = b"", 0
    for match in _MARKER.finditer(data):
        place = match.start()
        if place == 0 or data.endswith(_BREAKS, max(0, place - 3), place):
            yield marker, begin, place
            marker, begin = match[0], place
    yield marker, begin, len(data)
