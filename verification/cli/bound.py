"""`dufm bound`: what no weights can go below at one cell, and `dufm check`, which picks the checker of each file."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from dufm.theory.problem import Problem, ProblemError, exact_number
from dufm.theory.squared.phi import collapse_power
from dufm.verification import checker, lower_checker
from dufm.verification.base.certificate import write
from dufm.verification.base.checkers import checker_of
from dufm.verification.base.lower import dnc_value, lower_certificate, pair_value, value_of
from dufm.verification.claims.best_bound import Bound, below, best_bound, best_cost_bound, require_sound
from dufm.verification.claims.best_known import best_cost, best_loss
from dufm.verification.cli import options as checked
from dufm.verification.cli.heartbeat import alive
from dufm.verification.cli.output import show_table

MOST_CLASSES, MOST_LAYERS = 10_000, 64
DIGITS = 10


def run_bound(cell: tuple[int, int, str], out: Path | None, as_json: bool, console: Console) -> None:
    """Find, check and print the bound; see `dufm bound --help`."""
    K, L, x = cell[0], cell[1], _strength(cell[2])
    Problem.of(K, L, 1)
    if K > MOST_CLASSES or L > MOST_LAYERS:
        raise ProblemError(f"--K must be at most {MOST_CLASSES} and --L at most {MOST_LAYERS}, got {K}, {L}")
    checked.file(out)
    with alive("covering the eigenvalues"):
        certificate = lower_certificate(K, L, x, "bound")
        held = best_bound(K, L, x) if x else best_cost_bound(K, L)
        require_sound(held)
    if out is not None:
        write(certificate, out)
    text = out.read_bytes() if out is not None else json.dumps(certificate).encode()
    program = checker_of(text)
    by, result = program.__name__.rsplit(".", 1)[-1], program.check(text)
    record = _record(K, L, x, certificate, held) | {"says": result.sentence}
    if as_json:
        print(json.dumps(record | {"certificate": certificate if out is None else str(out)}, indent=1))
        return
    table = Table(pad_edge=False)
    for name in (f"K = {K}, L = {L}, x = {cell[2]}", record["quantity"], "/ DNC"):
        table.add_column(name, justify="right" if table.columns else "left", no_wrap=True)
    rows = [("no weights go below, certified here", record["lower"]), ("best lower bound known", record["best_lower"])]
    for name, value in [
        *rows,
        (f"best known: {record['best_known_by']}", record["best_known"]),
        ("DNC", record["dnc"]),
    ]:
        share = value / record["dnc"]
        digits = f"{share * 10**6 // 1 / 10**6:.6f}" if name in dict(rows) and share < 1 - 1e-12 else f"{share:.6f}"
        table.add_row(name, f"{value:.{DIGITS}g}", digits)
    show_table(console, table)
    words = [
        f"Gap between the best bound and the best known: {100 * record['gap']:.2f} % of the best known. {_quantity(x)}."
        f"{_note(K, L, x)}",
        f"Best lower bound: {record['best_lower_by']}{_behind(record['best_lower_claims'])}.",
        f"{by}: {result.sentence}",
    ]
    if out is not None:
        words.append(f"Certificate: {out}; python -S -I verification/{by}.py {out}")
    console.print("\n".join(words), highlight=False, soft_wrap=True)


def check_files(files: list[str], exact: bool) -> int:
    """Judge each file by its own checker; 1 if one is rejected, else 2 if one cannot be read, else 0."""
    codes = set()
    for name in files:
        path = Path(name)
        program = checker_of(_start(path)) if not name.startswith("-") and path.is_file() else checker
        codes.add(program.main([*(["--exact"] if exact and program is checker else []), name]))
    return next((code for code in (1, 2) if code in codes), 0)


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(checker.MAX_BYTES + 1)
    except OSError:
        return b""


def _strength(text: str) -> Fraction:
    x = exact_number(text, "--x")
    if x < 0:
        raise ProblemError(f"--x must be >= 0, got {text}")
    if max(x.numerator, x.denominator) > lower_checker.MAX_PART:
        raise ProblemError(f"--x must have numerator and denominator up to {lower_checker.MAX_PART:.0e}, got {text}")
    return x


def _record(K: int, L: int, x: Fraction, certificate: dict[str, Any], held: Bound) -> dict[str, Any]:
    """Bound, best known and DNC, in losses; at x = 0 in costs C."""
    unit = x / (2 * K) if x else Fraction(1, L + 1)
    value, dnc = value_of(certificate), dnc_value(K, L, x)
    known, by = best_loss(K, L, x) if x else best_cost(K, L)
    lower = below(value * unit)
    best = max(lower, below(held.value))
    return {
        "K": K,
        "L": L,
        "x": str(x),
        "quantity": "loss" if x else "cost C",
        "lower": lower,
        "lower_exact": str(value * unit),
        "best_lower": best,
        "best_lower_by": held.by if best > lower else "the certificate made here",
        "best_lower_claims": list(held.claims) if best > lower else [],
        "best_known": known,
        "best_known_by": by,
        "dnc": float(dnc[1] * unit),
        "ratio": below(value / dnc[1]),
        "pairs_ratio": below(pair_value(K, L, x) / dnc[1]),
        "gap": max(known - best, 0.0) / known,
        "method": certificate["witness"]["method"],
    }


def _behind(claims: list[str]) -> str:
    return (
        f" ({', '.join(claims)}; their steps checked by this very program, the certificates used just now)"
        if claims
        else ""
    )


def _quantity(x: Fraction) -> str:
    if x:
        return "Losses, for every n, width and all strengths with this x = K Lambda"
    return "x = 0, weak decay: costs C of weights with output I"


def _note(K: int, L: int, x: Fraction) -> str:
    if K == 2 or L == 1:
        return " DNC is optimal here (dufm derive two-classes, lower-bound)."
    if x and x ** (L + 1) >= collapse_power(L):
        return " From x* on DNC is above zero weights, whose loss 1/2 stands in its column."
    return ""
