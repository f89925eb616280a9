"""What a check may say: a status, a sentence, the comparison behind it, the certificates it wrote."""

import math
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from typing import Any, Literal

Number = int | float | Fraction
Relation = Literal["<", "<=", "==", ">=", ">"]


class Status(Enum):
    """How much a claim has been shown, strongest first; never merged, never rounded up."""

    PROVED = "exact algebra closes the claim on its whole regime"
    CERTIFIED = "an exact witness settles the cases listed"
    SUPPORTED = "searches or statistics agree; nothing is proved"
    UNDECIDED = "the budget ran out, or what it rests on does not hold; nothing follows"
    REFUTED = "an exact witness or a failed proof step breaks the claim"


@dataclass(frozen=True)
class Comparison:
    """`found relation stated`, with a slack that comes from a residual or a gap.

    Attributes:
        found: the number obtained here.
        relation: one of <, <=, ==, >=, >.
        stated: the number it is compared with.
        slack: allowed excess, >= 0; exact comparisons leave it 0.
        what: what the two numbers are, for the reader.
    """

    found: Number
    relation: Relation
    stated: Number
    slack: Number = 0
    what: str = ""

    @property
    def holds(self) -> bool:
        """Whether the relation holds within the slack; False as soon as anything is NaN or infinite."""
        if any(isinstance(v, float) and not math.isfinite(v) for v in (self.found, self.stated, self.slack)):
            return False
        if self.slack < 0:
            raise ValueError(f"slack must be >= 0, got {self.slack}")
        gap = Fraction(self.found) - Fraction(self.stated)
        slack = Fraction(self.slack)
        return {
            "<": gap < slack if slack else gap < 0,
            "<=": gap <= slack,
            "==": abs(gap) <= slack,
            ">=": gap >= -slack,
            ">": gap > -slack if slack else gap > 0,
        }[self.relation]

    def __str__(self) -> str:
        text = f"{float(self.found):.12g} {self.relation} {float(self.stated):.12g}"
        text += f" (slack {float(self.slack):.1e})" if self.slack else ""
        return f"{self.what}: {text}" if self.what else text


@dataclass(frozen=True)
class Verdict:
    """The outcome of checking one claim.

    Attributes:
        status: what was shown.
        sentence: one sentence a stranger understands.
        comparisons: the numbers behind it; for every status but REFUTED and UNDECIDED each must hold.
        certificates: JSON certificates (dicts) that `checker.py` re-checks.
        details: anything a script may want, JSON-serialisable.
    """

    status: Status
    sentence: str
    comparisons: tuple[Comparison, ...] = ()
    certificates: tuple[dict[str, Any], ...] = ()
    details: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.status not in (Status.REFUTED, Status.UNDECIDED):
            broken = [str(c) for c in self.comparisons if not c.holds]
            if broken:
                raise ValueError(
                    f"a {self.status.name} verdict needs comparisons that hold; broken: {'; '.join(broken)}"
                )
