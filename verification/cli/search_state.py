"""The state of a search beside its result: saved as it runs, so that one that is killed loses half a minute at most."""

import sys
import time
from pathlib import Path

from dufm.solvers.search.saved_state import load_state, save_state
from dufm.solvers.search.state import SearchState
from dufm.theory.problem import Problem

SECONDS = 30.0


class Keeper:
    """Where the state of one search is kept. Called with the state after every restart, it saves now and then."""

    def __init__(self, problem: Problem, seed: int, result: Path) -> None:
        self.path = result.with_suffix(".state.npz")
        self._problem, self._seed = problem, seed
        self._saved = time.monotonic()

    def earlier(self, resume: bool) -> SearchState | None:
        """The state to go on from, if one is wanted and there is one.

        Raises:
            ProblemError: if it is damaged, or of another problem or seed.
        """
        return load_state(self._problem, self._seed, self.path) if resume and self.path.exists() else None

    def save(self, state: SearchState) -> None:
        """Save now.

        Raises:
            OSError: naming the path.
        """
        self._saved = time.monotonic()
        save_state(self._problem, self._seed, state, self.path)

    def __call__(self, state: SearchState) -> None:
        """Save if the last time was long ago; a disk that is full is no reason to end a search."""
        if time.monotonic() - self._saved > SECONDS:
            try:
                self.save(state)
            except OSError as error:
                print(f"the search goes on, but {error}", file=sys.stderr)
