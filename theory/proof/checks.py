"""What a derivation step may rest on: four ways for the machine to check it, each naming how strong it is."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any

import sympy as sp


class Method(Enum):
    """How a step was checked. Only SAMPLED falls short of a proof.

    EXACT covers finite statements whole; where a step speaks of every r, its words are the general argument and the
    cases named are those it reduces to, or an independent check of it.
    """

    SYMBOLIC = "symbolic identity"
    SIGN = "sign of every coefficient"
    EXACT = "exact arithmetic on the cases named"
    STANDARD = "textbook theorem, exact instances checked"
    SAMPLED = "exact substitution at random rationals"


@dataclass(frozen=True)
class Checked:
    """The outcome of checking one step."""

    ok: bool
    method: Method
    note: str = ""


Check = Callable[[], Checked]


def identical(left: Any, right: Any, samples: int = 12) -> Check:
    """left == right: symbolically, or by exact substitution at random rationals where simplification stalls."""

    def check() -> Checked:
        difference = sp.sympify(left) - sp.sympify(right)
        for simplify in (sp.expand, sp.radsimp, lambda e: sp.powsimp(sp.expand(e), force=True), sp.simplify):
            if simplify(difference) == 0:
                return Checked(True, Method.SYMBOLIC)
        return Checked(_vanishes_at_random(difference, samples), Method.SAMPLED, f"{samples} points")

    return check


def positive_beyond(expression: Any, symbol: sp.Symbol, least: Any, strict: bool = True) -> Check:
    """A polynomial is > 0 (or >= 0) for every symbol >= least: shifted there, no coefficient is negative."""

    def check() -> Checked:
        shifted = sp.Poly(sp.expand(sp.sympify(expression).subs(symbol, symbol + least)), symbol)
        coefficients = shifted.all_coeffs()
        ok = all(c >= 0 for c in coefficients) and bool(coefficients[-1] > 0 or not strict)
        note = f"{symbol} = {least} + y: " + " + ".join(
            f"{c} y^{len(coefficients) - 1 - i}" for i, c in enumerate(coefficients)
        )
        return Checked(ok, Method.SIGN, note)

    return check


def every(cases: Sequence[Any], holds: Callable[[Any], bool], what: str) -> Check:
    """A finite statement: `holds` is true for each case, in exact arithmetic."""

    def check() -> Checked:
        failed = [case for case in cases if not holds(case)]
        return Checked(not failed, Method.EXACT, f"{what}: fails for {failed[:3]}" if failed else what)

    return check


def standard(theorem: str, holds: Callable[[random.Random], bool], instances: int = 20, seed: int = 0) -> Check:
    """A textbook theorem, quoted by name and checked on seeded exact instances."""

    def check() -> Checked:
        rng = random.Random(seed)
        ok = all(holds(rng) for _ in range(instances))
        return Checked(ok, Method.STANDARD, f"{theorem}; {instances} exact instances, seed {seed}")

    return check


def all_of(*checks: Check) -> Check:
    """Several checks as one; it is as strong as the weakest."""

    def check() -> Checked:
        done = [c() for c in checks]
        weakest = max(done, key=lambda c: list(Method).index(c.method))
        return Checked(all(c.ok for c in done), weakest.method, "; ".join(c.note for c in done if c.note))

    return check


def random_rational(rng: random.Random, low: int = 1, high: int = 40) -> Fraction:
    """A positive rational with small numerator and denominator."""
    return Fraction(rng.randint(low, high), rng.randint(1, 12))


def _vanishes_at_random(difference: sp.Expr, samples: int) -> bool:
    rng = random.Random(0)
    symbols = sorted(difference.free_symbols, key=str)
    for _ in range(samples):
        point = {}
        for s in symbols:
            value = (
                sp.Integer(rng.randint(3, 9)) if s.is_integer else sp.Rational(rng.randint(1, 40), rng.randint(1, 12))
            )
            point[s] = value
        if sp.minimal_polynomial(difference.subs(point)) != sp.Symbol("x"):
            return False
    return True
