"""Sets that SGD cannot leave, with constants in rational arithmetic.

    B_r = { ||W_l||_F^2 <= C,  ||W_{l+1}^T W_{l+1} - W_l W_l^T||_op <= eps,  sigma_{r+1}(W_l)^2 <= tau,  all l }

Under the conditions below every step of SGD, whatever entry or batch it draws and whatever the targets in [-a, a], maps
B_r into itself, for every r at once (`dufm derive absorbing-set`). Source: ours; the idea of such sets is Wang and
Jacot's (arXiv 2305.16038), whose own constants differ. Square roots enter as rational upper bounds, so that nothing is
rounded: C = c^2, tau = t^2, and m_p bounds what p layers in a row do to the tail.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb, ctx

from dufm.theory.jumps.step import ball
from dufm.theory.rational import fraction
from dufm.theory.stated import ProblemError

DEPTHS = (3, 4)
PRECISION = 200


@dataclass(frozen=True)
class AbsorbingSet:
    """Constants of B_r for SGD with depth L, strength lambda, step eta and targets in [-a, a]; all exact.

    Attributes:
        L: weight layers, 3 or 4: further ones need further m_p, which are not derived here.
        lam, a, eta: strength, largest |target| observed, step size; all > 0.
        c: C = c^2 bounds ||W_l||_F^2.
        eps: bounds the imbalance.
        t: tau = t^2 bounds sigma_{r+1}(W_l)^2.
        m: (m_1, ..., m_{L-1}), rational upper bounds.
    """

    L: int
    lam: Fraction
    a: Fraction
    eta: Fraction
    c: Fraction
    eps: Fraction
    t: Fraction
    m: tuple[Fraction, ...]

    def __post_init__(self) -> None:
        check_regime(self.L, self.lam, self.a, self.eta)
        if len(self.m) != self.L - 1 or not all(m > 0 for m in self.m):
            raise ProblemError(f"m must hold L - 1 = {self.L - 1} bounds > 0, got {self.m}")
        for name in ("c", "eps", "t"):
            if not getattr(self, name) > 0:
                raise ProblemError(f"{name} must be > 0, got {getattr(self, name)}")

    @property
    def k(self) -> Fraction:
        """What weight decay leaves of a weight in one step."""
        return 1 - 2 * self.eta * self.lam

    @property
    def rho(self) -> Fraction:
        """Bounds |A_ij - target| in B_r."""
        return reach(self.a, self.c, self.L)

    @property
    def stationary(self) -> Fraction:
        """eps*, where steps push the imbalance up as much as decay pulls it down."""
        return balance_of_steps(self.L, self.eta, self.rho, self.c, self.k)

    def margins(self) -> dict[str, Fraction]:
        """Every condition as a number that must be >= 0 ("> 0" where the name says so)."""
        return conditions(self.L, self.lam, self.a, self.eta, self.c, self.eps, self.t, self.m)

    @property
    def holds(self) -> bool:
        """Whether every condition is met: then no step leaves B_r, for any r."""
        return all(v > 0 if name.endswith("> 0") else v >= 0 for name, v in self.margins().items())

    @property
    def separates(self) -> bool:
        """Whether no critical point of rank > r lies in B_r; needs `holds`, and follows from it as eps > 0."""
        return self.holds and self.m[-1] > self.t ** (self.L - 1)

    def entry_steps(self) -> int | None:
        """T such that the same entry T times in a row leads from ||W_l||_F^2 <= C into B_1; None where eps = eps*.

        With N observed entries a chain so enters B_1 within T steps with probability >= N^(-T).
        """
        slack = self.eps - self.stationary
        room = self.t**2 - (self.L - 1) * self.stationary
        if not (self.holds and slack > 0 and room > 0):
            return None
        needed = max(shrinking(self.L, self.c, slack, room))
        with ctx.workprec(PRECISION):
            steps = arb(ball(needed)).log() / (-2 * arb(ball(self.k)).log())
            # The upper end of the ball: a step too many at worst.
            return max(0, int(fraction(steps.upper().ceil().fmpq())))


def reach(a: Any, c: Any, L: int) -> Any:
    """rho = a + C^(L/2), which bounds |A_ij - target| in B_r."""
    return a + c**L


def balance_of_steps(L: Any, eta: Any, rho: Any, c: Any, k: Any) -> Any:
    """eps*: what steps add to the imbalance over what decay takes away."""
    return eta**2 * rho**2 * c ** (2 * L - 2) / (1 - k**2)


def shrinking(L: Any, c: Any, slack: Any, room: Any) -> tuple[Any, Any]:
    """By what k^(-2T) must exceed: for the imbalance (slack = eps - eps*), and the tail (room = tau - (L-1) eps*)."""
    return c**2 / slack, L * c**2 / room


def tails(L: int, c: Any, eps: Any, t: Any, m: Sequence[Any]) -> list[Any]:
    """Squares that m_1^2, ..., m_{L-1}^2 must not be below."""
    tau = t**2
    squares = [tau + eps, (tau + eps) * (tau + 2 * eps)]
    if L > 3:
        squares.append((m[0] * (tau + eps) + c * eps) ** 2 + eps * m[1] ** 2)
    return squares


def conditions(
    L: int, lam: Any, a: Any, eta: Any, c: Any, eps: Any, t: Any, m: Sequence[Any], least: Callable[..., Any] = min
) -> dict[str, Any]:
    """The conditions on numbers, or on symbols for the derivation, as what must be >= 0 ("> 0" where the name says so).

    Args:
        L, lam, a, eta, c, eps, t, m: as in `AbsorbingSet`.
        least: the lesser of two.
    """
    k, rho, C, tau = 1 - 2 * eta * lam, reach(a, c, L), c**2, t**2
    q = eta * C ** (L - 1)
    found = {"k > 0": k, "2k - q > 0": 2 * k - q}
    # Times 2k - q, which must be > 0 for the quadratic in A_ij to have a largest value at all.
    found["norm"] = (2 * k - q) * (1 - k**2) * C - eta * a**2 * k**2
    found["norm of critical points"] = C - a**2 / (8 * lam)
    found["balance"] = (1 - k**2) * eps - eta**2 * rho**2 * C ** (L - 1)
    for p, square in enumerate(tails(L, c, eps, t, m), 1):
        found[f"m_{p}"] = m[p - 1] ** 2 - square
    found["end layers"] = 2 * lam * t - rho * m[L - 2]
    for layer in range(2, L):
        p, s = L - layer, layer - 1
        m_p, m_s = m[p - 1], m[s - 1]
        along = (k * t + eta * rho * m_p * m_s) ** 2
        across = eta**2 * rho**2 * least(m_p**2 * C**s, m_s**2 * C**p)
        found[f"layer {layer}"] = tau - along - across
    return found


def check_regime(L: int, lam: Fraction, a: Fraction, eta: Fraction) -> None:
    """Refuse what the theorem does not speak of.

    Raises:
        NotImplementedError: for L outside DEPTHS.
        ProblemError: for numbers that are not > 0, or 2 eta lambda >= 1.
    """
    if isinstance(L, bool) or not isinstance(L, int) or L < 2:
        raise ProblemError(f"L must be an integer >= 2, got {L!r}")
    if L not in DEPTHS:
        raise NotImplementedError(f"absorbing sets are derived for L = 3 and 4, got L = {L}")
    for name, value in (("lambda", lam), ("a", a), ("eta", eta)):
        if not value > 0:
            raise ProblemError(f"{name} must be > 0, got {value}")
    if 2 * eta * lam >= 1:
        raise ProblemError(f"2 eta lambda must be < 1, got eta = {eta}, lambda = {lam}")
