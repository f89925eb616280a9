"""Training with weight decay: gradients, compiled against NumPy, the bound at every look, and where rank two fails."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad

from dufm.solvers.datasets import DataError
from dufm.solvers.rank_two.network import Setup, data_gradients, initial, loss, misfit, outputs
from dufm.solvers.rank_two.spectrum import (
    distance,
    energies,
    imbalance,
    rank_k_certificate,
    rank_two_certificate,
    stable_rank,
)
from dufm.solvers.rank_two.tasks import TASKS, error_of, setup_of, task_named, train_task
from dufm.solvers.rank_two.training import checkpoints, train
from dufm.theory.stated import ProblemError

SEEDS = [0, 1, 2]


def problem(kind: str, N: int = 40, p: int = 5, m: int = 7, K: int = 3, seed: int = 0):
    rng = np.random.default_rng(seed)
    K = K if kind == "ce" else 1 + seed % 2
    X = np.column_stack([rng.standard_normal((N, p - 1)), np.ones(N)])
    Y = np.eye(K)[rng.integers(0, K, N)] if kind == "ce" else rng.standard_normal((N, K))
    return *initial(p, K, m, seed), X, Y


@pytest.mark.parametrize("kind", ["mse", "ce"])
def test_gradients_are_autograds(kind: str) -> None:
    for seed in (0, 1):
        W, A, X, Y = problem(kind, seed=seed)

        def value(W, A, X=X, Y=Y):
            f = anp.dot(anp.maximum(anp.dot(X, W.T), 0), A.T)
            if kind == "mse":
                return anp.sum((f - Y) ** 2) / (2 * len(X))
            return anp.mean(anp.log(anp.sum(anp.exp(f), axis=1)) - anp.sum(f * Y, axis=1))

        assert misfit(outputs(W, A, X), Y, kind) == pytest.approx(value(W, A), rel=1e-12)
        for own, other in zip(
            data_gradients(W, A, X, Y, kind), (grad(value, 0)(W, A), grad(value, 1)(W, A)), strict=True
        ):
            assert own == pytest.approx(other, abs=1e-12)


@pytest.mark.parametrize("kind", ["mse", "ce"])
@pytest.mark.parametrize("batch", [3, 99])
def test_compiled_steps_are_numpys(kind: str, batch: int) -> None:
    """The same starts and the same samples, step by step."""
    _, _, X, Y = problem(kind, m=9)
    setup = Setup(0.1, lr=0.1, batch=batch, steps=25, width=9)
    (run,) = train(X, Y, setup, [5], kind, threads=1)
    start, sampling = np.random.SeedSequence(5).spawn(2)
    W, A = initial(X.shape[1], Y.shape[1], 9, start)
    rng, count = np.random.default_rng(sampling), min(batch, len(X))
    drawn = rng.integers(0, len(X), 25 * count).reshape(25, count) if batch < len(X) else [np.arange(len(X))] * 25
    for rate, rows in zip(setup.rates(), drawn, strict=True):
        gW, gA = data_gradients(W, A, X[rows], Y[rows], kind)
        W, A = W - rate * (gW + setup.lam * W), A - rate * (gA + setup.lam * A)
    assert run.W == pytest.approx(W, abs=1e-12) and run.A == pytest.approx(A, abs=1e-12)
    assert setup.rates()[[0, 15, 20, 23]] == pytest.approx([0.1, 0.03, 0.01, 0.003])


def test_runs_do_not_depend_on_threads_or_company() -> None:
    _, _, X, Y = problem("mse")
    setup = Setup(0.05, steps=300, batch=4)
    alone = [next(train(X, Y, setup, [s], threads=1)) for s in SEEDS]
    together = list(train(X, Y, setup, SEEDS, at=[0, 10, 300], threads=2))
    for a, b in zip(alone, together, strict=True):
        assert a.seed == b.seed and np.array_equal(a.W, b.W) and np.array_equal(a.A, b.A)
        assert [look.step for look in b.looks] == [0, 10, 300]


def test_the_bound_holds_everywhere_for_any_reference() -> None:
    rng = np.random.default_rng(0)
    task = task_named("diabetes")
    for run in train_task(task, 0.1, SEEDS, at=checkpoints(20000, 12), threads=1):
        assert all(look.bound is not None and look.bound.excess <= 1e-10 for look in run.looks)
        best = run.looks[-1].bound
        for _ in range(5):
            h = rng.standard_normal((2, task.X.shape[1]))
            found = rank_two_certificate(run.W, run.A, task.X, task.Y, 0.1, *h)
            assert found.excess <= 1e-10 and best is not None and found.spread >= best.spread
        assert best is not None and best.bound / best.norm < 0.6


def test_rank_two_comes_with_weight_decay_and_costs_fit() -> None:
    wanted = {
        "diabetes": {0.0: (0.25, 0.36), 0.01: (0.3, 0.42), 0.1: (0.92, 0.96), 0.2: (0.98, 1)},
        "digits-parity": {0.0: (0, 0.15), 0.1: (0.97, 1), 0.2: (0.999, 1)},
        "skew": {0.0: (0.3, 0.4), 0.03: (0.74, 0.81), 0.1: (0.955, 0.98), 0.2: (0.999, 1)},
    }
    for name, cases in wanted.items():
        task, errors = task_named(name), []
        for lam, (low, high) in cases.items():
            runs = list(train_task(task, lam, SEEDS, threads=1))
            assert all(low <= run.looks[-1].energies[1] <= high + 1e-12 for run in runs), (name, lam)
            assert all((run.looks[-1].imbalance > 0.5) if lam == 0 else True for run in runs)
            assert all((run.looks[-1].imbalance < 1e-2) if lam >= 0.03 else True for run in runs)
            errors.append(np.mean([2 * run.looks[-1].misfit for run in runs]))
        assert errors == sorted(errors)


def test_where_rank_two_fails() -> None:
    additive = task_named("additive")
    assert all(r.looks[-1].energies[1] < 0.5 for r in train_task(additive, 0.03, SEEDS, threads=1))
    # The same digits at the same weight decay, but z-scored: the scale of the inputs is part of the strength.
    scaled = task_named("digits-parity-z")
    assert all(r.looks[-1].energies[1] < 0.75 for r in train_task(scaled, 0.1, SEEDS, threads=1))
    classes = task_named("digits")
    for run in train_task(classes, 0.03, SEEDS, threads=1):
        end = run.looks[-1]
        assert end.energies[1] < 0.45 and end.energies[9] > 0.98
        assert end.bound is not None and end.bound.rank == 9 and end.bound.excess <= 1e-10
        assert error_of(outputs(run.W, run.A, classes.X_test), classes.Y_test, "ce") < 0.06


def test_divergence_is_flagged_and_keeps_finite_weights() -> None:
    task = task_named("diabetes")
    (run,) = train_task(task, 0.1, [0], at=[0, 10, 2000], threads=1, lr=9.0, steps=2000)
    assert run.diverged and np.isfinite(run.W).all() and [look.step for look in run.looks][0] == 0
    assert len(run.looks) < 3


def test_spectrum_of_known_matrices() -> None:
    W = np.diag([2.0, 1.0, 1.0])
    assert energies(W) == pytest.approx([4 / 6, 5 / 6, 1])
    assert stable_rank(W) == pytest.approx(1.5) and distance(W, 2) == pytest.approx(1)
    zero = np.zeros((3, 2))
    assert np.isnan(energies(zero)).all() and np.isnan(stable_rank(zero)) and np.isnan(imbalance(zero, zero.T))
    assert imbalance(W, np.array([[2.0, 1.0, 0.5]])) == pytest.approx(0.25)
    assert checkpoints(100) == [0, 100] and checkpoints(0) == [0] and checkpoints(20000, 9)[-1] == 20000


def test_bad_input_is_one_clear_line() -> None:
    W, A, X, Y = problem("mse", seed=0)
    two = np.zeros((2, A.shape[1]))
    cases = [
        (lambda: Setup(-0.1), "lambda must be a number >= 0, got -0.1"),
        (lambda: Setup(float("nan")), "lambda must be a number >= 0, got nan"),
        (lambda: Setup(0.1, lr=0), "lr must be a number > 0, got 0"),
        (lambda: Setup(10, lr=0.2), "lr [*] lambda must be < 1, got 2"),
        (lambda: Setup(0.1, steps=-1), "steps must be an integer >= 0, got -1"),
        (lambda: Setup(0.1, width=True), "width must be an integer >= 1, got True"),
        (lambda: train(X, Y[:3], Setup(0.1), [0]), "X and Y must be N x p and N x K"),
        (lambda: train(X, np.full_like(Y, np.nan), Setup(0.1), [0]), "Y must be finite, got nan in row 0, column 0"),
        (lambda: train(X, Y, Setup(0.1), [0], "ce"), "one-hot targets"),
        (lambda: train(X, Y, Setup(0.1), [0], "hinge"), "loss must be one of 'mse', 'ce', got 'hinge'"),
        (lambda: train(X, Y, Setup(0.1), []), "seeds must be at least one integer >= 0"),
        (lambda: train(X, Y, Setup(0.1, steps=5), [0], at=[3, 2]), "checkpoints must rise from 0 to at most 5"),
        (lambda: rank_two_certificate(W, A, X, Y, 0.0), "needs lambda > 0, got 0.0"),
        (lambda: rank_two_certificate(W, two, X, Y, 0.1), "one output, K = 1; got K = 2"),
        (lambda: rank_k_certificate(W, two, X, Y, 0.1), "W, A, X, Y must be m x p"),
        (lambda: rank_two_certificate(W * np.nan, A, X, Y, 0.1), "finite weights W and A"),
    ]
    for make, message in cases:
        with pytest.raises(ProblemError, match=message):
            make()
    with pytest.raises(DataError, match="names that `dufm rank-two --help` lists, found 'skow'; nearest: skew"):
        task_named("skow")
    with pytest.raises(DataError, match="california-housing: expected --root"):
        task_named("california-housing")
    assert all(setup_of(name, 0.1).steps == recipe.steps for name, recipe in TASKS.items())
    assert setup_of("skew", 0.1, steps=7, lr=None).steps == 7
    assert loss(W, A, X, Y, 0.0) == misfit(outputs(W, A, X), Y, "mse")
