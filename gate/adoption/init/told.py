"""What `gate init` tells people: what was found, the diff, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator

from gate.adoption.init import hook, workflow
from gate.adoption.init.plan import File, Left, Plan, difference
from gate.report.escape import plain
from gate.report.interface import Look
from gate.report.layout import Style, Word, listing, paint, paragraph, prose

_STYLES: dict[str, Style] = {"+": "pass", "-": "deny", "@": "place"}
_EACH_TYPE = " -t pre-commit -t pre-merge-commit -t pre-push"
"""What `pre-commit install` is told where the file does not say which hooks it sets up."""


def told(plan: Plan, look: Look) -> str:
    """The summary and the diff."""
    return "".join(f"{line}\n" for line in _lines(plan, look))


def what_next(plan: Plan, look: Look) -> str:
    """What to do once it is written."""
    wrote = listing([file.path for file in plan.files])
    lines = [*paragraph(wrote, look, lead=Word("Wrote:", "strong"), hang=7), "", "Next:"]
    for number, text in enumerate(_next(plan), 1):
        lines += paragraph(prose(text), look, lead=Word(f"{number}."), indent=2, hang=5)
    return "".join(f"{line}\n" for line in lines)


def _next(plan: Plan) -> Iterator[str]:
    yield "Commit what was written, on a branch, and open a pull request."
    written = {file.path: file.new for file in plan.files}
    if any(path.startswith(f"{workflow.FOLDER}/") for path in written):
        yield "Require the check `change-gate` on the branch: Settings, Rules, Rulesets."
    hooks = written.get(hook.PATH)
    if hooks is not None:
        types = "" if b"default_install_hook_types:" in hooks else _EACH_TYPE
        yield f"`pre-commit install{types}` sets the hooks up in a clone."
    yield "`gate doctor` proves that it blocks what it should."


def _lines(plan: Plan, look: Look) -> Iterator[str]:
    if not look.quiet:
        for index, text in enumerate(plan.found):
            lead = Word("Found:", "strong") if not index else None
            yield from paragraph(prose(text), look, lead=lead, hang=7)
        yield ""
    for left in plan.left:
        yield from _left(left, look)
    if plan.left:
        yield ""
    for file in plan.files:
        yield from _difference(file, look)
    if not plan.files:
        lacking = any(left.add for left in plan.left)
        yield "Nothing is written." if lacking else "There is nothing to do."


def _left(left: Left, look: Look) -> Iterator[str]:
    yield from paragraph(
        prose(f"{left.path}: {left.why}"), look, lead=Word("Left:", "strong"), hang=7
    )
    if left.add:
        yield "       It does not have:"
        yield from (f"         {plain(line)}".rstrip() for line in left.add.splitlines())


def _difference(file: File, look: Look) -> Iterator[str]:
    for line in difference(file).splitlines():
        heading = line.startswith(("+++ ", "--- "))
        style = "strong" if heading else _STYLES.get(line[:1], "plain")
        yield paint(plain(line), style, look)
    yield ""
