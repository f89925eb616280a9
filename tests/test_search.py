"""The global search: what it finds, that it repeats itself, and that nothing makes it crash."""

import numpy as np
import pytest

from dufm.solvers.engines.schedule import better_half, schedule
from dufm.solvers.objectives.squared import loss
from dufm.solvers.search.options import FixedOptions
from dufm.solvers.search.scipy_reference import search
from dufm.solvers.search.solution import Outcome, load, save
from dufm.solvers.weights.build import direct_sum, gaussian, pad, perturb
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError

SMALL = Problem.of(3, 4, "0.002", width=8)
DNC_OF_SMALL = 0.014981934755431891


@pytest.fixture(scope="module")
def small():
    return search(SMALL, FixedOptions(restarts=3, seed=0, starts_per_restart=4))


def test_three_classes_and_four_layers_beat_neural_collapse(small) -> None:
    """The record is 0.014652172916912; the homotopy ends within its last smoothing of it."""
    assert small.outcome is Outcome.FINISHED and small.dropped == 0
    assert small.loss == min(small.losses) == loss(SMALL, small.weights)
    assert 0.014652172916912 <= small.loss <= 0.0146522 < DNC_OF_SMALL
    costs = [float(s) * np.vdot(w, w) for s, w in zip(SMALL.effective_lambdas, small.weights, strict=True)]
    assert max(costs) <= min(costs) * (1 + 1e-12)


def test_six_classes_reach_rank_three() -> None:
    found = search(
        Problem.of(6, 4, "0.002", width=10), FixedOptions(restarts=6, seed=0, target=0.02717, starts_per_restart=8)
    )
    assert found.outcome is Outcome.TARGET_REACHED
    assert found.loss <= 0.02717


def test_without_hidden_layers_the_closed_form_is_found() -> None:
    problem = Problem.of(4, 1, ["0.02", "0.005"], n=4)
    x = 4 * (4 * 0.02 * 0.005) ** 0.5
    assert search(problem, FixedOptions(restarts=1, starts_per_restart=1)).loss == pytest.approx(
        x - x * x / 2, rel=1e-10
    )


def test_two_classes_give_neural_collapse() -> None:
    """K = 2: DNC is optimal (SML23), with loss min over u of (1 - u^3)^2 / 2 + 3/2 x u^2."""
    problem = Problem.of(2, 2, "0.01")
    u = np.max(np.roots([1, 0, 0, -1, 0.02]).real)
    stated = (1 - u**3) ** 2 / 2 + 1.5 * 0.02 * u**2
    found = search(problem, FixedOptions(restarts=3, seed=1, starts_per_restart=4))
    assert stated * (1 - 1e-12) <= found.loss <= stated + 1e-8


def test_same_seed_same_bits_and_more_restarts_only_add(small) -> None:
    again = search(SMALL, FixedOptions(restarts=3, seed=0, starts_per_restart=4))
    assert again.losses.tobytes() == small.losses.tobytes()
    assert all(a.tobytes() == b.tobytes() for a, b in zip(again.weights, small.weights, strict=True))
    fewer = search(SMALL, FixedOptions(restarts=2, seed=0, starts_per_restart=4))
    assert fewer.losses.tobytes() == small.losses[:2].tobytes()
    last = search(SMALL, FixedOptions(restarts=1, seed=0, starts_per_restart=4, first=2))
    assert last.losses.tobytes() == small.losses[2:].tobytes()
    assert search(SMALL, FixedOptions(restarts=1, seed=1, starts_per_restart=4)).losses[0] != small.losses[0]


def test_starts_that_are_not_finite_are_dropped_and_counted() -> None:
    def broken_once(problem, generator, scale):
        broken_once.calls += 1
        return [w * (np.nan if broken_once.calls == 1 else 1.0) for w in gaussian(problem, generator, scale)]

    broken_once.calls = 0
    problem = Problem.of(3, 2, "0.01")
    found = search(problem, FixedOptions(restarts=2, starts_per_restart=1, start=broken_once))
    assert found.outcome is Outcome.FINISHED and found.dropped == 1
    assert np.isnan(found.losses[0]) and found.loss == found.losses[1]
    assert found.settings["start"] == "broken_once"


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e200])
def test_a_search_in_which_everything_fails_says_so(value: float) -> None:
    found = search(
        SMALL,
        FixedOptions(
            restarts=2, starts_per_restart=2, start=lambda p, g, s: [np.full(shape, value) for shape in p.shapes]
        ),
    )
    assert found.outcome is Outcome.ALL_FAILED
    assert found.weights == () and np.isnan(found.loss) and found.dropped == 2


def test_interrupting_keeps_what_was_found() -> None:
    def interrupt(done: int, total: int, best: float) -> None:
        if done == 2:
            raise KeyboardInterrupt

    found = search(SMALL, FixedOptions(restarts=50, starts_per_restart=1, progress=interrupt))
    assert found.outcome is Outcome.INTERRUPTED and len(found.losses) == 2
    assert found.loss == np.min(found.losses) == loss(SMALL, found.weights)


def test_stop_and_target_end_the_search() -> None:
    assert len(search(SMALL, FixedOptions(restarts=50, starts_per_restart=1, stop=lambda: True)).losses) == 1
    assert search(SMALL, FixedOptions(restarts=50, starts_per_restart=1, stop=lambda: True)).outcome is Outcome.STOPPED
    assert search(SMALL, FixedOptions(restarts=50, starts_per_restart=1, target=0.6)).outcome is Outcome.TARGET_REACHED


@pytest.mark.parametrize(
    "option",
    [
        {"restarts": 0},
        {"restarts": 2.0},
        {"seed": -1},
        {"starts_per_restart": 0},
        {"eps0": 0.0},
        {"eps0": 2},
        {"first": -1},
    ]
    + [{"scale": value} for value in (0, -1.0, float("nan"), float("inf"))]
    + [{"eps0": float("nan")}, {"target": float("nan")}],
)
def test_options_that_make_no_sense_are_named(option: dict) -> None:
    with pytest.raises(ProblemError, match=f"^{next(iter(option))} must be [^\n]+$"):
        search(SMALL, FixedOptions(**option))


def test_smoothing_falls_to_its_end() -> None:
    stages = schedule(SMALL, 0.01, better_half, 8)[:, 0].tolist()
    assert stages[0] == 0.01 and stages[-1] == 1e-7 and len(stages) == 6
    assert all(b < a for a, b in zip(stages, stages[1:], strict=False))


def test_a_solution_survives_the_disk(small, tmp_path) -> None:
    path = save(small, tmp_path / "deep" / "found.npz")
    back = load(path)
    assert [p.name for p in path.parent.iterdir()] == ["found.npz"]
    assert back.problem == small.problem and back.outcome is small.outcome
    assert back.loss == small.loss and back.losses.tobytes() == small.losses.tobytes()
    assert back.settings == small.settings and back.versions == small.versions
    assert all(a.tobytes() == b.tobytes() for a, b in zip(back.weights, small.weights, strict=True))


@pytest.mark.parametrize("keep", [0, 10, 200, -30])
def test_a_damaged_file_gives_one_clear_line(small, tmp_path, keep: int) -> None:
    path = save(small, tmp_path / "found.npz")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ProblemError, match="^solution file must be [^\n]+$"):
        load(path)


def test_a_flipped_byte_or_a_stranger_is_refused(small, tmp_path) -> None:
    path = save(small, tmp_path / "found.npz")
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :])
    with pytest.raises(ProblemError, match="undamaged"):
        load(path)
    np.savez(path, something=np.zeros(3))
    with pytest.raises(ProblemError, match="undamaged"):
        load(path)
    np.save(tmp_path / "array.npy", np.zeros(3))
    with pytest.raises(ProblemError, match="undamaged"):
        load(tmp_path / "array.npy")
    with pytest.raises(ProblemError, match="must exist"):
        load(tmp_path / "missing.npz")


def test_starts_built_from_others_keep_their_meaning(small) -> None:
    wide = Problem.of(3, 4, "0.002", width=11)
    assert loss(wide, pad(wide, small.weights)) == pytest.approx(small.loss, rel=1e-13)
    with pytest.raises(ProblemError, match="width must be at least 8"):
        pad(Problem.of(3, 4, "0.002", width=7), small.weights)
    twice = Problem.of(6, 4, "0.001", width=16)
    assert loss(twice, direct_sum([small.weights, small.weights])) == pytest.approx(small.loss, rel=1e-13)
    moved = perturb(small.weights, np.random.default_rng(0), 0.1)
    assert all(0 < np.abs(a - b).max() < 1 for a, b in zip(moved, small.weights, strict=True))
