"""Who wins a cell, from what the claims prove and what is certified."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from dufm.theory.problem import Problem
from dufm.theory.squared.phi import collapse_power
from dufm.verification.atlas.cells import Cell
from dufm.verification.atlas.records import read_atlas
from dufm.verification.claims.base.verdict import Status

PROVED_LOW, CERTIFIED_LOW, CERTIFIED_OTHER = "low rank (PROVED)", "low rank (CERTIFIED)", "not DNC (CERTIFIED)"


PROVED_DNC, OPEN = "DNC (PROVED)", "open"


@cache
def settled(K: int, L: int) -> tuple[str, str] | None:
    """(winner, label of the claim) where a claim whose check ends PROVED says who wins at (K, L), else None.

    The checks are run, their certificates judged, each once a process; claims of searches are not, for they never end
    PROVED.
    """
    # Here and not above: claims on training read the atlas.
    from dufm.verification.claims import CLAIMS
    from dufm.verification.claims.brackets import judged, may_stand

    for claim in CLAIMS:
        winner = claim.settles(K, L)
        if winner in ("low rank", "dnc") and may_stand(claim) and judged(claim.label) is Status.PROVED:
            return winner, claim.label
    return None


def below_collapse(problem: Problem) -> bool:
    """Whether DNC is not zero: x < x*_L, compared exactly."""
    return problem.x_power < collapse_power(problem.L)


def verdict(problem: Problem, certified: bool, rank: int = 0) -> str:
    """Who wins, in words; proofs speak of strengths below collapse only.

    Args:
        problem: the cell's.
        certified: whether the checker accepted weights as below DNC.
        rank: least rank of their hidden features; K or more says that they beat DNC, but not by low rank.
    """
    winner = settled(problem.K, problem.L) if below_collapse(problem) else None
    if winner is not None and winner[0] == "low rank":
        return PROVED_LOW
    if certified:
        return CERTIFIED_LOW if rank < problem.K else CERTIFIED_OTHER
    return PROVED_DNC if winner is not None or _dnc_optimal(problem) else OPEN


def _dnc_optimal(problem: Problem) -> bool:
    """Whether a claim that holds has DNC optimal up to a strength beyond the problem's."""
    from dufm.verification.claims.brackets import dnc_optimal

    return problem.x_power <= dnc_optimal(problem.K, problem.L).x ** (problem.L + 1)


def table(folder: Path, wanted: Callable[[Cell], bool] = lambda cell: True) -> list[dict[str, Any]]:
    """One row a cell: K, L, Lambda, x, ratio, verdict, neck_rank, order, symmetry, state ("low rank" or "dnc").

    Args:
        folder: the atlas.
        wanted: which of its cells.
    """
    rows = []
    for cell, record in read_atlas(folder).items():
        if not wanted(cell):
            continue
        low = record["state"] != "dnc"
        row = {"K": cell.K, "L": cell.L, "Lambda": cell.strength, "x": cell.x, "ratio": record["ratio"]}
        rank = record["neck_rank"] if low else cell.K
        row |= {"verdict": verdict(cell.problem, low, rank), "neck_rank": rank}
        row |= {name: record[name] if low else None for name in ("order", "symmetry")}
        rows.append(row | {"state": record["state"]})
    return rows
