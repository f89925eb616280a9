"""Runs: they stop, go on and come back from disk unchanged; a head on digits is a DUFM and beats collapse."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dufm.solvers.base.files import read_archive, write_archive
from dufm.solvers.datasets import Dataset, Prepared, prepare
from dufm.solvers.networks.chain import forward
from dufm.solvers.networks.heads import dufm_weights, head_data, head_plan, like_digits, problem_of, run_head, sweep
from dufm.solvers.networks.plan import perceptron
from dufm.solvers.networks.store import FORMAT, load, save
from dufm.solvers.networks.training import NetworkRun, TrainingOutcome, start, train
from dufm.theory.squared.phi import phi_of_power
from dufm.theory.stated import ProblemError
from dufm.verification.base.certificate import point_certificate
from dufm.verification.base.exact import rational
from dufm.verification.checker import check

TINY = {"width": 12, "backbone": (8,), "epochs": 4}


@pytest.fixture(scope="module")
def data() -> Prepared:
    return head_data()


def same(a: NetworkRun, b: NetworkRun) -> bool:
    pairs = zip(a.state.weights + a.state.first, b.state.weights + b.state.first, strict=True)
    return all(np.array_equal(x, y) for x, y in pairs) and a.snapshots == b.snapshots


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_a_run_from_disk_ends_like_one_never_stopped(optimiser: str, data: Prepared, tmp_path: Path) -> None:
    plan = head_plan(data, optimiser=optimiser, rate=0.01, momentum=0.5, **TINY)
    whole = train(start(plan), data, [0, 2, 4])
    half = train(start(plan), data, [0, 2, 4], stop=lambda: True)
    assert (half.outcome, half.state.epoch) == (TrainingOutcome.STOPPED, 1)
    save(half, tmp_path / "deep" / "run.npz", {"name": "digits"})
    again, what = load(tmp_path / "deep" / "run.npz")
    assert what == {"name": "digits"} and again.plan == plan and same(again, half)
    train(again, data, [0, 2, 4])
    assert again.outcome is TrainingOutcome.FINISHED and same(again, whole)


def test_ctrl_c_keeps_finished_epochs(data: Prepared) -> None:
    def pressed(run: NetworkRun) -> None:
        if run.state.epoch == 2:
            raise KeyboardInterrupt

    plan = head_plan(data, **TINY)
    run = train(start(plan), data, [0, 1, 2], finished=pressed)
    assert run.outcome is TrainingOutcome.STOPPED and run.state.epoch == 2
    assert [s.epoch for s in run.snapshots] == [0, 1, 2]
    assert same(train(run, data, [0, 1, 2]), train(start(plan), data, [0, 1, 2]))


def test_damaged_files_are_one_clear_error(data: Prepared, tmp_path: Path) -> None:
    path = save(start(head_plan(data, **TINY)), tmp_path / "run.npz", {})
    good = path.read_bytes()
    with np.load(path) as held:
        arrays = dict(held)
    path.write_bytes(good[:-40])
    with pytest.raises(ProblemError, match="undamaged"):
        load(path)
    path.write_bytes(b"hello")
    with pytest.raises(ProblemError, match="undamaged"):
        load(path)
    np.savez(path, **arrays | {"weights_1": np.zeros((3, 3))})
    with pytest.raises(ProblemError, match="field weights_1 is not as it was written"):
        load(path)
    record, parts = read_archive(save(start(head_plan(data, **TINY)), path, {}), FORMAT)
    write_archive(path, FORMAT, record, parts | {"weights_1": np.zeros((3, 3))})
    with pytest.raises(ProblemError, match="do not fit the plan"):
        load(path)
    np.savez(path, **arrays | {"record": np.array('{"format": "other"}')})
    with pytest.raises(ProblemError, match="'other'"):
        load(path)
    with pytest.raises(ProblemError, match="must exist"):
        load(tmp_path / "none.npz")


def test_a_head_has_the_objective_of_its_dufm(data: Prepared) -> None:
    """On H_1 = h(x) with one sample a class, the network's loss is the problem's, exactly evaluated."""
    result = run_head(data, seed=2, **TINY)
    plan, weights = result.run.plan, result.run.state.weights
    problem = problem_of(plan, len(data.X))
    assert (problem.K, problem.L, problem.n, problem.width) == (10, 4, 50, 12)
    columns = dufm_weights(plan, weights, data)
    before = forward(weights, plan.relu, data.X)[1]
    h = before[plan.features - 1]
    assert all((h == column).all(axis=1).any() for column in columns[0].T)
    exact = float(problem.objective([rational(W) for W in columns]))
    # The mean over samples of each one's own loss is the network's; the best sample of each class is no worse.
    assert 0.5 * result.loss < exact <= result.loss
    each = ((before[-1] - data.Y) ** 2).sum(axis=1) / 2 + plan.feature_decay * 500 / 2 * (h**2).sum(axis=1)
    decay = sum(c / 2 * (W**2).sum() for c, W in zip(plan.decay, weights, strict=True))
    assert np.isclose(each.mean() + decay, result.loss, rtol=1e-12)
    best = np.mean([each[data.labels == c].min() for c in range(10)])
    assert np.isclose(best + decay, exact, rtol=1e-12)


def test_a_trained_head_is_of_low_rank_and_certifies_that_collapse_is_not_optimal(data: Prepared) -> None:
    result = run_head(data, seed=0, rate=0.4, epochs=500)
    problem = problem_of(result.run.plan, len(data.X))
    assert result.loss < float(phi_of_power(4, problem.x_power)[0])
    assert result.neck <= 7 < result.ranks[-1] == 10 and max(result.gaps) > 50
    assert result.run.snapshots[-1].accuracy == 1.0 and max(result.nc1) < 0.02
    witness = dufm_weights(result.run.plan, result.run.state.weights, data)
    certificate = point_certificate(problem, witness, "net-head-low-rank", {"seed": 0})
    assert check(json.dumps(certificate).encode()).ok


def test_rows_of_other_sizes_are_scaled_to_the_length_of_digits() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(40) % 10
    wide = prepare(Dataset(rng.standard_normal((40, 3072)), y, "made up", "here", 10, (3072,)), one_hot=True)
    assert np.allclose((like_digits(wide).X ** 2).sum(axis=1).mean(), 64 * 39 / 40)
    run = train(start(head_plan(like_digits(wide), epochs=3)), like_digits(wide), [])
    assert run.outcome is TrainingOutcome.FINISHED


def test_settings_follow_each_other(data: Prepared) -> None:
    plan = head_plan(data)
    assert plan.epochs == 1500 and np.isclose(plan.feature_decay * 50, 5 * 0.005)
    assert head_plan(data, decay=0.01).epochs == 750 and head_plan(data, momentum=0.9).epochs == 150
    found = sweep(data, "decay", (0.01, 0.02), (0, 1), **TINY)
    assert [(r.changed["decay"], r.seed) for r in found] == [(0.01, 0), (0.01, 1), (0.02, 0), (0.02, 1)]


def test_bad_settings(data: Prepared) -> None:
    with pytest.raises(ProblemError, match="'colour'"):
        head_plan(data, colour=3)
    with pytest.raises(ProblemError, match="--decay and --rate"):
        head_plan(data, decay=0.0)
    with pytest.raises(ProblemError, match="head on regularised"):
        problem_of(perceptron(64, 10), 500)
    with pytest.raises(ProblemError, match="must have features"):
        dufm_weights(perceptron(64, 10), [], data)
    with pytest.raises(ProblemError, match="unregularised"):
        plan = head_plan(data)
        problem_of(replace(plan, decay=(0.1, *plan.decay[1:])), 500)
