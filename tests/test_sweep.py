"""A sweep gives one table however it is run, interrupted, killed or spread over machines, and records only improve."""

import json
import os
import re
import signal
import sqlite3
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from functools import partial
from multiprocessing import active_children
from pathlib import Path

import pytest
from rich.console import Console
from watching import gone, lines_of

from dufm.solvers.base.processes import process_pool
from dufm.theory.squared.phi import collapse_threshold
from dufm.theory.stated import ProblemError
from dufm.verification.atlas import cluster
from dufm.verification.atlas import sweep as sweeping
from dufm.verification.atlas.cells import Cell, read_grid
from dufm.verification.atlas.records import check_atlas
from dufm.verification.atlas.store import CellRecord, open_store
from dufm.verification.atlas.sweep import Tally, neighbours, sweep
from dufm.verification.atlas.work import CellResult, Effort, floats, judge, solve_cell
from dufm.verification.cli.map import run_map

EFFORT = Effort(seed=3, restarts=3, seconds=600)
CELLS = read_grid("2:3", "3:4", "0.02,0.1")
SERIAL = partial(ThreadPoolExecutor, 1)
Rows = dict[Cell, tuple[float, str | None, str]]


def rows(path: Path) -> Rows:
    """What must not depend on how the sweep ran: versions and seconds are left out."""
    with open_store(path) as store:
        return {c: (r.loss, r.certificate, r.facts["symmetry"]) for c, r in store.records().items()}


@pytest.fixture(scope="module")
def serial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("map") / "new" / "serial.sqlite"
    with open_store(path) as store:
        tally = sweep(CELLS, EFFORT, store, SERIAL, "p")
    assert (tally.done, tally.better, tally.kept, tally.failed) == (len(CELLS), len(CELLS), 0, {})
    return path


@pytest.mark.parametrize(
    ("grid", "count"),
    [(("2:15", "2:7", "1e-4:coll:log9"), 756), (("3,5,3", "4", "0.1"), 2), (("4", "3:3", "0.9*coll,coll,0.01"), 3)],
)
def test_grids_are_what_they_say(grid: tuple[str, str, str], count: int) -> None:
    cells = read_grid(*grid)
    assert len(cells) == count == len(set(cells)) and cells == sorted(cells)
    assert all(Cell(c.K, c.L, Fraction(c.strength)) == c and len(c.strength) < 16 for c in cells)
    # Never above the threshold that the grid names, and at most a part in 10^5 below it.
    assert all(c.x <= float(collapse_threshold(c.L)) for c in cells)
    if grid[2].endswith("log9"):
        top = max(c for c in cells if (c.K, c.L) == (7, 4))
        assert top.x == pytest.approx(float(collapse_threshold(4)), rel=1e-5)


OPTIONS = {
    "budget": "1s",
    "restarts": 1,
    "seed": 0,
    "jobs": 1,
    "dask": None,
    "deadline": None,
    "again": False,
    "warm": False,
}
MISTAKES = [
    ({"K": "1:3"}, "--K must be integers >= 2 such as 6, 4,7 or 3:16, got '1:3'"),
    ({"K": "5:3"}, "--K must be integers >= 2 such as 6, 4,7 or 3:16, got '5:3'"),
    ({"L": "x"}, "--L must be integers >= 1 such as 6, 4,7 or 3:16, got 'x'"),
    ({"x": "coll:0.1:log3"}, "--x must be LOW:HIGH:logN with LOW < HIGH and N >= 2"),
    ({"x": "0"}, "--x must be LOW:HIGH:logN or a list of numbers > 0, coll and 0.9.coll, got '0'"),
    ({"x": "nan"}, "got 'nan'"),
    ({"x": "0.9*cool"}, "got '0.9.cool'"),
    ({"K": "2:2000", "L": "2:70"}, "must have at most 100000 cells"),
    ({"restarts": 0}, "--restarts must be an integer >= 1, got 0"),
    ({"seed": -1}, "--seed must be an integer >= 0, got -1"),
    ({"jobs": -1}, "--jobs must be an integer >= 0, got -1"),
    ({"budget": "soon"}, "--budget must be a time such as 30s, 5m or 1h, got 'soon'"),
    ({"deadline": "late"}, "--deadline must be a time such as 30s, 5m or 1h, got 'late'"),
    ({"dask": "nowhere"}, "--dask must be the address of a Dask scheduler, got 'nowhere'"),
]


@pytest.mark.parametrize(("changed", "words"), MISTAKES, ids=[str(m[0]) for m in MISTAKES])
def test_mistakes_get_one_line(tmp_path: Path, changed: dict, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.2)
    grid = {"K": "2", "L": "2", "x": "0.1"} | {k: v for k, v in changed.items() if k in "KLx"}
    options = OPTIONS | {k: v for k, v in changed.items() if k not in "KLx"} | {"db": tmp_path / "m", "export": None}
    with warnings.catch_warnings():
        # Importing Dask, or giving up on an address, may warn of things that are no concern of ours.
        warnings.simplefilter("ignore")
        with pytest.raises(ProblemError, match=words) as caught:
            run_map((grid["K"], grid["L"], grid["x"]), options, False, Console(quiet=True))
    assert "\n" not in str(caught.value)


def test_a_second_run_does_only_what_is_missing(serial: Path, tmp_path: Path) -> None:
    path, order = tmp_path / "m.sqlite", []
    with open_store(path) as store:
        first = sweep(list(reversed(CELLS[3:])), EFFORT, store, SERIAL, "p")
        second = sweep(CELLS, EFFORT, store, SERIAL, "p", report=lambda tally: order.append(tally.kept + tally.done))
        third = sweep(CELLS, EFFORT, store, SERIAL, "p")
        again = sweep(CELLS[:1], EFFORT, store, SERIAL, "p", again=True)
    assert (first.done, second.kept, second.done, third.done) == (len(CELLS) - 3, len(CELLS) - 3, 3, 0)
    assert (again.done, again.better) == (1, 0)
    assert order == list(range(len(CELLS) - 3, len(CELLS) + 1))
    assert rows(path) == rows(serial)


def test_map_tells_files_and_keeps(serial: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(serial)) as source, closing(sqlite3.connect(tmp_path / "m")) as target:
        source.backup(target)
    options = OPTIONS | {"seed": 3, "restarts": 3, "budget": "10m", "db": tmp_path / "m", "export": tmp_path / "atlas"}
    assert run_map(("2:3", "3:4", "0.02,0.1"), options, True, Console()) == 0
    told = capsys.readouterr()
    content = json.loads(told.out)
    assert (content["total"], content["kept"], content["done"]) == (len(CELLS), len(CELLS), 0)
    assert "8 of 8 cells are done with this effort (seed 3, 3 restarts, 600 s)" in " ".join(told.err.split())
    assert "8 of them by another version of the program" in " ".join(told.err.split())
    assert content["filed"] == {"not below DNC": 6, "new": 2} and check_atlas(tmp_path / "atlas") == []
    for row in content["cells"]:
        beaten = (row["K"], row["L"]) == (3, 4)
        assert row["verdict"] in (("low rank (PROVED)",) if beaten else ("open", "DNC (PROVED)"))
        assert (row["ratio"] < 1) == beaten
        assert 0 < row["lower"] < row["ratio"] < 1 + 1e-9 and {"neck_rank", "order", "residual", "seed"} <= set(row)
    assert run_map(("2:3", "3:4", "0.02,0.1"), options | {"export": None}, False, Console(width=120)) == 0
    assert re.search(r"(?m)^ 3 +4 +0\.02 +0\.\d{4} +0\.\d{4} +\d+\.\d\d % +low rank P", capsys.readouterr().out)


def result_of(path: Path, cell: Cell) -> tuple[CellResult, CellRecord]:
    with open_store(path) as store:
        record = store.records([cell])[cell]
    return CellResult(cell, record.certificate, record.facts, 1.0), record


def test_worse_and_foreign_weights_never_replace_a_record(serial: Path, tmp_path: Path) -> None:
    cell = next(c for c in CELLS if (c.K, c.L) == (3, 4))
    good, record = result_of(serial, cell)
    assert record.certified and record.ratio < 1
    zero = CellResult(cell, None, {"origin": "zero"}, 1.0)
    other = next(c for c in CELLS if c != cell and (c.K, c.L) == (3, 4))
    with open_store(tmp_path / "m.sqlite") as store:
        assert store.add(zero, EFFORT, "p")[1] and store.add(good, EFFORT, "p")[1]
        assert not store.add(zero, EFFORT, "p")[1] and not store.add(good, EFFORT, "p")[1]
        assert store.records()[cell].loss == record.loss
        with pytest.raises(ProblemError, match="belong to another problem"):
            store.add(replace(good, cell=other), EFFORT, "p")
        with pytest.raises(ProblemError, match="malformed"):
            store.add(replace(good, certificate='{"kind":"point"}'), EFFORT, "p")
        assert list(store.records()) == [cell]


@pytest.mark.parametrize(
    ("column", "value"),
    [("loss", 1e-9), ("ratio", 0.5), ("certified", 0), ("facts", '{"neck_rank": 1}'), ("certificate", None)],
)
def test_an_edited_row_is_named_and_not_shown(serial: Path, tmp_path: Path, column: str, value: object) -> None:
    path = tmp_path / "m.sqlite"
    path.write_bytes(serial.read_bytes())
    with closing(sqlite3.connect(path)) as table, table:
        table.execute(f"UPDATE records SET {column} = ? WHERE K = 3 AND L = 4", (value,))
    named = "loss" if column == "certificate" else "neck_rank" if column == "facts" else column
    words = f"--db: the row of K = 3, L = 4, x = .* is not what its weights give: .*{named}"
    with open_store(path) as store, pytest.raises(ProblemError, match=words):
        store.records()
    options = {"budget": "600s", "restarts": 3, "seed": 3, "jobs": 1, "db": path, "again": True, "warm": False}
    options |= {"deadline": None}
    with pytest.raises(ProblemError, match=words):
        run_map(("3", "4", "0.02,0.1"), options | {"dask": None, "export": None}, False, Console())


@pytest.mark.parametrize(
    "content", [b"not a database, but long enough to be read as one" * 9, b"SQLite format 3\0junk"]
)
def test_damaged_and_foreign_tables_get_one_line(tmp_path: Path, content: bytes, serial: Path) -> None:
    (tmp_path / "bad.sqlite").write_bytes(content)
    with pytest.raises(ProblemError, match=r"--db .*bad\.sqlite"), open_store(tmp_path / "bad.sqlite"):
        pass
    with sqlite3.connect(tmp_path / "other.sqlite") as other:
        other.execute("CREATE TABLE mine (a)")
    other.close()
    with pytest.raises(ProblemError, match="was not written by this version"), open_store(tmp_path / "other.sqlite"):
        pass
    with pytest.raises(ProblemError, match="cannot be opened|not a usable"), open_store(serial / "below" / "a.sqlite"):
        pass
    whole = bytearray(serial.read_bytes())
    whole[4096:8192] = bytes(4096)
    (tmp_path / "hole.sqlite").write_bytes(whole)
    with pytest.raises(ProblemError, match=r"--db .*hole\.sqlite"), open_store(tmp_path / "hole.sqlite") as store:
        store.records()


CHILD = """
import sys
from multiprocessing import active_children
from pathlib import Path
from dufm.verification.atlas.cells import read_grid
from dufm.verification.atlas.store import open_store
from dufm.solvers.base.processes import process_pool
from dufm.verification.atlas.sweep import sweep
from dufm.verification.atlas.work import Effort
if __name__ == "__main__":
    with open_store(Path(sys.argv[1])) as store:
        def told(tally):
            print(tally.done, *[p.pid for p in active_children()], flush=True)
        sweep(read_grid("2:3", "3:4", "0.02,0.1"), Effort(3, 3, 600), store, lambda: process_pool(1), "p", report=told)
"""


def test_killing_workers_and_then_the_parent_loses_only_cells_in_flight(serial: Path, tmp_path: Path) -> None:
    path, script = tmp_path / "m.sqlite", tmp_path / "child.py"
    script.write_text(CHILD)
    killed: set[int] = set()
    for child, (done, *workers) in lines_of(script, path):
        if done == 1 and not killed:
            killed = set(workers)
            os.kill(workers[0], signal.SIGKILL)
        elif done >= 3:
            assert workers and killed.isdisjoint(workers)
            child.send_signal(signal.SIGKILL)
            killed |= set(workers)
            break
    limit = time.monotonic() + 20
    while not all(gone(pid) for pid in killed) and time.monotonic() < limit:
        time.sleep(0.05)
    assert all(gone(pid) for pid in killed)
    with open_store(path) as store:
        assert 3 <= len(store.records()) < len(CELLS)
        tally = sweep(CELLS, EFFORT, store, SERIAL, "p")
    assert tally.kept >= 3 and tally.kept + tally.done == len(CELLS)
    assert rows(path) == rows(serial)


def test_ctrl_c_keeps_what_is_done_and_ends_the_workers(tmp_path: Path) -> None:
    def interrupt(tally: Tally) -> None:
        if tally.done == 1:
            raise KeyboardInterrupt

    with open_store(tmp_path / "m.sqlite") as store:
        with pytest.raises(KeyboardInterrupt):
            sweep(CELLS, EFFORT, store, partial(process_pool, 1), "p", report=interrupt)
        assert len(store.records()) == 1
    assert not active_children()


def test_a_cell_that_breaks_leaves_the_others_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(cell: Cell, effort: Effort, starts: object) -> CellResult:
        if cell == CELLS[1]:
            raise ZeroDivisionError("oops\nand more")
        return CellResult(cell, None, {"origin": "zero"}, 0.0)

    monkeypatch.setattr(sweeping, "solve_cell", broken)
    with open_store(tmp_path / "m.sqlite") as store:
        tally = sweep(CELLS, EFFORT, store, SERIAL, "p")
        assert tally.failed == {CELLS[1]: "ZeroDivisionError: oops and more"} and tally.done == len(CELLS) - 1
        assert sweep(CELLS, EFFORT, store, SERIAL, "p").kept == len(CELLS) - 1


def test_neighbours_give_good_starts(serial: Path) -> None:
    with open_store(serial) as store:
        records = store.records()
    cell = read_grid("3", "4", "0.05")[0]
    starts = neighbours([cell], records)[cell]
    assert [name for name, _ in starts] == ["x = 0.02", "x = 0.1"]
    warm = judge(cell, solve_cell(cell, Effort(0, 1, 600), starts).certificate)
    assert warm.certified
    fewer = read_grid("2", "4", "0.02")[0]
    (name, weights), *_ = neighbours([fewer], records)[fewer]
    assert name == "K = 3" and weights[0].shape[1] == weights[-1].shape[0] == 2
    assert floats(records[read_grid("3", "4", "0.02")[0]].certificate or "")[0].shape[1] == 3


def test_a_deadline_keeps_what_is_done_and_the_rest_follows(serial: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.sqlite"
    options = OPTIONS | {"seed": 3, "restarts": 3, "budget": "10m", "db": path, "export": None, "deadline": "0.01s"}
    assert run_map(("2:3", "3:4", "0.02,0.1"), options, True, Console(quiet=True)) == 1
    assert not active_children()
    with open_store(path) as store:
        kept = len(store.records())
        tally = sweep(CELLS, EFFORT, store, SERIAL, "p", deadline=600)
    assert (tally.kept, tally.done, tally.halted) == (kept, len(CELLS) - kept, "")
    assert rows(path) == rows(serial)
