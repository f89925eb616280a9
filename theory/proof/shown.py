"""Whether what a step shows is what its check decides: the same relation, or a name for one side of it."""

from collections.abc import Iterable
from typing import Any

import sympy as sp

from dufm.theory.proof.checks import plain


def unchecked(shown: Iterable[Any], decided: Iterable[Any]) -> list[Any]:
    """The relations shown that none of those decided covers."""
    known = list(decided)
    return [
        relation for relation in shown if not any(_same(relation, d) for d in known) and not _named(relation, known)
    ]


def _same(relation: Any, other: Any) -> bool:
    """Whether both say the same: equal sides, either way round, or equal differences."""
    if relation == other:
        return True
    if isinstance(relation, sp.Equality) != isinstance(other, sp.Equality):
        return False
    if isinstance(relation, sp.Equality):
        pairs = [(plain(r.lhs), plain(r.rhs)) for r in (relation, other)]
        (a, b), (c, d) = pairs
        return (_equal(a, c) and _equal(b, d)) or (_equal(a, d) and _equal(b, c)) or _proportional(a, b, c, d)
    strict = [isinstance(r, (sp.StrictGreaterThan, sp.StrictLessThan)) for r in (relation, other)]
    gaps = [plain(r.gts) - plain(r.lts) for r in (relation, other)]
    return strict[0] <= strict[1] and _equal(*gaps)


def _named(relation: Any, decided: list[Any]) -> bool:
    """Whether the left side is a new name for one side of an equation that is decided."""
    if not isinstance(relation, sp.Equality) or not decided:
        return False
    taken = set().union(*(_letters(d) for d in decided))
    sides = [plain(s) for d in decided if isinstance(d, sp.Equality) for s in (d.lhs, d.rhs)]
    return bool(_letters(relation.lhs) - taken) and any(_equal(plain(relation.rhs), side) for side in sides)


def _letters(expression: Any) -> set[Any]:
    return set(expression.free_symbols) | set(expression.atoms(sp.core.function.AppliedUndef))


def _equal(a: Any, b: Any) -> bool:
    if a == b:
        return True
    if any(isinstance(side, (sp.MatrixBase, sp.MatrixExpr)) for side in (a, b)):
        return False
    return bool(sp.expand(a - b) == 0)


def _proportional(a: Any, b: Any, c: Any, d: Any) -> bool:
    if any(isinstance(s, (sp.MatrixBase, sp.MatrixExpr)) for s in (a, b, c, d)):
        return False
    first, second = sp.expand(a - b), sp.expand(c - d)
    return bool(first != 0 and (sp.expand(first - second) == 0 or sp.expand(first + second) == 0))
