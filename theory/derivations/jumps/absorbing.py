"""Sets of matrices of rank about r that SGD cannot leave, and why every chain of a certified case ends in B_1."""

from fractions import Fraction
from functools import reduce
from operator import add
from random import Random

import sympy as sp
from flint import fmpq, fmpq_mat

from dufm.theory.derivations.jumps.lemmas import (
    STARTS,
    batch_is_convex,
    eckart_young,
    end_layer,
    middle_layer,
    psd_difference,
    tails,
)
from dufm.theory.derivations.squared.lemmas import random_matrix
from dufm.theory.jumps.absorbing import DEPTHS, AbsorbingSet, balance_of_steps, conditions, shrinking
from dufm.theory.jumps.step import ball, gradients, imbalance, inner, product, step
from dufm.theory.proof.checks import Check, all_of, definition, every, identical, inference, instances, seeded, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import ECKART_YOUNG, SUBMULTIPLICATIVE, TRIANGLE, WEYL, quoted
from dufm.theory.proof.words import letters, same_words

x, y, k, q, eta, lam, C, a = sp.symbols("x y k q eta lambda C a", positive=True)
eps, rho, tau, t, s, D = sp.symbols("epsilon rho tau t s D", positive=True)

# A certified case, rounded from what solvers.jumps.absorbing finds.
EXAMPLE = AbsorbingSet(
    L=3,
    lam=Fraction(1, 10),
    a=Fraction(1),
    eta=Fraction(1, 25000),
    c=Fraction(1119, 1000),
    eps=Fraction(95, 10**5),
    t=Fraction(4, 100),
    m=(Fraction(505, 10**4), Fraction(301, 10**5)),
)


def _case(seed: int) -> tuple[list[fmpq_mat], int, int, Fraction, Fraction, Fraction]:
    """(layers, i, j, target, lambda, eta) with L = 3 or 4, sizes 1 to 3, small rationals."""
    rng = Random(seed)
    sizes = [rng.randint(1, 3) for _ in range(rng.choice((4, 5)))]
    layers = [random_matrix(rng, above, below) for below, above in zip(sizes, sizes[1:], strict=False)]
    target, strength, rate = (Fraction(rng.randint(1, 9), rng.randint(10, 90)) for _ in range(3))
    return layers, rng.randrange(sizes[-1]), rng.randrange(sizes[0]), target, strength, rate


def _moves(seed: int) -> bool:
    """||W'||^2 = k^2 ||W||^2 - 2 eta k x (x - y) + eta^2 ||g||^2 and W_{l+1}^T g_{l+1} = g_l W_l^T."""
    layers, i, j, target, strength, rate = _case(seed)
    moved, g = step(layers, [(i, j, target)], strength, rate), gradients(layers, i, j, target)
    out, keep = Fraction(str(product(layers)[i, j])), 1 - 2 * rate * strength
    for before, after, slope in zip(layers, moved, g, strict=True):
        wanted = (
            keep**2 * inner(before, before) - 2 * rate * keep * out * (out - target) + rate**2 * inner(slope, slope)
        )
        if inner(slope, before) != out * (out - target) or inner(after, after) != wanted:
            return False
    pairs = zip(layers, layers[1:], g, g[1:], strict=False)
    return all(above.transpose() * g_above == g_below * below.transpose() for below, above, g_below, g_above in pairs)


def _balance(seed: int) -> bool:
    """D_l' = k^2 D_l + eta^2 (g_{l+1}^T g_{l+1} - g_l g_l^T), for a batch of two entries too."""
    layers, i, j, target, strength, rate = _case(seed)
    batch = [(i, j, target), (0, 0, -target)][: 1 + seed % 2]
    parts = [gradients(layers, *entry) for entry in batch]
    g = [reduce(add, same) * fmpq(1, len(batch)) for same in zip(*parts, strict=True)]
    before, after = imbalance(layers), imbalance(step(layers, batch, strength, rate))
    keep = ball((1 - 2 * rate * strength) ** 2)
    return all(
        d_after == d * keep + (above.transpose() * above - below * below.transpose()) * ball(rate**2)
        for d, d_after, below, above in zip(before, after, g, g[1:], strict=False)
    )


def _starts_in(rng: Random) -> bool:
    """||g||^2 <= (x - y)^2 C^(L-1) with C the largest ||W||^2."""
    layers, i, j, target, _, _ = _case(rng.randrange(10**6))
    bound = max(inner(w, w) for w in layers) ** (len(layers) - 1)
    error = Fraction(str(product(layers)[i, j])) - target
    return all(inner(g, g) <= error**2 * bound for g in gradients(layers, i, j, target))


def _wanted(depth: int) -> list[Check]:
    """Each condition of theory.jumps.absorbing, against what a step asks for, at this depth."""
    c, m = sp.Symbol("c", positive=True), sp.symbols(f"m_1:{depth}", positive=True)
    C_, keep = c**2, 1 - 2 * eta * lam
    found = conditions(depth, lam, a, eta, c, eps, t, m, sp.Min)
    reach = a + c**depth
    push = eta * C_ ** (depth - 1)
    top = largest(keep, push, a)
    squares = [t**2 + eps, (t**2 + eps) ** 2 + eps * (t**2 + eps)]
    squares.append((m[0] * t**2 + c * eps + eps * m[0]) ** 2 + eps * m[1] ** 2)
    asked = {
        "k > 0": keep,
        "2k - q > 0": 2 * keep - push,
        "norm": (2 * keep - push) * (C_ - (keep**2 * C_ + eta * top)),
        "norm of critical points": C_ - a**2 / 4 / (2 * lam),
        "balance": eps - (keep**2 * eps + eta**2 * reach**2 * C_ ** (depth - 1)),
        "end layers": (t - (keep * t + eta * reach * m[-1])) / eta,
    }
    asked |= {f"m_{i}": bound**2 - square for i, (bound, square) in enumerate(zip(m, squares, strict=False), 1)}
    for layer in range(2, depth):
        m_p, m_s = m[depth - layer - 1], m[layer - 2]
        beside = sp.Min(m_p**2 * C_ ** (layer - 1), m_s**2 * C_ ** (depth - layer))
        along = keep * t + eta * reach * m_p * m_s
        asked[f"layer {layer}"] = t**2 - along**2 - eta**2 * reach**2 * beside
    # One that is missing on either side breaks the derivation.
    return [identical(sp.UnevaluatedExpr(found[name]), asked[name]) for name in {**asked, **found}]


def largest(keep: sp.Expr, push: sp.Expr, target: sp.Expr) -> sp.Expr:
    """The largest value of q (x - y)^2 - 2 k x (x - y) over x, at 2 k > q."""
    return keep**2 * target**2 / (2 * keep - push)


def absorbing_set() -> Derivation:
    """B_r(C, eps, tau) is left with probability 0, for every r at once."""
    quadratic = q * (x - y) ** 2 - 2 * k * x * (x - y)
    top = largest(k, q, y)
    W, W_t, V, V_t, g, g_t, f, f_t = letters("W_l W_l^T W_(l+1) W_(l+1)^T g_l g_l^T g_(l+1) g_(l+1)^T")
    u, u_t, v, v_t, w, w_t = letters("u_l u_l^T v_l v_l^T u_(l+1) v_(l+1)^T")
    S, E, F, P, R = letters("S D D' P P~")
    c, L = sp.symbols("c L", positive=True)
    moved, moved_t, above, above_t = k * W - eta * g, k * W_t - eta * g_t, k * V - eta * f, k * V_t - eta * f_t
    crossed = {V_t * f: g * W_t, f_t * V: W * g_t}
    # For tails W is the layer above the one with the tail P: W^T W = S + D, S P = P S P.
    above_tail = {W_t * W: S + E, S * P: P * S * P, P * P: P, V_t * V: W * W_t + F}
    return Derivation(
        name="absorbing-set",
        title="Sets that SGD with weight decay cannot leave",
        source="ours; statement after Wang and Jacot, arXiv 2305.16038, whose sets and constants differ",
        states="For deep linear networks on matrix completion, L = 3 or 4, lambda, eta > 0, k = 1 - 2 eta lambda > 0, "
        "targets in [-a, a], rho = a + C^(L/2), q = eta C^(L-1). If (1) q < 2k and (1 - k^2) C >= eta a^2 k^2 / (2k - "
        "q), C >= a^2 / (8 lambda); (2) (1 - k^2) eps >= eta^2 rho^2 C^(L-1); (3) 2 lambda tau^(1/2) >= rho m_{L-1}; "
        "(4) for 1 < l < L, p = L - l, s = l - 1: (k tau^(1/2) + eta rho m_p m_s)^2 + eta^2 rho^2 min(m_p^2 C^s, "
        "m_s^2 C^p) <= tau, then for every r every SGD step, with any entry or batch, maps B_r into itself; B_r "
        "contains every critical point of rank <= r, none of higher rank. If eps > eps* = eta^2 rho^2 C^(L-1) / (1 - "
        "k^2) and tau > (L-1) eps*, SGD that draws one of N entries a step, each with probability > 0, enters B_1 "
        "almost surely from ||W_l||^2 <= C. The whole batch never moves a critical point of rank two.",
        steps=(
            Step(
                "One entry, x = A_ij, y = A*_ij: g_l = (x - y) u_l v_l^T with u_l^T W_l v_l = x, u_l = W_{l+1}^T "
                "u_{l+1} and v_{l+1} = W_l v_l. So <g_l, W_l> = x (x - y), and W_{l+1}^T g_{l+1} = (x - y) u_l "
                "v_{l+1}^T = g_l W_l^T. The step is W_l' = k W_l - eta g_l, whose square is shown.",
                (),
                all_of(
                    definition("u_l, v_l and g_l"),
                    same_words((x - y) * u_t * W * v, x * (x - y), {u_t * W * v: x}),
                    same_words((x - y) * V_t * w * w_t, (x - y) * u * v_t * W_t, {V_t * w: u, v_t * W_t: w_t}),
                    same_words(moved_t * moved, k**2 * W_t * W - eta * k * (W_t * g + g_t * W) + eta**2 * g_t * g),
                    spots=[instances(range(24), _moves, "exact steps of random networks, seeds 0, ..., 23")],
                ),
                "step",
            ),
            Step(
                "(1) ||u_l|| ||v_l|| <= C^((L-1)/2), so ||W'||^2 <= k^2 C + eta (q (x - y)^2 - 2 k x (x - y)); for 2k "
                "> q the bracket is largest at x = (k - q) y / (2k - q). A batch averages its single steps, and a norm "
                "is convex.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(quadratic), top - (2 * k - q) * (x - (k - q) * y / (2 * k - q)) ** 2),
                    quoted(SUBMULTIPLICATIVE, spots=[seeded(_starts_in)]),
                    quoted(TRIANGLE, spots=[batch_is_convex()]),
                    inference("the square of a step", "step"),
                ),
                "norm",
            ),
            Step(
                "(2) Of D_l = W_{l+1}^T W_{l+1} - W_l W_l^T the terms of first order in eta cancel, for batches too: "
                "D_l' = k^2 D_l + eta^2 (g_{l+1}^T g_{l+1} - g_l g_l^T). A difference of matrices >= 0 lies between "
                "minus the one and the other, so is no larger than the larger, eta^2 rho^2 C^(L-1).",
                (),
                all_of(
                    same_words(
                        above_t * above - moved * moved_t,
                        k**2 * (V_t * V - W * W_t) + eta**2 * (f_t * f - g * g_t),
                        crossed,
                    ),
                    inference("g_{l+1} and g_l cross, entry by entry of a batch; -B <= A - B <= A", "step", "norm"),
                    spots=[instances(range(24), _balance, "exact steps, batches of one and two"), psd_difference()],
                ),
                "balance",
            ),
            Step(
                "Let P project on the left singular vectors of W_l past the r-th. P commutes with S = W_l W_l^T, |P S "
                "P| <= tau, and W^T W = S + D for the next layer W, |D| <= eps, V^T V = W W^T + D' for the one after. "
                "The three words shown bound |W P|^2 by m_1^2 = tau + eps, |V W P|^2 by m_2^2 = (tau + eps)^2 + eps "
                "m_1^2 and what a third layer makes of it by m_3^2 = (m_1 tau + C^(1/2) eps + eps m_1)^2 + eps m_2^2. "
                "The transposed network gives the same to the right.",
                (),
                all_of(
                    same_words(P * W_t * W * P, P * S * P + P * E * P, above_tail),
                    same_words(
                        P * W_t * V_t * V * W * P,
                        P * (S + E) * (S + E) * P + P * W_t * F * W * P,
                        {W_t * W: S + E, V_t * V: W * W_t + F},
                    ),
                    same_words(V_t * V * W * P, W * P * S * P + W * E * P + F * W * P, above_tail),
                    quoted(SUBMULTIPLICATIVE),
                    quoted(TRIANGLE),
                    inference("norms term by term", "balance"),
                    spots=[instances(STARTS, tails, f"{len(STARTS)} networks with rational singular vectors")],
                ),
                "tails",
            ),
            Step(
                "(3) First layer, t = tau^(1/2): Q = I - P leaves rank r, so sigma_{r+1}(W') <= |P W'| <= k t + eta "
                "rho m_{L-1} <= t, as u_1 passes L - 1 layers (D below is m_{L-1}); the last layer likewise, from the "
                "right.",
                (),
                all_of(
                    identical(
                        sp.UnevaluatedExpr((k * t + eta * rho * D).subs(k, 1 - 2 * eta * lam)),
                        t - eta * (2 * lam * t - rho * D),
                    ),
                    quoted(ECKART_YOUNG, spots=[eckart_young()]),
                    inference("the tail of a gradient", "step", "tails"),
                    spots=[instances(STARTS, end_layer, "exact steps of the first layer")],
                ),
                "ends",
            ),
            Step(
                "(4) In between P W = P W P~, so P W' has a part in P~, at most k s + eta rho m_p m_s with s = |P W|, "
                "and the one beside it shown, at most eta rho m_p C^((l-1)/2); squares add. The right-hand version "
                "swaps p and s. Both grow with s <= tau^(1/2).",
                (),
                all_of(
                    same_words(P * moved * (1 - R), -eta * P * g * (1 - R), {P * W * R: P * W}),
                    same_words(P * moved * R, k * P * W - eta * P * g * R, {P * W * R: P * W}),
                    quoted(ECKART_YOUNG),
                    quoted(TRIANGLE),
                    inference("|[X, Y]|^2 <= |X|^2 + |Y|^2", "step", "tails"),
                    spots=[instances(STARTS, middle_layer, "exact steps of the middle layer")],
                ),
                "middle",
            ),
            Step(
                "Critical points: 2 lambda W_l = -E g_l and step 1 make them balanced, D_l = 0, with 2 lambda "
                "||W_l||^2 = mean x (y - x) <= a^2/4, and every layer has the same rank and singular values. So rank "
                "<= r puts them in B_r. With rank > r and s = sigma_{r+1} <= tau^(1/2), singular vectors that line up "
                "give 2 lambda s <= rho s^(L-1), that is 2 lambda tau^(1/2) <= rho tau^((L-1)/2) < rho m_{L-1}: "
                "against (3).",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(x * (y - x)), y**2 / 4 - (x - y / 2) ** 2),
                    identical(sp.UnevaluatedExpr(a**2 / 4) / (2 * lam), a**2 / (8 * lam)),
                    identical((tau + eps) * sp.UnevaluatedExpr(tau + 2 * eps) - tau**2, 3 * tau * eps + 2 * eps**2),
                    signed(3 * tau * eps + 2 * eps**2, "positive symbols"),
                    inference("critical points are balanced", "step", "ends", "derivation schatten-objective"),
                ),
                "critical",
            ),
            Step(
                "Entry: draw one entry (i, j) n times. Rows of W_L but row i shrink by k^n, so sigma_2(W_L)^2 <= "
                "k^(2n) C; |D_l| <= k^(2n) C + (1 - k^(2n)) eps*; and by Weyl sigma_2(W_l)^2 <= sigma_2(W_{l+1})^2 + "
                "|D_l|. So sigma_2^2 <= L C k^(2n) + (L-1) eps* <= tau for n >= T = log(max(C / (eps - eps*), L C / "
                "(tau - (L-1) eps*))) / (-2 log k). From anywhere in the ball, which (1) keeps, B_1 is entered within "
                "T steps with probability >= N^(-T): within m T steps it is missed with probability <= (1 - "
                "N^(-T))^m.",
                (),
                all_of(
                    identical(
                        k**2 * sp.UnevaluatedExpr(q * D + (1 - q) * s) + (1 - k**2) * s,
                        k**2 * q * D + (1 - k**2 * q) * s,
                    ),
                    identical((1 - k**2) * balance_of_steps(L, eta, rho, c, k), eta**2 * rho**2 * c ** (2 * L - 2)),
                    identical(c**2 / sp.UnevaluatedExpr(shrinking(L, c, s, t)[0]) + D, s + D),
                    identical(
                        L * c**2 / sp.UnevaluatedExpr(shrinking(L, c, s, tau - (L - 1) * D)[1]) + (L - 1) * D, tau
                    ),
                    quoted(WEYL),
                    inference("the same draw T times in a row", "norm", "balance", "ends", "middle"),
                ),
            ),
            *(
                Step(
                    f"At L = {depth} the conditions as they are computed, with c^2 = C and t^2 = tau, are those of the "
                    "steps above; the norm's times 2k - q, that of the end layers over eta.",
                    (),
                    all_of(
                        *_wanted(depth), inference("read off", "norm", "balance", "tails", "ends", "middle", "critical")
                    ),
                )
                for depth in DEPTHS
            ),
            Step(
                f"The conditions can be met: L = 3, lambda = 1/10, a = 1, eta = 1/25000 with C = ({EXAMPLE.c})^2, eps "
                f"= {EXAMPLE.eps}, tau = ({EXAMPLE.t})^2.",
                (),
                every([EXAMPLE], lambda found: found.holds and found.separates, "every condition in rational numbers"),
            ),
        ),
    )
