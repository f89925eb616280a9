"""What is known of one claim after it ran: its verdict, and its certificates written to disk and judged there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dufm.verification.base.certificate import write
from dufm.verification.claims import claim_named
from dufm.verification.claims.base.claim import BUDGETS, Budget, Claim, Known
from dufm.verification.claims.base.filed import judge, missing
from dufm.verification.claims.base.verdict import Status, Verdict

STRENGTH = [status.name for status in Status]


@dataclass(frozen=True)
class Entry:
    """What is known of one claim after it ran.

    Attributes:
        label: the claim's label.
        status: name of the Status.
        expected: name of the Status that the claim states for this budget.
        sentence: the verdict's sentence.
        comparisons: the numbers behind it, in words.
        certificates: file names, relative to the report, each with whether the checker accepted it and what it said.
        details: anything a script may want.
        failed: true if the check itself broke, so that nothing can be said.
        missing: what the claim's certificates must show and none of them does, in words.
        kept: whether the verdict is one of an earlier run, and only its certificates were checked in this one.
    """

    label: str
    status: str
    expected: str
    sentence: str
    comparisons: tuple[str, ...]
    certificates: tuple[tuple[str, bool, str], ...]
    details: dict[str, Any]
    failed: bool = False
    missing: tuple[str, ...] = ()
    kept: bool = False

    @property
    def sound(self) -> bool:
        """Whether the check ran, refuted nothing and wrote certificates that hold and show what the claim needs."""
        held = all(ok for _, ok, _ in self.certificates) and not self.missing
        return not self.failed and self.status != Status.REFUTED.name and held

    @property
    def quotes(self) -> tuple[str, ...]:
        """Theorems of others that its derivations quote, each as "name (author)"."""
        return tuple(self.details.get("quotes", ()))

    @property
    def fell(self) -> bool:
        """Whether the status is weaker than the claim states."""
        return STRENGTH.index(self.status) > STRENGTH.index(self.expected)

    @property
    def bad(self) -> bool:
        """Whether this entry must fail the run."""
        return not self.sound or self.fell


def check_and_file(label: str, budget: str, known: Known | None, out: Path) -> Entry:
    """Check a claim, write its certificates below `out` and judge them there.

    One broken claim must not take the others with it: its entry says what broke.

    Args:
        label: the claim's.
        budget: name of the budget.
        known: what has been found of its supports, None to find it here.
        out: folder with the report.
    """
    claim = claim_named(label)
    try:
        verdict = claim.check(BUDGETS[budget], known)
    except Exception as error:
        verdict = f"{type(error).__name__}: {error}"
    return _file(claim, claim.expected.at(BUDGETS[budget]).name, verdict, out)


def _file(claim: Claim, expected: str, verdict: Verdict | str, out: Path) -> Entry:
    label = claim.label
    if isinstance(verdict, str):
        return Entry(label, Status.UNDECIDED.name, expected, f"the check broke: {verdict}", (), (), {}, failed=True)
    several = len(verdict.certificates) > 1
    names = [f"certificates/{label}{f'-{i + 1}' if several else ''}.json" for i in range(len(verdict.certificates))]
    for name, certificate in zip(names, verdict.certificates, strict=True):
        write(certificate, out / name)
    files, lacks = _judged(claim, verdict.status, names, out)
    words = tuple(str(c) for c in verdict.comparisons)
    entry = Entry(label, verdict.status.name, expected, verdict.sentence, words, files, verdict.details)
    return replace(entry, missing=lacks)


def _judged(
    claim: Claim, status: Status, names: Sequence[str], out: Path
) -> tuple[tuple[tuple[str, bool, str], ...], tuple[str, ...]]:
    """What the checker says of the files of a claim, and what of its needs none of them shows."""
    # What breaks a claim, or is left undecided, is no case that the claim names.
    bound = status not in (Status.REFUTED, Status.UNDECIDED)
    judgements = [judge((out / name).read_bytes(), claim.needs if bound else ({},)) for name in names]
    files = tuple((name, result.ok, result.sentence) for name, (result, _) in zip(names, judgements, strict=True))
    needed = bound and (judgements or status is not Status.SUPPORTED)
    return files, missing(claim.needs, [need for _, need in judgements]) if needed else ()


def judged_again(claim: Claim, entry: Entry, budget: Budget, out: Path) -> Entry:
    """An entry of an earlier report, its certificates re-checked; what it must reach is what the claim states now."""
    files, lacks = _judged(claim, Status[entry.status], [name for name, _, _ in entry.certificates], out)
    return replace(entry, expected=claim.expected.at(budget).name, certificates=files, missing=lacks, kept=True)
