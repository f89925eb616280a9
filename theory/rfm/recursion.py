"""One layer of Deep RFM with linear kernels: the Gram recursion, and the algorithm itself with explicit features.

Predictor kernel <x, x'> + lambda_k 1[x = x'] without ridge, feature-map kernel <z, z'> + lambda_Phi 1[z = z'] (the
setting of Beaglehole et al., arXiv 2402.13728). Nothing here rounds: `step` takes rationals or balls.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb, arb_mat, fmpq, fmpq_mat

from dufm.theory.rational import identity
from dufm.theory.stated import ProblemError, exact_number


@dataclass(frozen=True)
class Kernels:
    """The two diagonal strengths.

    Attributes:
        k: lambda_k > 0, of the predictor kernel.
        phi: lambda_Phi >= 0, of the feature map; 0 is a linear feature map.

    Raises:
        ProblemError: for k <= 0 or phi < 0.
    """

    k: Fraction
    phi: Fraction

    def __post_init__(self) -> None:
        if self.k <= 0 or self.phi < 0:
            raise ProblemError(f"lambda_k must be > 0 and lambda_Phi >= 0, got {self.k} and {self.phi}")

    @classmethod
    def of(cls, k: Any, phi: Any) -> "Kernels":
        """Read both strengths exactly, from "0.3", "1/10", 2 or Fractions."""
        return cls(exact_number(k, "lambda_k"), exact_number(phi, "lambda_Phi"))

    def balls(self) -> tuple[arb, arb]:
        """(lambda_k, lambda_Phi) at flint's current precision."""
        return ball(self.k), ball(self.phi)

    def rationals(self) -> tuple[fmpq, fmpq]:
        """(lambda_k, lambda_Phi) for flint's matrices."""
        return fmpq(self.k.numerator, self.k.denominator), fmpq(self.phi.numerator, self.phi.denominator)


def ball(value: Fraction) -> arb:
    """A rational as a ball."""
    return arb(fmpq(value.numerator, value.denominator))


def solve(matrix: Any, right: Any) -> Any:
    """matrix^(-1) right for rationals or balls; preconditioned, balls grow by two digits where elimination costs ten.

    Raises:
        ZeroDivisionError: if the matrix cannot be inverted at this precision.
    """
    return matrix.solve(right, algorithm="precond") if isinstance(matrix, arb_mat) else matrix.solve(right)


def predictions(gram: Any, labels: Any, unit: Any, k: Any) -> Any:
    """U = A Y, A = G (G + lambda_k)^(-1): the Gram matrix of M^(1/2) X is U U^T.

    Args:
        gram: G, shape (N, N), rational or ball matrix.
        labels: Y, shape (N, c), of the same type.
        unit: the identity of that type, shape (N, N).
        k: lambda_k, an fmpq or a ball.

    Raises:
        ProblemError: if G + lambda_k cannot be inverted at this precision.
    """
    try:
        return labels - solve(gram + unit * k, labels) * k
    except ZeroDivisionError:
        raise ProblemError("G + lambda_k I is singular, or needs more digits to be told from it") from None


def step(gram: Any, labels: Any, unit: Any, k: Any, phi: Any) -> Any:
    """G -> A Y Y^T A + lambda_Phi I, the Gram matrix of the next layer; arguments as in `predictions`."""
    reached = predictions(gram, labels, unit, k)
    return reached * reached.transpose() + unit * phi


def ball_unit(size: int) -> arb_mat:
    """The identity in balls."""
    return arb_mat(identity(size))


def digits_for(layers: int) -> int:
    """Digits for a run of so many layers: balls grow by up to three a layer, as they forget how entries correlate."""
    return 40 + 3 * layers


def layer(features: fmpq_mat, labels: fmpq_mat, k: fmpq, root_phi: fmpq) -> fmpq_mat:
    """One layer of the algorithm on explicit features X, shape (N, d); the next ones have shape (N, c + N).

    The predictor solves (X X^T + lambda_k) alpha = Y; its gradient is X^T alpha =: B at every point, so the average
    gradient outer product is M = B B^T. The data are mapped with the factor B of M in the place of M^(1/2), which
    differs from it by a rotation, and Phi(z_i) = [z_i; sqrt(lambda_Phi) e_i].
    """
    size = features.nrows()
    alpha = (features * features.transpose() + identity(size) * k).solve(labels)
    gradient = features.transpose() * alpha
    mapped, extra = features * gradient, identity(size) * root_phi
    columns = mapped.ncols()
    entries = [
        mapped[i, j] if j < columns else extra[i, j - columns] for i in range(size) for j in range(columns + size)
    ]
    return fmpq_mat(size, columns + size, entries)
