"""Direct sums: a win at K_0 classes is a win at every K >= K_0, at the same x = K Lambda."""

from random import Random

import sympy as sp
from flint import fmpq_mat

from dufm.theory.derivations.squared.lemmas import random_matrix
from dufm.theory.problem import Problem
from dufm.theory.proof.checks import all_of, every, identical, standard
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.rational import block_diagonal
from dufm.theory.squared.head32 import RankTwoHead

K, K_b, lam, Lambda, p, x, y, t = sp.symbols("K K_b lambda Lambda p x y t", positive=True)
fit, size, C_0, K_0 = sp.symbols("z s C_0 K_0", positive=True)


def direct_sum() -> Derivation:
    """best_K(Lambda) <= sum_b (K_b/K) best_{K_b}(K Lambda/K_b), and what the K = 3 head makes of it."""
    block = fit / (2 * K) + lam * size / 2
    own = K_b / K * (fit / (2 * K_b) + (K * lam / K_b) * size / 2)
    loss = (1 - t) ** 2 / 2 + p / 2 * x * t ** (2 / p)
    member = RankTwoHead().cost(3, 4).h
    return Derivation(
        name="direct-sum",
        title="Direct sums: one winning block settles every larger number of classes",
        source="ours",
        states="If weights for K_0 classes have loss below phi_L(x) at some x = K_0 Lambda_0, then for every K >= K_0 "
        "weights have loss below phi_L(x) at the same x = K Lambda. If a structure for K_0 classes has C_0 < K_0 at "
        "depth L, DNC is not globally optimal at depth L for any K >= K_0 and any Lambda below collapse. With the "
        "rank-2 head of K_0 = 3: for no K >= 3 and L >= 4.",
        steps=(
            Step(
                "Block-diagonal factors give a block-diagonal output, and relu acts block by block; squared norms and "
                "squared errors add.",
                (),
                standard("output and norms of block-diagonal factors", _blocks_split),
            ),
            Step(
                "A block of K_b classes with squared error z and squared norm s (any factor) contributes the left "
                "side. It is K_b / K times its own loss "
                "at strength K lambda / K_b.",
                (sp.Eq(block, own),),
                identical(block, own),
            ),
            Step(
                "All factors' strengths grow by K / K_b, so Lambda does too, and x_b = K_b Lambda_b = K Lambda: all "
                "blocks see the same x.",
                (sp.Eq(sp.Symbol("x_b"), K * Lambda),),
                all_of(
                    identical(((K / K_b) ** p * Lambda**p) ** (1 / p), K / K_b * Lambda),
                    identical(K_b * (K / K_b * Lambda), K * Lambda),
                ),
            ),
            Step(
                "Take one block of K_0 classes with cost C_0 < K_0 and DNC on each other class. The loss is the mean "
                "(K_0/K) phi_L(C_0 x / K_0) + (1 - K_0/K) phi_L(x).",
                (sp.Lt(sp.Function("phi")(C_0 / K_0 * x), sp.Function("phi")(x)),),
                identical(C_0 * (K / K_0 * Lambda), C_0 / K_0 * (K * Lambda)),
            ),
            Step(
                "phi_L(y) < phi_L(x) for y < x below collapse: at the minimiser t > 0 of x, lowering x to y lowers "
                "the function minimised. "
                "So the mean is below phi_L(x), the loss of DNC.",
                (sp.Eq(loss - loss.subs(x, y), p / 2 * (x - y) * t ** (2 / p)),),
                identical(loss - loss.subs(x, y), p / 2 * (x - y) * t ** (2 / p)),
            ),
            Step(
                "The K = 3 head of rank 2 has C^(L+1) = h 2^(L-3) with the h below: less than 3^5 / 2, so C < 3 at L "
                "= 4, and one more layer "
                "multiplies (C/3)^(L+1) by 2/3.",
                (sp.Lt(2 * sp.UnevaluatedExpr(member), 3**5, evaluate=False),),
                every([member], lambda h: bool(2 * h < 3**5), "exact rational"),
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
