"""`make mutants`: false changes of what proofs rest on, and those that nothing noticed.

Two kinds: those of tests/data/mutants*.json, which once went unnoticed, and a seeded sample of generated ones.
A survivor that changes nothing true stands in `equivalent.json` with its reason. Exit code 1 if any other survives.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path

from dufm.verification.claims import CLAIMS
from dufm.verification.claims.base.verdict import Status
from tests.mutation.affected import ROOT
from tests.mutation.operators import Mutant, mutants
from tests.mutation.run import Outcome, tried

# Who may be asked first.
ASKED = ("derive", "claim", "test")
FOLDER = Path(__file__).parent
TRUSTED = (
    "theory",
    "verification/claims",
    "verification/checker.py",
    "verification/lower_checker.py",
    "verification/deep_checker.py",
    "verification/margin_checker.py",
    "verification/symmetric_checker.py",
    "verification/base",
)


def listed() -> list[Mutant]:
    """The changes that are always tried; after " -> " a record says who is asked first."""
    files = sorted((FOLDER.parent / "data").glob("mutants*.json"))
    records = [record for file in files for record in json.loads(file.read_text())]
    return [Mutant(m["file"], m["old"], m["new"], 0, *_words(m["why"])) for m in records]


def _words(why: str) -> tuple[str, str]:
    """What makes it false, and who is asked first; the words may hold an arrow of their own."""
    words, arrow, first = why.rpartition(" -> ")
    return (words, first) if arrow and first.partition(":")[0] in ASKED else (why, "")


def generated(files: list[str], seed: int, count: int) -> list[Mutant]:
    """A sample of the changes that the operators make in these files.

    The seed orders them by what they change, so that an edit elsewhere leaves a sample as it is.
    """
    every = [m for file in sorted(files) for m in mutants(file, (ROOT / file).read_text())]

    def place(m: Mutant) -> str:
        return hashlib.sha256("\0".join((str(seed), m.file, m.old, m.new)).encode()).hexdigest()

    return sorted(sorted(every, key=place)[:count], key=lambda m: (m.file, m.line, m.new))


def stale(wanted: list[Mutant]) -> list[str]:
    """What is wrong with those whose text does not stand in the sources any more."""
    found = []
    for mutant in wanted:
        try:
            mutant.applied((ROOT / mutant.file).read_text())
        except (OSError, ValueError) as error:
            found.append(str(error))
    return found


def trusted() -> list[str]:
    """Every source that a PROVED or CERTIFIED verdict may rest on: not the modules of claims that are only measured."""
    paths = [ROOT / name for name in TRUSTED]
    found = [p for path in paths for p in ([path] if path.is_file() else path.rglob("*.py"))]
    firm: dict[str, bool] = {}
    for claim in CLAIMS:
        file = claim.work.__module__.removeprefix("dufm.").replace(".", "/") + ".py"
        firm[file] = firm.get(file, False) or claim.expected.quick in (Status.PROVED, Status.CERTIFIED)
    names = sorted(p.relative_to(ROOT).as_posix() for p in found)
    return [name for name in names if firm.get(name, True)]


def changed(since: str) -> set[str]:
    """Files that differ from a commit.

    Raises:
        SystemExit: if git does not know it.
    """
    done = subprocess.run(["git", "diff", "--name-only", since], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"--since must be a commit, got {since!r}: {done.stderr.strip().splitlines()[0]}")
    return set(done.stdout.split())


def equivalent() -> dict[tuple[str, str, str], str]:
    """Reasons of survivors that change nothing true, by (file, old line, new line)."""
    known = json.loads((FOLDER / "equivalent.json").read_text())
    return {(m["file"], m["old"], m["new"]): m["why"] for m in known}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--count", type=int, default=60, help="generated changes (default 60); 0 for the list alone")
    parser.add_argument("--generated", action="store_true", help="leave out the listed changes")
    parser.add_argument("--seed", type=int, default=0, help="which sample of them")
    parser.add_argument("--since", help="only files that differ from this commit, such as main")
    parser.add_argument("--only", default="", help="only files whose path holds this")
    parser.add_argument("--jobs", type=int, default=2, help="copies of the checkout that work at once")
    parser.add_argument("--json", action="store_true", help="print every outcome as JSON")
    asked = parser.parse_args()
    if asked.count < 0 or asked.jobs < 1:
        parser.error("--count must be >= 0 and --jobs >= 1")
    differing = None if asked.since is None else changed(asked.since)

    def asked_for(file: str) -> bool:
        return asked.only in file and (differing is None or file in differing)

    # Listed ones are tried wherever they stand, generated ones where proofs rest.
    files = [file for file in trusted() if asked_for(file)]
    wanted = [] if asked.generated else [m for m in listed() if asked_for(m.file)]
    wanted += generated(files, asked.seed, asked.count)
    if gone := stale(wanted):
        sys.exit("these changes cannot be made: " + "; ".join(gone))
    began, done = time.monotonic(), 0

    def report(outcome: Outcome) -> None:
        nonlocal done
        done += 1
        m, word = outcome.mutant, outcome.found_by or ("SURVIVED, out of time" if outcome.late else "SURVIVED")
        place = f"{m.file}:{m.line}" if m.line else m.file
        print(f"{done}/{len(wanted)} {place}  {m.why}: {word}", file=sys.stderr, flush=True)

    outcomes = tried(wanted, asked.jobs, report)
    known = equivalent()
    survivors = [o.mutant for o in outcomes if o.found_by is None]
    open_ = [m for m in survivors if (m.file, m.old, m.new) not in known]
    if asked.json:
        rows = [o.mutant.__dict__ | {"found_by": o.found_by, "late": o.late} for o in outcomes]
        print(json.dumps({"mutants": rows, "seconds": round(time.monotonic() - began)}, indent=1))
        return 1 if open_ else 0
    for m in open_:
        print(f"\n{m.file}:{m.line} {m.why}\n  - {m.old.strip()}\n  + {m.new.strip()}")
    print(
        f"\n{len(wanted)} false changes, {len(wanted) - len(survivors)} noticed, {len(survivors) - len(open_)} change"
        f" nothing true, {len(open_)} survived; {time.monotonic() - began:.0f} s"
    )
    return 1 if open_ else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted; nothing was changed in this checkout")
