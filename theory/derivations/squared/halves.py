"""Halves: DNC is not optimal at two layers for any K >= 15, and arbitrarily bad as K grows."""

from math import comb

import sympy as sp
from flint import fmpq, fmpq_mat

from dufm.theory.proof.checks import all_of, every, identical, positive_beyond
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.rational import fraction, identity, squared_norm
from dufm.theory.squared import halves as family
from dufm.theory.squared.cuts import neurons, output_norm, p

SIZES = [2, 3, 4]


def _gram_of_neurons(size: int) -> bool:
    """W^T W = C(r, p) r / (r-1) (I - 1 1^T / r), and W 1 = 0."""
    order = 2 * size
    W = neurons(order, size)
    ones = fmpq_mat(order, order, [fmpq(1)] * order**2)
    factor = fmpq(comb(order, size) * order, order - 1)
    return W.transpose() * W == (identity(order) - ones * fmpq(1, order)) * factor and W * ones == W * 0


def _multiple_of_projection(size: int) -> bool:
    """(P P^T)^2 = s P P^T with trace (r-1) s, s = C(r, p) p (p-1) / (r-1): r - 1 singular values sqrt(s)."""
    before, _ = family.half_weights(size)
    s = fmpq(comb(2 * size, size) * size * (size - 1), 2 * size - 1)
    gram = before.transpose() * before
    return gram * gram == gram * s and squared_norm(before) == fraction(s) * (2 * size - 1)


def _read_out(size: int) -> bool:
    """||P||_*^2 ||U||^2 is the stated C^3, where ||P||_*^2 = (r-1)^2 s."""
    _, readout = family.half_weights(size)
    nuclear = fraction(fmpq(comb(2 * size, size) * size * (size - 1) * (2 * size - 1)))
    return nuclear * squared_norm(readout) == fraction(family.cost_cubed(size))


def halves() -> Derivation:
    """C < K at L = 2 for K = r (r-1)/2, every even r >= 6, and C / K -> 0."""
    r = 2 * p
    K = p * (2 * p - 1)
    ratio = sp.factor(sp.simplify(family.cost_cubed() / K**3))
    numerator, denominator = sp.fraction(sp.together(ratio))
    sign = sp.sign(denominator.subs(p, 3))
    nuclear, count = sp.symbols("nu n_p", positive=True)
    return Derivation(
        name="halves",
        title="Halves: collapse is not optimal at two layers, and arbitrarily bad there too",
        source="ours",
        states="At L = 2 with K = r (r-1)/2 classes, r = 2 p, the halves have output I and the C below: C < K for "
        "every even r >= 6, so DNC is not optimal at any Lambda below collapse, and C / K -> 0. By direct sums DNC is "
        "not optimal at L = 2 for any K >= 15. Hidden width C(r, p), plus K - 15 for the sums.",
        steps=(
            Step(
                "Neuron S is 1 on edges inside S, -1 outside, 0 between: P = W M / 2, relu(P) = N. W 1 = 0, and by "
                "symmetry W^T W is a multiple of I - 1 1^T / r; rows of squared length r give the factor r C(r, p) / "
                "(r-1).",
                (),
                every(SIZES, _gram_of_neurons, "r = 4, 6, 8"),
            ),
            Step(
                "M M^T = (r-2) I + 1 1^T, so P P^T = (r-2)/4 W W^T: r - 1 equal singular values, whose square is the "
                "factor times (r-2)/4 = C(r, p) p (p-1) / (r-1). Hence nu = ||P||_* as shown, with n_p = C(r, p).",
                (sp.Eq(nuclear**2, count * p * (p - 1) * (2 * p - 1)),),
                all_of(
                    identical((r - 2) / 4 * count * r / (r - 1), count * p * (p - 1) / (r - 1)),
                    identical((r - 1) ** 2 * (count * p * (p - 1) / (r - 1)), count * p * (p - 1) * (2 * p - 1)),
                    every(SIZES, _multiple_of_projection, "r = 4, 6, 8"),
                ),
            ),
            Step(
                "||U||^2 = trace (N^T N)^(-1) by the eigenvalues of the derivation cuts, in units of C(r-2, p-2), and "
                "C(r, p) / C(r-2, p-2) = r (r-1) / (p (p-1)). So C^3 = nu^2 ||U||^2 is as shown.",
                (sp.Eq(sp.Symbol("C") ** 3, sp.factor(family.cost_cubed())),),
                all_of(
                    identical(
                        p * (p - 1) * (r - 1) * (r * (r - 1) / (p * (p - 1))) * 4 * output_norm(r, p),
                        family.cost_cubed(),
                    ),
                    every(SIZES, _read_out, "explicit weights at r = 4, 6, 8"),
                ),
            ),
            Step(
                "Against K = p (2 p - 1): equal at p = 2 (K = 6), below 1 for every p >= 3, and it tends to 0 like "
                "16 / r.",
                (sp.Eq(sp.Symbol("C") ** 3 / sp.Symbol("K") ** 3, ratio),),
                all_of(
                    identical(ratio.subs(p, 2), 1),
                    positive_beyond(sign * denominator, p, 3),
                    positive_beyond(sign * (denominator - numerator), p, 3),
                    identical(sp.limit(ratio * r, p, sp.oo), 16),
                ),
            ),
        ),
    )
