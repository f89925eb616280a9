"""Exit times of the scalar chain of theory.jumps.scalar: from the killed transfer operator, and by simulation.

The mean time T(x) to fall to the absorbing level solves T(x) = 1 + (1 - 1/n) T(k x) + (1/n) T(k x + eta (1 - x^L)
x^(L-1)) with T = 0 at and below it; on a grid in log x with linear interpolation that is a sparse linear system.
"""

import functools
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, identity
from scipy.sparse.linalg import spsolve

from dufm.solvers.base.program_cache import compile_cached
from dufm.solvers.jumps import chain_kernel
from dufm.theory.jumps.scalar import critical_strength, levels
from dufm.theory.stated import ProblemError


@dataclass(frozen=True)
class ScalarChain:
    """The chain x <- k x + eta b (1 - x^L) x^(L-1), b ~ Bernoulli(1/n).

    Attributes:
        L: depth, >= 3; n: size of the matrix; lam: strength below critical; eta: step size.
        x_minus, barrier, minimum: the levels of theory.jumps.scalar, rounded.
    """

    L: int
    n: int
    lam: float
    eta: float
    x_minus: float
    barrier: float
    minimum: float

    @classmethod
    def of(cls, L: int, n: int, share: Fraction, eta: float) -> "ScalarChain":
        """The chain at lambda = share lambda_c.

        Raises:
            ProblemError: for a share outside (0, 1) or a step size outside (0, 1).
        """
        if not 0 < share < 1:
            raise ProblemError(f"share must be between 0 and 1, got {share}")
        # At larger steps the map need not keep [0, 1].
        if not 0 < eta < 1:
            raise ProblemError(f"eta must be between 0 and 1, got {eta}")
        lam = float(share) * float(critical_strength(L, n))
        found = levels(L, n, Fraction(lam))
        middle = [float(sum(e) / 2) for e in (found.x_minus, found.barrier, found.minimum)]
        return cls(L, n, lam, eta, *middle)

    @property
    def k(self) -> float:
        """What weight decay leaves in one step."""
        return 1 - 2 * self.eta * self.lam

    def pushed(self, x: Any) -> Any:
        """Where x goes when its entry is drawn."""
        return self.k * x + self.eta * (1 - x**self.L) * x ** (self.L - 1)


def exit_time(chain: ScalarChain, nodes: int = 4000) -> float:
    """Mean number of steps from the minimum to x <= x_minus.

    Args:
        chain: what moves.
        nodes: grid points, >= 100; 2000 to 8000 agree to 1e-3 where the mean is below 1e5.
    """
    if nodes < 100:
        raise ProblemError(f"nodes must be at least 100, got {nodes}")
    # From [0, 1] a step with eta < 1 leads at most to the largest image of a draw, or stays below 1.
    reach = max(1.0, float(chain.pushed(np.linspace(0, 1, 10001)).max()))
    grid = np.linspace(np.log(chain.x_minus), np.log(reach), nodes)
    x = np.exp(grid)
    step = grid[1] - grid[0]
    system: Any = identity(nodes, format="csr")
    for image, chance in ((chain.k * x, 1 - 1 / chain.n), (chain.pushed(x), 1 / chain.n)):
        place = np.clip((np.log(image) - grid[0]) / step, -1.0, nodes - 1.0)
        low = np.minimum(np.floor(place).astype(np.int64), nodes - 2)
        weight = place - low
        alive = place > 0
        rows = np.arange(nodes)[alive]
        low, weight = low[alive], weight[alive]
        for column, part in ((low, 1 - weight), (low + 1, weight)):
            system = system - csr_matrix((chance * part, (rows, column)), shape=(nodes, nodes))
    # The first node is the level itself, where the chain is dead.
    times: Any = spsolve(system[1:, 1:].tocsc(), np.ones(nodes - 1))
    return float(np.interp(np.log(chain.minimum), grid[1:], times))


@dataclass(frozen=True, eq=False)
class Exits:
    """Simulated exits.

    Attributes:
        times: steps to the first x <= x_minus, shape (M,); -1 for chains still above it at the limit.
        returned: chains that rose above x_minus again within as many steps as they were watched after it.
    """

    times: NDArray[np.int64]
    returned: int

    @property
    def mean(self) -> float:
        """Mean exit time; NaN if a chain has not left."""
        return float(self.times.mean()) if (self.times >= 0).all() else float("nan")

    @property
    def error(self) -> float:
        """Standard error of the mean."""
        return float(self.times.std(ddof=1) / np.sqrt(len(self.times)))


def simulate(chain: ScalarChain, chains: int, seed: int, limit: int, watch: int = 200) -> Exits:
    """Run independent chains from the minimum until they exit, then `watch` steps more.

    Raises:
        ProblemError: for fewer than one chain or step.
    """
    if chains < 1 or limit < 1 or watch < 0:
        raise ProblemError(f"chains and limit must be >= 1, watch >= 0, got {chains}, {limit}, {watch}")
    streams = [np.random.SeedSequence(seed, spawn_key=(0, m)) for m in range(chains)]
    draws = np.array([s.generate_state(1, np.uint64)[0] for s in streams], dtype=np.uint64)
    times = np.empty(chains, dtype=np.int64)
    numbers = (chain.minimum, chain.x_minus, chain.k, chain.eta)
    returned = compiled_exits()(times, draws, *numbers, chain.L, chain.n, limit, watch)
    return Exits(times, int(returned))


@functools.cache
def compiled_exits() -> Any:
    """The simulation of `simulate`, compiled."""
    draw_one = chain_kernel.draw_one

    def exits(times, draws, start, level, k, eta, L, n, limit, watch):
        returned = 0
        for m in range(len(times)):
            x, times[m], left = start, -1, limit
            t = 0
            while t < left:
                t += 1
                push = eta * (1.0 - x**L) * x ** (L - 1) if draw_one(draws, m, n) == 0 else 0.0
                x = k * x + push
                if times[m] < 0 and x <= level:
                    times[m], left = t, t + watch
                elif times[m] >= 0 and x > level:
                    returned += 1
                    break
        return returned

    numbers = "float64,float64,float64,float64"
    signature = f"int64(int64[::1],uint64[::1],{numbers},int64,int64,int64,int64)"
    return compile_cached(exits, signature, "numpy")
