"""Archives of results, and what reading a file that another program wrote or damaged can raise.

Results are archives: one .npz with arrays and, as JSON under the name `record`, everything else. The digest of every
field lies beside them, so that a field changed by another program is named and not believed. That is no signature:
what can be computed from the weights is computed again by who reads them (`require_same`).
"""

import hashlib
import io
import json
import math
import zipfile
import zlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np

from dufm.solvers.base.packed import MOST_BYTES, Packed
from dufm.solvers.base.whole import write_whole
from dufm.theory.stated import ProblemError

DIGESTS = "digests"
# Relative: sums of a million terms in another order, with room.
ROUNDING = 1e-9
# What reading a file that is cut off, overwritten or of another program raises. Not what a fault of this program would:
# no AttributeError, no RuntimeError.
DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    ZeroDivisionError,
    OverflowError,
    RecursionError,
    zipfile.BadZipFile,
    zlib.error,
)


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
    """(record, arrays) of what `write_archive` wrote; damage is raised as it comes, see `reading`.

    Nothing is unpacked but what the digests name, and no more than is claimed; a claim too large is refused.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise ValueError("not a plain file")
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"larger than {MOST_BYTES} bytes")
    packed = Packed(path.read_bytes())
    text, record = _as_text(packed, "record")
    found = record.pop("format")
    if found != form:
        raise ValueError(f"format {found!r}")
    if DIGESTS not in packed.names:
        raise ValueError("no digests: edited, or written by an earlier version")
    _, stated = _as_text(packed, DIGESTS)
    names = [name for name in packed.names if name not in ("record", DIGESTS)]
    arrays = {name: packed.array(name) for name in names if name in stated}
    own = _digests(text, arrays) | {name: "" for name in names if name not in stated}
    changed = sorted(name for name in stated.keys() | own.keys() if stated.get(name) != own.get(name))
    if changed:
        raise ValueError(f"field {', '.join(changed)} is not as it was written")
    return record, arrays


def _as_text(packed: Packed, name: str) -> tuple[str, dict[str, Any]]:
    """A text in an archive, and the JSON object it is."""
    text = packed.array(name)
    if text.dtype.kind != "U" or text.shape:
        raise ValueError(f"{name} is no text")
    facts: Any = json.loads(str(text))
    if not isinstance(facts, dict):
        raise ValueError(f"{name} is no JSON object")
    return str(text), cast(dict[str, Any], facts)


def _digests(text: str, arrays: Mapping[str, np.ndarray]) -> dict[str, str]:
    """SHA-256 of every field of the record and of every array, by name."""
    facts = {name: json.dumps(value, sort_keys=True).encode() for name, value in json.loads(text).items()}
    for name, array in arrays.items():
        whole = np.ascontiguousarray(array)
        facts[name] = f"{whole.dtype.str} {array.shape} ".encode() + whole.tobytes()
    return {name: hashlib.sha256(content).hexdigest() for name, content in facts.items()}


def require_finite(field: str, array: np.ndarray) -> None:
    """Raise ValueError, naming the field, unless an array holds finite floats only."""
    if array.dtype.kind != "f" or not np.isfinite(array).all():
        raise ValueError(f"field {field} must hold finite floats")


def require_same(field: str, stated: float, computed: float) -> None:
    """Check a number in a file against the same number computed from the weights beside it.

    Raises:
        ValueError: naming the field, where they differ by more than rounding on another processor may make them.
    """
    # Of infinity everything is within a billionth.
    if not (math.isfinite(computed) and abs(stated - computed) <= ROUNDING * abs(computed)):
        raise ValueError(f"field {field} says {stated:.17g}, its weights have {computed:.17g}")


@contextmanager
def reading(path: str | Path, what: str) -> Generator[None]:
    """Turn whatever a missing or damaged file raises into one line.

    Raises:
        ProblemError: naming the path; `what` says what the file should be, e.g. "network".
    """
    try:
        # Numbers may be as large as a file likes; what comes out is judged, and warnings say nothing to who reads it.
        with np.errstate(all="ignore"):
            yield
    except FileNotFoundError:
        raise ProblemError(f"{what} file must exist, got {str(path)!r}") from None
    except DAMAGE as error:
        facts = f"no field {error}" if isinstance(error, KeyError) else str(error)
        reason = " ".join(facts.split())[:200]
        raise ProblemError(f"{what} file must be an undamaged .npz by dufm, got {str(path)!r} ({reason})") from None
