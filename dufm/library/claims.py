"""`dufm.claims` and `dufm.verify`: every claim of the project, and what it comes to when it is run."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dufm.library.shown import Shown, Told, for_callers
from dufm.theory.stated import ProblemError
from dufm.verification.claims import select
from dufm.verification.claims.base.claim import BUDGETS, Claim
from dufm.verification.claims.entry import Entry
from dufm.verification.claims.run import run


@dataclass(frozen=True, repr=False)
class Claims(Shown):
    """Registered claims, a sequence.

    Attributes:
        claims: each with label, statement, regime, source, rests_on and expected.
    """

    claims: tuple[Claim, ...]

    def __iter__(self) -> Iterator[Claim]:
        return iter(self.claims)

    def __len__(self) -> int:
        return len(self.claims)

    def __getitem__(self, label: str) -> Claim:
        return next(claim for claim in self.claims if claim.label == label)

    def told(self) -> Told:
        return Told(f"{len(self)} claims", ("claim", "statement"), [(c.label, c.statement) for c in self.claims])


@for_callers
def claims(only: str | None = None) -> Claims:
    """The claims that `verify` runs.

    Args:
        only: labels or patterns between commas, such as "srg-*,three-layers"; all if not given.

    Raises:
        ProblemError: for a pattern that matches none.

    Examples:
        >>> import dufm
        >>> "three-layers" in [claim.label for claim in dufm.claims()]
        True
    """
    return Claims(select(only))


@dataclass(frozen=True, repr=False)
class Report(Shown):
    """What claims came to.

    Attributes:
        entries: one a claim, with label, status, sentence, comparisons, certificates.
        certificates: the certificates written, by file name.
    """

    entries: tuple[Entry, ...]
    certificates: dict[str, dict[str, Any]]

    @property
    def ok(self) -> bool:
        """Whether every claim reached the verdict it states and every certificate was accepted."""
        return not any(entry.bad for entry in self.entries)

    def __getitem__(self, label: str) -> Entry:
        return next(entry for entry in self.entries if entry.label == label)

    def told(self) -> Told:
        rows = [(e.label, "ERROR" if e.failed else e.status, e.sentence) for e in self.entries]
        judged = [ok for e in self.entries for _, ok, _ in e.certificates]
        words = f"{sum(judged)} of {len(judged)} certificates accepted"
        return Told(
            f"{len(rows)} claims: {'as stated' if self.ok else 'FALLS SHORT'}",
            ("claim", "verdict", "shown"),
            rows,
            (words,),
        )


@for_callers
def verify(
    only: str | None = None,
    budget: str = "quick",
    out: str | Path | None = None,
    jobs: int = 1,
    progress: Callable[[Entry], None] | None = None,
) -> Report:
    """Run claims, with all they rest on, and re-check every certificate they write.

    Args:
        only: labels or patterns between commas; all claims if not given, which takes minutes.
        budget: "quick" or "full".
        out: folder for report.json and certificates; kept nowhere if not given.
        jobs: worker processes; with more than one the caller's script needs its `if __name__ == "__main__":`.
        progress: called with every entry as it becomes known.

    Raises:
        ProblemError: for a label or budget that is none.

    Examples:
        >>> import dufm
        >>> dufm.verify("four-layers")["four-layers"].status
        'PROVED'
    """
    if budget not in BUDGETS:
        raise ProblemError(f"budget must be one of {', '.join(BUDGETS)}, got {budget!r}")
    if jobs < 1:
        raise ProblemError(f"jobs must be an integer >= 1, got {jobs}")
    wanted = select(only)
    with TemporaryDirectory() as spare:
        folder = Path(spare if out is None else out)
        entries = run(wanted, BUDGETS[budget], folder, jobs, finished=progress or (lambda entry: None))
        names = [name for entry in entries for name, _, _ in entry.certificates]
        return Report(tuple(entries), {name: json.loads((folder / name).read_bytes()) for name in names})
