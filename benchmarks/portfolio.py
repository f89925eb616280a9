"""(p) How often each recipe of the fixed portfolio ends among the lowest twentieth, over ten problems."""

import time
from dataclasses import astuple

import numpy as np

from dufm.solvers.engines.cpu import CpuEngine
from dufm.solvers.search.bandit import FIXED, START_RECIPES
from dufm.solvers.search.options import STARTS_PER_RESTART
from dufm.solvers.search.restarts import Restart, run_restarts
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
    """Print the start recipes, those that do best first.

    For each problem a recipe's share of restarts in the lowest twentieth of all is divided by the best's; the mean
    over the problems is its mark, so that a problem where everything is easy does not decide.
    """
    count = 8 if quick else 24
    recipes = [START_RECIPES[i] for i in FIXED]
    marks, spent = np.zeros(len(recipes)), np.zeros(len(recipes))
    for K, L, lam, width in PROBLEMS:
        problem = Problem.of(K, L, lam, width=width)
        engine = CpuEngine(problem)
        losses = np.zeros((len(recipes), count))
        for i, recipe in enumerate(recipes):
            began = time.process_time()
            restarts = [
                Restart(j, KINDS[recipe.kind], recipe.eps0, recipe.scale, STARTS_PER_RESTART) for j in range(count)
            ]
            losses[i] = [found.loss for found in run_restarts(engine, 1, restarts, 3)]
            spent[i] += time.process_time() - began
        lowest = np.sort(losses[np.isfinite(losses)])
        share = (losses <= lowest[len(lowest) // 20] * (1 + HIT)).mean(axis=1)
        marks += share / share.max()
    print(f"\n(p) fixed portfolio: mark over {len(PROBLEMS)} problems, {count} restarts of each recipe; CPU ms of one")
    for i in np.argsort(-marks):
        kind, eps0, scale = astuple(recipes[i])
        cost = 1e3 * spent[i] / len(PROBLEMS) / count
        print(f"{kind:11} eps {eps0:<5g} scale {scale:<5g} {marks[i] / len(PROBLEMS):.2f} {cost:4.0f} ms", flush=True)
