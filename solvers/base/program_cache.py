"""Compiled programs on disk: a second command does not pay for compilation, and an edit is never missed."""

import hashlib
from collections.abc import Callable
from types import CodeType, ModuleType
from typing import Any, Literal

import numba


def code_digest(*modules: ModuleType) -> int:
    """A number that changes with the functions and constants of the modules as they were loaded.

    Numba's cache on disk sees changes of one file only; this number in the closure of what is cached makes it see those
    of other modules as well. It is taken from the code in memory: the files may have been edited since.
    """
    seen = hashlib.sha256()
    for module in modules:
        for name, value in sorted(vars(module).items()):
            code = getattr(getattr(value, "py_func", value), "__code__", None)
            if code is not None:
                seen.update(f"{name} {_instructions(code)}".encode())
            elif not name.startswith("__") and isinstance(value, int | float | str | tuple):
                seen.update(f"{name} {value!r}".encode())
    return int.from_bytes(seen.digest()[:7], "big")


def _instructions(code: CodeType) -> tuple[Any, ...]:
    consts = tuple(_instructions(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts)
    return code.co_code, code.co_names, code.co_varnames, code.co_freevars, consts


def compile_cached(function: Callable[..., Any], signature: str, errors: Literal["python", "numpy"] = "python") -> Any:
    """The function compiled for one signature, without Python's lock, from the cache on disk where there is one.

    `errors` is Numba's error model: with "numpy" a division by zero gives infinity or NaN and raises nothing.
    """
    try:
        return numba.njit(signature, nogil=True, cache=True, error_model=errors)(function)
    except RuntimeError:
        # No folder for the cache can be written: compile for this process alone.
        return numba.njit(signature, nogil=True, error_model=errors)(function)
