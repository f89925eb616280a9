"""Every record of the shipped atlas holds in exact arithmetic, spoiled ones do not, and only better ones get in."""

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from dufm.solvers.objectives.squared import loss
from dufm.solvers.search.solution import Outcome, Solution, save
from dufm.theory.problem import Problem
from dufm.theory.squared.bounds import least_loss
from dufm.theory.squared.phi import collapse_threshold, phi, phi_of_power
from dufm.theory.squared.structure import total_cost
from dufm.theory.squared.structures import CheapestSum
from dufm.theory.stated import ProblemError
from dufm.verification.atlas import records
from dufm.verification.atlas.cells import Cell
from dufm.verification.atlas.records import FOLDER, check_atlas, file_weights, path_of, read_atlas, read_file, submit
from dufm.verification.atlas.work import as_text, floats, judge
from dufm.verification.base.certificate import point_certificate, write
from dufm.verification.claims import brackets
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.settled import (
    CERTIFIED_LOW,
    CERTIFIED_OTHER,
    OPEN,
    PROVED_DNC,
    PROVED_LOW,
    settled,
    table,
    verdict,
)
from dufm.verification.cli.map import run_extract, run_records, run_submit

K, L = 3, 4
STRENGTHS = 5


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An atlas of one file, to spoil."""
    shutil.copy(path_of(FOLDER, K, L), tmp_path)
    return tmp_path


def low(folder: Path) -> tuple[Cell, dict[str, Any]]:
    return next((c, r) for c, r in read_file(path_of(folder, K, L)).items() if r["state"] == "low rank")


def test_every_shipped_record_passes() -> None:
    assert check_atlas(FOLDER) == []


def test_the_shipped_atlas_is_whole_and_small() -> None:
    held = read_atlas(FOLDER)
    sizes = [path.stat().st_size for path in FOLDER.glob("K*_L*.json")]
    assert max(sizes) < 200_000 and sum(sizes) < 6_000_000
    for k in range(2, 16):
        for depth in range(2, 8):
            assert sum((c.K, c.L) == (k, depth) for c in held) >= STRENGTHS
    assert {r["state"] for c, r in held.items() if c.K == 2 or (c.L == 2 and c.K <= 4)} == {"dnc"}


def test_records_are_no_worse_than_the_structures() -> None:
    structure = CheapestSum()
    ratios = {(k, depth): total_cost(structure, k, depth) / k for k in range(2, 16) for depth in range(2, 8)}
    for row in table(FOLDER):
        assert 0 < row["ratio"] <= 1 and (row["ratio"] == 1) == (row["state"] == "dnc")
        # phi_L is concave, so a structure's ratio of losses is a little above its C / K, less so the smaller x is.
        if row["x"] <= 0.0031:
            assert row["ratio"] <= float(ratios[row["K"], row["L"]]) * 1.001


Spoil = Callable[[dict[str, Any]], Any]
SPOILED: dict[str, Spoil] = {
    "weight": lambda r: r["certificate"]["witness"][1]["rows"][0].__setitem__(0, 10**9),
    "ratio": lambda r: r.__setitem__("ratio", r["ratio"] * (1 - 1e-15)),
    "rank": lambda r: r.__setitem__("neck_rank", r["neck_rank"] - 1),
    "symmetry": lambda r: r.__setitem__("order", 720),
    "state": lambda r: r.__setitem__("state", "dnc"),
    "float": lambda r: r["certificate"]["witness"][0]["rows"][0].__setitem__(0, 0.5),
    "strength": lambda r: r["certificate"]["problem"]["lambdas"][0].__setitem__(1, 1),
    "samples": lambda r: r["certificate"]["problem"].__setitem__("n", 2),
    "no weights": lambda r: r.__setitem__("certificate", None),
    "no ratio": lambda r: r.pop("ratio"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_spoiled_records_do_not_pass(folder: Path, name: str) -> None:
    assert check_atlas(folder) == []
    path = path_of(folder, K, L)
    content = json.loads(path.read_text())
    SPOILED[name](next(r for r in content["records"] if r["state"] == "low rank"))
    path.write_text(json.dumps(content))
    faults = check_atlas(folder)
    assert len(faults) == 1 and path.name in faults[0] and "\n" not in faults[0]
    assert check_atlas(folder, lambda cell: cell.K != K) == []


def test_records_are_told_with_their_verdicts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_records("3", "4", folder, True, Console()) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["faults"] == [] and [r["Lambda"] for r in told["records"]] == [
        cell.strength for cell in read_file(path_of(folder, K, L))
    ]
    assert all(0 < r["lower"] < r["ratio"] <= 1 and r["verdict"] == PROVED_LOW for r in told["records"])
    assert run_records("3", None, folder, False, Console(width=200)) == 0
    shown = capsys.readouterr().out
    assert f"{told['records'][0]['ratio']:.4f}" in shown and "low rank P" in shown
    with pytest.raises(ProblemError, match=r"--K 4 must name cells that .* holds \(K 3:3, L 4:4\), got none"):
        run_records("4", None, folder, True, Console())
    SPOILED["weight"]((content := json.loads(path_of(folder, K, L).read_text()))["records"][0])
    path_of(folder, K, L).write_text(json.dumps(content))
    assert run_records(None, None, folder, False, Console(width=200)) == 1
    assert "does not hold" in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format":"dufm-atlas","version":2}', b"\xff"])
def test_damaged_files_are_named(folder: Path, content: bytes) -> None:
    path_of(folder, K, L).write_bytes(content)
    assert [path.name in fault for path in folder.iterdir() for fault in check_atlas(folder)] == [True]
    with pytest.raises(ProblemError, match=r"K03_L4\.json is not a file of the atlas"):
        table(folder)


def test_a_record_under_the_wrong_name_is_a_fault(folder: Path) -> None:
    path_of(folder, K, L).rename(path_of(folder, K, L + 1))
    assert len(check_atlas(folder)) == 1


def test_only_better_weights_get_in(folder: Path) -> None:
    cell, record = low(folder)
    text = as_text(record["certificate"])
    best = floats(text)
    worse = point_certificate(cell.problem, best, "mine", {}, bits=12)
    write(worse, folder / "mine.json")
    assert judge(cell, as_text(worse)).certified
    before = path_of(folder, K, L).read_bytes()
    filed = submit(folder / "mine.json", folder)
    assert filed.outcome == "not better" and filed.ratio > filed.held == record["ratio"]
    write(record["certificate"], folder / "same.json")
    assert submit(folder / "same.json", folder).outcome == "not better"
    assert path_of(folder, K, L).read_bytes() == before
    # The other way round: the worse one is held, the better one comes in.
    content = read_file(path_of(folder, K, L))
    content[cell] |= {"certificate": worse, "ratio": judge(cell, as_text(worse)).ratio}
    records.write_file(folder, K, L, content)
    filed = submit(folder / "same.json", folder)
    assert filed.outcome == "better" and filed.ratio == record["ratio"] < filed.held
    assert check_atlas(folder) == []
    assert run_submit(folder / "mine.json", folder, False, Console(quiet=True)) == 1


def test_a_solution_of_a_search_is_filed_where_dnc_was_held(folder: Path) -> None:
    cell, record = low(folder)
    content = read_file(path_of(folder, K, L))
    content[cell] = {"Lambda": cell.strength, "state": "dnc", "ratio": 1.0, "certificate": None}
    records.write_file(folder, K, L, content)
    weights = tuple(floats(as_text(record["certificate"])))
    solution = Solution(
        cell.problem, weights, loss(cell.problem, weights), np.zeros(1), "mine", {}, 0, {}, Outcome.FINISHED
    )
    assert run_submit(save(solution, folder / "mine.npz"), folder, False, Console(quiet=True)) == 0
    filed, held = read_file(path_of(folder, K, L))[cell], judge(cell, as_text(record["certificate"]))
    assert filed["ratio"] == pytest.approx(held.ratio, rel=1e-9) and check_atlas(folder) == []
    zero = [0 * w for w in weights]
    bad = Solution(cell.problem, tuple(zero), 0.5, np.zeros(1), "mine", {}, 0, {}, Outcome.FINISHED)
    assert submit(save(bad, folder / "zero.npz"), folder).outcome == "not below DNC"


@pytest.mark.parametrize(
    ("lam", "n", "words"),
    [
        ("0.002", 1, "the atlas holds --lam .*; got 0.002"),
        ("0.0033333,0.0033333,0.0033333,0.0033333,0.1", 1, "equal strengths, got n = 1 and 2"),
        ("0.003", 2, "n = 1 and equal strengths, got n = 2"),
    ],
)
def test_weights_of_problems_not_held_are_refused(folder: Path, lam: str, n: int, words: str) -> None:
    problem = Problem.of(K, L, lam.split(",") if "," in lam else lam, n=n)
    weights = floats(as_text(low(folder)[1]["certificate"]))
    write(point_certificate(problem, weights, "mine", {}), folder / "mine.json")
    with pytest.raises(ProblemError, match=words):
        submit(folder / "mine.json", folder)


def test_files_without_weights_are_refused(folder: Path) -> None:
    with pytest.raises(ProblemError, match="solution file must exist"):
        submit(folder / "none.npz", folder)
    (folder / "head.json").write_text('{"kind":"head","problem":{"K":3,"L_from":4}}')
    with pytest.raises(ProblemError, match="is not a point certificate"):
        submit(folder / "head.json", folder)


def test_verdicts_come_from_checked_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settled(10, 4) and verdict(Problem.of(10, 4, "0.001"), False) == PROVED_LOW
    # Proofs speak of strengths below collapse; searches prove nothing.
    assert verdict(Problem.of(10, 4, "0.1"), False) == OPEN
    assert verdict(Problem.of(5, 1, "0.01"), False) == PROVED_DNC
    assert verdict(Problem.of(5, 3, "0.001"), False) == OPEN
    assert verdict(Problem.of(5, 3, "0.001"), True, 3) == CERTIFIED_LOW
    assert verdict(Problem.of(5, 3, "0.001"), True, 5) == CERTIFIED_OTHER
    settled.cache_clear()
    monkeypatch.setattr(brackets, "judged", lambda label: Status.UNDECIDED)
    assert settled(10, 4) is None
    settled.cache_clear()


def test_the_bound_is_dncs_loss_at_one_layer_and_below_every_record() -> None:
    problem = Problem.of(6, 1, "0.005")
    assert abs(least_loss(problem)[0] - phi_of_power(1, problem.x_power)[0]) < Fraction(1, 2**50)
    for cell, record in read_file(path_of(FOLDER, 6, 4)).items():
        dnc = phi_of_power(cell.L, cell.problem.x_power)[0]
        assert 0 < least_loss(cell.problem)[0] / dnc < record["ratio"]


def test_nothing_is_filed_for_what_is_not_below_dnc(tmp_path: Path) -> None:
    cell = Cell(4, 3, Fraction(1, 100))
    filed = file_weights(tmp_path / "new", cell, None, {})
    assert (filed.outcome, filed.held) == ("not below DNC", 1.0) and filed.ratio > 1
    held = read_file(path_of(tmp_path / "new", 4, 3))
    assert held == {cell: {"Lambda": "0.01", "state": "dnc", "ratio": 1.0, "certificate": None}}


@pytest.mark.parametrize(
    ("K", "L", "strength", "goal"),
    [(6, 4, "0.002", 0.0270030), (10, 3, "0.0015", 0.0275670), (15, 5, "0.0005", 0.0149102)],
)
def test_records_of_the_benchmark_problems(K: int, L: int, strength: str, goal: float) -> None:
    cell = Cell(K, L, Fraction(strength))
    record = read_file(path_of(FOLDER, K, L))[cell]
    ratio = next(r["ratio"] for r in table(FOLDER) if (r["K"], r["L"], r["Lambda"]) == (K, L, cell.strength))
    assert record["state"] != "dnc" and ratio * float(phi(L, K * cell.Lambda)[0]) <= goal


@pytest.mark.parametrize("width", [60, 80, 160])
def test_no_number_of_the_table_is_cut(width: int) -> None:
    shown = Console(file=io.StringIO(), width=width)
    assert run_records("10,15", "3:5", None, False, shown) == 0
    text = shown.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
    assert "…" not in text and text.count("0.9x*") == 6


def test_a_record_is_extracted_and_checked_with_python_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "record.json"
    assert run_extract(("6", "4", "0.012"), None, path) == 0
    (held,) = [r for cell, r in read_file(path_of(FOLDER, 6, 4)).items() if cell.Lambda == Fraction("0.002")]
    assert json.loads(path.read_text()) == held["certificate"]
    command = [sys.executable, "-S", "-I", str(Path("verification/checker.py").resolve()), str(path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "ACCEPTED" in done.stdout


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        (("6", "4", "0.0121"), "at K = 6, L = 4 the atlas holds --x .*0.012.*; got 0.0121"),
        (("6", "4", None), "got no --x"),
        (("6", None, None), "got no --L nor --x"),
        (("6:7", "4", "0.012"), "got those of 2"),
        (("2", "4", "0.01"), "no weights below DNC at K = 2, L = 4, x = 0.01: there is nothing to extract"),
    ],
)
def test_what_cannot_be_extracted_is_said(grid: tuple[str | None, ...], words: str, tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match=words):
        run_extract(grid, None, tmp_path / "record.json")
    assert not (tmp_path / "record.json").exists()


def test_a_spoiled_record_is_not_extracted(tmp_path: Path) -> None:
    place = path_of(tmp_path, 6, 4)
    text = path_of(FOLDER, 6, 4).read_text()
    content = json.loads(text)
    for record in content["records"]:
        record["certificate"]["witness"][0]["rows"][0][0] += 10**9
    place.write_text(json.dumps(content))
    with pytest.raises(ProblemError, match="does not hold"):
        run_extract(("6", "4", "0.012"), tmp_path, tmp_path / "record.json")
    assert not (tmp_path / "record.json").exists()


def test_records_at_some_strengths(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_records("6", "3:4", None, True, Console(), "0.012,0.9*coll") == 0
    rows = json.loads(capsys.readouterr().out)["records"]
    ends = {L: pytest.approx(0.9 * float(collapse_threshold(L)), rel=1e-5) for L in (3, 4)}
    assert [(row["L"], row["x"]) for row in rows] == [(3, ends[3]), (4, 0.012), (4, ends[4])]
