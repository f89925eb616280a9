"""Finding, reading and recognising local files; nothing is downloaded, nothing stands in for what is missing."""

import gzip
import hashlib
import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path

from dufm.solvers.datasets.record import DataError, DataWarning

GZIP = b"\x1f\x8b"


def find_file(root: str | Path | None, name: str, names: Sequence[str], folders: Sequence[str] = ()) -> Path:
    """The first of `names` that exists in `root` or one of its sub-folders `folders`.

    Args:
        root: folder a person named; None if none was named.
        name: the data set, for the message.
        names: acceptable file names, most wanted first.
        folders: sub-folders to look in after `root` itself, as other programs unpack the data.

    Raises:
        DataError: if no folder was named, it is no folder, or holds none of them.
    """
    wanted = " or ".join(names)
    if root is None:
        raise DataError(name, f"--root, a folder that holds {wanted}", "no --root")
    root = Path(root)
    if not root.is_dir():
        raise DataError(root, f"a folder that holds {wanted}", "a file" if root.exists() else "no such folder")
    for folder in ("", *folders):
        for file in names:
            if (root / folder / file).exists():
                return root / folder / file
    inside = sorted(p.name for p in root.iterdir())
    listed = ", ".join(inside[:5]) + (f" and {len(inside) - 5} more" if len(inside) > 5 else "")
    raise DataError(root, wanted, listed or "an empty folder")


def read_bytes(path: Path, checksums: Sequence[str] = ()) -> bytes:
    """The content of a file, unpacked if it is gzip.

    Args:
        path: what to read.
        checksums: MD5 of the known releases of the file as it lies on disk; another one is a warning.

    Raises:
        DataError: for a file that cannot be read, is empty, an HTML page, or broken gzip.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(path, "a readable file", error.strerror or str(error)) from None
    if not raw or _is_page(raw):
        raise DataError(path, "data", describe_bytes(raw))
    if checksums and hashlib.md5(raw, usedforsecurity=False).hexdigest() not in checksums:
        warnings.warn(f"{path}: its MD5 is not that of the published file", DataWarning, stacklevel=2)
    if not raw.startswith(GZIP):
        return raw
    try:
        return gzip.decompress(raw)
    except (EOFError, zlib.error, OSError) as error:
        raise DataError(path, "a whole gzip file", f"a broken one ({error})") from None


def describe_bytes(content: bytes) -> str:
    """What a file holds, in the words of an error message."""
    if not content:
        return "an empty file"
    if _is_page(content):
        return "an HTML page"
    return f"{len(content)} bytes beginning {content[:8].hex(' ')}"


def _is_page(content: bytes) -> bool:
    return content[:64].lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml"))
