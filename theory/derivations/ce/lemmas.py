"""Small parts of the Hessian at collapse: instances written out, coefficients without a sign."""

from typing import Any

import sympy as sp

from dufm.theory.ce.hessian import K, L, alpha, b, d, orbit_dimension, spectrum, z
from dufm.theory.proof.checks import Check, every

t, x = sp.symbols("t x", positive=True)
# (K, L, d, sqrt n, s, 1/b) of Hessians written out.
CASES = (
    (3, 2, 3, 1, 2, 7),
    (4, 2, 5, 1, 1, 9),
    (3, 3, 4, 1, 2, 5),
    (4, 3, 4, 1, 1, 7),
    (3, 2, 3, 2, 2, 5),
    (5, 2, 5, 1, 1, 11),
)


def layers(count: int) -> bool:
    """Eigenvalues over the factors: 2 I - J (symmetric) and J (antisymmetric); J = 1 1^T has count and zeros."""
    ones = sp.ones(count, count)
    unit = sp.eye(count)
    symmetric, antisymmetric = (m.charpoly(z).as_expr() for m in (2 * unit - ones, ones))
    wanted = (z - 2) ** (count - 1) * (z + count - 2), z ** (count - 1) * (z - count)
    return all(sp.expand(x - y) == 0 for x, y in zip((symmetric, antisymmetric), wanted, strict=True))


def trace_of_parts(size: int) -> bool:
    """tr(E F) = <S, S'> - <T, T'> for the symmetric and antisymmetric parts of E and F."""
    e: Any = sp.Matrix(size, size, sp.symbols(f"e:{size * size}"))
    f: Any = sp.Matrix(size, size, sp.symbols(f"f:{size * size}"))
    symmetric = ((e + e.T) / 2 * (f + f.T).T / 2).trace()
    antisymmetric = ((e - e.T) / 2 * (f - f.T).T / 2).trace()
    return sp.expand((e * f).trace() - symmetric + antisymmetric) == 0


def diagonal_mode(size: int) -> bool:
    """P D P for D = diag(x), sum x = 0: diagonal (K-2)/K x, squared norm (K-2)/K |x|^2, rows sum to zero."""
    free = sp.symbols(f"x1:{size}")
    values = [-sum(free), *free]
    centred = sp.eye(size) - sp.ones(size, size) / size
    mode = (centred * sp.diag(*values) * centred).expand()
    share, length = sp.Rational(size - 2, size), sum(w**2 for w in values)
    diagonal = all(sp.expand(mode[i, i] - share * values[i]) == 0 for i in range(size))
    return diagonal and sp.expand((mode * mode.T).trace() - share * length) == 0


def softmax_form(size: int) -> bool:
    """a x^2 + b sum y^2 - (a x + b sum y)^2 = b (x^2 + sum y^2) + K b (1 - K b) x^2 when x + sum y = 0."""
    y = sp.symbols(f"y1:{size - 1}")
    top = sp.Symbol("x0")
    others = [*y, -top - sum(y)]
    own = 1 - (size - 1) * b
    left = own * top**2 + b * sum(w**2 for w in others) - (own * top + b * sum(others)) ** 2
    right = b * (top**2 + sum(w**2 for w in others)) + size * b * (1 - size * b) * top**2
    return sp.expand(left - right) == 0


def nonnegative(expression: sp.Expr) -> Check:
    """A polynomial in positive symbols without a negative coefficient."""
    poly = sp.Poly(sp.expand(expression))
    return every([poly], lambda found: all(c > 0 for c in found.coeffs()), f"coefficients of {poly.as_expr()}")


def orbit_counts(case: tuple[int, int, int, tuple[int, ...]]) -> bool:
    """Whether (K, L, d) has these zero eigenvalues at collapse and at rank two."""
    classes, layers, width, (collapse, rank_two) = case
    zero = int(spectrum()[0].count.subs({K: classes, L: layers, d: width}))
    return zero == collapse == orbit_dimension(width, layers, classes - 1) and (
        orbit_dimension(width, layers, 2) == rank_two
    )


def at_scale(matrix: Any, i: int, j: int) -> sp.Expr:
    """An entry at alpha = K (t + x)."""
    return sp.expand(matrix[i, j].subs(alpha, K * (t + x)))


def determinant(matrix: Any) -> sp.Expr:
    """det at alpha = K (t + x); the corner enters squared."""
    return sp.expand(
        at_scale(matrix, 0, 0) * at_scale(matrix, 1, 1) - sp.expand(matrix[0, 1] ** 2).subs(alpha, K * (t + x))
    )
