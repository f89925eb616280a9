"""The loss of what stands for collapse in a model: derived where it is, else of the best diagonal weights."""

from dufm.solvers.objectives.squared import loss
from dufm.solvers.weights.residual import diagonal_skip
from dufm.theory.problem import Problem
from dufm.theory.squared.variants import collapse_loss


def collapse_beside(problem: Problem) -> tuple[str, float] | None:
    """What stands for collapse and its loss, from above: derived, or with skips the best diagonal weights."""
    derived = collapse_loss(problem)
    if derived is not None:
        return derived[0], float(derived[1][1])
    if set(problem.variant.named) <= {"skip", "slope"} and problem.variant.skip != "none":
        return "diagonal weights", loss(problem, diagonal_skip(problem))
    return None
