"""Runs the Rocq kernel: compiles the proofs of `../rocq/`, then certificates against them. The kernel alone judges."""

import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from dufm.theory.stated import ProblemError
from dufm.verification.formal.term import HEADER, Term

SOURCES = Path(__file__).parent.parent / "rocq"
PACKAGES = "coq libcoq-mathcomp-algebra libcoq-mathcomp-algebra-tactics libcoq-mathcomp-zify"
INSTALL = f"on Debian or Ubuntu: make prove-setup (apt-get install {PACKAGES})"
CLOSED = "Closed under the global context"
LONGEST = 3600  # seconds for one file: a guard against a hang, far above what any needs
HEADLINES = ("Theorems", "TheoremsLoss", "TheoremsLinear", "TheoremsLower")  # the modules of the headline theorems
BATCH = 120_000  # characters of terms a file: loading the library costs as much as checking this many


class KernelError(RuntimeError):
    """A file the kernel did not accept; the message is Rocq's."""


@dataclass(frozen=True)
class KernelTheorem:
    """What the kernel said of one theorem.

    Attributes:
        name: its name in Rocq.
        accepted: whether it was proved.
        assumes: "Closed under the global context", the axioms it rests on, or why it was not accepted.
    """

    name: str
    accepted: bool
    assumes: str

    @property
    def closed(self) -> bool:
        """Whether it was accepted and rests on no axiom."""
        return self.accepted and self.assumes == CLOSED

    def __str__(self) -> str:
        return f"{self.name}: {self.assumes}" if self.accepted else f"{self.name}: NOT ACCEPTED: {self.assumes}"


def available() -> bool:
    """Whether Rocq's compiler and the libraries that the proofs use are installed."""
    if shutil.which("coqc") is None:
        return False
    where = subprocess.run(["coqc", "-where"], capture_output=True, text=True, timeout=LONGEST).stdout.strip()
    return (Path(where) / "user-contrib" / "mathcomp" / "algebra_tactics").is_dir()


def require(option: str) -> None:
    """Raises ProblemError naming the option, with how to install it, where Rocq is missing."""
    if not available():
        raise ProblemError(f"{option} needs the Rocq (Coq) prover with its mathcomp library; {INSTALL}")


def modules() -> list[str]:
    """The modules of the proofs, each after those it uses, as `_CoqProject` lists them."""
    lines = (SOURCES / "_CoqProject").read_text().splitlines()
    return [line.removesuffix(".v") for line in lines if line.endswith(".v")]


def theorems() -> list[str]:
    """The names of the headline theorems."""
    text = "".join((SOURCES / f"{name}.v").read_text() for name in HEADLINES)
    return re.findall(r"^Theorem (\w+)", text, re.MULTILINE)


def build(folder: Path, jobs: int = 1) -> list[KernelTheorem]:
    """Compile the proofs in `folder`, what is already compiled there excepted, and ask what the theorems assume.

    Raises:
        KernelError: if a file is not accepted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    futures: dict[str, Future[str]] = {}
    with ThreadPoolExecutor(max(1, jobs)) as pool:
        for name in modules():
            text = (SOURCES / f"{name}.v").read_text()
            # Only earlier modules are waited for, and those were submitted before: no worker waits in vain.
            used = [futures[other] for other in _requires(text)]
            futures[name] = pool.submit(_module, folder, name, text, used)
    names = theorems()
    for future in futures.values():
        future.result()
    prints = "".join(f"Print Assumptions {name}.\n" for name in names)
    head = f"From Dufm Require Import {' '.join(HEADLINES)}.\n"
    said = _assumptions(compile_text(folder, "Assumptions", head + prints))
    return [KernelTheorem(name, True, words) for name, words in zip(names, said, strict=True)]


def prove(terms: Mapping[str, Term], folder: Path, jobs: int = 1) -> list[KernelTheorem]:
    """Check certificates against the proofs compiled in `folder`; one that fails takes no other with it."""
    with ThreadPoolExecutor(max(1, jobs)) as pool:
        parts = list(pool.map(lambda names: _batch({n: terms[n] for n in names}, folder), _batches(terms)))
    return [theorem for part in parts for theorem in part]


def verdicts(terms: Mapping[str, Term], folder: Path, jobs: int = 1) -> dict[str, bool]:
    """What the proved checkers compute to, inside the kernel, on certificates true or false."""

    def compute(names: Sequence[str]) -> dict[str, bool]:
        text = HEADER + "".join(terms[name].verdict(name) for name in names)
        said = re.findall(r"= (true|false)\s*: bool", compile_text(folder, _file_name("verdicts", text), text))
        return {name: word == "true" for name, word in zip(names, said, strict=True)}

    with ThreadPoolExecutor(max(1, jobs)) as pool:
        return {name: ok for part in pool.map(compute, _batches(terms)) for name, ok in part.items()}


def _requires(text: str) -> list[str]:
    return [
        name
        for names in re.findall(r"^From Dufm Require Import ([\w ]+)\.", text, re.MULTILINE)
        for name in names.split()
    ]


def _module(folder: Path, name: str, text: str, used: Iterable[Future[str]]) -> str:
    digest = hashlib.sha256((text + "".join(future.result() for future in used)).encode()).hexdigest()
    stamp = folder / f"{name}.stamp"
    if not (folder / f"{name}.vo").exists() or not stamp.exists() or stamp.read_text() != digest:
        stamp.unlink(missing_ok=True)
        compile_text(folder, name, text)
        stamp.write_text(digest)
    return digest


def _batch(terms: Mapping[str, Term], folder: Path) -> list[KernelTheorem]:
    text = HEADER + "".join(f"\n{term.theorem(name)}" for name, term in terms.items())
    try:
        said = _assumptions(compile_text(folder, _file_name("certificates", text), text))
    except KernelError as error:
        if len(terms) == 1:
            return [KernelTheorem(name, False, " ".join(str(error).split())[:200]) for name in terms]
        return [theorem for name, term in terms.items() for theorem in _batch({name: term}, folder)]
    return [KernelTheorem(name, True, words) for name, words in zip(terms, said, strict=True)]


def _batches(terms: Mapping[str, Term]) -> list[list[str]]:
    batches, size = [[]], 0
    for name, term in terms.items():
        size += len(term.definitions(name))
        if batches[-1] and size > BATCH:
            batches, size = [*batches, []], len(term.definitions(name))
        batches[-1].append(name)
    return [names for names in batches if names]


def _file_name(kind: str, text: str) -> str:
    return f"{kind}_{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _assumptions(said: str) -> list[str]:
    """One entry a `Print Assumptions`: closed, or the axioms in one line."""
    blocks = re.findall(rf"^{CLOSED}$|^Axioms:\n(?:.+\n?)*?(?=^{CLOSED}$|^Axioms:$|\Z)", said, re.MULTILINE)
    return [block if block == CLOSED else " ".join(block.split()) for block in blocks]


def compile_text(folder: Path, name: str, text: str) -> str:
    """Write NAME.v beside the proofs compiled in `folder` and compile it; what it printed, or KernelError."""
    path = folder / f"{name}.v"
    path.write_text(text)
    command = ["coqc", "-w", "none", "-Q", ".", "Dufm", path.name]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LONGEST)
    if done.returncode:
        raise KernelError(f"{path.name}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
