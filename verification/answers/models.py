"""Searches beyond squared loss with relu layers, told: what was asked for, and what was found beside collapse."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from dufm.solvers.base.parallel import versions
from dufm.solvers.ce.polish import numerical_rank
from dufm.solvers.ce.relu import ReluSearch
from dufm.solvers.ce.rows import rational, round_up
from dufm.solvers.objectives.fit import Fit
from dufm.solvers.objectives.squared import Objective
from dufm.solvers.search.options import SearchOptions
from dufm.solvers.search.solution import Outcome, Solution
from dufm.theory.ce.enclosure import objective_ball
from dufm.theory.model import ACTIVATIONS, BIASES, SKIPS
from dufm.theory.problem import Problem, Variant
from dufm.theory.squared.structure import as_fraction_ball
from dufm.theory.squared.variants import collapse_loss, learned, zero_loss
from dufm.theory.stated import ProblemError, exact_number, require_choice

# Singular values below this share of the largest count as zero: a smoothing of 1e-7 is left in the weights.
RANK = 1e-3
DIGITS = 20


def variant_of(
    activation: str | None, bias: str, skip: str, sizes: tuple[int, ...], rows: tuple[tuple[Fraction, ...], ...]
) -> tuple[str, Variant]:
    """The activation's name ("" if not given) and the variant.

    Args:
        activation: "relu", "linear" or "leaky:SLOPE".
        bias, skip: names in BIASES and SKIPS.
        sizes: of the classes; empty for equal ones.
        rows: of the target, K of them; empty for the identity.

    Raises:
        ProblemError: naming the option.
    """
    name, colon, slope = (activation or "").partition(":")
    require_choice("--bias", bias, BIASES)
    require_choice("--skip", skip, SKIPS)
    if activation is not None:
        require_choice("--activation", name, ACTIVATIONS["mse"])
    if (name == "leaky") != bool(colon):
        raise ProblemError(f"--activation must be relu, linear or leaky:SLOPE such as leaky:0.1, got {activation!r}")
    below = exact_number(slope, "--activation leaky:SLOPE") if colon else Fraction(0)
    if colon and not 0 < below < 1:
        raise ProblemError(f"--activation leaky:SLOPE needs 0 < SLOPE < 1, got {slope}")
    return name, Variant(below, bias, skip, rows, sizes)


def variant_record(problem: Problem, solution: Solution, collapse: tuple[str, float] | None) -> dict[str, Any]:
    """What is told of a search beyond the papers' model: the loss, exact, beside collapse and zero weights; ranks."""
    derived, zero = collapse_loss(problem), zero_loss(problem)
    exact = problem.objective([rational(w) for w in solution.weights])
    features = Objective(problem).forward(solution.weights[:-1]).features
    output = solution.weights[-1] @ features[-1]
    fit, variant = Fit.of(problem), problem.variant
    return {
        "problem": {"K": problem.K, "L": problem.L, "width": problem.width, "n": problem.n, "columns": problem.columns}
        | {"lambdas": [str(x) for x in problem.lambdas], "activation": problem.activation}
        | {"slope": str(variant.slope), "bias": variant.bias, "skip": variant.skip, "classes": list(variant.sizes)},
        "loss": float(exact),
        "below_collapse": None if derived is None else bool(exact < min(derived[1][0], zero)),
        "collapse": None if collapse is None else {"what": collapse[0], "loss": min(collapse[1], float(zero))},
        "learned": list(learned(problem)) if variant.sizes and derived is not None else None,
        "zero": float(zero),
        "ranks": [numerical_rank(f, RANK) for f in [*features[1:], output]],
        "output": [round(float(x), 6) for x in np.diag(output)],
        "bias": None if variant.bias == "none" or fit is None else fit.bias(output, float(problem.bias_share)).tolist(),
        "hits": int(np.sum(solution.losses <= solution.loss * (1 + 1e-6))),
        "restarts": len(solution.losses),
        "outcome": solution.outcome.value,
        "seed": solution.seed,
        "versions": versions(),
    }


def short(value: Any) -> str:
    """What differs from the papers' model, in a few words: a matrix by its shape."""
    if isinstance(value, tuple) and value and isinstance(value[0], tuple):
        return f"{len(value)} x {len(value[0])}"
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def upper_bound(problem: Problem, weights: Sequence[Any]) -> str:
    """The rigorous cross-entropy of weights, read as the rationals they are, rounded up to 15 digits."""
    return round_up(as_fraction_ball(objective_ball(problem, [rational(w) for w in weights], DIGITS))[1])


def relu_solution(problem: Problem, found: ReluSearch, options: SearchOptions) -> Solution:
    """What a search with relu layers found, as it is saved."""
    whole = found.restarts == options.restarts
    ended = Outcome.INTERRUPTED if found.interrupted else Outcome.FINISHED if whole else Outcome.STOPPED
    settings = {"restarts": options.restarts}
    return Solution(
        problem,
        found.weights,
        found.loss,
        np.array([found.loss]),
        "smoothed L-BFGS, relu layers",
        versions(),
        options.seed,
        settings,
        ended,
    )


def relu_record(problem: Problem, found: ReluSearch) -> dict[str, Any]:
    """What is told of it: the loss, rigorously from above too, beside collapse."""
    return {
        "problem": {"K": problem.K, "L": problem.L, "width": problem.width, "n": problem.n, "loss": "ce"}
        | {"activation": "relu", "lambdas": [str(x) for x in problem.lambdas], "Lambda": float(problem.Lambda)},
        "loss": found.loss,
        "upper_bound": upper_bound(problem, found.weights),
        "collapse": found.collapse,
        "zero": float(np.log(problem.K)),
        "ranks": list(found.ranks),
        "hits": found.hits,
        "restarts": found.restarts,
        "interrupted": found.interrupted,
    }


def model_words(problem: Problem) -> str:
    """The layers of a problem and what else differs from the papers' model."""
    return ", ".join([f"{problem.activation} layers", *differing(problem)])


def differing(problem: Problem) -> list[str]:
    """What differs from the papers' model beside the layers, a few words each."""
    return [f"{name} {short(value)}" for name, value in problem.variant.named.items()]
