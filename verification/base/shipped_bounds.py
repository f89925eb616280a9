"""What the shipped bounds (kinds "lower" and "deep") state, in one table: no file is parsed before it is needed.

A test holds that the table says what the files say;
`python -m dufm.verification.base.shipped_bounds` makes it anew from them.
"""

import json
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from dufm.solvers.base.shipped import shipped
from dufm.solvers.base.whole import write_whole
from dufm.verification.base.certificate import Certificate

FOLDER = shipped("verification/witnesses")
PLACE, TABLE = FOLDER / "lower", FOLDER / "lower_bounds.json"
Place = tuple[int, int, Fraction]


@dataclass(frozen=True)
class Row:
    """One shipped bound.

    Attributes:
        file: its name in the folder.
        claim: label of the claim it supports.
        lower: 2K loss / x of every network is at least this; at x = 0 (L + 1) C, C the cost of outputs I.
        kind: of the certificate, which says who judges it.
    """

    file: str
    claim: str
    lower: Fraction
    kind: str


@cache
def rows() -> dict[Place, Row]:
    """Every row by (K, L, x)."""
    return {
        (K, L, Fraction(*x)): Row(file, claim, Fraction(*lower), kind)
        for file, claim, K, L, x, lower, kind in json.loads(TABLE.read_text())
    }


@cache
def certificate(file: str) -> Certificate:
    """The certificate of one row, read once a process: not to be changed."""
    return json.loads((PLACE / file).read_text())


def need(K: int, L: int, x: Fraction) -> dict[str, Any]:
    """What the certificate of one cell must show: this cell and the bound of the table."""
    row = rows()[K, L, x]
    strength, lower = ([value.numerator, value.denominator] for value in (x, row.lower))
    return {"kind": row.kind, "K": K, "L": L, "x": strength, "lower": lower}


def stated() -> list[list[object]]:
    """The table made anew from the files."""
    found = []
    for path in sorted(PLACE.glob("*.json")):
        content = json.loads(path.read_text())
        cell = content["problem"]
        found.append([path.name, content["claim"], cell["K"], cell["L"], cell["x"], content["lower"], content["kind"]])
    return found


def write_table() -> None:
    """Write the table, a row a line."""
    text = ",\n".join(json.dumps(row, separators=(",", ":")) for row in stated())
    write_whole(TABLE, f"[\n{text}\n]\n".encode("ascii"))


if __name__ == "__main__":
    write_table()
