"""Error budgets as a table with bars, and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gate.model import times
from gate.model.manifest import Target
from gate.model.verdict import Evidence
from gate.report.interface import Look
from gate.report.layout import Style, columns, paragraph, reflow
from gate.report.standing import Json, base, document, heading, pairs, sources, whose
from gate.report.tables import Cell, table
from gate.report.words import day

SCHEMA = "change-gate/slo/v1"
EXHAUSTED, UNKNOWN = 1, 3
"""Exit codes."""
LOW = 0.2
"""The share of a budget below which it is `warning`."""

_STATES = ("ok", "warning", "exhausted", "insufficient_data")
_STYLES: Mapping[str, Style] = dict(
    zip(_STATES, ("pass", "warn", "deny", "undecided"), strict=True)
)
_MOST = 1.000001
_EIGHTHS = " ▏▎▍▌▋▊▉"
_BAR = 10
_FORMS = ((_BAR, True), (6, True), (6, False), (0, False))
"""How long bars are, and whether objectives are shown: the first for which there is room."""
_NOT_KNOWN = "the evidence does not say what remains"


class _StrangeError(Exception):
    """What of a value is no SLO."""


def slos(evidence: Evidence) -> list[Json] | str:
    """What the sources say of a target, each SLO with all its keys and at the worst of what it
    says itself and what its numbers say; text: why it is not known."""
    if evidence.status != "ok":
        return evidence.reason or "no reason is given"
    if not isinstance(evidence.value, list):
        return f"{evidence.source or 'its source'}: the value is no list of SLOs"
    try:
        return [_slo(each, number) for number, each in enumerate(evidence.value, 1)]
    except _StrangeError as error:
        return f"{evidence.source or 'its source'}: {error}"


def exit_code(targets: Sequence[Target], evidence: Sequence[Evidence]) -> int:
    """0 where all is known and no budget is spent, 1 where one is, else 3. Where no SLO is there
    at all, nothing is known."""
    found = [slos(each) for _, each in pairs(targets, evidence)]
    states = [slo["state"] for each in found if isinstance(each, list) for slo in each]
    if "exhausted" in states:
        return EXHAUSTED
    known = all(isinstance(each, list) for each in found)
    return 0 if known and states and "insufficient_data" not in states else UNKNOWN


def as_json(
    targets: Sequence[Target], evidence: Sequence[Evidence], now: datetime, by: str
) -> Json:
    """`change-gate/slo/v1`: for each target its SLOs as the policy input has them; null where
    they are not known."""
    told = []
    for target, each in pairs(targets, evidence):
        found = slos(each)
        why = found if isinstance(found, str) else None
        told.append({**base(target, each), "reason": why, "slos": None if why else found})
    return document(SCHEMA, now, by, told)


def text(
    targets: Sequence[Target], evidence: Sequence[Evidence], now: datetime, by: str, look: Look
) -> str:
    """A line an SLO; beneath, what burns, when it would be over, and why something is not known."""
    rows = [row for each in pairs(targets, evidence) for row in _rows(*each)]
    if look.quiet:
        rows = [row for row in rows if row.state not in ("ok", "no SLO")]
    if not rows:
        return ""
    lines = [*heading(now, by, look), *_table(rows, look)]
    for words in dict.fromkeys(_notes(targets, evidence, now)):
        lines += ["", *paragraph(reflow(words), look)]
    for part in sources(targets, evidence, look):
        lines += ["", *part]
    return "\n".join(lines) + "\n"


def bar(share: float, cells: int = _BAR) -> str:
    """A share as a bar: full at 1 and above, empty at 0 and below.

    What is left is never shown as nothing, and what is spent never as nothing.
    """
    eighths = round(max(0.0, min(share, 1.0)) * cells * 8)
    if 0 < share < 1:
        eighths = min(max(eighths, 1), cells * 8 - 1)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(cells, "·")


def percent(share: float) -> str:
    """`68 %`, `-12.4 %`, `0.04 %`: cut to a tenth, or to the first digit that is not 0, so that
    it never looks better than it is."""
    for decimals in (1, 2, 3, 4):
        cut = math.floor(share * 100 * 10**decimals + 1e-6) / 10**decimals
        if cut or not share:
            return f"{cut:.{decimals}f}".rstrip("0").rstrip(".") + " %"
    return "under 0.0001 %"


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the table."""

    service: str
    environment: str
    state: str
    style: Style
    name: str = "-"
    objective: str = "-"
    remaining: float | None = None
    burn: str = "-"


def _rows(target: Target, evidence: Evidence) -> Iterator[_Row]:
    names = (target.service, target.environment)
    found = slos(evidence)
    if isinstance(found, str):
        yield _Row(*names, "not known", "undecided")
    elif not found:
        yield _Row(*names, "no SLO", "dim")
    else:
        for slo in found:
            yield _row(*names, slo)


def _row(service: str, environment: str, slo: Json) -> _Row:
    state, objective, burn = slo["state"], slo["objective"], slo["burn_rate"]
    over = f" {slo['window']}" if slo["window"] else ""
    return _Row(
        service,
        environment,
        "not known" if state == "insufficient_data" else state,
        _STYLES[state],
        slo["name"],
        "-" if objective is None else f"{100 * objective:.6g} %{over}",
        slo["remaining"],
        "-" if burn is None else _rate(burn),
    )


def _table(rows: Sequence[_Row], look: Look) -> list[str]:
    """The table with as long bars and as many columns as there is room for."""
    for cells, objectives in _FORMS:
        header = ["SERVICE", "ENVIRONMENT", "SLO", *(["OBJECTIVE"] if objectives else [])]
        whole = range(3, len(header) + 3)
        header += ["BUDGET LEFT", "BURN", "STATE"]
        lines = [_cells(each, cells, objectives=objectives) for each in rows]
        uncut = table(header, lines, replace(look, terminal=False, color=False))
        if not look.terminal or max(map(columns, uncut.splitlines())) <= look.width:
            break
    return table(header, lines, look, whole).splitlines()


def _cells(row: _Row, cells: int, *, objectives: bool) -> Sequence[Cell]:
    shown = "-"
    if row.remaining is not None:
        shown = percent(row.remaining)
        shown = f"{bar(row.remaining, cells)} {shown}" if cells else shown
    return [
        (row.service, "plain"),
        (row.environment, "plain"),
        (row.name, "plain"),
        *([row.objective] if objectives else []),
        (shown, row.style),
        row.burn,
        (row.state, row.style),
    ]


def _rate(burn: float) -> str:
    if 0 < burn < 0.05:
        return "<0.1x"
    return f"{burn:,.0f}x" if burn >= 100 or burn == round(burn) else f"{burn:.1f}x"


def _notes(targets: Sequence[Target], evidence: Sequence[Evidence], now: datetime) -> Iterator[str]:
    reasons: dict[str, list[Target]] = {}
    for target, each in pairs(targets, evidence):
        found = slos(each)
        if isinstance(found, list):
            for slo in found:
                told = "; ".join(_told(slo, now))
                if told:
                    yield f"{target.service} in {target.environment}, {slo['name']}: {told}."
        else:
            reasons.setdefault(found, []).append(target)
    for reason, those in reasons.items():
        yield f"Not known: {whose(those)}: {reason}"


def _told(slo: Json, now: datetime) -> Iterator[str]:
    """What the table has no room for."""
    if slo["state"] == "insufficient_data":
        yield (slo["reason"] or _NOT_KNOWN).rstrip(".")
    fast = next((each for each in slo["pairs"] if each.get("exceeded") is True), None)
    if fast is not None:
        over, also = fast.get("long"), fast.get("short")
        rates = [_number(fast.get(key)) for key in ("long_rate", "short_rate", "factor")]
        if None not in rates:
            long_rate, short_rate, factor = (_rate(rate or 0) for rate in rates)
            yield (
                f"burns {long_rate} over {over} and {short_rate} over {also}, more than {factor} "
                f"({fast.get('severity')})"
            )
    if slo["exhausted_at"] and slo["state"] == "warning":
        yield f"at this rate spent on {day(slo['exhausted_at'], times.written(now))}"
    back = next((each["at"] for each in slo["projection"] if each["remaining"] > 0), None)
    if slo["state"] == "exhausted" and back is not None:
        yield f"some of it is back on {day(back, times.written(now))}, if no more errors come"


def _slo(told: Any, number: int) -> Json:
    """An SLO with all its keys, what cannot be a number or a time left out."""
    if not isinstance(told, dict):
        raise _StrangeError(f"SLO {number} is no object")
    remaining, objective = _number(told.get("remaining")), _number(told.get("objective"))
    stated, pair = told.get("state"), told.get("pairs")
    if remaining is not None and remaining > _MOST:
        raise _StrangeError(f"SLO {number} has {remaining:g} of its budget left, and 1 is all")
    if objective is not None and not 0 < objective <= 1:
        raise _StrangeError(f"SLO {number} has the objective {objective:g}, which is no share")
    if stated is not None and stated not in _STATES:
        raise _StrangeError(f"SLO {number} has no such state as {str(stated)[:40]!r}")
    told_pairs = [each for each in pair or () if isinstance(each, dict)]
    known = {
        "name": _text(told, "name") or f"SLO {number}",
        "objective": objective,
        "window": _text(told, "window"),
        "remaining": remaining,
        "state": _state(remaining, stated, told_pairs),
        "reason": _text(told, "reason"),
        "burn_rate": _number(told.get("burn_rate")),
        "pairs": told_pairs,
        "exhausted_at": _time(told.get("exhausted_at")),
        "projection": _projection(told.get("projection")),
        "source": _text(told, "source"),
        "place": _text(told, "place"),
    }
    if known["state"] == "insufficient_data":
        known |= {"remaining": None, "reason": known["reason"] or _NOT_KNOWN}
    return known


def _state(remaining: float | None, stated: str | None, rates: Sequence[Json]) -> str:
    if remaining is None or stated == "insufficient_data":
        return "insufficient_data"
    if remaining <= 0:
        return "exhausted"
    low = remaining < LOW or any(each.get("exceeded") is True for each in rates)
    return max(stated or "ok", "warning" if low else "ok", key=_STATES.index)


def _projection(told: Any) -> list[Json]:
    found = []
    for each in told if isinstance(told, list) else ():
        point = each if isinstance(each, dict) else {}
        at, remaining = _time(point.get("at")), _number(point.get("remaining"))
        if at is not None and remaining is not None:
            found.append({"at": at, "remaining": remaining})
    return sorted(found, key=lambda each: str(each["at"]))


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if math.isfinite(value) else None


def _text(told: Mapping[str, Any], key: str) -> str | None:
    value = told.get(key)
    return value if isinstance(value, str) and value else None


def _time(value: Any) -> str | None:
    at = times.moment(value) if isinstance(value, str) else None
    return None if at is None else times.written(at)
