"""Training of one hidden relu layer: this engine against the same steps in NumPy, and with autograd's gradient."""

from collections.abc import Callable

import numpy as np

from benchmarks.peers import anp, value_and_grad
from benchmarks.tables import interleaved
from dufm.solvers.rank_two.network import Array, data_gradients, initial
from dufm.solvers.rank_two.tasks import Task, setup_of, task_named, train_task

CASES = (("diabetes", 0.1), ("digits-parity", 0.1), ("digits", 0.03))
SEED = 0
Gradients = Callable[[Array, Array, Array, Array, str], tuple[Array, Array]]


def autograd_gradients(W: Array, A: Array, X: Array, Y: Array, kind: str) -> tuple[Array, Array]:
    """What `data_gradients` returns, by reverse-mode differentiation."""

    def misfit(weights):
        f = anp.dot(anp.maximum(anp.dot(X, weights[0].T), 0), weights[1].T)
        if kind == "mse":
            return anp.sum((f - Y) ** 2) / (2 * len(X))
        return anp.mean(anp.log(anp.sum(anp.exp(f), axis=1)) - anp.sum(f * Y, axis=1))

    return tuple(value_and_grad(misfit)((W, A))[1])


def plain(task: Task, lam: float, steps: int, gradients: Gradients) -> tuple[Array, Array]:
    """The run of `train` with seed SEED, one step a line of NumPy."""
    setup = setup_of(task.name, lam, steps=steps)
    start, sampling = np.random.SeedSequence(SEED).spawn(2)
    W, A = initial(task.X.shape[1], task.Y.shape[1], setup.width, start)
    rows = np.random.default_rng(sampling).integers(0, len(task.X), (steps, setup.batch))
    for rate, batch in zip(setup.rates(), rows, strict=True):
        gW, gA = gradients(W, A, task.X[batch], task.Y[batch], task.kind)
        W, A = W - rate * (gW + lam * W), A - rate * (gA + lam * A)
    return W, A


def rank_two(quick: bool) -> None:
    """(r) The same steps on the same samples, one seed, one core."""
    print("\n(r) rank two: CPU time of the peer / CPU time of this engine, same steps and samples, one seed")
    for name, lam in CASES:
        task, steps = task_named(name), 1000 if quick else 5000
        ours = next(train_task(task, lam, [SEED], threads=1, steps=steps))
        weights = plain(task, lam, steps, data_gradients)[0]
        differ = float(np.abs(ours.W - weights).max() / np.abs(weights).max())
        own, numpy_time, autograd_time = interleaved(
            lambda t=task, s=lam, n=steps: next(train_task(t, s, [SEED], threads=1, steps=n)),
            lambda t=task, s=lam, n=steps: plain(t, s, n, data_gradients),
            lambda t=task, s=lam, n=steps: plain(t, s, n, autograd_gradients),
        )
        print(
            f"{name}: NumPy {numpy_time / own:.1f}x, autograd {autograd_time / own:.1f}x; "
            f"{steps / own:.3g} steps/s here; weights differ by {differ:.0e}",
            flush=True,
        )
