"""Cross-entropy on the command line: search, compare, structures, the tables, the counts; one line for a mistake."""

import io
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from dufm.solvers.search.options import SearchOptions
from dufm.solvers.search.solution import load
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError
from dufm.verification.cli.ce.commands import commands
from dufm.verification.cli.compare import run_compare
from dufm.verification.cli.compare_request import CompareRequest
from dufm.verification.cli.listings import structures_table
from dufm.verification.cli.search import run_search
from dufm.verification.cli.shared import SearchRequest

MINE = """
class Square:
    name, needs = "square", "K = 4"
    def valid(self, K): return K == 4
    def order(self, K): return 4
    def logits(self, K, numbers): return [[numbers.cosine(i - j, 4) for i in range(4)] for j in range(4)]
    def margins(self, K, numbers): return [(4, [(numbers.rational(1), 2), (numbers.rational(2), 1)])]
    def squares(self, K, numbers): return [(numbers.rational(4), 2)]

class Wrong(Square):
    def squares(self, K, numbers): return [(numbers.rational(3), 2)]

class Narrow(Square):
    def logits(self, K, numbers): return [[x / 2 for x in row] for row in Square.logits(self, K, numbers)]
    def margins(self, K, numbers): return [(4, [(numbers.rational(1, 2), 2), (numbers.rational(1), 1)])]
    def squares(self, K, numbers): return [(numbers.rational(1), 2)]
"""


def asked(K: int, lam: str, out: Path, restarts: int = 64, loss: str = "ce", **options: Any) -> SearchRequest:
    own = {"device": "auto", "budget": None, "minima": 2, "resume": False, "as_json": False} | options
    return SearchRequest(
        Problem.of(K, 2, lam, None if K == 4 else K, loss=loss), SearchOptions(restarts), out=out, **own
    )


def console() -> Console:
    return Console(file=io.StringIO(), width=120)


def text(shown: Console) -> str:
    assert isinstance(shown.file, io.StringIO)
    return shown.file.getvalue()


def test_search_prints_and_saves_and_resumes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = console()
    run_search(asked(5, "1/100", tmp_path), shown)
    assert "best closed form: pyramid" in text(shown) and "0.198625315030405" in text(shown)
    assert "no lower bound is claimed" in text(shown)
    run_search(asked(5, "1/100", tmp_path, resume=True, as_json=True), shown)
    record = json.loads(capsys.readouterr().out)
    assert record["restarts"] == 128 and record["minima"][0]["structure"] == "pyramid"
    assert record["loss"] <= float(record["upper_bound"]) <= record["loss"] * (1 + 1e-13)
    with pytest.raises(ProblemError, match="belongs to another problem"):
        run_search(asked(5, "1/50", tmp_path, resume=True, as_json=True), shown)


def rectified(lam: str, out: Path, **changed: Any) -> SearchRequest:
    own = asked(5, lam, out, 20, minima=0, **changed)
    return replace(own, problem=replace(own.problem, L=4, lambdas=(Fraction(lam),) * 5, activation="relu"))


def test_search_with_relu_layers_is_below_collapse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = console()
    run_search(rectified("1/100", tmp_path), shown)
    assert "5 classes, 4 layers with relu, cross-entropy" in text(shown) and "Searched, not proved" in text(shown)
    run_search(rectified("1/100", tmp_path, as_json=True), shown)
    record = json.loads(capsys.readouterr().out)
    assert record["loss"] < 0.95 * record["collapse"] and record["restarts"] == 20
    assert record["loss"] <= float(record["upper_bound"]) <= record["loss"] * (1 + 1e-13)
    kept = load(record["saved"])
    assert kept.problem.activation == "relu" and kept.loss == record["loss"]
    for option, changed in {
        "--resume": {"resume": True},
        "--target": {"options": SearchOptions(5, target=0.1)},
    }.items():
        with pytest.raises(ProblemError, match=f"{option} is not there with --loss ce --activation relu"):
            run_search(replace(rectified("1/100", tmp_path), **changed), shown)


@pytest.mark.parametrize(
    ("K", "changed", "words"),
    [
        (2, {}, "--loss ce needs K >= 3, got 2"),
        (4, {"device": "cuda"}, "--device must be auto or cpu with --loss ce"),
        (4, {"restarts": 0}, "restarts must be an integer >= 1"),
        (4, {"budget": "soon"}, "--budget must be a time"),
    ],
)
def test_search_mistakes(K: int, changed: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match=words):
        run_search(asked(K, "1/100", tmp_path, **changed), console())


def test_an_unknown_loss_is_one_line(tmp_path: Path) -> None:
    for call in (
        lambda: run_search(asked(4, "1/100", tmp_path, loss="hinge"), console()),
        lambda: run_compare(CompareRequest("srg", 6, 4), console(), "hinge"),
        lambda: structures_table(console(), 4, 2, False, "hinge"),
    ):
        with pytest.raises(ProblemError, match="loss must be one of 'mse', 'ce', got 'hinge'"):
            call()


def test_compare_a_listed_structure_and_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = console()
    run_compare(CompareRequest("pairs", 6, 3, "1/100"), shown, "ce")
    assert "c < K - 1 = 5: it beats DNC at every strength" in text(shown) and "best known: pairs" in text(shown)
    path = tmp_path / "my.py"
    path.write_text(MINE)
    run_compare(CompareRequest(f"{path}:Square", 4, 3, "1/100", as_json=True), shown, "ce")
    rows = {r["structure"]: r for r in json.loads(capsys.readouterr().out)["rows"]}
    assert rows["square (yours)"]["c"] == pytest.approx(8**0.5)
    assert rows["square (yours)"]["loss"] == pytest.approx(0.139898750828786, rel=1e-14)
    assert rows["dnc"]["loss"] == pytest.approx(0.152877278124426, rel=1e-14)
    for name, words in (
        ("Wrong", "margins and squares must be those of logits"),
        ("Narrow", "the least margin must be 1"),
    ):
        with pytest.raises(ProblemError, match=words):
            run_compare(CompareRequest(f"{path}:{name}", 4, 3), shown, "ce")
    with pytest.raises(ProblemError, match="'square' needs K = 4"):
        run_compare(CompareRequest(f"{path}:Square", 5, 3), shown, "ce")
    with pytest.raises(ProblemError, match="--out needs --loss mse"):
        run_compare(CompareRequest("pairs", 6, 3, out=tmp_path / "c.json"), shown, "ce")
    with pytest.raises(
        ProblemError, match="structure must be one of the 19 names that `dufm structures --loss ce` lists"
    ):
        run_compare(CompareRequest("srg", 6, 3), shown, "ce")


def test_structures(capsys: pytest.CaptureFixture[str]) -> None:
    shown = console()
    structures_table(shown, 10, 3, False, "ce")
    assert "johnson(5,2)" in text(shown) and "6.928203" in text(shown)
    structures_table(shown, None, 3, True, "ce")
    names = [row["name"] for row in json.loads(capsys.readouterr().out)]
    assert {"dnc", "polygon", "pyramid"} <= set(names)


def test_table_and_counts_as_commands(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    ran = CliRunner().invoke(
        commands, ["ce-table", "--K", "4", "--L", "2,3", "--lam", "1/100", "--restarts", "40", "--out", str(path)]
    )
    assert ran.exit_code == 0 and len(json.loads(path.read_text())["rows"]) == 2
    ran = CliRunner().invoke(
        commands,
        ["ce-persistence", "--K", "4", "--L", "3", "--lam", "0.01", "--widths", "16", "--starts", "6", "--json"],
    )
    (row,) = json.loads(ran.stdout)
    assert row["starts"] == 6 and row["dnc"] == sum(v for k, v in row["ends"].items() if k == "dnc")
    ran = CliRunner().invoke(commands, ["ce-table", "--K", "2:4", "--out", str(path)])
    assert isinstance(ran.exception, ProblemError) and "--K must be" in str(ran.exception)
    assert Problem.of(4, 2, 1, loss="ce").loss == "ce"
