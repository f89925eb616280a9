"""Running claims: in parallel, certificates written and re-checked, the report on disk after every claim."""

import json
import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from dufm.solvers.base.files import write_whole
from dufm.verification.base.certificate import write
from dufm.verification.base.source_digest import source_digest
from dufm.verification.checker import check
from dufm.verification.claims import claim_named
from dufm.verification.claims.base.claim import BUDGETS, Budget, Claim
from dufm.verification.claims.base.verdict import Status, Verdict

FORMAT = "dufm-report-3"
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
    """

    label: str
    status: str
    expected: str
    sentence: str
    comparisons: tuple[str, ...]
    certificates: tuple[tuple[str, bool, str], ...]
    details: dict[str, Any]
    failed: bool = False

    @property
    def sound(self) -> bool:
        """Whether the check ran, refuted nothing and wrote certificates that hold."""
        return not self.failed and self.status != Status.REFUTED.name and all(ok for _, ok, _ in self.certificates)

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
    entries = {c.label: entries[c.label] for c in claims if c.label in entries and not entries[c.label].bad}
    for entry in entries.values():
        finished(entry)
    expected = {c.label: c.expected.at(budget).name for c in claims}
    for label, verdict in _verdicts([c for c in claims if c.label not in entries], budget, jobs):
        entries[label] = _file(label, expected[label], verdict, out)
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


def _file(label: str, expected: str, verdict: Verdict | str, out: Path) -> Entry:
    if isinstance(verdict, str):
        return Entry(label, Status.UNDECIDED.name, expected, f"the check broke: {verdict}", (), (), {}, failed=True)
    checked = []
    for i, certificate in enumerate(verdict.certificates):
        name = f"certificates/{label}{f'-{i + 1}' if len(verdict.certificates) > 1 else ''}.json"
        write(certificate, out / name)
        result = check((out / name).read_bytes())
        checked.append((name, result.ok, result.sentence))
    words = tuple(str(c) for c in verdict.comparisons)
    return Entry(label, verdict.status.name, expected, verdict.sentence, words, tuple(checked), verdict.details)


def _verdicts(claims: Sequence[Claim], budget: Budget, jobs: int) -> Iterator[tuple[str, Verdict | str]]:
    if jobs <= 1 or len(claims) <= 1:
        for claim in claims:
            yield claim.label, _checked(claim.label, budget.name)
        return
    pool = ProcessPoolExecutor(min(jobs, len(claims)), mp_context=get_context("spawn"))
    try:
        # Longest first: searches come last in the registry and would otherwise end alone.
        futures: dict[Future[Verdict | str], str] = {
            pool.submit(_checked, claim.label, budget.name): claim.label for claim in reversed(claims)
        }
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _checked(label: str, budget: str) -> Verdict | str:
    """A verdict, or in words what broke the check: one broken claim must not take the others with it."""
    try:
        return claim_named(label).check(BUDGETS[budget])
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _earlier(path: Path, budget: Budget, digest: str) -> Iterator[tuple[str, Entry]]:
    try:
        content = json.loads(path.read_text())
        if (content["format"], content["budget"], content["program"]) != (FORMAT, budget.name, digest):
            return
        for fields in content["claims"]:
            comparisons, certificates = tuple(fields.pop("comparisons")), fields.pop("certificates")
            entry = Entry(**fields, comparisons=comparisons, certificates=tuple(tuple(c) for c in certificates))
            if all((path.parent / name).exists() for name, _, _ in entry.certificates):
                yield entry.label, entry
    except (OSError, ValueError, LookupError, TypeError):
        return
