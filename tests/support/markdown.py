"""Reads Markdown as GitHub does, as far as structure goes: CommonMark with tables and HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from markdown_it import MarkdownIt

OURS = {"code", "wbr", "br", "details", "summary"}
"""HTML that the reports write themselves."""

_READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


@dataclass
class Seen:
    """What a reader gets: `shape` is every element but those that stand for code, `text` what
    stands outside of code, `code` what stands within."""

    shape: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen = Seen()
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "code":
            self._depth += 1
        elif tag != "wbr":
            self.seen.shape.append(tag)
            allowed = {"a": ["href"], "th": ["style"], "td": ["style"]}.get(tag, [])
            assert [name for name, _ in attrs if name not in allowed] == [], (tag, attrs)
        self.seen.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_endtag(self, tag: str) -> None:
        if tag == "code":
            self._depth -= 1
        else:
            self.seen.shape.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        (self.seen.code if self._depth else self.seen.text).append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data}")


def seen(markdown: str) -> Seen:
    """What a reader gets of Markdown; fails for HTML that no report writes."""
    for kind, content in _html(markdown):
        tags = re.findall(r"</?([a-z]*)>", content)
        left = re.sub(r"</?[a-z]+>", "", content)
        if kind == "html_inline":
            assert not left, content
        assert {*tags} <= OURS, content
    page = _Page()
    page.feed(_READER.render(markdown))
    page.close()
    return page.seen


def _html(markdown: str) -> Iterator[tuple[str, str]]:
    for token in _READER.parse(markdown):
        for each in [token, *(token.children or [])]:
            if each.type in {"html_inline", "html_block"}:
                yield each.type, each.content
