"""(p) How often each arm of the fixed portfolio ends among the lowest twentieth, over ten problems."""

import time

import numpy as np

from dufm.solvers.engines.cpu import CpuEngine
from dufm.solvers.search.bandit import FIXED, START_RECIPES
from dufm.solvers.search.restarts import STARTS, Restart, run_restarts
from dufm.solvers.search.start_kinds import KINDS
from dufm.solvers.search.state import HIT
from dufm.theory.problem import Problem

# (K, L, lambda, width)
PROBLEMS = (
    (6, 4, "0.002", 10),
    (10, 3, "0.0015", 14),
    (8, 4, "0.001", 12),
    (10, 5, "0.0008", 14),
    (12, 3, "0.0005", 16),
    (7, 6, "0.002", 10),
    (9, 4, "0.0006", 14),
    (5, 3, "0.02", 10),
    (6, 7, "0.004", 10),
    (4, 4, "0.01", 8),
)


def table(quick: bool) -> None:
    """Print the arms, those that do best first.

    For each problem an arm's share of restarts in the lowest twentieth of all is divided by the best arm's; the mean
    over the problems is the arm's mark, so that a problem where everything is easy does not decide.
    """
    count = 8 if quick else 24
    arms = [START_RECIPES[i] for i in FIXED]
    marks, spent = np.zeros(len(arms)), np.zeros(len(arms))
    for K, L, lam, width in PROBLEMS:
        problem = Problem.of(K, L, lam, width=width)
        engine = CpuEngine(problem)
        losses = np.zeros((len(arms), count))
        for i, (kind, eps0, scale) in enumerate(arms):
            began = time.process_time()
            recipes = [Restart(j, KINDS[kind], eps0, scale, STARTS) for j in range(count)]
            losses[i] = [value for value, _ in run_restarts(problem, engine, recipes, 3, 1)]
            spent[i] += time.process_time() - began
        lowest = np.sort(losses[np.isfinite(losses)])
        share = (losses <= lowest[len(lowest) // 20] * (1 + HIT)).mean(axis=1)
        marks += share / share.max()
    print(f"\n(p) fixed portfolio: mark over {len(PROBLEMS)} problems, {count} restarts of each arm; CPU ms of one")
    for i in np.argsort(-marks):
        kind, eps0, scale = arms[i]
        cost = 1e3 * spent[i] / len(PROBLEMS) / count
        print(f"{kind:11} eps {eps0:<5g} scale {scale:<5g} {marks[i] / len(PROBLEMS):.2f} {cost:4.0f} ms", flush=True)
