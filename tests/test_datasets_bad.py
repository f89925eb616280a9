"""Bad data files, each of them: one DataError that names the file, what was expected and what was found."""

import gzip
import hashlib
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat
from test_datasets import images, write_batches, write_idx

from dufm.solvers.datasets import DataError, Dataset, idx, load, prepare, rows, split

PAGE = b"<!DOCTYPE html><html><body>404</body></html>"


class Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch hacked",)


def good_mnist(folder: Path) -> tuple[Path, Path]:
    write_idx(folder, *images(8, 5, 5), packed=False)
    return folder / "train-images-idx3-ubyte", folder / "train-labels-idx1-ubyte"


def labels_as_images(folder: Path) -> None:
    pictures, labels = good_mnist(folder)
    pictures.write_bytes(labels.read_bytes())


def broken_gzip(folder: Path) -> None:
    pictures, _ = good_mnist(folder)
    (folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(pictures.read_bytes())[:-20])
    pictures.unlink()


def counts_differ(folder: Path) -> None:
    good_mnist(folder)
    write_idx(folder / "other", *images(7, 5, 5), packed=False)
    (folder / "other" / "train-labels-idx1-ubyte").replace(folder / "train-labels-idx1-ubyte")


def label_out_of_range(folder: Path) -> None:
    pixels, labels = images(8, 5, 5)
    write_idx(folder, pixels, labels * 0 + 10, packed=False)


def missing_labels(folder: Path) -> None:
    good_mnist(folder)[1].unlink()


MNIST: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "missing": (lambda f: None, "train-images", "an empty folder|other"),
    "missing labels": (missing_labels, "train-labels-idx1-ubyte", "found other, train-images-idx3-ubyte"),
    "empty": (lambda f: good_mnist(f)[0].write_bytes(b""), "expected data", "an empty file"),
    "truncated": (lambda f: good_mnist(f)[0].write_bytes(good_mnist(f)[0].read_bytes()[:-3]), "200 bytes", "197"),
    "too long": (lambda f: good_mnist(f)[0].write_bytes(good_mnist(f)[0].read_bytes() + b"x"), "200 bytes", "201"),
    "cut in the header": (lambda f: good_mnist(f)[0].write_bytes(b"\0\0\x08\x03\0"), "IDX images", "truncated"),
    "wrong magic": (lambda f: good_mnist(f)[0].write_bytes(b"\0\0\x0d\x03" + bytes(300)), "00 00 08 03", "00 00 0d 03"),
    "labels as images": (labels_as_images, "IDX images", "IDX labels"),
    "page": (lambda f: good_mnist(f)[0].write_bytes(PAGE), "expected data", "an HTML page"),
    "broken gzip": (broken_gzip, "a whole gzip file", "a broken one"),
    "counts differ": (counts_differ, "8 labels", "found 7"),
    "label out of range": (label_out_of_range, "labels 0 to 9", "label 10"),
    "no images": (lambda f: good_mnist(f)[0].write_bytes(b"\0\0\x08\x03" + bytes(12)), "at least one", "found 0"),
    "folder for a file": (lambda f: (f / "train-images-idx3-ubyte").mkdir(), "a readable file", "directory"),
}


@pytest.mark.parametrize("case", MNIST)
@pytest.mark.filterwarnings("ignore:.*MD5")
def test_bad_mnist(case: str, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    spoil, expected, found = MNIST[case]
    spoil(tmp_path)
    with pytest.raises(DataError, match=f"(?s){expected}.*({found})") as caught:
        load("mnist", tmp_path)
    assert str(tmp_path) in str(caught.value) and "\n" not in str(caught.value)


def batch(folder: Path, content: object) -> None:
    write_batches(folder, binary=False)
    raw = content if isinstance(content, bytes) else pickle.dumps(content, 2)
    (folder / "data_batch_1").write_bytes(raw)


PIXELS = np.zeros((2, 3072), np.uint8)
CIFAR: dict[str, tuple[object, str]] = {
    "truncated": (pickle.dumps({b"data": PIXELS, b"labels": [0, 1]}, 2)[:-50], "a pickled CIFAR-10 batch"),
    "not a pickle": (b"hello world", "a pickled CIFAR-10 batch"),
    "page": (PAGE, "an HTML page"),
    "hostile": (Hostile(), "posix.system, which is refused"),
    "hostile inside": ({b"data": PIXELS, b"labels": [Hostile()]}, "posix.system, which is refused"),
    "hostile under str keys": ({"data": PIXELS, "labels": [Hostile()]}, "posix.system, which is refused"),
    "mixed keys": ({"data": PIXELS, 3: [0, 1]}, "a dictionary with b'data'"),
    "labels no numbers": ({"data": PIXELS, "labels": np.zeros(2)}, "b'labels', a list of integers"),
    "no dictionary": ([1, 2], "found a list"),
    "no labels": ({b"data": PIXELS}, "a dictionary with b'data'"),
    "wrong shape": ({b"data": PIXELS[:, :-1], b"labels": [0, 1]}, r"shape \(2, 3071\)"),
    "wrong type": ({b"data": PIXELS.astype(float), b"labels": [0, 1]}, "float64"),
    "labels no integers": ({b"data": PIXELS, b"labels": [0, "1"]}, "a list of integers"),
    "counts differ": ({b"data": PIXELS, b"labels": [0]}, "2 images, 1 labels"),
    "label out of range": ({b"data": PIXELS, b"labels": [0, 10]}, "labels 0 to 10"),
    "none": (pickle.dumps({b"data": PIXELS[:0], b"labels": []}, 4), "0 images"),
}


@pytest.mark.parametrize("case", CIFAR)
@pytest.mark.filterwarnings("ignore:.*MD5")
def test_bad_cifar_batch(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    content, words = CIFAR[case]
    batch(tmp_path, content)
    with pytest.raises(DataError, match=words) as caught:
        load("cifar10", tmp_path)
    assert str(tmp_path / "data_batch_1") in str(caught.value)
    assert not (tmp_path / "hacked").exists()


@pytest.mark.parametrize("content", [bytes(3072), bytes([11]) + bytes(3072)], ids=["truncated", "label out of range"])
def test_bad_cifar_binary(content: bytes, tmp_path: Path) -> None:
    write_batches(tmp_path, binary=True)
    (tmp_path / "data_batch_1.bin").write_bytes(content)
    with pytest.raises(DataError, match="records of 3073 bytes|labels 11 to 11"):
        load("cifar10", tmp_path)


def matlab(**changes: object) -> Callable[[Path], object]:
    held: dict[str, object] = {"X": np.zeros((32, 32, 3, 4), np.uint8), "y": np.ones((4, 1), np.uint8)}
    kept = {k: v for k, v in {**held, **changes}.items() if v is not None}
    return lambda path: savemat(path, kept)


def cut_matlab(path: Path) -> None:
    matlab()(path)
    path.write_bytes(path.read_bytes()[:3000])


HEADER = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM"
HDF5 = HEADER + bytes(384) + b"\x89HDF\r\n\x1a\n" + bytes(500)
SVHN: dict[str, tuple[Callable[[Path], object], str]] = {
    "truncated": (cut_matlab, "a MATLAB version 5 file"),
    "not MATLAB": (lambda p: p.write_bytes(b"hello" * 100), "a MATLAB version 5 file"),
    "version 7.3": (lambda p: p.write_bytes(HDF5), "version 7.3"),
    "no labels": (matlab(y=None), "variables X and y"),
    "wrong shape": (matlab(X=np.zeros((4, 32, 32, 3), np.uint8)), "32 x 32 x 3 x m"),
    "counts differ": (matlab(y=np.ones((3, 1), np.uint8)), "4 labels"),
    "label out of range": (matlab(y=np.zeros((4, 1), np.uint8)), "labels 1 to 10"),
}


@pytest.mark.parametrize("case", SVHN)
@pytest.mark.filterwarnings("ignore:.*MD5")
def test_bad_svhn(case: str, tmp_path: Path) -> None:
    spoil, words = SVHN[case]
    spoil(tmp_path / "train_32x32.mat")
    with pytest.raises(DataError, match=words) as caught:
        load("svhn", tmp_path)
    assert str(tmp_path / "train_32x32.mat") in str(caught.value)


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("cal_housing.data", b"1,2,3\n", "9 finite numbers"),
        ("cal_housing.data", b"1,2,3,4,5,6,x,8,9\n", "comma-separated"),
        ("cal_housing.data", b"1,2,3,4,5,6,nan,8,9\n", "9 finite numbers"),
        ("cal_housing.data", b"1,2,3,4,5,6,0,8,9\n", "at least one household"),
        ("cal_housing.tgz", gzip.compress(b"no archive", mtime=0), "an archive"),
    ],
)
def test_bad_housing(file: str, content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / file).write_bytes(content)
    with pytest.raises(DataError, match=words):
        load("california-housing", tmp_path)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": "imagenet"}, "one of digits"),
        ({"name": "digits", "n": 1798}, "1798 samples, found 1797"),
        ({"name": "digits", "n": 0}, ">= 1"),
        ({"name": "digits", "n": True}, ">= 1"),
        ({"name": "digits", "split": "test"}, "comes in one piece"),
        ({"name": "digits", "split": "dev"}, "'train' or 'test'"),
        ({"name": "skew", "seed": -1}, "seed"),
        ({"name": "mnist"}, "--root"),
        ({"name": "mnist", "root": "nowhere"}, "no such folder"),
    ],
)
def test_bad_requests(arguments: dict, words: str) -> None:
    with pytest.raises(DataError, match=words):
        load(**arguments)


def test_rows_that_cannot_be_used() -> None:
    X, y = np.arange(6.0).reshape(3, 2), np.array([0, 1, 1])
    for value in (np.nan, np.inf):
        spoiled = X.copy()
        spoiled[1, 0] = value
        with pytest.raises(DataError, match="row 1, column 0"):
            Dataset(spoiled, y, "mine", "here", 2, (2,))
    with pytest.raises(DataError, match="as many targets"):
        Dataset(X, y[:2], "mine", "here", 2, (2,))
    with pytest.raises(DataError, match="labels 0 to 1"):
        Dataset(X, y + 1, "mine", "here", 2, (2,))
    with pytest.raises(DataError, match="nan in row 2"):
        Dataset(X, np.array([0, 1, np.nan]), "mine", "here", None, (2,))
    good = Dataset(X, y, "mine", "here", 2, (2,))
    with pytest.raises(DataError, match="at least two classes"):
        prepare(rows(good, [1, 2]))
    with pytest.raises(DataError, match="1 to 2 training rows"):
        split(good, 3)
    with pytest.raises(DataError, match="the 2 features"):
        prepare(good, Dataset(X[:, :1], y, "mine", "here", 2, (1,)))


def test_an_error_survives_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(DataError("a.gz", "data", "nothing")))
    assert (str(error), error.file) == ("a.gz: expected data, found nothing", "a.gz")


def test_files_of_the_other_data_set_are_told_by_their_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures, _ = good_mnist(tmp_path)
    digest = hashlib.md5(pictures.read_bytes(), usedforsecurity=False).hexdigest()
    monkeypatch.setitem(idx.CHECKSUMS["fashion-mnist"], ("train", idx.IMAGES), (digest,))
    with pytest.raises(DataError, match=r"expected a file of mnist, found one of fashion-mnist \(by its MD5\)"):
        load("mnist", tmp_path)
    assert load("fashion-mnist", tmp_path).name == "fashion-mnist"


def test_unpacked_files_of_the_other_data_set_are_told_by_their_first_labels(tmp_path: Path) -> None:
    pictures, _ = images(12, 5, 5)
    labels = np.array([9, 0, 0, 3, 0, 2, 7, 2, 5, 5, 0, 9], dtype=np.uint8)
    write_idx(tmp_path, pictures, labels, packed=False)
    with pytest.raises(DataError, match=r"expected labels of mnist, found those of fashion-mnist \(train\)"):
        load("mnist", tmp_path)
    assert load("fashion-mnist", tmp_path).name == "fashion-mnist"
