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
from dufm.theory.jumps.absorbing import AbsorbingSet
from dufm.theory.jumps.step import ball, gradients, imbalance, inner, product, step
from dufm.theory.proof.checks import all_of, every, identical, standard
from dufm.theory.proof.derivation import Derivation, Step

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


def absorbing_set() -> Derivation:
    """B_r(C, eps, tau) is left with probability 0, for every r at once."""
    quadratic = q * (x - y) ** 2 - 2 * k * x * (x - y)
    top = k**2 * y**2 / (2 * k - q)
    return Derivation(
        name="absorbing-set",
        title="Sets that SGD with weight decay cannot leave",
        source="ours; statement after Wang and Jacot, arXiv 2305.16038, whose sets and constants differ",
        states="L = 3 or 4, lambda, eta > 0, k = 1 - 2 eta lambda > 0, targets in [-a, a], rho = a + C^(L/2), q = eta "
        "C^(L-1). If (1) q < 2k and (1 - k^2) C >= eta a^2 k^2 / (2k - q), C >= a^2 / (8 lambda); (2) (1 - k^2) eps >= "
        "eta^2 rho^2 C^(L-1); (3) 2 lambda tau^(1/2) >= rho m_{L-1}; (4) for 1 < l < L, p = L - l, s = l - 1: (k "
        "tau^(1/2) + eta rho m_p m_s)^2 + eta^2 rho^2 min(m_p^2 C^s, m_s^2 C^p) <= tau, then for every r every SGD "
        "step, with any entry or batch, maps B_r into itself; B_r contains every critical point of rank <= r and none "
        "of higher rank. If eps > eps* = eta^2 rho^2 C^(L-1) / (1 - k^2) and tau > (L-1) eps*, SGD that draws one of N "
        "entries a step, each with probability > 0, enters B_1 almost surely from ||W_l||^2 <= C. For batches this is "
        "not so: with the whole batch a critical point of rank two never moves.",
        steps=(
            Step(
                "One entry, x = A_ij, y = A*_ij: g_l = (x - y) u_l v_l^T with u_l^T W_l v_l = x, so <g_l, W_l> = x (x "
                "- y), and W_{l+1}^T g_{l+1} = (x - y) u_l v_{l+1}^T = g_l W_l^T.",
                (
                    sp.Eq(
                        sp.Symbol("|W'|^2"),
                        k**2 * sp.Symbol("|W|^2") - 2 * eta * k * x * (x - y) + eta**2 * sp.Symbol("|g|^2"),
                        evaluate=False,
                    ),
                ),
                every(list(range(24)), _moves, "exact steps of random rational networks, seeds 0, ..., 23"),
            ),
            Step(
                "(1) ||u_l|| ||v_l|| <= C^((L-1)/2), so ||W'||^2 <= k^2 C + eta (q (x - y)^2 - 2 k x (x - y)); for 2k "
                "> q the bracket is largest at x = (k - q) y / (2k - q). A batch averages its single steps, and a norm "
                "is convex.",
                (sp.Eq(quadratic, top - (2 * k - q) * (x - (k - q) * y / (2 * k - q)) ** 2, evaluate=False),),
                all_of(
                    identical(quadratic, top - (2 * k - q) * (x - (k - q) * y / (2 * k - q)) ** 2),
                    standard("the operator norm is submultiplicative and at most the Frobenius norm", _starts_in),
                    batch_is_convex(),
                ),
            ),
            Step(
                "(2) Of D_l = W_{l+1}^T W_{l+1} - W_l W_l^T the terms of first order in eta cancel, for batches too; "
                "what is left is a difference of G_1 = g_{l+1}^T g_{l+1} and G_2 = g_l g_l^T, both >= 0, so no larger "
                "than the larger of them, eta^2 rho^2 C^(L-1).",
                (sp.Eq(sp.Symbol("D'"), k**2 * D + eta**2 * (sp.Symbol("G_1") - sp.Symbol("G_2")), evaluate=False),),
                all_of(
                    every(list(range(24)), _balance, "exact steps, batches of one and two, seeds 0, ..., 23"),
                    psd_difference(),
                ),
            ),
            Step(
                "Let P project on the left singular vectors of W_l past the r-th. P commutes with S = W_l W_l^T, and "
                "W_{l+1}^T W_{l+1} = S + D: p further layers change P by at most m_1^2 = tau + eps, m_2^2 = |P (S + "
                "D)^2 P| + eps m_1^2 <= (tau + eps)(tau + 2 eps), m_3^2 = (m_1 (tau + eps) + C^(1/2) eps)^2 + eps "
                "m_2^2. The transposed network gives the same to the right.",
                (sp.Eq((tau + eps) ** 2 + eps * (tau + eps), (tau + eps) * (tau + 2 * eps), evaluate=False),),
                all_of(
                    identical((tau + eps) ** 2 + eps * (tau + eps), (tau + eps) * (tau + 2 * eps)),
                    every(
                        list(STARTS), tails, f"networks with rational singular vectors, seeds 0, ..., {len(STARTS) - 1}"
                    ),
                ),
            ),
            Step(
                "(3) First layer, t = tau^(1/2): Q = I - P leaves rank r, so sigma_{r+1}(W') <= |P W'| <= k t + eta "
                "rho m_{L-1} <= t, as u_1 passes L - 1 layers (D below is m_{L-1}); the last layer likewise, from the "
                "right.",
                (sp.Eq(k * t + eta * rho * D, t - (2 * lam * eta * t - eta * rho * D), evaluate=False),),
                all_of(
                    identical((k * t + eta * rho * D).subs(k, 1 - 2 * eta * lam), t - eta * (2 * lam * t - rho * D)),
                    eckart_young(),
                    every(list(STARTS), end_layer, "exact steps of the first layer"),
                ),
            ),
            Step(
                "(4) In between P W = P W P~, so P W' has a part in P~, at most k s + eta rho m_p m_s with s = |P W|, "
                "and one beside it, at most eta rho m_p C^((l-1)/2); squares add. The right-hand version swaps p and "
                "s. Both grow with s <= tau^(1/2).",
                (),
                every(list(STARTS), middle_layer, "exact steps of the middle layer"),
            ),
            Step(
                "Critical points: 2 lambda W_l = -E g_l and step 1 make them balanced, D_l = 0, with 2 lambda "
                "||W_l||^2 = mean x (y - x) <= a^2/4, and every layer has the same rank and singular values. So rank "
                "<= r puts them in B_r. With rank > r and s = sigma_{r+1} <= tau^(1/2), singular vectors that line up "
                "give 2 lambda s <= rho s^(L-1), that is 2 lambda tau^(1/2) <= rho tau^((L-1)/2) < rho m_{L-1}: "
                "against (3).",
                (sp.Eq(x * (y - x), y**2 / 4 - (x - y / 2) ** 2, evaluate=False),),
                all_of(
                    identical(x * (y - x), y**2 / 4 - (x - y / 2) ** 2),
                    identical((a**2 / 4) / (2 * lam), a**2 / (8 * lam)),
                    identical((tau + eps) * (tau + 2 * eps) - tau**2, 3 * tau * eps + 2 * eps**2),
                ),
            ),
            Step(
                "Entry: draw one entry (i, j) n times. Rows of W_L but row i shrink by k^n, so sigma_2(W_L)^2 <= "
                "k^(2n) C; |D_l| <= k^(2n) C + (1 - k^(2n)) eps*; and by Weyl sigma_2(W_l)^2 <= sigma_2(W_{l+1})^2 + "
                "|D_l|. So sigma_2^2 <= L C k^(2n) + (L-1) eps* <= tau for n >= T = log(max(C / (eps - eps*), L C / "
                "(tau - (L-1) eps*))) / (-2 log k). From anywhere in the ball, which (1) keeps, B_1 is entered within "
                "T steps with probability >= N^(-T): within m T steps it is missed with probability <= (1 - "
                "N^(-T))^m.",
                (sp.Eq(k**2 * (q * D + (1 - q) * s) + (1 - k**2) * s, k**2 * q * D + (1 - k**2 * q) * s),),
                identical(k**2 * (q * D + (1 - q) * s) + (1 - k**2) * s, k**2 * q * D + (1 - k**2 * q) * s),
            ),
            Step(
                f"The conditions can be met: L = 3, lambda = 1/10, a = 1, eta = 1/25000 with C = ({EXAMPLE.c})^2, eps "
                f"= {EXAMPLE.eps}, tau = ({EXAMPLE.t})^2.",
                (),
                every([EXAMPLE], lambda found: found.holds and found.separates, "every condition in rational numbers"),
            ),
        ),
    )
