"""DNC costs exactly K, with class features of equal or of unequal norms, and when it collapses to zero."""

import sympy as sp

from dufm.theory.proof.checks import Check, Checked, Method, all_of, identical
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.squared import phi

K, d, d_next, lam, Lambda, t, x, L, n, z = sp.symbols("K d d_next lambda Lambda t x L n z", positive=True)
lam_0, lam_1, a_0, a_1, A, B, c = sp.symbols("lambda_0 lambda_1 a_0 a_1 A B c", positive=True)
r, s, y = sp.symbols("r s y", nonnegative=True)
inner, mean, square = sp.symbols("h m_1 m_2", real=True)
Q, T = sp.symbols("Q T", commutative=False)


def projector(rest: sp.Expr) -> Check:
    """A matrix of Q and T is its own square whenever T Q = 1, in every dimension."""

    def check() -> Checked:
        return Checked(sp.expand(sp.expand(rest * rest).subs(T * Q, 1) - rest) == 0, Method.SYMBOLIC)

    return check


def dnc() -> Derivation:
    """No configuration of deep neural collapse has a loss below phi_L(K Lambda), and one reaches it."""
    u = phi.u
    p = sp.Symbol("p", positive=True)
    objective = (1 - t) ** 2 / 2 + p / 2 * x * t ** (2 / p)
    of_class = (1 - t) ** 2 / (2 * K) + p / 2 * Lambda * t ** (2 / p)
    size = p * Lambda / 2 * K * u**2
    of_identities = sp.UnevaluatedExpr(K * (1 - u**p) ** 2 / (2 * K)) + size
    in_u = objective.subs(t, u**p)
    hump = u ** (p - 2) * (1 - u**p)
    turn = u ** (p - 2) * ((p - 2) - (2 * p - 2) * u**p)
    at_stationary = (1 - t) ** 2 / 2 + (L + 1) / 2 * t * (1 - t) - sp.Rational(1, 2)
    lower = t / 2 * ((L - 1) - L * t)
    threshold = ((L - 1) / L) ** ((L - 1) / (L + 1)) / L
    one_layer = x - x**2 / 2
    gap = (sp.sqrt(lam_0 * a_0) - sp.sqrt(lam_1 * a_1)) ** 2
    mu = sp.sqrt(n * lam_0 * lam_1)
    tangent = z - 1 - sp.log(z)
    return Derivation(
        name="dnc",
        title="Deep neural collapse: cost K, loss phi_L(K Lambda), threshold of collapse",
        source="ours for the infimum; the configuration is that of SML23, SML24",
        states="For every K >= 2, L >= 1, n, width and all positive strengths: if every hidden layer 2 .. L is "
        "collapsed within classes and its class features are pairwise orthogonal, of equal norms or not, the loss is "
        "at least phi_L(K Lambda). Identity factors, of equal norms, reach it where the width is at least K. At L = 1 "
        "there is no such layer and this holds of all weights. It is 1/2 exactly when K Lambda >= x*_L.",
        steps=(
            Step(
                "The relu. p = r - s with r = relu(p), s = relu(-p), so r s = 0: a column p of P_l with relu(p) = m "
                "has <p, m> = ||m||^2 and ||p||^2 >= ||m||^2. What is zero stays zero.",
                (
                    sp.Eq((r - s) * r, r**2 - r * s, evaluate=False),
                    sp.Eq((r - s) ** 2, r**2 + s**2 - 2 * r * s, evaluate=False),
                ),
                all_of(identical((r - s) * r, r**2 - r * s), identical((r - s) ** 2, r**2 + s**2 - 2 * r * s)),
            ),
            Step(
                "Let F_l have the class features m_li with squared norms d_li, and q_li = m_li / sqrt(d_li) where d_li "
                "> 0: the columns of Q, orthonormal. With T = Q^T, ||W||^2 - ||W Q||^2 = ||W (1 - Q T)||^2 >= 0 for "
                "every W (Bessel), because the matrix below is its own square.",
                (sp.Eq((1 - Q * T) ** 2, 1 - Q * T, evaluate=False),),
                projector(1 - Q * T),
            ),
            Step(
                "Put d_(L+1)i = t_i^2, where t_i = max(z_ii, 0) and z_ii is entry i of the output of class i, meaned "
                "over its samples. For 2 <= l <= L steps 1 and 2 give ||W_l||^2 >= sum_i ||W_l q_li||^2 >= sum_i "
                "d_(l+1)i / d_li, over the i with d_li > 0; the others have t_i = 0, for zero columns stay zero.",
                (sp.Eq(sp.UnevaluatedExpr(sp.sqrt(d_next) / sp.sqrt(d)) ** 2, d_next / d, evaluate=False),),
                identical((sp.sqrt(d_next) / sp.sqrt(d)) ** 2, d_next / d),
            ),
            Step(
                "Cauchy-Schwarz, from the square of a vector: with A = ||a||^2, B = ||b||^2 and h = "
                "<a, b>, the left side is ||B a - h b||^2.",
                (sp.Eq(B**2 * A - 2 * B * inner**2 + inner**2 * B, B * (A * B - inner**2), evaluate=False),),
                identical(B**2 * A - 2 * B * inner**2 + inner**2 * B, B * (A * B - inner**2)),
            ),
            Step(
                "The first two factors. For L >= 2 a column p of P_2 of class i has <p, q_2i> = sqrt(d_2i) by step 1; "
                "summed over all samples, n sum_i sqrt(d_2i) = <W_1 H_1, Q 1_n^T> = <H_1, W_1^T Q 1_n^T> <= "
                "sqrt(n) ||H_1|| ||W_1||, by steps 4 and 2. For L = 1 take the coordinate vectors of the classes with "
                "t_i > 0 for Q: the sum is n sum_i z_ii = n sum_i sqrt(d_2i) over these, since d_2i = t_i^2.",
                (sp.Eq(sp.UnevaluatedExpr(d) / sp.sqrt(d), sp.sqrt(d), evaluate=False),),
                identical(d / sp.sqrt(d), sp.sqrt(d)),
            ),
            Step(
                "So with a_0 = ||H_1||^2 and a_1 = ||W_1||^2 the first two terms of the regulariser, lambda_0 a_0 and "
                "lambda_1 a_1, add up to at least 2 mu sum_i sqrt(d_2i), mu = sqrt(n lambda_0 lambda_1): the square "
                "below is not negative.",
                (sp.Eq(gap, lam_0 * a_0 + lam_1 * a_1 - 2 * sp.sqrt(lam_0 * lam_1 * a_0 * a_1), evaluate=False),),
                identical(gap, lam_0 * a_0 + lam_1 * a_1 - 2 * sp.sqrt(lam_0 * lam_1 * a_0 * a_1)),
            ),
            Step(
                "The regulariser is thus at least half a sum over classes of p = L + 1 numbers: mu sqrt(d_2i) twice "
                "and lambda_l d_(l+1)i / d_li for 2 <= l <= L. Their product is Lambda^p t_i^2: the first two give n "
                "lambda_0 lambda_1 d_2i, each further one replaces d_li by lambda_l d_(l+1)i, and d_(L+1)i = t_i^2.",
                (
                    sp.Eq(sp.UnevaluatedExpr(mu * sp.sqrt(d)) ** 2, n * lam_0 * lam_1 * d, evaluate=False),
                    sp.Eq(sp.UnevaluatedExpr(c * d) * (lam * d_next / d), c * lam * d_next, evaluate=False),
                ),
                all_of(
                    identical((mu * sp.sqrt(d)) ** 2, n * lam_0 * lam_1 * d),
                    identical((c * d) * (lam * d_next / d), c * lam * d_next),
                ),
            ),
            Step(
                "AM-GM for p numbers b_k > 0 of geometric mean g: z - 1 - log z is 0 at z = 1, falls before and rises "
                "after, so it is never negative; summed over z = b_k / g it says sum_k b_k >= p g. Here g = Lambda "
                "t_i^(2/p), so class i pays at least (p/2) Lambda t_i^(2/p); classes with t_i = 0 pay at least that.",
                (sp.Eq(sp.Derivative(tangent, z), (z - 1) / z),),
                all_of(identical(sp.diff(tangent, z), (z - 1) / z), identical(tangent.subs(z, 1), 0)),
            ),
            Step(
                "The fit of class i is at least (1 - t_i)^2 / (2K): the mean of (1 - z)^2 over its samples exceeds (1 "
                "- z_ii)^2 by a variance (m_1, m_2: means of z and z^2), and where z_ii = -y < 0 it is above 1.",
                (
                    sp.Eq((1 - 2 * mean + square) - (1 - mean) ** 2, square - mean**2, evaluate=False),
                    sp.Eq((1 + y) ** 2 - 1, y**2 + 2 * y, evaluate=False),
                ),
                all_of(
                    identical((1 - 2 * mean + square) - (1 - mean) ** 2, square - mean**2),
                    identical((1 + y) ** 2 - 1, y**2 + 2 * y),
                ),
            ),
            Step(
                "So class i pays at least a K-th of the function minimised in phi_L, at x = K Lambda and t = t_i: the "
                "diagonal linear network. K classes pay at least phi_L(K Lambda).",
                (sp.Eq(of_class, objective.subs(x, K * Lambda) / K, evaluate=False),),
                identical(of_class, objective.subs(x, K * Lambda) / K),
            ),
            Step(
                "The factors u I, at equal strengths Lambda by scaling, have all norms equal and the loss of the right "
                "side at t = u^p: phi_L(K Lambda) is reached, so C = K.",
                (sp.Eq(of_identities, objective.subs({x: K * Lambda, t: u**p}), evaluate=False),),
                identical(of_identities.doit(), objective.subs({x: K * Lambda, t: u**p})),
            ),
            Step(
                "With u = t^(1/p) the loss is stationary at u = 0 or where u^(p-2) (1 - u^p) = x.",
                (sp.Eq(sp.Derivative(in_u, u), p * u * (x - hump), evaluate=False),),
                identical(sp.diff(in_u, u), p * u * (x - hump)),
            ),
            Step(
                "That hump rises until u^p = (p-2)/(2p-2) and falls after it, so the loss has at most one local "
                "minimum besides u = 0: the larger root.",
                (sp.Eq(u * sp.Derivative(hump, u), turn),),
                identical(sp.diff(hump, u) * u, turn),
            ),
            Step(
                "At a stationary t the loss differs from 1/2, the loss of t = 0, by (t/2) (L - 1 - L t): it is lower "
                "iff t > (L-1)/L = t*_L.",
                (sp.Eq(at_stationary, lower, evaluate=False),),
                identical(at_stationary, lower),
            ),
            Step(
                "At t = t*_L the strength is x*_L. The larger root falls as x rises, so DNC is non-trivial iff K "
                "Lambda < x*_L.",
                (sp.Eq(sp.Symbol("x_L"), threshold),),
                identical(sp.expand_power_base((t ** ((L - 1) / (L + 1)) * (1 - t)).subs(t, (L - 1) / L)), threshold),
            ),
            Step(
                "For L = 1 the root is t = 1 - x: soft thresholding, phi_1(x) = x - x^2/2 for x <= 1, which is below "
                "1/2 by (1 - x)^2 / 2.",
                (sp.Eq(sp.Rational(1, 2) - one_layer, (1 - x) ** 2 / 2),),
                all_of(
                    identical((x**2 / 2 + x * t).subs(t, 1 - x), one_layer),
                    identical(sp.Rational(1, 2) - one_layer, (1 - x) ** 2 / 2),
                ),
            ),
        ),
    )
