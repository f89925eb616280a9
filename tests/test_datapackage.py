"""The atlas as a table: a row is what exact arithmetic says of the certificate it names, and fits its descriptor."""

import csv
import hashlib
import io
import json
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dufm.theory.squared.phi import phi
from dufm.theory.stated import ProblemError
from dufm.verification.atlas.datapackage import as_datapackage
from dufm.verification.atlas.records import FOLDER, read_file
from dufm.verification.cli.app import app

READ: dict[str, Any] = {"integer": int, "number": float, "string": str}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("atlas")
    for L in (2, 4):
        shutil.copy(FOLDER / f"K03_L{L}.json", folder)
    return *as_datapackage(folder), folder


def test_the_table_fits_its_descriptor(made: tuple[bytes, dict[str, Any], Path]) -> None:
    content, descriptor, _ = made
    (resource,) = descriptor["resources"]
    assert resource["hash"] == "sha256:" + hashlib.sha256(content).hexdigest() and resource["bytes"] == len(content)
    rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    fields, keys = resource["schema"]["fields"], resource["schema"]["primaryKey"]
    assert list(rows[0]) == [field["name"] for field in fields]
    for row in rows:
        for field in fields:
            text = row[field["name"]]
            assert text or not field.get("constraints", {}).get("required"), field
            assert not text or READ[field["type"]](text) is not None
    assert len({tuple(row[key] for key in keys) for row in rows}) == len(rows)
    assert all(field["description"] for field in fields) and descriptor["profile"] == "tabular-data-package"


def test_a_row_says_what_its_weights_give(made: tuple[bytes, dict[str, Any], Path]) -> None:
    content, _, folder = made
    rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    true = {c: r for path in sorted(folder.glob("*.json")) for c, r in read_file(path).items()}
    assert len(rows) == len(true) > 8
    named = 0
    for row, (cell, record) in zip(rows, true.items(), strict=True):
        assert (int(row["K"]), int(row["L"]), Fraction(row["Lambda"])) == (cell.K, cell.L, cell.Lambda)
        dnc = float(phi(cell.L, cell.K * cell.Lambda)[0])
        assert float(row["loss"]) / dnc == pytest.approx(float(row["ratio"]), rel=1e-12)
        if record["certificate"] is None:
            assert row["state"] == "dnc" and row["certificate_sha256"] == ""
            continue
        text = json.dumps(record["certificate"], sort_keys=True, separators=(",", ":"))
        assert row["certificate_sha256"] == hashlib.sha256(text.encode()).hexdigest()
        assert row["neck_rank"] == str(record["neck_rank"]) and float(row["ratio"]) < 1
        named += 1
    assert named >= 3


def test_the_command_writes_both_files(made: tuple[bytes, dict[str, Any], Path], tmp_path: Path) -> None:
    content, descriptor, folder = made
    out = tmp_path / "new" / "table"
    done = CliRunner().invoke(app, ["records", "--csv", str(out), "--atlas", str(folder)])
    assert done.exit_code == 0 and (out / "records.csv").read_bytes() == content
    assert json.loads((out / "datapackage.json").read_text()) == descriptor
    empty = CliRunner().invoke(app, ["records", "--csv", str(out), "--atlas", str(tmp_path / "new")])
    assert isinstance(empty.exception, ProblemError)
