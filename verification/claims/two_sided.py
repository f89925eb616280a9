"""Both sides of every cell in one table: brackets of x_c, of x_e and of C/K at weak decay, and what was known before.

"Before" is what the bound of pairs and certificates of single intervals say: no theorem that carries a win up to the
collapse or beyond it, no bound but that of pairs.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from dufm.verification.base.lower import pair_value
from dufm.verification.claims import CLAIMS
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.best_bound import Bound, best_cost_bound, holding
from dufm.verification.claims.best_known import best_cost
from dufm.verification.claims.brackets import BEYOND, Thresholds, thresholds

DIGITS = 4
# Claims that were not there before.
LATER = ("thresholds", "three-classes-optimal", "four-classes-two-layers", BEYOND)
Asked = Callable[[str], Status]
Pair = tuple[Fraction, Fraction]


@dataclass(frozen=True)
class TwoSided:
    """What is known of one cell.

    Attributes:
        thresholds: brackets of x_c and x_e.
        lower: of the cost C of outputs I.
        upper: the least cost known, rounded up.
        structure: whose it is.
        before: least C/K and greatest x_c/x* that were known.
    """

    thresholds: Thresholds
    lower: Bound
    upper: Fraction
    structure: str
    before: Pair

    @property
    def cost(self) -> Pair:
        """Between what C/K lies at weak decay."""
        K = self.thresholds.K
        return self.lower.value / K, min(self.upper / K, Fraction(1))

    @property
    def state(self) -> str:
        """Who wins below x*, where it is settled."""
        if not self.thresholds.settled:
            return "open"
        return "low rank" if self.thresholds.critical[1].x == 0 else "DNC"


def two_sided(K: int, L: int, status: Asked = holding) -> TwoSided:
    """Both sides of one cell, from claims that hold.

    Raises:
        ProblemError: for a cell that makes no sense.
    """
    cost, structure = best_cost(K, L)
    upper = Fraction(K) if cost >= K else Fraction(math.nextafter(cost, math.inf))
    older = [claim for claim in CLAIMS if claim.label not in LATER]
    then = thresholds(K, L, older, lambda label: Status.UNDECIDED if label in LATER else status(label))
    before = (pair_value(K, L, Fraction(0)) / (L + 1) / K, Fraction(min(1, then.critical[1].x / then.collapse[0])))
    return TwoSided(thresholds(K, L, status=status), best_cost_bound(K, L, status), upper, structure, before)


def told(low: Fraction, high: Fraction) -> str:
    """A bracket with DIGITS digits, rounded outwards; a number where both ends are one."""
    down, up = low * 10**DIGITS // 1, -(-high * 10**DIGITS // 1)
    words = [f"{value / 10**DIGITS:.{DIGITS}f}".rstrip("0").rstrip(".") for value in (down, up)]
    return words[0] if words[0] == words[1] else f"[{words[0]}, {words[1]}]"


def brackets(cell: TwoSided) -> tuple[str, str, str]:
    """x_c / x*, x_e / x* and C / K in words."""
    t = cell.thresholds
    low, high = (end.x for end in t.critical)
    one = Fraction(1)
    if t.settled:
        critical = "0" if high == 0 else "1"
    else:
        critical = told(low / t.collapse[1], min(one, high / t.collapse[0]))
    if critical == "1":
        return critical, "1", told(*_near_one(cell.cost))
    empty = told(max(one, t.empty[0].x / t.collapse[1]), t.empty[1].x / t.collapse[0])
    return critical, empty, told(*_near_one(cell.cost))


def _near_one(cost: Pair) -> Pair:
    """Rounding of what is 1 exactly: a bound is rounded down at twenty digits."""
    return (Fraction(1), cost[1]) if cost[0] > 1 - Fraction(1, 10**8) else cost


def markdown(cells: Iterable[TwoSided]) -> list[str]:
    """The table of docs/two-sided.md."""
    names = ("L", "K", "x_c / x*", "x_e / x*", "C / K", "below x*", "before: x_c / x*", "before: C / K")
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for cell in cells:
        t, (least, most) = cell.thresholds, cell.before
        low = Fraction(1) if cell.state == "DNC" else Fraction(0)
        then = told(*_near_one((least, cell.cost[1])))
        row = (str(t.L), str(t.K), *brackets(cell), cell.state, told(low, most), then)
        lines.append(f"| {' | '.join(row)} |")
    return lines
