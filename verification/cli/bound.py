"""`dufm bound`: what no weights can go below at one cell."""

import json
from fractions import Fraction
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dufm.theory.squared.phi import collapse_power
from dufm.verification.answers.bound import bounded_cell
from dufm.verification.base.certificate import write
from dufm.verification.cli import options as checked
from dufm.verification.cli.heartbeat import alive
from dufm.verification.cli.output import show_table

DIGITS = 10


def run_bound(cell: tuple[int, int, str], out: Path | None, as_json: bool, console: Console) -> None:
    """Find, check and print the bound; see `dufm bound --help`."""
    K, L = cell[0], cell[1]
    checked.file(out)
    with alive("covering the eigenvalues"):
        found = bounded_cell(*cell)
    record, x = found.record, Fraction(found.record["x"])
    if out is not None:
        write(found.certificate, out)
    if as_json:
        print(json.dumps(record | {"certificate": found.certificate if out is None else str(out)}, indent=1))
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
        f"{found.program}: {record['says']}",
    ]
    if out is not None:
        words.append(f"Certificate: {out}; python -S -I verification/{found.program}.py {out}")
    console.print("\n".join(words), highlight=False, soft_wrap=True)


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
