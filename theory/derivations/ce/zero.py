"""Cross-entropy: when zero weights are the only global minimiser, and where collapse beats them as a saddle."""

from random import Random
from typing import Any

import sympy as sp
from flint import arb, fmpq

from dufm.theory.ce.hessian import psd_scale
from dufm.theory.ce.numbers import working
from dufm.theory.derivations.ce.reduction import trace_bound
from dufm.theory.derivations.squared.lemmas import random_rational
from dufm.theory.proof.checks import (
    Check,
    all_of,
    every,
    identical,
    inference,
    instances,
    named,
    positive_beyond,
    seeded,
    signed,
)
from dufm.theory.proof.derivation import Derivation, Step

K, L, S, lam, mu, w, x, t, log = sp.symbols("K L S Lambda mu w x t log_K", positive=True)
p = 2 / (L + 1)
K_END = 60
WINDOW_CLASSES, WINDOW_DEPTHS = range(6, K_END + 1), range(2, 37)


def _tangent(size: int) -> bool:
    """-K grad CE(0) = I - J/K, from the definition."""
    free = sp.symbols(f"z:{size * size}")
    z: Any = sp.Matrix(size, size, free)
    fit = sum(sp.log(sum(sp.exp(z[j, i]) for j in range(size))) - z[i, i] for i in range(size)) / size
    at_zero = dict.fromkeys(free, 0)
    return all(
        sp.diff(fit, z[j, i]).subs(at_zero) == (sp.Rational(1, size) - int(i == j)) / size
        for i in range(size)
        for j in range(size)
    )


def _share_bound() -> Check:
    """q^p >= q for 0 <= q <= 1, p = 2/M; here q = r^M, so q^p = r^2."""

    def holds(rng: Random) -> bool:
        root, factors = random_rational(rng), rng.randint(2, 9)
        root = min(root, 1 / root)
        return root**2 >= root**factors

    # q = e^(-s), s >= 0, and L = 1 + m: q^p / q = e^(s (1 - p)), with 1 - p = m / (m + 2).
    s, m = sp.symbols("s m", nonnegative=True)
    return all_of(
        identical(sp.log(sp.exp(-s) ** (2 / (m + 2)) / sp.exp(-s)), s * sp.UnevaluatedExpr(m / (m + 2))),
        signed(s * m / (m + 2), "s, m >= 0"),
        spots=[seeded(holds)],
    )


def loss_at_threshold(classes: int, layers: int) -> arb:
    """Loss of DNC at the scale where its Hessian ceases to be PSD, at flint's current precision; K >= 4, L >= 2."""
    scale = psd_scale(classes, layers)
    soft = (classes - 1) / (arb(fmpq(int(scale.p), int(scale.q))).exp() + classes - 1)
    return -(1 - soft).log() + arb(fmpq(classes * (layers - 1), 2)) * soft


def in_window(classes: int, layers: int) -> bool:
    """Whether DNC at lambda_PSD costs less than zero weights, rigorously."""
    with working(30):
        return bool(loss_at_threshold(classes, layers) < arb(classes).log())


def ce_zero() -> Derivation:
    """Zero weights win alone for (L+1)/2 Lambda > K^(-p) (log K)^(1-p); collapse can be a saddle that beats them."""
    soft = (K - 1) / (sp.exp(x) + K - 1)
    fit, pull = sp.log(1 + (K - 1) * sp.exp(-x)), x ** ((L - 1) / (L + 1)) / (sp.exp(x) + K - 1)
    at_scale = (L + 1) / 2 * pull * (K - 1) * x**p
    tail = t**2 * sp.exp(-t / 3)
    return Derivation(
        name="ce-zero",
        title="Cross-entropy: zero weights, and collapse as a saddle",
        source="ours",
        states="For every K >= 2, L >= 1, zero weights are a global minimiser if mu = (L+1)/2 Lambda >= K^(-p) (log "
        "K)^(1-p), p = 2/(L+1), and the only one if >; so at fixed Lambda they are for every L + 1 > 2 max(1, log K)/"
        "Lambda: depth must be compared at fixed mu. At L = 1 the bound is exact. For K >= 6 and 2 <= L <= 36 there "
        "are strengths at which DNC costs less than zero weights and is a strict saddle.",
        steps=(
            Step(
                "CE is convex in the logits (ce-reduction, step 1), so it lies above its tangent at 0: log K - CE(Z) "
                "<= (1/K) <I - J/K, Z> <= S/K, S = sum sigma_i.",
                (),
                # At 0 the softmax is 1/K: a column of K grad CE is 1/K off the class and 1/K - 1 on it.
                all_of(
                    identical(sp.exp(0) / sp.UnevaluatedExpr(K * sp.exp(0)), 1 / K),
                    trace_bound(),
                    inference("a convex function lies above its tangent", "derivation ce-reduction"),
                    spots=[instances(range(2, 5), _tangent, "gradient at 0, symbolic Z, K = 2, 3, 4")],
                ),
                "tangent",
            ),
            Step(
                "Also log K - CE(Z) < log K. The least of two numbers is at most their weighted geometric mean, so "
                "the gain over zero weights is at most the right side.",
                (),
                all_of(
                    identical(log ** (1 - p) * sp.UnevaluatedExpr(S / K) ** p, log * (S / K / log) ** p),
                    inference("the least is at most a weighted geometric mean", "tangent"),
                ),
                "gain",
            ),
            Step(
                "sum sigma^p >= S^p, as (sigma_i/S)^p >= sigma_i/S for p <= 1. So logits other than 0 cost more than "
                "zero weights if mu S^p exceeds that bound: mu > K^(-p) (log K)^(1-p), whatever S.",
                (),
                all_of(
                    _share_bound(),
                    identical(log ** (1 - p) * (S / K) ** p / sp.UnevaluatedExpr(S) ** p, log ** (1 - p) * K ** (-p)),
                    inference("penalty against gain", "gain"),
                ),
                "bound",
            ),
            Step(
                "With mu_0 this bound: at L = 1, p = 1 and mu = Lambda, so it is Lambda >= 1/K, which is where DNC "
                "leaves zero (ce-reduction).",
                (),
                all_of(
                    named(sp.Symbol("mu_0"), log ** (1 - p) * K ** (-p)),
                    identical(sp.Subs(log ** (1 - p) * K ** (-p), L, 1), 1 / K),
                    inference("DNC leaves zero there", "bound", "derivation ce-reduction"),
                ),
            ),
            Step(
                "K^(-p) (log K)^(1-p) <= max(1, log K), being a weighted geometric mean of 1/K <= 1 and log K; with "
                "mu = (L+1)/2 Lambda the condition holds once L + 1 > 2 max(1, log K)/Lambda.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(1 / K) ** p * log ** (1 - p), K ** (-p) * log ** (1 - p)),
                    positive_beyond(K - 1, K, 2),
                    inference("a weighted geometric mean is at most the larger", "bound"),
                ),
            ),
            Step(
                "Collapse at lambda_PSD, scale x = K (L-1)/(L+1) (ce-hessian), w = (K-1)/(e^x + K - 1): its loss is "
                "-log(1-w) + K (L-1) w/2.",
                (),
                all_of(
                    named(sp.Symbol("F"), -sp.log(1 - w) + K * (L - 1) * w / 2),
                    identical(sp.exp(fit) * sp.UnevaluatedExpr(1 - soft), 1),
                    identical(sp.powsimp(at_scale, force=True), (L + 1) / 2 * x * soft),
                    identical(sp.Subs((L + 1) / 2 * x * w, x, K * (L - 1) / (L + 1)), K * (L - 1) * w / 2),
                    inference("strength and scale at the threshold", "derivation ce-hessian", "derivation ce-dnc"),
                ),
                "loss",
            ),
            Step(
                "That is < log K for K = 6, ..., 60, L = 2, ..., 36, by balls. Beyond, x >= K/3 and w < K e^(-K/3) <= "
                "1/2, so the loss is below 2 w + 35 K w/2 <= 20 K^2 e^(-K/3), which falls for K > 6 and is < 1 < log "
                "K at K = 60.",
                (),
                all_of(
                    inference("the loss at the threshold", "loss"),
                    every(
                        [(k, m) for k in WINDOW_CLASSES for m in WINDOW_DEPTHS],
                        lambda case: in_window(*case),
                        f"balls, K = 6, ..., {K_END}, L = 2, ..., {WINDOW_DEPTHS[-1]}",
                    ),
                    identical(sp.Derivative(tail, t), t * (6 - t) * sp.exp(-t / 3) / 3),
                    positive_beyond(20 * K**2, K, K_END, than=2 * K + sp.Rational(35, 2) * K**2),
                    every(
                        [(K_END, arb(-20))],
                        lambda v: bool(20 * v[0] ** 2 * v[1].exp() < 1),
                        f"20 {K_END}^2 e^(-20) < 1",
                    ),
                    # (L-1)/(L+1) grows with L from 1/3 at L = 2; -log(1-w) <= 2 w up to 1/2, being convex.
                    identical(sp.Derivative((L - 1) / (L + 1), L), 2 / (L + 1) ** 2),
                    every([arb(2)], lambda two: bool(two.log() < 1), "log 2 < 1"),
                ),
                "window",
            ),
            Step(
                "DNC's loss and scale are continuous in the strength, so just above lambda_PSD it is still < log K, "
                "and there K (K-3)/2 eigenvalues are negative (ce-hessian): DNC is a strict saddle below zero's loss.",
                (),
                all_of(
                    positive_beyond(K * (K - 3), K, 6),
                    inference("continuity in the strength", "window", "derivation ce-hessian"),
                ),
            ),
        ),
    )
