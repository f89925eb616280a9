"""`dufm search` beyond the papers' model: what it prints is what the weights have, and each mistake is one line."""

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from dufm.solvers.objectives.squared import loss
from dufm.solvers.search.solution import Outcome, Solution, load
from dufm.theory.problem import Problem, Variant
from dufm.theory.squared.variants import bias_loss, split_loss
from dufm.verification.cli import app
from dufm.verification.cli.shared import save_result

QUICK = ("--restarts", "6", "--seed", "1")


def answered(arguments: Sequence[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> tuple:
    """(exit code, stdout, stderr) of `dufm search` with the arguments."""
    monkeypatch.setattr("sys.argv", ["dufm", "search", *arguments])
    try:
        app.main()
        code = 0
    except SystemExit as end:
        code = end.code
    told = capsys.readouterr()
    return code, told.out, told.err


@pytest.mark.parametrize(
    ("options", "variant", "activation"),
    [
        (("--classes", "5,5,1"), Variant(sizes=(5, 5, 1)), ""),
        (("--K", "3", "--activation", "leaky:0.1"), Variant(Fraction(1, 10)), "leaky"),
        (("--K", "3", "--activation", "linear"), Variant(), "linear"),
        (("--K", "3", "--bias", "last"), Variant(bias="last"), ""),
        (("--K", "3", "--bias", "last-decayed"), Variant(bias="last-decayed"), ""),
        (("--K", "3", "--skip", "block1"), Variant(skip="block1"), ""),
    ],
)
def test_the_search_states_the_exact_loss_of_what_it_saves(
    options: tuple, variant: Variant, activation: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch
) -> None:
    shared = ("--L", "2", "--lam", "0.01", "--width", "4", *QUICK, "--out", str(tmp_path), "--json")
    code, out, _ = answered((*options, *shared), capsys, monkeypatch)
    record, problem = json.loads(out), Problem.of(3, 2, "0.01", 4, activation=activation, variant=variant)
    solution = load(record["saved"])
    assert code == 0 and solution.problem == problem
    exact = problem.objective([[[Fraction(x) for x in row] for row in w.tolist()] for w in solution.weights])
    assert record["loss"] == float(exact) and record["restarts"] == 6
    assert (record["collapse"] is None) == (variant.bias == "last-decayed")
    if record["below_collapse"] is not None:
        low, high = bias_loss(problem) if variant.bias == "last" else split_loss(problem)
        assert record["collapse"]["loss"] == float(high) and record["below_collapse"] == (exact < low)
    assert (record["bias"] is None) == (variant.bias == "none")


def test_a_target_comes_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    (tmp_path / "t.csv").write_text("1,0.5,-1/3,2\n0,1,1,0\n")
    given = ("--target-matrix", str(tmp_path / "t.csv"), "--L", "2", "--lam", "0.01", *QUICK, "--out", str(tmp_path))
    code, out, _ = answered(given, capsys, monkeypatch)
    assert code == 0 and "target 2 x 4" in out and "/ zero weights" in out and "Searched, not proved" in out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--lam", "1"), "--K is needed: how many classes"),
        (("--K", "3", "--activation", "leaky"), "--activation must be relu, linear or leaky:SLOPE"),
        (("--K", "3", "--activation", "leaky:2"), "--activation leaky:SLOPE needs 0 < SLOPE < 1, got 2"),
        (("--K", "3", "--activation", "gelu"), "--activation must be one of relu, leaky, linear, got 'gelu'"),
        (
            ("--K", "3", "--classes", "3,x,3"),
            "--classes must be sizes >= 1 separated by commas, such as 5,5,1, got 'x'",
        ),
        (("--K", "4", "--classes", "3,3,3"), "classes must be 4 sizes with n = 1, got 3 and n = 1"),
        (("--K", "3", "--bias", "all"), "--bias must be one of none, last, last-decayed, got 'all'"),
        (
            ("--K", "3", "--skip", "block2"),
            "L must be odd with skip 'block2': blocks of two",
        ),
        (("--K", "3", "--skip", "two"), "--skip must be one of none, block1, block2, got 'two'"),
        (("--K", "3", "--loss", "ce", "--bias", "last"), "bias must be left out with loss 'ce'"),
        (("--K", "3", "--loss", "ce", "--classes", "1,2,3"), "sizes must be left out with loss 'ce'"),
        (("--K", "3", "--bias", "last", "--device", "cuda"), "--device must be auto or cpu beyond the plain model"),
        (("--K", "3", "--bias", "last", "--minima", "2"), "--minima must be left out beyond the plain model, got 2"),
        (("--target-matrix", "missing.csv"), "--target-matrix missing.csv cannot be read"),
    ],
)
def test_each_mistake_is_one_line(options: tuple, words: str, capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    code, out, err = answered((*options, "--L", "2", "--lam", "0.01"), capsys, monkeypatch)
    assert code == 2 and out == "" and words in err and len(err.strip().splitlines()) == 1


@pytest.mark.parametrize("text", ["1,2\n", "1,2\n3\n", "1,nan\n2,3\n", ""])
def test_a_bad_target_file_is_named(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    (tmp_path / "t.csv").write_text(text)
    given = ("--target-matrix", str(tmp_path / "t.csv"), "--L", "2", "--lam", "0.01")
    code, _, err = answered(given, capsys, monkeypatch)
    assert code == 2 and "t.csv" in err and len(err.strip().splitlines()) == 1


def test_a_lower_result_is_moved_aside_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def solution(problem: Problem, scale: float) -> Solution:
        weights = tuple(scale * np.ones(shape) for shape in problem.shapes)
        value = loss(problem, weights)
        return Solution(problem, weights, value, np.array([value]), "test", {}, 0, {}, Outcome.FINISHED)

    problem, other = Problem.of(3, 2, "0.05", 4), Problem.of(3, 2, "0.04", 4)
    path, aside = tmp_path / "best.npz", tmp_path / "best_lower1.npz"
    low, high = solution(problem, 0.1), solution(problem, 2.0)
    assert low.loss < high.loss
    save_result(low, path)
    assert capsys.readouterr().err == "" and save_result(high, path) == path
    assert load(path).loss == high.loss and load(aside).loss == low.loss and str(aside) in capsys.readouterr().err
    # Lower than what is there, of another problem, or beside something else: written over as before.
    for new in (low, solution(other, 2.0)):
        save_result(new, path)
    path.write_bytes(b"no archive")
    save_result(high, path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["best.npz", "best_lower1.npz"]
    assert capsys.readouterr().err == ""
