"""The table of a sweep on disk: SQLite in WAL mode, one transaction a cell, a better record never replaced by a worse.

`runs` says which cells were worked on with which effort, `records` holds the best weights of each cell. Whatever a
worker sends is judged again in exact arithmetic before it is stored. A process killed at any moment leaves a whole
table behind.
"""

import json
import re
import sqlite3
from collections.abc import Generator, Iterable
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from dufm.theory.stated import ProblemError
from dufm.verification.atlas.cells import Cell
from dufm.verification.atlas.work import CellResult, Effort, Judged, judge, summary

APPLICATION = 0x6475666D  # "dufm"
VERSION = 1
WAIT_SECONDS = 30.0
ROUNDING = 1e-12
# Of classes and of layers; no exponents, which ask for numbers of any size.
MOST = 10**6
STRENGTH = re.compile(r"[0-9]{1,99}([.][0-9]{1,99}|/[0-9]{0,98}[1-9][0-9]{0,98})?", re.ASCII)
SCHEMA = """
CREATE TABLE runs (
    K INTEGER, L INTEGER, strength TEXT, effort TEXT, program TEXT, loss REAL, seconds REAL,
    PRIMARY KEY (K, L, strength, effort)
) WITHOUT ROWID;
CREATE TABLE records (
    K INTEGER, L INTEGER, strength TEXT, loss REAL NOT NULL CHECK (loss > 0), ratio REAL NOT NULL,
    certified INTEGER NOT NULL, facts TEXT NOT NULL, certificate TEXT,
    PRIMARY KEY (K, L, strength)
);
"""
KEEP_BETTER = """
INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (K, L, strength) DO UPDATE SET loss = excluded.loss, ratio = excluded.ratio,
    certified = excluded.certified, facts = excluded.facts, certificate = excluded.certificate
WHERE excluded.loss < records.loss
"""


@dataclass(frozen=True)
class CellRecord:
    """The best known of one cell.

    Attributes:
        cell: whose.
        loss: rounded from the exact one.
        ratio: loss over DNC's.
        certified: whether the checker accepted the weights as below DNC.
        facts: see Result.
        certificate: exact weights; None for zero.
    """

    cell: Cell
    loss: float
    ratio: float
    certified: bool
    facts: dict[str, Any]
    certificate: str | None


class Store:
    """An open table; use `open_store`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def done(self, effort: Effort) -> dict[Cell, str]:
        """Cells worked on with this effort, each with the program that did it."""
        rows = self._connection.execute(
            "SELECT K, L, strength, program FROM runs WHERE effort = ?", (str(effort),)
        ).fetchall()
        return {_cell(K, L, strength): str(program) for K, L, strength, program in rows}

    def records(self, cells: Iterable[Cell] | None = None) -> dict[Cell, CellRecord]:
        """Best records, of the cells asked for or of all, each judged again from its weights.

        Raises:
            ProblemError: naming the cell and the column that is not what exact arithmetic says of its weights.
        """
        wanted = None if cells is None else set(cells)
        found = {}
        for K, L, strength, *fields in self._connection.execute("SELECT * FROM records"):
            cell = _cell(K, L, strength)
            if wanted is None or cell in wanted:
                found[cell] = _record(cell, *fields)
                _judge_again(found[cell])
        return dict(sorted(found.items()))

    def add(self, result: CellResult, effort: Effort, program: str) -> tuple[Judged, bool]:
        """Judge a result exactly and store it; what was found, and whether it is the cell's best so far.

        Raises:
            ProblemError: if its weights are malformed or of another problem; then nothing is stored.
        """
        cell, judged = result.cell, judge(result.cell, result.certificate)
        key = (cell.K, cell.L, cell.strength)
        facts = json.dumps(result.facts | {"program": program}, sort_keys=True, allow_nan=False)
        with self._connection:
            self._connection.execute(
                "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*key, str(effort), program, float(judged.loss), result.seconds),
            )
            changed = self._connection.execute(
                KEEP_BETTER, (*key, float(judged.loss), judged.ratio, int(judged.certified), facts, result.certificate)
            )
            return judged, changed.rowcount > 0


def _cell(K: Any, L: Any, strength: Any) -> Cell:
    """The cell of a row; a database keeps a value of any kind in any column, so nothing is taken for granted."""
    if all(type(n) is int and 0 < n <= MOST for n in (K, L)) and type(strength) is str and STRENGTH.fullmatch(strength):
        cell = Cell(K, L, Fraction(strength))
        if K > 1 and cell.Lambda > 0:
            return cell
    raise ProblemError(f"--db: a row belongs to no cell: K = {K!r:.20}, L = {L!r:.20}, strength = {strength!r:.60}")


def _record(cell: Cell, loss: Any, ratio: Any, certified: Any, facts: Any, certificate: Any) -> CellRecord:
    """The record of a row, each column of its kind."""
    kinds = {"loss": (loss, float), "ratio": (ratio, float), "certified": (certified, int), "facts": (facts, str)}
    wrong = [name for name, (value, kind) in kinds.items() if type(value) is not kind]
    try:
        facts = {} if wrong else json.loads(facts)
    except (ValueError, RecursionError):
        facts = None
    wrong += ["facts"] if not isinstance(facts, dict) else []
    wrong += ["certificate"] if not isinstance(certificate, str | None) else []
    if wrong or not isinstance(facts, dict):
        raise ProblemError(f"--db: the row of {cell} is damaged in {', '.join(wrong)}")
    return CellRecord(cell, loss, ratio, bool(certified), facts, certificate)


def _judge_again(record: CellRecord) -> None:
    """Raise ProblemError unless a record says of its weights what is true."""
    judged = judge(record.cell, record.certificate)
    own: dict[str, Any] = {"certified": judged.certified}
    if record.certificate is not None:
        own |= summary(record.cell.problem, record.certificate)
    said: dict[str, Any] = record.facts | {"certified": record.certified}
    wrong = [name for name in own if said.get(name) != own[name]]
    # Floats, equal but for the last digits where another version of a library rounded them.
    floats = (("loss", record.loss, float(judged.loss)), ("ratio", record.ratio, judged.ratio))
    wrong += [name for name, value, true in floats if not abs(value - true) <= ROUNDING * true]
    if wrong:
        raise ProblemError(f"--db: the row of {record.cell} is not what its weights give: {', '.join(wrong)}")


@contextmanager
def open_store(path: Path) -> Generator[Store]:
    """Open a table, made if it is missing.

    Raises:
        ProblemError: if the file is damaged, is no table of a sweep, or cannot be opened.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ProblemError(f"--db {path} cannot be opened: {error.strerror}") from None
    try:
        with closing(sqlite3.connect(path, timeout=WAIT_SECONDS)) as connection:
            _prepare(connection, path)
            yield Store(connection)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        # The second where damaged bytes stand in SQLite's own message.
        raise ProblemError(f"--db {path} is not a usable table of `dufm map`: {error}") from None


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    identity = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and identity != [APPLICATION, VERSION]:
        raise ProblemError(f"--db {path} was not written by this version of `dufm map`; choose another file")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    if not tables:
        marks = f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};"
        connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA} {marks} COMMIT;")
    elif (state := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
        raise ProblemError(f"--db {path} is damaged ({' '.join(str(state).split())}); choose another file")
