"""The Hessian of the full cross-entropy model at collapse, in closed form and as an exact rational matrix (ours).

M = L + 1 factors, logits alpha (I - J/K), softmax a on the class and b = 1/(e^alpha + K - 1) on the others,
a = 1 - (K-1) b. Eigenvalues are in units of lambda (one strength for all factors).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp
from flint import arb, fmpq, fmpq_mat, fmpq_poly

from dufm.theory.ce.enclosure import DIGITS
from dufm.theory.ce.numbers import working
from dufm.theory.rational import identity
from dufm.theory.stated import ProblemError

K, L, d, n, alpha, b = sp.symbols("K L d n alpha b", positive=True)
z = sp.Symbol("z")


@dataclass(frozen=True)
class HessianLevel:
    """One level of the spectrum.

    Attributes:
        name: what moves.
        factor: polynomial in z whose roots are the eigenvalues over lambda.
        count: how often each root occurs.
    """

    name: str
    factor: sp.Expr
    count: sp.Expr


def soft() -> sp.Expr:
    """v = 1 - K b: 0 at alpha = 0, rising towards 1."""
    return 1 - K * b


def mixed_block() -> sp.Matrix:
    """The 2 x 2 block (diagonal symmetric mode, mean feature mode), each of its eigenvalues K - 1 times."""
    v, M = soft(), L + 1
    corner = sp.sqrt(M * (K - 2)) * alpha * v / K
    return sp.Matrix([[M * alpha * (1 + (K - 2) * v) / K - (L - 1), corner], [corner, 1 + alpha * (1 + v) / K]])


def spectrum() -> tuple[HessianLevel, ...]:
    """The complete spectrum for K >= 3, L >= 2, d >= K, in K, L, d, n, alpha, b; q = K - 1 is the rank."""
    q, M, a = K - 1, L + 1, 1 - (K - 1) * b
    block = mixed_block()
    return (
        HessianLevel("orbit", z, L * (d * q - q * (q + 1) / 2)),
        HessianLevel("outside the features", z - 1, (L - 1) * (d - q) ** 2 + 2 * (d - q) + q),
        HessianLevel("against balance", z - 2, L * q * (d - q) + L * q * (q + 1) / 2),
        HessianLevel("hollow symmetric", z - (M * alpha / K - (L - 1)), K * (K - 3) / 2),
        HessianLevel("antisymmetric", z - (M * alpha / K + M), (K - 1) * (K - 2) / 2),
        HessianLevel("scale", z - (M * a * alpha - (L - 1)), sp.Integer(1)),
        HessianLevel("diagonal and mean", sp.expand(z**2 - block.trace() * z + block.det()), K - 1),
        HessianLevel("within a class, outside the features", z - 1, K * (n - 1) * (d - q)),
        HessianLevel("within a class, between others", z - (1 + alpha / K), K * (n - 1) * (K - 2)),
        HessianLevel("within a class, towards it", z - (1 + a * alpha), K * (n - 1)),
    )


def parameters() -> sp.Expr:
    """How many entries the factors have: d K n + (L - 1) d^2 + K d."""
    return d * K * n + (L - 1) * d**2 + K * d


def orbit_dimension(width: int, layers: int, rank: int) -> int:
    """Dimension of the balanced factorisations of logits of that rank: St(d, q)^L (ours).

    Raises:
        ProblemError: for a rank above the width.
    """
    if not 0 <= rank <= width:
        raise ProblemError(f"rank must be in 0..width = {width}, got {rank}")
    return layers * (width * rank - rank * (rank + 1) // 2)


def psd_scale(classes: int, layers: int) -> Any:
    """alpha = K (L-1)/(L+1): for K >= 4, L >= 2 collapse has a positive semidefinite Hessian iff its scale is >= it."""
    if classes < 4 or layers < 2:
        raise ProblemError(f"the closed threshold needs K >= 4 and L >= 2, got K = {classes}, L = {layers}")
    return sp.Rational(classes * (layers - 1), layers + 1)


def strength_of_scale(classes: int, layers: int, scale: arb) -> arb:
    """Lambda at which collapse has that scale: alpha^((L-1)/(L+1)) / (e^alpha + K - 1)."""
    return (scale ** (layers - 1)).root(layers + 1) / (scale.exp() + classes - 1)


def psd_threshold(classes: int, layers: int, digits: int = DIGITS) -> arb:
    """lambda_PSD: the effective strength up to which collapse (K >= 4, L >= 2) has a PSD Hessian, enclosed."""
    scale = psd_scale(classes, layers)
    with working(digits):
        return strength_of_scale(classes, layers, arb(fmpq(int(scale.p), int(scale.q))))


def exact_hessian(classes: int, layers: int, width: int, samples_root: int, s: fmpq, soft_b: fmpq) -> fmpq_mat:
    """Hessian / lambda at the balanced factors s (P 0; 0 0), P = I - J/K, for n = samples_root^2, as a matrix.

    The softmax is (a, b, ..., b) with the given rational b: second derivatives need nothing else of the logits, and
    stationarity fixes lambda. Parameters are ordered by factor, row by row.
    """
    factors = layers + 1
    samples = samples_root**2
    centred = identity(classes) - fmpq_mat(classes, classes, [fmpq(1, classes)] * classes**2)
    spread = fmpq_mat(
        classes,
        classes * samples,
        [fmpq(int(j // samples == i)) for i in range(classes) for j in range(classes * samples)],
    )
    shapes = [(width, classes * samples), *[(width, width)] * (layers - 1), (classes, width)]
    first = _pad(centred * spread, shapes[0]) * (s / samples_root)
    matrices = [first, *[_pad(centred, shape) * s for shape in shapes[1:]]]
    strength = soft_b * s ** (factors - 2) / samples_root
    columns = classes * samples
    gradient = centred * spread * (-soft_b * classes) / columns
    before = [identity(columns)]
    for m in matrices[:-1]:
        before.append(m * before[-1])
    after = [identity(classes)]
    for m in reversed(matrices[1:]):
        after.append(after[-1] * m)
    after.reverse()
    if any(after[i].transpose() * gradient * before[i].transpose() != m * (-strength) for i, m in enumerate(matrices)):
        raise ArithmeticError("the factors are not stationary")
    offsets = [0]
    for rows, width_of in shapes:
        offsets.append(offsets[-1] + rows * width_of)
    size = offsets[-1]
    jacobian = _beside([_kronecker(after[i], before[i].transpose()) for i in range(factors)])
    total = jacobian.transpose() * _softmax_form(classes, samples, soft_b) * jacobian / strength
    entries = [[total[i, j] for j in range(size)] for i in range(size)]
    for i in range(size):
        entries[i][i] += 1
    for low in range(factors):
        between = identity(shapes[low][0])
        for high in range(low + 1, factors):
            force = after[high].transpose() * gradient * before[low].transpose() / strength
            _couple(entries, (offsets[low], shapes[low]), (offsets[high], shapes[high]), force, between)
            between = matrices[high] * between
    return fmpq_mat(size, size, [x for row in entries for x in row])


Place = tuple[int, tuple[int, int]]


def _couple(entries: list[list[fmpq]], low: Place, high: Place, force: fmpq_mat, between: fmpq_mat) -> None:
    """Add the second derivative of <G, .. E_high between E_low ..>, which is force_ad between_bc at (ab, cd)."""
    (start, (height, width)), (other, (above, inner)) = low, high
    for i in range(above):
        for j in range(width):
            if force[i, j] != 0:
                for k in range(inner):
                    for m in range(height):
                        value = force[i, j] * between[k, m]
                        entries[other + i * inner + k][start + m * width + j] += value
                        entries[start + m * width + j][other + i * inner + k] += value


def predicted_charpoly(classes: int, layers: int, width: int, samples: int, scale: fmpq, soft_b: fmpq) -> fmpq_poly:
    """prod factor^count of `spectrum` at exact numbers."""
    values = {K: classes, L: layers, d: width, n: samples, alpha: _rational(scale), b: _rational(soft_b)}
    total = fmpq_poly([1])
    for level in spectrum():
        poly = sp.Poly(level.factor.subs(values), z)
        coefficients = [fmpq(int(c.p), int(c.q)) for c in reversed(poly.all_coeffs())]
        total *= fmpq_poly(coefficients) ** int(level.count.subs(values))
    return total


def _rational(value: fmpq) -> sp.Expr:
    return sp.Rational(int(value.p), int(value.q))


def _pad(m: fmpq_mat, shape: tuple[int, int]) -> fmpq_mat:
    rows, columns = shape
    inside = [[m[i, j] if i < m.nrows() and j < m.ncols() else fmpq(0) for j in range(columns)] for i in range(rows)]
    return fmpq_mat(rows, columns, [x for row in inside for x in row])


def _kronecker(left: fmpq_mat, right: fmpq_mat) -> fmpq_mat:
    rows = [
        [left[i, k] * right[j, m] for k in range(left.ncols()) for m in range(right.ncols())]
        for i in range(left.nrows())
        for j in range(right.nrows())
    ]
    return fmpq_mat(len(rows), len(rows[0]), [x for row in rows for x in row])


def _beside(blocks: Sequence[fmpq_mat]) -> fmpq_mat:
    rows = [[x for m in blocks for x in (m[i, j] for j in range(m.ncols()))] for i in range(blocks[0].nrows())]
    return fmpq_mat(len(rows), len(rows[0]), [x for row in rows for x in row])


def _softmax_form(classes: int, samples: int, soft_b: fmpq) -> fmpq_mat:
    """Hessian of the mean cross-entropy in the logits (K x N, row by row)."""
    columns = classes * samples
    size = classes * columns
    form = fmpq_mat(size, size)
    for c in range(columns):
        share = [soft_b] * classes
        share[c // samples] = 1 - (classes - 1) * soft_b
        for i in range(classes):
            for j in range(classes):
                form[i * columns + c, j * columns + c] = (share[i] * int(i == j) - share[i] * share[j]) / columns
    return form


def matches_spectrum(case: tuple[int, int, int, int, int, int]) -> bool:
    """Whether the exact Hessian of (K, L, d, sqrt n, s, 1/b) has the predicted characteristic polynomial."""
    classes, layers, width, root, s, over_b = case
    scale = fmpq(s) ** (layers + 1) / root
    found = exact_hessian(classes, layers, width, root, fmpq(s), fmpq(1, over_b)).charpoly()
    return found == predicted_charpoly(classes, layers, width, root**2, scale, fmpq(1, over_b))
