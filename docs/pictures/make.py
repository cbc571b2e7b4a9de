#!/usr/bin/env python3
"""Draws what a terminal shows as an SVG.

    gate check --color always | docs/pictures/make.py docs/pictures/verdict.svg
    gate slo --color always | docs/pictures/make.py docs/pictures/slo.svg "gate slo"

It reads text with ANSI colours and fetches nothing: the picture names fonts that are installed
where it is seen.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

FONTS = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
MARGIN = 2


def picture(ansi: str, title: str = "gate check") -> str:
    """The SVG of a terminal that shows the text."""
    text = Text.from_ansi(ansi.rstrip("\n"))
    width = max((line.cell_len for line in text.split()), default=0) + MARGIN
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True)
    console.print(text, soft_wrap=False)
    svg = console.export_svg(title=title, unique_id="gate")
    return without_fonts(svg)


def without_fonts(svg: str) -> str:
    """The picture without fonts from the net, its spaces kept."""
    svg = re.sub(r"@font-face\s*{[^}]*}\s*", "", svg)
    svg = re.sub(r"font-family:[^;]+;", f"font-family: {FONTS};", svg)
    svg = svg.replace("<text ", '<text xml:space="preserve" ')
    return "\n".join(line.rstrip() for line in svg.strip().split("\n")) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(picture(sys.stdin.read(), *sys.argv[2:3]), encoding="utf-8")
