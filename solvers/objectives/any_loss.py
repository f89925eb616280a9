"""The loss of weights under whichever loss their problem has: what a file says of them is checked against it."""

from collections.abc import Sequence

from dufm.solvers.objectives.cross_entropy import CeObjective
from dufm.solvers.objectives.squared import Array, loss
from dufm.theory.problem import Problem


def loss_of(problem: Problem, weights: Sequence[Array]) -> float:
    """The loss of weights (H_1, W_1, ..., W_L) of any hidden widths; ProblemError if the shapes do not chain up."""
    problem.check_shapes([(w.shape[0], w.shape[1]) for w in weights])
    return CeObjective(problem).loss(weights) if problem.loss == "ce" else loss(problem, weights)
