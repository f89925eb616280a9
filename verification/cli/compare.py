"""`dufm compare`: a structure, a user's own too, against DNC, the SRG and the best known one."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import sympy as sp
from flint import fmpq_mat
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dufm.solvers.weights.of_structure import at_best_scale
from dufm.theory.problem import Problem, ProblemError
from dufm.theory.rational import matrix
from dufm.theory.squared.phi import phi_of_cost
from dufm.theory.squared.structure import (
    HeadCost,
    Structure,
    as_fraction_ball,
    cost_power,
    output_error,
    require,
    total_cost,
)
from dufm.theory.squared.structures import DNC, CheapestSum, structure_named
from dufm.verification.base.certificate import point_certificate, write
from dufm.verification.checker import check
from dufm.verification.cli import options as checked
from dufm.verification.cli.compare_request import CompareRequest
from dufm.verification.cli.heartbeat import alive
from dufm.verification.cli.output import show_table
from dufm.verification.cli.user_structure import load_structure

DIGITS = 60
MOST_CLASSES = 2000
ROUNDING = Fraction(1, 10**40)


def inspect(structure: Structure, K: int, L: int) -> dict[str, Any]:
    """Check a structure's weights at (K, L) exactly and compute its cost from them.

    Returns:
        C / K of the weights, by which it is ranked, and C / K stated, each a float; whether they agree within the
        enclosure; rank and critical depth if it states a head and the cost stated is that of the weights at this depth
        and, where it exists there, the next.

    Raises:
        ProblemError: if it does not exist for (K, L), its weights do not chain up or do not give I_K.
    """
    require(structure, K, L)
    cost = structure.cost(K, L)
    exact, agrees, of_weights, stated = _priced(structure, K, L)
    deep = agrees and isinstance(cost, HeadCost) and 0 < cost.q < K
    # One depth fixes h q^(L-3) only; two fix h and q.
    deep = deep and structure.valid(K, L + 1) and _priced(structure, K, L + 1)[1]
    return {
        "structure": structure.name,
        "C_over_K": of_weights,
        "C_over_K_stated": stated,
        "exact": exact,
        "agrees": agrees,
        "rank": cost.q if deep and isinstance(cost, HeadCost) else None,
        "critical_depth": float(sp.N(cost.critical_depth(K))) if deep and isinstance(cost, HeadCost) else None,
    }


def _priced(structure: Structure, K: int, L: int) -> tuple[bool, bool, float, float]:
    """(whether the weights are rational, whether the cost stated is theirs, C / K of the weights, C / K stated)."""
    cost = structure.cost(K, L)
    stated = cost.cost(L) if isinstance(cost, HeadCost) else sp.sympify(cost)
    exact = True
    try:
        weights = list(structure.weights(K, L))
        try:
            factors = [matrix(w) for w in weights]
        except TypeError:
            exact, factors = False, [_rounded(w) for w in weights]
        error = output_error(factors, K, L)
        low, high = as_fraction_ball(cost_power(factors, L))
    except (TypeError, ValueError, AttributeError) as error:
        raise ProblemError(f"structure {structure.name!r} at K = {K}, L = {L}: {error}") from None
    # Exact weights must give the identity exactly; algebraic ones are rounded first and must give it to 10^-40.
    if error > (0 if exact else ROUNDING**2):
        raise ProblemError(f"structure {structure.name!r}: the weights at K = {K}, L = {L} do not give the identity")
    number = sp.N(stated / K)
    if not (number.is_real and number.is_finite):
        raise ProblemError(f"structure {structure.name!r}: cost at K = {K}, L = {L} must be a real number, got {cost}")
    named = Fraction(str(sp.N(stated ** (L + 1), DIGITS)))
    agrees = bool(stated > 0) and low * (1 - ROUNDING) <= named <= high * (1 + ROUNDING)
    of_weights = sp.Rational(high.numerator, high.denominator) ** sp.Rational(1, L + 1) / K
    return exact, agrees, float(sp.N(of_weights)), float(number)


def _rounded(weight: Any) -> fmpq_mat:
    # Few entries are distinct, most are zero.
    known: dict[Any, Fraction] = {}

    def number(entry: Any) -> Fraction:
        if entry not in known:
            known[entry] = Fraction(str(sp.N(entry, DIGITS)))
        return known[entry]

    return matrix([[number(entry) for entry in row] for row in sp.Matrix(weight).tolist()])


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
    if K > MOST_CLASSES:
        raise ProblemError(f"--K must be at most {MOST_CLASSES}, whose K^2 outputs are checked exactly, got {K}")
    structure = load_structure(asked.structure, asked.timeout)
    with alive("checking the weights exactly"):
        record = inspect(structure, K, L)
    rows: list[dict[str, Any]] = [record | {"structure": asked.titled(structure.name)}]
    for other in (DNC, structure_named("srg"), CheapestSum()):
        if other.valid(K, L) and other.name != structure.name:
            name = other.name if not isinstance(other, CheapestSum) else f"best known: {other.blocks(K, L)}"
            rows.append({"structure": name, "C_over_K": float(sp.N(total_cost(other, K, L) / K))})
    for row in rows:
        row["loss"] = _loss(problem, row["C_over_K"])
    certificate = _certify(structure, problem, out) if out is not None else None
    if asked.as_json:
        print(json.dumps({"K": K, "L": L, "x": float(problem.x), "rows": rows, "certificate": certificate}, indent=1))
        return 0 if record["agrees"] else 1
    table = Table(
        title=f"K = {K}, L = {L}, x = K Lambda = {float(problem.x):.6g}", title_justify="left", pad_edge=False
    )
    for name in ("structure", "C / K", "loss", "loss / DNC"):
        table.add_column(name, justify="left" if name == "structure" else "right", overflow="fold")
    dnc = _loss(problem, 1.0)
    for row in rows:
        table.add_row(
            escape(row["structure"]), f"{row['C_over_K']:.6f}", f"{row['loss']:.10g}", f"{row['loss'] / dnc:.6f}"
        )
    show_table(console, table)
    words = [f"The weights give the identity {'exactly' if record['exact'] else 'to 40 digits'}; "]
    if record["agrees"]:
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


def _loss(problem: Problem, ratio: float) -> float:
    return float(phi_of_cost(problem.L, problem.x_power, Fraction(ratio))[0])


def _certify(structure: Structure, problem: Problem, path: Path) -> dict[str, Any]:
    weights = at_best_scale(problem, structure.weights(problem.K, problem.L))
    certificate = point_certificate(problem, weights, f"compare-{structure.name}", {"structure": structure.name})
    path.parent.mkdir(parents=True, exist_ok=True)
    write(certificate, path)
    result = check(path.read_bytes())
    verdict = "accepted: " if result.ok else "rejected: "
    return {"file": str(path), "accepted": result.ok, "sentence": verdict + result.sentence}
