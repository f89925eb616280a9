"""The arms of the global search, kind of start x first eps x scale, and the bandit that chooses among them.

The fixed half of every round takes the arms in turn, so that what it says of minima not seen stays honest; the other
half goes by Thompson sampling to what hits the best loss.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Hits an arm that varies the best minima is credited with beforehand (others 1): beside a good one often lies a better.
OPTIMISM = 20.0
VARIED = "varied"

StartRecipe = tuple[str, float, float]

# (kind, first eps, scale). Those not VARIED are taken in turn, in order of how often they end in the lowest twentieth
# over ten problems (benchmarks/README.md), kinds alternating.
START_RECIPES: tuple[StartRecipe, ...] = (
    ("graph", 0.01, 0.3),
    ("low-rank", 0.03, 0.3),
    ("gaussian", 0.03, 0.5),
    ("structured", 0.01, 0.03),
    ("graph", 0.03, 0.03),
    ("symmetric", 0.1, 1.0),
    ("low-rank", 0.03, 0.03),
    ("gaussian", 0.03, 0.2),
    ("gaussian", 0.03, 1.0),
    ("structured", 0.03, 0.3),
    ("gaussian", 0.03, 0.15),
    ("gaussian", 0.1, 1.5),
    ("symmetric", 0.03, 0.3),
    (VARIED, 0.001, 0.3),
    (VARIED, 0.001, 0.5),
    (VARIED, 0.003, 0.4),
    (VARIED, 0.03, 0.4),
)
FIXED = tuple(i for i, (kind, _, _) in enumerate(START_RECIPES) if kind != VARIED)


@dataclass
class RecipeRecord:
    """What an arm has done: restarts run, hits on the best loss of the time, and its lowest loss.

    An arm that varies the best minima hits only by going below them: to fall back is no merit.
    """

    arm: StartRecipe
    tried: int = 0
    hits: int = 0
    lowest: float = float("inf")


def choose(arms: Sequence[RecipeRecord], size: int, seed: int, fixed: int, done: int, varying: bool) -> list[int]:
    """Arms for one round: fixed ones in turn for the first half, the rest by Thompson sampling.

    Args:
        arms: records so far.
        size: restarts of the round.
        seed: entropy; with `done` it fixes the draws.
        fixed: restarts of the fixed half so far.
        done: restarts so far.
        varying: whether there are minima to vary.
    """
    half = (size + 1) // 2
    chosen = [FIXED[(fixed + i) % len(FIXED)] for i in range(half)]
    usable = [i for i, r in enumerate(arms) if r.arm[0] != VARIED or varying]
    priors = [OPTIMISM if arms[i].arm[0] == VARIED else 1.0 for i in usable]
    records = [arms[i] for i in usable]
    rates = np.array([[r.hits + prior, r.tried - r.hits + 1.0] for r, prior in zip(records, priors, strict=True)])
    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2**31, done)))
    draws = generator.beta(rates[:, 0], rates[:, 1], size=(size - half, len(usable)))
    return chosen + [usable[int(j)] for j in draws.argmax(axis=1)]
