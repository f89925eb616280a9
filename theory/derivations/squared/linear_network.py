"""Without relu collapse is optimal at every depth: whatever low rank gains comes from relu raising a rank."""

from fractions import Fraction
from random import Random

import sympy as sp
from flint import arb, ctx, fmpq_mat

from dufm.theory.derivations.squared.lemmas import am_gm, homogeneity, random_matrix
from dufm.theory.proof.checks import Check, all_of, identical, inference, seeded
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import HOELDER, HORN, MIRSKY, not_negative, quoted
from dufm.theory.rational import fraction, squared_norm
from dufm.theory.squared.phi import objective
from dufm.theory.squared.structure import PRECISION, singular_value_sum

K, p, Lambda, s, u = sp.symbols("K p Lambda sigma u", positive=True)


def schatten_power_2x2(z: fmpq_mat, p: int) -> arb:
    """sum_i sigma_i^(2/p) of a 2 x 2 matrix as a rigorous ball, from sigma_1 sigma_2 = |det| and ||Z||_F^2."""
    total, det = squared_norm(z), abs(fraction(z.det()))
    if total == 0:
        return arb(0)
    with ctx.workprec(PRECISION):
        larger = (_ball(total + 2 * det).sqrt() + _ball(total - 2 * det).sqrt()) / 2
        exponent = arb(2) / p
        return larger**exponent + ((_ball(det) / larger) ** exponent if det else 0)


def chain_norm() -> Check:
    """sum_i sigma_i(A_p ... A_1)^(2/p) <= prod_l ||A_l||_F^(2/p): Horn's inequality, then Hoelder's."""

    def holds(rng: Random) -> bool | None:
        p = rng.randint(2, 6)
        inner = [rng.randint(1, 4) for _ in range(p - 1)]
        product, norms = random_matrix(rng, inner[0], 2), Fraction(1)
        norms *= squared_norm(product)
        for rows, columns in zip([*inner[1:], 2], inner, strict=True):
            factor = random_matrix(rng, rows, columns)
            product, norms = factor * product, norms * squared_norm(factor)
        with ctx.workprec(PRECISION):
            left, right = schatten_power_2x2(product, p), _ball(norms) ** (arb(1) / p)
        # Factors of rank one may make it an equality, which balls do not decide.
        return None if norms == 0 or left.overlaps(right) else bool(left <= right)

    squares = sp.Symbol("sigma_jl", nonnegative=True)
    return all_of(
        quoted(HORN, not_negative(2 / p), spots=[seeded(holds)]), quoted(HOELDER, not_negative(squares ** (2 / p)))
    )


def mirsky() -> Check:
    """||Z - I||_F^2 >= sum_i (1 - sigma_i)^2; both sides expand, which leaves tr Z <= ||Z||_*."""

    def holds(rng: Random) -> bool:
        size = rng.randint(2, 4)
        z = random_matrix(rng, size, size)
        trace = sum((fraction(z[i, i]) for i in range(size)), Fraction(0))
        return bool(_ball(trace) <= singular_value_sum(z))

    return quoted(MIRSKY, spots=[seeded(holds)])


def _ball(value: Fraction) -> arb:
    return arb(value.numerator) / value.denominator


def linear_network() -> Derivation:
    """The linear deep unconstrained features model has the minimum phi_L(K Lambda), for every K and L."""
    total = sp.Symbol("S", positive=True)
    least = p / 2 * sp.UnevaluatedExpr(Lambda**p * total**p) ** (1 / p)
    size = sp.diff(least.doit(), total)
    one = sp.UnevaluatedExpr((1 - s) ** 2) / (2 * K) + size * s ** (2 / p)
    dnc = sp.UnevaluatedExpr(K * (1 - u**p) ** 2) / (2 * K) + p * Lambda / 2 * K * u**2
    return Derivation(
        name="linear-network",
        title="Linear networks: collapse is optimal at every depth",
        source="ours; the inequalities are classical",
        states="For every K >= 2, L >= 1 and width >= K the model without relu has the minimum phi_L(K Lambda), which "
        "DNC reaches. So weights that beat DNC need relu to raise a rank.",
        steps=(
            Step(
                "Z is the product of the p = L + 1 factors. With singular values sigma_i of Z, the squared norms of "
                "the factors multiply to at least (sum_i sigma_i^(2/p))^p.",
                (),
                chain_norm(),
                "product",
            ),
            Step(
                "By AM-GM the regulariser is at least (p/2) Lambda S with S = sum_i sigma_i^(2/p).",
                (),
                all_of(
                    am_gm(),
                    inference("the squared norms multiply to at least S^p", "product"),
                    identical(least, p / 2 * Lambda * total),
                ),
                "size",
            ),
            Step("The fit is at least sum_i (1 - sigma_i)^2 / (2K).", (), mirsky(), "fit"),
            Step(
                "So each of the K singular values pays at least its share of the function minimised in phi_L, at x = "
                "K Lambda.",
                (),
                all_of(
                    inference("the two bounds, singular value by singular value", "size", "fit"),
                    identical(one, objective(s, K * Lambda, p) / K),
                ),
                "share",
            ),
            Step(
                "K shares make the sum at least phi_L(K Lambda). The factors u I reach it, at equal strengths Lambda "
                "by scaling: their loss is the right side at t = u^p. "
                "relu leaves them as they are, so DNC does the same.",
                (),
                all_of(
                    inference("K terms, each at least phi_L(K Lambda) / K", "share"),
                    identical(dnc, objective(u**p, K * Lambda, p)),
                    homogeneity(),
                ),
            ),
        ),
    )
