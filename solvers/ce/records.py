"""Best-known losses of the deep linear model under cross-entropy: a table whose every number is a rigorous upper bound.

A row names a closed form (structure or family at its best scale, enclosed by theory.ce) or holds the logits of a
minimum that is none of them ("free"); its loss is then the ball value of the balanced factors of those logits, read as
the rationals they are. Nothing here says that a row is optimal.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from flint import arb

from dufm.solvers.ce.match import FREE, ZERO, candidates, identify
from dufm.solvers.ce.polish import CePolished, ce_polish
from dufm.solvers.ce.rows import FOLDER, kept_logits, rational, read_rows, round_up, singular_values, write_rows
from dufm.solvers.ce.search import ce_search
from dufm.solvers.objectives.cross_entropy import balanced_factors
from dufm.solvers.search.options import SearchOptions
from dufm.theory.ce.enclosure import least_loss, objective_ball
from dufm.theory.ce.families import CE_FAMILIES, ce_family_named
from dufm.theory.ce.newton import best_member
from dufm.theory.ce.numbers import working
from dufm.theory.ce.structures import ce_structure_named
from dufm.theory.ce.undecided import UNDECIDED_PAIR
from dufm.theory.problem import Problem
from dufm.theory.squared.structure import as_fraction_ball
from dufm.theory.stated import ProblemError

TABLE = FOLDER / "table.json"
FORMAT = "dufm-ce-table"
DIGITS = 20
DECIMALS = 9
# A minimum this much below every closed form, relatively, is no closed form.
BELOW = 1e-10

CePlace = tuple[int, int, Fraction]


@dataclass(frozen=True)
class LossRecord:
    """The least loss known at one (K, L, lambda), n = 1.

    Attributes:
        K, L, lam: the problem, one strength for all factors.
        stated: decimal at or above the loss, 15 digits rounded up.
        structure: name of a structure or family, "undecided" (theory.ce.undecided), "zero" for Z = 0, "free" for a
            minimum without closed form.
        rank: of the logits.
        singular_values: the non-zero ones of the logits.
        logits: K rows for "free", None else.
        restarts: descents behind the row; and
        hits: how many of them ended there.
    """

    K: int
    L: int
    lam: Fraction
    stated: str
    structure: str
    rank: int
    singular_values: tuple[float, ...]
    logits: tuple[tuple[float, ...], ...] | None
    restarts: int
    hits: int

    @property
    def loss(self) -> float:
        """The upper bound as a float."""
        return float(self.stated)

    @property
    def problem(self) -> Problem:
        """What the row speaks of, at width K; it holds at every larger width."""
        return Problem.of(self.K, self.L, self.lam, self.K, loss="ce")

    @property
    def place(self) -> CePlace:
        """(K, L, lambda)."""
        return self.K, self.L, self.lam


def bound(record: LossRecord) -> arb:
    """A rigorous ball of the loss the row's witness attains; its upper end bounds the global minimum.

    Raises:
        ProblemError: for a structure that is not listed, or a row without the logits it needs.
    """
    problem = record.problem
    if record.structure == FREE:
        if record.logits is None:
            raise ProblemError(f"a free row needs logits: K = {record.K}, L = {record.L}, lambda = {record.lam}")
        weights = balanced_factors(np.array(record.logits), problem, record.rank)
        return objective_ball(problem, [rational(w) for w in weights], DIGITS)
    with working(DIGITS):
        if record.structure == ZERO:
            return arb(record.K).log()
    if any(f.name == record.structure for f in CE_FAMILIES):
        member = best_member(ce_family_named(record.structure), problem, DIGITS)
        if member is None:
            raise ProblemError(f"family {record.structure!r} has collapsed at lambda = {record.lam}")
        return member.loss
    pair = record.structure == UNDECIDED_PAIR.name
    return least_loss(UNDECIDED_PAIR if pair else ce_structure_named(record.structure), problem, DIGITS)


def holds(record: LossRecord) -> bool:
    """Whether the stated loss is at or above the witness's, rigorously."""
    return as_fraction_ball(bound(record))[1] <= Fraction(record.stated)


def find(K: int, L: int, lam: Any, restarts: int, seed: int = 0, threads: int | None = None) -> LossRecord:
    """Search one place at width K and take the cheapest of what was found and the closed forms."""
    problem = Problem.of(K, L, lam, K, loss="ce")
    known = candidates(problem)
    solution, state = ce_search(problem, SearchOptions(restarts, seed, threads=threads))
    solution.raise_if_interrupted()
    found = ce_polish(problem, state.best.weights)
    best, hits = known[0], min(state.groups, key=lambda g: g.loss).hits
    value = float(best.loss.mid())
    name = identify(found.logits, known)
    if found.loss < value * (1 - BELOW):
        if name != FREE:
            raise ProblemError(f"{name} was found below its own least loss at K = {K}, L = {L}, lambda = {lam}")
        return _row(problem, FREE, found, restarts, hits)
    if found.loss > value * (1 + BELOW):
        found, hits = ce_polish(problem, balanced_factors(best.logits, problem)), 0
    return _row(problem, best.name, found, restarts, hits)


def _row(problem: Problem, name: str, found: CePolished, restarts: int, hits: int) -> LossRecord:
    kept = kept_logits(found.logits, DECIMALS) if name == FREE else None
    values = singular_values(found.logits, found.rank)
    lam = problem.lambdas[0]
    row = LossRecord(problem.K, problem.L, lam, "0", name, found.rank, values, kept, restarts, hits)
    return replace(row, stated=round_up(as_fraction_ball(bound(row))[1]))


def fill(
    places: Sequence[CePlace],
    path: Path,
    restarts: int,
    seed: int = 0,
    threads: int | None = None,
    progress: Callable[[LossRecord], None] | None = None,
) -> tuple[LossRecord, ...]:
    """Search every place not yet in the file with at least as many restarts, writing the file after each; resumable.

    A row is replaced only by one of no larger loss.
    """
    rows = {r.place: r for r in read(path)} if path.exists() else {}
    for place in places:
        held = rows.get(place)
        if held is not None and held.restarts >= restarts:
            continue
        row = find(*place, restarts, seed, threads)
        if held is not None and Fraction(row.stated) > Fraction(held.stated):
            hits = row.hits if row.loss <= held.loss * (1 + BELOW) else 0
            row = replace(held, restarts=row.restarts, hits=hits)
        rows[place] = row
        write(rows.values(), path)
        if progress is not None:
            progress(rows[place])
    return tuple(rows[key] for key in sorted(rows))


def write(rows: Iterable[LossRecord], path: Path) -> None:
    """Write the table in one step, one row a line, sorted by place."""
    write_rows((_packed(r) for r in sorted(rows, key=lambda r: r.place)), path, FORMAT)


def _packed(row: LossRecord) -> dict[str, Any]:
    packed: dict[str, Any] = {"K": row.K, "L": row.L, "lam": str(row.lam), "loss": row.stated}
    packed |= {"structure": row.structure, "rank": row.rank, "sigma": row.singular_values}
    packed |= {"restarts": row.restarts, "hits": row.hits}
    return packed | ({"logits": row.logits} if row.logits is not None else {})


def read(path: Path = TABLE) -> tuple[LossRecord, ...]:
    """The rows of a table.

    Raises:
        ProblemError: if the file is missing or is not such a table.
    """
    return read_rows(path, FORMAT, _unpacked)


def _unpacked(row: dict[str, Any]) -> LossRecord:
    logits = tuple(tuple(float(x) for x in line) for line in row["logits"]) if "logits" in row else None
    counts = int(row["K"]), int(row["L"])
    sigma = tuple(float(x) for x in row["sigma"])
    where = (*counts, Fraction(row["lam"]), str(row["loss"]), str(row["structure"]), int(row["rank"]))
    return LossRecord(*where, sigma, logits, int(row["restarts"]), int(row["hits"]))


def best_known() -> tuple[LossRecord, ...]:
    """The shipped table: K = 3..10, L = 1..8, lambda = 1/10, 1/100, 1/1000, 1/10000, n = 1."""
    return read(TABLE)


def record_at(K: int, L: int, lam: Any) -> LossRecord | None:
    """The shipped row of that place, or None."""
    wanted = (K, L, Problem.of(K, L, lam, loss="ce").lambdas[0])
    return next((r for r in best_known() if r.place == wanted), None)
