"""Tables of upper bounds on disk: one JSON row a line, decimals rounded up, logits to a fixed number of places."""

import json
from collections.abc import Callable, Iterable
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.shipped import shipped
from dufm.solvers.base.whole import write_whole
from dufm.theory.stated import ProblemError

Rows = tuple[tuple[float, ...], ...]
Row = TypeVar("Row")
FOLDER = shipped("atlas/ce")
STATED = Context(prec=15, rounding=ROUND_CEILING)


def round_up(value: Fraction) -> str:
    """A decimal of 15 digits at or above a positive rational."""
    return str(STATED.divide(Decimal(value.numerator), Decimal(value.denominator)))


def kept_logits(logits: Array, decimals: int) -> Rows:
    """Logits rounded to so many decimals."""
    return tuple(tuple(round(float(x), decimals) for x in row) for row in logits)


def singular_values(logits: Array, rank: int) -> tuple[float, ...]:
    """The `rank` largest singular values, eight decimals."""
    return tuple(round(float(s), 8) for s in np.linalg.svd(logits, compute_uv=False)[:rank])


def rational(weight: Array) -> list[list[Fraction]]:
    """The exact values of float64 entries."""
    return [[Fraction(x) for x in row] for row in weight.tolist()]


def write_rows(rows: Iterable[dict[str, Any]], path: Path, form: str) -> None:
    """Write rows in one step, one a line."""
    lines = [json.dumps(row, separators=(",", ":")) for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, (f'{{"format":"{form}","version":1,"rows":[\n' + ",\n".join(lines) + "\n]}\n").encode("ascii"))


def read_rows(path: Path, form: str, unpack: Callable[[dict[str, Any]], Row]) -> tuple[Row, ...]:
    """The rows of a table.

    Raises:
        ProblemError: if the file is missing or is not a table of that format.
    """
    try:
        content = json.loads(Path(path).read_bytes())
        if content["format"] != form or content["version"] != 1:
            raise ValueError(f"format {content['format']!r} version {content['version']!r}")
        return tuple(unpack(row) for row in content["rows"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise ProblemError(f"{form} file must be readable, got {str(path)!r} ({reason})") from None
