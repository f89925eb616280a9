"""Tensors of a safetensors file: eight bytes of length, a JSON header, then the numbers as they are."""

import json
from typing import Any

import numpy as np

from dufm.solvers.weight_files.limits import MOST_ARRAYS, Allowance

MOST_HEADER = 8 << 20
DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U8": "u1"}
HALF = "BF16"


def read_safetensors(content: bytes) -> dict[str, np.ndarray]:
    """Arrays by name, in the order of the header.

    Raises:
        ValueError: for a header that is none, and tensors that are not where it says.
    """
    size = int.from_bytes(content[:8], "little")
    if len(content) < 8 or not 2 <= size <= min(MOST_HEADER, len(content) - 8):
        raise ValueError(f"a header of {size} bytes in a file of {len(content)}")
    header = json.loads(content[8 : 8 + size], object_pairs_hook=_once)
    if not isinstance(header, dict) or len(header) > MOST_ARRAYS:
        raise ValueError(f"a header that is no object of at most {MOST_ARRAYS} tensors")
    data, allowance = memoryview(content)[8 + size :], Allowance()
    return {name: _tensor(name, own, data, allowance) for name, own in header.items() if name != "__metadata__"}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) != len(pairs):
        raise ValueError("a name twice")
    return found


def _tensor(name: str, said: Any, data: memoryview, allowance: Allowance) -> np.ndarray:
    if not isinstance(said, dict) or {"dtype", "shape", "data_offsets"} - set(said):
        raise ValueError(f"{name!r:.60} has no dtype, shape or data_offsets")
    kind, shape, span = said["dtype"], said["shape"], said["data_offsets"]
    if kind != HALF and kind not in DTYPES:
        raise ValueError(f"{name!r:.60} holds numbers of kind {kind!r:.20}")
    if not isinstance(shape, list) or not isinstance(span, list) or len(span) != 2:
        raise ValueError(f"{name!r:.60} has no shape or no place")
    dtype = np.dtype("<u2" if kind == HALF else DTYPES[kind])
    count, (begin, end) = allowance.take(name, shape), span
    placed = all(type(x) is int for x in span) and 0 <= begin <= end <= len(data)
    if not placed or end - begin != count * dtype.itemsize:
        raise ValueError(f"{name!r:.60} of shape {shape!r:.60} is not at {span!r:.60}")
    raw = np.frombuffer(data[begin:end], dtype)
    values = (raw.astype(np.uint32) << 16).view(np.float32) if kind == HALF else raw
    return values.reshape(shape)
