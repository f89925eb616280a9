"""Direct sums: a win at K_0 classes is a win at every K >= K_0, at the same x = K Lambda."""

from random import Random
from typing import Any

import sympy as sp
from flint import fmpq_mat

from dufm.theory.derivations.squared.lemmas import random_matrix
from dufm.theory.problem import Problem
from dufm.theory.proof.checks import all_of, compared, identical, inference, seeded, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.words import letters, same_words
from dufm.theory.rational import block_diagonal
from dufm.theory.squared.head32 import RankTwoHead
from dufm.theory.squared.phi import objective
from dufm.theory.squared.structure import HeadCost, against_collapse

K, K_b, lam, Lambda, p, x, y, t = sp.symbols("K K_b lambda Lambda p x y t", positive=True)
fit, size, C_0, K_0 = sp.symbols("z s C_0 K_0", positive=True)


def direct_sum() -> Derivation:
    """best_K(Lambda) <= sum_b (K_b/K) best_{K_b}(K Lambda/K_b), and what the K = 3 head makes of it."""
    block = fit / (2 * K) + lam * size / 2
    own = K_b / K * (fit / (2 * K_b) + (K * lam / K_b) * size / 2)
    loss = objective(t, x, p)
    classes, depth = 3, 4
    head = RankTwoHead().cost(classes, depth)
    A, A_t, B, B_t, F, G = letters("A A^T B B^T F G")
    L, h = sp.symbols("L h", positive=True)
    less_deep: Any = against_collapse(HeadCost(h, head.q), classes, L)
    more: Any = against_collapse(HeadCost(h, head.q), classes, L + 1)
    own_loss, dnc, less = sp.symbols("l_0 phi d", positive=True)
    mixed = K_0 / K * own_loss + (1 - K_0 / K) * dnc
    return Derivation(
        name="direct-sum",
        title="Direct sums: one winning block settles every larger number of classes",
        source="ours",
        states="If weights for K_0 classes have loss below phi_L(x) at some x = K_0 Lambda_0, then for every K >= K_0 "
        "weights have loss below phi_L(x) at the same x = K Lambda. If a structure for K_0 classes has C_0 < K_0 at "
        "depth L, DNC is not globally optimal at depth L for any K >= K_0 and any Lambda below collapse. With the "
        f"rank-{head.q} head of K_0 = {classes}: for no K >= {classes} and L >= {depth}.",
        steps=(
            Step(
                "Block-diagonal factors give a block-diagonal output, and relu acts block by block; squared norms and "
                "squared errors add.",
                (),
                all_of(
                    same_words((A + B) * (F + G), A * F + B * G, {A * G: 0, B * F: 0}),
                    same_words((A + B) * (A_t + B_t), A * A_t + B * B_t, {A * B_t: 0, B * A_t: 0}),
                    spots=[seeded(_blocks_split, what="networks of two blocks")],
                ),
                "blocks",
            ),
            Step(
                "A block of K_b classes with squared error z and squared norm s (any factor) contributes the left "
                "side. It is K_b / K times its own loss "
                "at strength K lambda / K_b.",
                (),
                all_of(identical(sp.UnevaluatedExpr(block), own), inference("sums of blocks", "blocks")),
                "share",
            ),
            Step(
                "All factors' strengths grow by K / K_b, so Lambda does too, and x_b = K_b Lambda_b = K Lambda: all "
                "blocks see the same x.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr((K / K_b) ** p * Lambda**p) ** (1 / p), K / K_b * Lambda),
                    identical(K_b * sp.UnevaluatedExpr(K / K_b * Lambda), K * Lambda),
                ),
                "same x",
            ),
            Step(
                "Weights for K_0 classes of loss l_0 at x as one block, DNC on each other class: the loss is the mean "
                "shown. If l_0 = phi_L(x) - d with d > 0, it is below phi_L(x) by K_0 d / K.",
                (),
                all_of(
                    identical(dnc - sp.UnevaluatedExpr(mixed.subs(own_loss, dnc - less)), K_0 / K * less),
                    signed(K_0 / K * less, "positive symbols"),
                    inference("blocks weighted by their shares", "share", "same x", "derivation dnc"),
                ),
                "mean",
            ),
            Step(
                "A block of cost C_0 < K_0 has l_0 = phi_L(y), y = C_0 x / K_0 < x.",
                (),
                all_of(
                    identical(C_0 * sp.UnevaluatedExpr(K / K_0 * Lambda), C_0 / K_0 * (K * Lambda)),
                    inference("loss of an output t I", "same x", "derivation reductions"),
                ),
                "cost",
            ),
            Step(
                "phi_L(y) < phi_L(x) for y < x below collapse: at the minimiser t > 0 of x, lowering x to y lowers "
                "the function minimised. "
                "So the mean is below phi_L(x), the loss of DNC.",
                (),
                all_of(
                    identical(loss - loss.subs(x, y), (x - y) * sp.diff(loss, x)),
                    signed(less * sp.diff(loss, x), "d = x - y > 0"),
                    inference("the mean, with l_0 < phi_L(x)", "mean", "cost"),
                ),
            ),
            Step(
                f"The K = {classes} head of rank {head.q} has the C^(L+1) = h q^(L-3) below at L = {depth}: less than "
                f"K^(L+1), so C < K there, and one more layer multiplies (C/K)^(L+1) by q/K < 1.",
                (),
                all_of(
                    compared(against_collapse(head, classes, depth), "exact rationals"),
                    compared(sp.Lt(sp.UnevaluatedExpr(sp.Rational(head.q, classes)), 1, evaluate=False), "q < K"),
                    identical(more.lhs / more.rhs / (less_deep.lhs / less_deep.rhs), sp.Rational(head.q, classes)),
                    inference("cost of a head", "derivation head"),
                ),
            ),
        ),
    )


def _blocks_split(rng: Random) -> bool:
    sizes, depth, lam = (2, 3), rng.randint(1, 4), sp.Rational(rng.randint(1, 9), 10)
    total = sum(sizes)
    parts: list[list[fmpq_mat]] = []
    mean = 0
    for k in sizes:
        own = Problem.of(k, depth, str(lam * total / k), width=k)
        weights = [random_matrix(rng, *shape) for shape in own.shapes]
        parts.append(weights)
        mean += own.objective(weights) * k / total
    whole = Problem.of(total, depth, str(lam), width=total)
    return whole.objective([block_diagonal([part[i] for part in parts]) for i in range(depth + 1)]) == mean
