"""Gradient descent: the compiled steps are the formula's, samples enter as stated, nothing is lost when it stops."""

from dataclasses import replace
from fractions import Fraction

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import value_and_grad

from dufm.solvers.engines.cpu import unpack_row
from dufm.solvers.objectives import samples_kernel
from dufm.solvers.objectives.squared import Objective
from dufm.solvers.training.batch import Batch, train
from dufm.solvers.training.reading import ends, summarise
from dufm.solvers.training.run import DescentRun, Ending, begin, class_mean_weights, compiled_descent, follow, prepared
from dufm.solvers.training.setting import DescentSetting, checkpoints
from dufm.theory.problem import Problem
from dufm.theory.squared.phi import phi_of_power
from dufm.theory.stated import ProblemError

FLAG = np.zeros(1, dtype=np.int64)


def stepped(setting: DescentSetting, row: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(weights, gradient, what is told) after some compiled steps."""
    (w, o), told = prepared(setting), np.zeros(4)
    x, g = (slice(int(o[at]), int(o[at]) + row.size) for at in (samples_kernel.X, samples_kernel.G))
    w[x] = row
    compiled_descent()(w, o, setting.rate, steps, np.inf, FLAG, told)
    return w[x].copy(), w[g].copy(), told


def plain_loss(setting: DescentSetting, row: np.ndarray):
    """The objective as it is written down, for autograd."""
    problem, at, weights = setting.problem, 0, []
    for rows, columns in setting.shapes:
        weights.append(anp.reshape(row[at : at + rows * columns], (rows, columns)))
        at += rows * columns
    features = weights[0]
    for factor in weights[1:-1]:
        features = anp.maximum(factor @ features, 0.0)
    target = np.kron(np.eye(problem.K), np.ones((1, problem.n)))
    fit = anp.sum((weights[-1] @ features - target) ** 2) / (2 * problem.K * problem.n)
    return fit + sum(float(lam) / 2 * anp.sum(w**2) for lam, w in zip(problem.lambdas, weights, strict=True))


@pytest.mark.parametrize(
    ("K", "L", "width", "n"), [(3, 1, 5, 2), (4, 2, 4, 1), (3, 4, 9, 5), (10, 3, 13, 3), (9, 5, 9, 1)]
)
def test_loss_and_gradient_are_those_of_the_formula(K: int, L: int, width: int, n: int) -> None:
    strengths = [Fraction(i + 1, 100) for i in range(L + 1)]
    setting = DescentSetting(Problem.of(K, L, strengths, width, n), 0.1)
    row = begin(setting, 0, 3, 0).weights
    value, gradient = value_and_grad(lambda x: plain_loss(setting, x))(row)
    _, found, told = stepped(setting, row, 0)
    assert told[samples_kernel.LOSS] == pytest.approx(value, rel=1e-14)
    np.testing.assert_allclose(found, gradient, rtol=0, atol=1e-15)
    assert told[samples_kernel.SLOPE] == np.abs(found).max()
    after, _, told = stepped(setting, row, 1)
    np.testing.assert_allclose(after, row - 0.1 * gradient, rtol=0, atol=1e-15)
    assert told[samples_kernel.DONE] == 1


def test_equal_samples_descend_as_one_of_strength_n_lambda_with_a_step_n_times_smaller() -> None:
    """Ours: with H_1 equal within classes its columns keep so, and n enters as n lambda_H and in H_1's own step."""
    n, rate, steps = 3, 0.4, 60
    setting = DescentSetting(Problem.of(4, 3, "0.01", 6, n), rate)
    single = [0.9 * w for w in DescentSetting(Problem.of(4, 3, "0.01", 6)).start(1, 0)]
    several = np.concatenate([np.repeat(single[0], n, axis=1).ravel(), *(w.ravel() for w in single[1:])])
    lowest, *upper = unpack_row(setting.shapes, stepped(setting, several, steps)[0])
    objective = Objective(setting.problem)
    for _ in range(steps):
        _, gradient = objective.full(single)
        single = [w - rate / (n if i == 0 else 1) * g for i, (w, g) in enumerate(zip(single, gradient, strict=True))]
    np.testing.assert_allclose(lowest, np.repeat(single[0], n, axis=1), rtol=0, atol=1e-13)
    for found, wanted in zip(upper, single[1:], strict=True):
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-13)


def same(a: DescentRun, b: DescentRun) -> bool:
    """Whether two runs agree in every bit."""
    plain = ("setting", "number", "step", "ending")
    told = [np.array([run.loss, run.fit, run.slope]) for run in (a, b)]
    traces = all(np.array_equal(getattr(a.trace, f), getattr(b.trace, f), True) for f in vars(a.trace))
    equal = np.array_equal(*told, equal_nan=True) and np.array_equal(a.weights, b.weights, True)
    return equal and traces and all(getattr(a, f) == getattr(b, f) for f in plain)


def test_a_run_that_was_stopped_anywhere_goes_on_bit_for_bit() -> None:
    setting = DescentSetting(Problem.of(4, 3, "0.01", 6, 2), 0.3, steps=700)
    whole = follow(setting, begin(setting, 0, 5, 1), FLAG)
    short = follow(replace(setting, steps=215), begin(setting, 0, 5, 1), FLAG)
    # As Ctrl-C leaves it: between two checkpoints, the trace up to the last one passed.
    weights = stepped(setting, short.weights, 100)[0]
    trace = replace(short.trace, **{name: value[:-1] for name, value in vars(short.trace).items()})
    stopped = replace(short, step=315, weights=weights, trace=trace, ending=Ending.INTERRUPTED)
    on = follow(setting, stopped, FLAG)
    assert on.step == whole.step == 700 and on.weights.tobytes() == whole.weights.tobytes()
    late = whole.trace.steps > 315
    assert np.array_equal(on.trace.loss[on.trace.steps > 315], whole.trace.loss[late])


def test_threads_and_interruptions_change_nothing() -> None:
    settings = [DescentSetting(Problem.of(3, 3, lam, 5), 0.3, steps=3000) for lam in ("0.01", "0.02")]
    one, four = train(settings, 3, 7, threads=1), train(settings, 3, 7, threads=4)
    assert one.finished and len(one.runs) == 6 and all(map(same, one.runs, four.runs))
    asked = iter([False, False])
    part = train(settings, 3, 7, threads=1, stop=lambda: next(asked, None) is not False)
    on = train(settings, 3, 7, earlier=part)
    assert on.finished and [run.weights.tobytes() for run in on.runs] == [run.weights.tobytes() for run in one.runs]
    more = train(settings, 4, 7, earlier=one)
    assert more.count == 4 and all(map(same, one.runs, [run for run in more.runs if run.number < 3]))


def test_ctrl_c_keeps_every_run_where_it_is() -> None:
    setting = DescentSetting(Problem.of(3, 3, "0.01", 5), 0.3, steps=400)

    def interrupt(batch: Batch) -> None:
        raise KeyboardInterrupt

    found = train([setting], 4, 2, threads=1, progress=interrupt)
    assert not found.finished and len(found.runs) >= 1
    assert all(map(same, train([setting], 4, 2, earlier=found).runs, train([setting], 4, 2).runs))


def test_divergence_is_flagged_and_counted() -> None:
    wild = DescentSetting(Problem.of(3, 3, "0.01", 5), 300.0, steps=500)
    batch = train([wild], 4, 0)
    assert [run.ending for run in batch.runs] == [Ending.DIVERGED] * 4 and batch.finished
    assert all(run.step < 500 and len(run.trace.loss) >= 1 for run in batch.runs)
    told = summarise(ends(batch, 0))
    assert told.kinds["diverged"] == 4 and np.isnan(told.mean_rank) and np.isnan(told.best) and told.dnc.k == 0


def test_one_layer_reaches_the_exact_global_minimum() -> None:
    problem = Problem.of(3, 1, "0.05", 4, 2)
    batch = train([DescentSetting(problem, 0.5, steps=20_000)], 3, 0)
    exact = float(phi_of_power(1, problem.x_power)[0])
    assert all(run.loss == pytest.approx(exact, rel=1e-12) for run in batch.runs)
    assert all(run.trace.dnc1[-1, 0] < 1e-12 < run.trace.dnc1[0, 0] for run in batch.runs)


def test_three_classes_end_in_dnc_and_below_it() -> None:
    setting = DescentSetting.of(Problem.of(3, 4, "0.004", 10), scale=0.5, steps=20_000)
    batch = train([setting], 12, 20240514)
    found, told = ends(batch, 0), summarise(ends(batch, 0))
    assert told.kinds["DNC"] >= 1 and told.kinds["low rank"] >= 1 and sum(told.kinds.values()) == told.runs == 12
    dnc = phi_of_power(4, setting.problem.x_power)[0]
    best = min(batch.runs, key=lambda run: run.loss)
    weights = [[[Fraction(x) for x in row] for row in w.tolist()] for w in class_mean_weights(setting, best)]
    assert setting.problem.objective(weights) < dnc
    assert all(end.ranks == (3, 3, 3) for end in found if end.kind == "DNC")
    assert all(min(end.ranks) == 2 for end in found if end.kind == "low rank")


def test_checkpoints_are_logarithmic_and_hold_both_ends() -> None:
    assert checkpoints(1) == [0, 1]
    marks = checkpoints(12345)
    assert marks[0] == 0 and marks[-1] == 12345 and marks == sorted(set(marks))
    assert max(b / a for a, b in zip(marks[12:], marks[13:], strict=False)) < 1.3


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: DescentSetting(p, rate=0.0), "lr must be a finite number > 0, got 0.0"),
        (lambda p: DescentSetting(p, rate=float("nan")), "lr must be a finite number > 0, got nan"),
        (lambda p: DescentSetting(p, scale=-1.0), "scale must be a finite number > 0, got -1.0"),
        (lambda p: DescentSetting(p, steps=0), "steps must be an integer from 1 to"),
        (
            lambda p: DescentSetting(Problem.of(3, 2, 1, loss="ce")),
            "gradient descent on the DUFM needs loss 'mse', got 'ce'",
        ),
        (lambda p: train([DescentSetting(p)], 0), "runs must be an integer >= 1, got 0"),
        (lambda p: train([DescentSetting(p)], 1, -1), "seed must be an integer >= 0, got -1"),
        (lambda p: train([DescentSetting(p)], 1, threads=0), "threads must be an integer >= 1, got 0"),
        (lambda p: train([], 1), "a batch must have at least one setting, got none"),
        (
            lambda p: train([DescentSetting(p)], 1, 1, train([DescentSetting(p)], 1, 0)),
            "the earlier batch must be of the same settings",
        ),
        (lambda p: summarise([]), "n must be at least one trial, got 0"),
    ],
)
def test_nonsense_is_refused(make, words: str) -> None:
    with pytest.raises(ProblemError, match=words):
        make(Problem.of(3, 2, "0.01", 4))
