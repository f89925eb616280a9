"""Basins: which minima the restarts of a search fell into, how often, and how likely it is that one was missed.

Two points are one basin when their losses and their fingerprints agree. A fingerprint is made of numbers that no change
of gauge and no permutation of the classes alters: for every invariant matrix M (`solvers.minima.symmetry.invariants`,
scaled to largest entry 1) its sorted eigenvalues, diagonal and row norms; the same for one generic combination of all,
which sees how the layers lie to each other, with tr(B_i^3) and tr(B_i^4), B_i = D_i M D_i, D_i = diag(row i of M),
sorted over i, which see the neighbourhood of each class. All of them are Lipschitz in M, so errors do not blow up.

Different minima with equal fingerprints are conceivable; they would count as one. Points of one flat family (equal
loss, different Gram matrices, `Polished.flat` > 0) count apart, and so does every restart whose polishing failed: that
can raise the estimate of what was missed, never lower it.

What is kept is the set of cells of a grid, finer than the tolerances, that were hit; basins are what remains connected
when cells within the tolerances are linked. They are a function of that set alone, so collections can be filled in
any order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import expm1, log, sqrt
from typing import Any

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.minima.polish import RESIDUAL_GOAL
from dufm.solvers.minima.symmetry import TOLERANCE, invariants
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError

# At a stationary point the loss errs by less than the residual, times a few terms; a thousand is for their number.
LOSS_TOLERANCE = 1e3 * RESIDUAL_GOAL
GRID = 1 / 16
GOLDEN = (sqrt(5) - 1) / 2


@dataclass(frozen=True, eq=False)
class Basin:
    """One minimum and the restarts that ended in it.

    Attributes:
        loss: least loss of these restarts.
        hits: how many they are.
        weights: (H_1, W_1, ..., W_L) of that loss.
    """

    loss: float
    hits: int
    weights: tuple[Array, ...]


@dataclass(frozen=True)
class Missed:
    """Probability that the next restart ends in a basin not seen yet.

    Attributes:
        estimate: Good-Turing.
        bound: one-sided upper confidence bound, at most 1.
        confidence: of the bound.
    """

    estimate: float
    bound: float
    confidence: float


@dataclass(frozen=True, eq=False)
class _Cell:
    place: Array
    basin: Basin


def fingerprint(problem: Problem, weights: Sequence[Array]) -> Array:
    """The fingerprint described above: 3 K (L + 1) + 2 K numbers, of order one (3 K + 2 K for L = 1).

    Z is symmetric at every stationary point; elsewhere only its symmetric part is seen.

    Raises:
        ProblemError: if the shapes do not chain up.
    """
    matrices = []
    for m in invariants(problem, weights):
        top = float(np.abs(m).max())
        matrices.append((m + m.T) / (2 * top) if top > 0 else m)
    # Unequal factors in (1, 2), so that no exchange of layers is overlooked.
    factors = [1 + (i * GOLDEN) % 1 for i in range(1, len(matrices) + 1)]
    mixed = np.sum([f * m for f, m in zip(factors, matrices, strict=True)], axis=0) / sum(factors)
    parts = [np.sort(part) for m in [*matrices, mixed][: len(matrices) + (problem.L > 1)] for part in _spectra(m)]
    local = mixed[:, :, None] * mixed * mixed[:, None, :]
    square = local @ local
    scale = float(np.sqrt(np.einsum("iaa->i", square).max())) or 1.0
    moments = np.einsum("iab,iba->i", square, local) / scale**3, np.einsum("iab,iba->i", square, square) / scale**4
    return np.concatenate([*parts, *(np.sort(m) for m in moments)])


def _spectra(m: Array) -> list[Array]:
    return [np.asarray(np.linalg.eigvalsh(m), dtype=float), np.diag(m), np.sqrt((m * m).sum(axis=1))]


def missed(singles: int, restarts: int, confidence: float = 0.95) -> Missed:
    """Good-Turing from counts: basins hit once, and restarts; see `Basins.missed_probability` for what it means."""
    _check_confidence(confidence)
    if restarts == 0:
        return Missed(1.0, 1.0, confidence)
    estimate = singles / restarts
    margin = (1 + sqrt(2)) * sqrt(log(2 / (1 - confidence)) / restarts)
    return Missed(estimate, min(1.0, estimate + margin), confidence)


class Basins:
    """A collection of minima of one problem.

    Attributes:
        problem: what was minimised.
        failed: restarts without finite weights.
    """

    def __init__(self, problem: Problem) -> None:
        problem.require_loss("mse", "the collection of basins")
        self.problem = problem
        self.failed = 0
        self._cells: dict[bytes, _Cell] = {}
        self._sorted: tuple[Basin, ...] | None = None

    def add(self, loss: float, weights: Sequence[Array], hits: int = 1) -> None:
        """Count restarts that ended at one loss and weights (H_1, W_1, ..., W_L), which should be polished (`refine`).

        Points that are not polished scatter and count as basins of their own. A loss that is not finite counts as a
        failed restart.

        Raises:
            ProblemError: if the shapes do not chain up or the loss is not positive.
        """
        if not np.isfinite(loss):
            self.failed += hits
            return
        if loss <= 0:
            raise ProblemError(f"loss must be > 0, got {loss!r}")
        kept = tuple(np.array(w, dtype=float) for w in weights)
        place = np.append(log(loss) / LOSS_TOLERANCE, fingerprint(self.problem, kept) / TOLERANCE)
        if not np.isfinite(place).all():
            self.failed += hits
            return
        # Adding zero turns -0.0 into 0.0, whose bytes differ.
        self._put(_Cell(np.round(place / GRID) + 0.0, Basin(float(loss), hits, kept)))

    @property
    def restarts(self) -> int:
        """Restarts counted, failed ones included."""
        return self.failed + sum(cell.basin.hits for cell in self._cells.values())

    @property
    def found(self) -> tuple[Basin, ...]:
        """The basins, lowest loss first."""
        if self._sorted is None:
            self._sorted = self._linked()
        return self._sorted

    def missed_probability(self, confidence: float = 0.95) -> Missed:
        """How likely the next restart is to end in a basin not seen yet.

        Estimate: n_1 / N, basins hit exactly once over restarts (Good 1953). Its expectation is the mean missing mass
        after N - 1 restarts, which is no less than after N. Bound: n_1 / N + (1 + sqrt 2) sqrt(ln(2 / delta) / N) with
        delta = 1 - confidence. One half of delta pays for the missing mass above its mean, exp(-N t^2) (McAllester and
        Ortiz 2003; Berend and Kontorovich 2013), the other for n_1 / N below its mean, exp(-N t^2 / 2) (McDiarmid,
        since one restart changes n_1 by at most 2). The combination is ours, after McAllester and Schapire (2000).

        What this does not say: it is about restarts drawn independently from the distribution of those counted. It
        says nothing of other starts, of basins that these never or hardly ever reach, or of losses: an unseen basin
        may be worthless or the optimum. Starts adapted to earlier results (a bandit, basin hopping), or a stop that
        depends on them, void the bound.
        """
        return missed(sum(basin.hits == 1 for basin in self.found), self.restarts, confidence)

    def probability_better_missed(self, confidence: float = 0.95) -> float:
        """Upper confidence bound on the probability that a restart ends lower than the best seen: 1 - delta^(1/N).

        About 3 / N at 95 % (rule of three). It holds although the best is the best of the same restarts: if losses
        lower than x have probability u, none is seen with probability (1 - u)^N. As above it is about restarts drawn
        independently from the same distribution; for a fixed portfolio, u is the mean over the restarts counted. It
        does not bound the probability that the best seen is not the global minimum.
        """
        _check_confidence(confidence)
        return 1.0 if self.restarts == 0 else -expm1(log(1 - confidence) / self.restarts)

    def summary(self, confidence: float = 0.95) -> dict[str, Any]:
        """All of this without the weights, JSON-serialisable."""
        missed = self.missed_probability(confidence)
        most = max((basin.hits for basin in self.found), default=0)
        best = self.found[0].hits if self.found else 0
        return {
            "sentence": f"{len(self.found)} distinct minima in {self.restarts} restarts, best hit {best} times",
            "restarts": self.restarts,
            "failed": self.failed,
            "most_hits": most,
            "basins": [{"loss": basin.loss, "hits": basin.hits} for basin in self.found],
            "missed": {"estimate": missed.estimate, "bound": missed.bound},
            "better_missed": self.probability_better_missed(confidence),
            "confidence": confidence,
        }

    def _put(self, cell: _Cell) -> None:
        self._sorted = None
        key = cell.place.tobytes()
        held = self._cells.get(key)
        self._cells[key] = cell if held is None else _Cell(cell.place, _union([held.basin, cell.basin]))

    def _linked(self) -> tuple[Basin, ...]:
        cells = sorted(self._cells.values(), key=lambda cell: tuple(cell.place))
        part = list(range(len(cells)))
        for i, cell in enumerate(cells):
            for j in range(i - 1, -1, -1):
                if cell.place[0] - cells[j].place[0] > 1 / GRID:
                    break
                if part[i] != part[j] and np.abs(cell.place - cells[j].place).max() <= 1 / GRID:
                    part = [part[i] if c == part[j] else c for c in part]
        groups: dict[int, list[Basin]] = {}
        for c, cell in zip(part, cells, strict=True):
            groups.setdefault(c, []).append(cell.basin)
        return tuple(sorted((_union(group) for group in groups.values()), key=_rank))


def _rank(basin: Basin) -> tuple[float, bytes]:
    return basin.loss, b"".join(w.tobytes() for w in basin.weights)


def _union(basins: Sequence[Basin]) -> Basin:
    """One basin of several: hits add, the lowest weights stay, ties broken by their bytes whatever the order."""
    best = min(basins, key=_rank)
    return Basin(best.loss, sum(basin.hits for basin in basins), best.weights)


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ProblemError(f"confidence must be a number in (0, 1), got {confidence!r}")
