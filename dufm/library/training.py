"""`dufm.train`: what full-batch gradient descent on the DUFM ends in, over many random starts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dufm.library.checking import check
from dufm.library.models import Model, problem_of
from dufm.library.shown import Drawing, Shown, Told, empty_figure, for_callers
from dufm.solvers.training.batch import Batch
from dufm.solvers.training.batch import train as train_batch
from dufm.solvers.training.setting import RATE, SCALE, DescentSetting
from dufm.theory.problem import Problem
from dufm.verification.answers.train import best_certificate, train_record

COLOURS = {"DNC": "#222222", "low rank": "#0072B2", "full rank": "#D55E00"}


@dataclass(frozen=True, repr=False, eq=False)
class TrainResult(Shown):
    """Runs of gradient descent at one problem.

    Attributes:
        problem: what was trained.
        batch: every run with its weights and trace.
        kinds: how many ended in what: "DNC", "low rank", "full rank", "classes lost", "zero", "diverged".
        p_dnc: share that ended in DNC, with a 95 % interval.
        mean_rank: over runs that keep all classes, the least rank over layers; None where there are none.
        ratios: loss over DNC's of every run; None for one that diverged.
        certificate: of the best run below DNC; None where none is.
    """

    problem: Problem
    batch: Batch
    kinds: dict[str, int]
    p_dnc: tuple[float, float, float]
    mean_rank: float | None
    ratios: tuple[float | None, ...]
    certificate: dict[str, Any] | None

    def plot(self) -> Drawing:
        """Loss over DNC's of every run, step by step; the loss itself where DNC's is not known."""
        dnc = train_record(self.batch)["points"][0]["levels"]["dnc"]
        beside = 1.0 if dnc is None else dnc
        figure = empty_figure((7.0, 3.6))
        axes = figure.add_subplot()
        for run in self.batch.runs:
            axes.semilogx(run.trace.steps[1:], run.trace.loss[1:] / beside, color=COLOURS["low rank"], linewidth=1)
        axes.set_xlabel("steps")
        axes.set_ylabel("loss" if dnc is None else "loss / DNC's")
        if dnc is not None:
            axes.axhline(1.0, color=COLOURS["DNC"], linestyle="--", label="DNC")
            axes.legend()
        return Drawing(figure)

    def told(self) -> Told:
        p = self.problem
        share, low, high = self.p_dnc
        lines = [f"P(DNC) = {share:.2f} [{low:.2f}, {high:.2f}] at 95 %."]
        lines += ["Certified: the best run is below DNC."] if self.certificate else []
        title = f"K = {p.K}, L = {p.L}, width {p.width}, x = {float(p.x):.6g}: {len(self.ratios)} runs"
        return Told(title, ("ended in", "runs"), [(kind, count) for kind, count in self.kinds.items() if count], lines)


@for_callers
def train(
    K: int,
    L: int,
    lam: Any,
    *,
    width: int | None = None,
    n: int = 1,
    runs: int = 10,
    steps: int | None = None,
    lr: float = RATE,
    scale: float = SCALE,
    seed: int = 0,
    activation: str | None = None,
    bias: str = "none",
    skip: str = "none",
    classes: Sequence[int] = (),
    progress: Callable[[Batch], None] | None = None,
) -> TrainResult:
    """Train by full-batch gradient descent from random starts and say what the runs end in.

    Args:
        K: classes, >= 2.
        L: weight layers, >= 1.
        lam: weight decay of all factors, or L + 1 of them.
        width: hidden width, >= K; K + 4 if not given.
        n: samples a class, each a free column of H_1.
        runs: random starts.
        steps: most steps of a run; 200 / (lr lam) if not given.
        lr: constant learning rate.
        scale: size of the starts.
        seed: fixes every start.
        activation: "relu", "linear" or "leaky:SLOPE".
        bias: "none"; "last" or "last-decayed": of the last layer, at its best for the other weights at every step.
        skip: "none", "block1" (F + relu(W F)) or "block2" (F + W relu(W F), L odd).
        classes: samples of each class, each a free column of H_1; n of each if not given.
        progress: called with the batch after every run that ends; `len(batch.runs)` says how far it is.

    Raises:
        ProblemError: naming the argument that makes no sense.
        KeyboardInterrupt: for Ctrl-C.

    Examples:
        >>> import dufm
        >>> len(dufm.train(K=3, L=2, lam=0.01, runs=2, steps=50).ratios)
        2
    """
    problem = problem_of(K, L, lam, width, n, Model("mse", activation, bias, skip, classes, None))
    batch = train_batch([DescentSetting.of(problem, lr, scale, steps)], runs, seed, progress=progress)
    if not batch.finished:
        raise KeyboardInterrupt
    point = train_record(batch)["points"][0]
    certificate = best_certificate(batch)
    accepted = certificate if certificate is not None and check(certificate).accepted else None
    share = tuple(point["p_dnc"])
    return TrainResult(problem, batch, point["kinds"], share, point["mean_rank"], tuple(point["ratios"]), accepted)
