"""The parts of the Markdown report: tables of findings, and lists of the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from gate.model.verdict import Finding, Verdict
from gate.report.cases import Case, cases, for_whom, merged
from gate.report.categories import listed
from gate.report.findings import FIX_EVIDENCE, FIX_RULE, FIX_UNREAD, at_line, is_open
from gate.report.groups import Category, alike, cases_without_findings, counted, ways_out
from gate.report.interface import Look
from gate.report.layout import Word, line_of
from gate.report.markdown_links import Links
from gate.report.markdown_text import code, prose, reflowed
from gate.report.words import plural, where

PLACES = 3
"""How many places of a category are named."""

_HEAD = "| Rule | Where | What, and the way out |\n|:--|:--|:--|\n"
_TOLD = ("existing:", "waived:")
"""Categories that have a table of their own."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table or a list, never cut; `count` is how many things it tells."""

    text: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Part:
    """A table or a list, between what opens and what closes it. `label` says what its rows are."""

    rows: Sequence[Row]
    label: str
    opening: str = ""
    closing: str = ""

    def text(self, shown: int) -> str:
        """With the first `shown` of its rows."""
        rows = "\n".join(each.text for each in self.rows[:shown])
        return f"{self.opening}{rows}{self.closing}"


def folded(title: str, part: Part) -> Part:
    """A part that is seen when its title is clicked."""
    count = sum(row.count for row in part.rows)
    opening = f"<details><summary>{title} ({count:,})</summary>\n\n{part.opening}"
    return replace(part, opening=opening, closing=f"{part.closing}\n\n</details>")


def fitting(part: Part, room: int | None) -> int:
    """How many of a part's first rows there is room for, in bytes of UTF-8."""
    if room is None:
        return len(part.rows)
    used = len(part.text(0).encode())
    for number, row in enumerate(part.rows):
        used += len(row.text.encode()) + 1
        if used > room:
            return number
    return len(part.rows)


@dataclass(frozen=True, slots=True)
class Tables:
    """Makes the tables of a verdict. `places` is how many of a category are named; None: all,
    with their objects, and only findings with one message are a category."""

    verdict: Verdict
    links: Links = field(default_factory=Links)
    places: int | None = PLACES

    def deciding(self, reasons: Sequence[str]) -> Part:
        """What decides, worst first, and the `reasons` that no rule has."""
        verdict = self.verdict
        return Part(
            [
                *self._cases(cases(verdict.rules, "error"), "error", FIX_RULE),
                *self.findings(counted(verdict, "deny"), "deny"),
                *self._cases(cases_without_findings(verdict, "deny"), "deny", FIX_EVIDENCE),
                *self._cases(cases(verdict.rules, "undecided"), "undecided", FIX_EVIDENCE),
                *(Row(_cells("undecided", "", "", [reflowed(each)])) for each in reasons),
                *self._unread(),
            ],
            "deciding",
            _HEAD,
        )

    def warnings(self) -> Part:
        """What warns."""
        return Part(
            [
                *self.findings(counted(self.verdict, "warn"), "warn"),
                *self._cases(cases_without_findings(self.verdict, "warn"), "warn", FIX_EVIDENCE),
            ],
            "warnings",
            _HEAD,
        )

    def excused(self, mark: str) -> Part:
        """The findings that do not count: `existing` or `waived`."""
        found = [
            each
            for each in self.verdict.findings
            if (each.status == "existing") == (mark == "existing") and not each.counts
        ]
        return Part(list(self.findings(found, mark)), mark, _HEAD)

    def findings(self, findings: Sequence[Finding], mark: str) -> Iterator[Row]:
        """A row a category."""
        for each in alike(findings, exactly=self.places is None):
            yield Row(self._category(each, mark), len(each.findings))

    def _category(self, category: Category, mark: str) -> str:
        first, count = category.first, len(category.findings)
        rule = code(first.rule) + (f"<br>{plural(count, 'finding')}" if count > 1 else "")
        what = [prose(first.message)]
        others = len({each.message for each in category.findings}) - 1
        if others:
            what.append(f"and {plural(others, 'message')} like it")
        what += _ways(ways_out(first, self.verdict.evaluated_at))
        return _cells(mark, rule, self._places(category), what)

    def _places(self, category: Category) -> str:
        named = len(category.findings) == 1 or self.places is None
        places = dict.fromkeys(self._place(each, named=named) for each in category.findings)
        known = [each for each in places if each]
        shown = known if self.places is None else known[: self.places]
        more = len(known) - len(shown)
        return "<br>".join([*shown, *([f"and {more:,} more"] if more else [])])

    def _place(self, finding: Finding, *, named: bool) -> str:
        if finding.location is None:
            at = where(finding)
            return prose(at) if at else ""
        resource = [code(finding.resource)] if named and finding.resource else []
        return "<br>".join([self.links.place(finding.location), *resource])

    def _cases(self, found: Sequence[Case], mark: str, fix: str) -> Iterator[Row]:
        whole = self.places is None
        for case in found if whole else merged(found):
            whom = for_whom(case, None) if whole else for_whom(case)
            what = [reflowed(case.reason), *map(prose, whom)]
            rules = "<br>".join(code(each) for each in case.rules)
            yield Row(_cells(mark, rules, "", [*what, *_ways([("fix", fix)])]), len(case.rules))

    def _unread(self) -> Iterator[Row]:
        for each in self.verdict.problems:
            if is_open(self.verdict, each):
                what = [prose(each.message), *_ways([("fix", FIX_UNREAD)])]
                yield Row(_cells("unread", "", code(at_line(each)), what))


def brief(verdict: Verdict) -> Part:
    """A line for each other category that the text report has: what does not count, was skipped,
    was not seen, and the preview."""
    rows = [
        Row(f"- **{label}** {prose(_line(item))}")
        for label, items in listed(verdict, Look())
        for item in items
    ]
    return Part(rows, "notes")


def whole(verdict: Verdict) -> Part:
    """All of these categories with everything named, and what the text report has with -v alone:
    rules that passed, the evidence, the engine, the decision's id."""
    rows = [
        Row(f"- **{label}** {prose(_line(item))}")
        for label, items in listed(verdict, Look(verbose=1))
        for item in items
        if label not in _TOLD
    ]
    return Part(rows, "details")


def _line(item: Sequence[Word]) -> str:
    return line_of(item).removesuffix(" (-v lists them)")


def _ways(labelled: Iterable[tuple[str, str]]) -> Iterator[str]:
    for label, text in labelled:
        yield f"**{label}:** {reflowed(text)}"


def _cells(mark: str, rule: str, where: str, what: Sequence[str]) -> str:
    named = f"**{mark}**" + (f"<br>{rule}" if rule else "")
    return f"| {named} | {where} | {'<br>'.join(what)} |"
