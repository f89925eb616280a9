"""The arrays of an .npz file, read by name: what it claims is held against what it holds before room is made for it."""

import io
import math
import zipfile
from collections.abc import Sequence
from typing import BinaryIO, cast

import numpy as np

MOST_BYTES = 1 << 30
# Booleans, integers, floats, text: no objects (pickles), no complex numbers, no records.
KINDS = "biufU"
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


class Packed:
    """An .npz file whose directory has been read, and nothing else."""

    def __init__(self, content: bytes) -> None:
        """Read the directory.

        Raises:
            ValueError: for a name twice, another packing, and more than `MOST_BYTES` once unpacked.
            zipfile.BadZipFile: for what is no archive.
        """
        if not zipfile.is_zipfile(io.BytesIO(content)):
            raise zipfile.BadZipFile("not an archive, or cut off")
        self._file = zipfile.ZipFile(io.BytesIO(content))
        entries = self._file.infolist()
        self._entries = {entry.filename.removesuffix(".npy"): entry for entry in entries}
        if len(self._entries) != len(entries):
            raise ValueError("a name twice")
        if (size := sum(entry.file_size for entry in entries)) > MOST_BYTES:
            raise ValueError(f"it unpacks to {size} bytes, {MOST_BYTES} are allowed")
        if any(e.flag_bits & 1 or e.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for e in entries):
            raise ValueError("packed in a way that dufm does not use")

    @property
    def names(self) -> Sequence[str]:
        """Of the arrays, in the order of the directory."""
        return list(self._entries)

    def array(self, name: str) -> np.ndarray:
        """One array.

        Raises:
            KeyError: for one that is not there.
            ValueError: for a type that is not in `KINDS`, and a shape that is not that of the bytes there are.
        """
        entry = self._entries[name]
        with self._file.open(entry) as member:
            return read_array(cast(BinaryIO, member), entry.file_size, name)


def read_array(member: BinaryIO, length: int, name: str) -> np.ndarray:
    """The array of an .npy file that is `length` bytes long; `name` is what errors call it.

    Raises:
        ValueError: for a type that is not in `KINDS`, and a shape that is not that of the bytes there are.
    """
    version = np.lib.format.read_magic(member)
    if version not in HEADERS:
        raise ValueError(f"{name} is an array file of version {version}")
    shape, by_columns, kind = HEADERS[version](member)
    if kind.kind not in KINDS or kind.hasobject:
        raise ValueError(f"{name} holds {kind}, numbers or text are needed")
    size, held = math.prod(shape) * kind.itemsize, length - member.tell()
    if size != held or min(shape, default=0) < 0:
        raise ValueError(f"{name} claims shape {shape} of {kind} and holds {held} bytes")
    numbers = np.frombuffer(bytearray(member.read(size)), kind) if size else np.zeros(math.prod(shape), kind)
    return numbers.reshape(shape, order="F" if by_columns else "C")
