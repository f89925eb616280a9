"""Both sides of cells as records: brackets of x_c, x_e and C/K, from claims that are run and files judged again."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from dufm.theory.stated import ProblemError
from dufm.verification.claims.best_bound import below, require_sound
from dufm.verification.claims.brackets import BracketEnd
from dufm.verification.claims.two_sided import TwoSided, two_sided


def judged_cells(cells: Iterable[tuple[int, int]]) -> list[TwoSided]:
    """Both sides of each cell (K, L); the certificates behind them are judged.

    Raises:
        ProblemError: for a cell that makes no sense, and where what is shipped does not hold.
    """
    found = [two_sided(K, L) for K, L in cells]
    require_sound(*(cell.lower for cell in found), *(cell.thresholds.empty[1] for cell in found))
    for cell in found:
        _require_order(cell)
    return found


def _require_order(cell: TwoSided) -> None:
    low, high = cell.cost
    if low > high * (1 + Fraction(1, 10**12)):
        words = f"C / K at least {float(low):.6g} and at most {float(high):.6g}"
        raise ProblemError(f"K = {cell.thresholds.K}, L = {cell.thresholds.L} does not hold: {words}")


def threshold_record(cell: TwoSided) -> dict[str, Any]:
    """One cell for JSON; numbers that are exact as text too."""
    t = cell.thresholds

    def end(e: BracketEnd) -> dict[str, Any]:
        return {
            "x": str(e.x),
            "value": float(e.x),
            "claim": e.claim or None,
            "also": list(e.also),
            "status": e.status or None,
            "width": e.width,
        }

    record: dict[str, Any] = {"K": t.K, "L": t.L, "x_collapse": [str(x) for x in t.collapse]}
    record |= {"x_c": [end(e) for e in t.critical], "x_e": [end(e) for e in t.empty]}
    record |= {"x_c_over_collapse": t.shares(), "settled": t.settled, "below_collapse": cell.state}
    cost = {"C_over_K": [below(cell.cost[0]), float(cell.cost[1])], "structure": cell.structure}
    return record | cost | {"bound_by": cell.lower.by, "bound_claims": list(cell.lower.claims)}
