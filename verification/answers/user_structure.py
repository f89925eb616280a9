"""A user's own structure, `my.py:Mine`, wherever a built-in name does.

Whatever its code does, it ends in one line: exceptions, `sys.exit`, what it prints (to stderr), loops without end, and
text where numbers belong, which SymPy would run as code.
"""

import importlib.util
import math
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from dufm.solvers.base.shipped import shipped
from dufm.theory.squared.structure import HeadCost, Structure
from dufm.theory.squared.structures import structure_named
from dufm.theory.stated import ProblemError

MEMBERS = ("name", "needs", "valid", "weights", "cost")
TIMEOUT = 60.0


class _OutOfTime(BaseException):
    """Not an Exception, so that a user's `except Exception` does not catch it."""


@contextmanager
def guarded(what: str, timeout: float, raised: str = "raised") -> Generator[None]:
    """Run a user's code: its prints go to stderr, and however it fails is one line.

    Raises:
        ProblemError: naming `what`, for anything raised but Ctrl-C, and after `timeout` seconds (by an alarm: where the
            system has one, in the main thread, between two steps of Python).
    """

    def ring(*_: Any) -> None:
        raise _OutOfTime

    alarmed = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGALRM, ring) if alarmed else None
    try:
        if alarmed:
            signal.setitimer(signal.ITIMER_REAL, timeout)
        with redirect_stdout(sys.stderr):
            yield
    except (KeyboardInterrupt, ProblemError):
        raise
    except _OutOfTime:
        raise ProblemError(f"{what} did not end within --timeout {timeout:g} seconds") from None
    except BaseException as error:
        raise ProblemError(
            f"{what} {raised} {type(error).__name__}: {' '.join(str(error).split())[:200]}".strip()
        ) from None
    finally:
        if alarmed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


class Guarded:
    """A user's object; every attribute and call goes through `guarded`, and no text comes out but its words."""

    def __init__(self, own: Any, reference: str, timeout: float) -> None:
        self._own, self._reference, self._timeout = own, reference, timeout
        for word in ("name", "needs"):
            with guarded(f"{reference}: {word}", timeout):
                text = getattr(own, word)
            if not isinstance(text, str):
                raise ProblemError(f"{reference}: {word} must be text, got {type(text).__name__}")
            setattr(self, word, text)

    def __getattr__(self, member: str) -> Any:
        what = f"{self._reference}: {member}"
        with guarded(what, self._timeout):
            found = getattr(self._own, member)
        if not callable(found):
            return found

        def called(*arguments: Any) -> Any:
            with guarded(f"{what}({', '.join(map(str, arguments))})", self._timeout):
                value = found(*arguments)
                value = list(value) if isinstance(value, Iterator) else value
                if _holds_text(value):
                    raise ProblemError(f"{what} must give numbers, got text, which is not evaluated")
                return value

        return called


def _holds_text(value: Any) -> bool:
    if isinstance(value, (str, bytes)):
        return True
    if isinstance(value, HeadCost):
        return _holds_text([value.h, value.q])
    return isinstance(value, (list, tuple, set, dict)) and any(map(_holds_text, value))


def load_structure(reference: str, timeout: float = TIMEOUT) -> Structure:
    """A built-in structure by name, or a user's own; see `load_from`."""
    return load_from(reference, structure_named, MEMBERS, timeout)


def load_from(reference: str, named: Callable[[str], Any], members: Sequence[str], timeout: float = TIMEOUT) -> Any:
    """A built-in structure by name, or the class (or instance) `NAME` of a file: `FILE.py:NAME`.

    Args:
        reference: what the user typed.
        named: finds a built-in one.
        members: what the object must have.
        timeout: seconds that each call of a user's code may take.

    Raises:
        ProblemError: one line, for an unknown name, a file that is missing or does not import, a missing name, or an
            object that lacks part of the protocol.
    """
    if not (math.isfinite(timeout) and timeout > 0):
        raise ProblemError(f"--timeout must be a number of seconds > 0, got {timeout:g}")
    path, colon, name = reference.rpartition(":")
    if not colon:
        return named(reference)
    found = _member(Path(path), name, timeout)
    if isinstance(found, type):
        with guarded(f"{reference}: {name}() must need no arguments; it", timeout):
            found = found()
    with guarded(reference, timeout):
        missing = [m for m in members if not hasattr(found, m)]
    if missing:
        raise ProblemError(f"{reference}: a structure needs {', '.join(members)}; missing: {', '.join(missing)}")
    return Guarded(found, reference, timeout)


def _member(path: Path, name: str, timeout: float) -> Any:
    if not path.is_file() and path.parent == Path("examples"):
        path = shipped("examples") / path.name
    if not path.is_file():
        raise ProblemError(f"structure file {path} does not exist; write FILE.py:NAME, for example my.py:Mine")
    spec = importlib.util.spec_from_file_location(f"user_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ProblemError(f"structure file {path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    with guarded(f"structure file {path}", timeout, "does not import:"):
        spec.loader.exec_module(module)
    if not hasattr(module, name):
        raise ProblemError(f"structure file {path} defines no {name!r}")
    return getattr(module, name)
