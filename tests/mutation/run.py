"""Try mutants, each in a copy of the checkout: the first derivation, claim or test that turns red has found it."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from compileall import compile_dir
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode
from queue import Queue
from tempfile import TemporaryDirectory

from tests.mutation.affected import ROOT, Affected, Graph
from tests.mutation.operators import Mutant

# What one mutant may take with its derivations and claims, and with its tests.
SECONDS = 240
# More derivations than these take longer than the tests that name the file: the tests are asked first.
FEW = 6
PYTEST = ("-x", "-q", "-p", "no:cacheprovider", "--tb=no", "--no-header", "-m", "not slow")
PROBE = """
import json, sys
from dufm.theory.derivations import derivation

derivations, claims = json.loads(sys.argv[1])
for name in derivations:
    if not all(c.ok for c in derivation(name).check()):
        sys.exit(f"derivation {name}")
if not claims:
    sys.exit()
from pathlib import Path
from tempfile import TemporaryDirectory
from dufm.verification.claims import claim_named
from dufm.verification.claims.base.claim import BUDGETS
from dufm.verification.claims.run import run
with TemporaryDirectory() as folder:
    for label in claims:
        (entry,) = run([claim_named(label)], BUDGETS["quick"], Path(folder), 1)
        if entry.bad or entry.status != entry.expected:
            sys.exit(f"claim {label}: {entry.status} {' '.join(entry.missing)}")
"""


@dataclass(frozen=True)
class Outcome:
    """What became of one mutant.

    Attributes:
        mutant: as tried.
        found_by: who noticed, in words; None where it survived.
        late: whether something that might have noticed was ended for its time.
    """

    mutant: Mutant
    found_by: str | None
    late: bool = False


def tried(mutants: Sequence[Mutant], jobs: int, report: Callable[[Outcome], None]) -> list[Outcome]:
    """Outcomes in the order of the mutants, `jobs` at a time.

    Args:
        mutants: of files of this checkout.
        jobs: copies of the checkout that work at the same time.
        report: told of each outcome as it comes.
    """
    graph = Graph()
    outcomes: dict[Mutant, Outcome] = {}
    with TemporaryDirectory(prefix="dufm-mutants-") as folder, ThreadPoolExecutor(jobs) as pool:
        free: Queue[Path] = Queue()
        for i in range(jobs):
            free.put(_copy(Path(folder) / str(i)))

        def work(mutant: Mutant) -> Outcome:
            root = free.get()
            try:
                with _changed(root, mutant):
                    return _tried(root, mutant, graph.of(mutant.file))
            finally:
                free.put(root)

        futures = [pool.submit(work, mutant) for mutant in mutants]
        try:
            for future in as_completed(futures):
                outcomes[future.result().mutant] = future.result()
                report(future.result())
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [outcomes[mutant] for mutant in mutants]


def _copy(root: Path) -> Path:
    names = ("theory", "solvers", "verification", "paper_figs", "tests", "examples", "dufm")
    ignored = shutil.ignore_patterns("__pycache__")
    for name in names:
        shutil.copytree(ROOT / name, root / name, symlinks=True, ignore=ignored)
    (root / "atlas").symlink_to(ROOT / "atlas")
    shutil.copy(ROOT / "pyproject.toml", root)
    # Bytecode that holds for its source's bytes alone: a changed module is compiled anew, the others are not.
    compile_dir(root, quiet=1, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
    return root


@contextmanager
def _changed(root: Path, mutant: Mutant) -> Iterator[None]:
    path = root / mutant.file
    source = path.read_text()
    path.write_text(mutant.applied(source))
    try:
        yield
    finally:
        path.write_text(source)


def _tried(root: Path, mutant: Mutant, affected: Affected) -> Outcome:
    def proofs() -> str | None:
        if not affected.derivations and not affected.claims:
            return None
        names = json.dumps([affected.derivations, affected.claims])
        return _ran(root, ["-c", PROBE, names])

    def tests() -> str | None:
        if not affected.tests:
            return None
        found = _ran(root, ["-m", "pytest", *PYTEST, *affected.tests])
        return None if found is None else "test " + found

    def first() -> str | None:
        kind, _, words = mutant.first.partition(": ")
        if kind in ("derive", "claim"):
            names = words.replace("_", "-").split(", ")
            return _ran(root, ["-c", PROBE, json.dumps([names, []] if kind == "derive" else [[], names])])
        return _ran(root, ["-m", "pytest", *PYTEST, *shlex.split(words)]) if kind == "test" else None

    late = False
    for step in (first, proofs, tests) if len(affected.derivations) <= FEW else (first, tests, proofs):
        try:
            found = step()
        except subprocess.TimeoutExpired:
            late = True
            continue
        if found is not None:
            return Outcome(mutant, found)
    return Outcome(mutant, None, late)


def _ran(root: Path, words: list[str]) -> str | None:
    """None if the program ends well, otherwise what it says last; TimeoutExpired if it does not end."""
    # No bytecode is kept from one mutant: by the time of its source it could run for the next.
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(root)}
    with subprocess.Popen(
        [sys.executable, *words],
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            said, _ = process.communicate(timeout=SECONDS)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode == 0:
        return None
    # Nothing was asked: a hint that names no test, or that pytest cannot read, has noticed nothing.
    if "pytest" in words and (process.returncode == 5 or "Wrong expression passed" in said):
        raise RuntimeError(f"no test answers to {' '.join(words[2 + len(PYTEST) :])}: {said.strip()[-160:]}")
    lines = [line for line in said.strip().splitlines() if line.startswith("FAILED")] or said.strip().splitlines()
    return lines[-1].removeprefix("FAILED ")[:160] if lines else f"exit code {process.returncode}"
