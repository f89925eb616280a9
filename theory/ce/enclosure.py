"""Rigorous enclosures of a structure's best scale and loss, F(alpha) = CE(alpha) + (L+1)/2 Lambda c alpha^p.

F is stationary where -CE'(alpha) = Lambda c alpha^(p-1), Lambda = (n lambda_H prod lambda_l)^(1/(L+1)). For L >= 2 the
least loss is log K at alpha = 0 or at the largest stationary scale, which is found from the right: pieces where F' > 0
are dropped, the first piece with F'' > 0 and a change of sign holds it, and Newton's interval method shrinks it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flint import arb, fmpq

from dufm.theory.ce.numbers import Balls, working
from dufm.theory.ce.structure import CeStructure, Margins, cost_ball, require_ce
from dufm.theory.problem import ACTIVATIONS, Problem
from dufm.theory.rational import fraction
from dufm.theory.stated import ProblemError

DIGITS = 30
SMALLEST_PIECE = fmpq(1, 2**40)


@dataclass(frozen=True)
class Profile:
    """A structure at least margin 1 in balls: the margins of each kind of class, and c."""

    K: int
    margins: Margins
    cost: arb
    L: int

    @classmethod
    def of(cls, structure: CeStructure, K: int, L: int) -> "Profile":
        """Read a structure at flint's current precision."""
        require_ce(structure, K)
        return cls(K, structure.margins(K, Balls()), cost_ball(structure, K, L), L)

    def cross_entropy(self, alpha: arb) -> arb:
        """CE(alpha)."""
        return self._mean(alpha, lambda moments: (1 + moments[0]).log())

    def slope(self, alpha: arb) -> arb:
        """-CE'(alpha) > 0."""
        return self._mean(alpha, lambda moments: moments[1] / (1 + moments[0]))

    def curvature(self, alpha: arb) -> arb:
        """CE''(alpha) > 0."""
        return self._mean(alpha, lambda moments: moments[2] / (1 + moments[0]) - (moments[1] / (1 + moments[0])) ** 2)

    def tail(self, alpha: arb) -> arb:
        """An upper bound of the slope; times alpha^(1-p) it falls for alpha >= 1, as every margin is >= 1."""
        return self._mean(alpha, lambda moments: moments[1])

    def steepest(self) -> arb:
        """-CE'(0), the greatest slope, CE being convex."""
        return self.slope(arb(0))

    def _mean(self, alpha: arb, of: Callable[[list[arb]], arb]) -> arb:
        total = arb(0)
        for many, row in self.margins:
            terms = [(margin, count * (-alpha * margin).exp()) for margin, count in row]
            total += many * of([sum((x * m**k for m, x in terms), arb(0)) for k in range(3)])
        return total / self.K

    def power(self, alpha: arb) -> arb:
        """alpha^p."""
        return (alpha * alpha).root(self.L + 1)

    def loss(self, strength: arb, alpha: arb) -> arb:
        """F(alpha) for strength Lambda."""
        return self.cross_entropy(alpha) + arb(fmpq(self.L + 1, 2)) * strength * self.cost * self.power(alpha)

    def force(self, strength: arb, alpha: arb) -> arb:
        """F'(alpha)."""
        pull = strength * self.cost
        return (pull if self.L == 1 else pull * self.power(alpha) / alpha) - self.slope(alpha)

    def stiffness(self, strength: arb, alpha: arb) -> arb:
        """F''(alpha)."""
        bend = arb(fmpq(2, self.L + 1)) - 1
        pull = arb(0) if self.L == 1 else strength * self.cost * bend * self.power(alpha) / (alpha * alpha)
        return self.curvature(alpha) + pull


@dataclass(frozen=True)
class Optimum:
    """The largest stationary scale of a structure and its loss there, as balls."""

    alpha: arb
    loss: arb


def strength_ball(problem: Problem) -> arb:
    """Lambda of a problem at flint's current precision."""
    power = problem.Lambda_power
    return arb(fmpq(power.numerator, power.denominator)).root(problem.L + 1)


def best_scale(structure: CeStructure, problem: Problem, digits: int = DIGITS) -> Optimum | None:
    """Enclose the largest stationary scale and the loss there; None, rigorously, where there is none but alpha = 0.

    Raises:
        ProblemError: if the loss is not "ce", the structure does not exist for K, or two stationary scales lie closer
            than can be told apart (at the fold).
    """
    problem.require_loss("ce", "the enclosure of a structure")
    with working(digits):
        return largest_stationary(Profile.of(structure, problem.K, problem.L), strength_ball(problem), digits)


def largest_stationary(profile: Profile, strength: arb, digits: int = DIGITS) -> Optimum | None:
    """The same for any positive strength; call it within `working(digits)`."""
    start, end = _reach(profile, strength)
    pieces = [(start, end)] if start is not None else []
    while pieces:
        a, b = pieces.pop()
        whole = arb(a).union(arb(b))
        bend, centre = profile.stiffness(strength, whole), arb(whole.mid())
        if profile.force(strength, whole) > 0 or profile.force(strength, centre) + bend * (whole - centre) > 0:
            continue
        if bend > 0:
            low, high = profile.force(strength, arb(a)), profile.force(strength, arb(b))
            if low > 0:
                continue
            if low < 0 and high > 0:
                alpha = _newton(profile, strength, whole, digits)
                return Optimum(alpha, profile.loss(strength, alpha))
        if b - a < SMALLEST_PIECE:
            raise ProblemError("the stationary scales cannot be told apart: lambda is too close to the fold")
        middle = (a + b) / 2
        pieces += [(a, middle), (middle, b)]
    return None


def _reach(profile: Profile, strength: arb) -> tuple[fmpq | None, fmpq]:
    """An interval that holds every stationary scale > 0 (None for its left end: there are none)."""
    pull = strength * profile.cost
    end = fmpq(1)
    while not profile.tail(arb(end)) * arb(end) < pull * profile.power(arb(end)):
        end *= 2
    if profile.L == 1:
        # F is convex: a stationary scale > 0 exists iff F'(0) < 0.
        if profile.steepest() <= pull:
            return None, end
        return fmpq(0), end
    start = fmpq(1)
    while not profile.steepest() * arb(start) < pull * profile.power(arb(start)):
        start /= 2
    return start, end


def _newton(profile: Profile, strength: arb, where: arb, digits: int) -> arb:
    wanted = arb(10) ** (-digits)
    for _ in range(200):
        if where.rad() < wanted:
            return where
        point = arb(where.mid())
        image = point - profile.force(strength, point) / profile.stiffness(strength, where)
        smaller = _meet(where, image)
        if not smaller.rad() < where.rad() * arb(fmpq(9, 10)):
            break
        where = smaller
    raise ProblemError(f"the best scale cannot be enclosed to {digits} digits: lambda is too close to the fold")


def _meet(left: arb, right: arb) -> arb:
    """The intersection of two balls that share a point, rounded outwards."""
    low = left.lower() if left.lower() > right.lower() else right.lower()
    high = left.upper() if left.upper() < right.upper() else right.upper()
    return low.union(high)


def loss_at(structure: CeStructure, problem: Problem, alpha: Any, digits: int = DIGITS) -> arb:
    """F(alpha) of a structure at any rational scale: an upper bound of the global minimum of the problem."""
    with working(digits):
        where = fraction(alpha)
        point = arb(fmpq(where.numerator, where.denominator))
        return Profile.of(structure, problem.K, problem.L).loss(strength_ball(problem), point)


def least_loss(structure: CeStructure, problem: Problem, digits: int = DIGITS) -> arb:
    """The least loss over scales: at the largest stationary one, or log K at alpha = 0."""
    found = best_scale(structure, problem, digits)
    with working(digits):
        nothing = arb(problem.K).log()
        return nothing if found is None else found.loss.min(nothing)


def objective_ball(problem: Problem, weights: Sequence[Any], digits: int = DIGITS) -> arb:
    """The cross-entropy objective of rational weights (H_1, W_1, ..., W_L) as a rigorous ball."""
    problem.require_loss("ce", "the enclosure of weights' loss", ACTIVATIONS["ce"])
    z, size = problem.output(weights), problem.regulariser(weights)
    with working(digits):
        fit = arb(0)
        for i in range(problem.K):
            fit += sum((arb(z[j, i] - z[i, i]).exp() for j in range(problem.K)), arb(0)).log()
        return fit / problem.K + arb(fmpq(size.numerator, size.denominator))
