"""What many classes cost: symmetric searches with their certificates, and the polish with and without a matrix.

CPU seconds of one core. The polish begins from the same weights at rest both ways, in turns; without a matrix the
curvature of the point is not computed, with one it is.
"""

import json
import time
from fractions import Fraction

from benchmarks.tables import interleaved
from dufm.solvers.minima import polish
from dufm.solvers.minima.canonical import canonical
from dufm.solvers.minima.rest import descend_to_rest
from dufm.solvers.search.options import SearchOptions
from dufm.solvers.search.portfolio import global_search
from dufm.solvers.symmetric.grid import Grid
from dufm.solvers.symmetric.search import symmetric_search
from dufm.theory.problem import Problem
from dufm.theory.squared.phi import phi
from dufm.verification.base.certificate import symmetric_certificate
from dufm.verification.symmetric_checker import check

X = Fraction(15, 1000)
GRIDS = (
    ((10, 10), 1, 4),
    ((10,), 10, 4),
    ((10, 10, 10), 1, 3),
    ((10, 10, 10), 1, 4),
    ((2, 5, 2, 5, 10), 1, 4),
    ((100,), 10, 4),
    ((10, 10, 10), 1, 7),
    ((10,) * 6, 1, 4),
)
POLISHED = ((10, 4), (20, 4), (24, 4))


def symmetric(quick: bool) -> None:
    """The best of some restarts on grids of classes, and its certificate."""
    most = 2 if quick else 6
    print(
        "\n| K | grid x classes a point | L | CPU s, restarts | loss / DNC | certificate, bytes | checker, ms | holds |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for sides, free, L in GRIDS:
        grid, restarts = Grid(sides, free), most if free == 1 else max(1, most // 3)
        problem = Problem.of(grid.K, L, X / grid.K)
        began = time.process_time()
        found = symmetric_search(problem, grid, restarts)
        spent = time.process_time() - began
        text = json.dumps(symmetric_certificate(problem, sides, found.weights, "benchmark", {}))
        began = time.process_time()
        result = check(text)
        judged = 1000 * (time.process_time() - began)
        ratio = found.loss / float(phi(L, X)[0])
        words = f"{'x'.join(map(str, sides))} x {free} | {L} | {spent:.1f}, {restarts} | {ratio:.4f}"
        print(f"| {grid.K} | {words} | {len(text)} | {judged:.0f} | {'yes' if result.ok else 'no'} |", flush=True)


def polishing(quick: bool) -> None:
    """CPU seconds of a polish with the KKT matrix over those without it."""
    print("\n| K, L | weights, kinks | with a matrix, s | without, s | ratio | losses differ by |")
    print("|---|---|---|---|---|---|")
    for K, L in POLISHED[:1] if quick else POLISHED:
        problem = Problem.of(K, L, X / K)
        solution, _ = global_search(problem, SearchOptions(restarts=8, seed=0, starts_per_restart=4))
        rested = descend_to_rest(problem, solution.weights)
        if rested is None:
            continue
        start, found = canonical(problem, rested.weights, 1e-2, slack=1.0), list[polish.Polished]()

        def once(most: int, problem: Problem = problem, start: list = start, found: list = found) -> None:
            usual, polish.DENSE = polish.DENSE, most
            try:
                found.append(polish.polish(problem, start))
            finally:
                polish.DENSE = usual

        dense, free = interleaved(lambda: once(10**9), lambda: once(0), rounds=1)
        losses, shown = [f.loss for f in found], found[0]
        apart = (max(losses) - min(losses)) / min(losses)
        sizes = f"{sum(w.size for w in start)}, {shown.kinks}"
        print(f"| {K}, {L} | {sizes} | {dense:.2f} | {free:.2f} | {dense / free:.1f}x | {apart:.0e} |", flush=True)


def table(quick: bool) -> None:
    """Both."""
    symmetric(quick)
    polishing(quick)
