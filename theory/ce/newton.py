"""Loss of a family in balls, and its best member enclosed by Krawczyk's interval Newton test.

F(theta) = sum_kinds (many / K) log(1 + sum count exp(-m theta)) + (M/2) Lambda sum count Q(theta)^(1/M), M = L + 1,
m linear, Q the squared singular values. Any point evaluated in balls is a rigorous upper bound of the global minimum.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flint import arb, arb_mat, fmpq

from dufm.theory.ce.enclosure import DIGITS, best_scale, strength_ball
from dufm.theory.ce.families import Family
from dufm.theory.ce.numbers import Balls, working
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError

STEPS = 200
Vector = list[arb]


@dataclass(frozen=True)
class FamilyOptimum:
    """A strict local minimum of a family: parameters and loss as balls."""

    theta: tuple[arb, ...]
    loss: arb


@dataclass(frozen=True)
class Landscape:
    """A family's loss at one problem: coefficient vectors of the margins, matrices of the squared singular values."""

    K: int
    factors: int
    strength: arb
    kinds: list[tuple[int, list[tuple[Vector, int]]]]
    forms: list[tuple[list[Vector], int]]

    @classmethod
    def of(cls, family: Family, problem: Problem) -> "Landscape":
        """Read a family at flint's current precision from its values at unit vectors and their sums."""
        K, size, balls = problem.K, len(family.parameters), Balls()
        units = [[arb(int(i == j)) for j in range(size)] for i in range(size)]
        linear = [family.margins(K, e, balls) for e in units]
        kinds = []
        for k, (many, row) in enumerate(linear[0]):
            kinds.append((many, [([m[k][1][r][0] for m in linear], count) for r, (_, count) in enumerate(row)]))
        sums = [[[a + b for a, b in zip(x, y, strict=True)] for y in units] for x in units]
        values = [[family.squares(K, theta, balls) for theta in row] for row in sums]
        single = [family.squares(K, e, balls) for e in units]
        forms = []
        for k, (_, count) in enumerate(single[0]):
            bilinear = [
                [(values[i][j][k][0] - single[i][k][0] - single[j][k][0]) / 2 for j in range(size)] for i in range(size)
            ]
            forms.append((bilinear, count))
        return cls(K, problem.L + 1, strength_ball(problem), kinds, forms)

    def loss(self, theta: Vector) -> arb:
        """F(theta)."""
        fit = arb(0)
        for many, row in self.kinds:
            fit += many * (1 + sum((count * (-_dot(m, theta)).exp() for m, count in row), arb(0))).log()
        size = sum((count * _form(q, theta).root(self.factors) for q, count in self.forms), arb(0))
        return fit / self.K + arb(fmpq(self.factors, 2)) * self.strength * size

    def derivatives(self, theta: Vector) -> tuple[arb_mat, arb_mat]:
        """Gradient (column) and Hessian of F at a point or over a box."""
        n = len(theta)
        gradient, hessian = arb_mat(n, 1), arb_mat(n, n)
        for many, row in self.kinds:
            weights = [(m, count * (-_dot(m, theta)).exp()) for m, count in row]
            total = 1 + sum((w for _, w in weights), arb(0))
            mean = [sum((w * m[i] for m, w in weights), arb(0)) / total for i in range(n)]
            share = arb(many) / self.K
            for i in range(n):
                gradient[i, 0] -= share * mean[i]
                for j in range(n):
                    second = sum((w * m[i] * m[j] for m, w in weights), arb(0)) / total
                    hessian[i, j] += share * (second - mean[i] * mean[j])
        power = arb(fmpq(1, self.factors))
        for q, count in self.forms:
            value = _form(q, theta)
            slope = [2 * _dot(row, theta) for row in q]
            first = arb(fmpq(self.factors, 2)) * self.strength * count * power * value.root(self.factors) / value
            for i in range(n):
                gradient[i, 0] += first * slope[i]
                for j in range(n):
                    hessian[i, j] += first * (2 * q[i][j] + (power - 1) * slope[i] * slope[j] / value)
        return gradient, hessian


def _dot(left: Sequence[arb], right: Sequence[arb]) -> arb:
    return sum((a * b for a, b in zip(left, right, strict=True)), arb(0))


def _form(q: list[Vector], theta: Vector) -> arb:
    return _dot([_dot(row, theta) for row in q], theta)


def family_loss_at(family: Family, problem: Problem, theta: Sequence[Any], digits: int = DIGITS) -> arb:
    """F at rational parameters: a rigorous upper bound of the problem's global minimum."""
    _require(family, problem)
    with working(digits):
        return Landscape.of(family, problem).loss([arb(fmpq(*x.as_integer_ratio())) for x in theta])


def best_member(family: Family, problem: Problem, digits: int = DIGITS) -> FamilyOptimum | None:
    """Enclose the strict local minimum of the family reached from its single-scale structure; None if that is 0.

    Raises:
        ProblemError: if the family does not exist for K, or no minimum could be enclosed from there.
    """
    _require(family, problem)
    start = best_scale(family.limit, problem, digits)
    if start is None:
        return None
    with working(digits):
        landscape = Landscape.of(family, problem)
        point = [(start.alpha * x).mid() for x in family.at_margin(problem.K, Balls())]
        point = _descend(landscape, point, digits)
        theta = _enclose(landscape, point, digits)
        return FamilyOptimum(tuple(theta), landscape.loss(theta))


def _require(family: Family, problem: Problem) -> None:
    problem.require_loss("ce", "the least loss of a family")
    if not family.valid(problem.K):
        raise ProblemError(f"family {family.name!r} needs {family.needs}; got K = {problem.K}")


def _descend(landscape: Landscape, point: Vector, digits: int) -> Vector:
    """Damped Newton steps on midpoints; what they reach is judged by `_enclose` alone."""
    n = len(point)
    tiny = arb(10) ** (-digits - 6)
    for _ in range(STEPS):
        gradient, hessian = landscape.derivatives(point)
        lift = arb(0)
        while not _positive_definite(hessian):
            more = lift * 2 + landscape.strength
            for i in range(n):
                hessian[i, i] += more - lift
            lift = more
        step = hessian.solve(gradient)
        value, scale = landscape.loss(point), arb(1)
        while True:
            trial = [(point[i] - scale * step[i, 0]).mid() for i in range(n)]
            if not landscape.loss(trial) > value or scale < tiny:
                break
            scale /= 2
        point = trial
        if all(abs(step[i, 0]) < tiny for i in range(n)):
            break
    return point


def _enclose(landscape: Landscape, point: Vector, digits: int) -> Vector:
    n = len(point)
    radius = arb(0, arb(10) ** (-digits))
    box = [x + radius for x in point]
    gradient, _ = landscape.derivatives(point)
    _, hessian = landscape.derivatives(box)
    inverse = hessian.mid().inv().mid() if _positive_definite(hessian) else None
    if inverse is not None:
        rest = arb_mat(n, n, [int(i == j) for i in range(n) for j in range(n)]) - inverse * hessian
        spread = rest * arb_mat(n, 1, [box[i] - point[i] for i in range(n)])
        move = inverse * gradient
        image = [point[i] - move[i, 0] + spread[i, 0] for i in range(n)]
        if all(box[i].contains_interior(image[i]) for i in range(n)):
            return image
    raise ProblemError(f"no strict minimum of the family could be enclosed near {[x.str(8) for x in point]}")


def _positive_definite(matrix: arb_mat) -> bool:
    """Sylvester's criterion, rigorous for every matrix in the box."""
    size = matrix.nrows()
    minors = [arb_mat(k, k, [matrix[i, j] for i in range(k) for j in range(k)]).det() for k in range(1, size + 1)]
    return all(bool(minor > 0) for minor in minors)
