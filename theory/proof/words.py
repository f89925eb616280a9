"""Identities between matrices of any size, checked as words in letters that do not commute.

A rule replaces a product that occurs in a word, such as G J -> 1 - k J for J = (G + k)^(-1); an identity holds if
both sides become the same polynomial. Scalars commute and are ordinary symbols.
"""

from collections.abc import Mapping
from typing import Any

import sympy as sp

from dufm.theory.proof.checks import Check, Checked, Method

ROUNDS = 12


def letters(names: str) -> tuple[sp.Symbol, ...]:
    """Symbols for matrices; a transpose is a letter of its own."""
    return tuple(sp.symbols(names, commutative=False, seq=True))


def reduced(word: Any, rules: Mapping[Any, Any]) -> sp.Expr:
    """Apply the rules until nothing changes.

    Raises:
        ValueError: if they do not come to rest, or a pattern is no product of letters.
    """
    for pattern in rules:
        # SymPy would replace more than the word where a letter stands in a denominator.
        scalars, parts = sp.sympify(pattern).args_cnc()
        if scalars or not all(part.is_Symbol or (part.is_Pow and part.exp.is_positive) for part in parts):
            raise ValueError(f"a rule must replace a product of letters, got {pattern}")
    current = sp.expand(word)
    for _ in range(ROUNDS):
        following = current
        for pattern, replacement in rules.items():
            following = sp.expand(following.subs(pattern, replacement))
        if following == current:
            return current
        current = following
    raise ValueError(f"the rules do not come to rest on {word}")


def same_words(left: Any, right: Any, rules: Mapping[Any, Any] | None = None) -> Check:
    """left == right for matrices of every size that obey the rules."""

    def decide(relations: tuple[Any, ...]) -> Checked:
        (relation,) = relations
        rest = reduced(relation.lhs - relation.rhs, rules or {})
        # Coefficients are scalars: each word's must vanish identically.
        ok = all(sp.simplify(coefficient) == 0 for coefficient in _coefficients(rest).values())
        given = ", ".join(f"{pattern} = {value}" for pattern, value in (rules or {}).items())
        return Checked(ok, Method.SYMBOLIC, f"words in matrices; {given}" if given else "words in matrices")

    return Check(decide, (sp.Eq(sp.sympify(left), sp.sympify(right), evaluate=False),))


def _coefficients(polynomial: sp.Expr) -> dict[sp.Expr, sp.Expr]:
    found: dict[sp.Expr, sp.Expr] = {}
    for term in sp.Add.make_args(polynomial):
        scalars, word = term.args_cnc()
        key = sp.Mul(*word)
        found[key] = found.get(key, sp.Integer(0)) + sp.Mul(*scalars)
    return found
