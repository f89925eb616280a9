"""relu layers under cross-entropy: what collapse, narrow or broad, pays for a mean margin."""

from fractions import Fraction
from itertools import combinations
from random import Random
from typing import Any

import sympy as sp
from flint import arb, ctx, fmpq, fmpq_mat

from dufm.theory.ce.relu import Rival, rival_power
from dufm.theory.derivations.ce.reduction import mean_margin
from dufm.theory.derivations.squared.lemmas import active, random_matrix
from dufm.theory.proof.checks import all_of, identical, inference, instances, seeded, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import BERNOULLI, CAUCHY_SCHWARZ, JENSEN, not_negative, quoted
from dufm.theory.proof.words import letters, same_words
from dufm.theory.rational import fraction, identity, matrix, squared_norm
from dufm.theory.squared.structure import as_fraction_ball, singular_value_sum

K, L, n, s, t, s_1, t_1, x, c, alpha = sp.symbols("K L n s t s' t' x c alpha", positive=True)
e, mean, b, less, up, down = sp.symbols("e m b k rho eta", nonnegative=True)
R, Y = sp.symbols("R Y", nonnegative=True)
trace, total = sp.symbols("d z", real=True)
lost, apart_by = sp.symbols("u v", nonnegative=True)
# J = K E, so E is the projector J/K, and C = 1 - E.
E, Q, T = letters("E Q T")
C = 1 - E
RULES = {E * E: E}


def phi(square: Any, sum_: Any) -> Any:
    """|v S|^2 of a row v with squared norm and sum given: (|v|^2 - sum^2/K)/t^2 + sum^2/(K s^2)."""
    return (square - sum_**2 / K) / t**2 + sum_**2 / (K * s**2)


def random_collapse(rng: Random, classes: int, layers: int, rival: Rival) -> tuple[list[fmpq_mat], Fraction]:
    """(P_2, W_2, ..., W_L) of a collapsed network with random logits, n = 1, and their mean margin.

    Features are multiples of the inclusion matrix of the subsets of one size, or under "nc2" of identities with a
    number of its own added to each row; what the relu cuts off is random, and every W is the least that fits.
    """
    made: list[fmpq_mat] = []
    before = identity(classes)
    for depth in range(layers - 1):
        size = rng.randint(1, classes - 1)
        rows = [[int(k in chosen) for k in range(classes)] for chosen in combinations(range(classes), size)]
        if rival == "nc2":
            rows = [
                [int(k == i) + add for k in range(classes)] for i, add in enumerate(rng.choices(range(3), k=classes))
            ]
        features = matrix(rows) * fmpq(rng.randint(1, 5), rng.randint(1, 3))
        cut = [value if value > 0 else -fmpq(rng.randint(0, 3), 2) for value in features.entries()]
        reads = fmpq_mat(features.nrows(), classes, cut)
        made.append(reads if depth == 0 else reads * _left_inverse(before))
        before = features
    logits = random_matrix(rng, classes, classes) + identity(classes) * fmpq(rng.randint(0, 20))
    if rng.randint(0, 1):
        logits = identity(classes) * fmpq(1 + rng.randint(0, 9))
    made.append(logits * _left_inverse(before))
    apart = [fraction(logits[k, k] - logits[j, k]) for k in range(classes) for j in range(classes) if j != k]
    return made, sum(apart, Fraction(0)) / len(apart)


def _left_inverse(features: fmpq_mat) -> fmpq_mat:
    return (features.transpose() * features).inv() * features.transpose()


def pays(rival: Rival, rng: Random) -> bool | None:
    """Whether the product of a random collapsed network is at least what is claimed; the readout centred."""
    classes, layers = rng.randint(3, 4), rng.randint(2, 4)
    (first, *rest), average = random_collapse(rng, classes, layers, rival)
    if average <= 0:
        return None
    # A rational above ||P_2||_* by rounding alone.
    product = as_fraction_ball(singular_value_sum(first))[1] ** 2
    for factor in rest[:-1]:
        product *= squared_norm(factor)
    ones = matrix([[1] * classes])
    product *= squared_norm(rest[-1]) - squared_norm(ones * rest[-1]) / classes
    return product >= rival_power(rival, classes, layers) * average**2


def _fit_instance(rng: Random) -> bool:
    classes = rng.randint(2, 5)
    logits = random_matrix(rng, classes, classes)
    apart = [[arb(logits[k, k] - logits[j, k]) for j in range(classes) if j != k] for k in range(classes)]
    with ctx.workprec(128):
        average = sum((m for row in apart for m in row), arb(0)) / (classes * (classes - 1))
        fit = sum(((1 + sum(((-m).exp() for m in row), arb(0))).log() for row in apart), arb(0)) / classes
        return bool(fit > (1 + (classes - 1) * (-average).exp()).log() * (1 - arb(2) ** -100))


def ce_relu_collapse() -> Derivation:
    """prod ||factor||^2 >= n K^L (K-1) alpha^2 for narrow and broad DNC."""
    S = C / t + E / s
    gram, gram_1 = t**2 * C + s**2 * E, t_1**2 * C + s_1**2 * E
    fit = sp.log(1 + less * sp.exp(-x))
    apart = (K * trace - total) / (K * (K - 1))
    tilt = (1 / t**2 - 1 / s**2).subs(s, t + e)
    base = (K - 1 + x) / K
    first = n**2 * ((K - 1) * t + s) ** 2 / n
    return Derivation(
        name="ce-relu-collapse",
        title="Cross-entropy with relu layers: what collapse pays for a margin",
        source="ours",
        states="For every K >= 2, L >= 2, n, width and all weights: let the samples of a class share one feature in "
        "every hidden layer 2 .. L, F_l = M_l (x) 1_n^T, with M_l^T M_l = c_l I + b_l J (narrow DNC: b_l = 0; broad "
        "DNC: any b_l). With alpha = tr(C Z)/(K-1), the mean margin, C = I - J/K: the fit is at least log(1 + (K-1) "
        "e^(-alpha)), and if alpha > 0 the squared norms of the L + 1 factors multiply to at least n K^L (K-1) "
        "alpha^2.",
        steps=(
            Step(
                "Margins Z_kk - Z_jk over the K (K-1) ordered pairs add up to K tr Z - z, z the sum of all entries of "
                "Z (one column a class: equal last features have equal outputs). Their mean is alpha = tr(C Z)/(K-1).",
                (),
                all_of(
                    identical(apart, (trace - total / K) / (K - 1)),
                    spots=[instances(range(2, 6), mean_margin, "symbolic Z, K = 2, ..., 5")],
                ),
                "mean",
            ),
            Step(
                "The fit is the mean over k of log(1 + sum_j e^(-margin_jk)). e^(-x) is convex, so the inner sum is "
                "at least (K-1) e^(-mean of class k); log(1 + (K-1) e^(-x)) is convex, so the fit is at least its "
                "value at alpha (k for K - 1).",
                (),
                all_of(
                    identical(sp.diff(fit, x, 2), less * sp.exp(-x) / (1 + less * sp.exp(-x)) ** 2),
                    quoted(JENSEN, signed(sp.exp(-x), "second derivative of e^(-x)")),
                    quoted(JENSEN, signed(less * sp.exp(-x) / (1 + less * sp.exp(-x)) ** 2, "second derivative")),
                    inference("the mean of all margins is the mean over classes of their means", "mean"),
                    spots=[seeded(_fit_instance, what="random logits, as balls")],
                ),
                "fit",
            ),
            Step(
                "With E = J/K, a projector, and C = 1 - E: M_l^T M_l = c I + b J = t^2 C + s^2 E for t^2 = c, s^2 = c "
                "+ K b. Off its diagonal stand <m_j, m_k> >= 0, so b >= 0 and s >= t: s^2 - t^2 = K b. t > 0 where "
                "alpha > 0: if t = 0 in one layer, the features of all classes agree there, hence the outputs, and "
                "alpha = 0.",
                (),
                all_of(
                    same_words(c + b * K * E, c * C + (c + K * b) * E, RULES),
                    identical(sp.UnevaluatedExpr(c + K * b) - c, K * b),
                    signed(K * b, "b >= 0"),
                    inference("equal columns have margins that add up to zero over j and k", "mean"),
                ),
                "gram",
            ),
            Step(
                "Let S = C/t + E/s and Q = M S. Then Q^T Q = S (M^T M) S = I: orthonormal columns. And tr(S M^T M) = "
                "(K-1) t + s, because tr E = 1.",
                (),
                all_of(
                    same_words(S * gram * S, sp.Integer(1), RULES),
                    same_words(S * gram, t + (s - t) * E, RULES),
                    identical(K * t + sp.UnevaluatedExpr(s - t), (K - 1) * t + s),
                    inference("M^T M = t^2 C + s^2 E", "gram"),
                ),
                "frame",
            ),
            Step(
                "An entry of Q is M_ik/t - m (1/t - 1/s), m >= 0 the mean of row i of M. So Q is <= 0 where M is 0 (s "
                "= t + e, e >= 0).",
                (),
                all_of(
                    same_words(S, 1 / t - (1 / t - 1 / s) * E, RULES),
                    identical(1 / t - 1 / sp.UnevaluatedExpr(t + e), e / (t * (t + e))),
                    signed(mean * e / (t * (t + e)), "what is subtracted"),
                    inference("s >= t", "gram", "frame"),
                ),
                "sign",
            ),
            Step(
                "The first two factors. P = W_1 H_1 = F - N with F = relu(P) = M (x) 1^T, N >= 0, F N = 0 entry by "
                "entry: where N is not 0, M is 0 and Q <= 0. So <P, Q (x) 1^T> >= <F, Q (x) 1^T> = n tr(S M^T M).",
                (),
                all_of(
                    identical(x, active(x) - active(-x)),
                    identical(active(x) * active(-x), 0),
                    signed(lost * apart_by, "entries of N and of -Q there"),
                    inference("the sum over entries of -N Q is >= 0", "sign", "frame"),
                ),
                "neck",
            ),
            Step(
                "And <P, Q (x) 1^T> = <H_1, W_1^T Q (x) 1^T> <= ||H_1|| sqrt(n) ||W_1^T Q|| <= sqrt(n) ||H_1|| "
                "||W_1||, for 1 - Q Q^T is its own square (T = Q^T). So ||H_1||^2 ||W_1||^2 >= n ((K-1) t_2 + s_2)^2.",
                (),
                all_of(
                    same_words((1 - Q * T) * (1 - Q * T), 1 - Q * T, {T * Q: 1}),
                    quoted(CAUCHY_SCHWARZ),
                    identical(sp.UnevaluatedExpr(first), n * ((K - 1) * t + s) ** 2),
                    inference("n tr(S M^T M) over sqrt(n), squared", "neck", "frame"),
                ),
                "pair",
            ),
            Step(
                "Middle layers, 2 <= l < L. A row w of W_l gives x = w^T M_l, and |w|^2 >= |w^T Q|^2 = |x S|^2 = "
                "phi(x). Relu does not raise phi: for x = u - v, u = relu(x), v = relu(-x), <u, v> = 0, of squared "
                "norms R, Y and sums rho, eta, phi(x) - phi(u) - phi(v) is as shown, and phi(v) >= 0 is a square.",
                (),
                all_of(
                    same_words(S * S, C / t**2 + E / s**2, RULES),
                    identical(
                        sp.UnevaluatedExpr(phi(R + Y, up - down)) - phi(R, up) - phi(Y, down),
                        2 * up * down / K * (1 / t**2 - 1 / s**2),
                    ),
                    identical(sp.UnevaluatedExpr(tilt), e * (2 * t + e) / (t**2 * (t + e) ** 2)),
                    signed(2 * up * down / K * e * (2 * t + e) / (t**2 * (t + e) ** 2), "s = t + e"),
                    identical(active(x) * active(-x), 0),
                    inference("w^T Q = w^T M S, and Q has orthonormal columns", "frame", "gram", "pair"),
                ),
                "row",
            ),
            Step(
                "Summed over rows, with F_(l+1) = relu(W_l F_l) and t', s' of layer l + 1: ||W_l||^2 >= tr(S^2 M'^T "
                "M') = (K-1) t'^2/t^2 + s'^2/s^2.",
                (),
                all_of(
                    same_words(S * S * gram_1, t_1**2 / t**2 + (s_1**2 / s**2 - t_1**2 / t**2) * E, RULES),
                    identical(
                        K * t_1**2 / t**2 + sp.UnevaluatedExpr(s_1**2 / s**2 - t_1**2 / t**2),
                        (K - 1) * t_1**2 / t**2 + s_1**2 / s**2,
                    ),
                    inference("phi(x) >= phi(relu x), row by row", "row", "gram"),
                ),
                "middle",
            ),
            Step(
                "The last layer: ||W_L||^2 >= ||W_L Q||^2 >= ||W_L Q C||^2 = ||Z C||^2/t^2. And (K-1) alpha = tr(C Z) "
                "= <C, Z C> <= ||C|| ||Z C||, ||C||^2 = tr C = K - 1. So ||W_L||^2 >= (K-1) alpha^2/t_L^2.",
                (),
                all_of(
                    same_words(S * C, C / t, RULES),
                    same_words(C * C, C, RULES),
                    quoted(CAUCHY_SCHWARZ),
                    identical(sp.UnevaluatedExpr((K - 1) * alpha) ** 2 / (K - 1), (K - 1) * alpha**2),
                    inference("alpha is tr(C Z)/(K-1)", "mean", "frame", "pair"),
                ),
                "last",
            ),
            Step(
                "With r_l = s_l/t_l >= 1 the first two factors pay n t_2^2 (K-1+r_2)^2, a middle layer (t'/t)^2 "
                "(K-1+x), x = (r'/r)^2, and by Bernoulli ((K-1+x)/K)^K >= x.",
                (),
                all_of(
                    identical(1 + K * sp.UnevaluatedExpr(base - 1), x),
                    quoted(BERNOULLI, not_negative((sp.Symbol("k", nonnegative=True) + x) / K)),
                    identical(n * ((K - 1) * t + s) ** 2, n * t**2 * (K - 1 + s / t) ** 2),
                    identical(
                        (K - 1) * t_1**2 / t**2 + s_1**2 / s**2,
                        (t_1 / t) ** 2 * (K - 1 + sp.UnevaluatedExpr((s_1 / t_1) / (s / t)) ** 2),
                    ),
                    inference("the bounds of single factors", "pair", "middle"),
                ),
                "means",
            ),
            Step(
                "Multiplied: the t cancel from layer to layer, and with the last layer's 1/t_L^2; the K-th powers of "
                "the brackets over K give r_2^2 (r_3/r_2)^2 ... = r_L^2 >= 1. There are L brackets of K. So the "
                "product is at least n K^L (K-1) alpha^2, for narrow DNC (all r_l = 1) and for broad.",
                (),
                all_of(
                    identical(c * sp.UnevaluatedExpr(t_1**2 / t**2).subs(t**2, c), t_1**2),
                    identical(x**2 * sp.UnevaluatedExpr((s / x) ** 2), s**2),
                    identical(K**2 * sp.UnevaluatedExpr(K ** (L - 2)), K**L),
                    identical(
                        sp.UnevaluatedExpr(n * K**L * t**2) * ((K - 1) * alpha**2 / t**2), n * K**L * (K - 1) * alpha**2
                    ),
                    inference("the product of the bounds of all factors", "means", "last", "pair"),
                    spots=[seeded(lambda rng: pays("dnc", rng), 40, "collapsed networks, broad and narrow")],
                ),
                "collapse",
            ),
        ),
    )
