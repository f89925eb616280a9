"""`dufm.check`: a certificate, judged by the checkers of the command line."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from dufm.library.shown import for_callers
from dufm.theory.stated import ProblemError
from dufm.verification.base.checkers import checker_of


@dataclass(frozen=True)
class Checked:
    """What a checker says.

    Attributes:
        accepted: whether the certificate holds.
        sentence: what it shows, or why it is refused.
        margin: what is left between the two sides, exact; None where nothing was compared.
        by: name of the checker, a program that runs alone.
    """

    accepted: bool
    sentence: str
    margin: Fraction | None
    by: str

    def __bool__(self) -> bool:
        return self.accepted

    def __repr__(self) -> str:
        return f"{'ACCEPTED' if self.accepted else 'REJECTED'} by {self.by}: {self.sentence}"


@for_callers
def check(certificate: str | Path | bytes | Mapping[str, Any]) -> Checked:
    """Judge a certificate in exact arithmetic, as `dufm check` and `checker.py` do.

    Args:
        certificate: a file, its bytes, or the object itself.

    Raises:
        ProblemError: for a file that cannot be read.

    Examples:
        >>> import dufm
        >>> dufm.check(dufm.records(K=6, L=4)[0].certificate).accepted
        True
        >>> dufm.check(b"{}").accepted
        False
    """
    if isinstance(certificate, (str, Path)):
        try:
            text = Path(certificate).read_bytes()
        except OSError as error:
            raise ProblemError(f"certificate {certificate} cannot be read: {error.strerror}") from None
    else:
        text = certificate if isinstance(certificate, bytes) else json.dumps(dict(certificate)).encode()
    program = checker_of(text)
    found = program.check(text)
    return Checked(found.ok, found.sentence, getattr(found, "margin", None), program.__name__.rpartition(".")[2])
