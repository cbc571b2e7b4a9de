"""What `gate when` says, as text: whether now, else when, and what is in the way until then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gate.model.outlook import Obstacle, Outlook, Passing
from gate.report.escape import plain
from gate.report.interface import Look
from gate.report.layout import Word, listing, paragraph, prose, reflow
from gate.report.words import day, place, plural

SHOWN_PER_BLOCK = 10
PROJECTED = "if no more errors come"
_WITHOUT_END = ("person", "unknown")


def render(outlook: Outlook, look: Look) -> str:
    """The report: which change, the answer, then each obstacle, the one that ends first above."""
    sections = [_answer(outlook, look)]
    if not look.quiet:
        sections.insert(0, _judged(outlook, look))
    sections += _blocks(outlook, look)
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def _judged(outlook: Outlook, look: Look) -> list[str]:
    verdict = outlook.verdict
    words = [*prose(f"{verdict.description},"), *prose(f"judged by {verdict.judged_by}", "dim")]
    return paragraph(words, look, hang=0)


def _answer(outlook: Outlook, look: Look) -> list[str]:
    lead = _lead(outlook)
    hang = len(lead.text) + 2
    first, *others = _sentences(outlook)
    lines = paragraph(reflow(first, "strong"), look, lead=lead, hang=hang)
    for text in others:
        lines += paragraph(reflow(text), look, hang=hang)
    for text in [] if look.quiet else _notes(outlook):
        lines += paragraph(reflow(text, "dim"), look, hang=hang)
    return lines


def _lead(outlook: Outlook) -> Word:
    if outlook.passes:
        return Word("NOW", outlook.verdict.verdict)
    open_now = outlook.verdict.verdict in ("undecided", "error")
    return Word(outlook.verdict.verdict.upper() if open_now else "NOT NOW", outlook.verdict.verdict)


def _sentences(outlook: Outlook) -> Iterator[str]:
    now = outlook.verdict.evaluated_at
    if outlook.passes:
        warned = outlook.verdict.verdict == "warn"
        found = [each.rule for each in outlook.verdict.findings if each.counts]
        which = ", ".join(sorted(set(found)))
        yield "it would pass" + (
            f", with {plural(len(found), 'warning')}: {which}" if warned and found else ""
        )
    elif outlook.earliest is not None:
        yield f"it would pass {_from(outlook.earliest, now)}"
    elif outlook.without is not None:
        count = len({each.message for each in outlook.obstacles if each.ends in _WITHOUT_END})
        what = "1 obstacle names" if count == 1 else f"{count} obstacles name"
        if all(each.ends != "unknown" for each in outlook.obstacles):
            what = "1 obstacle needs" if count == 1 else f"{count} obstacles need"
            yield f"it does not pass by waiting alone: {what} a person"
        else:
            yield f"nobody can tell when it would pass: {what} no end that holds"
        them = "it" if count == 1 else "them"
        yield f"Without {them}, it would pass {_from(outlook.without, now)}."
    else:
        yield f"nobody can tell when it would pass: {'; '.join(outlook.reasons)}"
    passing = outlook.earliest or outlook.without
    if passing is not None and passing.until is not None:
        yield f"That lasts until {day(passing.until, now)}."


def _from(passing: Passing, now: str) -> str:
    if passing.at == now:
        return "now"
    projected = f", {PROJECTED}" if passing.rests_on == "projection" else ""
    return f"on {day(passing.at, now)}{projected}"


def _notes(outlook: Outlook) -> Iterator[str]:
    verdict = outlook.verdict
    if verdict.mode == "advisory":
        yield "advisory mode: told as if it were enforced"
    if verdict.offline:
        yield "offline: nothing was asked over the network"
    if outlook.known_until is not None:
        yield f"the calendars were read up to {day(outlook.known_until)}"


def _blocks(outlook: Outlook, look: Look) -> list[list[str]]:
    """One block for what ends alike: findings of one rule, or rules that lack the same."""
    groups: dict[tuple[object, ...], list[Obstacle]] = {}
    for each in outlook.obstacles:
        same = each.message if each.level == "undecided" else each.rule
        key = (each.level, same, each.begins, each.ends, each.at, each.how)
        groups.setdefault(key, []).append(each)
    return [_block(alike, outlook.verdict.evaluated_at, look) for alike in groups.values()]


def _block(alike: Sequence[Obstacle], now: str, look: Look) -> list[str]:
    first = alike[0]
    hang = len(first.level) + 2
    rules = list(dict.fromkeys(each.rule for each in alike if each.rule))
    messages = list(dict.fromkeys((each.message, _where(each)) for each in alike))
    head = listing(rules, "strong")
    if len(messages) == 1 and (at := messages[0][1]) is not None:
        head.append(Word(plain(at), "place", 2))
    elif len(messages) > 1:
        head.append(Word(f"({plural(len(messages), 'finding')})", "dim"))
    lead = Word(first.level, first.level)
    if not head:
        lines = paragraph(prose(first.message), look, lead=lead, hang=hang)
    else:
        lines = paragraph(head, look, lead=lead, hang=hang)
        lines += _messages(messages, look, hang)
    for label, text in _ending(first, now, look):
        lines += paragraph(reflow(text), look, lead=Word(label, "dim"), indent=hang, hang=hang + 8)
    return lines


def _messages(told: Sequence[tuple[str, str | None]], look: Look, hang: int) -> list[str]:
    kept = told if look.verbose else told[:SHOWN_PER_BLOCK]
    lines: list[str] = []
    for message, at in kept:
        lines += paragraph(prose(message), look, hang=hang)
        if at is not None and len(told) > 1:
            lines += paragraph([Word(plain(at), "place")], look, hang=hang + 2)
    if len(kept) < len(told):
        note = f"and {len(told) - len(kept):,} more (-v lists them)"
        lines += paragraph(reflow(note, "dim"), look, hang=hang)
    return lines


def _where(obstacle: Obstacle) -> str | None:
    if obstacle.location:
        return place(obstacle.location)
    return obstacle.resource or (f"service {obstacle.service}" if obstacle.service else None)


def _ending(obstacle: Obstacle, now: str, look: Look) -> Iterator[tuple[str, str]]:
    if obstacle.begins is not None:
        yield "begins:", day(obstacle.begins, now)
    at = day(obstacle.at, now) if obstacle.at else None
    how = f". {obstacle.how}" if obstacle.how else ""
    match obstacle.ends:
        case "certain":
            yield "ends:", f"{at}{how if look.verbose else ''}"
        case "projection":
            yield "ends:", f"about {at}, {PROJECTED}{how if look.verbose else ''}"
        case "person":
            yield "ends:", f"only by a person{how}"
        case "unknown" if at is not None:
            yield "ends:", f"{at}, as its rule says; judged then, it still stands{how}"
        case "unknown":
            yield "ends:", f"nobody can tell when{how}"
