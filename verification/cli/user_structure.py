"""A user's own structure, `my.py:Mine`, wherever a built-in name does."""

import importlib.util
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dufm.solvers.base.shipped import shipped
from dufm.theory.problem import ProblemError
from dufm.theory.squared.structure import Structure
from dufm.theory.squared.structures import structure_named

MEMBERS = ("name", "needs", "valid", "weights", "cost")


def load_structure(reference: str) -> Structure:
    """A built-in structure by name, or a user's own; see `load_from`."""
    return load_from(reference, structure_named, MEMBERS)


def load_from(reference: str, named: Callable[[str], Any], members: Sequence[str]) -> Any:
    """A built-in structure by name, or the class (or instance) `NAME` of a file: `FILE.py:NAME`.

    Args:
        reference: what the user typed.
        named: finds a built-in one.
        members: what the object must have.

    Raises:
        ProblemError: one line, for an unknown name, a file that is missing or does not import, a missing name, or an
            object that lacks part of the protocol.
    """
    path, colon, name = reference.rpartition(":")
    if not colon:
        return named(reference)
    found = _member(Path(path), name)
    if isinstance(found, type):
        try:
            found = found()
        except Exception as error:
            raise ProblemError(f"{reference}: {name}() must need no arguments; it raised {error!r}") from None
    missing = [m for m in members if not hasattr(found, m)]
    if missing:
        raise ProblemError(f"{reference}: a structure needs {', '.join(members)}; missing: {', '.join(missing)}")
    return found


def _member(path: Path, name: str) -> Any:
    if not path.is_file() and path.parent == Path("examples"):
        path = shipped("examples") / path.name
    if not path.is_file():
        raise ProblemError(f"structure file {path} does not exist; write FILE.py:NAME, for example my.py:Mine")
    spec = importlib.util.spec_from_file_location(f"user_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ProblemError(f"structure file {path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ProblemError(f"structure file {path} does not import: {type(error).__name__}: {error}") from None
    if not hasattr(module, name):
        raise ProblemError(f"structure file {path} defines no {name!r}")
    return getattr(module, name)
