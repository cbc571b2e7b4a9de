"""Aligned columns, and the page about one rule."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from gate.model.config import Level
from gate.model.policy import Rule
from gate.report.escape import plain
from gate.report.interface import Look
from gate.report.layout import Style, Word, columns, cut, paint, paragraph, reflow

Cell = str | tuple[str, Style]
"""A text, or a text in its style. A level alone has its own colour."""

_GAP = 2
_LEAST_CELL = 8
_LABELS = 14
_LEVELS: Mapping[str, Style] = {"deny": "deny", "warn": "warn", "off": "dim"}


def table(
    header: Sequence[str], rows: Sequence[Sequence[Cell]], look: Look, whole: Collection[int] = ()
) -> str:
    """The rows in aligned columns, with a newline at the end.

    On a terminal the widest columns are cut until a row fits its width, the first one last and
    those of `whole` not at all; elsewhere nothing is cut, since a program may read it.
    """
    cells = [[_styled(cell) for cell in row] for row in rows]
    named: list[list[tuple[str, Style]]] = [[(name, "dim") for name in header]]
    widths = [
        max(columns(row[index][0]) for row in [*named, *cells]) for index in range(len(header))
    ]
    if look.terminal:
        widths = _fitted(widths, look.width, whole)
    return "\n".join(_row(row, widths, look) for row in [*named, *cells]) + "\n"


def rule_page(
    rule: Rule,
    level: Level,
    settings: Mapping[str, Any],
    source: str,
    config: str | None,
    look: Look,
    ways: Mapping[str, str] | None = None,
) -> str:
    """All about a rule: what it asks, its level and settings here, the way out, where it is from.

    `level` and `settings` are those in force; `config` is the path of the configuration that may
    have set them; `ways` says by the event what follows where its evidence is unavailable. The Rego
    follows with -v.
    """
    lines = paragraph(reflow(rule.title, "strong"), look)
    lines += paragraph([Word(plain(rule.id), "dim")], look)
    lines += ["", *_paragraphs(rule.description, look)] if rule.description.strip() else []
    lines.append("")
    for label, words in _facts(rule, level, settings, config, ways or {}):
        lines += paragraph(words, look, lead=Word(label, "dim"), hang=_LABELS)
    if look.verbose:
        lines += ["", *(plain(line.replace("\t", "    ")) for line in source.split("\n"))]
    return "\n".join(lines).rstrip("\n") + "\n"


def _styled(cell: Cell) -> tuple[str, Style]:
    if isinstance(cell, str):
        return plain(cell), _LEVELS.get(cell, "plain")
    return plain(cell[0]), cell[1]


def _fitted(widths: Sequence[int], width: int, whole: Collection[int]) -> list[int]:
    """The widths, the widest made narrower until all fit; the first, the name, at last."""
    fitted = list(widths)
    over = sum(fitted) + _GAP * (len(fitted) - 1) - width
    others = [index for index in range(1, len(fitted)) if index not in whole]
    while over > 0 and (wide := [index for index in others if fitted[index] > _LEAST_CELL]):
        fitted[max(wide, key=fitted.__getitem__)] -= 1
        over -= 1
    fitted[0] = max(fitted[0] - max(over, 0), min(fitted[0], _LEAST_CELL))
    return fitted


def _row(cells: Sequence[tuple[str, Style]], widths: Sequence[int], look: Look) -> str:
    shown = []
    for (whole, style), width in zip(cells, widths, strict=True):
        text = cut(whole, width)
        shown.append(paint(text, style, look) + " " * (width - columns(text)))
    return (" " * _GAP).join(shown).rstrip(" ")


def _paragraphs(text: str, look: Look) -> list[str]:
    """Prose, its paragraphs kept: an empty line parts them."""
    parts = [part for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]
    lines: list[str] = []
    for part in parts:
        lines += [*([""] if lines else []), *paragraph(reflow(part), look)]
    return lines


def _facts(
    rule: Rule,
    level: Level,
    settings: Mapping[str, Any],
    config: str | None,
    ways: Mapping[str, str],
) -> Iterator[tuple[str, list[Word]]]:
    yield "level:", [Word(level, _LEVELS[level]), *reflow(_level_from(rule, level, config), "dim")]
    if rule.effective_on:
        yield "takes effect:", reflow(f"on {rule.effective_on}; it warns before")
    for number, (name, value) in enumerate(sorted(settings.items())):
        yield "settings:" if number == 0 else "", _setting(name, value, rule.settings)
    if rule.requires:
        yield "needs:", reflow(", ".join(rule.requires))
        if ways:
            told = [f"{event}: {way}" for event, way in ways.items() if event != "default"]
            yield "unavailable:", reflow("; ".join([ways["default"], *told]))
    if rule.remediation:
        yield "fix:", reflow(rule.remediation)
    if rule.existing == "never":
        yield "old findings:", reflow("count like new ones")
    if rule.standard:
        yield "standard:", reflow(rule.standard)
    if rule.runbook:
        yield "see:", reflow(rule.runbook)
    yield (
        "source:",
        [Word(plain(f"{rule.path}:{rule.line}"), "place"), *reflow(f"({_origin(rule)})", "dim")],
    )


def _origin(rule: Rule) -> str:
    if rule.origin == "builtin":
        return "comes with gate"
    if rule.origin == "server":
        return "of the OPA server"
    return "of a bundle" if "!" in rule.path else "of this repository"


def _level_from(rule: Rule, level: Level, config: str | None) -> str:
    if level == rule.level:
        return "(the rule's own)"
    by = f"set by {config}; " if config and not rule.effective_on else ""
    return f"({by}the rule's own is {rule.level})"


def _setting(name: str, value: Any, defaults: Mapping[str, Any]) -> list[Word]:
    words = [Word(plain(f"{name}:")), *reflow(_json(value))]
    if name not in defaults:
        return [*words, *reflow("(the rule does not know it)", "dim")]
    if defaults[name] != value:
        return [*words, *reflow(f"(the rule's own is {_json(defaults[name])})", "dim")]
    return words


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
