"""A damaged table of `dufm map`: one line that names --db, or the truth; a hundred random damages."""

import random
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest
from test_sweep import CELLS, EFFORT, SERIAL, rows

from dufm.theory.stated import ProblemError
from dufm.verification.atlas.store import open_store
from dufm.verification.atlas.sweep import sweep


@pytest.fixture(scope="module")
def serial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("map") / "serial.sqlite"
    with open_store(path) as store:
        sweep(CELLS, EFFORT, store, SERIAL, "p")
    return path


JUNK = [
    None,
    b"\xff\xfe",
    "",
    "x",
    "[]",
    "{}",
    "[" * 10**5,
    -1,
    0,
    1.5,
    float("inf"),
    10**15,
    "1e999999999",
    "1/0",
    "NaN",
]


def test_a_hundred_damages_of_a_table_are_one_line_or_harmless(serial: Path, tmp_path: Path) -> None:
    """Bytes overwritten in the file, and junk in a column: never anything but a line that names --db, or the truth."""
    source, path, true, refused = random.Random(13), tmp_path / "bad.sqlite", rows(serial), 0
    with closing(sqlite3.connect(serial)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = serial.read_bytes()
    for number in range(100):
        for file in tmp_path.glob("bad.sqlite*"):
            file.unlink()
        content = bytearray(whole)
        for _ in range(source.randint(1, 60) if number % 2 else 0):
            content[source.randrange(len(content))] = source.randrange(256)
        path.write_bytes(content)
        if number % 2 == 0:
            table = source.choice(["records", "records", "runs"])
            with closing(sqlite3.connect(path)) as connection, connection:
                columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
                own = "ROWID" if table == "records" else "K"
                place = f"{own} = (SELECT {own} FROM {table} LIMIT 1 OFFSET {source.randrange(4)})"
                statement = f"UPDATE OR IGNORE {table} SET {source.choice(columns)} = ? WHERE {place}"
                with suppress(sqlite3.IntegrityError):
                    connection.execute(statement, (source.choice(JUNK),))
        try:
            with open_store(path) as store:
                found = store.records()
                assert isinstance(store.done(EFFORT), dict)
            assert all(record.loss == true[cell][0] for cell, record in found.items() if cell in true)
        except ProblemError as error:
            refused += 1
            assert "--db" in str(error) or "weights for" in str(error), error
            assert "\n" not in str(error)
    assert refused > 40
