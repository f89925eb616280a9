"""Eighteen points in three dimensions whose best relu network with weight decay has rank three, not two.

The points are +-e_j and +-e_i +- e_j, the labels c sum_j |x_j| + N lambda eta with eta = -1 and 1/2. The dual function

    D(w, b) = sum_i eta_i relu(w x_i + b)

stays in [-|(w, b)|, |(w, b)|] and reaches |(w, b)| at w = +-t e_j, b = 0 alone, t > 0. That makes c sum_j |x_j| the
output of every global minimiser, and its hidden weights rows +-e_j: W^T W = 2 c diag(1, 1, 1, 0). Source: ours.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, permutations, product
from math import gcd

from flint import fmpz_mat

from dufm.theory.rational import matrix, to_lists
from dufm.theory.stated import ProblemError

Vector = tuple[int, ...]
POINTS: tuple[Vector, ...] = (
    *(tuple(s * (i == j) for i in range(3)) for j in range(3) for s in (1, -1)),
    *(
        tuple(s * (k == i) + t * (k == j) for k in range(3))
        for i, j in combinations(range(3), 2)
        for s, t in product((1, -1), repeat=2)
    ),
)
# Planes w x_i + b = 0 where D bends, and those that bound the chamber w_1 >= w_2 >= w_3 >= 0, b >= 0.
WALLS: tuple[Vector, ...] = ((1, -1, 0, 0), (0, 1, -1, 0), (0, 0, 1, 0), (0, 0, 0, 1))
PLANES: tuple[Vector, ...] = (*((*x, 1) for x in POINTS), *WALLS)


def multiplier(x: Sequence[int]) -> Fraction:
    """eta of a point."""
    return Fraction(-1) if sum(map(abs, x)) == 1 else Fraction(1, 2)


def labels(c: Fraction, lam: Fraction) -> list[Fraction]:
    """Targets of the points, for a scale c > 0 and weight decay lambda > 0.

    Raises:
        ProblemError: if one of them is not positive.
    """
    if c <= 0 or lam <= 0:
        raise ProblemError(f"c and lambda must be > 0, got {c} and {lam}")
    return [c * sum(map(abs, x)) + len(POINTS) * lam * multiplier(x) for x in POINTS]


def minimiser(root: Fraction, bias: bool = True) -> tuple[list[list[Fraction]], list[list[Fraction]]]:
    """(W, A) of the six-neuron global minimiser at scale c = root^2: rows root (+-e_j, 0), read-out root."""
    rows = [[root * v for v in x] + [Fraction(0)] * bias for x in POINTS[:6]]
    return rows, [[root] * 6]


def dual(w: Sequence[int]) -> Fraction:
    """D(w, b) at w = (w_1, w_2, w_3, b), exact."""
    before = [sum(a * v for a, v in zip((*x, 1), w, strict=True)) for x in POINTS]
    return sum((multiplier(x) * max(z, 0) for x, z in zip(POINTS, before, strict=True)), Fraction(0))


def rays() -> list[Vector]:
    """Every extreme ray, as a primitive integer vector, of the cells into which PLANES cut the chamber."""
    found = set()
    for chosen in combinations(PLANES, 3):
        kernel, dimension = fmpz_mat([list(p) for p in chosen]).nullspace()
        if dimension != 1:
            continue
        vector = [int(kernel[i, 0]) for i in range(4)]
        divisor = gcd(*vector)
        for sign in (1, -1):
            ray = tuple(sign * v // divisor for v in vector)
            if all(value >= 0 for value in _sides(ray, WALLS)):
                found.add(ray)
    return sorted(found)


def pairs() -> Iterator[tuple[Vector, Vector]]:
    """Pairs of rays of one cell: no plane has them strictly on different sides."""
    held = [(ray, _sides(ray, PLANES)) for ray in rays()]
    for (r, left), (s, right) in product(held, repeat=2):
        if all(a * b >= 0 for a, b in zip(left, right, strict=True)):
            yield r, s


def margin(r: Vector, s: Vector) -> Fraction:
    """<r, s> - D(r) D(s).

    On a cell D is linear, so |w|^2 - D(w)^2 = sum_ij t_i t_j margin(r_i, r_j) at w = sum_i t_i r_i, t >= 0.
    """
    return sum(a * b for a, b in zip(r, s, strict=True)) - dual(r) * dual(s)


def symmetries() -> list[bool]:
    """Whether each signed permutation of R^3 keeps the points and eta, and whether eta x and eta sum to zero.

    The first make D invariant under them, the second even in b: relu(-z) = relu(z) - z. So the chamber stands for all.
    """
    marked = {(x, multiplier(x)) for x in POINTS}
    kept = [
        {(tuple(s * x[i] for s, i in zip(signs, order, strict=True)), eta) for x, eta in marked} == marked
        for order in permutations(range(3))
        for signs in product((1, -1), repeat=3)
    ]
    sums = [sum((multiplier(x) * x[i] for x in POINTS), Fraction(0)) for i in range(3)]
    return [*kept, *(total == 0 for total in sums), sum(map(multiplier, POINTS)) == 0]


def gram(W: Sequence[Sequence[Fraction]]) -> list[list[Fraction]]:
    """W^T W."""
    w = matrix(W)
    return to_lists(w.transpose() * w)


def _sides(ray: Vector, planes: Sequence[Vector]) -> list[int]:
    return [sum(a * v for a, v in zip(plane, ray, strict=True)) for plane in planes]
