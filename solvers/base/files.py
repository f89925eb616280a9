"""Files that are whole or not there: readers never see half of one, and a full disk leaves the old one in place.

Results are archives: one .npz with arrays and, as JSON under the name `record`, everything else.
"""

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
    held: dict[str, Any] = {"record": np.array(json.dumps({"format": form} | dict(record))), **arrays}
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
        record = json.loads(str(held["record"]))
        found = record.pop("format")
        if found != form:
            raise ValueError(f"format {found!r}")
        return record, {name: held[name] for name in held.files if name != "record"}


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
