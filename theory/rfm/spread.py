"""What shrinks: Z = Q U (Y^T U)^(-1), the spread within classes relative to the class means (ours).

U = A Y holds the features after M^(1/2), one row a sample; Q projects onto deviations within classes. Runs are exact:
in rational numbers, whose digits triple from layer to layer, or in balls.
"""

from dataclasses import dataclass
from typing import Any

from flint import arb_mat, ctx, fmpq_mat

from dufm.theory.rational import identity
from dufm.theory.rfm.labels import Labels
from dufm.theory.rfm.recursion import Kernels, digits_for, predictions, solve
from dufm.theory.stated import ProblemError


@dataclass(frozen=True)
class Reached:
    """One layer of a run; matrices and numbers are rational or balls, as the run was.

    Attributes:
        U: features after M^(1/2) up to a rotation, shape (N, c).
        V: Q U, their deviations from the class means, shape (N, c).
        C: Y^T U, shape (c, c), symmetric and positive definite.
        Z: V C^(-1), shape (N, c).
        Y: the labels, shape (N, c).
    """

    U: Any
    V: Any
    C: Any
    Z: Any
    Y: Any

    @classmethod
    def of(cls, reached: Any, labels: Any, within: Any) -> "Reached":
        """Take U, Y and Q.

        Raises:
            ProblemError: if C is singular: +-1 labels of two classes, or a first layer with too few dimensions.
        """
        c, v = labels.transpose() * reached, within * reached
        try:
            return cls(reached, v, c, solve(c.transpose(), v.transpose()).transpose(), labels)
        except ZeroDivisionError:
            raise ProblemError("Y^T A Y is singular (or needs more digits), so the spread is not defined") from None

    def weighted(self) -> Any:
        """||Z H^(1/2)||^2 = ||Z Y^T||^2, H = Y^T Y: falls by at least the factor q^2 a layer."""
        return squared(self.Z * self.Y.transpose())

    def within(self) -> Any:
        """||V||^2 = N tr Sigma_W after M^(1/2)."""
        return squared(self.V)

    def nc1(self, labels: Labels) -> Any:
        """tr Sigma_W / tr Sigma_B after M^(1/2); Sigma_B is taken around the unweighted mean of the class means."""
        means, start = [], 0
        for size in labels.sizes:
            rows = range(start, start + size)
            means.append([_sum(self.U[i, j] for i in rows) / size for j in range(self.U.ncols())])
            start += size
        centre = [_sum(column) / labels.K for column in zip(*means, strict=True)]
        between = _sum((x - m) ** 2 for row in means for x, m in zip(row, centre, strict=True)) / labels.K
        return self.within() / labels.N / between


def squared(m: Any) -> Any:
    """Squared Frobenius norm of a rational or ball matrix."""
    return _sum(x * x for x in m.entries())


def exact_run(labels: Labels, gram: fmpq_mat, kernels: Kernels, layers: int) -> list[Reached]:
    """The first layers from a rational Gram matrix, in rational numbers."""
    k, phi = kernels.rationals()
    return _run(labels.matrix(), labels.within(), gram, identity(labels.N), k, phi, layers)


def ball_run(labels: Labels, gram: fmpq_mat, kernels: Kernels, layers: int) -> list[Reached]:
    """The same in balls: every number encloses that of the exact run."""
    with ctx.workdps(digits_for(layers)):
        y, within, start, unit = (arb_mat(m) for m in (labels.matrix(), labels.within(), gram, identity(labels.N)))
        return _run(y, within, start, unit, *kernels.balls(), layers)


def contractions(run: list[Reached]) -> list[Any]:
    """||Z H^(1/2)||^2 of each layer over that of the layer before."""
    sizes = [reached.weighted() for reached in run]
    return [after / before for before, after in zip(sizes, sizes[1:], strict=False)]


def _run(labels: Any, within: Any, gram: Any, unit: Any, k: Any, phi: Any, layers: int) -> list[Reached]:
    found = []
    for _ in range(layers):
        reached = predictions(gram, labels, unit, k)
        found.append(Reached.of(reached, labels, within))
        gram = reached * reached.transpose() + unit * phi
    return found


def _sum(values: Any) -> Any:
    """A sum that starts from the first value, of whatever type."""
    iterator = iter(values)
    total = next(iterator)
    for value in iterator:
        total = total + value
    return total
