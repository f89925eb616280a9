"""Training a convolutional backbone with a head regularised like the DUFM, in PyTorch (float32, CPU or CUDA).

The head is a chain of the same kind as in `chain`, so snapshots are taken by the same code, on the features of the
whole training set. SGD, constant rate; the backbone's own weights carry no decay.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from torch import nn  # pyright: ignore[reportMissingImports]

from dufm.solvers.datasets import Prepared
from dufm.solvers.networks.chain import Array, Loss, initial_weights
from dufm.solvers.networks.measure import Snapshot, take_snapshot
from dufm.solvers.networks.plan import NetworkPlan
from dufm.solvers.networks.torch_backbones import backbone
from dufm.solvers.networks.training import DIVERGED, TrainingOutcome
from dufm.theory.stated import ProblemError

CHUNK = 1000  # images at a time where no gradient is needed


@dataclass
class ConvRun:
    """Training as far as it came.

    Attributes:
        plan: of the head alone: widths (width, ..., width, K); `feature_decay` is lambda_H on its input.
        name: of the backbone.
        shape: of one image.
        body, head: modules; the head is a list of m weights, out x in.
        optimiser: SGD over both.
        device: cpu or cuda.
        epoch: passes done.
        snapshots: in the order of epochs.
        outcome: how it ended.
        images: images trained on by this process, and
        seconds: the time spent on them, snapshots not counted.
    """

    plan: NetworkPlan
    name: str
    shape: tuple[int, ...]
    body: nn.Module
    head: nn.ParameterList
    optimiser: Any
    device: str
    epoch: int = 0
    snapshots: list[Snapshot] = field(default_factory=list)
    outcome: TrainingOutcome = TrainingOutcome.STOPPED
    images: int = 0
    seconds: float = 0.0

    @property
    def images_per_second(self) -> float:
        """Speed of training, NaN before the first epoch."""
        return self.images / self.seconds if self.seconds else float("nan")


def begin(plan: NetworkPlan, name: str, shape: tuple[int, ...], device: str = "cpu") -> ConvRun:
    """A run before its first epoch; the seed fixes all weights, PyTorch's global generator is left alone.

    Raises:
        ProblemError: as `backbone`; for an optimiser other than sgd.
    """
    if plan.optimiser != "sgd":
        raise ProblemError(f"--optimiser must be sgd with a convolutional net, got {plan.optimiser!r}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed)
        body = backbone(name, shape, plan.widths[0])
    head = nn.ParameterList([nn.Parameter(torch.tensor(W, dtype=torch.float32)) for W in initial_weights(plan)])
    body, head = body.to(device), head.to(device)
    groups = [{"params": list(body.parameters()), "weight_decay": 0.0}]
    groups += [{"params": [W], "weight_decay": c} for W, c in zip(head, plan.decay, strict=True)]
    optimiser = torch.optim.SGD(groups, lr=plan.rate, momentum=plan.momentum)
    return ConvRun(plan, name, shape, body, head, optimiser, device)


def fit(
    run: ConvRun,
    data: Prepared,
    measure: Iterable[int],
    finished: Callable[[ConvRun], None] = lambda run: None,
) -> ConvRun:
    """Train to the plan's last epoch, from wherever the run is. Ctrl-C ends it after the last finished epoch.

    Args:
        run: from `begin` or `torch_store.load`; changed, and returned.
        data: images, one-hot targets.
        measure: epochs at whose end (0: before the first) a snapshot is taken.
        finished: called after every epoch and its snapshot.

    Raises:
        ProblemError: if the data do not fit the plan.
    """
    if data.labels is None or data.K != run.plan.widths[-1] or data.shape != run.shape:
        raise ProblemError(f"data must be images {run.shape} of {run.plan.widths[-1]} classes, got {data.shape}")
    wanted = set(measure)
    X = images(run, data.X)
    Y = torch.tensor(data.Y, dtype=torch.float32, device=run.device)
    kept = _copy(run)
    try:
        _take(run, data, X, wanted)
        while run.epoch < run.plan.epochs:
            if not _epoch(run, X, Y):
                run.outcome = TrainingOutcome.DIVERGED
                _restore(run, kept)
                return run
            kept = _copy(run)
            _take(run, data, X, wanted)
            finished(run)
    except KeyboardInterrupt:
        _restore(run, kept)
        run.outcome = TrainingOutcome.STOPPED
        return run
    run.outcome = TrainingOutcome.FINISHED
    return run


def images(run: ConvRun, X: Array) -> Any:
    """Rows m x d as images m x channels x height x width, float32 on the run's device."""
    return torch.tensor(X, dtype=torch.float32, device=run.device).reshape(-1, *run.shape)


def head_weights(run: ConvRun) -> list[Array]:
    """W_1, ..., W_L as they are now, float64."""
    return [W.detach().cpu().double().numpy() for W in run.head]


def features(run: ConvRun, X: Any) -> Array:
    """h of every row of X (n x channels x height x width) with batch statistics frozen, n x width float64."""
    run.body.eval()
    with torch.no_grad():
        parts = [run.body(X[i : i + CHUNK]).cpu().double().numpy() for i in range(0, len(X), CHUNK)]
    run.body.train()
    return np.concatenate(parts)


def _epoch(run: ConvRun, X: Any, Y: Any) -> bool:
    """One pass; False as soon as the fit is beyond DIVERGED or not a number."""
    plan, n = run.plan, len(X)
    order = np.random.default_rng(np.random.SeedSequence(plan.seed, spawn_key=(1, run.epoch))).permutation(n)
    began = time.perf_counter()
    for i in range(0, n, plan.batch):
        rows = torch.tensor(order[i : i + plan.batch], device=run.device)
        h = run.body(X[rows])
        phi = h
        for W, rectified in zip(run.head, plan.relu, strict=True):
            phi = nn.functional.linear(phi, W)
            phi = torch.relu(phi) if rectified else phi
        error = plan.scale / (2 * len(rows)) * (phi - Y[rows]).square().sum()
        total = error + plan.feature_decay * n / (2 * len(rows)) * h.square().sum()
        run.optimiser.zero_grad(set_to_none=True)
        total.backward()
        run.optimiser.step()
    if not float(error.detach()) <= DIVERGED:
        return False
    run.seconds += time.perf_counter() - began
    run.images += n
    run.epoch += 1
    return True


def _copy(run: ConvRun) -> tuple[Any, ...]:
    parts = (run.body.state_dict(), run.head.state_dict())
    copies = [{k: v.detach().clone() for k, v in part.items()} for part in parts]
    moments = [run.optimiser.state.get(p, {}).get("momentum_buffer") for p in _parameters(run)]
    return run.epoch, copies, [None if m is None else m.detach().clone() for m in moments]


def _restore(run: ConvRun, kept: tuple[Any, ...]) -> None:
    run.epoch, (body, head), moments = kept
    run.body.load_state_dict(body)
    run.head.load_state_dict(head)
    set_moments(run, moments)


def _parameters(run: ConvRun) -> list[Any]:
    return [p for group in run.optimiser.param_groups for p in group["params"]]


def set_moments(run: ConvRun, moments: list[Any]) -> None:
    """Give the optimiser the running means of an earlier state, in the order of its parameters."""
    for p, m in zip(_parameters(run), moments, strict=True):
        run.optimiser.state[p]["momentum_buffer"] = m


def _take(run: ConvRun, data: Prepared, X: Any, wanted: set[int]) -> None:
    if run.epoch not in wanted or any(s.epoch == run.epoch for s in run.snapshots) or data.labels is None:
        return
    plan = run.plan
    H = features(run, X)
    test = None
    if data.labels_test is not None and len(data.X_test):
        test = (features(run, images(run, data.X_test)), data.labels_test)
    shot = take_snapshot(plan, head_weights(run), run.epoch, H, data.Y, data.labels, test)
    loss = Loss(shot.loss.fit, plan.feature_decay / 2 * float(np.square(H).sum()), shot.loss.weights)
    run.snapshots.append(replace(shot, loss=loss))
