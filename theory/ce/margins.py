"""Hard margins: exact upper bounds of c* = min { sum sigma_i(Z)^p : Z_ii - Z_ji >= 1 }, p = 2/(L+1) (ours).

Any M = L + 1 factors of Z, scaled to least margin 1, give one: by Horn's inequality and AM-GM (derivation ce-reduction)
sum sigma_i(Z)^(2/M) <= (prod_l ||A_l||_F^2)^(1/M), and dividing Z by its least margin m divides the cost by m^(2/M).
So c*^M <= prod_l ||A_l||_F^2 / m^2, a rational number for rational factors.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from dufm.theory.problem import Problem
from dufm.theory.rational import matrix, squared_norm
from dufm.theory.stated import ProblemError


def least_margin(logits: Any) -> Fraction:
    """min over i and j != i of Z_ii - Z_ji for a K x K matrix of rationals."""
    z = matrix(logits)
    size = z.nrows()
    gaps = [z[i, i] - z[j, i] for i in range(size) for j in range(size) if j != i]
    least = min(gaps)
    return Fraction(int(least.p), int(least.q))


def cost_power_bound(factors: Sequence[Any], K: int) -> Fraction:
    """prod_l ||A_l||_F^2 / m^2 >= c*^(L+1) of rational factors (H_1, W_1, ..., W_L) of any hidden widths.

    Raises:
        ProblemError: if the factors do not chain up or their logits have a margin <= 0.
    """
    problem = Problem.of(K, len(factors) - 1, 1, K, loss="ce")
    margin = least_margin(problem.output(factors))
    if margin <= 0:
        raise ProblemError("the logits must have every margin above 0")
    product = Fraction(1)
    for factor in factors:
        product *= squared_norm(matrix(factor))
    return product / margin**2
