"""The start recipes of the global search, kind x first eps x scale, and the bandit that chooses among them.

The fixed half of every round takes the recipes in turn, so that what it says of minima not seen stays honest; the other
half goes by Thompson sampling to what hits the best loss.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Hits a recipe that varies the best minima is credited with beforehand (others 1): beside a good one often lies a
# better.
OPTIMISM = 20.0
VARIED = "varied"

# The bandit draws from the seed under a key of its own; restarts take their indices, which stay far below it.
BANDIT_KEY = 2**31


@dataclass(frozen=True)
class StartRecipe:
    """How the starts of a restart are drawn.

    Attributes:
        kind: of start, a name in `start_kinds.KINDS` or VARIED.
        eps0: first smoothing.
        scale: what it means is the kind's own.
    """

    kind: str
    eps0: float
    scale: float


# Those not VARIED are taken in turn, in order of how often they end in the lowest twentieth
# over ten problems (benchmarks/README.md), kinds alternating.
START_RECIPES: tuple[StartRecipe, ...] = (
    StartRecipe("graph", 0.01, 0.3),
    StartRecipe("low-rank", 0.03, 0.3),
    StartRecipe("gaussian", 0.03, 0.5),
    StartRecipe("structured", 0.01, 0.03),
    StartRecipe("graph", 0.03, 0.03),
    StartRecipe("symmetric", 0.1, 1.0),
    StartRecipe("low-rank", 0.03, 0.03),
    StartRecipe("gaussian", 0.03, 0.2),
    StartRecipe("gaussian", 0.03, 1.0),
    StartRecipe("structured", 0.03, 0.3),
    StartRecipe("gaussian", 0.03, 0.15),
    StartRecipe("gaussian", 0.1, 1.5),
    StartRecipe("symmetric", 0.03, 0.3),
    StartRecipe(VARIED, 0.001, 0.3),
    StartRecipe(VARIED, 0.001, 0.5),
    StartRecipe(VARIED, 0.003, 0.4),
    StartRecipe(VARIED, 0.03, 0.4),
)
FIXED = tuple(i for i, recipe in enumerate(START_RECIPES) if recipe.kind != VARIED)


@dataclass
class RecipeRecord:
    """What a start recipe has done: restarts run, hits on the best loss of the time, and its lowest loss.

    One that varies the best minima hits only by going below them: to fall back is no merit.
    """

    recipe: StartRecipe
    tried: int = 0
    hits: int = 0
    lowest: float = float("inf")


def choose(records: Sequence[RecipeRecord], size: int, seed: int, fixed: int, done: int, varying: bool) -> list[int]:
    """Start recipes for one round, by their place: fixed ones in turn for the first half, then Thompson sampling.

    Args:
        records: of all start recipes, so far.
        size: restarts of the round.
        seed: entropy; with `done` it fixes the draws.
        fixed: restarts of the fixed half so far.
        done: restarts so far.
        varying: whether there are minima to vary.
    """
    half = (size + 1) // 2
    chosen = [FIXED[(fixed + i) % len(FIXED)] for i in range(half)]
    usable = [i for i, r in enumerate(records) if r.recipe.kind != VARIED or varying]
    priors = [OPTIMISM if records[i].recipe.kind == VARIED else 1.0 for i in usable]
    usual = [records[i] for i in usable]
    rates = np.array([[r.hits + prior, r.tried - r.hits + 1.0] for r, prior in zip(usual, priors, strict=True)])
    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(BANDIT_KEY, done)))
    draws = generator.beta(rates[:, 0], rates[:, 1], size=(size - half, len(usable)))
    return chosen + [usable[int(j)] for j in draws.argmax(axis=1)]
