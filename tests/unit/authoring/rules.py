"""Rules for lint, all of them linted at once: one process reads them."""

from __future__ import annotations

from dataclasses import dataclass

from gate.authoring.files import Files

HEAD = """# METADATA
# title: A rule
# description: It is there for a test.
# scope: package
# custom:
#   remediation: Nothing.
"""


@dataclass(frozen=True)
class Case:
    """The body of a rule, with what lint finds: check, row of the body and a piece of the message.
    `custom` are further rows of the metadata."""

    body: str
    found: tuple[tuple[str, int, str], ...] = ()
    custom: tuple[str, ...] = ()

    def text(self, name: str) -> str:
        return f"{self.head}package gate.team.{name}\n{self.body.lstrip()}"

    @property
    def head(self) -> str:
        return HEAD + "".join(f"#   {row}\n" for row in self.custom)

    def row(self, line: int) -> int:
        """The row of the body that a line of the file is."""
        return line - self.head.count("\n") - 1


def deny(*statements: str) -> str:
    """A clause of deny; its statements begin in row 2."""
    body = "\n\t".join(statements)
    return f'deny contains "found" if {{\n\t{body}\n}}\n'


def path(name: str) -> str:
    return f"policies/team/{name}.rego"


def files(cases: dict[str, Case]) -> Files:
    """The cases as files, each with a test beside it."""
    modules = {path(name): case.text(name) for name, case in cases.items()}
    tests = {
        path(f"{name}_test"): f"package gate.team.{name}_test\n\ntest_nothing := true\n"
        for name in cases
    }
    return Files({**modules, **tests})
