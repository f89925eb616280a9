"""Ctrl-C ends every command alike: exit code 130 and one line that says what was kept."""

import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Timer
from typing import Any

# By command: the file or folder that holds what is kept after Ctrl-C, once it is there, and how it is said. Others say
# it themselves, or keep nothing.
KEEPS = {
    "verify": ("{out}/report.json", "finished claims are in {path}; --resume goes on with them"),
    "figures": ("{out}", "finished figures are in {path}"),
    "frontier": ("{out}", "heads found so far are in {path}"),
    "map": ("{db}", "finished cells are in {path}; the same command goes on with them"),
    "rank-two": ("{out}", "finished runs are in {path} and are not trained again"),
}
NOTHING = "nothing was finished, nothing is kept"
CODE = 130
# A command that needs longer than this to end after Ctrl-C says so.
PATIENCE = 0.7
ENDING = "ending: what is under way is brought to where it can be kept; Ctrl-C again drops it"
_pressed = Event()


class Interrupted(Exception):
    """Ctrl-C, with a sentence on what was kept."""


def answer_at_once() -> None:
    """From now on Ctrl-C gets a line within a second, also where the command needs longer to end."""

    def answer(number: int, frame: Any) -> None:
        if not _pressed.is_set():
            _pressed.set()
            late = Timer(PATIENCE, print, (ENDING,), {"file": sys.stderr, "flush": True})
            late.daemon = True
            late.start()
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, answer)


def pressed() -> bool:
    """Whether Ctrl-C has come, also where a part that was just finishing took it."""
    return _pressed.is_set()


@contextmanager
def keeping(words: str, path: Path | None = None) -> Generator[None]:
    """Ctrl-C in here is told with what is kept already: where a path is given, once it is there."""
    try:
        yield
    except KeyboardInterrupt as error:
        there = path is None or path.exists()
        raise KeyboardInterrupt(str(error) or (words if there else "")) from None


def kept(command: str, options: dict[str, Any], said: str = "") -> str:
    """The sentence for a command that was called with those options; `said` by the command itself comes first."""
    place, words = KEEPS.get(command, ("", ""))
    path = Path(place.format(**options))
    there = bool(place) and (path.is_file() or (path.is_dir() and any(path.iterdir())))
    return said or (words.format(path=path) if there else NOTHING)
