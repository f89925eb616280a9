"""SVHN's cropped digits from MATLAB files of version 5."""

import io
from pathlib import Path

import numpy as np
from scipy.io import loadmat

from dufm.solvers.datasets.files import describe_bytes, find_file, read_bytes
from dufm.solvers.datasets.record import DataError, Dataset, labelled_images

SIDE = (32, 32, 3)
# MD5 of the published files.
CHECKSUMS = {
    "train": "e26dedcc434d2e4c54c9b2d4a06d8373",
    "test": "eb5a983be6a315427106f1b164d9cef3",
}


def read_svhn(root: str | Path | None, n: int | None, split: str) -> Dataset:
    """The first n images, as 3 x 32 x 32; the digit 0, labelled 10 in the file, becomes class 0.

    Raises:
        DataError: for anything but a MATLAB version 5 file with X (32, 32, 3, m) of bytes and m labels 1..10.
    """
    path = find_file(root, "svhn", [f"{split}_32x32.mat"])
    content = read_bytes(path, [CHECKSUMS[split]])
    try:
        held = loadmat(io.BytesIO(content), variable_names=["X", "y"])
    except NotImplementedError:
        raise DataError(path, "a MATLAB version 5 file", "version 7.3 (HDF5)") from None
    except Exception as error:
        # A broken file may raise nearly anything.
        raise DataError(path, "a MATLAB version 5 file", f"{describe_bytes(content)} ({error})") from None
    if not {"X", "y"} <= set(held):
        raise DataError(path, "variables X and y", ", ".join(k for k in held if k[0] != "_") or "neither")
    X, y = held["X"], held["y"].reshape(-1)
    if X.ndim != 4 or X.shape[:3] != SIDE or X.dtype != np.uint8:
        raise DataError(path, "X of uint8, 32 x 32 x 3 x m", f"{X.dtype}, shape {X.shape}")
    if len(y) != X.shape[3] or len(y) == 0:
        raise DataError(path, f"{X.shape[3]} labels, as many as images, at least one", f"{len(y)}")
    if not (np.issubdtype(y.dtype, np.integer) and y.min() >= 1 and y.max() <= 10):
        raise DataError(path, "integer labels 1 to 10", f"{y.dtype} from {y.min()} to {y.max()}")
    pixels = X[..., :n].transpose(3, 2, 0, 1)
    return labelled_images(pixels, y[:n].astype(np.int64) % 10, "svhn", path.name, (3, 32, 32))
