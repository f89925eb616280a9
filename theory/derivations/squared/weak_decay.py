"""Weak decay: what the least loss becomes as x -> 0, whatever the output, and when three classes collapse there."""

from typing import Any

import sympy as sp

from dufm.theory.derivations.squared.lemmas import am_gm
from dufm.theory.proof.checks import all_of, compared, definition, every, identical, inference, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import SUBMULTIPLICATIVE, WEYL, quoted
from dufm.theory.proof.words import letters, same_words
from dufm.theory.squared.head32 import RankTwoHead
from dufm.theory.squared.phi import objective
from dufm.theory.squared.structure import HeadCost, against_collapse, full_weights

CLASSES, LAST = 3, 3

K, p, x, C, Lambda, t, rest = sp.symbols("K p x C Lambda t r", positive=True)
delta, less = sp.symbols("delta e", nonnegative=True)


def weak_decay() -> Derivation:
    """The least loss over DNC's tends to C(K, L)/K as x -> 0; that is 1 for K = 3 exactly if L <= 3."""
    W, _W_t, Z, inverse, F = letters("W_L W_L^T Z Z^(-1) F")
    shrunk = (1 - delta) ** (2 / p)
    loss = p / 2 * x * shrunk
    head = RankTwoHead().cost(CLASSES, LAST + 1)
    L, h = sp.symbols("L h", positive=True)
    less_deep: Any = against_collapse(HeadCost(h, head.q), CLASSES, L)
    more: Any = against_collapse(HeadCost(h, head.q), CLASSES, L + 1)
    return Derivation(
        name="weak-decay",
        title="Weak decay: one number C(K, L) a cell, and three classes",
        source="ours",
        states="Let C(K, L) be the infimum of the costs of networks with output I, of all widths or of one width >= "
        "K. For every K >= 2, L >= 1 the least loss over that of DNC tends to C(K, L)/K as x = K Lambda -> 0, "
        "whatever the outputs. For K = 3 the limit is 1 for L = 1, 2, 3 at every width >= 3, and below 1 for every L "
        ">= 4 at every width >= 4: to first order in x DNC is optimal for three classes exactly up to three layers.",
        steps=(
            Step(
                "p = L + 1. One sample a class is enough. A network has factors theta_i, output Z, loss ||Z - "
                "I||^2/(2K) + sum_i lambda_i ||theta_i||^2/2, and Pi is the product of its p squared norms. C(K, L)^p "
                "is the infimum of Pi where Z = I.",
                (),
                all_of(definition("Pi, C(K, L)"), inference("one sample", "derivation reductions")),
                "names",
            ),
            Step(
                "A network with output I and cost C has least loss phi_L(C Lambda) over its scales, which is at most "
                "the value at t = 1, (p/2) C Lambda. So no least loss is above (p/2) C(K, L) Lambda <= (p/2) x, as DNC "
                "has C = K.",
                (),
                all_of(
                    identical(sp.Subs(objective(t, C * Lambda, p), t, 1), p / 2 * C * Lambda),
                    inference("an infimum", "names", "derivation reductions", "derivation dnc"),
                ),
                "above",
            ),
            Step(
                "A network of loss at most (p/2) x has ||Z - I||^2 <= K p x: |Z - I| <= delta = sqrt(K p x), which is "
                "below 1 for small x.",
                (),
                all_of(
                    identical(2 * K * sp.UnevaluatedExpr(p / 2 * x), K * p * x),
                    quoted(SUBMULTIPLICATIVE),
                    inference("the regulariser is >= 0", "names"),
                ),
                "near",
            ),
            Step(
                "Then the singular values of Z are at least 1 - delta, and the last factor Z^(-1) W_L gives the output "
                "I. Its norm is at most ||W_L||/(1 - delta): Pi/(1 - delta)^2 >= C(K, L)^p.",
                (),
                all_of(
                    same_words(inverse * W * F, 1, {W * F: Z, inverse * Z: 1}),
                    quoted(WEYL),
                    quoted(SUBMULTIPLICATIVE),
                    inference("the other factors are as before", "near", "names"),
                ),
                "turned",
            ),
            Step(
                "The p terms lambda_i ||theta_i||^2 have product Lambda^p Pi: by AM-GM the loss is at least (p/2) "
                "Lambda Pi^(1/p) >= (p/2) C(K, L) Lambda r^(2/p), r = 1 - delta.",
                (),
                all_of(
                    am_gm(),
                    identical(
                        sp.UnevaluatedExpr(Lambda * C * rest ** (2 / p)) ** p,
                        Lambda**p * C**p * rest**2,
                    ),
                    inference("regulariser alone", "turned", "names"),
                ),
                "below",
            ),
            Step(
                "DNC's own loss phi_L(x), at its minimiser t, is at most (p/2) x, so (1 - t)^2 <= p x <= delta^2 and t "
                ">= 1 - delta: it is at least (p/2) x (1 - delta)^(2/p).",
                (),
                all_of(
                    identical(2 * sp.UnevaluatedExpr(objective(1, x, p)), p * x),
                    identical(
                        objective(1 - delta, x, p) - delta**2 / 2,
                        sp.UnevaluatedExpr(loss),
                    ),
                    identical(sp.UnevaluatedExpr(K * p * x) - p * x, (K - 1) * p * x),
                    signed((1 + less) * p * x, "K - 1 = 1 + e"),
                    inference("t^(2/p) rises with t", "above", "derivation dnc"),
                ),
                "dnc",
            ),
            Step(
                "So the least loss over DNC's lies between C(K, L)/K times (1 - delta)^(2/p) and divided by it, and "
                "delta -> 0 as x -> 0.",
                (),
                all_of(
                    identical(p / 2 * C * Lambda * shrunk / (p / 2 * K * Lambda), C / K * shrunk),
                    identical(p / 2 * C * Lambda / (p / 2 * K * Lambda * shrunk), C / K / shrunk),
                    identical(sp.Limit(shrunk, delta, 0), 1),
                    identical(sp.Limit(sp.sqrt(K * p * x), x, 0), 0),
                    inference("the bounds divided", "above", "below", "dnc"),
                ),
                "limit",
            ),
            Step(
                f"K = {CLASSES}: C(3, L) = 3 for L = 1, 2, {LAST}, where no network with output I costs less and DNC "
                "costs that.",
                (),
                inference(
                    "both bounds agree",
                    "limit",
                    "derivation lower-bound",
                    "derivation two-layers",
                    "derivation three-layers",
                    "derivation dnc",
                ),
                "three",
            ),
            Step(
                f"From L = {LAST + 1} on C(3, L) < 3 at width >= 4: the head of rank {head.q} has C^(L+1) = h q^(L-3) "
                f"< 3^(L+1) at L = {LAST + 1}, and one more layer, {head.q} wide, multiplies (C/K)^(L+1) by q/K < 1.",
                (),
                all_of(
                    compared(against_collapse(head, CLASSES, LAST + 1), "exact algebraic numbers"),
                    compared(sp.Lt(sp.UnevaluatedExpr(sp.Rational(head.q, CLASSES)), 1, evaluate=False), "q < K"),
                    identical(more.lhs / more.rhs / (less_deep.lhs / less_deep.rhs), sp.Rational(head.q, CLASSES)),
                    every([LAST + 1], _narrow, "its hidden layers at L = 4 are at most 4 wide"),
                    inference("cost of a head", "limit", "derivation head"),
                ),
            ),
        ),
    )


def _narrow(L: int) -> bool:
    hidden = full_weights(RankTwoHead().weights(CLASSES, L), L)[:-1]
    return max(w.nrows() for w in hidden) == CLASSES + 1
