"""Life signs of work whose length is not known beforehand: a line on stderr, through a pipe too, ever more rarely."""

import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

FIRST = 5.0


@contextmanager
def alive(doing: str, first: float = FIRST) -> Generator[None]:
    """Say what is being done after `first` seconds, then after twice, four times, ... as long."""
    done, began = threading.Event(), time.monotonic()

    def tell() -> None:
        pause = first
        while not done.wait(pause):
            spent = time.monotonic() - began
            print(f"{doing}: {spent:.0f} s so far; Ctrl-C ends it", file=sys.stderr, flush=True)
            pause = spent

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()
