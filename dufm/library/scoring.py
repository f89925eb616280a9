"""`dufm.evaluator`: a folder that scores programs which make weights."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dufm.library.shown import Shown, Told, for_callers
from dufm.verification.answers.evaluator import write_evaluator


@dataclass(frozen=True, repr=False)
class EvaluatorFolder(Shown):
    """What was written.

    Attributes:
        folder: it stands alone.
        files: in it.
        record: the loss to beat, and
        record_by: whose it is.
        dnc: DNC's loss.
        bound: no weights of any width go below it.
    """

    folder: Path
    files: tuple[Path, ...]
    record: float
    record_by: str
    dnc: float
    bound: float

    def told(self) -> Told:
        rows = [(f"to beat: {self.record_by}", self.record), ("DNC", self.dnc), ("nothing goes below", self.bound)]
        return Told(f"{self.folder}: {', '.join(path.name for path in self.files)}", ("loss", "value"), rows)


@for_callers
def evaluator(K: int, L: int, x: Any, out: str | Path) -> EvaluatorFolder:
    """Write evaluate.py, problem.json, initial.py and README.md, in the form that OpenEvolve and ShinkaEvolve take.

    Args:
        K: classes, 2 to 50.
        L: weight layers, 1 to 12.
        x: K Lambda > 0, below DNC's collapse.
        out: a new or an empty folder.

    Raises:
        ProblemError: for a cell without a task, and a folder that is not empty.

    Examples:
        >>> import dufm, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     made = dufm.evaluator(K=2, L=3, x="0.1", out=folder)
        >>> [path.name for path in made.files][0]
        'evaluate.py'
    """
    files, task = write_evaluator(K, L, x, Path(out))
    numbers = (task["record"], task["record_by"], task["dnc"], task["bound"])
    return EvaluatorFolder(Path(out), tuple(files), *numbers)
