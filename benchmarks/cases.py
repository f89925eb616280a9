"""The four instances every table uses, and the stages all engines share."""

from dataclasses import dataclass

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.engines.schedule import schedule
from dufm.solvers.weights.build import gaussian
from dufm.theory.problem import Problem


@dataclass(frozen=True)
class Case:
    """One instance: `target` is the loss whose time to reach is measured, `descents` the starts of the engine table."""

    name: str
    problem: Problem
    target: float
    goal: float
    descents: int
    few: int


CASES = (
    Case("c1 (4,3,8)", Problem.of(3, 4, "0.002", width=8), 0.0146522, 0.05, 200, 10),
    Case("c2 (4,6,10)", Problem.of(6, 4, "0.002", width=10), 0.0270030, 0.2, 200, 8),
    Case("c3 (3,10,14)", Problem.of(10, 3, "0.0015", width=14), 0.0275670, 2.0, 200, 8),
    Case("c4 (5,15,20)", Problem.of(15, 5, "0.0005", width=20), 0.0149102, 60.0, 64, 4),
)
# Where only the lock-step peer is fast enough: name, problem, starts.
LARGE = (
    ("(4,20,24)", Problem.of(20, 4, "0.0005", width=24), 64),
    ("(4,100,104)", Problem.of(100, 4, "0.0001", width=104), 2),
)
MEMORY = 12


def starts_of(problem: Problem, count: int, scale: float = 1.0, seed: int = 3) -> list[list[Array]]:
    """Gaussian starts; start i depends on the seed and i alone."""
    children = [np.random.SeedSequence(seed, spawn_key=(i,)) for i in range(count)]
    return [gaussian(problem, np.random.default_rng(child), scale) for child in children]


def keep(stage: int, descents: int) -> int:
    """The best 40 % go on after each of the first four stages."""
    return max(1, int(0.4 * descents)) if stage < 4 else descents


def stages_of(problem: Problem, descents: int) -> Array:
    """Rows (eps, gradient tolerance, most steps, 0, descents kept) of the homotopy 0.1, 0.01, ..., 1e-7."""
    return schedule(problem, 0.1, keep, descents, factor=0.1)
