"""What `dufm compare` is asked for."""

from dataclasses import dataclass
from pathlib import Path

from dufm.verification.answers.user_structure import TIMEOUT


@dataclass(frozen=True)
class CompareRequest:
    """One comparison.

    Attributes:
        structure: a known name, or FILE.py:NAME.
        K, L: the cell.
        lam: strength of all factors, or L + 1 of them; None takes the default of the loss.
        out: where a certificate goes if the structure beats DNC; None writes none.
        as_json: print JSON instead of a table.
        timeout: seconds that each call of a user's code may take.
    """

    structure: str
    K: int
    L: int
    lam: str | list[str] | None = None
    out: Path | None = None
    as_json: bool = False
    timeout: float = TIMEOUT

    def titled(self, name: str) -> str:
        """What a table calls the structure; a user's own is marked."""
        return f"{name} (yours)" if ":" in self.structure else name
