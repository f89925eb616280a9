"""`dufm claims`, `dufm structures` and the numbers `dufm derive --L` prints."""

import json

import sympy as sp
from rich.console import Console
from rich.table import Table

from dufm.theory.derivations import DERIVATIONS, names
from dufm.theory.problem import Problem
from dufm.theory.proof.typeset import typeset
from dufm.theory.squared.phi import collapse_scale, collapse_threshold
from dufm.theory.squared.structure import total_cost
from dufm.theory.squared.structures import STRUCTURES
from dufm.verification.answers.structures import structure_rows
from dufm.verification.claims import CLAIMS
from dufm.verification.claims.base.claim import BUDGETS, Claim, Support, support_name
from dufm.verification.cli.output import show_table


def claims_table(console: Console, as_json: bool) -> None:
    """Every registered claim."""
    if as_json:
        print(json.dumps([_as_record(c) for c in CLAIMS], indent=1))
        return
    for c in CLAIMS:
        names_of = ", ".join(map(_support_words, c.rests_on))
        rests = f"; rests on {names_of}" if names_of else ""
        full = c.expected.at(BUDGETS["full"]).name
        quick = c.expected.at(BUDGETS["quick"]).name
        stated = quick if quick == full else f"{quick} at budget quick, {full} at full"
        console.print(f"[bold]{c.label}[/bold]  {c.statement}", highlight=False)
        console.print(f"    {c.regime}. Source: {c.source}{rests}. States: {stated}", highlight=False, style="dim")


def _as_record(claim: Claim) -> dict[str, object]:
    record: dict[str, object] = {f: str(getattr(claim, f)) for f in ("label", "statement", "regime", "source")}
    record["rests_on"] = [
        {"kind": "claim" if isinstance(s, Claim) else "derivation", "name": support_name(s)} for s in claim.rests_on
    ]
    return record | {"expected": {name: claim.expected.at(budget).name for name, budget in BUDGETS.items()}}


def _support_words(support: Support) -> str:
    return f"{'claim' if isinstance(support, Claim) else 'derivation'} {support_name(support)}"


def derivations_table(console: Console) -> None:
    """Every derivation and what it shows."""
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
