"""Times that a person types, and limits that run from when they are made."""

import re
import time
from dataclasses import dataclass, field

from dufm.theory.stated import ProblemError

UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(text: str | None, option: str = "--budget") -> float | None:
    """Read "30s", "5m", "1h", or a number of seconds.

    Raises:
        ProblemError: for anything else.
    """
    if text is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if match is None or float(match[1]) <= 0:
        raise ProblemError(f"{option} must be a time such as 30s, 5m or 1h, got {text!r}")
    return float(match[1]) * UNITS[match[2]]


@dataclass
class TimeLimit:
    """A budget of seconds that runs from when it is made.

    Attributes:
        seconds: the budget.
        reserve: what certificates and tables will take after the search and its polish; at most half the budget counts.
        grace: what a polish may take beyond the budget.
    """

    seconds: float
    reserve: float = 0.0
    grace: float = 1.0
    began: float = field(default_factory=time.monotonic)

    def over(self) -> bool:
        """Whether a polish has to end."""
        return self._gone() > self.grace

    def spent(self) -> bool:
        """Whether the search has to end."""
        return self._gone() > 0

    def _gone(self) -> float:
        return time.monotonic() - self.began - (self.seconds - min(self.reserve, self.seconds / 2))


def time_limit(text: str | None, reserve: float = 0.0) -> TimeLimit | None:
    """Read --budget; None for none. ProblemError for anything that is not a time."""
    found = seconds(text)
    return None if found is None else TimeLimit(found, reserve)
