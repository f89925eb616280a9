"""The live line of a command that works for long: a bar on stderr, gone when the work has ended."""

import sys
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


class LiveLine:
    """One task of a bar."""

    def __init__(self, progress: Progress, words: str, total: float, completed: int) -> None:
        self._progress = progress
        self._task = progress.add_task(words, total=total, completed=completed)

    @property
    def seen(self) -> bool:
        """Whether anybody sees the bar: stderr is a terminal."""
        return self._progress.console.is_terminal

    def update(self, words: str | None = None, completed: float | None = None, advance: float | None = None) -> None:
        """Change what is said of the work, what of it is done, or add to that."""
        self._progress.update(self._task, description=words, completed=completed, advance=advance)

    def say(self, words: str) -> None:
        """A line of its own on stderr, where nobody sees the bar."""
        if not self.seen:
            print(words, file=sys.stderr, flush=True)


@contextmanager
def live_line(
    words: str, total: float, completed: int = 0, share: bool = False, left: bool = True, spent: bool = False
) -> Generator[LiveLine]:
    """A bar with words before it; nothing is drawn where stderr is no terminal.

    Args:
        words: what is being done.
        total: of the work.
        completed: what of it is done already.
        share: whether the bar ends with a percentage in place of two counts.
        left: whether it ends with an estimate of what is left, or
        spent: with the time gone by; both may be wanted.
    """
    errors = Console(stderr=True)
    columns: list[ProgressColumn] = [TextColumn("{task.description}"), BarColumn()]
    columns.append(TaskProgressColumn() if share else MofNCompleteColumn())
    columns += [TimeElapsedColumn()] * spent + [TimeRemainingColumn()] * left
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        yield LiveLine(progress, words, total, completed)
