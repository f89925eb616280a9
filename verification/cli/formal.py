"""`dufm verify --formal`: certificates and headline theorems checked by the Rocq kernel; what the tables say of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from dufm.theory.stated import ProblemError
from dufm.verification import checker, lower_checker, margin_checker
from dufm.verification.base.checkers import checker_of
from dufm.verification.claims.entry import Entry
from dufm.verification.formal import kernel
from dufm.verification.formal.export import identifier, term
from dufm.verification.formal.kernel import KernelTheorem
from dufm.verification.formal.term import NoTermError
from dufm.verification.formal.theorems import part_of, theorems_of

FOLDER = "rocq"  # below the folder of the report: compiled proofs and what was asked of the kernel


@dataclass(frozen=True)
class KernelReport:
    """What the kernel said in this run.

    Attributes:
        headline: the theorems of `rocq/Theorems*.v`.
        certificates: one theorem for each certificate file of the report, by its name there.
        refused: certificates that are no terms, with the reason.
    """

    headline: dict[str, KernelTheorem]
    certificates: dict[str, KernelTheorem]
    refused: dict[str, str]

    @property
    def bad(self) -> bool:
        """Whether something was not proved, or rests on an axiom."""
        return bool(self.refused) or not all(
            theorem.closed for theorem in [*self.headline.values(), *self.certificates.values()]
        )

    def marks(self, entry: Entry) -> str:
        """The theorems behind a claim, in a few words; empty if the kernel checked nothing of it."""
        words = [f"theorem {' and '.join(theorems_of(entry.label))}"] if self.covers(entry) else []
        if self._proved(part := part_of(entry.label)):
            words.append(f"in part: theorem {part}")
        proved = [self.certificates[n].name for n, _, _ in entry.certificates if self._closed(n)]
        if len(proved) > 1:
            words.append(f"{len(proved)} certificates, {proved[0]} to {proved[-1]}")
        elif proved and not words:
            words.append(f"certificate {proved[0]}")
        return ", ".join(words)

    def covers(self, entry: Entry) -> bool:
        """Whether all that a claim says of the strengths it names is a theorem."""
        names = theorems_of(entry.label)
        return bool(names) and all(self._proved(name) for name in names)

    def _proved(self, name: str) -> bool:
        return name in self.headline and self.headline[name].closed

    def _closed(self, name: str) -> bool:
        return name in self.certificates and self.certificates[name].closed


def check_in_kernel(entries: Sequence[Entry], out: Path, jobs: int, console: Console) -> KernelReport:
    """Compile the proofs below `out` and check every certificate of these entries that has a counterpart in Rocq."""
    names = [name for entry in entries for name, _, _ in entry.certificates]
    proved_sound = (checker, margin_checker, lower_checker)
    names = [name for name in names if checker_of((out / name).read_bytes()) in proved_sound]
    terms, refused = {}, {}
    for name in names:
        try:
            terms[name] = term((out / name).read_bytes())
        except NoTermError as error:
            refused[name] = str(error)
    try:
        with console.status("Rocq: compiling the proofs"):
            headline = kernel.build(out / FOLDER, jobs)
    except kernel.KernelError as error:
        raise ProblemError(f"--formal: this Rocq does not accept the proofs (written for Coq 8.16): {error}") from error
    with console.status(f"Rocq: checking {len(terms)} certificates"):
        by_name = {identifier(Path(name).stem): name for name in terms}
        proved = kernel.prove({short: terms[name] for short, name in by_name.items()}, out / FOLDER, jobs)
    return KernelReport({t.name: t for t in headline}, {by_name[t.name]: t for t in proved}, refused)


def show_kernel(found: KernelReport, entries: Sequence[Entry], console: Console) -> None:
    """One line a theorem, its name and what it assumes; then how much of what is PROVED is a theorem."""
    console.print("Checked by the Rocq kernel: statements in verification/rocq/Theorems*.v, certificates one by one")
    for theorem in [*found.headline.values(), *found.certificates.values()]:
        console.print(f"  {theorem}", highlight=False, soft_wrap=True, markup=False)
    for name, reason in found.refused.items():
        console.print(f"  {name}: no term: {reason}", highlight=False, soft_wrap=True, markup=False)
    proved = [entry for entry in entries if entry.status == "PROVED"]
    closed = sum(found.covers(entry) for entry in proved)
    words = f"{closed} of {len(proved)} PROVED claims are theorems of the kernel; the others rest on derivations alone."
    console.print(words, highlight=False, soft_wrap=True)


def unasked() -> str:
    """One line for a run that did not ask the kernel."""
    if kernel.available():
        return "The Rocq kernel was not asked: dufm verify --formal."
    return f"Rocq is not installed, so nothing was checked by its kernel; {kernel.INSTALL}."
