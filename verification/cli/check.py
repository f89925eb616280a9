"""`dufm check`: each file goes to the program that judges its kind, and to nothing else."""

from pathlib import Path

from dufm.verification import checker
from dufm.verification.base.checkers import checker_of


def check_files(files: list[str], exact: bool) -> int:
    """Judge each file by its own checker; 1 if one is rejected, else 2 if one cannot be read, else 0."""
    codes = set()
    for name in files:
        path = Path(name)
        program = checker_of(_start(path)) if not name.startswith("-") and path.is_file() else checker
        codes.add(program.main([*(["--exact"] if exact and program is checker else []), name]))
    return next((code for code in (1, 2) if code in codes), 0)


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(checker.MAX_BYTES + 1)
    except OSError:
        return b""
