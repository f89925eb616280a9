"""Batches on disk come back whole or not at all; ranks, kinds and levels are read by the rule that is stated."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dufm.solvers.training.batch import Batch, train
from dufm.solvers.training.reading import CUT, end_of, ends, is_clear, rank, summarise
from dufm.solvers.training.run import DescentRun, Ending
from dufm.solvers.training.setting import DescentSetting
from dufm.solvers.training.store import load, save
from dufm.theory.problem import Problem
from dufm.theory.squared.phi import phi_of_power
from dufm.theory.stated import ProblemError
from dufm.verification.atlas.levels import levels


@pytest.fixture(scope="module")
def batch() -> Batch:
    problems = [Problem.of(3, 3, "0.01", 5, n) for n in (1, 2)]
    return train(
        [DescentSetting(p, 0.3, 0.7, 300) for p in problems] + [DescentSetting(problems[0], 300.0, steps=300)], 2, 11
    )


def test_a_batch_comes_back_bit_for_bit(batch: Batch, tmp_path: Path) -> None:
    found = load(save(batch, tmp_path / "new" / "runs.npz"))
    assert (found.settings, found.count, found.seed, found.versions) == (batch.settings, 2, 11, batch.versions)
    for a, b in zip(found.runs, batch.runs, strict=True):
        assert (a.setting, a.number, a.step, a.ending) == (b.setting, b.number, b.step, b.ending)
        assert np.array_equal([a.loss, a.fit, a.slope], [b.loss, b.fit, b.slope], equal_nan=True)
        assert a.weights.tobytes() == b.weights.tobytes()
        assert all(getattr(a.trace, f).tobytes() == getattr(b.trace, f).tobytes() for f in vars(a.trace))
    assert found.finished and any(run.ending is Ending.DIVERGED for run in found.runs)


def test_damaged_files_are_refused(batch: Batch, tmp_path: Path) -> None:
    path = save(batch, tmp_path / "runs.npz")
    whole = path.read_bytes()
    for spoiled in (b"", whole[: len(whole) // 2], b"PK" + bytes(100)):
        path.write_bytes(spoiled)
        with pytest.raises(ProblemError, match=r"training file must be an undamaged .npz by dufm, got '.*runs.npz'"):
            load(path)
    for spoil in ({"weights": np.zeros(3)}, {"trace": replace(batch.runs[0].trace, loss=np.zeros(1))}):
        runs = (replace(batch.runs[0], **spoil), *batch.runs[1:])
        with pytest.raises(ProblemError, match="of another size|of other shapes"):
            load(save(replace(batch, runs=runs), path))
    with pytest.raises(ProblemError, match="training file must exist, got 'nowhere.npz'"):
        load("nowhere.npz")


def test_a_rank_is_clear_where_no_cut_in_the_decade_changes_it() -> None:
    assert rank([2.0, 1.0, 0.021, 0.019]) == 3 and not is_clear([2.0, 1.0, 0.021, 0.019])
    assert rank([2.0, 1.0, 1e-3]) == 2 and is_clear([2.0, 1.0, 1e-3])
    assert rank([9e-4, 9e-4]) == 0 and is_clear([9e-4, 9e-4])
    assert rank([float("nan")] * 3) == 0
    for factor in (0.32, 3.1):
        assert not is_clear([1.0, CUT * factor])


def ended(
    batch: Batch, hidden: list[list[float]], output: list[float], over: float
) -> tuple[DescentSetting, DescentRun]:
    """A run at three layers whose last checkpoint shows these singular values of P_2, P_3 and Z."""
    setting, run = batch.settings[0], batch.runs[0]
    dnc = float(phi_of_power(3, setting.problem.x_power)[0])
    singular = run.trace.singular.copy()
    singular[-1, 0], singular[-1, 2], singular[-1, 4] = *hidden, output
    return setting, replace(run, trace=replace(run.trace, singular=singular, loss=np.full(len(singular), over * dnc)))


@pytest.mark.parametrize(
    ("hidden", "output", "over", "kind", "ranks"),
    [
        ([[1, 1, 0.9], [1, 1, 1]], [1, 1, 1], 1.002, "DNC", (3, 3)),
        ([[1, 1, 0.9], [1, 1, 1]], [1, 1, 1], 0.98, "full rank", (3, 3)),
        ([[1, 1, 1e-4], [1, 1, 1]], [1, 1, 1], 1.002, "low rank", (2, 3)),
        ([[1, 1, 1e-4], [1, 1, 1e-5]], [1, 1, 1e-4], 1.5, "classes lost", (2, 2)),
        ([[1e-9, 0, 0], [1e-9, 0, 0]], [1e-20, 0, 0], 5.0, "zero", (0, 0)),
    ],
)
def test_kinds(batch: Batch, hidden, output, over: float, kind: str, ranks: tuple[int, ...]) -> None:
    setting, run = ended(batch, hidden, output, over)
    end = end_of(setting, run, float(phi_of_power(3, setting.problem.x_power)[0]))
    assert (end.kind, end.ranks, end.ratio) == (kind, ranks, pytest.approx(over))


def test_a_summary_counts_every_run(batch: Batch) -> None:
    told = summarise(ends(batch, 2))
    assert told.kinds["diverged"] == told.runs == 2
    told = summarise(ends(batch, 0))
    assert sum(told.kinds.values()) == told.runs == told.dnc.n == 2
    assert ends(replace(batch, runs=tuple(replace(r, ending=Ending.INTERRUPTED) for r in batch.runs)), 0) == []


def test_levels_are_exact_and_in_order() -> None:
    problem = Problem.of(10, 4, "0.004", 30)
    level = levels(problem)
    assert level.dnc == pytest.approx(0.0991798746355952, rel=1e-14)
    assert level.srg is not None and level.srg / level.dnc == pytest.approx(0.90210, abs=2e-5)
    assert level.record / level.dnc == pytest.approx(0.81595, abs=2e-5)
    several = levels(Problem.of(10, 4, ["0.0008", "0.004", "0.004", "0.004", "0.004"], 30, 5))
    assert several.dnc == pytest.approx(level.dnc, rel=1e-14)
    assert levels(Problem.of(4, 2, "0.01")).srg is None
