"""A claim: one statement with its regime and source, and a check that returns a verdict."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from dufm.verification.claims.base.verdict import Verdict

Winner = Literal["dnc", "low rank", "by strength"]


@dataclass(frozen=True)
class Budget:
    """How much work a check may do.

    Attributes:
        name: "quick" or "full".
        restarts: restarts of a global search for each (K, L) case.
    """

    name: str
    restarts: int


BUDGETS = {"quick": Budget("quick", 200), "full": Budget("full", 20000)}


@dataclass(frozen=True)
class Claim:
    """One statement.

    Attributes:
        label: unique, what `--only` takes.
        statement: one sentence.
        regime: for which K, L, Lambda, width, n it is claimed.
        source: paper and place, or "ours".
        rests_on: names of derivations and labels of claims it uses.
        check: does the work within a budget.
        settles: which structure the claim says is globally better at (K, L), if it speaks of that case;
            "by strength" if low rank is better close to collapse and open at weak regularisation.
    """

    label: str
    statement: str
    regime: str
    source: str
    rests_on: tuple[str, ...]
    check: Callable[[Budget], Verdict]
    settles: Callable[[int, int], Winner | None] = lambda K, L: None
