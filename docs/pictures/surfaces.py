#!/usr/bin/env python3
"""Draws what people see on a pull request: plain drawings of our own, with the real texts.

    gate check --base main --head upgrade -o markdown | docs/pictures/surfaces.py comment
    gate check --base main --head upgrade -o markdown | docs/pictures/surfaces.py checks
    (gate check --base main --head upgrade -o json; git diff main...upgrade -- FILE) |
        docs/pictures/surfaces.py annotations

Each is an SVG that holds XHTML and fetches nothing. How high one is stands in HEIGHTS, as a browser
needs it: look at a picture whose text has changed.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

WIDTH = 860
HEIGHTS = {"annotations": 780, "checks": 186, "comment": 720}
SANS = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif"
MONO = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
STYLE = f"""
.page {{ font: 14px/1.5 {SANS}; color: #1f2328; background: #fff; border: 1px solid #d0d7de;
  border-radius: 6px; box-sizing: border-box; height: 100%; overflow: hidden; }}
code, pre, .code {{ font-family: {MONO}; font-size: 12px; }}
.bar {{ background: #f6f8fa; border-bottom: 1px solid #d0d7de; padding: 8px 16px; color: #59636e; }}
.bar b {{ color: #1f2328; }}
.body {{ padding: 4px 16px 12px; }}
h3 {{ font-size: 18px; margin: 12px 0; }}
p {{ margin: 8px 0; }}
table {{ border-collapse: collapse; margin: 8px 0; }}
th, td {{ border: 1px solid #d0d7de; padding: 5px 10px; text-align: left; vertical-align: top; }}
th {{ background: #f6f8fa; }}
td code, p code, li code {{ background: #eff1f3; border-radius: 4px; padding: 1px 4px; }}
ul {{ margin: 8px 0; padding-left: 24px; }}
.closed {{ margin: 8px 0; }}
.line {{ display: flex; white-space: pre; font-family: {MONO}; font-size: 12px;
  line-height: 20px; }}
.line i {{ font-style: normal; color: #59636e; text-align: right; width: 38px;
  padding-right: 8px; }}
.line span {{ padding-left: 8px; flex: 1; }}
.added {{ background: #dafbe1; }} .removed {{ background: #ffebe9; }}
.hunk {{ background: #ddf4ff; color: #59636e; }}
.note {{ margin: 6px 16px 6px 84px; border: 1px solid #d0d7de; border-left: 4px solid #cf222e;
  border-radius: 4px; padding: 6px 12px; }}
.note small, .row small {{ color: #59636e; font-size: 12px; }}
.row {{ display: flex; padding: 10px 16px; border-bottom: 1px solid #d0d7de; align-items: center; }}
.row span {{ flex: 1; }}
.mark {{ color: #fff; background: #cf222e; border-radius: 10px; width: 20px; height: 20px;
  line-height: 20px; text-align: center; margin-right: 12px; font-size: 12px; flex: none; }}
.label {{ border: 1px solid #d0d7de; border-radius: 10px; padding: 0 8px; font-size: 12px; }}
.button {{ display: inline-block; background: #eff1f3; color: #818b98; border: 1px solid #d0d7de;
  border-radius: 6px; padding: 4px 14px; margin: 10px 16px; }}
"""


def comment(markdown: str) -> str:
    """The comment on a pull request. What is folded away stays closed."""
    closed = re.sub(
        r"<details><summary>(.*?)</summary>.*?</details>",
        r'<div class="closed">&#9656; \1</div>',
        markdown,
        flags=re.DOTALL,
    )
    html = MarkdownIt("commonmark", {"html": True, "xhtmlOut": True}).enable("table").render(closed)
    html = re.sub(r"<(br|wbr)>", r"<\1/>", html)
    head = '<div class="bar"><b>github-actions</b> commented on this pull request</div>'
    return _picture(
        "comment", f'{head}<div class="body">{html}</div>', "The comment of change-gate"
    )


def checks(markdown: str) -> str:
    """The box below a pull request that says whether it can be merged."""
    title = markdown.splitlines()[0].lstrip("#⛔ ")
    rows = [
        _row("change-gate", title, '<b class="label">Required</b>'),
        _row("Merging is blocked", "A required check did not pass.", ""),
    ]
    button = '<div class="button">Merge pull request</div>'
    return _picture("checks", "".join(rows) + button, "A required check that blocks the merge")


def annotations(verdict: Mapping[str, Any], diff: str) -> str:
    """The changed lines of one file, with the findings below theirs."""
    path, lines = _changed(diff)
    found: dict[int, list[Mapping[str, Any]]] = {}
    for finding in verdict["findings"]:
        at = finding["location"]
        if finding["status"] == "new" and at and (at["path"], at["side"]) == (path, "new"):
            found.setdefault(at["line"], []).append(finding)
    shown = [f'<div class="bar"><b class="code">{escape(path)}</b></div>']
    for kind, old, new, text in lines:
        shown.append(_line(kind, old, new, text))
        if kind != "removed" and new is not None:
            shown += [_note(each) for each in found.pop(new, [])]
    if found:
        raise SystemExit(f"Not in the diff: lines {sorted(found)} of {path}.")
    return _picture("annotations", "".join(shown), "Findings on the changed lines")


def _picture(name: str, body: str, title: str) -> str:
    height = HEIGHTS[name]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img">\n'
        f"<title>{escape(title)}</title>\n"
        f'<foreignObject width="{WIDTH}" height="{height}">\n'
        f'<div xmlns="http://www.w3.org/1999/xhtml" class="page"><style>{STYLE}</style>\n'
        f"{body}\n</div>\n</foreignObject>\n</svg>\n"
    )


def _row(title: str, text: str, end: str) -> str:
    told = f"<b>{escape(title)}</b><br/><small>{escape(text)}</small>"
    return f'<div class="row"><div class="mark">&#10005;</div><span>{told}</span>{end}</div>\n'


def _changed(diff: str) -> tuple[str, Sequence[tuple[str, int | None, int | None, str]]]:
    """The path of a diff of one file, and its lines with their numbers before and after."""
    (path,) = re.findall(r"^\+\+\+ b/(.*)$", diff, re.MULTILINE)
    return path, list(_numbered(diff[diff.index("\n@@") + 1 :]))


def _numbered(hunks: str) -> Iterator[tuple[str, int | None, int | None, str]]:
    old = new = 0
    for line in hunks.splitlines():
        start = re.match(r"@@ -(\d+)(?:,\d+)? \+(\d+)", line)
        if start:
            old, new = int(start[1]), int(start[2])
            yield "hunk", None, None, line
            continue
        kind = {"+": "added", "-": "removed"}.get(line[:1], "same")
        yield (
            kind,
            None if kind == "added" else old,
            None if kind == "removed" else new,
            line,
        )
        old += kind != "added"
        new += kind != "removed"


def _line(kind: str, old: int | None, new: int | None, text: str) -> str:
    numbers = "".join(f"<i>{'' if number is None else number}</i>" for number in (old, new))
    return f'<div class="line {kind}">{numbers}<span>{escape(text)}</span></div>\n'


def _note(finding: Mapping[str, Any]) -> str:
    fix = f"<br/><b>fix:</b> {escape(finding['remediation'])}" if finding["remediation"] else ""
    return (
        f'<div class="note"><small>Check failure: change-gate</small><br/>'
        f"<b>{escape(finding['rule'])}</b><br/>{escape(finding['message'])}{fix}</div>\n"
    )


def draw(name: str, text: str) -> str:
    """The picture of a name, from what the commands print."""
    if name == "annotations":
        verdict, end = json.JSONDecoder().raw_decode(text)
        return annotations(verdict, text[end:])
    return {"comment": comment, "checks": checks}[name](text)


if __name__ == "__main__":
    target = Path(__file__).with_name(f"{sys.argv[1]}.svg")
    target.write_text(draw(sys.argv[1], sys.stdin.read()), encoding="utf-8")
