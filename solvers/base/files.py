"""Files that are whole or not there: readers never see half of one, and a full disk leaves the old one in place.

Results are archives: one .npz with arrays and, as JSON under the name `record`, everything else. The digest of every
field lies beside them, so that a field changed by another program is named and not believed. That is no signature:
what can be computed from the weights is computed again by who reads them (`require_same`).
"""

import hashlib
import io
import json
import os
import uuid
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from dufm.theory.problem import ProblemError

DIGESTS = "digests"
# Relative: sums of a million terms in another order, with room.
ROUNDING = 1e-9
# What reading a file that is cut off, overwritten or of another program can raise.
DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


def write_whole(path: str | Path, content: bytes) -> None:
    """Replace `path` by `content` in one step.

    Raises:
        OSError: with a message that names the path, e.g. for a full disk or a folder that is missing or not writable.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        with open(part, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        raise OSError(f"cannot write {path}: {error.strerror}") from error
    finally:
        # Gone already after a successful replace; a failed or interrupted write must leave nothing behind.
        try:
            part.unlink(missing_ok=True)
        except OSError:
            pass


def write_archive(
    path: str | Path, form: str, record: Mapping[str, Any], arrays: Mapping[str, np.ndarray], compressed: bool = True
) -> Path:
    """Write an archive in one step; folders are made.

    Args:
        path: the .npz file.
        form: what kind of archive this is, and of which version; `read_archive` asks for it.
        record: JSON-serialisable.
        arrays: by any names but `record`.
        compressed: worth its time unless the arrays are all noise.

    Raises:
        OSError: naming the path.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    packed = io.BytesIO()
    pack = np.savez_compressed if compressed else np.savez
    text = json.dumps({"format": form} | dict(record))
    held: dict[str, Any] = {"record": np.array(text), **arrays, DIGESTS: np.array(json.dumps(_digests(text, arrays)))}
    pack(packed, **held)
    write_whole(path, packed.getvalue())
    return path


def read_archive(path: str | Path, form: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """(record, arrays) of what `write_archive` wrote; damage is raised as it comes, see `reading`."""
    # From bytes: np.load leaves a damaged file open, and of one that is no archive it speaks as of a pickle.
    content = Path(path).read_bytes()
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise zipfile.BadZipFile("not an archive, or cut off")
    with np.load(io.BytesIO(content), allow_pickle=False) as held:
        text = str(held["record"])
        record = json.loads(text)
        found = record.pop("format")
        if found != form:
            raise ValueError(f"format {found!r}")
        arrays = {name: held[name] for name in held.files if name not in ("record", DIGESTS)}
        if DIGESTS not in held.files:
            raise ValueError("no digests: edited, or written by an earlier version")
        stated, own = json.loads(str(held[DIGESTS])), _digests(text, arrays)
        changed = sorted(name for name in stated.keys() | own.keys() if stated.get(name) != own.get(name))
        if changed:
            raise ValueError(f"field {', '.join(changed)} is not as it was written")
        return record, arrays


def _digests(text: str, arrays: Mapping[str, np.ndarray]) -> dict[str, str]:
    """SHA-256 of every field of the record and of every array, by name."""
    told = {name: json.dumps(value, sort_keys=True).encode() for name, value in json.loads(text).items()}
    for name, array in arrays.items():
        whole = np.ascontiguousarray(array)
        told[name] = f"{whole.dtype.str} {array.shape} ".encode() + whole.tobytes()
    return {name: hashlib.sha256(content).hexdigest() for name, content in told.items()}


def require_same(field: str, stated: float, computed: float) -> None:
    """Check a number in a file against the same number computed from the weights beside it.

    Raises:
        ValueError: naming the field, where they differ by more than rounding on another processor may make them.
    """
    if not abs(stated - computed) <= ROUNDING * abs(computed):
        raise ValueError(f"field {field} says {stated:.17g}, its weights have {computed:.17g}")


@contextmanager
def reading(path: str | Path, what: str) -> Iterator[None]:
    """Turn whatever a missing or damaged file raises into one line.

    Raises:
        ProblemError: naming the path; `what` says what the file should be, e.g. "network".
    """
    try:
        yield
    except FileNotFoundError:
        raise ProblemError(f"{what} file must exist, got {str(path)!r}") from None
    except DAMAGE as error:
        reason = " ".join(str(error).split())[:200]
        raise ProblemError(f"{what} file must be an undamaged .npz by dufm, got {str(path)!r} ({reason})") from None
