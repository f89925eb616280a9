"""What stands around the weights besides K, L and strengths: activation, skip, last-layer bias, target, class sizes.

A hidden layer is F_(l+1) = act(W_l F_l), or F_l + act(W_l F_l) with skip "block1". With skip "block2" two hidden layers
make a block, F_l + W_(l+1) act(W_l F_l), so L is odd (2505.15239 has both). The activation is relu, leaky (z for z > 0
and slope z elsewhere) or linear.

A bias b of the last layer adds b 1^T to the output. For given weights the best b is known, so weights never hold it:
with residuals r_j = z_j - t_j and shares w_j of mean 1 over m columns the least of
    1/(2m) sum_j w_j ||r_j + b||^2 + lambda_b/2 ||b||^2    is    1/(2m) sum_j w_j ||r_j||^2 - s/2 ||r||^2,
r = sum_j w_j r_j / m, s = 1 / (1 + lambda_b); without a bias s = 0. `last` has lambda_b = 0, `last-decayed` lambda_L.

Classes of n_j samples each share their best column, which counts n_j times in the fit and in ||H_1||^2: w_j = n_j / n
with n the mean of the n_j (ours: relu layers commute with scaling a column, so this is the target diag(sqrt w_j)).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import fmpq, fmpq_mat

from dufm.theory.rational import fraction, identity, matrix, relu, squared_norm
from dufm.theory.stated import ProblemError, require_count

LOSSES = ("mse", "ce")
# What stands between the layers, by loss; the first is what the papers have, and taken where nothing is said.
ACTIVATIONS = {"mse": ("relu", "leaky", "linear"), "ce": ("linear", "relu")}
BIASES = ("none", "last", "last-decayed")
# By how many hidden layers an identity skip goes around.
SKIPS = ("none", "block1", "block2")

Rows = tuple[tuple[Fraction, ...], ...]


@dataclass(frozen=True)
class Variant:
    """What a problem has beyond the papers' model, by keyword.

    Attributes:
        slope: of the leaky relu below zero, 0 < slope < 1; 0 with other activations.
        bias: one of BIASES.
        skip: one of SKIPS.
        target: K rows of m rationals; () for the identity.
        sizes: samples of each column of the target; () for n of each.
    """

    slope: Fraction = Fraction(0)
    bias: str = "none"
    skip: str = "none"
    target: Rows = ()
    sizes: tuple[int, ...] = ()

    @property
    def named(self) -> dict[str, Any]:
        """What differs from the papers' model, by name."""
        plain = Variant()
        return {name: value for name, value in vars(self).items() if value != getattr(plain, name)}

    @property
    def around(self) -> int:
        """How many hidden layers an identity skip goes around; 0 without skips."""
        return SKIPS.index(self.skip)

    def require(self, K: int, L: int, n: int, loss: str, activation: str) -> None:
        """Raise ProblemError where the parts do not fit each other; arguments as of `Problem`."""
        if self.bias not in BIASES:
            raise ProblemError(f"bias must be one of {', '.join(BIASES)}, got {self.bias!r}")
        if self.skip not in SKIPS:
            raise ProblemError(f"skip must be one of {', '.join(SKIPS)}, got {self.skip!r}")
        if loss != "mse" and self.named:
            raise ProblemError(
                f"{', '.join(self.named)} must be left out with loss {loss!r}: the squared loss has them"
            )
        if activation == "leaky" and not 0 < self.slope < 1:
            raise ProblemError(f"the slope of a leaky relu must be a Fraction in (0, 1), got {self.slope}")
        if activation != "leaky" and self.slope != 0:
            raise ProblemError(f"slope must be 0 with activation {activation!r}, got {self.slope}")
        if self.skip != "none" and activation == "linear":
            raise ProblemError("skip must be none with activation 'linear': such a layer is a linear one")
        if self.skip == "block2" and L % 2 == 0:
            raise ProblemError(f"L must be odd with skip 'block2': blocks of two hidden layers and W_L, got {L}")
        if self.target and (len(self.target) != K or len({len(row) for row in self.target}) != 1 or not self.target[0]):
            shapes = f"{len(self.target)} rows of {sorted({len(row) for row in self.target})}"
            raise ProblemError(f"target must have K = {K} rows of one length, got {shapes}")
        for size in self.sizes:
            require_count(size, "a class size", 1)
        if self.sizes and (len(self.sizes) != self.columns(K) or n != 1):
            raise ProblemError(f"classes must be {self.columns(K)} sizes with n = 1, got {len(self.sizes)} and n = {n}")

    def columns(self, K: int) -> int:
        """Columns m of the target and of H_1."""
        return len(self.target[0]) if self.target else K

    def matrix(self, K: int) -> fmpq_mat:
        """The target, K x m."""
        return matrix(self.target) if self.target else identity(K)

    def shares(self, K: int) -> tuple[Fraction, ...]:
        """What each column counts, of mean 1."""
        m = self.columns(K)
        return tuple(Fraction(size * m, sum(self.sizes)) for size in self.sizes) or (Fraction(1),) * m

    def bias_share(self, decay: Fraction) -> Fraction:
        """s of the module, for the last layer's strength."""
        return Fraction(int(self.bias != "none")) / (1 + (decay if self.bias == "last-decayed" else 0))


PLAIN = Variant()


def activated(activation: str, slope: Fraction, z: fmpq_mat) -> fmpq_mat:
    """The activation, entry by entry."""
    if activation == "linear":
        return z
    positive = relu(z)
    if activation == "relu":
        return positive
    return positive - relu(-1 * z) * fmpq(slope.numerator, slope.denominator)


def hidden_features(variant: Variant, activation: str, first: fmpq_mat, hidden: Sequence[fmpq_mat]) -> fmpq_mat:
    """The features above the last of the hidden factors (W_1, ..., W_(L-1)), exact."""
    features, handed = first, first
    for place, factor in enumerate(hidden):
        z, ends = factor * features, variant.around == 2 and place % 2 == 1
        features = z if ends else activated(activation, variant.slope, z)
        if variant.around == 1 or ends:
            features = handed + features
        if variant.around != 2 or ends:
            handed = features
    return features


def weighted_fit(residual: fmpq_mat, shares: Sequence[Fraction], bias_share: Fraction) -> Fraction:
    """1/(2m) sum_j w_j ||r_j||^2 - s/2 ||sum_j w_j r_j / m||^2, exact."""
    m = residual.ncols()
    if not bias_share and set(shares) == {1}:
        return squared_norm(residual) / (2 * m)
    columns = [[fraction(residual[i, j]) for i in range(residual.nrows())] for j in range(m)]
    square = sum((w * sum(x * x for x in column) for w, column in zip(shares, columns, strict=True)), Fraction(0))
    fit = square / (2 * m)
    if bias_share:
        means = [
            sum((w * c[i] for w, c in zip(shares, columns, strict=True)), Fraction(0)) / m
            for i in range(len(columns[0]))
        ]
        fit -= bias_share / 2 * sum(x * x for x in means)
    return fit


def squared_columns(first: fmpq_mat, shares: Sequence[Fraction]) -> Fraction:
    """sum_j w_j ||h_j||^2."""
    if set(shares) == {1}:
        return squared_norm(first)
    rows = range(first.nrows())
    norms = [sum((fraction(first[i, j]) ** 2 for i in rows), Fraction(0)) for j in range(first.ncols())]
    return sum((w * s for w, s in zip(shares, norms, strict=True)), Fraction(0))
