"""`dufm structures`, the list of derivations and the numbers `dufm derive --L` prints."""

import json

import sympy as sp
from rich.console import Console
from rich.table import Table

from dufm.theory.problem import Problem
from dufm.theory.proof.typeset import typeset
from dufm.theory.squared.phi import collapse_scale, collapse_threshold
from dufm.theory.squared.structure import total_cost
from dufm.theory.squared.structures import STRUCTURES
from dufm.verification.answers.structures import structure_rows
from dufm.verification.cli.output import show_table


def derivations_table(console: Console) -> None:
    """Every derivation and what it shows."""
    # The structures' costs are asked for alone.
    from dufm.theory.derivations import DERIVATIONS, names

    for builder, name in zip(DERIVATIONS, names(), strict=True):
        console.print(f"[bold]{name}[/bold]", highlight=False)
        console.print(f"    {(builder.__doc__ or '').splitlines()[0]}", highlight=False, markup=False)


def structures_table(console: Console, K: int | None, L: int, as_json: bool, loss: str = "mse") -> None:
    """Every known structure; its cost where K is given."""
    Problem.of(2 if K is None else K, L, 1, loss=loss)
    if loss == "ce":
        from dufm.verification.cli.ce.compare import ce_structures_table

        ce_structures_table(console, K, L, as_json)
        return
    rows = structure_rows(K, L)
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    table = Table(pad_edge=False, title=None if K is None else f"K = {K}, L = {L}", title_justify="left")
    table.add_column("structure", no_wrap=True)
    table.add_column("exists for", overflow="fold")
    if K is not None:
        for name in ("C / K", "rank", "beats DNC for L >"):
            table.add_column(name, justify="right")
    for row in rows:
        cells = [str(row["name"]), str(row["needs"])]
        if K is not None:
            cells += [_number(row["C_over_K"]), _number(row["rank"]), _number(row["critical_depth"])]
        table.add_row(*cells)
    show_table(console, table)


def _number(value: object) -> str:
    return "-" if value is None else f"{value:.5f}" if isinstance(value, float) else str(value)


def numbers_at(L: int, form: str) -> str:
    """The collapse threshold and the structures' costs at depth L, in the format of the derivation."""
    words = typeset if form == "latex" else str
    where = f"{_value(collapse_threshold(L), form)} {words(f'= {_digits(collapse_threshold(L))}, where')}"
    begun = words(f"At L = {L}: DNC collapses at K Lambda =")
    lines = [f"{begun} {where} {words(f't = {collapse_scale(L)}.')}"]
    for s in STRUCTURES:
        for K in (3, 6, 7, 10, 15):
            if s.name not in ("dnc", "sum") and s.valid(K, L):
                lines.append(words(f"{s.name}, K = {K}: C / K = {_digits(total_cost(s, K, L) / K)}"))
    joiner = {"text": "\n", "markdown": "  \n", "latex": "\\\\\n"}[form]
    return joiner.join(lines)


def _digits(value: sp.Expr) -> str:
    return str(sp.N(value, 8))


def _value(value: sp.Expr, form: str) -> str:
    return {"text": str(value), "markdown": f"${sp.latex(value)}$", "latex": f"${sp.latex(value)}$"}[form]
