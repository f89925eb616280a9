"""Heads of several layers on a small backbone, on balanced real data: the DUFM's objective with h(x) in place of H_1.

Set-up of SML24 (Fig. 2 bottom, CIFAR-10: lambda_l = 0.005, lambda_H = 5e-6, 5000 samples a class, width 64) on data
that fit two cores: n lambda_H = 5 lambda_l is kept, so Lambda and with it the exact losses of DNC and SRG are the same.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dufm.solvers.datasets import Prepared, balanced, load, prepare
from dufm.solvers.networks.chain import Array, forward
from dufm.solvers.networks.measure import Snapshot, numerical_rank
from dufm.solvers.networks.plan import NetworkPlan, head_on_backbone
from dufm.solvers.networks.training import NetworkRun, start, train
from dufm.theory.problem import Problem
from dufm.theory.squared.phi import phi_of_power
from dufm.theory.stated import ProblemError

PER_CLASS = 50
FEATURES = 64
# n lambda_H over lambda_l in SML24: 5000 x 5e-6 / 0.005.
FEATURE_RATIO = 5.0
DEFAULTS: dict[str, Any] = {
    "L": 4,
    "width": 32,
    "backbone": (64,),
    "gain": 0.7,
    "decay": 0.005,
    "rate": 0.2,
    "batch": 50,
}
DEAD = 0.01
# Weight decay alone shrinks a weight by this many factors of e over a run: rate x decay x steps.
FOLDS = 15.0


@dataclass(frozen=True)
class HeadResult:
    """The end of one run.

    Attributes:
        changed: the settings that differ from DEFAULTS.
        seed: of the run.
        run: as `train` left it.
        loss: the whole objective.
        ranks: numerical rank of W_1, ..., W_L of the head.
        gaps: how clear each is: smallest singular value kept over largest left out.
        nc1: NC1 after each of the L layers.
    """

    changed: dict[str, Any]
    seed: int
    run: NetworkRun
    loss: float
    ranks: tuple[int, ...]
    gaps: tuple[float, ...]
    nc1: tuple[float, ...]

    @property
    def neck(self) -> int:
        """Least rank of W_1, ..., W_(L-1)."""
        return min(self.ranks[:-1])


def head_data(name: str = "digits", per_class: int = PER_CLASS, root: str | None = None) -> Prepared:
    """Balanced training rows with one-hot targets; the other rows are for testing.

    Raises:
        DataError: as `load` and `balanced`.
    """
    return like_digits(prepare(*balanced(load(name, root), per_class), one_hot=True))


def like_digits(data: Prepared) -> Prepared:
    """The rows scaled by sqrt(64 / d): z-scored rows have length about sqrt(d), and steps grow with its square.

    With it the rates that suit 64 features suit any number of them; digits stay as they are.
    """
    factor = (FEATURES / data.X.shape[1]) ** 0.5
    return replace(data, X=factor * data.X, X_test=factor * data.X_test)


def head_plan(data: Prepared, seed: int = 0, **changed: Any) -> NetworkPlan:
    """The plan of DEFAULTS with some settings changed; unless given, lambda_H and epochs follow from the others.

    Raises:
        ProblemError: for a setting that does not exist or makes no sense.
    """
    unknown = sorted(set(changed) - {*DEFAULTS, "epochs", "feature_decay", "optimiser", "momentum"})
    if unknown:
        raise ProblemError(f"setting must be one of {', '.join(DEFAULTS)}, got {unknown[0]!r}")
    settings = DEFAULTS | changed
    if "epochs" not in changed:
        settings["epochs"] = _epochs(settings, len(data.X))
    settings.setdefault("feature_decay", feature_strength(settings["decay"], data))
    return head_on_backbone(data.X.shape[1], data.K, seed=seed, **settings)


def feature_strength(decay: float, data: Prepared) -> float:
    """lambda_H with n lambda_H = FEATURE_RATIO lambda_l, n the samples a class."""
    return FEATURE_RATIO * decay * data.K / len(data.X)


def _epochs(settings: dict[str, Any], samples: int) -> int:
    """Epochs for FOLDS, so that runs of other strengths and rates are equally far along."""
    try:
        slowness = 1.0 / (settings["rate"] * settings["decay"])
        steps = FOLDS * slowness * (1.0 - settings.get("momentum", 0.0))
        return max(1, round(steps / -(-samples // settings["batch"])))
    except (ZeroDivisionError, OverflowError, ValueError):
        raise ProblemError(
            f"--decay and --rate must be > 0 where --epochs is not given, got {settings['decay']}, {settings['rate']}"
        ) from None


def problem_of(plan: NetworkPlan, samples: int) -> Problem:
    """The DUFM whose objective the head and its features have.

    Args:
        plan: of a head, with its backbone or alone.
        samples: N, of a balanced training set.

    Raises:
        ProblemError: if the plan has no regularised features or regularises unlike the DUFM.
    """
    if plan.feature_decay <= 0 or plan.scale != 1.0 or any(plan.decay[: plan.features or 0]):
        raise ProblemError("the plan must be of a head on regularised features, with an unregularised backbone")
    K = plan.widths[-1]
    strengths = [str(plan.feature_decay), *(str(c) for c in plan.decay[plan.features or 0 :])]
    return Problem.of(K, len(strengths) - 1, strengths, plan.widths[-2], samples // K)


def run_head(data: Prepared, seed: int = 0, measure: Iterable[int] | None = None, **changed: Any) -> HeadResult:
    """Train one head.

    Args:
        data: from `head_data`.
        seed: of start and order.
        measure: epochs to take snapshots at, besides the last one.
        changed: settings other than DEFAULTS.

    Raises:
        ProblemError: as `head_plan`.
    """
    plan = head_plan(data, seed, **changed)
    run = train(start(plan), data, {*(measure or ()), 0, plan.epochs})
    last = run.snapshots[-1]
    ranks, gaps = head_ranks(plan, last)
    ratios = tuple(layer.nc1_out for layer in last.layers[plan.features :])
    return HeadResult(changed, seed, run, last.loss.total, ranks, gaps, ratios)


def head_ranks(plan: NetworkPlan, shot: Snapshot) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Ranks of W_1, ..., W_L and how clear they are; all 0 if the outputs' class means are below DEAD (targets are 1).

    Relative ranks of weights that decay to zero together would mean nothing.
    """
    head = shot.layers[plan.features or 0 :]
    if head[-1].means[0] < DEAD:
        return (0,) * len(head), (float("inf"),) * len(head)
    ranks, gaps = zip(*(numerical_rank(layer.values) for layer in head), strict=True)
    return ranks, gaps


def relative_loss(result: HeadResult, data: Prepared) -> float:
    """The network's loss over the exact loss of DNC for the same strengths; below 1 the head has something better."""
    problem = problem_of(result.run.plan, len(data.X))
    return result.loss / float(phi_of_power(problem.L, problem.x_power)[0])


def sweep(
    data: Prepared,
    setting: str,
    values: Sequence[Any],
    seeds: Sequence[int],
    finished: Callable[[HeadResult], None] = lambda result: None,
    **changed: Any,
) -> list[HeadResult]:
    """One run for each value of a setting and each seed, values outermost."""
    results = []
    for value in values:
        for seed in seeds:
            results.append(run_head(data, seed, **changed | {setting: value}))
            finished(results[-1])
    return results


def best_columns(h: Array, Z: Array, data: Prepared, plan: NetworkPlan) -> Array:
    """One column a class for H_1: the features of the sample on which the class does best.

    For fixed weights the DUFM's loss is a sum over samples, so giving every class its best sample's features cannot
    raise it: with them the DUFM's loss is at most the network's.

    Args:
        h: features of the training rows, N x width.
        Z: outputs of the network, N x K.
        data: the rows, with one-hot targets.
        plan: with the strength of the features.

    Returns:
        width x K.

    Raises:
        ProblemError: for data without classes.
    """
    if data.labels is None:
        raise ProblemError("data must have classes")
    each = plan.scale / (2 * len(h)) * ((Z - data.Y) ** 2).sum(axis=1) + plan.feature_decay / 2 * (h**2).sum(axis=1)
    chosen = [int(np.where(data.labels == c, each, np.inf).argmin()) for c in range(data.K)]
    return h[chosen].T.copy()


def dufm_weights(plan: NetworkPlan, weights: Sequence[Array], data: Prepared) -> tuple[Array, ...]:
    """Weights (H_1, W_1, ..., W_L) for the DUFM out of a trained network; H_1 by `best_columns`.

    Raises:
        ProblemError: if the plan has no features or the data no classes.
    """
    if plan.features is None:
        raise ProblemError("the plan must have features")
    before = forward(weights, plan.relu, data.X)[1]
    return (best_columns(before[plan.features - 1], before[-1], data, plan), *weights[plan.features :])
