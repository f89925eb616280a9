"""Claims, command line and figure of rank two say what the runs show, and notice when they do not."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from dufm.paper_figs.rank_two import rank_two as figure
from dufm.solvers.rank_two.store import load_run, run_path, save_run
from dufm.solvers.rank_two.tasks import setup_of, task_named, train_task
from dufm.theory.stated import ProblemError
from dufm.verification.claims.base.claim import BUDGETS, Budget, Claim
from dufm.verification.claims.base.measured import MIN_RUNS
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.rank_two import measured
from dufm.verification.claims.rank_two.dynamics import RANK_TWO_DYNAMICS
from dufm.verification.claims.rank_two.exact import RANK_TWO, up
from dufm.verification.claims.rank_two.measured import RANK_TWO_MEASURED
from dufm.verification.cli.rank_two import commands

ONE = Budget("test", 1)
FAST = ["--steps", "400", "--seeds", "2", "--looks", "3"]


@pytest.mark.parametrize("claim", [*RANK_TWO_MEASURED, *RANK_TWO_DYNAMICS], ids=lambda c: c.label)
def test_one_run_shows_what_is_claimed_and_decides_nothing(claim: Claim) -> None:
    verdict = claim.check(ONE)
    assert verdict.status is Status.UNDECIDED and verdict.sentence.startswith("1 run, too few"), verdict.sentence
    assert verdict.comparisons and all(c.holds for c in verdict.comparisons) and json.dumps(verdict.details)


def test_five_runs_support_it() -> None:
    assert measured.SEEDS["quick"] == MIN_RUNS
    verdict = next(c for c in RANK_TWO_MEASURED if c.label == "dyn-rank-two-limits").check(BUDGETS["quick"])
    assert verdict.status is Status.SUPPORTED and "all of 5 runs" in verdict.sentence


def test_states_are_judged_exactly() -> None:
    (claim,) = (c for c in RANK_TWO if c.label == "dyn-rank-two-states")
    verdict = claim.check(ONE)
    assert verdict.status is Status.CERTIFIED and "rank-three 0.05: E_2 <= 0.67" in verdict.sentence
    assert [up(Fraction(n, 3)) for n in (1, 2, -1, 10**9)] == ["0.334", "0.667", "-0.333", "3.34E+8"]


def test_a_run_outside_its_interval_refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured, "INTERVALS", {("diabetes", 0.1): (0.99, 1.0), ("diabetes", 0.0): (0.2, 0.4)})
    verdict = RANK_TWO_MEASURED[0].check(ONE)
    assert verdict.status is Status.REFUTED and "diabetes, lambda = 0.1: 0.94" in verdict.sentence


def test_runs_come_back_from_disk(tmp_path: Path) -> None:
    task = task_named("diabetes")
    setup = setup_of("diabetes", 0.1, steps=50)
    (run,) = train_task(task, 0.1, [3], at=[0, 50], threads=1, steps=50)
    path = run_path(tmp_path, task, setup, 3, [0, 50])
    assert load_run(path) is None
    save_run(path, run)
    again = load_run(path)
    assert again is not None and np.array_equal(again.W, run.W) and again.seed == 3
    assert [look.bound for look in again.looks] == [look.bound for look in run.looks]
    assert run_path(tmp_path, task, setup_of("diabetes", 0.1, steps=51), 3, [0, 50]) != path
    path.write_bytes(path.read_bytes()[:200])
    assert load_run(path) is None


def test_the_command_trains_once_and_tells(tmp_path: Path) -> None:
    arguments = ["--lam", "0,0.2", "--out", str(tmp_path), "--exact", *FAST]
    first = CliRunner().invoke(commands, arguments)
    assert first.exit_code == 0 and "held at every state" in first.stdout and "B-I holds" in first.stdout
    files = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(files) == 4
    second = CliRunner().invoke(commands, [*arguments, "--json"])
    record = json.loads(second.stdout)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == files
    strong = record["runs"][1]["seeds"][0]
    assert strong["exact"]["holds"] and strong["bound"]["distance"] <= strong["bound"]["bound"]
    assert "bound" not in record["runs"][0]["seeds"][0] and not strong["diverged"]


def test_diverged_runs_are_left_out_and_counted(tmp_path: Path) -> None:
    done = CliRunner().invoke(commands, ["--lam", "0.05", "--lr", "9", "--out", str(tmp_path), *FAST])
    assert done.exit_code == 0 and "2 runs diverged and are left out" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--lam", "a"], "--lam must be numbers separated by commas, such as 0,0.1, got 'a'"),
        (["--lam=-1"], "--lam must be a finite number >= 0, got -1.0"),
        (["--lam", "nan"], "--lam must be a finite number >= 0, got nan"),
        (["--data", "foo"], "--data: expected one of the 14 names that `dufm rank-two --help` lists"),
        (["--data", "mnist"], "mnist: expected --root"),
        (["--seeds", "0"], "--seeds must be an integer >= 1, got 0"),
        (["--seed", "-1"], "--seed must be an integer >= 0, got -1"),
        (["--looks", "1"], "--looks must be an integer >= 2, got 1"),
        (["--lr", "0"], "--lr must be a finite number > 0, got 0.0"),
        (["--width", "0"], "--width must be an integer >= 1, got 0"),
    ],
)
def test_bad_options_are_one_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(commands, [*arguments, "--out", str(tmp_path / "new")])
    assert isinstance(done.exception, ProblemError) and str(done.exception).startswith(message)


def test_the_figure_draws_what_the_runs_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figure, "SEEDS", {"quick": 1})
    table = figure.data("quick")
    assert {row["panel"] for row in table} == {"time", "spectrum", "sweep", "error", "bound", "direction", "fails"}
    assert len({tuple(row) for row in table}) == 1
    bounds = [row for row in table if row["panel"] == "bound"]
    assert len(bounds) > 60 and all(row["x"] <= row["y"] + 1e-10 for row in bounds)
    ends = {row["lam"]: row["y"] for row in table if row["panel"] == "time" and row["x"] == 20000}
    assert ends[0.0] < 0.4 < ends[0.03] < ends[0.1] < ends[0.2]
    three = [row["y"] for row in table if row["panel"] == "fails" and row["task"] == "rank-three" and row["seed"] == 0]
    assert three[:3] == pytest.approx([1 / 3, 2 / 3, 1], abs=1e-3)
