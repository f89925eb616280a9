"""Classes of unequal sizes under collapse: a scalar problem each, the smallest drop out first; leaky layers too."""

import sympy as sp

from dufm.theory.derivations.squared.lemmas import active
from dufm.theory.proof.checks import Check, all_of, identical, inference, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import CAUCHY_SCHWARZ, quoted
from dufm.theory.proof.words import letters, same_words
from dufm.theory.squared.phi import objective

K, L, n, n_k, w, tau, x, y, c, lam, lam_0, lam_1, Lambda = sp.symbols(
    "K L n n_k w tau x y c lambda lambda_0 lambda_1 Lambda", positive=True
)
f, f_next, a_0, a_1, v, z, u, s, sigma, C_0, K_0, norm = sp.symbols(
    "f f_next a_0 a_1 v z u s sigma C_0 K_0 theta", positive=True
)
a, rest = sp.symbols("a b", nonnegative=True)  # slope below zero and 1 - a
Q, T = letters("Q T")
p = L + 1


def leaky(value: sp.Expr, slope: sp.Expr = a) -> sp.Expr:
    """relu(z) - a relu(-z), carried out only when it is checked."""
    return active(value) - slope * active(-value)


def homogeneous() -> Check:
    """act(c z) = c act(z) for c > 0, in both cases of z."""
    return all_of(*(identical(leaky(c * z), c * leaky(z)) for z in (v, -v)))


def contracts() -> Check:
    """act(q) q >= act(q)^2 and q^2 >= act(q)^2: equal for q > 0; for q = -v gaps a (1-a) v^2 and (1-a^2) v^2."""
    slope = 1 - rest
    gap, size = slope * rest * v**2, rest * (2 - rest) * v**2
    below = leaky(-v, slope)
    return all_of(
        identical(leaky(v) * v, leaky(v) ** 2),
        identical(below * -v - below**2, gap),
        identical(v**2 - below**2, size),
        signed(a * rest * v**2, "a, b = 1 - a and v are not negative"),
        signed(rest * (1 + a) * v**2, "a, b = 1 - a and v are not negative"),
    )


def bessel() -> Check:
    """||W||^2 - ||W Q||^2 = ||W (1 - Q T)||^2 for orthonormal columns Q, T = Q^T: the matrix is its own square."""
    return same_words((1 - Q * T) * (1 - Q * T), 1 - Q * T, {T * Q: 1})


def unequal_classes() -> Derivation:
    """The split, its thresholds, and what low rank makes of classes of one size."""
    own = (tau - s) ** 2 / 2 + p / 2 * x * s ** (2 / p)
    scaled = tau**2 * objective(sigma, x * tau ** (-2 * L / p), p)
    mu = sp.sqrt(lam_0 * lam_1)
    gap = (sp.sqrt(lam_0 * a_0) - sp.sqrt(lam_1 * a_1)) ** 2
    tangent = z - 1 - sp.log(z)
    of_diagonal = (tau - u**p) ** 2 / (2 * K) + p * Lambda / 2 * u**2
    x_w = x * w ** (-L / p)
    block = K_0 * w * (1 - sigma) ** 2 / (2 * K) + p / 2 * Lambda * C_0 * (sp.sqrt(w) * sigma) ** (2 / p)
    of_block = K_0 * w / K * objective(sigma, C_0 / K_0 * (K * Lambda) * w ** (-L / p), p)
    loss = objective(sigma, x, p)
    whole = (K * (1 - sigma) ** 2) / (2 * K) + p / 2 * Lambda * C_0 * sigma ** (2 / p)
    return Derivation(
        name="unequal-classes",
        title="Unequal classes: collapse splits into scalar problems, and low rank beats it",
        source="ours; minority collapse: Fang, He, Long and Su 2021 (2101.12699) for one layer and cross-entropy",
        states="For every K >= 2, L >= 2, class sizes n_k of mean n, w_k = n_k / n, and every slope 0 <= a <= 1 of the "
        "activation: with class features orthogonal in every hidden layer 2 .. L, of any lengths, the least loss is "
        "sum_k (w_k / K) phi_L(x w_k^(-L/(L+1))), x = K Lambda. Class k is learned iff n_k^L x*^(L+1) > N^(L+1) "
        "lambda_H lambda_1 ... lambda_L: the smallest drop out first. If K_0 classes have one size and a structure for "
        "K_0 classes has C_0 < K_0, this is not the global minimum wherever these classes are learned. Every structure "
        "of cost C reaches phi_L(C Lambda) for all class sizes.",
        steps=(
            Step(
                "Samples of a class share their best column, so column k of H_1 counts n_k times. With tau_k = "
                "sqrt(w_k) scale it, and with it column k of every feature and of the output: act(c z) = c act(z). The "
                "fit becomes ||Z - diag(tau)||^2 / (2K), the first regulariser n lambda_H ||H_1||^2 / 2.",
                (),
                all_of(
                    homogeneous(),
                    identical(sp.UnevaluatedExpr(w * n) * v**2 / (2 * (n * K)), (sp.sqrt(w) * v) ** 2 / (2 * K)),
                    identical(lam_0 * sp.UnevaluatedExpr(w * n) * v**2 / 2, n * lam_0 * (sp.sqrt(w) * v) ** 2 / 2),
                ),
                "columns",
            ),
            Step(
                "The activation: relu(q) - a relu(-q). Entry by entry m = act(q) has m q >= m^2 and q^2 >= m^2.",
                (),
                contracts(),
                "activation",
            ),
            Step(
                "Let F_l have orthogonal columns of lengths f_lk, Q those of them with f_lk > 0 over their lengths. "
                "For 2 <= l < L: ||W_l||^2 >= ||W_l Q||^2 >= sum_k (f_(l+1)k / f_lk)^2, and ||W_L||^2 >= sum_k "
                "(z_kk / f_Lk)^2; a class with f_lk = 0 has z_kk = 0, for zero columns stay zero.",
                (),
                all_of(
                    bessel(),
                    identical(sp.UnevaluatedExpr(f_next / f) ** 2, f_next**2 / f**2),
                    inference("column by column, ||q|| >= ||act(q)||", "activation"),
                ),
                "middle",
            ),
            Step(
                "The first two factors: <W_1 H_1, Q> >= sum_k f_2k^2 / f_2k by step 2, and <W_1 H_1, Q> = <H_1, W_1^T "
                "Q> <= ||H_1|| ||W_1|| by Cauchy-Schwarz and Bessel. So their part of the regulariser is at least 2 mu "
                "sum_k f_2k / 2, mu^2 = n lambda_H lambda_1 (below lambda_0 stands for n lambda_H).",
                (),
                all_of(
                    bessel(),
                    quoted(CAUCHY_SCHWARZ),
                    identical(sp.UnevaluatedExpr(f**2) / f, f),
                    identical(gap, lam_0 * a_0 + lam_1 * a_1 - 2 * sp.sqrt(lam_0 * lam_1 * a_0 * a_1)),
                    inference("<q, m> >= ||m||^2", "activation", "columns"),
                ),
                "first",
            ),
            Step(
                "So class k pays at least half the sum of p = L + 1 numbers, mu f_2k twice and lambda_l (f_(l+1)k / "
                "f_lk)^2, whose product is Lambda^p z_kk^2: with AM-GM, z - 1 >= log z summed over the numbers over "
                "their geometric mean, at least (p/2) Lambda |z_kk|^(2/p).",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(mu * f) ** 2, lam_0 * lam_1 * f**2),
                    identical(sp.UnevaluatedExpr(c * f**2) * (lam * (f_next / f) ** 2), c * lam * f_next**2),
                    identical(sp.diff(tangent, z), (z - 1) / z),
                    identical(tangent.subs(z, 1), 0),
                    inference("sums over classes", "middle", "first"),
                ),
                "class",
            ),
            Step(
                "The fit is at least sum_k (tau_k - z_kk)^2 / (2K), and not less where z_kk < 0 is replaced by 0. So "
                "K times the loss is at least the sum of the least values over s >= 0 of (tau_k - s)^2 / 2 + (p/2) x "
                "s^(2/p). Diagonal factors diag(u_k) with u_k^p = s_k, at equal strengths Lambda by scaling, have "
                "non-negative features and this very loss.",
                (),
                all_of(
                    identical((tau + v) ** 2 - tau**2, 2 * tau * v + v**2),
                    identical(sp.UnevaluatedExpr(of_diagonal), own.subs({x: K * Lambda, s: u**p}) / K),
                    inference("each class by itself", "class", "derivation reductions"),
                ),
                "split",
            ),
            Step(
                "With s = tau sigma each is tau^2 times the function minimised in phi_L at x tau^(-2L/p): the least "
                "loss is sum_k (w_k / K) phi_L(x w_k^(-L/p)).",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(own.subs(s, tau * sigma)), scaled),
                    inference("the least value over sigma >= 0", "split"),
                ),
                "phi",
            ),
            Step(
                "phi_L is below 1/2 exactly below x*: class k is learned iff x^p < w_k^L x*^p. With x^p = K^p n "
                "lambda_H lambda_1 ... lambda_L (c for the product of strengths), N = n K and w_k = n_k / n this is "
                "N^(L+1) c < n_k^L x*^p. A larger class has the smaller x_k = x w_k^(-L/p).",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(x_w) ** p, x**p * w ** (-L)),
                    identical(sp.UnevaluatedExpr(K**p * n * c) / (n_k / n) ** L, (n * K) ** p * c / n_k**L),
                    inference("phi_L(x) = 1/2 iff x >= x*", "phi", "derivation dnc"),
                ),
                "learned",
            ),
            Step(
                "Low rank. Let K_0 classes have w_k = w, and put a structure of cost C_0 with output tau sigma I on "
                "them, the diagonal factors on the others: squared norms and errors of blocks add, act(0) = 0. The "
                "block has K_0 w / K times the function of phi_L at (C_0 / K_0) x w^(-L/p).",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(block), of_block),
                    inference("blocks, balanced each by itself", "split", "derivation reductions"),
                ),
                "block",
            ),
            Step(
                "Where the K_0 classes are learned, the function at sigma > 0 falls when x does: phi_L at (C_0 / K_0) "
                "x w^(-L/p) is below phi_L at x w^(-L/p) for C_0 < K_0, and with it the sum.",
                (),
                all_of(
                    identical(loss - loss.subs(x, y), (x - y) * sp.diff(loss, x)),
                    signed(f * sp.diff(loss, x), "f = x - y > 0"),
                    inference("the same sum with one block replaced", "block", "learned", "phi"),
                ),
                "low rank",
            ),
            Step(
                "Any structure with unit output for K classes: scale column k of its H_1 by tau_k t. The output is t "
                "diag(tau), the fit K (1-t)^2 / (2K) since the w_k add up to K. sum_k w_k ||h_k||^2, meaned over the "
                "orders in which the classes can be put, is ||H_1||^2: some order has no more. So it reaches phi_L(C "
                "Lambda), C its cost.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(whole), objective(sigma, C_0 * Lambda, p)),
                    identical(sp.UnevaluatedExpr(K / K) * norm, norm),
                    inference("the mean of w_k over all orders is 1", "columns", "derivation reductions"),
                ),
            ),
        ),
    )
