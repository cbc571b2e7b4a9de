"""What a stream can show, on real terminals and pipes."""

from __future__ import annotations

import fcntl
import io
import os
import struct
import termios
from collections.abc import Iterator
from typing import TextIO

import pytest

from gate.report.look import Color, look


@pytest.fixture
def terminal() -> Iterator[TextIO]:
    """A terminal of 132 columns."""
    main, side = os.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 132, 0, 0))
    with os.fdopen(side, "w") as stream:
        yield stream
    os.close(main)


@pytest.mark.parametrize(
    ("color", "environ", "on_terminal", "in_pipe"),
    [
        ("auto", {}, True, False),
        ("auto", {"TERM": "xterm"}, True, False),
        ("auto", {"TERM": "dumb"}, False, False),
        ("auto", {"NO_COLOR": "1"}, False, False),
        ("auto", {"NO_COLOR": "0"}, False, False),
        ("auto", {"NO_COLOR": ""}, True, False),
        ("auto", {"FORCE_COLOR": "1"}, True, True),
        ("auto", {"FORCE_COLOR": "0"}, True, False),
        ("auto", {"FORCE_COLOR": ""}, True, False),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        ("auto", {"FORCE_COLOR": "1", "TERM": "dumb"}, True, True),
        ("always", {"NO_COLOR": "1", "TERM": "dumb"}, True, True),
        ("never", {"FORCE_COLOR": "1"}, False, False),
    ],
)
def test_colours_go_where_they_are_wanted(
    terminal: TextIO, color: Color, environ: dict[str, str], on_terminal: bool, in_pipe: bool
) -> None:
    assert look(terminal, color=color, environ=environ).color is on_terminal
    assert look(io.StringIO(), color=color, environ=environ).color is in_pipe


def test_the_width_is_the_terminals_and_eighty_in_a_pipe(terminal: TextIO) -> None:
    assert look(terminal, environ={}).width == 132
    assert look(io.StringIO(), environ={}).width == 80
    assert look(terminal, environ={"COLUMNS": "60"}).width == 60
    assert look(io.StringIO(), environ={"COLUMNS": "60"}).width == 60


@pytest.mark.parametrize("columns", ["", "0", "-5", "wide", "²"])
def test_senseless_columns_are_passed_over(columns: str) -> None:
    assert look(io.StringIO(), environ={"COLUMNS": columns}).width == 80


def test_a_terminal_without_a_size_has_eighty_columns(terminal: TextIO) -> None:
    fcntl.ioctl(terminal.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", 0, 0, 0, 0))
    assert look(terminal, environ={}).width == 80


def test_a_terminal_without_a_number_has_eighty_columns() -> None:
    class Console(io.StringIO):
        """As some editors give it: a terminal, but no file."""

        def isatty(self) -> bool:
            return True

    seen = look(Console(), environ={})
    assert (seen.width, seen.terminal) == (80, True)


def test_a_closed_stream_is_no_terminal() -> None:
    stream = io.StringIO()
    stream.close()
    assert look(stream, environ={}).terminal is False


def test_the_environment_of_the_process_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "66")
    seen = look(io.StringIO(), quiet=True, verbose=2)
    assert (seen.color, seen.width, seen.quiet, seen.verbose) == (True, 66, True, 2)
