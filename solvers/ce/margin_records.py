"""Best-known hard-margin costs: a table of rigorous upper bounds of c* = min sum sigma_i^p under margins >= 1.

A row names a listed structure, whose cost theory.ce encloses, or holds the logits of a minimum that is none of them
("free"); the bound is then the exact one of theory.ce.margins for their balanced factors, read as rationals.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.ce.margins import margin_search, minima_from
from dufm.solvers.ce.match import FREE, same
from dufm.solvers.ce.rows import FOLDER, Rows, kept_logits, rational, read_rows, round_up, singular_values, write_rows
from dufm.solvers.ce.starts import structure_logits
from dufm.solvers.objectives.cross_entropy import balanced_factors
from dufm.theory.ce.margins import cost_power_bound
from dufm.theory.ce.numbers import working
from dufm.theory.ce.structure import cost_ball
from dufm.theory.ce.structures import ce_structure_named, cheapest_at_margin
from dufm.theory.problem import Problem
from dufm.theory.squared.structure import as_fraction_ball
from dufm.theory.stated import ProblemError

TABLE = FOLDER / "margins.json"
FORMAT = "dufm-ce-margins"
DIGITS = 20
DECIMALS = 12
BELOW = 1e-8
ROUNDING = Fraction(1, 10**12)


@dataclass(frozen=True)
class MarginRecord:
    """The least hard-margin cost known at one (K, L).

    Attributes:
        K, L: classes and layers.
        stated: decimal at or above the cost, 15 digits.
        structure: name of a listed structure, or "free".
        rank: of the logits.
        singular_values: the non-zero ones at least margin 1.
        logits: K rows for "free", None else.
        minima: distinct local minima the search ended in.
        hit: whether the search found this one by itself.
    """

    K: int
    L: int
    stated: str
    structure: str
    rank: int
    singular_values: tuple[float, ...]
    logits: Rows | None
    minima: int
    hit: bool

    @property
    def cost(self) -> float:
        """The upper bound as a float."""
        return float(self.stated)


def holds(record: MarginRecord) -> bool:
    """Whether the stated cost is at or above the witness's, rigorously.

    Raises:
        ProblemError: for a structure that is not listed, or a row without the logits it needs.
    """
    stated = Fraction(record.stated)
    if record.structure == FREE:
        return _power(record) <= stated ** (record.L + 1)
    with working(DIGITS):
        return as_fraction_ball(cost_ball(ce_structure_named(record.structure), record.K, record.L))[1] <= stated


def _power(record: MarginRecord) -> Fraction:
    """An exact upper bound of c*^(L+1)."""
    if record.logits is None:
        raise ProblemError(f"a free row needs logits: K = {record.K}, L = {record.L}")
    problem = Problem.of(record.K, record.L, 1, record.K, loss="ce")
    factors = balanced_factors(np.array(record.logits), problem, record.rank)
    return cost_power_bound([rational(f) for f in factors], record.K)


def find(
    K: int, L: int, restarts: int, seed: int = 0, starts: Sequence[Array] = (), threads: int | None = None
) -> MarginRecord:
    """Search (K, L), closed forms and `starts` included; the cheapest as a row."""
    known = dict(structure_logits(K))
    own = margin_search(K, L, restarts, seed, threads)
    best = min([*own, *minima_from(starts, L)], key=lambda f: f.cost)
    structure = cheapest_at_margin(K, L)
    with working(DIGITS):
        cheapest = as_fraction_ball(cost_ball(structure, K, L))[1]
    hit = own[0].cost <= best.cost * (1 + BELOW) and own[0].cost <= float(cheapest) * (1 + BELOW)
    every = len(own)
    if best.cost < float(cheapest) * (1 - BELOW) and not same(best.logits, known[structure.name]):
        values = singular_values(best.logits, best.rank)
        row = MarginRecord(K, L, "0", FREE, best.rank, values, kept_logits(best.logits, DECIMALS), every, hit)
        # A decimal a little above the root of the exact power: 1e-12 relatively is lost.
        root = Fraction(float(_power(row)) ** (1 / (L + 1))) * (1 + ROUNDING)
        return replace(row, stated=round_up(root))
    logits = known[structure.name]
    rank = int(np.sum(np.linalg.svd(logits, compute_uv=False) > BELOW))
    values = singular_values(logits, rank)
    return MarginRecord(K, L, round_up(cheapest), structure.name, rank, values, None, every, hit)


def fill(
    places: Iterable[tuple[int, int]],
    path: Path,
    restarts: int,
    seed: int = 0,
    threads: int | None = None,
    progress: Callable[[MarginRecord], None] | None = None,
) -> tuple[MarginRecord, ...]:
    """Search every (K, L) not yet in the file, also from what is known at the depths beside it; resumable."""
    rows = {(r.K, r.L): r for r in read(path)} if path.exists() else {}
    for K, L in places:
        if (K, L) not in rows:
            near = [rows[K, at] for at in (L - 1, L + 1) if (K, at) in rows]
            beside = [np.array(r.logits) for r in near if r.logits is not None]
            rows[K, L] = find(K, L, restarts, seed, beside, threads)
            write(rows.values(), path)
        if progress is not None:
            progress(rows[K, L])
    return tuple(rows[key] for key in sorted(rows))


def write(rows: Iterable[MarginRecord], path: Path) -> None:
    """Write the table in one step, sorted by (K, L)."""
    write_rows((_packed(r) for r in sorted(rows, key=lambda r: (r.K, r.L))), path, FORMAT)


def _packed(row: MarginRecord) -> dict[str, Any]:
    packed: dict[str, Any] = {"K": row.K, "L": row.L, "cost": row.stated, "structure": row.structure}
    packed |= {"rank": row.rank, "sigma": row.singular_values, "minima": row.minima, "hit": row.hit}
    return packed | ({"logits": row.logits} if row.logits is not None else {})


def read(path: Path = TABLE) -> tuple[MarginRecord, ...]:
    """The rows of a table; ProblemError if the file is missing or is not such a table."""
    return read_rows(path, FORMAT, _unpacked)


def _unpacked(row: dict[str, Any]) -> MarginRecord:
    logits = tuple(tuple(float(x) for x in line) for line in row["logits"]) if "logits" in row else None
    sigma = tuple(float(x) for x in row["sigma"])
    where = int(row["K"]), int(row["L"]), str(row["cost"]), str(row["structure"]), int(row["rank"])
    return MarginRecord(*where, sigma, logits, int(row["minima"]), bool(row["hit"]))


def best_margins() -> tuple[MarginRecord, ...]:
    """The shipped table: K = 3..10, L = 1..8."""
    return read(TABLE)
