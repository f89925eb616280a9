"""Ctrl-C ends every command alike: exit code 130 and one line that says what was kept."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
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


class Interrupted(Exception):
    """Ctrl-C, with a sentence on what was kept."""


@contextmanager
def keeping(words: str) -> Generator[None]:
    """Ctrl-C in here is told with what is kept already."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(words) from None


def kept(command: str, options: dict[str, Any], said: str = "") -> str:
    """The sentence for a command that was called with those options; `said` by the command itself comes first."""
    place, words = KEEPS.get(command, ("", ""))
    path = Path(place.format(**options))
    there = bool(place) and (path.is_file() or (path.is_dir() and any(path.iterdir())))
    return said or (words.format(path=path) if there else NOTHING)
