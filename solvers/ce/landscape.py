"""Index and null space of the full model's Hessian at the known critical points, against width.

At balanced factors of rank-q logits directions outside the rank cost +lambda or more, so the index is that of the
reduced loss on the manifold of rank q; the null space is the orbit of balanced factorisations, of dimension
L (d q - q (q+1)/2) (claim ce-orbit), and whatever is flat on the manifold.
"""

from dataclasses import dataclass

from dufm.solvers.ce.match import ZERO, candidates, same
from dufm.solvers.ce.polish import CePolished, polish_logits
from dufm.theory.ce.hessian import orbit_dimension
from dufm.theory.problem import Problem


@dataclass(frozen=True, eq=False)
class CriticalPoint:
    """One critical point.

    Attributes:
        name: closed form it was polished from; with "from " in front where the polish left it.
        polished: logits, loss, rank, singular values, index on the manifold of the rank.
        null: dimension of the Hessian's null space at the problem's width.
    """

    name: str
    polished: CePolished
    null: int

    @property
    def index(self) -> int:
        """Directions in which the loss falls."""
        return self.polished.index


def null_dimension(problem: Problem, polished: CePolished) -> int:
    """Dimension of the null space of the full Hessian at the width of the problem."""
    return orbit_dimension(problem.width, problem.L, polished.rank) + polished.flat


def critical_points(problem: Problem) -> list[CriticalPoint]:
    """Every closed form but zero, polished to a critical point of the full problem, cheapest first.

    Raises:
        ProblemError: for another loss than cross-entropy.
    """
    problem.require_loss("ce", "the landscape")
    found: list[CriticalPoint] = []
    for candidate in candidates(problem):
        if candidate.name == ZERO:
            continue
        polished = polish_logits(problem, candidate.logits)
        if polished.succeeded and not any(same(polished.logits, p.polished.logits) for p in found):
            stayed = same(polished.logits, candidate.logits)
            name = candidate.name if stayed else f"from {candidate.name}"
            found.append(CriticalPoint(name, polished, null_dimension(problem, polished)))
    return sorted(found, key=lambda p: p.polished.loss)
