"""Fixed points of Deep RFM with linear kernels, and how fast the layers reach them (ours).

F(G) = A T A + lambda_Phi with A = G (G + lambda_k)^(-1) satisfies F(G) - G = A (T - f(G)) A for

    f(g) = (g - lambda_Phi) (g + lambda_k)^2 / g^2,

so G > 0 is fixed iff f(G) = T: G has the eigenvectors of T = Y Y^T and f takes its eigenvalues to those of T. At such
a point the derivative of F scales the block between eigenvalues a and b by `rate(a, b)`.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from dufm.theory.rfm.recursion import Kernels
from dufm.theory.stated import ProblemError

WIDTH = Fraction(1, 2**80)
g, k, phi = sp.symbols("g lambda_k lambda_Phi", positive=True)
Interval = tuple[Fraction, Fraction]


def level(value: Any, k: Any = k, phi: Any = phi) -> Any:
    """f(value): the eigenvalue of Y Y^T for which an eigenvalue of G is fixed, in any arithmetic."""
    return (value - phi) * (value + k) ** 2 / value**2


def rate(a: Any, b: Any, k: Any = k, phi: Any = phi) -> Any:
    """Factor per layer of the block of G between fixed eigenvalues a and b; a = b is allowed."""
    return k * ((1 - phi / a) / (b + k) + (1 - phi / b) / (a + k))


def collapse_rate(a: Any, k: Any = k, phi: Any = phi) -> Any:
    """r = rate(a, lambda_Phi): the block between class vectors fixed at a and deviations within classes."""
    return (1 - phi / a) * k / (k + phi)


def folds(k: Any = k, phi: Any = phi) -> tuple[sp.Expr, sp.Expr]:
    """(g_-, g_+), between which f falls; complex if lambda_Phi > lambda_k / 8, where f rises everywhere."""
    root = sp.sqrt(k**2 - 8 * k * phi)
    return (k - root) / 2, (k + root) / 2


def without_map(tau: Any, k: Any = k) -> sp.Expr:
    """The largest fixed point for lambda_Phi = 0; real iff tau >= 4 lambda_k, and then it is not 0."""
    return (tau - 2 * k + sp.sqrt(tau**2 - 4 * tau * k)) / 2


def fixed_values(tau: Fraction, kernels: Kernels, width: Fraction = WIDTH) -> tuple[Interval, ...]:
    """All g > 0 with f(g) = tau, ascending, each as a rational interval at most `width` long.

    Args:
        tau: eigenvalue of Y Y^T, >= 0; for 0 the one value is lambda_Phi.
        kernels: the two strengths, lambda_Phi > 0.
        width: greatest length of an interval.

    Raises:
        ProblemError: for tau < 0, lambda_Phi = 0 or width <= 0.
    """
    if tau < 0 or kernels.phi <= 0 or width <= 0:
        raise ProblemError(f"tau >= 0, lambda_Phi > 0, width > 0 are needed, got {tau}, {kernels.phi}, {width}")
    if tau == 0:
        return ((kernels.phi, kernels.phi),)
    t, a, b = (sp.Rational(v.numerator, v.denominator) for v in (tau, kernels.k, kernels.phi))
    cubic = sp.Poly((g - b) * (g + a) ** 2 - t * g**2, g, domain="QQ")
    found: Any = cubic.intervals(eps=sp.Rational(width.numerator, width.denominator), inf=0)
    return tuple((Fraction(int(lo.p), int(lo.q)), Fraction(int(hi.p), int(hi.q))) for (lo, hi), _ in found)


def unique(kernels: Kernels) -> bool:
    """Whether f rises on the whole half line, so that every T has one fixed point: lambda_Phi >= lambda_k / 8."""
    return 8 * kernels.phi >= kernels.k


def contraction(h: Any, k: Any = k, phi: Any = phi) -> Any:
    """q: ||Z H^(1/2)|| falls by at least this factor per layer from any data, h the largest eigenvalue of Y^T Y."""
    return k / (k + phi * (1 + (k + phi) / h))
