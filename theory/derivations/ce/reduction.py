"""Cross-entropy, deep linear: from all factors to one matrix of logits with a Schatten penalty; collapse at L = 1."""

from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

import sympy as sp
from flint import arb, ctx, fmpq, fmpq_mat

from dufm.theory.ce.polygons import POLYGON
from dufm.theory.ce.structure import least_margin_is_one, rank
from dufm.theory.derivations.squared.lemmas import am_gm, nuclear_squared_2x2, random_matrix
from dufm.theory.proof.checks import Check, all_of, identical, inference, instances, seeded, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import CONTRACTION, HORN, JENSEN, LAGRANGE, TRACE_DUALITY, not_negative, quoted
from dufm.theory.rational import fraction, squared_norm

K, n, M, t, mu, lam, x, y = sp.symbols("K n M t mu lambda x y", positive=True)
size, total, square = sp.symbols("h S Q", nonnegative=True)


def _singular_values(m: fmpq_mat) -> tuple[arb, arb]:
    """Both singular values of a 2 x 2 matrix from their sum and difference."""
    far, det = squared_norm(m), abs(fraction(m.det()))
    plus, minus = (_ball(far + 2 * det).sqrt(), _ball(far - 2 * det).sqrt())
    return (plus + minus) / 2, (plus - minus) / 2


def _ball(value: Fraction) -> arb:
    return arb(fmpq(value.numerator, value.denominator))


def horn() -> Check:
    """sum_j sigma_j(A B C)^s <= sum_j (sigma_j(A) sigma_j(B) sigma_j(C))^s, here s = 2/3, with balls."""

    def holds(rng: Random) -> bool | None:
        with ctx.workprec(192):
            factors = [random_matrix(rng, 2, 2) for _ in range(3)]
            if any(f.det() == 0 for f in factors):
                return None
            a, b, c = (_singular_values(f) for f in factors)
            whole = _singular_values(factors[0] * factors[1] * factors[2])
            left = sum(((w * w).root(3) for w in whole), arb(0))
            right = sum((((u * v * w) ** 2).root(3) for u, v, w in zip(a, b, c, strict=True)), arb(0))
            return bool(left <= right)

    return quoted(HORN, not_negative(2 / M), spots=[seeded(holds)])


def contraction() -> Check:
    """sigma_i(P Z) <= sigma_i(Z) for a projector P: 2 x 2, P = I - J/2, where sigma_1(P Z) = ||P Z||."""

    def holds(rng: Random) -> bool:
        m = random_matrix(rng, 2, 2)
        half = fmpq(1, 2)
        left, whole = squared_norm(fmpq_mat(2, 2, [half, -half, -half, half]) * m), squared_norm(m)
        det = fraction(m.det()) ** 2
        # The larger root of s^2 - ||Z||^2 s + det^2 is sigma_1(Z)^2.
        return left**2 - whole * left + det <= 0 or 2 * left <= whole

    return quoted(CONTRACTION, spots=[seeded(holds)])


def trace_bound() -> Check:
    """tr(Z P) <= ||Z||_* for the projector P = I - J/2: (tr Z P)^2 <= ||Z||_F^2 + 2 |det Z|, 2 x 2."""

    def holds(rng: Random) -> bool:
        m = random_matrix(rng, 2, 2)
        value = fraction(m[0, 0] - m[0, 1] - m[1, 0] + m[1, 1]) / 2
        return value**2 <= nuclear_squared_2x2(m)

    return quoted(TRACE_DUALITY, spots=[seeded(holds)])


def _variance(count: int) -> bool:
    """sum q x^2 - (sum q x)^2 = sum_(i<j) q_i q_j (x_i - x_j)^2 when the q sum to one."""
    q = sp.symbols(f"q1:{count}", positive=True)
    shares = [1 - sum(q), *q]
    values = sp.symbols(f"x0:{count}", real=True)
    left = (
        sum(a * v**2 for a, v in zip(shares, values, strict=True))
        - sum(a * v for a, v in zip(shares, values, strict=True)) ** 2
    )
    pairs = [(i, j) for i in range(count) for j in range(i)]
    return sp.expand(left - sum(shares[i] * shares[j] * (values[i] - values[j]) ** 2 for i, j in pairs)) == 0


def _two_peaks(u: tuple[int, ...]) -> bool:
    """Columns v_i u of a rank-one matrix have a strict largest entry in at most two rows, for every v."""
    peaks = set()
    for v in (-1, 0, 1):
        column = [v * entry for entry in u]
        if column.count(max(column)) == 1:
            peaks.add(column.index(max(column)))
    return len(peaks) <= 2


def mean_margin(size: int) -> bool:
    """tr(Z (I - J/K)) = (1/K) sum_(i,j) (Z_ii - Z_ji), symbolically."""
    logits: Any = sp.Matrix(size, size, sp.symbols(f"z:{size * size}"))
    centred = sp.eye(size) - sp.ones(size, size) / size
    margins = sum(logits[i, i] - logits[j, i] for i in range(size) for j in range(size))
    return sp.expand((logits * centred).trace() - margins / size) == 0


def ce_reduction() -> Derivation:
    """min F = min_Z CE(Z) + (L+1)/2 Lambda sum sigma_i(Z)^(2/(L+1)); minimisers are centred; L = 1 is settled."""
    f = sp.log(1 + (K - 1) * sp.exp(-t))
    share, less = (K - 1) * sp.exp(-t), sp.Symbol("s", nonnegative=True)
    return Derivation(
        name="ce-reduction",
        title="Cross-entropy: collapse within classes, Schatten reduction, centring, one layer",
        source="reduction: Garrod and Keating (arXiv 2410.23169), Lemma 1; proofs here ours",
        states="The deep linear model under cross-entropy is min over K x K logits Z of CE(Z) + (L+1)/2 Lambda sum "
        "sigma_i(Z)^p, p = 2/(L+1), Lambda^(L+1) = n lambda_H prod lambda_l, at every width >= K; its global "
        "minimisers have columns that sum to zero; for L = 1 DNC is a global minimiser for every K and Lambda.",
        steps=(
            Step(
                "For fixed weights the loss is a sum over samples of CE(W h)/(K n) + lambda_H/2 ||h||^2. log sum exp "
                "is convex: its second derivative is the variance of the direction under the softmax.",
                (),
                quoted(LAGRANGE, spots=[instances(range(2, 6), _variance, "variance = sum of squares, K = 2, ..., 5")]),
                "convex",
            ),
            Step(
                "So it is strictly convex in every h: at a critical point all samples of a class are equal, and with "
                "H' = sqrt(n) (h_1, ..., h_K) the n samples cost what one costs at strength lambda_H for H'.",
                (),
                all_of(
                    identical(lam * n * size / 2, lam * sp.UnevaluatedExpr(sp.sqrt(n * size)) ** 2 / 2),
                    inference("a strictly convex function has one minimiser", "convex"),
                ),
            ),
            Step(
                "Schatten reduction, lower bound: for X = A_M ... A_1, Horn with s = 2/M and AM-GM in each j give "
                "sum_j sigma_j(X)^(2/M) <= sum_j prod_l sigma_j(A_l)^(2/M) <= (1/M) sum_l ||A_l||^2.",
                (),
                all_of(horn(), am_gm()),
            ),
            Step(
                "Equality: X = U S V^T and A_l = Q_l S^(1/M) Q_(l-1)^T cost M sum sigma_j^(2/M). With strengths "
                "lambda_l the factors are first rescaled by c_l, prod c_l = 1, c_l^2 lambda_l all equal to their "
                "geometric mean g: half the weighted sum is M/2 g sum sigma^(2/M), and (sqrt(n))^(-1) in Z = n^(-1/2) "
                "X puts n under the root.",
                (),
                identical(
                    M / 2 * lam ** (1 / M) * sp.UnevaluatedExpr(sp.sqrt(n) * x) ** (2 / M),
                    M / 2 * (n * lam) ** (1 / M) * x ** (2 / M),
                ),
            ),
            Step(
                "Centring: Z -> (I - J/K) Z changes each column by a constant, so not the fit; no singular value "
                "rises; and ||Z||^2 falls by (sum of the column)^2 / K for each column, so some singular value falls "
                "unless all columns sum to zero. Hence global minimisers are centred, rank <= K - 1.",
                (sp.Eq(sp.Symbol("|(I - J/K) z|") ** 2, square - total**2 / K),),
                all_of(
                    contraction(),
                    identical(
                        square - 2 * total * sp.UnevaluatedExpr(total / K) + K * (total / K) ** 2, square - total**2 / K
                    ),
                    identical(sp.log(sp.exp(t) * (x + y)) - t - sp.log(x + y), 0),
                ),
            ),
            Step(
                "If some Z_ji >= Z_ii, the fit is at least log(1 + e^0)/K = log(2)/K. DNC with alpha = log(1/mu) "
                "costs at most log(1 + (K-1) mu) + mu (K-1) log(1/mu) for mu <= 1/e, which tends to 0 with mu, so for "
                "small strengths every global minimiser has Z_ii > Z_ji for all j != i.",
                (),
                identical(sp.Limit(sp.log(1 + (K - 1) * mu) + mu * (K - 1) * sp.log(1 / mu), mu, 0), 0),
                "superior",
            ),
            Step(
                "Rank 1 cannot do that for K >= 3: the columns of u v^T peak in at most two rows. Rank 2 can for "
                "every K: the regular polygon, nearest neighbours at margin 1 (cos decreases on [0, pi]).",
                (),
                all_of(
                    inference("v_i u is largest where u is, or where u is least, as v_i > 0 or < 0", "superior"),
                    spots=[
                        instances(product(range(-2, 3), repeat=4), _two_peaks, "u in {-2, ..., 2}^4, v_i of each sign"),
                        instances(
                            range(3, 13),
                            lambda k: rank(POLYGON, k) == 2 and least_margin_is_one(POLYGON, k),
                            "exact margins of the polygon, K = 3, ..., 12",
                        ),
                    ],
                ),
            ),
            Step(
                "One layer, p = 1: sum sigma_i >= <Z, I - J/K> = (1/K) sum_(i,j) (Z_ii - Z_ji) = (K-1) m, m the mean "
                "margin over i != j.",
                (),
                # Summed over i and j, Z_ii gives K times the trace S and Z_ji the sum Q of all entries.
                all_of(
                    trace_bound(),
                    identical(total - sp.UnevaluatedExpr(square / K), (K * total - square) / K),
                    spots=[instances(range(2, 6), mean_margin, "the identity, symbolic Z, K = 2, ..., 5")],
                ),
                "trace",
            ),
            Step(
                "The fit is at least log(1 + (K-1) e^(-m)): AM-GM within a column (sum e^(-m_j) >= (K-1) e^(-mean)), "
                "then Jensen over columns for the convex function below.",
                (),
                all_of(
                    am_gm(sp.exp(-t)),
                    identical(sp.Derivative(f, t, 2), share / (1 + share) ** 2),
                    quoted(JENSEN, signed(sp.exp(-t) * less / (1 + less * sp.exp(-t)) ** 2, "K - 1 = s >= 0")),
                ),
                "fit",
            ),
            Step(
                "Both bounds are the value of DNC at alpha = m if m >= 0; if m < 0 the fit alone is above log K, the "
                "value at 0. So DNC is globally optimal at L = 1. Its loss is convex in alpha with slope (K-1)(Lambda "
                "- 1/K) at 0: alpha > 0 iff Lambda < 1/K.",
                (),
                all_of(
                    identical(sp.Subs(sp.Derivative(f + lam * (K - 1) * t, t), t, 0), (K - 1) * (lam - 1 / K)),
                    inference("the sum of the two bounds", "trace", "fit"),
                ),
            ),
        ),
    )
