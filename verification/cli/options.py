"""Options are checked here before any work begins: one line names the option, its value and what is accepted."""

import math
import os
from pathlib import Path

from dufm.theory.stated import ProblemError

MOST = 10**9


def integers(least: int, **values: int | None) -> None:
    """Check integers from `least` to MOST; None stands for an option that was not given."""
    for name, value in values.items():
        if value is not None and not least <= value <= MOST:
            wanted = f">= {least}" if value < least else f"<= {MOST}"
            raise ProblemError(f"{_option(name)} must be an integer {wanted}, got {value}")


def numbers(least: float = -math.inf, above: float = -math.inf, **values: float | None) -> None:
    """Check finite numbers, at least `least` and above `above`; None stands for an option that was not given."""
    for name, value in values.items():
        if value is not None and not (math.isfinite(value) and value >= least and value > above):
            bound = f" > {above:g}" if above > -math.inf else f" >= {least:g}" if least > -math.inf else ""
            raise ProblemError(f"{_option(name)} must be a finite number{bound}, got {value!r}")


def folder(path: Path, option: str = "--out") -> None:
    """Make a folder that can be written to."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ProblemError(f"{option} {path} cannot be made: {error.strerror}") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise ProblemError(f"{option} {path} cannot be written to: choose another folder")


def file(path: Path | None, option: str = "--out") -> None:
    """Check that a file can be written, its folder made; None stands for an option that was not given."""
    if path is None:
        return
    folder(path.parent, option)
    if path.is_dir() or (path.exists() and not os.access(path, os.W_OK)):
        raise ProblemError(f"{option} must be a file that can be written, got {path}")


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
