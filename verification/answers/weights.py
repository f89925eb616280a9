"""Weights of a user's own at a problem: loss against DNC and the record, ranks by layer, a certificate."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.intervals.intervals import best_scales, ray_of
from dufm.solvers.minima.canonical import describe
from dufm.solvers.objectives.layers import forward
from dufm.solvers.objectives.squared import loss
from dufm.theory.problem import Problem
from dufm.theory.squared.phi import phi_of_power, power_root
from dufm.theory.stated import ProblemError
from dufm.verification.answers.search import beside_bound, sound_bound, too_many
from dufm.verification.base.certificate import Certificate, entries, point_certificate
from dufm.verification.checker import check
from dufm.verification.claims.best_known import best_loss

RANK_THRESHOLD = 1e-3
# A loss this close to another, relatively, is called equal to it.
EQUAL = 1e-9


@dataclass(frozen=True, eq=False)
class Judgement:
    """What is said of weights.

    Attributes:
        problem: with the strengths they were judged at.
        record: numbers for JSON.
        weights: (H_1, W_1, ..., W_L) with one column a class: of each class the best of its n samples.
        certificate: that DNC is not optimal here, accepted by the checker; None where they are not below DNC.
    """

    problem: Problem
    record: dict[str, Any]
    weights: tuple[Array, ...]
    certificate: Certificate | None


def problem_of(weights: Sequence[Array], lam: Any, n: int = 1) -> Problem:
    """The problem weights belong to: K and L from their shapes.

    Args:
        weights: (H_1, W_1, ..., W_L), H_1 with K n columns.
        lam: strength of all factors, or L + 1 of them.
        n: samples a class.

    Raises:
        ProblemError: where `lam` is None, with the strengths at which the scales of these weights are at rest.
    """
    K, L = len(weights[-1]), len(weights) - 1
    width = max(K, *(len(w) for w in weights[:-1]))
    if lam is None:
        rest = strengths_at_rest(weights, n)
        words = f"; the scales of these weights are at rest for {','.join(f'{x:.6g}' for x in rest)}" if rest else ""
        raise ProblemError(f"--lam must be the weight decay of every factor, or L + 1 = {L + 1} of them{words}")
    return Problem.of(K, L, lam, width, n)


def strengths_at_rest(weights: Sequence[Array], n: int = 1) -> tuple[float, ...]:
    """(lambda_H, lambda_1, ..., lambda_L) for which no scaling of a factor lowers the loss; () where none is > 0.

    The loss of s W_l has slope <Z - Y, Z>/N + lambda_l ||W_l||^2 at s = 1.
    """
    output = _output(weights)
    target = np.repeat(np.eye(len(output)), n, axis=1)
    pull = float(np.vdot(target - output, output)) / output.shape[1]
    norms = [float(np.vdot(w, w)) for w in weights]
    return tuple(pull / norm for norm in norms) if pull > 0 and min(norms) > 0 else ()


def judge_weights(weights: Sequence[Array], problem: Problem, bounded: bool = True) -> Judgement:
    """Say what weights are worth at a problem.

    Args:
        weights: (H_1, W_1, ..., W_L); H_1 has K or K n columns, those of a class beside one another.
        problem: of squared loss.
        bounded: also find the greatest lower bound known, which runs claims for some seconds.

    Raises:
        ProblemError: for shapes that do not chain up, and for another loss.
    """
    problem.require_loss("mse", "a judgement of weights")
    K, L = problem.K, problem.L
    own, asked = _best_columns(problem, weights)
    value = loss(problem, own)
    if not np.isfinite(value):
        raise ProblemError("weights must have a finite loss, these overflow")
    dnc = float(phi_of_power(L, problem.x_power)[0])
    x = power_root(problem.x_power, L + 1)[0]
    known, by = best_loss(K, L, x)
    certificate, exact, words = _certified(problem, own) if value < dnc else (None, None, "not below DNC")
    layers = [
        {"name": s.name, "rank": s.rank, "singular_values": list(s.singular_values)}
        for s in describe(problem, own, RANK_THRESHOLD)
    ]
    record: dict[str, Any] = {
        "problem": {"K": K, "L": L, "n": problem.n, "widths": [len(w) for w in own[:-1]], "x": float(problem.x)}
        | {"lambdas": [str(value) for value in problem.lambdas]},
        "loss": asked,
        "loss_best_samples": value,
        "loss_exact": None if exact is None else str(exact),
        "dnc": dnc,
        "ratio_to_dnc": value / dnc,
        "best_scale_ratio_to_dnc": _scaled(problem, own, dnc),
        "record": {"loss": known, "by": by, "ratio_to_dnc": known / dnc},
        "beats_record": value < known * (1 - EQUAL),
        "lower": beside_bound(sound_bound(problem), value)["lower"] if bounded else None,
        "layers": layers,
        "strengths_at_rest": list(strengths_at_rest(own)),
        "certified": certificate is not None,
        "says": words,
    }
    return Judgement(problem, record, tuple(own), certificate)


def _best_columns(problem: Problem, weights: Sequence[Array]) -> tuple[list[Array], float]:
    """Weights with the best sample of each class in place of all n, and the loss of all of them as they are."""
    own = [np.array(w, dtype=np.float64) for w in weights]
    if any(w.ndim != 2 for w in own):
        raise ProblemError("weights must be matrices")
    K, n = problem.K, problem.n
    if len(own) != problem.L + 1 or own[0].shape[1] not in (K, K * n):
        problem.check_shapes([(w.shape[0], w.shape[1]) for w in own])
    if own[0].shape[1] == K:
        return own, loss(problem, own)
    problem.check_shapes([(len(own[0]), K), *((w.shape[0], w.shape[1]) for w in own[1:])])
    residual = _output(own) - np.repeat(np.eye(K), n, axis=1)
    strengths = [float(value) for value in problem.lambdas]
    prices = (residual**2).sum(axis=0) / (2 * K) + n * strengths[0] / 2 * (own[0] ** 2).sum(axis=0)
    layers = sum(s * float(np.vdot(w, w)) for s, w in zip(strengths[1:], own[1:], strict=True)) / 2
    best = prices.reshape(K, n).argmin(axis=1) + n * np.arange(K)
    return [own[0][:, best], *own[1:]], float(prices.sum() / n + layers)


def _output(weights: Sequence[Array]) -> Array:
    return weights[-1] @ forward([np.asarray(w, dtype=float) for w in weights[:-1]], 0.0).features[-1]


def _scaled(problem: Problem, weights: Sequence[Array], dnc: float) -> float | None:
    """Their loss over DNC's once every factor has its best scale; None where no scale is better than zero."""
    try:
        ray = ray_of(problem, weights, "own")
    except ProblemError:
        return None
    strength = float(power_root(problem.Lambda_power, problem.L + 1)[0])
    phi = float(best_scales(problem.L, np.array([ray.cost * strength]))[0][0])
    return ((1 - ray.kappa) / 2 + ray.kappa * phi) / dnc


def _certified(problem: Problem, weights: Sequence[Array]) -> tuple[Certificate | None, Fraction | None, str]:
    """A certificate that the checker accepts, the exact loss of its weights, and what the checker says."""
    if why := too_many(weights):
        return None, None, why
    certificate = point_certificate(problem, weights, "weights", {"origin": "weights of a user"})
    result = check(json.dumps(certificate))
    if result.margin is None:
        return None, None, result.sentence
    exact = problem.objective(entries(certificate))
    return (certificate if result.ok else None), exact, result.sentence
