"""The deep unconstrained features model (DUFM) as one frozen record, evaluated exactly.

    min over H_1, W_1, ..., W_L of
        1/(2N) || W_L relu(W_{L-1} relu( ... relu(W_1 H_1))) - Y ||_F^2
        + lambda_H/2 ||H_1||_F^2 + sum_l lambda_l/2 ||W_l||_F^2,      Y = I_K (x) 1_n^T, N = K n

(SML24, arXiv 2405.14468). For fixed weights the loss separates over the columns of H_1, so the n samples of a class
share their best column: everywhere in this project H_1 is d x K and n enters as lambda_H -> n lambda_H.

With loss "ce" the fit is cross-entropy, (1/K) sum_i log(1 + sum_(j != i) exp(Z_ji - Z_ii)), and the layers are linear
(Garrod and Keating, arXiv 2410.23169) unless activation "relu" is asked for. That is no rational number;
`theory.ce.enclosure` encloses it.

A `Variant` (`theory.model`) changes the squared loss further: leaky or linear layers, skips, a bias of the last layer,
any target, classes of unequal sizes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp
from flint import fmpq_mat

from dufm.theory.model import (
    ACTIVATIONS,
    LOSSES,
    PLAIN,
    Variant,
    hidden_features,
    squared_columns,
    weighted_fit,
)
from dufm.theory.rational import matrix, squared_norm
from dufm.theory.stated import ProblemError, exact_number, require_count

__all__ = ["ACTIVATIONS", "LOSSES", "PLAIN", "Problem", "Variant"]


@dataclass(frozen=True)
class Problem:
    """One DUFM. `K` classes, `L` weight layers, p = L + 1 factors (H_1, W_1, ..., W_L).

    Attributes:
        K: number of classes, >= 2.
        L: number of weight layers, >= 1; L = 1 is the linear unconstrained features model.
        lambdas: L + 1 positive regularisation strengths (lambda_H, lambda_1, ..., lambda_L), exact.
        width: hidden width d of H_1 and of every hidden layer, >= K.
        n: samples a class, >= 1.
        loss: "mse" (squared loss) or "ce" (cross-entropy).
        activation: "relu", "leaky" or "linear", one of ACTIVATIONS of the loss.
        variant: what else differs from the papers' model; PLAIN for nothing.
    """

    K: int
    L: int
    lambdas: tuple[Fraction, ...]
    width: int
    n: int = 1
    loss: str = "mse"
    activation: str = ""
    variant: Variant = PLAIN

    def __post_init__(self) -> None:
        require_count(self.K, "K", 2)
        require_count(self.L, "L", 1)
        require_count(self.n, "n", 1)
        require_count(self.width, "width", self.K)
        if self.loss not in LOSSES:
            raise ProblemError(f"loss must be one of {', '.join(map(repr, LOSSES))}, got {self.loss!r}")
        known = ACTIVATIONS[self.loss]
        if not self.activation:
            object.__setattr__(self, "activation", known[0])
        if self.activation not in known:
            words = f"activation must be {' or '.join(map(repr, known))} with loss {self.loss!r}"
            raise ProblemError(f"{words}, got {self.activation!r}")
        self.variant.require(self.K, self.L, self.n, self.loss, self.activation)
        if len(self.lambdas) != self.L + 1:
            raise ProblemError(
                f"lambdas must be one number or L + 1 = {self.L + 1} numbers (H_1, W_1, ..., W_L), got "
                f"{len(self.lambdas)}"
            )
        for value in self.lambdas:
            if not isinstance(value, Fraction):
                raise ProblemError(f"lambdas must be Fractions, got {value!r}; use Problem.of to read other numbers")
            if value <= 0:
                raise ProblemError(f"lambda must be > 0, got {value}")

    @classmethod
    def of(
        cls,
        K: int,
        L: int,
        lam: Any,
        width: int | None = None,
        n: int = 1,
        loss: str = "mse",
        activation: str = "",
        variant: Variant = PLAIN,
    ) -> "Problem":
        """Build a problem from what a person types: one `lam` for all factors or a sequence of L + 1."""
        require_count(K, "K", 2)
        require_count(L, "L", 1)
        many = lam if isinstance(lam, (list, tuple)) else [lam] * (L + 1)
        lambdas = tuple(exact_number(x, "lambda") for x in many)
        return cls(K, L, lambdas, default_width(K, L) if width is None else width, n, loss, activation, variant)

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Shapes of (H_1, W_1, ..., W_L)."""
        d = self.width
        return ((d, self.columns), *((d, d) for _ in range(self.L - 1)), (self.K, d))

    @property
    def columns(self) -> int:
        """Columns m of H_1: K, unless the target has another number."""
        return self.variant.columns(self.K)

    @property
    def is_plain(self) -> bool:
        """Whether this is the model of the papers: the first activation of its loss, and no variant."""
        return self.variant == PLAIN and self.activation == ACTIVATIONS[self.loss][0]

    @property
    def effective_lambdas(self) -> tuple[Fraction, ...]:
        """(n lambda_H, lambda_1, ..., lambda_L): the strengths once H_1 has one column a class; n a mean if unequal."""
        sizes = self.variant.sizes
        return ((Fraction(sum(sizes), len(sizes)) if sizes else self.n) * self.lambdas[0], *self.lambdas[1:])

    @property
    def bias_share(self) -> Fraction:
        """s of `theory.model`: how much of the mean residual the best bias takes away."""
        return self.variant.bias_share(self.lambdas[-1])

    @property
    def Lambda_power(self) -> Fraction:
        """Lambda^p = n lambda_H prod_l lambda_l, exact."""
        power = Fraction(1)
        for value in self.effective_lambdas:
            power *= value
        return power

    @property
    def Lambda(self) -> sp.Expr:
        """Lambda = (n lambda_H prod_l lambda_l)^(1/p), through which alone all strengths enter a structure's loss."""
        power = self.Lambda_power
        return sp.Rational(power.numerator, power.denominator) ** sp.Rational(1, self.L + 1)

    @property
    def x_power(self) -> Fraction:
        """x^p for x = K Lambda, exact."""
        return self.Lambda_power * Fraction(self.K) ** (self.L + 1)

    @property
    def x(self) -> sp.Expr:
        """x = K Lambda, the natural regularisation strength."""
        return self.K * self.Lambda

    def require_loss(self, loss: str, what: str, activations: Sequence[str] | None = None) -> None:
        """Raise one clear line unless the problem has that loss; `what` names who asks.

        Args:
            loss: the one that is needed.
            what: the asker, first word of the line.
            activations: those that will do; None for the first of ACTIVATIONS of the loss alone, without a variant.
        """
        if self.loss != loss:
            raise ProblemError(f"{what} needs loss {loss!r}, got {self.loss!r}")
        known = ACTIVATIONS[loss][:1] if activations is None else activations
        if self.activation not in known:
            words = f"{what} needs activation {' or '.join(map(repr, known))} with loss {loss!r}"
            raise ProblemError(f"{words}, got {self.activation!r}")
        if activations is None and self.variant != PLAIN:
            raise ProblemError(f"{what} is not there with {', '.join(self.variant.named)}: see docs/variants.md")

    def check_shapes(self, shapes: Sequence[tuple[int, int]]) -> None:
        """Check that matrices (H_1, W_1, ..., W_L) chain up from m columns to K rows; hidden widths are free.

        Raises:
            ProblemError: naming the first factor that does not fit.
        """
        names = ["H_1", *(f"W_{i}" for i in range(1, self.L + 1))]
        if len(shapes) != len(names):
            raise ProblemError(f"L = {self.L} needs {len(names)} factors ({', '.join(names)}), got {len(shapes)}")
        below = m = self.columns
        around, handed = self.variant.around, shapes[0][0]
        for i, (name, (rows, columns)) in enumerate(zip(names, shapes, strict=True)):
            if i == 0 and columns != m:
                many = f"K = {m}" if m == self.K else f"{m}"
                raise ProblemError(f"H_1 must have {many} columns, got shape {rows} x {columns}")
            if i > 0 and columns != below:
                raise ProblemError(f"{name} must have {below} columns to fit the factor below, got {rows} x {columns}")
            if around and 0 < i < self.L and i % around == 0 and rows != handed:
                words = f"{name} must have {handed} rows with skip {self.variant.skip!r}, as the features it adds to"
                raise ProblemError(f"{words}, got {rows} x {columns}")
            below = rows
        if below != self.K:
            raise ProblemError(f"W_{self.L} must have K = {self.K} rows, got {below}")

    def output(self, weights: Sequence[Any]) -> fmpq_mat:
        """The output Z (K x m) without bias, exact, of rational weights (H_1, W_1, ..., W_L) of any hidden widths."""
        factors = [matrix(w) for w in weights]
        self.check_shapes([(f.nrows(), f.ncols()) for f in factors])
        return factors[-1] * hidden_features(self.variant, self.activation, factors[0], factors[1:-1])

    def objective(self, weights: Sequence[Any]) -> Fraction:
        """The loss, exact, of rational weights (H_1, W_1, ..., W_L) with hidden widths of the caller's choice."""
        fit, regulariser = self.split(weights)
        return fit + regulariser

    def split(self, weights: Sequence[Any]) -> tuple[Fraction, Fraction]:
        """Exact (fit, regulariser) of rational weights; their sum is the loss.

        Raises:
            ProblemError: for loss "ce", whose fit is not rational.
        """
        self.require_loss("mse", "an exact objective", ACTIVATIONS["mse"])
        residual = self.output(weights) - self.variant.matrix(self.K)
        return weighted_fit(residual, self.variant.shares(self.K), self.bias_share), self.regulariser(weights)

    def regulariser(self, weights: Sequence[Any]) -> Fraction:
        """Half the weighted sum of squared norms of rational weights, exact, for either loss."""
        first, *others = [matrix(w) for w in weights]
        norms = [squared_columns(first, self.variant.shares(self.K)), *map(squared_norm, others)]
        return sum((lam * s for lam, s in zip(self.effective_lambdas, norms, strict=True)), Fraction(0)) / 2


def default_width(K: int, L: int) -> int:
    """Hidden width used when none is asked for: K, and room for the extra neurons of a low-rank head above it."""
    return K if L == 1 else K + 4
