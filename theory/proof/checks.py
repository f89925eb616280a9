"""What a derivation step may rest on: each way of checking it names how strong it is and carries what it is a check of.

A `Check` holds the relations it decides, and decides them from those alone; a step shows them to the reader. So what is
read and what is checked are one object.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any

import sympy as sp


class Method(Enum):
    """How a step was checked, strongest first. What PROVING leaves out is no proof.

    EXACT covers finite statements whole. Random or finite instances of a universal statement are INSTANCES, however
    many; a theorem of others is QUOTED; words alone are PROSE, unless they only give a name: a DEFINITION.
    """

    DEFINITION = "definition"
    SYMBOLIC = "symbolic identity"
    SIGN = "sign of every coefficient"
    EXACT = "exact arithmetic on the cases named"
    INFERENCE = "follows by the rule named"
    QUOTED = "quoted theorem, hypotheses checked"
    INSTANCES = "exact instances of a universal statement, no proof"
    SAMPLED = "exact substitution at random rationals, no proof"
    PROSE = "words only, no proof"


PROVING = frozenset(list(Method)[: list(Method).index(Method.INSTANCES)])


@dataclass(frozen=True)
class Checked:
    """The outcome of checking one step.

    Attributes:
        ok: whether it holds.
        method: how that was found.
        note: what was done, in words.
        premises: labels of steps, or names of derivations, that an inference uses.
        quotes: theorems of others that it uses.
    """

    ok: bool
    method: Method
    note: str = ""
    premises: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """A way of checking, with the relations it decides.

    Attributes:
        decide: finds the outcome from `relations`, and from nothing else where there are any.
        relations: what is decided, as it is shown.
        premises: labels of steps, or names of derivations, that are used.
    """

    decide: Callable[[tuple[Any, ...]], Checked]
    relations: tuple[Any, ...] = ()
    premises: tuple[str, ...] = ()

    def __call__(self) -> Checked:
        return self.decide(self.relations)


def plain(expression: Any) -> Any:
    """An expression as it is computed with: what is held back for show (derivatives, limits) is carried out."""
    held = sp.sympify(expression)
    if isinstance(held, sp.MatrixBase):
        return held.applyfunc(plain)
    return held.replace(lambda e: isinstance(e, sp.UnevaluatedExpr), lambda e: e.args[0]).doit()


def identical(left: Any, right: Any, samples: int = 12) -> Check:
    """left == right, expressions or matrices: symbolically, or by exact substitution where simplification stalls."""
    sides = [sp.ImmutableMatrix(s) if isinstance(s, sp.MatrixBase) else sp.sympify(s) for s in (left, right)]

    def decide(relations: tuple[Any, ...]) -> Checked:
        (relation,) = relations
        left, right = plain(relation.lhs), plain(relation.rhs)
        if isinstance(left, sp.MatrixBase):
            ok = left.shape == right.shape and all(not _differs(e) and _simplifies_to_zero(e) for e in left - right)
            return Checked(ok, Method.SYMBOLIC, "every entry")
        if _differs(left - right):
            return Checked(False, Method.SYMBOLIC, "the sides differ at a rational point")
        if _simplifies_to_zero(left - right):
            return Checked(True, Method.SYMBOLIC)
        return Checked(_vanishes_at_random(left - right, samples), Method.SAMPLED, f"{samples} points")

    return Check(decide, (sp.Eq(*sides, evaluate=False),))


def positive_beyond(expression: Any, symbol: sp.Symbol, least: Any, strict: bool = True, than: Any = 0) -> Check:
    """A polynomial is > (or >=) another for every symbol >= least: shifted there, the rest has no coefficient < 0."""
    shown = (sp.Gt if strict else sp.Ge)(sp.sympify(expression), sp.sympify(than), evaluate=False)

    def decide(relations: tuple[Any, ...]) -> Checked:
        (relation,) = relations
        polynomial = plain(relation.lhs) - plain(relation.rhs)
        shifted = sp.Poly(sp.expand(polynomial.subs(symbol, symbol + least)), symbol)
        coefficients = shifted.all_coeffs()
        wanted = coefficients[-1] > 0 or not isinstance(relation, sp.StrictGreaterThan)
        ok = all(c >= 0 for c in coefficients) and bool(wanted)
        note = f"{symbol} = {least} + y: " + " + ".join(
            f"{c} y^{len(coefficients) - 1 - i}" for i, c in enumerate(coefficients)
        )
        return Checked(ok, Method.SIGN, note)

    return Check(decide, (shown,))


def signed(expression: Any, what: str) -> Check:
    """An expression in symbols of known sign is >= 0, term by term."""

    def decide(relations: tuple[Any, ...]) -> Checked:
        (relation,) = relations
        gap = plain(relation.lhs - relation.rhs)
        return Checked(any(e.is_nonnegative is True for e in (gap, sp.expand(gap))), Method.SIGN, what)

    return Check(decide, (sp.Ge(sp.sympify(expression), 0, evaluate=False),))


def compared(relation: Any, what: str) -> Check:
    """An inequality between numbers, decided exactly."""

    def decide(relations: tuple[Any, ...]) -> Checked:
        (shown,) = relations
        return Checked(shown.func(plain(shown.lhs), plain(shown.rhs)) == sp.true, Method.EXACT, what)

    return Check(decide, (relation,))


def every(cases: Iterable[Any], holds: Callable[[Any], bool], what: str) -> Check:
    """A finite statement: `holds` is true for each case, in exact arithmetic. Of no cases it fails."""
    return Check(lambda _: _tried(cases, holds, Method.EXACT, what))


def instances(cases: Iterable[Any], holds: Callable[[Any], bool | None], what: str) -> Check:
    """Instances of a universal statement, which they do not prove; `holds` says None where an instance says nothing."""
    return Check(lambda _: _tried(cases, holds, Method.INSTANCES, what))


def seeded(holds: Callable[[random.Random], bool | None], count: int = 20, what: str = "exact instances") -> Check:
    """Instances drawn from the seeds 0, ..., count - 1."""
    words = f"{count} {what}, seeds 0, ..., {count - 1}"
    return instances(range(count), lambda seed: holds(random.Random(seed)), words)


def standard(theorem: str, holds: Callable[[random.Random], bool | None], instances: int = 20, seed: int = 0) -> Check:
    """A statement known by name, tried on instances drawn from one seed: no proof, and no quotation either."""

    def decide(_: tuple[Any, ...]) -> Checked:
        drawn = [random.Random(seed)] * instances
        return _tried(drawn, holds, Method.INSTANCES, f"{theorem}; {instances} instances, seed {seed}")

    return Check(decide)


def definition(what: str = "") -> Check:
    """The words only give names: nothing is claimed."""
    return Check(lambda _: Checked(True, Method.DEFINITION, what))


def named(name: Any, expression: Any) -> Check:
    """A name for an expression: nothing is claimed."""
    return Check(lambda _: Checked(True, Method.DEFINITION), (sp.Eq(name, expression, evaluate=False),))


def prose() -> Check:
    """The words are the argument: nothing was checked."""
    return Check(lambda _: Checked(True, Method.PROSE))


def inference(rule: str, *premises: str) -> Check:
    """The step follows from the steps (by label) or derivations (by name) listed, by the rule named."""
    ok = bool(rule.strip() and premises)
    words = f"{rule}, from {', '.join(premises)}"
    return Check(lambda _: Checked(ok, Method.INFERENCE, words, premises), premises=premises)


def all_of(*checks: Check, spots: Iterable[Check] = ()) -> Check:
    """Several checks as one; it is as strong as the weakest. Spots must hold too, and count for nothing."""
    tried = tuple(spots)

    def decide(_: tuple[Any, ...]) -> Checked:
        done, also = [c() for c in checks], [c() for c in tried]
        if not done:
            return Checked(False, Method.PROSE, "nothing is checked")
        weakest = max(done, key=lambda c: list(Method).index(c.method))
        words = [c.note for c in done if c.note] + [f"also tried: {c.note}" for c in also]
        return Checked(
            all(c.ok for c in (*done, *also)),
            weakest.method,
            "; ".join(words),
            tuple(p for c in done for p in c.premises),
            tuple(dict.fromkeys(q for c in done for q in c.quotes)),
        )

    return Check(decide, tuple(r for c in checks for r in c.relations), tuple(p for c in checks for p in c.premises))


def random_rational(rng: random.Random, low: int = 1, high: int = 40) -> Fraction:
    """A positive rational with small numerator and denominator."""
    return Fraction(rng.randint(low, high), rng.randint(1, 12))


def _tried(cases: Iterable[Any], holds: Callable[[Any], bool | None], method: Method, what: str) -> Checked:
    known = list(cases)
    found = [holds(case) for case in known]
    if not any(value is not None for value in found):
        return Checked(False, method, f"{what}: no case says anything")
    failed = [case for case, value in zip(known, found, strict=True) if value is not None and not value]
    return Checked(not failed, method, f"{what}: fails for {failed[:3]}" if failed else what)


def _simplifies_to_zero(difference: sp.Expr) -> bool:
    ways = (
        sp.expand,
        lambda e: sp.expand(sp.fraction(sp.together(e))[0]),
        sp.radsimp,
        lambda e: sp.powsimp(sp.expand(e), force=True),
        lambda e: sp.gammasimp(e.rewrite(sp.gamma)) if e.has(sp.binomial) else e,
        sp.simplify,
    )
    return any(simplify(difference) == 0 for simplify in ways)


def _random_point(rng: random.Random, symbols: Iterable[Any]) -> dict[Any, Any]:
    return {
        s: sp.Integer(rng.randint(3, 9)) if s.is_integer else sp.Rational(rng.randint(1, 40), rng.randint(1, 12))
        for s in symbols
    }


def _differs(difference: sp.Expr) -> bool:
    """Whether thirty digits at one point tell a difference from zero: the quick end of a false identity."""
    symbols = sorted(difference.free_symbols, key=str)
    value = difference.subs(_random_point(random.Random(1), symbols)).evalf(30)
    return bool(value.is_number and value.is_finite and abs(value) > sp.Rational(1, 10**12))


def _vanishes_at_random(difference: sp.Expr, samples: int) -> bool:
    rng = random.Random(0)
    symbols = sorted(difference.free_symbols, key=str)
    for _ in range(samples):
        try:
            if sp.minimal_polynomial(difference.subs(_random_point(rng, symbols))) != sp.Symbol("x"):
                return False
        except sp.polys.polyerrors.NotAlgebraic:
            return False
    return True
