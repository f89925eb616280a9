"""The known structures of the squared loss as rows: where each exists and what it costs."""

from typing import Any

import sympy as sp

from dufm.theory.problem import Problem
from dufm.theory.squared.structure import HeadCost, total_cost
from dufm.theory.squared.structures import STRUCTURES


def structure_rows(K: int | None, L: int) -> list[dict[str, Any]]:
    """A row for each structure: name, needs; with K also C_over_K, rank and critical_depth, None where it has none.

    Raises:
        ProblemError: for a cell that makes no sense.
    """
    Problem.of(2 if K is None else K, L, 1)
    rows: list[dict[str, Any]] = []
    for s in STRUCTURES:
        row: dict[str, Any] = {"name": s.name, "needs": s.needs}
        if K is not None:
            cost = s.cost(K, L) if s.valid(K, L) else None
            row["C_over_K"] = None if cost is None else float(sp.N(total_cost(s, K, L) / K))
            row["rank"] = cost.q if isinstance(cost, HeadCost) else None
            deep = isinstance(cost, HeadCost) and cost.q < K
            row["critical_depth"] = float(sp.N(cost.critical_depth(K))) if deep else None  # pyright: ignore
        rows.append(row)
    return rows
