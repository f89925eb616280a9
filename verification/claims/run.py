"""Running claims: in parallel, certificates written and re-checked, the report on disk after every claim."""

import json
import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dufm.solvers.base.files import write_whole
from dufm.verification.base.certificate import write
from dufm.verification.base.source_digest import source_digest
from dufm.verification.claims import claim_named
from dufm.verification.claims.base.claim import BUDGETS, Budget, Claim, Known
from dufm.verification.claims.base.filed import judge, missing
from dufm.verification.claims.base.verdict import Status, Verdict
from dufm.verification.claims.schedule import in_parallel

FORMAT = "dufm-report-4"
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


def run(
    claims: Sequence[Claim],
    budget: Budget,
    out: Path,
    jobs: int,
    resume: bool = False,
    finished: Callable[[Entry], None] = lambda entry: None,
) -> list[Entry]:
    """Check claims and write `out/report.json` and `out/certificates/` as results come.

    Args:
        claims: what to check.
        budget: how much work each check may do.
        out: folder for the results, made if missing.
        jobs: worker processes.
        resume: take over entries of an earlier report with the same budget and the same program.
        finished: called with every entry as it becomes known.

    Returns:
        Entries in the order of the claims. After Ctrl-C the report holds what was finished.
    """
    (out / "certificates").mkdir(parents=True, exist_ok=True)
    digest = source_digest()
    entries = dict(_earlier(out / "report.json", budget, digest)) if resume else {}
    entries = {c.label: _judged_again(c, entries[c.label], budget, out) for c in claims if c.label in entries}
    entries = {label: entry for label, entry in entries.items() if not entry.bad}
    for entry in entries.values():
        finished(entry)
    by_label = {c.label: c for c in claims}
    for label, verdict in _verdicts([c for c in claims if c.label not in entries], budget, jobs):
        entries[label] = _file(by_label[label], by_label[label].expected.at(budget).name, verdict, out)
        save_report(out, budget, digest, entries.values())
        finished(entries[label])
    save_report(out, budget, digest, entries.values())
    return [entries[c.label] for c in claims]


def save_report(out: Path, budget: Budget, digest: str, entries: Iterable[Entry]) -> None:
    """Write the report in one step."""
    content = {
        "format": FORMAT,
        "budget": budget.name,
        "program": digest,
        "versions": {"python": platform.python_version()}
        | {p: version(p) for p in ("numpy", "scipy", "sympy", "cvxpy")},
        "claims": [asdict(entry) for entry in entries],
    }
    write_whole(out / "report.json", json.dumps(content, indent=1).encode())


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


def _judged_again(claim: Claim, entry: Entry, budget: Budget, out: Path) -> Entry:
    """An entry of an earlier report, its certificates re-checked; what it must reach is what the claim states now."""
    files, lacks = _judged(claim, Status[entry.status], [name for name, _, _ in entry.certificates], out)
    return replace(entry, expected=claim.expected.at(budget).name, certificates=files, missing=lacks, kept=True)


def _verdicts(claims: Sequence[Claim], budget: Budget, jobs: int) -> Iterator[tuple[str, Verdict | str]]:
    if jobs <= 1 or len(claims) <= 1:
        for claim in claims:
            yield claim.label, _checked(claim.label, budget.name)
        return
    yield from in_parallel(claims, budget, jobs, _checked)


def _checked(label: str, budget: str, known: Known | None = None) -> Verdict | str:
    """A verdict, or in words what broke the check: one broken claim must not take the others with it."""
    try:
        return claim_named(label).check(BUDGETS[budget], known)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _earlier(path: Path, budget: Budget, digest: str) -> Iterator[tuple[str, Entry]]:
    try:
        content = json.loads(path.read_text())
        if (content["format"], content["budget"], content["program"]) != (FORMAT, budget.name, digest):
            return
        for fields in content["claims"]:
            comparisons, certificates = tuple(fields.pop("comparisons")), fields.pop("certificates")
            lacks = tuple(fields.pop("missing"))
            certificates = tuple(tuple(c) for c in certificates)
            entry = Entry(**fields, comparisons=comparisons, certificates=certificates, missing=lacks)
            known = entry.status in Status.__members__
            if known and all((path.parent / name).exists() for name, _, _ in entry.certificates):
                yield entry.label, entry
    except (OSError, ValueError, LookupError, TypeError):
        return
