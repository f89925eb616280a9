"""`dufm train` as a user types it: table and JSON, resumed bit for bit, one line for every foreseen mistake."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from dufm.solvers.training.store import load
from dufm.theory.stated import ProblemError
from dufm.verification.base.number_lists import read_numbers
from dufm.verification.checker import check
from dufm.verification.cli.train import commands

APP = typer.Typer()
APP.add_typer(commands)
APP.command("other")(lambda: None)
SMALL = "train --K 3 --L 4 --lam 0.004 --width 10 --scale 0.5 --steps 8000"


def dufm(line: str) -> SimpleNamespace:
    result = CliRunner().invoke(APP, line.split())
    if isinstance(result.exception, Exception):
        raise result.exception
    return SimpleNamespace(code=result.exit_code, out=result.stdout)


def test_json_says_what_the_runs_ended_in_and_the_certificate_holds(tmp_path: Path) -> None:
    found = dufm(f"{SMALL} --runs 4 --seed 20240514 --out {tmp_path} --json")
    told = json.loads(found.out)
    (point,) = told["points"]
    assert found.code == 0 and told["finished"] and told["interrupted"] == 0
    assert sum(point["kinds"].values()) == point["runs"] == len(point["ranks"]) == 4
    assert point["levels"]["record"] < point["levels"]["dnc"] and point["levels"]["srg"] is None
    low, high = point["p_dnc"][1:]
    assert low <= point["kinds"]["DNC"] / 4 <= high
    if point["best_over_dnc"] < 1:
        assert told["certificate"]["accepted"] and check(Path(told["certificate"]["file"]).read_bytes()).ok
    else:
        assert told["certificate"] is None
    assert len(load(told["saved"]).runs) == 4


def test_resume_adds_runs_and_keeps_the_old_ones(tmp_path: Path) -> None:
    first = dufm(f"{SMALL} --runs 2 --out {tmp_path}")
    assert "runs ended in" in first.out and "P(DNC), 95 %" in first.out and "bit for bit" not in first.out
    (path,) = tmp_path.glob("*.npz")
    old = load(path)
    dufm(f"{SMALL} --runs 3 --out {tmp_path} --resume")
    new = load(path)
    assert [run.weights.tobytes() for run in new.runs[:2]] == [run.weights.tobytes() for run in old.runs]
    assert len(new.runs) == 3
    with pytest.raises(ProblemError, match="the earlier batch must be of the same settings and seed"):
        dufm(f"{SMALL} --runs 3 --lr 0.1 --out {tmp_path} --resume")


def test_a_grid_has_a_row_for_every_point(tmp_path: Path) -> None:
    line = f"train --K 3 --L 2 --lam 0.01,1/50 --width 3,5 --n 2 --steps 200 --runs 2 --out {tmp_path}"
    points = json.loads(dufm(f"{line} --json").out)["points"]
    assert [(p["lambda"], p["width"]) for p in points] == [("1/100", 3), ("1/100", 5), ("1/50", 3), ("1/50", 5)]
    out = dufm(line).out
    assert "lambda" in out and "width" in out and "3 classes, 2 layers, 2 samples a class" in out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--K 1", "K must be an integer >= 2, got 1"),
        ("--lam 0", "lambda must be > 0, got 0"),
        ("--lam x", "--lam must be a finite number such as 0.004 or 1/250, got 'x'"),
        ("--lr nan", "--lr must be a finite number such as 0.004 or 1/250, got 'nan'"),
        ("--lr 0", "lr must be a finite number > 0, got 0.0"),
        ("--width 5", "width must be an integer >= 10, got 5"),
        ("--width 20.5", "--width must be an integer, got 41/2"),
        ("--scale 0", "scale must be a finite number > 0, got 0.0"),
        ("--steps 0", "steps must be an integer from 1 to 100000000, got 0"),
        ("--runs 0", "runs must be an integer >= 1, got 0"),
        ("--runs 200000", "--runs must leave at most 100000 runs in all, got 200000"),
        ("--seed -1", "seed must be an integer >= 0, got -1"),
        ("--n 0", "n must be an integer >= 1, got 0"),
    ],
)
def test_nonsense_is_one_line(options: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match=words):
        dufm(f"train --out {tmp_path} {options}")


def test_damaged_files_stop_a_resumed_run(tmp_path: Path) -> None:
    (tmp_path / "K3_L4_n1_seed0.npz").write_bytes(b"nothing")
    with pytest.raises(ProblemError, match="training file must be an undamaged .npz by dufm"):
        dufm(f"{SMALL} --out {tmp_path} --resume")


def test_numbers_are_exact_and_each_once() -> None:
    assert [str(x) for x in read_numbers("0.1,1/3,0.10", "--lam")] == ["1/10", "1/3"]
