"""`dufm compare --loss ce` and `dufm structures --loss ce`: costs at least margin 1 and losses, in balls."""

import json
from typing import Any

from flint import arb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dufm.solvers.ce.records import record_at
from dufm.theory.ce.enclosure import best_scale, least_loss
from dufm.theory.ce.families import CE_FAMILIES
from dufm.theory.ce.numbers import working
from dufm.theory.ce.polygons import DNC_LOGITS
from dufm.theory.ce.structure import CeStructure, agrees, cost_ball, least_margin_is_one, rank, require_ce
from dufm.theory.ce.structures import CE_STRUCTURES, ce_structure_named, cheapest_at_margin
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError
from dufm.verification.answers.user_structure import load_from
from dufm.verification.cli.compare_request import CompareRequest
from dufm.verification.cli.output import show_table

MEMBERS = ("name", "needs", "valid", "order", "logits", "margins", "squares")
DIGITS = 20
DEFAULT_STRENGTH = "1/100"


def check_structure(structure: CeStructure, K: int) -> None:
    """Check a structure's closed forms against its logits at K, in exact arithmetic.

    Raises:
        ProblemError: if it does not exist for K, or its margins or singular values are not those of its logits.
    """
    require_ce(structure, K)
    try:
        fine, least = agrees(structure, K), least_margin_is_one(structure, K)
    except (TypeError, ValueError, AttributeError, ArithmeticError, LookupError) as error:
        raise ProblemError(f"structure {structure.name!r} at K = {K}: {' '.join(str(error).split())}") from None
    if not fine:
        raise ProblemError(
            f"structure {structure.name!r} at K = {K}: margins and squares must be those of logits with columns that "
            "sum to zero"
        )
    if not least:
        raise ProblemError(f"structure {structure.name!r} at K = {K}: the least margin must be 1")


def run_ce_compare(asked: CompareRequest, console: Console) -> None:
    """Print the comparison; see `dufm compare --help`."""
    if asked.out is not None:
        raise ProblemError("--out needs --loss mse: a cross-entropy loss is no rational number for checker.py to weigh")
    K, L = asked.K, asked.L
    problem = Problem.of(K, L, DEFAULT_STRENGTH if asked.lam is None else asked.lam, loss="ce")
    structure: CeStructure = load_from(asked.structure, ce_structure_named, MEMBERS, asked.timeout)
    check_structure(structure, K)
    rows = [_row(asked.titled(structure.name), structure, problem)]
    for other in (DNC_LOGITS, cheapest_at_margin(K, L)):
        if other.name not in [structure.name, *(r["structure"] for r in rows)]:
            rows.append(_row(other.name, other, problem))
    same = set(problem.effective_lambdas)
    record = record_at(K, L, same.pop()) if len(same) == 1 else None
    if record is not None:
        rows.append(
            {"structure": f"best known: {record.structure}", "c": None, "rank": record.rank, "loss": record.loss}
        )
    if asked.as_json:
        print(json.dumps({"K": K, "L": L, "Lambda": float(problem.Lambda), "rows": rows}, indent=1))
        return
    title = f"K = {K}, L = {L}, cross-entropy, Lambda = {float(problem.Lambda):.6g}"
    table = Table(title=title, title_justify="left", pad_edge=False)
    for name in ("structure", "rank", "c", "loss", "loss / DNC"):
        table.add_column(name, justify="left" if name == "structure" else "right", overflow="fold")
    dnc = float(least_loss(DNC_LOGITS, problem, DIGITS).mid())
    for row in rows:
        cost = "-" if row["c"] is None else f"{row['c']:.6f}"
        table.add_row(
            escape(row["structure"]), str(row["rank"]), cost, f"{row['loss']:.12g}", f"{row['loss'] / dnc:.6f}"
        )
    show_table(console, table)
    with working(DIGITS):
        wins = bool(cost_ball(structure, K, L) < arb(K - 1))
    words = "Margins and singular values are those of the logits, exactly."
    words += f" c < K - 1 = {K - 1}: it beats DNC at every strength." if wins else ""
    console.print(words, highlight=False, soft_wrap=True)


def _row(name: str, structure: CeStructure, problem: Problem) -> dict[str, Any]:
    with working(DIGITS):
        cost = float(cost_ball(structure, problem.K, problem.L).mid())
    found = best_scale(structure, problem, DIGITS)
    return {
        "structure": name,
        "rank": rank(structure, problem.K),
        "c": cost,
        "alpha": None if found is None else float(found.alpha.mid()),
        "loss": float(least_loss(structure, problem, DIGITS).mid()),
    }


def ce_structures_table(console: Console, K: int | None, L: int, as_json: bool) -> None:
    """Every known structure and family under cross-entropy; rank and cost where K is given."""
    rows: list[dict[str, Any]] = []
    for s in CE_STRUCTURES:
        row: dict[str, Any] = {"name": s.name, "needs": s.needs}
        if K is not None:
            exists = s.valid(K)
            with working(DIGITS):
                row["c"] = float(cost_ball(s, K, L).mid()) if exists else None
            row["rank"] = rank(s, K) if exists else None
        rows.append(row)
    rows += [{"name": f.name, "needs": f"{f.needs}; several scales"} for f in CE_FAMILIES]
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    title = (
        None if K is None else f"K = {K}, L = {L}: c = sum sigma^(2/(L+1)) at least margin 1; DNC has K - 1 = {K - 1}"
    )
    table = Table(pad_edge=False, title=title, title_justify="left")
    table.add_column("structure", no_wrap=True)
    table.add_column("exists for", overflow="fold")
    if K is not None:
        for name in ("rank", "c"):
            table.add_column(name, justify="right")
    for row in rows:
        cells = [row["name"], row["needs"]]
        if K is not None:
            cost = row.get("c")
            cells += ["-" if cost is None else str(row["rank"]), "-" if cost is None else f"{cost:.6f}"]
        table.add_row(*cells)
    show_table(console, table)
