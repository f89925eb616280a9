"""The atlas as one CSV with a descriptor that says what each column is (Frictionless Data, datapackage.json)."""

import csv
import hashlib
import io
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

from dufm import __version__
from dufm.solvers.base.whole import write_whole
from dufm.theory.squared.phi import phi
from dufm.verification.atlas.cells import Cell
from dufm.verification.atlas.records import read_atlas
from dufm.verification.base.certificate import entries

NAME = "records"
# Name, type of Frictionless Data, what it is; a field that may be empty is one that only weights below DNC have.
FIELDS = (
    ("K", "integer", "classes"),
    ("L", "integer", "weight layers"),
    ("Lambda", "string", "strength of every factor, exact, a decimal or a fraction; n = 1"),
    ("x", "number", "K Lambda, rounded"),
    ("state", "string", "'low rank' where weights below DNC are known, else 'dnc'"),
    ("ratio", "number", "loss of the best weights known over DNC's; 1 where none below DNC are known"),
    ("loss", "number", "loss of the best weights known, of their exact value the nearest double; DNC's where none are"),
    ("neck_rank", "integer", "least rank of the hidden features"),
    ("ranks", "string", "ranks of F_2, ..., F_L, with blanks between"),
    ("width", "integer", "widest hidden layer"),
    ("symmetry", "string", "group of the classes that keeps the weights"),
    ("origin", "string", "where the weights come from"),
    ("certificate_sha256", "string", "of the certificate, as compact JSON with sorted keys"),
)
OPTIONAL = ("neck_rank", "ranks", "width", "symmetry", "origin", "certificate_sha256")


def record_row(cell: Cell, record: dict[str, Any]) -> dict[str, Any]:
    """One row of the CSV; None where a field is empty."""
    row: dict[str, Any] = dict.fromkeys(name for name, _, _ in FIELDS)
    row |= {"K": cell.K, "L": cell.L, "Lambda": cell.strength, "x": cell.x}
    row |= {"state": record["state"], "ratio": record["ratio"]}
    certificate = record["certificate"]
    if certificate is None:
        return row | {"loss": float(phi(cell.L, cell.K * cell.Lambda)[0])}
    row |= {name: record.get(name) for name in ("neck_rank", "width", "symmetry", "origin")}
    text = json.dumps(certificate, sort_keys=True, separators=(",", ":"))
    exact: Fraction = cell.problem.objective(entries(certificate))
    row |= {"loss": float(exact), "ranks": " ".join(map(str, record.get("ranks", ())))}
    return row | {"certificate_sha256": hashlib.sha256(text.encode()).hexdigest()}


def as_datapackage(folder: Path) -> tuple[bytes, dict[str, Any]]:
    """The CSV and its descriptor.

    Raises:
        ProblemError: for a folder that is no atlas.
    """
    rows = [record_row(cell, record) for cell, record in read_atlas(folder).items()]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [name for name, _, _ in FIELDS], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    content = text.getvalue().encode()
    return content, _descriptor(content)


def write_datapackage(folder: Path, out: Path) -> tuple[Path, Path]:
    """Write records.csv and datapackage.json into `out`, made if it is missing; the two paths.

    Raises:
        ProblemError: for a folder that is no atlas.
        OSError: naming the path, if `out` cannot be written.
    """
    content, descriptor = as_datapackage(folder)
    out.mkdir(parents=True, exist_ok=True)
    table, package = out / f"{NAME}.csv", out / "datapackage.json"
    write_whole(table, content)
    write_whole(package, (json.dumps(descriptor, indent=1) + "\n").encode())
    return table, package


def _descriptor(content: bytes) -> dict[str, Any]:
    fields = []
    for name, kind, words in FIELDS:
        field: dict[str, Any] = {"name": name, "type": kind, "description": words}
        fields.append(field if name in OPTIONAL else field | {"constraints": {"required": True}})
    schema = {"fields": fields, "primaryKey": ["K", "L", "Lambda"], "missingValues": [""]}
    resource = {"name": NAME, "path": f"{NAME}.csv", "profile": "tabular-data-resource", "format": "csv"}
    resource |= {"mediatype": "text/csv", "encoding": "utf-8", "bytes": len(content)}
    resource |= {"hash": f"sha256:{hashlib.sha256(content).hexdigest()}", "schema": schema}
    return {
        "profile": "tabular-data-package",
        "name": "dufm-atlas",
        "title": "Best weights known for the deep unconstrained features model",
        "description": "Loss of the best weights known for each (K, L, Lambda), over that of deep neural collapse.",
        "version": __version__,
        "licenses": [{"name": "MIT", "title": "MIT License"}],
        "resources": [resource],
    }
