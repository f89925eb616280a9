"""What is told of a cell of the atlas: best value, lower bound, the gap between them, the strength in short."""

from fractions import Fraction
from typing import Any

from dufm.theory.squared.phi import collapse_threshold
from dufm.verification.claims.best_bound import best_bound, over_dnc


def bounded(row: dict[str, Any]) -> dict[str, Any]:
    """The row of a cell with the best lower bound known over DNC's loss, the gap to the best known, and its source."""
    K, L, x = row["K"], row["L"], row["K"] * Fraction(row["Lambda"])
    bound = best_bound(K, L, x)
    lower = over_dnc(bound, L, x)
    # Weights that are above DNC are not the best known.
    best = min(row["ratio"], 1.0)
    more = {"lower": lower, "gap": max(best - lower, 0.0) / best, "lower_by": bound.by}
    return row | more | {"lower_claims": list(bound.claims), "lower_files": list(bound.files)}


def strength_name(row: dict[str, Any]) -> str:
    """The strength in short: a share of the threshold in tenths where it is one, else x."""
    share = row["x"] / float(collapse_threshold(row["L"]))
    near = abs(10 * share - round(10 * share)) < 1e-3 and share > 0.05
    return f"{round(10 * share) / 10:g}x*" if near else f"{row['x']:.3g}"


def rounded_down(value: float) -> str:
    """Four digits, rounded down; 1 as it is."""
    return f"{value * 10**4 // 1 / 10**4:.4f}" if value < 1 - 1e-12 else "1"
