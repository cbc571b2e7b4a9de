"""A limit on the time of a call that has none of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

Value = TypeVar("Value")


def within(call: Callable[[], Value], seconds: float) -> Value:
    """The call's value; TimeoutError where it takes longer. It is then left alone, in a thread that
    does not outlive the process: the timeouts of a socket are for each read, and a name look-up
    has none."""
    done: list[Callable[[], Value]] = []

    def work() -> None:
        try:
            value = call()
        except BaseException as error:  # noqa: BLE001 - it is raised again, by who waits
            raised = error
            done.append(lambda: _raise(raised))
        else:
            done.append(lambda: value)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(max(seconds, 0.001))
    if not done:
        raise TimeoutError
    return done[0]()


def _raise(error: BaseException) -> Any:
    raise error
