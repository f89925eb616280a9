"""Data sets: what is bundled is what it is said to be, files written here come back as written, rows are prepared."""

import gzip
import io
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from dufm.solvers.datasets import DataError, Dataset, DataWarning, balanced, load, prepare, rows, split, zscore
from dufm.solvers.datasets.cifar import python_batch
from dufm.solvers.datasets.synthetic import MAKERS

RNG = np.random.default_rng(7)


def write_idx(folder: Path, images: np.ndarray, labels: np.ndarray, packed: bool, stem: str = "train") -> None:
    for kind, array, magic in (("images-idx3", images, 0x803), ("labels-idx1", labels, 0x801)):
        sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
        content = magic.to_bytes(4, "big") + sizes + array.tobytes()
        name = f"{stem}-{kind}-ubyte"
        (folder / (name + ".gz" if packed else name)).write_bytes(
            gzip.compress(content, mtime=0) if packed else content
        )


def images(n: int, *shape: int) -> tuple[np.ndarray, np.ndarray]:
    return RNG.integers(0, 256, (n, *shape), dtype=np.uint8), RNG.integers(0, 10, n).astype(np.uint8)


def write_batches(folder: Path, binary: bool, protocol: int = 2, m: int = 6) -> tuple[np.ndarray, np.ndarray]:
    pixels, labels = images(5 * m, 3072)
    for i in range(5):
        own, k = pixels[m * i : m * (i + 1)], labels[m * i : m * (i + 1)]
        if binary:
            (folder / f"data_batch_{i + 1}.bin").write_bytes(np.column_stack([k, own]).tobytes())
        else:
            content = pickle.dumps({b"data": own, b"labels": k.tolist(), b"batch_label": b"made here"}, protocol)
            (folder / f"data_batch_{i + 1}").write_bytes(content)
    return pixels, labels


def python_2_batch(key: bytes, pixels: np.ndarray, label: int) -> bytes:
    """One image as Python 2 pickled it by default, protocol 0; `key` is S'%s' for its str and V%s for its unicode."""
    raw = repr(pixels.tobytes()).removeprefix("b").encode()
    array = b"cnumpy.core.multiarray\n_reconstruct\np2\n(cnumpy\nndarray\np3\n(I0\ntp4\nS'b'\np5\ntp6\nRp7\n"
    kind = b"cnumpy\ndtype\np9\n(S'u1'\np10\nI0\nI1\ntp11\nRp12\n(I3\nS'|'\np13\nNNNI-1\nI-1\nI0\ntp14\nb"
    filled = b"(I1\n(I1\nI3072\ntp8\n" + kind + b"I00\nS" + raw + b"\np15\ntp16\nb"
    labels = key % b"labels" + b"\np17\n(lp18\nI%d\nas." % label
    return b"(dp0\n" + key % b"data" + b"\np1\n" + array + filled + b"s" + labels


def test_digits_are_the_published_ones() -> None:
    data = load("digits")
    assert (data.n, data.d, data.K, data.X.sum()) == (1797, 64, 10, 561718)
    assert np.bincount(data.y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    first = load("digits", n=1000)
    assert np.bincount(first.y).tolist() == [99, 102, 100, 104, 98, 100, 101, 99, 98, 99]
    assert np.flatnonzero(np.ptp(data.X, axis=0) == 0).tolist() == [0, 32, 39]


@pytest.mark.parametrize("kind", ["S'%s'", "V%s", *range(6)])
def test_cifar_batches_with_keys_of_python_2_and_3(kind: str | int, tmp_path: Path) -> None:
    pixels, labels = images(1, 3072)
    if isinstance(kind, int):
        content = pickle.dumps({"data": pixels, "labels": labels.astype(int)}, kind)
    else:
        content = python_2_batch(kind.encode(), pixels, labels[0])
    (tmp_path / "mine").write_bytes(content)
    data, found = python_batch(tmp_path / "mine")
    assert np.array_equal(data, pixels) and found.tolist() == labels.tolist()


def test_diabetes_is_a_regression_set() -> None:
    data = load("diabetes")
    assert (data.n, data.d, data.K, data.y.sum()) == (442, 10, None, 67243)


@pytest.mark.parametrize("name", MAKERS)
def test_drawn_sets_follow_their_seed(name: str) -> None:
    data = load(name, n=50, seed=3)
    assert data.X.shape == (50, 8) and data.K is None
    assert np.array_equal(data.X, load(name, n=50, seed=3).X)
    assert not np.array_equal(data.y, load(name, n=50, seed=4).y)
    assert load(name).n == 3000


def test_drawn_targets_are_the_functions_named() -> None:
    additive, linear, single = (load(name, n=200, seed=1) for name in ("additive", "linear", "single-index"))
    assert np.allclose(additive.y, np.abs(additive.X[:, :5]).sum(axis=1))
    u = np.linalg.lstsq(linear.X, linear.y, rcond=None)[0]
    assert np.allclose(linear.X @ u, linear.y) and np.isclose(np.linalg.norm(u), 1)
    assert np.allclose(single.y, single.X @ u + np.abs(single.X @ u) / 2)
    skew = load("skew")
    third = ((skew.X - skew.X.mean(axis=0)) ** 3).mean(axis=0) / skew.X.std(axis=0) ** 3
    assert (third > 1).all() and np.corrcoef(skew.X.T)[0, 1] > 0.3


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("where", ["", "MNIST/raw"])
def test_mnist_round_trip(tmp_path: Path, packed: bool, where: str) -> None:
    folder = tmp_path / where
    folder.mkdir(parents=True, exist_ok=True)
    pixels, labels = images(20, 28, 28)
    for stem in ("train", "t10k"):
        write_idx(folder, pixels, labels, packed, stem)
    for part in ("train", "test"):
        if packed:
            with pytest.warns(DataWarning, match="MD5"):
                data = load("mnist", tmp_path, n=12, split=part)
        else:
            data = load("mnist", tmp_path, n=12, split=part)
        assert np.array_equal(data.X, pixels[:12].reshape(12, -1) / 255) and data.X.dtype == np.float64
        assert np.array_equal(data.y, labels[:12]) and data.shape == (1, 28, 28) and data.K == 10


@pytest.mark.parametrize("protocol", [2, 5])
def test_cifar_python_round_trip(tmp_path: Path, protocol: int) -> None:
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    pixels, labels = write_batches(folder, binary=False, protocol=protocol)
    with pytest.warns(DataWarning, match="MD5"):
        data = load("cifar10", tmp_path)
    assert np.array_equal(data.X, pixels / 255) and np.array_equal(data.y, labels)
    assert data.shape == (3, 32, 32)


def test_cifar_binary_round_trip_reads_no_more_than_it_needs(tmp_path: Path) -> None:
    pixels, labels = write_batches(tmp_path, binary=True)
    for i in (3, 4, 5):
        (tmp_path / f"data_batch_{i}.bin").unlink()
    data = load("cifar10", tmp_path, n=11)
    assert np.array_equal(data.X, pixels[:11] / 255) and np.array_equal(data.y, labels[:11])
    with pytest.raises(DataError, match="data_batch_3"):
        load("cifar10", tmp_path, n=13)


def test_svhn_round_trip(tmp_path: Path) -> None:
    pixels = RNG.integers(0, 256, (32, 32, 3, 12), dtype=np.uint8)
    labels = np.arange(1, 13, dtype=np.uint8)[:, None] % 10 + 1
    savemat(tmp_path / "test_32x32.mat", {"X": pixels, "y": labels})
    with pytest.warns(DataWarning, match="MD5"):
        data = load("svhn", tmp_path, n=10, split="test")
    assert np.array_equal(data.X[4].reshape(3, 32, 32)[1], pixels[:, :, 1, 4] / 255)
    assert data.y.tolist() == [2, 3, 4, 5, 6, 7, 8, 9, 0, 1]


@pytest.mark.parametrize("packed", [False, True])
def test_housing_round_trip(tmp_path: Path, packed: bool) -> None:
    line = "-122.23,37.88,41.0,880.0,129.0,322.0,126.0,8.3252,452600.0\n"
    if packed:
        with tarfile.open(tmp_path / "cal_housing.tgz", "w:gz") as archive:
            member = tarfile.TarInfo("CaliforniaHousing/cal_housing.data")
            member.size = 2 * len(line)
            archive.addfile(member, io.BytesIO(2 * line.encode()))
    else:
        (tmp_path / "cal_housing.data").write_text(2 * line)
    data = load("california-housing", tmp_path)
    expected = [8.3252, 41, 880 / 126, 129 / 126, 322, 322 / 126, 37.88, -122.23]
    assert data.X.shape == (2, 8) and np.allclose(data.X[1], expected) and np.allclose(data.y, 4.526)


def test_prepared_rows_are_sorted_zscored_and_signed() -> None:
    data = prepare(*split(load("digits"), 300))
    assert data.labels is not None and (np.diff(data.labels) >= 0).all()
    varied = np.ptp(data.X, axis=0) > 0
    assert np.allclose(data.X.mean(axis=0), 0) and np.allclose(data.X[:, varied].std(axis=0, ddof=1), 1)
    assert (data.X[:, ~varied] == 0).all()
    assert set(np.unique(data.Y)) == {-1, 1} and (data.Y.argmax(axis=1) == data.labels).all()
    # Test rows take the training rows' statistics, not their own.
    assert data.X_test.shape == (1497, 64) and np.abs(data.X_test[:, varied].mean(axis=0)).max() > 0.01
    raw = load("digits")
    order = np.argsort(raw.y[:300], kind="stable")
    assert np.array_equal(zscore(raw.X[:300][order], raw.X[300:])[1], data.X_test)


def test_balanced_rows_are_the_first_of_each_class() -> None:
    raw = load("digits")
    train, test = balanced(raw, 50)
    assert np.bincount(train.y).tolist() == [50] * 10 and test is not None and test.n == 1297
    assert np.array_equal(train.X[train.y == 3], raw.X[raw.y == 3][:50])
    assert balanced(train, 50)[1] is None
    data = prepare(train, test, one_hot=True)
    assert set(np.unique(data.Y)) == {0, 1} and (data.Y.sum(axis=1) == 1).all()
    for dataset, count in ((raw, 175), (raw, 0), (load("diabetes"), 5)):
        with pytest.raises(DataError):
            balanced(dataset, count)


def test_prepared_regression_has_one_zscored_output() -> None:
    data = prepare(*split(load("diabetes"), 342, seed=1))
    assert data.labels is None and data.K == 1 and data.Y_test.shape == (100, 1)
    assert np.isclose(data.Y.mean(), 0) and np.isclose(data.Y.std(ddof=1), 1)


def test_classes_without_rows_are_left_out_with_a_warning() -> None:
    digits = load("digits", n=200)
    with pytest.warns(DataWarning, match=r"no training row of class \[3, 7\]"):
        data = prepare(rows(digits, ~np.isin(digits.y, [3, 7])))
    assert data.K == 8 and data.classes is not None and data.classes.tolist() == [0, 1, 2, 4, 5, 6, 8, 9]


def test_a_single_row_of_a_class_is_a_warning() -> None:
    few = Dataset(np.array([[0.0], [1.0], [2.0]]), np.array([0, 0, 1]), "few", "here", 2, (1,))
    with pytest.warns(DataWarning, match=r"a single training row of class \[1\]"):
        prepare(few)
