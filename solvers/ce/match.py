"""Which known structure a searched minimum is, told by numbers no permutation of the classes changes.

Two logit matrices are taken for one structure when their losses, their singular values and their sorted margins agree.
Such a match is a name for a reader; what a record claims is its loss, and that is bounded rigorously elsewhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb

from dufm.solvers.base.arrays import Array
from dufm.theory.ce.enclosure import best_scale
from dufm.theory.ce.families import CE_FAMILIES
from dufm.theory.ce.newton import best_member
from dufm.theory.ce.numbers import Balls, Rows, working
from dufm.theory.ce.structures import CE_STRUCTURES
from dufm.theory.ce.undecided import UNDECIDED_PAIR
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError

DIGITS = 20
AGREE = 1e-6
ZERO, FREE = "zero", "free"


@dataclass(frozen=True, eq=False)
class Candidate:
    """A closed form at its best scale.

    Attributes:
        name: of the structure or family; "zero" for Z = 0.
        loss: rigorous ball.
        logits: K x K, float64.
    """

    name: str
    loss: arb
    logits: Array


def candidates(problem: Problem) -> list[Candidate]:
    """Zero, every listed structure, the undecided pair and the best member of every family, cheapest first."""
    K = problem.K
    with working(DIGITS):
        found = [Candidate(ZERO, arb(K).log(), np.zeros((K, K)))]
        for structure in (*CE_STRUCTURES, UNDECIDED_PAIR):
            if structure.valid(K):
                best = _unless_folded(lambda s=structure: best_scale(s, problem, DIGITS))
                if best is not None:
                    rows = structure.logits(K, Balls())
                    found.append(Candidate(structure.name, best.loss, float(best.alpha.mid()) * _floats(rows)))
        for family in CE_FAMILIES:
            if family.valid(K):
                member = _unless_folded(lambda f=family: best_member(f, problem, DIGITS))
                if member is not None:
                    theta = [x.mid() for x in member.theta]
                    found.append(Candidate(family.name, member.loss, _floats(family.logits(K, theta, Balls()))))
    return sorted(found, key=lambda c: float(c.loss.mid()))


def _unless_folded(enclose: Callable[[], Any]) -> Any:
    """None where no best scale can be enclosed: at the fold, or for a family whose best member has become another's.

    A candidate left out can only make a table worse, never wrong.
    """
    try:
        return enclose()
    except ProblemError:
        return None


def _floats(rows: Rows) -> Array:
    return np.array([[float(x.mid()) for x in row] for row in rows])


def same(first: Array, second: Array) -> bool:
    """Whether singular values and margins, both sorted, agree to `AGREE` of the largest singular value."""
    keys = [_key(z) for z in (first, second)]
    size = max(float(np.abs(keys[1]).max()), 1.0)
    return bool(np.abs(keys[0] - keys[1]).max() <= AGREE * size)


def _key(z: Array) -> Array:
    parts = [np.linalg.svd(z, compute_uv=False), np.sort((np.diag(z) - z).ravel())]
    return np.asarray(np.concatenate(parts), dtype=float)


def identify(logits: Array, known: list[Candidate]) -> str:
    """Name of the first candidate with these singular values and margins; "free" if there is none."""
    return next((c.name for c in known if same(logits, c.logits)), FREE)
