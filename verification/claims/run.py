"""Running claims: in parallel, certificates written and re-checked, the report on disk after every claim."""

import json
import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path

from dufm.solvers.base.whole import write_whole
from dufm.verification.base.source_digest import source_digest
from dufm.verification.claims.base.claim import Budget, Claim
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.entry import Entry, check_and_file, judged_again
from dufm.verification.claims.schedule import in_parallel

FORMAT = "dufm-report-4"


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
    entries = {c.label: judged_again(c, entries[c.label], budget, out) for c in claims if c.label in entries}
    entries = {label: entry for label, entry in entries.items() if not entry.bad}
    for entry in entries.values():
        finished(entry)
    for entry in _entries([c for c in claims if c.label not in entries], budget, jobs, out):
        entries[entry.label] = entry
        save_report(out, budget, digest, entries.values())
        finished(entry)
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


def _entries(claims: Sequence[Claim], budget: Budget, jobs: int, out: Path) -> Iterator[Entry]:
    if jobs <= 1 or len(claims) <= 1:
        for claim in claims:
            yield check_and_file(claim.label, budget.name, None, out)
        return
    yield from in_parallel(claims, budget, jobs, partial(check_and_file, out=out))


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
