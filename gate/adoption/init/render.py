"""The text of `.gate.yaml`. What comes from the repository is quoted, or one line of a comment."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gate.adoption.init.environments import Environment
from gate.adoption.init.look import Seen
from gate.adoption.init.services import MAX_SERVICES, Service
from gate.adoption.init.sources import Source
from gate.report.escape import plain

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_RESERVED = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])
_SHOWN = 3
_EXAMPLES = 10
_WIDTH = 96


def config(
    seen: Seen,
    environments: Sequence[Environment],
    services: Sequence[Service],
    sources: Sequence[Source],
) -> str:
    """A config that loads: what is clear, and what is not as comments."""
    parts = [
        ["# How `gate` judges changes. `gate schema config` tells all keys.", "version: 1"],
        ["mode: enforce  # advisory: judges and reports, and blocks nothing"],
        list(_manifests(seen)),
        list(_environments(environments)),
        list(_services(services)),
        list(_evidence(sources)),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def _manifests(seen: Seen) -> Iterator[str]:
    if not seen.unreadable:
        return
    yield from _comment(
        f"{_number(len(seen.unreadable), 'file')} cannot be read, and a change of such a file is "
        f"undecided: {_some(seen.unreadable)}. If they are no manifests:"
    )
    yield f"# manifests: {_flow({'exclude': seen.unreadable[:_SHOWN]})}"


def _environments(environments: Sequence[Environment]) -> Iterator[str]:
    if not environments:
        return
    yield from _comment("By the names of folders. A file that matches none belongs to all of them.")
    clear = [each for each in environments if each.doubt is None]
    yield "environments:" if clear else "# environments:"
    yield from (f"  {_environment(each)}" for each in clear)
    for each in environments:
        if each.doubt is not None:
            yield from _comment(each.doubt, indent="#   ")
            yield f"#   {_environment(each)}"


def _environment(each: Environment) -> str:
    paths = _flow({"paths": list(each.paths)})
    return f"{scalar(each.name)}: {paths}  # {_number(each.files, 'file')}"


def _services(services: Sequence[Service]) -> Iterator[str]:
    if not services:
        return
    if len(services) > MAX_SERVICES:
        most = sorted(services, key=lambda each: -each.objects)[:_EXAMPLES]
        names = ", ".join(each.name for each in most)
        yield from _comment(
            f"{len(services)} services are found by their labels, which needs no entry here: "
            f"{names} and {len(services) - len(most)} more. Once some are named, `gate freeze` and "
            "--service know no others."
        )
        yield "# services:"
        yield f"#   {scalar(most[0].name)}: {{}}"
        return
    yield from _comment(
        "By the labels of what runs. Which are mission-critical (`tier: 1`) nobody knows but you."
    )
    yield "services:"
    for each in services:
        settings: dict[str, Any] = {"paths": list(each.paths)} if each.paths else {}
        settings |= {"owners": list(each.owners)} if each.owners else {}
        note = _number(each.objects, "object")
        if each.source:
            note += f"; its code: {each.source}/**?"
        yield f"  {scalar(each.name)}: {_flow(settings)}  # {plain(note)}"


def _evidence(sources: Sequence[Source]) -> Iterator[str]:
    yield from _comment("How things stand: what is frozen, what is left of error budgets.")
    shown = sources or [Source("freeze", {"windows": "freezes.yaml"}, "", "")]
    yield f"{_off([each for each in shown if each.doubt is None])}evidence:"
    for kind in dict.fromkeys(each.kind for each in shown):
        mine = sorted((each for each in shown if each.kind == kind), key=_is_doubtful)
        yield f"{_off([each for each in mine if each.doubt is None])}  {kind}:"
        for each in mine:
            off = _off(() if _is_doubtful(each) else (each,))
            reason = ": ".join(text for text in (each.why, each.doubt) if text)
            yield from _comment(reason, indent=f"{off}    ") if reason else ()
            yield f"{off}    - {_flow(each.settings, outer=True)}"


def _is_doubtful(source: Source) -> bool:
    return source.doubt is not None


def _off(clear: Sequence[Source]) -> str:
    """What makes a line a comment, and leaves it right for who takes it away."""
    return "" if clear else "# "


def scalar(text: str) -> str:
    """A YAML scalar that every reader takes for this text."""
    if _WORD.fullmatch(text) and text.lower() not in _RESERVED:
        return text
    return json.dumps(text, ensure_ascii=False)


def _flow(value: Any, *, outer: bool = False) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{scalar(key)}: {_flow(each)}" for key, each in value.items())
        return inner if outer else f"{{{inner}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return scalar(value) if _WORD.fullmatch(value) else json.dumps(value, ensure_ascii=False)


def _comment(text: str, indent: str = "") -> list[str]:
    """Lines of comments that no text breaks out of."""
    return textwrap.wrap(
        plain(text),
        _WIDTH,
        initial_indent=f"{indent}# ",
        subsequent_indent=f"{indent}# ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _some(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return ", ".join(paths[:_SHOWN]) + more


def _number(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count} {noun}s"
