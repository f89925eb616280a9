"""What the shipped certificates of kind "lower" state, in one table, so that no file is parsed before it is needed.

A test holds that the table says what the files say; `write_table` makes it anew from them.
"""

import json
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from dufm.solvers.base.files import write_whole
from dufm.verification.base.certificate import Certificate
from dufm.verification.claims.base.regime import Expect
from dufm.verification.claims.squared.witnesses import FOLDER

PLACE, TABLE = FOLDER / "lower", FOLDER / "lower_bounds.json"
Cell = tuple[int, int, Fraction]


@dataclass(frozen=True)
class Row:
    """One shipped bound.

    Attributes:
        file: its name in the folder.
        claim: label of the claim it supports.
        lower: 2K loss / x of every network is at least this; at x = 0 (L + 1) C, C the cost of outputs I.
    """

    file: str
    claim: str
    lower: Fraction


@cache
def rows() -> dict[Cell, Row]:
    """Every row by (K, L, x)."""
    return {
        (K, L, Fraction(*x)): Row(file, claim, Fraction(*lower))
        for file, claim, K, L, x, lower in json.loads(TABLE.read_text())
    }


@cache
def certificate(file: str) -> Certificate:
    """The certificate of one row, read once a process: not to be changed."""
    return json.loads((PLACE / file).read_text())


def need(K: int, L: int, x: Fraction) -> Expect:
    """What the certificate of one cell must show: this cell and the bound of the table."""
    strength, lower = ([value.numerator, value.denominator] for value in (x, rows()[K, L, x].lower))
    return {"kind": "lower", "K": K, "L": L, "x": strength, "lower": lower}


def stated() -> list[list[object]]:
    """The table made anew from the files."""
    found = []
    for path in sorted(PLACE.glob("*.json")):
        content = json.loads(path.read_text())
        cell = content["problem"]
        found.append([path.name, content["claim"], cell["K"], cell["L"], cell["x"], content["lower"]])
    return found


def write_table() -> None:
    """Write the table, a row a line."""
    text = ",\n".join(json.dumps(row, separators=(",", ":")) for row in stated())
    write_whole(TABLE, f"[\n{text}\n]\n".encode("ascii"))
