"""Learning the kernel too: the least tr(Y^T (K + mu)^(-1) Y) over PSD kernel matrices with diagonal <= 1 (ours).

mu tr(Y^T (K + mu)^(-1) Y) is the least value of kernel ridge regression, so minimising it over kernels is fitting with
a learned kernel. For every label code some optimum is collapsed; one-hot and +-1 labels have closed forms.
"""

from fractions import Fraction
from typing import Any

from flint import fmpq, fmpq_mat

from dufm.theory.rational import fraction, identity
from dufm.theory.rfm.labels import Labels
from dufm.theory.stated import ProblemError


def cost(kernel: fmpq_mat, labels: Labels, ridge: Fraction) -> Fraction:
    """tr(Y^T (K + mu)^(-1) Y), exact.

    Args:
        kernel: K, shape (N, N), symmetric.
        labels: sizes and code.
        ridge: mu >= 0.

    Raises:
        ProblemError: if K + mu is singular.
    """
    y, mu = labels.matrix(), fmpq(ridge.numerator, ridge.denominator)
    try:
        solved = (kernel + identity(labels.N) * mu).solve(y)
    except ZeroDivisionError:
        raise ProblemError(f"K + mu must be invertible, it is not at mu = {ridge}") from None
    product = y.transpose() * solved
    return fraction(sum((product[i, i] for i in range(labels.K)), fmpq(0)))


def cross_class(K: int, share: Fraction, code: str = "signs") -> Fraction:
    """rho, the entry between different classes of the best kernel; share = mu / n.

    One-hot labels: 0. Signs: (1 + share) (K - 4) / (3 K - 4), but at most 1 (one point for all classes, share >= 2 K /
    (K - 4)) and at least -1/(K - 1) (the simplex).
    """
    if code == "one-hot":
        return Fraction(0)
    free = (1 + share) * Fraction(K - 4, 3 * K - 4)
    return max(Fraction(-1, K - 1), min(Fraction(1), free))


def least_cost(labels: Labels, ridge: Fraction) -> Fraction:
    """The least cost, exact: one-hot labels with classes of any size, signs with classes of one size.

    Raises:
        ProblemError: for ridge <= 0, or signs and classes of different sizes.
    """
    if ridge <= 0:
        raise ProblemError(f"ridge must be > 0, got {ridge}")
    if labels.code == "one-hot":
        return sum((Fraction(m) / (m + ridge) for m in labels.sizes), Fraction(0))
    if len(set(labels.sizes)) > 1:
        raise ProblemError(f"code 'signs' needs classes of one size here, got {labels.sizes}")
    share = ridge / labels.sizes[0]
    return family(labels.K, cross_class(labels.K, share), share)


def family(K: Any, rho: Any, share: Any) -> Any:
    """Cost under +-1 labels of the collapsed kernel with cross-class entry rho, in any arithmetic; share = mu / n."""
    return 4 * (K - 1) / (share + 1 - rho) + (K - 2) ** 2 / (share + 1 + (K - 1) * rho)


def collapsed(labels: Labels, rho: Fraction) -> fmpq_mat:
    """The kernel with 1 inside classes and rho between them, shape (N, N)."""
    member, between = labels.members(), fmpq(rho.numerator, rho.denominator)
    same = member * member.transpose()
    return fmpq_mat(labels.N, labels.N, [x + (1 - x) * between for x in same.entries()])
