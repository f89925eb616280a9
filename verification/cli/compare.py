"""`dufm compare`: a structure, a user's own too, against DNC, the SRG and the best known one."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dufm.theory.problem import Problem
from dufm.theory.squared.structure import Structure
from dufm.verification.answers.compare import certificate_of, compared, loss_at
from dufm.verification.answers.user_structure import load_structure
from dufm.verification.base.certificate import write
from dufm.verification.checker import check
from dufm.verification.cli import options as checked
from dufm.verification.cli.compare_request import CompareRequest
from dufm.verification.cli.heartbeat import alive
from dufm.verification.cli.output import show_table


def run_compare(asked: CompareRequest, console: Console, loss: str = "mse") -> int:
    """Print the comparison; 1 if the cost stated is not that of the weights. See `dufm compare --help`."""
    if loss == "ce":
        from dufm.verification.cli.ce.compare import run_ce_compare

        run_ce_compare(asked, console)
        return 0
    K, L, lam, out = asked.K, asked.L, asked.lam, asked.out
    Problem.of(K, L, 1, loss=loss)
    problem = Problem.of(K, L, lam if lam is not None else Fraction(15, 1000) / K)
    checked.file(out)
    structure = load_structure(asked.structure, asked.timeout)
    with alive("checking the weights exactly"):
        record, rows = compared(structure, problem, asked.titled(structure.name))
    certificate = _certify(structure, problem, out) if out is not None else None
    if asked.as_json:
        print(json.dumps({"K": K, "L": L, "x": float(problem.x), "rows": rows, "certificate": certificate}, indent=1))
        return 0 if record["agrees"] else 1
    table = Table(
        title=f"K = {K}, L = {L}, x = K Lambda = {float(problem.x):.6g}", title_justify="left", pad_edge=False
    )
    for name in ("structure", "C / K", "loss", "loss / DNC"):
        table.add_column(name, justify="left" if name == "structure" else "right", overflow="fold")
    dnc = loss_at(problem, 1.0)
    for row in rows:
        table.add_row(
            escape(row["structure"]), f"{row['C_over_K']:.6f}", f"{row['loss']:.10g}", f"{row['loss'] / dnc:.6f}"
        )
    show_table(console, table)
    words = [f"The weights give the identity {'exactly' if record['exact'] else 'to 40 digits'}; "]
    if record["exact"] is None:
        words = ["Its weights are too large to multiply out here: its cost is the one derived (dufm derive)."]
    elif record["agrees"]:
        words.append("the stated cost is theirs.")
    else:
        stated = f"C / K = {record['C_over_K_stated']:.6g}"
        words.append(f"the stated cost ({stated}) is NOT theirs: the table ranks it by what the weights cost.")
    if record["critical_depth"] is not None:
        words.append(f" Rank {record['rank']}: beats DNC at every L > {record['critical_depth']:.4f}.")
    if certificate:
        words.append(f"\nCertificate {certificate['file']}: {certificate['sentence']}")
    console.print("".join(words), highlight=False, markup=False, soft_wrap=True)
    return 0 if record["agrees"] else 1


def _certify(structure: Structure, problem: Problem, path: Path) -> dict[str, Any]:
    certificate = certificate_of(structure, problem)
    path.parent.mkdir(parents=True, exist_ok=True)
    write(certificate, path)
    result = check(path.read_bytes())
    verdict = "accepted: " if result.ok else "rejected: "
    return {"file": str(path), "accepted": result.ok, "sentence": verdict + result.sentence}
