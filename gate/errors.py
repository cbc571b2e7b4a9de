"""One family of errors. Each class owns its exit code and its advice.

Exit codes: 2 for wrong usage, configuration or policy (could not be judged wholly),
4 for a failure of the tool itself. The verdict's own codes (0, 1, 3) are no errors.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar


class GateError(Exception):
    """Something that ends a run. One sentence of what is wrong, one of what to do.

    `path`, `line` and `column` (both from 1) say where, as far as it is known.
    """

    exit_code: ClassVar[int] = 4
    kind: ClassVar[str] = "internal"
    default_advice: ClassVar[str] = "This is a fault of gate: please report it."

    def __init__(
        self,
        message: str,
        *,
        advice: str | None = None,
        path: str | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice or self.default_advice
        self.path = path
        self.line = line
        self.column = column

    @property
    def place(self) -> str | None:
        """`path:line:column`, as much of it as is known."""
        if self.path is None:
            return None
        return ":".join(str(part) for part in (self.path, self.line, self.column) if part)

    @property
    def placed(self) -> str:
        """What is wrong, behind its place where one is known."""
        return f"{self.place}: {self.message}" if self.place else self.message


class UsageError(GateError):
    """The call cannot be carried out as it was given."""

    exit_code = 2
    kind = "usage"
    default_advice = "See `gate check --help`."


class ChangeError(GateError):
    """The change cannot be read: no repository, no such commit, too shallow a clone."""

    exit_code = 2
    kind = "change"
    default_advice = "Name the change with --base and --head, --staged, or a folder."


class ConfigError(GateError):
    """The configuration, waivers or another file of the gate's own is wrong."""

    exit_code = 2
    kind = "config"
    default_advice = "See `gate schema config` for what is allowed."


class PolicyError(GateError):
    """A policy cannot be loaded, or its result has a shape that no finding has."""

    exit_code = 2
    kind = "policy"
    default_advice = "Mend the policy; `gate explain` shows what a rule looks like."


class InputError(GateError):
    """A saved policy input cannot be judged."""

    exit_code = 2
    kind = "input"
    default_advice = "Make it anew with `gate context`."


class EngineError(GateError):
    """The engine itself failed, not the policy."""

    exit_code = 4
    kind = "engine"


def unexpected(error: Exception) -> GateError:
    """An exception that nobody foresaw, as one of the family: a fault of gate."""
    return GateError(
        f"gate failed: {type(error).__name__}: {error}",
        advice="This is a fault of gate, not of your change. Please report it with what "
        "`-vv` adds.",
    )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a sentence that says that a word is not known: `. Did you mean X?`, or `.`."""
    import difflib

    near = difflib.get_close_matches(word, sorted(known), n=1)
    return f". Did you mean `{near[0]}`?" if near else "."
