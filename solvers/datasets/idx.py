"""MNIST and Fashion-MNIST from IDX files: big-endian magic number, sizes, bytes; packed with gzip or not."""

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dufm.solvers.datasets.files import describe_bytes, find_file, read_bytes
from dufm.solvers.datasets.record import DataError, Dataset, labelled_images

IMAGES, LABELS = 0x00000803, 0x00000801
KINDS = {IMAGES: "images", LABELS: "labels"}
STEMS = {"train": "train", "test": "t10k"}
FOLDERS = ("raw", "MNIST/raw")
# MD5 of the published .gz files.
MNIST = {
    ("train", IMAGES): ("f68b3c2dcbeaaa9fbdd348bbdeb94873",),
    ("train", LABELS): ("d53e105ee54ea40749a09fcbcd1e9432",),
    ("test", IMAGES): ("9fb629c4189551a2d022fa330f9573f3",),
    ("test", LABELS): ("ec29112dd5afa0611ce80d1b7f02629c",),
}
FASHION = {
    ("train", IMAGES): ("8d4fb7e6c68d591d4c3dfef9ec88bf0d",),
    ("train", LABELS): ("25c81989df183df01b3e8a0aad5dffbe",),
    ("test", IMAGES): ("bef4ecab320f06d8554ea6380940ec79",),
    ("test", LABELS): ("bb300cfdad3c16e7a12a480ee83cd310",),
}
CHECKSUMS = {"mnist": MNIST, "fashion-mnist": FASHION}
# The first labels of the published files, which tell unpacked ones apart.
FIRST_LABELS = {
    ("mnist", "train"): [5, 0, 4, 1, 9, 2, 1, 3, 1, 4],
    ("mnist", "test"): [7, 2, 1, 0, 4, 1, 4, 9, 5, 9],
    ("fashion-mnist", "train"): [9, 0, 0, 3, 0, 2, 7, 2, 5, 5],
    ("fashion-mnist", "test"): [9, 2, 1, 1, 6, 1, 4, 6, 5, 7],
}


def read_idx(path: Path, magic: int, checksums: tuple[str, ...] = ()) -> NDArray[np.uint8]:
    """The array of an IDX file of bytes.

    Args:
        path: the file.
        magic: IMAGES (n x rows x columns) or LABELS (n).
        checksums: as for `read_bytes`; looked at only if the file is packed.

    Raises:
        DataError: for anything but such a file, whole and not empty.
    """
    content = read_bytes(path, checksums if path.suffix == ".gz" else ())
    dims = magic & 0xFF
    start = 4 + 4 * dims
    if len(content) < start or int.from_bytes(content[:4], "big") != magic:
        known = KINDS.get(int.from_bytes(content[:4], "big"))
        found = f"IDX {known} (a truncated or wrong file)" if known else describe_bytes(content)
        raise DataError(path, f"IDX {KINDS[magic]}, which begin {magic.to_bytes(4, 'big').hex(' ')}", found)
    sizes = [int.from_bytes(content[4 + 4 * i : 8 + 4 * i], "big") for i in range(dims)]
    count = int(np.prod(sizes, dtype=object))
    if count == 0 or len(content) != start + count:
        size = " x ".join(map(str, sizes))
        raise DataError(path, f"{count} bytes of {KINDS[magic]} ({size}), at least one", f"{len(content) - start}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(sizes)


def read_fashion_mnist(root: str | Path | None, n: int | None, split: str) -> Dataset:
    """Fashion-MNIST; see `read_mnist`."""
    return read_mnist(root, n, split, "fashion-mnist")


def _refuse_other(path: Path, name: str) -> None:
    """Raise DataError if a file is, byte for byte, the published one of another data set of this format."""
    try:
        found = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    except OSError:
        return  # read_bytes says why
    for other, files in CHECKSUMS.items():
        if other != name and any(found in digests for digests in files.values()):
            raise DataError(path, f"a file of {name}", f"one of {other} (by its MD5); name that data set instead")


def read_mnist(root: str | Path | None, n: int | None, split: str, name: str = "mnist") -> Dataset:
    """The first n images of the training or test files, as 1 x rows x columns; `name` is a key of CHECKSUMS.

    Raises:
        DataError: see `read_idx`; also if the files are, by their MD5 or first labels, those of the other data set,
            and if images and labels differ in number.
    """
    arrays, paths = [], []
    for kind in (IMAGES, LABELS):
        stem = f"{STEMS[split]}-{KINDS[kind]}"
        dims = f"idx{kind & 0xFF}-ubyte"
        names = [f"{stem}{dot}{dims}{end}" for end in ("", ".gz") for dot in ("-", ".")]
        paths.append(find_file(root, name, names, FOLDERS))
        _refuse_other(paths[-1], name)
        arrays.append(read_idx(paths[-1], kind, CHECKSUMS[name][split, kind]))
    images, labels = arrays
    if len(images) != len(labels):
        raise DataError(paths[1], f"{len(images)} labels, as many as images", f"{len(labels)}")
    if labels.max() > 9:
        raise DataError(paths[1], "labels 0 to 9", f"label {labels.max()}")
    for (other, part), first in FIRST_LABELS.items():
        if other != name and labels[: len(first)].tolist() == first:
            raise DataError(paths[1], f"labels of {name}", f"those of {other} ({part}); name that data set instead")
    return labelled_images(images[:n], labels[:n], name, f"{paths[0].name}, {paths[1].name}", (1, *images.shape[1:]))
