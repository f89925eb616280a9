"""California Housing from the file its authors publish: nine comma-separated numbers a block group."""

import io
import tarfile
from pathlib import Path

import numpy as np

from dufm.solvers.datasets.files import describe_bytes, find_file, read_bytes
from dufm.solvers.datasets.record import DataError, Dataset

NAMES = ("cal_housing.data", "cal_housing.tgz")
FOLDERS = ("CaliforniaHousing", "cal_housing")
MEMBER = "CaliforniaHousing/cal_housing.data"
COLUMNS = 9


def read_housing(root: str | Path | None, n: int | None) -> Dataset:
    """The first n block groups: eight features, target the median value in 100 000 dollars.

    Features in order: median income, house age, rooms a household, bedrooms a household, population, people a
    household, latitude, longitude; the same as scikit-learn's `fetch_california_housing`.

    Raises:
        DataError: for anything but rows of nine finite numbers with at least one household.
    """
    path = find_file(root, "california-housing", NAMES, FOLDERS)
    content = read_bytes(path)
    if path.suffix == ".tgz":
        content = _member(path, content)
    try:
        table = np.loadtxt(io.StringIO(content.decode("ascii")), delimiter=",", ndmin=2, dtype=np.float64)
    except (ValueError, UnicodeDecodeError) as error:
        raise DataError(path, f"rows of {COLUMNS} comma-separated numbers", f"{error}") from None
    if table.shape[0] == 0 or table.shape[1] != COLUMNS or not np.isfinite(table).all():
        raise DataError(path, f"rows of {COLUMNS} finite numbers", f"{table.shape[0]} x {table.shape[1]}")
    longitude, latitude, age, rooms, bedrooms, people, households, income, value = table[:n].T
    if households.min() <= 0:
        raise DataError(path, "at least one household a row", f"none in row {int(households.argmin())}")
    X = np.column_stack(
        [income, age, rooms / households, bedrooms / households, people, people / households, latitude, longitude]
    )
    return Dataset(X, value / 1e5, "california-housing", path.name, None, (X.shape[1],))


def _member(path: Path, content: bytes) -> bytes:
    """The data file of the published archive, which `read_bytes` has unpacked to plain tar."""
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            file = archive.extractfile(MEMBER)
            if file is not None:
                return file.read()
    except (tarfile.TarError, KeyError, EOFError) as error:
        raise DataError(path, f"an archive that holds {MEMBER}", f"{describe_bytes(content)} ({error})") from None
    raise DataError(path, f"an archive that holds {MEMBER}", "no file of that name")
