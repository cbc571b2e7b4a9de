"""Random PromQL: a query with blanks, comments and hostile texts, whose selectors can be given more
matchers without reading it."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st


@dataclass(frozen=True)
class Selector:
    """A name with its matchers, each as it is written."""

    name: str
    matchers: tuple[str, ...]

    def text(self, more: str) -> str:
        inside = ",".join([*self.matchers, *([more] if more else [])])
        return f"{self.name}{{{inside}}}" if inside else self.name


@dataclass(frozen=True)
class Query:
    """The parts of a query in order."""

    parts: tuple[str | Selector, ...]

    def text(self, more: str = "") -> str:
        """The query, with these matchers in each selector."""
        return "".join(each if isinstance(each, str) else each.text(more) for each in self.parts)


_SIGNS = "ab{}[]()\"'`,#=~|$ \\\nü0*/"
_HOSTILE = st.text(_SIGNS, max_size=8) | st.sampled_from(
    ['"} or vector(0) #', "or vector(0)", "{x='y'}", "# no comment", "$window", "clamp_min(a,1)"]
)
_names = st.sampled_from(["up", "a_total", "job:a:rate5m", "by_total", "or_total", "sum_x"])
_blank = st.sampled_from(["", "", " ", "\n", " # or vector(0) \"'`{[(\n", "#\n"])


def _double(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _single(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def _raw(text: str) -> str:
    return "`" + text.replace("`", "") + "`"


strings = st.builds(
    lambda text, write: write(text), _HOSTILE, st.sampled_from([_double, _single, _raw])
)
"""Texts as PromQL writes them, in each of its three ways."""
matchers = st.builds(
    lambda name, sign, text: f"{name}{sign}{text}",
    st.sampled_from(["job", "code", "by", "on"]),
    st.sampled_from(["=", "!="]),
    strings,
)
_selectors = st.builds(Selector, _names, st.lists(matchers, max_size=2).map(tuple))


def _joined(*parts: Query | Selector | str) -> Query:
    found: list[str | Selector] = []
    for each in parts:
        found += each.parts if isinstance(each, Query) else [each]
    return Query(tuple(found))


def _larger(inner: st.SearchStrategy[Query]) -> st.SearchStrategy[Query]:
    operators = st.sampled_from(["+", "-", "*", "/", " or ", " and on(job) ", " unless ", ">bool "])
    sums = st.sampled_from(["sum", "max by (job)", "avg without(code, by)", "count"])
    return (
        st.builds(
            lambda a, x, o, y, b: _joined(x, a, o, b, y), _blank, inner, operators, inner, _blank
        )
        | st.builds(lambda a, x, b: _joined("(", a, x, b, ")"), _blank, inner, _blank)
        | st.builds(lambda s, a, x: _joined(s, a, "(", x, ")"), sums, _blank, inner)
        | st.builds(
            lambda s, a, w: _joined("rate(", s, a, f"[{w}]", ")"),
            _selectors,
            st.sampled_from(["", " "]),
            st.sampled_from(["5m", "1h30m", "30d"]),
        )
        | st.builds(
            lambda x, a, text: _joined("label_replace(", x, a, ', "a", ', text, ', "b", "")'),
            inner,
            _blank,
            strings,
        )
    )


queries = st.recursive(_selectors.map(lambda each: Query((each,))), _larger, max_leaves=5)
"""Queries that a server can read."""
