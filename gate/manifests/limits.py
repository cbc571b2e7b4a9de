"""How much of a file is read. Everything here holds before or while the bytes are parsed."""

from __future__ import annotations

from dataclasses import dataclass

MAX_BYTES = 8 * 1024 * 1024
MAX_DOCUMENTS = 20_000
MAX_DEPTH = 100
MAX_VALUES = 400_000
MAX_TEXT = 2 * MAX_BYTES
MAX_PLACES = 300_000
MAX_DIRECTIVE_BYTES = 2_048
MAX_PROBLEMS = 50
MAX_DUPLICATES = 100
MAX_KEY = 200


class ReadingError(Exception):
    """A document cannot be read. `line` counts from 1, None where it is not known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


class LimitError(ReadingError):
    """A document is beyond a limit, though Kubernetes might read it."""


class FileLimitError(LimitError):
    """A limit of the whole file is used up: nothing after this place is read."""


@dataclass(slots=True)
class Budget:
    """What is left of a file's limits: values (mappings, lists and scalars, keys among them) and
    characters, both as they are once aliases stand for what they name."""

    values: int = MAX_VALUES
    text: int = MAX_TEXT

    def spend(self, values: int, text: int) -> None:
        """Takes from what is left; raises `FileLimitError` where there is not so much."""
        self.values -= values
        self.text -= text
        if self.values < 0:
            raise FileLimitError(
                f"more than {MAX_VALUES:,} values once aliases are expanded: the rest is not read"
            )
        if self.text < 0:
            raise FileLimitError(
                f"more than {MAX_TEXT:,} characters once aliases are expanded: the rest is not read"
            )


def too_large(size: int) -> LimitError:
    """The fault of a file of so many bytes."""
    return LimitError(f"{size:,} bytes: more than the {MAX_BYTES:,} that are read")


def too_deep(line: int | None = None) -> LimitError:
    """The fault of a document that is nested too deep."""
    return LimitError(f"nested deeper than the {MAX_DEPTH} levels that are read", line)
