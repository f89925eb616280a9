"""CIFAR-10 from its Python batches, read by an unpickler that can build arrays and nothing else, or its binary ones."""

import io
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dufm.solvers.datasets.files import describe_bytes, find_file, read_bytes
from dufm.solvers.datasets.record import DataError, Dataset, labelled_images

PIXELS = 3072
SHAPE = (3, 32, 32)
FOLDERS = ("cifar-10-batches-py", "cifar-10-batches-bin")
BATCHES = {"train": [f"data_batch_{i}" for i in range(1, 6)], "test": ["test_batch"]}
# MD5 of the published Python batches.
CHECKSUMS = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
PickledBatch = tuple[NDArray[np.uint8], NDArray[np.int64]]


def _encode(text: str, encoding: str = "latin1") -> bytes:
    return text.encode("latin1" if encoding == "latin1" else "ascii")


class _ArraysOnly(pickle.Unpickler):
    """An unpickler for which an array is the only thing a file can ask for."""

    # How NumPy pickles arrays, in the published files (protocol 2) and in copies written today (protocol 5).
    RECONSTRUCT = np.zeros(0).__reduce__()[0]
    FROM_BUFFER = np.zeros(1).__reduce_ex__(5)[0]
    ALLOWED = {
        ("numpy.core.multiarray", "_reconstruct"): RECONSTRUCT,
        ("numpy._core.multiarray", "_reconstruct"): RECONSTRUCT,
        ("numpy.core.numeric", "_frombuffer"): FROM_BUFFER,
        ("numpy._core.numeric", "_frombuffer"): FROM_BUFFER,
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        ("_codecs", "encode"): _encode,
    }

    def find_class(self, module_name: str, global_name: str) -> Any:
        try:
            return self.ALLOWED[module_name, global_name]
        except KeyError:
            raise pickle.UnpicklingError(f"it asks for {module_name}.{global_name}, which is refused") from None


def python_batch(path: Path) -> PickledBatch:
    """Pixels (m x 3072) and labels (m) of one pickled batch.

    Raises:
        DataError: for a broken or hostile pickle, and one without 'data' and 'labels' of matching sizes.
    """
    content = read_bytes(path, [CHECKSUMS[path.name]] if path.name in CHECKSUMS else [])
    try:
        batch = _ArraysOnly(io.BytesIO(content), encoding="bytes").load()
    except Exception as error:
        # A broken pickle may raise nearly anything.
        raise DataError(path, "a pickled CIFAR-10 batch", f"{describe_bytes(content)} ({error})") from None
    # The published keys are bytes; Python 2 may have written unicode, Python 3 writes str.
    named = {k.encode() if isinstance(k, str) else k: v for k, v in batch.items()} if isinstance(batch, dict) else {}
    if not {b"data", b"labels"} <= set(named):
        raise DataError(path, "a dictionary with b'data' and b'labels'", _outline(batch))
    data, labels = named[b"data"], named[b"labels"]
    if isinstance(labels, np.ndarray) and labels.ndim == 1 and labels.dtype.kind in "iu":
        labels = labels.tolist()
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.ndim != 2 or data.shape[1] != PIXELS:
        raise DataError(path, f"b'data' of uint8, m x {PIXELS}", _outline(data))
    if not isinstance(labels, list) or not all(type(k) is int for k in labels):
        raise DataError(path, "b'labels', a list of integers", _outline(labels))
    return _checked(path, data, np.array(labels, dtype=np.int64))


def binary_batch(path: Path) -> PickledBatch:
    """Pixels (m x 3072) and labels (m) of one binary batch: records of a label byte and 3072 pixel bytes.

    Raises:
        DataError: for a size that is no multiple of 3073.
    """
    content = read_bytes(path)
    if len(content) % (PIXELS + 1):
        raise DataError(path, f"records of {PIXELS + 1} bytes", describe_bytes(content))
    records = np.frombuffer(content, np.uint8).reshape(-1, PIXELS + 1)
    return _checked(path, records[:, 1:], records[:, 0].astype(np.int64))


def read_cifar10(root: str | Path | None, n: int | None, split: str) -> Dataset:
    """The first n images of CIFAR-10's training or test batches; no more batches are read than n needs.

    Raises:
        DataError: if a batch is missing or wrong.
    """
    batches, names, held = [], [], 0
    for path, batch in _batches(root, split):
        batches.append(batch)
        names.append(path.name)
        held += len(batch[1])
        if n is not None and held >= n:
            break
    pixels = np.concatenate([p for p, _ in batches])[:n]
    labels = np.concatenate([k for _, k in batches])[:n]
    return labelled_images(pixels, labels, "cifar10", ", ".join(names), SHAPE)


def _batches(root: str | Path | None, split: str) -> Iterator[tuple[Path, PickledBatch]]:
    for stem in BATCHES[split]:
        path = find_file(root, "cifar10", [stem, f"{stem}.bin"], FOLDERS)
        yield path, (binary_batch(path) if path.suffix == ".bin" else python_batch(path))


def _checked(path: Path, data: NDArray[np.uint8], labels: NDArray[np.int64]) -> PickledBatch:
    if len(data) == 0 or len(data) != len(labels):
        raise DataError(path, "as many labels as images, at least one", f"{len(data)} images, {len(labels)} labels")
    if not 0 <= labels.min() <= labels.max() <= 9:
        raise DataError(path, "labels 0 to 9", f"labels {labels.min()} to {labels.max()}")
    return data, labels


def _outline(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}, shape {value.shape}"
    if isinstance(value, dict):
        return f"a dictionary with {', '.join(map(repr, list(value)[:5])) or 'nothing'}"
    return f"a {type(value).__name__}"
