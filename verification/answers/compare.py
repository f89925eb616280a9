"""A structure's weights, checked exactly and priced, beside DNC, the SRG and the cheapest structure known."""

from fractions import Fraction
from typing import Any

import sympy as sp
from flint import fmpq_mat

from dufm.solvers.weights.of_structure import at_best_scale
from dufm.theory.problem import Problem
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
from dufm.theory.squared.structures import DNC, STRUCTURES, CheapestSum, structure_named, widest
from dufm.theory.stated import ProblemError
from dufm.verification.base.certificate import Certificate, point_certificate
from dufm.verification.checker import MAX_SIDE as MOST_SIDE

DIGITS = 60
MOST_CLASSES = 2000
# Of a known structure with more entries than this in a factor the cost is taken as derived.
MOST_ENTRIES = 250_000
ROUNDING = Fraction(1, 10**40)


def stated_only(structure: Structure, K: int, L: int) -> dict[str, Any] | None:
    """What `inspect` gives, from the cost stated alone, for a known structure too large to multiply out; else None.

    Its cost is derived (`dufm derive`), and tested against its weights where these are smaller.
    """
    require(structure, K, L)
    if structure not in STRUCTURES or K * max(K, widest(structure, K, L)) <= MOST_ENTRIES:
        return None
    cost = structure.cost(K, L)
    number = float(sp.N(total_cost(structure, K, L) / K))
    deep = cost if isinstance(cost, HeadCost) and 0 < cost.q < K else None
    return {
        "structure": structure.name,
        "C_over_K": number,
        "C_over_K_stated": number,
        "exact": None,
        "agrees": True,
        "rank": None if deep is None else deep.q,
        "critical_depth": None if deep is None else float(sp.N(deep.critical_depth(K))),
    }


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


def compared(structure: Structure, problem: Problem, title: str = "") -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What `inspect` says of a structure, and the rows of the comparison at a problem, the structure's first.

    Args:
        structure: any with weights at (K, L).
        problem: where losses are compared.
        title: what its row is called; its own name if not given.

    Raises:
        ProblemError: as `inspect`, and for more classes than are checked.
    """
    K, L = problem.K, problem.L
    if K > MOST_CLASSES:
        raise ProblemError(f"--K must be at most {MOST_CLASSES}, whose K^2 outputs are checked exactly, got {K}")
    record = stated_only(structure, K, L) or inspect(structure, K, L)
    rows: list[dict[str, Any]] = [record | {"structure": title or structure.name}]
    for other in (DNC, structure_named("srg"), CheapestSum()):
        if other.valid(K, L) and other.name != structure.name:
            name = other.name if not isinstance(other, CheapestSum) else f"best known: {other.blocks(K, L)}"
            rows.append({"structure": name, "C_over_K": float(sp.N(total_cost(other, K, L) / K))})
    for row in rows:
        row["loss"] = loss_at(problem, row["C_over_K"])
    return record, rows


def loss_at(problem: Problem, ratio: float) -> float:
    """The loss of a structure of cost C = ratio K at its best scale."""
    return float(phi_of_cost(problem.L, problem.x_power, Fraction(ratio))[0])


def certificate_of(structure: Structure, problem: Problem) -> Certificate:
    """A certificate of a structure's weights at their best scale; whether they beat DNC is for the checker to say."""
    neurons = widest(structure, problem.K, problem.L)
    if neurons > MOST_SIDE:
        raise ProblemError(
            f"--out: a layer of {structure.name!r} has {neurons} neurons, at most {MOST_SIDE} are certified"
        )
    weights = at_best_scale(problem, structure.weights(problem.K, problem.L))
    return point_certificate(problem, weights, f"compare-{structure.name}", {"structure": structure.name})
