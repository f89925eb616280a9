"""Where gradient descent ends under cross-entropy: how often in collapse, over width, depth and strength.

A run is plain gradient descent from standard random weights, finished by L-BFGS, polished, and named. Collapse is not
the global minimum for K >= 6, L >= 2 (claim ce-suboptimal), but its balanced factors fill the largest family
(claim ce-orbit): whether descent finds it all the same is a matter of counting.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.checks import require_integers
from dufm.solvers.base.parallel import cores
from dufm.solvers.base.statistics import Proportion, clopper_pearson
from dufm.solvers.ce.match import candidates, identify
from dufm.solvers.ce.polish import ce_polish
from dufm.solvers.engines.cpu_cross_entropy import DescentStage, run_starts
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError

DNC = "dnc"
# One step of descent after another: small batches share the work of the last ones better.
BATCH = 2


@dataclass(frozen=True)
class DescentCase:
    """What is run.

    Attributes:
        K, L, lam, width: the problem, one strength, n = 1.
        rate, steps: of gradient descent.
    """

    K: int
    L: int
    lam: Fraction
    width: int
    rate: float = 0.05
    steps: int = 4000

    @property
    def problem(self) -> Problem:
        """The problem with loss "ce"; ProblemError for numbers that make no sense."""
        return Problem.of(self.K, self.L, self.lam, self.width, loss="ce")


@dataclass(frozen=True)
class Hits:
    """Where the runs of one case ended.

    Attributes:
        case: what was run.
        seed: entropy of the starts.
        ends: runs by the name of where they ended ("dnc", a structure or family, "zero", "free", "failed").
        ranks: runs by rank of the logits.
        indices: runs by falling directions of the reduced Hessian there: 0 at local minima.
        dnc: runs that ended in collapse, of all, with a 95 % Clopper-Pearson interval.
    """

    case: DescentCase
    seed: int
    ends: dict[str, int]
    ranks: dict[int, int]
    indices: dict[int, int]
    dnc: Proportion

    @property
    def starts(self) -> int:
        """Number of runs."""
        return self.dnc.n


def standard(problem: Problem, generator: np.random.Generator) -> list[Array]:
    """H_1 with independent N(0, 1) entries, every W_l with N(0, 1/width)."""
    first, *rest = problem.shapes
    root = np.sqrt(problem.width)
    return [generator.standard_normal(first), *[generator.standard_normal(shape) / root for shape in rest]]


def persistence(
    case: DescentCase,
    starts: int = 30,
    seed: int = 0,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Hits:
    """Run gradient descent from `starts` random starts; run i depends on the seed and i alone.

    Args:
        case: what to run.
        starts: runs, >= 1.
        seed: entropy >= 0.
        threads: runs worked on at a time; does not change the result.
        progress: called as progress(done, starts).

    Raises:
        ProblemError: naming an option that makes no sense.
    """
    require_integers(1, starts=starts)
    require_integers(0, seed=seed, steps=case.steps)
    if not 0 < case.rate < float("inf"):
        raise ProblemError(f"rate must be a finite number > 0, got {case.rate!r}")
    problem = case.problem
    known = candidates(problem)

    def start(index: int) -> list[Array]:
        return standard(problem, np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(index,))))

    ends, ranks, indices, done = Counter[str](), Counter[int](), Counter[int](), 0
    recipe = DescentStage(case.steps, case.rate)
    for batch in run_starts(problem, start, range(starts), [recipe], threads or cores(), batch=BATCH):
        for descent in batch:
            done += 1
            if not np.isfinite(descent.loss):
                ends["failed"] += 1
                continue
            found = ce_polish(problem, descent.weights)
            ends[identify(found.logits, known)] += 1
            ranks[found.rank] += 1
            indices[found.index] += 1
            if progress is not None:
                progress(done, starts)
    return Hits(case, seed, dict(ends), dict(ranks), dict(indices), clopper_pearson(ends[DNC], starts))
