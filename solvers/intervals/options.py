"""The options of `intervals.envelope`, checked once and handed on whole."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from dufm.solvers.base.checks import require_integers
from dufm.solvers.search.options import SearchOptions
from dufm.solvers.search.state import SearchState

LEAST_X = Fraction(1, 10**4)


@dataclass(frozen=True)
class EnvelopeOptions:
    """What `envelope` is asked for.

    Attributes:
        width: hidden width of the searches, and most that a structure may need; without it K + 4 and no limit.
        x_from: where to begin, > 0.
        x_to: where to end; without it just before the last Lambda where a ray is below 1/2, beyond DNC's collapse.
        searches: global searches to spend; stops early at Ctrl-C.
        restarts: of each search.
        seed: the i-th search takes seed + i.
        threads: as in `SearchOptions`; does not change the result.

    Raises:
        ProblemError: naming an option that makes no sense.
    """

    width: int | None = None
    x_from: Any = LEAST_X
    x_to: Any = None
    searches: int = 0
    restarts: int = 48
    seed: int = 0
    threads: int | None = None

    def __post_init__(self) -> None:
        require_integers(0, searches=self.searches)

    def search(self, number: int, report: Callable[[SearchState], None] | None) -> SearchOptions:
        """The options of one of the searches."""
        return SearchOptions(self.restarts, self.seed + number, progress=report, threads=self.threads)


EVERYWHERE = EnvelopeOptions()
