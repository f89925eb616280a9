"""Compiled programs on disk: a second command does not pay for compilation, and an edit is never missed.

Numba's own cache sees changes of one file only. Here a program's files are named by everything the program is made of
(`solvers.base.made_of`), taken from what is loaded: the files may have been edited since. A file of the cache that is
damaged in any way (empty, cut, other bytes) is thrown away and the program compiled anew; where no folder can be
written, programs are compiled for the process alone.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numba
from numba.core.caching import FunctionCache, IndexDataCacheFile

from dufm.solvers.base.made_of import made_of
from dufm.solvers.base.whole import write_whole

Errors = Literal["python", "numpy"]


def compile_cached(function: Callable[..., Any], signature: str, errors: Errors = "python") -> Any:
    """The function compiled for one signature, without Python's lock, from the cache on disk where there is one.

    Args:
        function: plain, or compiled by `numba.njit` for use in others; what it calls is compiled with it.
        signature: its types, as Numba writes them.
        errors: Numba's error model: with "numpy" a division by zero gives infinity or NaN and raises nothing.
    """
    plain = getattr(function, "py_func", function)
    program = numba.njit(nogil=True, error_model=errors)(plain)
    try:
        program._cache = ProgramCache(plain, (made_of(plain), errors))  # pyright: ignore[reportAttributeAccessIssue]
    except (RuntimeError, OSError):
        # No folder for the cache can be written: compile for this process alone.
        return numba.njit(signature, nogil=True, error_model=errors)(plain)
    try:
        program.compile(signature)
    except OSError:
        # A full disk, or a folder that went away.
        return numba.njit(signature, nogil=True, error_model=errors)(plain)
    program.disable_compile()
    return program


class ProgramCache(FunctionCache):
    """Numba's cache of one function, in files named by what the function is made of and checked by sums.

    Args:
        function: plain.
        made: what it is made of; programs of two versions never share a file.

    Raises:
        RuntimeError: if no folder can be written.
    """

    def __init__(self, function: Callable[..., Any], made: tuple[Any, ...]) -> None:
        super().__init__(function)
        self._folder = Path(self._cache_path)
        digest = hashlib.sha256(repr(made).encode()).hexdigest()[:16]
        self._base = f"{self._impl.filename_base}-{digest}"
        stamp = self._impl.locator.get_source_stamp()
        self._cache_file = IndexDataCacheFile(self._cache_path, self._base, stamp)
        self._sums = self._folder / f"{self._base}.sums"

    def _load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            whole = json.loads(self._sums.read_text()) == self._digests()
        except (OSError, ValueError):
            whole = False
        try:
            if whole:
                return super()._load_overload(sig, target_context)
        except Exception:  # Whatever a damaged file makes of itself: it is only a cache.
            pass
        for path in self._files():
            path.unlink(missing_ok=True)
        return None

    def _save_overload(self, sig: Any, data: Any) -> None:
        super()._save_overload(sig, data)
        write_whole(self._sums, json.dumps(self._digests()).encode())

    def _files(self) -> list[Path]:
        return sorted(p for p in self._folder.glob(f"{self._base}.*") if p.suffix in (".nbi", ".nbc"))

    def _digests(self) -> dict[str, str]:
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in self._files()}
