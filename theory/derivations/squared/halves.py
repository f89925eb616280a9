"""Halves: DNC is not optimal at two layers for any K >= 15, and arbitrarily bad as K grows."""

from math import comb

import sympy as sp
from flint import fmpq, fmpq_mat

from dufm.theory.proof.checks import all_of, definition, identical, inference, instances, positive_beyond
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.words import letters, same_words
from dufm.theory.rational import fraction, identity, squared_norm
from dufm.theory.squared import halves as family
from dufm.theory.squared.cuts import neurons, output_norm, p
from dufm.theory.squared.srg import classes

SIZES = [2, 3, 4]
FROM = 3  # least p at which the halves beat collapse


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
    K = classes(r)
    ratio = sp.factor(sp.simplify(family.cost_cubed() / K**3))
    numerator, denominator = sp.fraction(sp.together(ratio))
    sign = sp.sign(denominator.subs(p, FROM))
    count = sp.Symbol("n_p", positive=True)
    a, b = count * r / (r - 1), -count / (r - 1)
    square = a * (r - 2) / 4
    W, W_t, M, M_t, J = letters("W W^T M M^T J")
    return Derivation(
        name="halves",
        title="Halves: collapse is not optimal at two layers, and arbitrarily bad there too",
        source="ours",
        states="At L = 2 with K = r (r-1)/2 classes, r = 2 p, the halves have output I and the C below: C < K for "
        f"every even r >= {2 * FROM}, so DNC is not optimal at any Lambda below collapse, and C / K -> 0. By direct "
        f"sums DNC is not optimal at L = 2 for any K >= {classes(2 * FROM)}. Hidden width C(r, p), plus K - "
        f"{classes(2 * FROM)} for the sums.",
        steps=(
            Step(
                "Neuron S, a p-subset of r = 2 p vertices, is 1 on S and -1 off it, and M, N are as in the derivation "
                "cuts: P = W M / 2 is 1 on edges inside S, -1 outside, 0 between, relu(P) = N. n_p = C(r, p).",
                (),
                all_of(definition("W, P and N"), inference("input of a neuron, halved", "derivation cuts")),
                "neurons",
            ),
            Step(
                "A permutation of the vertices permutes the halvings, so W^T W commutes with all of them: it is a I + "
                "b J. W 1 = 0, and rows of squared length r make the trace r n_p: a and b are as shown.",
                (),
                all_of(
                    identical(p - sp.UnevaluatedExpr(r - p), 0),
                    identical(sp.UnevaluatedExpr(a) + b * r, 0),
                    identical(r * sp.UnevaluatedExpr(a + b), r * count),
                    inference("what commutes with every permutation is a I + b J", "neurons"),
                    spots=[instances(SIZES, _gram_of_neurons, "r = 4, 6, 8")],
                ),
                "frame",
            ),
            Step(
                "M M^T = (r-2) I + J and J W^T = 0, so P P^T = (r-2)/4 W W^T, and (W^T W)^2 = a W^T W: P has r - 1 "
                "equal singular values, whose square is a (r-2)/4 = C(r, p) p (p-1) / (r-1). Hence nu^2 = ||P||_*^2 "
                "as shown.",
                (),
                all_of(
                    same_words(
                        W * M * M_t * W_t / 4, (r - 2) / sp.Integer(4) * W * W_t, {M * M_t: r - 2 + J, J * W_t: 0}
                    ),
                    same_words((a + b * J) * (a + b * J), a * (a + b * J), {J * J: r * J}),
                    identical(sp.UnevaluatedExpr(square), count * p * (p - 1) / (r - 1)),
                    identical((r - 1) ** 2 * sp.UnevaluatedExpr(square), count * p * (p - 1) * (2 * p - 1)),
                    inference("the neck's Gram matrix", "frame", "derivation srg"),
                    spots=[instances(SIZES, _multiple_of_projection, "r = 4, 6, 8")],
                ),
                "nuclear",
            ),
            Step(
                "||U||^2 = trace (N^T N)^(-1) by the eigenvalues of the derivation cuts, in units of C(r-2, p-2), and "
                "C(r, p) / C(r-2, p-2) = r (r-1) / (p (p-1)). So C^3 = nu^2 ||U||^2 is as shown.",
                (sp.Eq(sp.Symbol("C") ** 3, family.cost_cubed()),),
                all_of(
                    identical(
                        sp.UnevaluatedExpr((r - 1) ** 2 * square / count)
                        * sp.UnevaluatedExpr(r * (r - 1) / (p * (p - 1)))
                        * 4
                        * output_norm(r, p),
                        family.cost_cubed(),
                    ),
                    inference("norm of the pseudo-inverse", "nuclear", "derivation cuts"),
                    spots=[instances(SIZES, _read_out, "explicit weights at r = 4, 6, 8")],
                ),
                "cost",
            ),
            Step(
                "Against K = p (2 p - 1): equal at p = 2 (K = 6), below 1 for every p >= 3, and it tends to 0 like "
                "16 / r.",
                (sp.Eq(sp.Symbol("C") ** 3 / sp.Symbol("K") ** 3, ratio),),
                all_of(
                    identical(sp.UnevaluatedExpr(family.cost_cubed() / K**3), ratio),
                    identical(sp.Subs(ratio, p, 2), 1),
                    positive_beyond(sign * denominator, p, FROM),
                    positive_beyond(sign * (denominator - numerator), p, FROM),
                    identical(sp.Limit(ratio * r, p, sp.oo), 16),
                    inference("division by K^3", "cost"),
                ),
            ),
        ),
    )
