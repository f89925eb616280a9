"""A guard against a hang: what takes longer than anybody would wait is ended, and its test fails."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

HANG = 120


@contextmanager
def hang_guard(seconds: int = HANG) -> Iterator[None]:
    """Raise TimeoutError in the main thread after so many seconds; generous, and no measure of speed."""

    def end(*_: Any) -> None:
        raise TimeoutError(f"still at work after {seconds} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
