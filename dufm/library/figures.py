"""`dufm.figure`: any figure of the papers and of this project, drawn from its table."""

from dataclasses import dataclass
from typing import Any

from dufm.library.shown import Drawing, empty_figure, for_callers
from dufm.paper_figs import FIGURES
from dufm.theory.stated import ProblemError, listed
from dufm.verification.claims.base.claim import BUDGETS


@dataclass(frozen=True, repr=False)
class PaperFigure(Drawing):
    """A figure with the table it was drawn from.

    Attributes:
        name: of the figure.
        table: rows with the same keys; nothing is drawn that is not in them.
    """

    name: str
    table: list[dict[str, Any]]


@for_callers
def figure(name: str, budget: str = "quick") -> PaperFigure:
    """Draw a figure, as `dufm figures` does.

    Args:
        name: one of `figures`; those that train networks take a minute or more.
        budget: "quick" or "full".

    Raises:
        ProblemError: for a figure or a budget that is not there.

    Examples:
        >>> import dufm
        >>> dufm.figure("critical-depth").name
        'critical-depth'
    """
    if name not in FIGURES:
        accepted, found = listed(name, FIGURES, "dufm figures --list")
        raise ProblemError(f"figure must be {accepted}, got {found}")
    if budget not in BUDGETS:
        raise ProblemError(f"budget must be one of {', '.join(BUDGETS)}, got {budget!r}")
    module = FIGURES[name]
    table = module.data(budget)
    drawn = empty_figure(module.SIZE)
    module.draw(drawn, table)
    return PaperFigure(drawn, name, table)


def figures() -> tuple[str, ...]:
    """Names of all figures.

    Examples:
        >>> import dufm
        >>> "winner-map" in dufm.figures()
        True
    """
    return tuple(FIGURES)
