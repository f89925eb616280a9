"""The deep unconstrained features model (DUFM) as one frozen record, evaluated exactly.

    min over H_1, W_1, ..., W_L of
        1/(2N) || W_L relu(W_{L-1} relu( ... relu(W_1 H_1))) - Y ||_F^2
        + lambda_H/2 ||H_1||_F^2 + sum_l lambda_l/2 ||W_l||_F^2,      Y = I_K (x) 1_n^T, N = K n

(SML24, arXiv 2405.14468). For fixed weights the loss separates over the columns of H_1, so the n samples of a class
share their best column: everywhere in this project H_1 is d x K and n enters as lambda_H -> n lambda_H.

With loss "ce" the fit is cross-entropy, (1/K) sum_i log(1 + sum_(j != i) exp(Z_ji - Z_ii)), and the layers are linear
(Garrod and Keating, arXiv 2410.23169) unless activation "relu" is asked for, which is searched only. That is no
rational number; `theory.ce.enclosure` encloses it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from typing import Any

import sympy as sp
from flint import fmpq_mat

from dufm.theory.rational import identity, matrix, relu, squared_norm

LOSSES = ("mse", "ce")
# What stands between the layers, by loss; the first is what the papers have, and taken where nothing is said.
ACTIVATIONS = {"mse": ("relu",), "ce": ("linear", "relu")}
# A longer list of names is not printed into an error.
SPELLED_OUT = 12
NEAREST = 3


class ProblemError(ValueError):
    """A problem, or weights for one, that make no sense; the message names the option and what is accepted."""


def listed(got: str, known: Iterable[str], listing: str) -> tuple[str, str]:
    """Words for a name that is not known: what is accepted, and what was found with the nearest names.

    Args:
        got: the name.
        known: those that are; few are spelled out.
        listing: the command that prints them all.
    """
    names = list(known)
    near = get_close_matches(got.lower(), names, NEAREST)
    if len(names) <= SPELLED_OUT:
        accepted = f"one of {', '.join(names)}"
    else:
        accepted = f"one of the {len(names)} names that `{listing}` lists"
    return accepted, repr(got) + (f"; nearest: {', '.join(near)}" if near else "")


def exact_number(value: Any, name: str) -> Fraction:
    """Read a number a person wrote: "0.004", "1/250", 1, Fraction(1, 250), or a float through its shortest decimal.

    Raises:
        ProblemError: for NaN, infinities and anything that is not a number.
    """
    try:
        if isinstance(value, bool):
            raise ValueError
        text = value if isinstance(value, (int, Fraction)) else str(value).strip()
        if isinstance(text, str) and len(text) > 64:
            raise ValueError
        if isinstance(text, str) and "e" in text.lower() and abs(int(text.lower().rpartition("e")[2])) > 300:
            raise ValueError
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise ProblemError(f"{name} must be a finite number such as 0.004 or 1/250, got {value!r}") from None


def _count(value: Any, name: str, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ProblemError(f"{name} must be an integer >= {least}, got {value!r}")
    return value


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
        activation: "relu" or "linear", one of ACTIVATIONS of the loss.
    """

    K: int
    L: int
    lambdas: tuple[Fraction, ...]
    width: int
    n: int = 1
    loss: str = "mse"
    activation: str = ""

    def __post_init__(self) -> None:
        _count(self.K, "K", 2)
        _count(self.L, "L", 1)
        _count(self.n, "n", 1)
        _count(self.width, "width", self.K)
        if self.loss not in LOSSES:
            raise ProblemError(f"loss must be one of {', '.join(map(repr, LOSSES))}, got {self.loss!r}")
        known = ACTIVATIONS[self.loss]
        if not self.activation:
            object.__setattr__(self, "activation", known[0])
        if self.activation not in known:
            words = f"activation must be {' or '.join(map(repr, known))} with loss {self.loss!r}"
            raise ProblemError(f"{words}, got {self.activation!r}")
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
    ) -> "Problem":
        """Build a problem from what a person types: one `lam` for all factors or a sequence of L + 1."""
        _count(K, "K", 2)
        _count(L, "L", 1)
        many = lam if isinstance(lam, (list, tuple)) else [lam] * (L + 1)
        lambdas = tuple(exact_number(x, "lambda") for x in many)
        return cls(K, L, lambdas, default_width(K, L) if width is None else width, n, loss, activation)

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Shapes of (H_1, W_1, ..., W_L)."""
        d = self.width
        return ((d, self.K), *((d, d) for _ in range(self.L - 1)), (self.K, d))

    @property
    def effective_lambdas(self) -> tuple[Fraction, ...]:
        """(n lambda_H, lambda_1, ..., lambda_L): the strengths once H_1 has one column a class."""
        return (self.n * self.lambdas[0], *self.lambdas[1:])

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
            activations: those that will do; None for the first of ACTIVATIONS of the loss alone.
        """
        if self.loss != loss:
            raise ProblemError(f"{what} needs loss {loss!r}, got {self.loss!r}")
        known = ACTIVATIONS[loss][:1] if activations is None else activations
        if self.activation not in known:
            words = f"{what} needs activation {' or '.join(map(repr, known))} with loss {loss!r}"
            raise ProblemError(f"{words}, got {self.activation!r}")

    def check_shapes(self, shapes: Sequence[tuple[int, int]]) -> None:
        """Check that matrices (H_1, W_1, ..., W_L) chain up from K columns to K rows; hidden widths are free.

        Raises:
            ProblemError: naming the first factor that does not fit.
        """
        names = ["H_1", *(f"W_{i}" for i in range(1, self.L + 1))]
        if len(shapes) != len(names):
            raise ProblemError(f"L = {self.L} needs {len(names)} factors ({', '.join(names)}), got {len(shapes)}")
        below = self.K
        for i, (name, (rows, columns)) in enumerate(zip(names, shapes, strict=True)):
            if i == 0 and columns != self.K:
                raise ProblemError(f"H_1 must have K = {self.K} columns, got shape {rows} x {columns}")
            if i > 0 and columns != below:
                raise ProblemError(f"{name} must have {below} columns to fit the factor below, got {rows} x {columns}")
            below = rows
        if below != self.K:
            raise ProblemError(f"W_{self.L} must have K = {self.K} rows, got {below}")

    def output(self, weights: Sequence[Any]) -> fmpq_mat:
        """The output Z (K x K), exact, of rational weights (H_1, W_1, ..., W_L) of any hidden widths."""
        factors = [matrix(w) for w in weights]
        self.check_shapes([(f.nrows(), f.ncols()) for f in factors])
        product = factors[0]
        for i, factor in enumerate(factors[1:]):
            product = factor * (relu(product) if i > 0 and self.activation == "relu" else product)
        return product

    def objective(self, weights: Sequence[Any]) -> Fraction:
        """The loss, exact, of rational weights (H_1, W_1, ..., W_L) with hidden widths of the caller's choice."""
        fit, regulariser = self.split(weights)
        return fit + regulariser

    def split(self, weights: Sequence[Any]) -> tuple[Fraction, Fraction]:
        """Exact (fit, regulariser) of rational weights; their sum is the loss.

        Raises:
            ProblemError: for loss "ce", whose fit is not rational.
        """
        self.require_loss("mse", "an exact objective")
        fit = squared_norm(self.output(weights) - identity(self.K)) / (2 * self.K)
        return fit, self.regulariser(weights)

    def regulariser(self, weights: Sequence[Any]) -> Fraction:
        """Half the weighted sum of squared norms of rational weights, exact, for either loss."""
        norms = [squared_norm(matrix(w)) for w in weights]
        return sum((lam * s for lam, s in zip(self.effective_lambdas, norms, strict=True)), Fraction(0)) / 2


def default_width(K: int, L: int) -> int:
    """Hidden width used when none is asked for: K, and room for the extra neurons of a low-rank head above it."""
    return K if L == 1 else K + 4
