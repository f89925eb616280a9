"""Low rank below DNC on whole intervals of Lambda: rays, the lower envelope of their lines, covers by few pieces.

Weights with output Z lie on a *ray*: scaled to output s (tr Z / ||Z||^2) Z they have, balanced, the loss
    a + b Lambda,   a = (1 - kappa)/2 + kappa (1 - s)^2/2,   b = kappa (p/2) C s^(2/p),
with kappa = (tr Z)^2 / (K ||Z||^2) and a cost C of the ray; over s the least is (1 - kappa)/2 + kappa phi_L(C Lambda),
below 1/2 for Lambda < x*_L / C. DNC's infimum is concave in Lambda, so a line below it at two points is below it
between them, and a cover needs as few pieces as there are lines. Ours; proofs in the derivation `envelope`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.intervals.options import EVERYWHERE, EnvelopeOptions
from dufm.solvers.minima.polish import refine, unpolished
from dufm.solvers.objectives.squared import Objective
from dufm.solvers.search.portfolio import global_search
from dufm.solvers.search.solution import Outcome
from dufm.solvers.search.state import SearchState
from dufm.solvers.weights.of_structure import at_best_scale
from dufm.theory.problem import Problem
from dufm.theory.squared.phi import collapse_threshold
from dufm.theory.squared.structure import total_cost
from dufm.theory.squared.structures import CheapestSum
from dufm.theory.stated import ProblemError, exact_number

POINTS = 400
# A piece may give away this share of what the envelope gains over DNC.
SHARE = 0.25
# The loss reaches 1/2 where the last ray collapses, so a range must end this much, relatively, before.
BEFORE_END = 1e-3
# So far below DNC's collapse, relatively, the first search goes where no known structure wins.
STRONG = 2e-3
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Ray:
    """Weights (H_1, W_1, ..., W_L) at s = 1, every factor of squared norm kappa C.

    Attributes:
        name: where they come from.
        weights: float64, hidden widths free.
        cost: C; weights with output I have their usual cost.
        kappa: squared cosine of the angle between the output and I.
    """

    name: str
    weights: tuple[Array, ...]
    cost: float
    kappa: float

    def line(self, L: int, s: float) -> tuple[float, float]:
        """(a, b) at scale s."""
        return (1 - self.kappa * (1 - (1 - s) ** 2)) / 2, self.kappa * (L + 1) / 2 * self.cost * s ** (2 / (L + 1))

    @property
    def width(self) -> int:
        """Largest hidden width."""
        return max(len(w) for w in self.weights[:-1])


@dataclass(frozen=True, eq=False)
class Piece:
    """One line that lies below DNC from `x_from` to `x_to`, x = K Lambda.

    Attributes:
        x_from, x_to: exact ends.
        ray: name of the ray.
        scale: its s.
        weights: (H_1, W_1, ..., W_L), balanced.
        line: (a, b), loss a + b Lambda.
        ratios: loss over DNC's at both ends.
    """

    x_from: Fraction
    x_to: Fraction
    ray: str
    scale: float
    weights: tuple[Array, ...]
    line: tuple[float, float]
    ratios: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Envelope:
    """What is known of low rank against DNC over a range of x.

    Attributes:
        K, L: classes and layers.
        rays: all rays, known structures first.
        x: exact grid, rising.
        ratios: least loss over the rays divided by DNC's, at each x; 1 where no ray is below DNC.
        covers: runs of adjoining pieces; one that spans `x` if there is no gap.
        gaps: (from, to), where no line is below DNC.
        searched: (x, seed, loss found) of each search.
    """

    K: int
    L: int
    rays: tuple[Ray, ...]
    x: tuple[Fraction, ...]
    ratios: Array
    covers: tuple[tuple[Piece, ...], ...]
    gaps: tuple[tuple[Fraction, Fraction], ...]
    searched: tuple[tuple[Fraction, int, float], ...] = ()

    def cuts(self, cover: Sequence[Piece]) -> list[Fraction]:
        """The values of Lambda between the pieces of a cover, both ends included."""
        return [x / self.K for x in (cover[0].x_from, *(piece.x_to for piece in cover))]


def best_scales(L: int, x: Array) -> tuple[Array, Array]:
    """phi_L(x) and its minimiser s = u^p in float64; s = 0 from collapse on."""
    p = L + 1
    low = np.full(x.shape, ((p - 2) / (2 * p - 2)) ** (1 / p))
    high = np.ones(x.shape)
    for _ in range(60):
        u = (low + high) / 2
        rising = u ** (p - 2) * (1 - u**p) > x
        low, high = np.where(rising, u, low), np.where(rising, high, u)
    value = (1 - high**p) ** 2 / 2 + p / 2 * x * high**2
    return np.minimum(value, 0.5), np.where(value < 0.5, high**p, 0.0)


def ray_of(problem: Problem, weights: Sequence[Array], name: str) -> Ray:
    """The ray of weights; only K and L of the problem enter.

    Raises:
        ProblemError: if tr Z <= 0, so that no scale is better than zero.
    """
    p = problem.L + 1
    output = weights[-1] @ Objective(problem).forward(weights[:-1]).features[-1]
    trace, square = float(np.trace(output)), float(np.vdot(output, output))
    if not (np.isfinite(square) and trace > 0):
        raise ProblemError(f"a ray needs an output of positive trace, got {trace}")
    norms = np.array([float(np.vdot(w, w)) for w in weights])
    kappa = trace * trace / (problem.K * square)
    norm = float(np.exp(np.mean(np.log(norms)))) * (trace / square) ** (2 / p)
    unit = tuple(w * np.sqrt(norm / own) for w, own in zip(weights, norms, strict=True))
    return Ray(name, unit, norm / kappa, kappa)


def known_rays(K: int, L: int, width: int | None = None) -> list[Ray]:
    """Rays of the cheapest known structures below DNC: on all K classes, and on k < K where they cost less a class.

    Args:
        width: leave out those that need wider hidden layers.
    """
    structure, rays, least = CheapestSum(), [], 1.0
    for k in range(K, 1, -1):
        if not structure.valid(k, L) or float(total_cost(structure, k, L)) / k >= least - ROUNDING:
            continue
        least = float(total_cost(structure, k, L)) / k
        weights = at_best_scale(Problem.of(k, L, Fraction(1, 10**6)), structure.weights(k, L))
        # Classes left out have no features and are answered by zero.
        weights[0] = np.pad(weights[0], ((0, 0), (0, K - k)))
        weights[-1] = np.pad(weights[-1], ((0, K - k), (0, 0)))
        ray = ray_of(Problem.of(K, L, 1), weights, structure.blocks(k, L))
        rays += [ray] if width is None or ray.width <= width else []
    return rays


def envelope_of(K: int, L: int, rays: Sequence[Ray], x_from: Fraction, x_to: Fraction | None = None) -> Envelope:
    """The envelope of rays over [x_from, x_to], and covers of all of it that lies below DNC; x_to as in `envelope`."""
    collapse = float(collapse_threshold(L))
    ends = [_short(collapse * K / ray.cost * (1 - BEFORE_END)) for ray in rays]
    end = x_to or max([_short(collapse), *ends])
    if not 0 < x_from < end:
        raise ProblemError(f"x must run from a number > 0 to a larger one, got {float(x_from):g} to {float(end):g}")
    inner = ends + [_short(v) for v in np.geomspace(float(x_from), float(end), POINTS)[1:-1]]
    x = tuple(sorted({x_from, end, *(v for v in inner if x_from < v < end)}))
    grid = np.array([float(v) for v in x])
    dnc = best_scales(L, grid)[0]
    rows = [(i, s) for i, ray in enumerate(rays) for s in best_scales(L, ray.cost / K * grid)[1].tolist() if s > 0]
    lines = np.array([rays[i].line(L, s) for i, s in rows]).reshape(-1, 2)
    losses = lines[:, :1] + lines[:, 1:] * (grid / K)
    lowest = losses.min(axis=0, initial=0.5)
    below = (losses <= lowest + SHARE * (dnc - lowest)) & (lowest < dnc * (1 - ROUNDING))
    covers: list[list[Piece]] = []
    gaps: list[tuple[Fraction, Fraction]] = []
    at, joined = 0, False
    while at < len(x) - 1:
        # Where a line is below a concave function is an interval: the first miss ends it.
        reach = np.where(below[:, at], (~below[:, at:]).argmax(axis=1) - 1, 0)
        reach[below[:, at:].all(axis=1)] = len(x) - 1 - at
        best = int(reach.argmax()) if len(reach) else -1
        if best < 0 or reach[best] < 1:
            gaps = (
                [*gaps[:-1], (gaps[-1][0], x[at + 1])] if gaps and gaps[-1][1] == x[at] else [*gaps, (x[at], x[at + 1])]
            )
            at, joined = at + 1, False
            continue
        to, (ray, s) = at + int(reach[best]), (rays[rows[best][0]], rows[best][1])
        weights = tuple(w * s ** (1 / (L + 1)) for w in ray.weights)
        ratios = (float(losses[best, at] / dnc[at]), float(losses[best, to] / dnc[to]))
        line = (float(lines[best, 0]), float(lines[best, 1]))
        piece = Piece(x[at], x[to], ray.name, s, weights, line, ratios)
        covers = [*covers[:-1], [*covers[-1], piece]] if joined else [*covers, [piece]]
        at, joined = to, True
    return Envelope(K, L, tuple(rays), x, np.minimum(lowest / dnc, 1.0), tuple(map(tuple, covers)), tuple(gaps))


def envelope(
    K: int,
    L: int,
    options: EnvelopeOptions = EVERYWHERE,
    progress: Callable[[str], None] | None = None,
    report: Callable[[SearchState], None] | None = None,
) -> Envelope:
    """Cover a range of x = K Lambda by pieces on which low rank is below DNC.

    Starts from the known structures. Each search goes where the envelope is weakest relative to DNC, away from where
    an earlier one was, and the ray it finds joins the envelope, which is then covered anew.

    Args:
        K, L: classes and layers.
        options: see there.
        progress: called with words before every search.
        report: called with the state of a search after every restart.

    Raises:
        ProblemError: for a problem or a range that makes no sense.
    """
    width, searches, seed = options.width, options.searches, options.seed
    Problem.of(K, L, 1, width)
    first = exact_number(options.x_from, "x")
    last = None if options.x_to is None else exact_number(options.x_to, "x")
    rays = known_rays(K, L, width)
    found = envelope_of(K, L, rays, first, last)
    searched: list[tuple[Fraction, int, float]] = []
    for i in range(searches):
        grid = np.log([float(v) for v in found.x])
        # Balls of this radius around earlier searches cannot cover the whole range.
        radius = (grid[-1] - grid[0]) / (4 * searches + 4)
        free = np.ones(len(grid), dtype=bool)
        for x, _, _ in searched:
            free &= np.abs(grid - np.log(float(x))) > radius
        weakest = np.flatnonzero(free & (found.ratios >= found.ratios[free].max()))
        # Where several are as weak, as beyond the last cover, the one nearest to what is best; where nothing wins yet,
        # the one nearest to DNC's collapse, since strong regularisation is where low rank wins first.
        strong = np.log(float(collapse_threshold(L)) * (1 - STRONG))
        best = int(found.ratios.argmin() if found.covers else np.abs(grid - strong).argmin())
        x = found.x[int(weakest[np.abs(weakest - best).argmin()])]
        if progress is not None:
            progress(f"search {i + 1} of {searches} at x = {float(x):.4g}")
        problem = Problem.of(K, L, x / K, width)
        solution, _ = global_search(problem, options.search(i, report))
        solution.raise_if_interrupted()
        if solution.weights and solution.loss < 0.5 * (1 - ROUNDING):
            polished = refine(problem, solution.weights) or unpolished(problem, solution.weights)
            weights = polished.weights if polished.loss < solution.loss else solution.weights
            rays.append(ray_of(problem, weights, f"search at x = {float(x):.5g}, seed {seed + i}"))
        searched.append((x, seed + i, solution.loss))
        found = envelope_of(K, L, rays, first, last)
        if solution.outcome is Outcome.INTERRUPTED:
            break
    return Envelope(K, L, found.rays, found.x, found.ratios, found.covers, found.gaps, tuple(searched))


def _short(value: float) -> Fraction:
    """A decimal of five digits, rounded down, so that cuts stay short."""
    digits = 4 - int(np.floor(np.log10(value)))
    return Fraction(int(np.floor(value * 10.0**digits)), 1) / Fraction(10) ** digits
