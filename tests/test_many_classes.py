"""A hundred and a thousand classes on the command line: what a search reached is kept and certified, lists answer."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dufm.theory.problem import Problem
from dufm.verification.answers.search import certifying_seconds, losses_beside, too_many
from dufm.verification.base.certificate import point_certificate
from dufm.verification.checker import check
from dufm.verification.cli.duration import TimeLimit


def dufm(*arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "dufm", *arguments], capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_hundred_classes_end_with_a_certified_win_though_no_restart_finished(tmp_path: Path) -> None:
    options = ["--K", "100", "--L", "4", "--lam", "0.00015", "--device", "cpu", "--out", str(tmp_path), "--json"]
    record = dufm("search", *options, "--budget", "8s")
    assert record["loss"] < record["known"]["dnc"]["loss"] and record["certificate"]["accepted"]
    assert record["outcome"] == "the caller's stop condition held, so the rest were not run"
    assert check(Path(record["certificate"]["file"]).read_bytes(), {"K": 100, "L": 4, "width": 104}).ok


def test_a_thousand_classes_are_compared_by_derived_costs() -> None:
    record = dufm("compare", "sum", "--K", "1000", "--L", "4", "--json")
    best = record["rows"][0]
    assert best["exact"] is None and best["C_over_K"] == pytest.approx(0.2386317, rel=1e-6)
    rows = {row["name"]: row for row in dufm("structures", "--K", "1000", "--L", "4", "--json")}
    assert rows["sum"]["C_over_K"] == best["C_over_K"] and rows["srg"]["C_over_K"] is None


def test_ten_classes_are_compared_by_their_weights() -> None:
    assert dufm("compare", "cuts", "--K", "10", "--L", "4", "--json")["rows"][0]["exact"] is True


def test_losses_beside_a_million_classes_leave_the_sum_out() -> None:
    assert set(losses_beside(Problem.of(10**6, 4, "1e-8"))) == {"dnc", "bound"}
    assert set(losses_beside(Problem.of(30, 4, "0.0005"))) == {"dnc", "known", "bound"}


def test_what_is_too_large_for_the_checker_is_said_before() -> None:
    zeros = [np.zeros((4, 500)), np.zeros((4, 4)), np.zeros((500, 4))]
    assert too_many(zeros) == "" and too_many([np.zeros((200, 500)), np.zeros((500, 200))]).startswith("200000 weights")
    assert certifying_seconds(Problem.of(100, 4, "0.00015")) > 0 == certifying_seconds(Problem.of(1000, 4, "0.00015"))


def test_floats_are_rounded_as_fractions_are() -> None:
    rows = np.array([[0.5 + 2.0**-41, -(2.0**-41), 3 * 2.0**-41], [1e-300, -1 / 3, 1e300]])
    table = point_certificate(Problem.of(3, 1, "0.1"), [rows, np.zeros((3, 2))], "rounded", {})["witness"][0]
    small = point_certificate(Problem.of(3, 1, "0.1"), [rows[:1], np.zeros((3, 1))], "rounded", {})["witness"][0]
    # Halves to even, by either way: the first matrix holds a number that overflows, the second none.
    for found in (table, small):
        assert [x * 2**40 / found["den"] for x in found["rows"][0]] == [2**39, 0, 2]


def test_a_budget_keeps_room_for_what_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("dufm.verification.cli.duration.time.monotonic", lambda: now[0])
    limit = TimeLimit(10.0, reserve=3.0, grace=1.0, began=100.0)
    short = TimeLimit(2.0, reserve=3.0, grace=1.0, began=100.0)
    for at, spent, over in ((106.9, False, False), (107.1, True, False), (108.1, True, True)):
        now[0] = at
        assert (limit.spent(), limit.over()) == (spent, over)
    for at, spent, over in ((100.9, False, False), (101.1, True, False), (102.1, True, True)):
        now[0] = at
        assert (short.spent(), short.over()) == (spent, over)
