"""Progress shows only while a person watches long work."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import TextIO

import pytest

from gate.report.look import Look
from gate.report.progress import is_watched, progress


@pytest.fixture
def terminal() -> Iterator[tuple[TextIO, int]]:
    """A terminal's stream, and the descriptor that reads what it shows."""
    main, side = os.openpty()
    with os.fdopen(side, "w") as stream:
        yield stream, main
    os.close(main)


def read_until(descriptor: int, text: str) -> str:
    """All that is shown, up to and with `text`."""
    shown = ""
    while text not in shown:
        shown += os.read(descriptor, 1024).decode()
    return shown


def test_long_work_shows_what_it_does_and_leaves_nothing(terminal: tuple[TextIO, int]) -> None:
    stream, reader = terminal
    with progress(Look(width=40), "reading", stream=stream, environ={}, silent_for=0) as step:
        read_until(reader, "reading (0 s)")
        step("judging \x1b[2J")
        shown = read_until(reader, "judging")
        shown += read_until(reader, " s)")
        assert r"judging \x1b[2J" in shown
    assert read_until(reader, "\x1b[2K").endswith("\r\x1b[2K")


def test_a_long_line_is_cut_to_the_terminal(terminal: tuple[TextIO, int]) -> None:
    stream, reader = terminal
    with progress(Look(width=20), "x" * 50, stream=stream, environ={}, silent_for=0):
        assert read_until(reader, "...").endswith("x" * 16 + "...")


def test_short_work_shows_nothing(terminal: tuple[TextIO, int]) -> None:
    stream, reader = terminal
    with progress(Look(), "reading", stream=stream, environ={}, silent_for=60) as step:
        step("judging")
    stream.write("end")
    stream.flush()
    assert read_until(reader, "end") == "end"


def test_an_error_in_the_work_passes_and_the_line_goes(terminal: tuple[TextIO, int]) -> None:
    stream, reader = terminal

    def work() -> None:
        with progress(Look(), "reading", stream=stream, environ={}, silent_for=0):
            read_until(reader, "reading")
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        work()
    read_until(reader, "\r\x1b[2K")


@pytest.mark.parametrize(
    ("environ", "quiet", "watched"),
    [
        ({}, False, True),
        ({"CI": ""}, False, True),
        ({"CI": "true"}, False, False),
        ({"PRE_COMMIT": "1"}, False, False),
        ({"TERM": "dumb"}, False, False),
        ({}, True, False),
    ],
)
def test_it_shows_only_to_people(
    terminal: tuple[TextIO, int], environ: dict[str, str], quiet: bool, watched: bool
) -> None:
    stream, _ = terminal
    assert is_watched(Look(quiet=quiet), stream, environ) is watched
    assert is_watched(Look(quiet=quiet), io.StringIO(), environ) is False


def test_nothing_is_written_to_a_pipe() -> None:
    program = (
        "import time\n"
        "from gate.report.look import Look\n"
        "from gate.report.progress import progress\n"
        "with progress(Look(), 'reading', silent_for=0) as step:\n"
        "    step('judging'); time.sleep(0.3)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
