"""Files of weights by other programs: what PyTorch and safetensors wrote is read; what is built to harm is refused."""

import io
import json
import pickle
import tracemalloc
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dufm.solvers.weight_files import limits, reading
from dufm.solvers.weight_files.arranging import arrange
from dufm.solvers.weight_files.reading import read_arrays
from dufm.theory.stated import ProblemError
from dufm.verification.answers.weight_file import read_weight_file
from dufm.verification.atlas.records import FOLDER, read_file
from dufm.verification.base.certificate import entries

# Written by PyTorch 2.15 and safetensors 0.7 from the last record of three classes and four layers.
DATA = Path("tests/data/weights")
CELL, RECORD = [pair for pair in read_file(FOLDER / "K03_L4.json").items() if pair[1]["certificate"]][-1]
TRUE = [np.array(m, dtype=float) for m in entries(RECORD["certificate"])]


@pytest.mark.parametrize("name", ["state_dict.pt", "checkpoint.pt", "weights.safetensors", "bfloat16.pt"])
def test_what_others_wrote_is_read(name: str) -> None:
    read = read_weight_file(DATA / name, "0.1")
    near = 2.0**-8 if "bfloat" in name else 0.0
    assert (read.problem.K, read.problem.L, read.problem.n) == (3, 4, 1) and len(read.weights) == len(TRUE)
    for own, true in zip(read.weights, TRUE, strict=True):
        assert own.dtype == np.float64 and np.all(abs(own - true) <= near * abs(true))


def test_a_whole_model_is_refused_by_what_it_would_run() -> None:
    with pytest.raises(ProblemError, match="is no tensor, and is not run; save the tensors alone"):
        read_arrays(DATA / "whole_model.pt")


class Bomb:
    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> Any:
        return Path.touch, (self.place,)


def torch_file(path: Path, program: bytes, storages: dict[str, bytes] | None = None, how: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", how) as file:
        file.writestr("archive/data.pkl", program)
        file.writestr("archive/byteorder", b"little")
        for name, content in (storages or {"0": np.arange(4.0).tobytes()}).items():
            file.writestr(f"archive/data/{name}", content)
    return path


def tensor(shape: str, strides: str, offset: int = 0, kind: bytes = b"DoubleStorage", key: bytes = b"0") -> bytes:
    """The pickle of a dictionary of one tensor."""

    def number(text: str) -> bytes:
        return b"".join(b"J" + int(x).to_bytes(4, "little", signed=True) for x in text.split())

    def word(text: bytes) -> bytes:
        return b"X" + len(text).to_bytes(4, "little") + text

    storage = b"(" + word(b"storage") + b"ctorch\n" + kind + b"\n" + word(key) + word(b"cpu") + b"K\x04tQ"
    start = b"\x80\x02}" + word(b"H") + b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage
    sizes = number(str(offset)) + b"(" + number(shape) + b"t(" + number(strides) + b"t\x89}tRs."
    return start + sizes


def test_the_pickle_of_the_tests_is_one_that_is_read(tmp_path: Path) -> None:
    (found,) = read_arrays(torch_file(tmp_path / "a.pt", tensor("2 2", "1 2"))).values()
    assert found.tolist() == [[0.0, 2.0], [1.0, 3.0]]


def nested() -> bytes:
    """A key that is slow to hash, each tuple twice the one before; sixty of them would take longer than anybody has."""
    return b"\x80\x02}(" + b")" + b"q\x00h\x00\x86" * 22 + b"K\x01u."


HOSTILE: dict[str, tuple[bytes, str]] = {
    "a call": (b"\x80\x02cos\nsystem\nX\x02\0\0\0ls\x85R.", "os.system"),
    "a class of pathlib": (b"\x80\x02cpathlib\nPath\nX\x01\0\0\0x\x85R.", "pathlib.Path"),
    "getattr of a function": (b"\x80\x02c__builtin__\ngetattr\nctorch._utils\n_rebuild_tensor\n\x85R.", "getattr"),
    "an extension code": (b"\x80\x02\x82\x01.", "EXT1"),
    "an instance": (b"\x80\x02(ios\nsystem\n.", "INST"),
    "a persistent number": (b"\x80\x02K\x01Q.", "a storage that torch.save does not write"),
    "a stack that is empty": (b"\x80\x02.", "a broken pickle"),
    "no end": (b"\x80\x02}", "pickle exhausted before seeing STOP"),
    "a memory of nothing": (b"\x80\x02h\x05.", "a broken pickle"),
    "keys that are slow to hash": (nested(), "keys are no text"),
    "a huge memo": (b"\x80\x02}r\xff\xff\xff\x7f.", "holds no arrays"),
    "beyond the storage": (tensor("3 2", "2 1"), "beyond its storage"),
    "one beyond the storage": (tensor("5", "1"), "beyond its storage"),
    "before the storage": (tensor("2", "1", -1), "beyond its storage"),
    "backwards": (tensor("4", "-1", 3), "beyond its storage"),
    "the same number very often": (tensor("60000 60000", "0 0"), "more than"),
    "sides below zero": (tensor("-2 2", "2 1"), "no shape"),
    "ten axes": (tensor("1 1 1 1 1 1 1 1 1 1", "1 1 1 1 1 1 1 1 1 1"), "no shape"),
    "complex numbers": (tensor("2", "1", kind=b"ComplexDoubleStorage"), "ComplexDoubleStorage"),
    "a storage that is not there": (tensor("2", "1", key=b"../../etc"), "is missing"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_torch_file_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    program, words = HOSTILE[name]
    tracemalloc.start()
    with pytest.raises(ProblemError, match=words) as caught:
        read_arrays(torch_file(tmp_path / "a.pt", program))
    assert "\n" not in str(caught.value) and tracemalloc.get_traced_memory()[1] < 20 << 20
    tracemalloc.stop()


def test_nothing_that_a_pickle_names_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    program = pickle.dumps(OrderedDict(H=Bomb(mark)), protocol=2)
    pickle.loads(program)
    assert mark.exists(), "the bomb works where it is let"
    mark.unlink()
    with pytest.raises(ProblemError):
        read_arrays(torch_file(tmp_path / "a.pt", program))
    for name, content in (("bare.pt", program), ("object.npy", b"")):
        file = tmp_path / name
        file.write_bytes(content) if content else np.save(file, np.array([Bomb(mark)]), allow_pickle=True)
        with pytest.raises(ProblemError):
            read_arrays(file)
    assert not mark.exists()


def test_what_is_packed_is_not_unpacked(tmp_path: Path) -> None:
    zeros = {"0": bytes(50 << 20)}
    with pytest.raises(ProblemError, match="is packed"):
        read_arrays(torch_file(tmp_path / "a.pt", tensor("2", "1"), zeros, zipfile.ZIP_DEFLATED))


def safetensors(path: Path, header: Any, data: bytes = bytes(32), size: int | None = None) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes((len(text) if size is None else size).to_bytes(8, "little") + text + data)
    return path


def said(**changed: Any) -> dict[str, Any]:
    return {"H": {"dtype": "F64", "shape": [2, 2], "data_offsets": [0, 32]} | changed}


@pytest.mark.parametrize(
    ("header", "size", "words"),
    [
        (said(), 1 << 60, "a header of"),
        (b"[]", None, "no object"),
        (b'{"H":1,"H":2}', None, "a name twice"),
        (b"[" * 100_000, None, "recursion"),
        (said(shape=[2, 3]), None, "is not at"),
        (said(shape=[1 << 40, 1 << 40]), None, "more than"),
        (said(shape=[-2, -2]), None, "no shape"),
        (said(shape=[2.0, 2]), None, "no shape"),
        (said(data_offsets=[16, 48]), None, "is not at"),
        (said(data_offsets=[-32, 0]), None, "is not at"),
        (said(dtype="F128"), None, "of kind"),
        ({"H": 3}, None, "has no dtype"),
    ],
)
def test_a_hostile_safetensors_file_is_refused(header: Any, size: int | None, words: str, tmp_path: Path) -> None:
    assert read_arrays(safetensors(tmp_path / "good", said()))["H"].shape == (2, 2)
    with pytest.raises(ProblemError, match=words):
        read_arrays(safetensors(tmp_path / "bad", header, size=size))


def test_limits_of_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.npz"
    np.savez(file, H=np.zeros((9, 9)))
    monkeypatch.setattr(limits, "MOST_NUMBERS", 80)
    with pytest.raises(ProblemError, match="more than 80 numbers"):
        read_arrays(file)
    monkeypatch.setattr(reading, "MOST_BYTES", 100)
    with pytest.raises(ProblemError, match="at most 100 are read"):
        read_arrays(file)


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"PK\x03\x04", b"hello", b"\x80\x02}.", bytes(100)])
def test_what_is_no_file_of_weights_is_one_line(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(content)
    for path in (tmp_path / "a", tmp_path, tmp_path / "missing"):
        with pytest.raises(ProblemError, match="weights file"):
            read_arrays(path)


def named(*shapes: tuple[int, int], names: str = "H W1 W2 W3 W4") -> dict[str, np.ndarray]:
    return {name: np.ones(shape) for name, shape in zip(names.split(), shapes, strict=False)}


def test_matrices_are_found_by_name() -> None:
    arrays = named((3, 6), (6, 4), (4, 3), names="net.10.weight net.2.weight a.features")
    arrays |= {"net.2.bias": np.zeros(6), "step": np.array(3)}
    found = arrange(arrays)
    assert found.names == ("a.features", "net.2.weight", "net.10.weight") and (found.K, found.L, found.n) == (3, 2, 1)
    assert found.notes == ("left out net.2.bias 6", "left out step number")


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        (named((3, 5), (5, 6), (6, 3)), "they fit with --transpose all"),
        (named((5, 3), (5, 6), (6, 3)), "they fit with --transpose W"),
        (named((3, 5), (6, 5), (3, 6)), "they fit with --transpose H"),
        (named((3, 6), (6, 5), (5, 3)), "they fit with --transpose all"),
        (named((3, 6), (6, 5), (5, 3), names="A B C"), "they fit with --"),
        (named((5, 3), (6, 5), (3, 7)), r"W_2 \(W2\) is 3 x 7 and must have 6 columns, the rows of W_1 \(W1\); H_1 is"),
        (named((5, 4), (6, 5), (3, 6)), r"H_1 \(H\) is 5 x 4 and must have K n columns, K = 3 being the rows of W_2"),
        (named((5, 3)), "two matrices or more"),
        ({"H": np.full((3, 3), np.nan), "W1": np.eye(3)}, "must be finite, H is not"),
        (named((3, 3), (3, 3)) | {"bias": np.ones(3)}, "no biases, and bias is not zero"),
    ],
)
def test_shapes_that_do_not_fit_say_what_would(arrays: dict[str, np.ndarray], words: str) -> None:
    with pytest.raises(ProblemError, match=words):
        arrange(arrays)


def reader(name: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        if name == "npz":
            np.savez(path, **{f"W{i}" if i else "H": w for i, w in enumerate(TRUE)})
        else:
            np.save(path, np.stack([np.eye(3)] * 4))

    return write


@pytest.mark.parametrize("name", ["npz", "npy"])
def test_numpy_files_are_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{name}"
    reader(name)(path)
    found = arrange(read_arrays(path))
    assert (found.K, found.L) == (3, 4 if name == "npz" else 3)
    assert io.BytesIO(path.read_bytes()).read(2) in (b"PK", b"\x93N")


def test_an_archive_of_zeros_is_refused_before_room_is_made(tmp_path: Path) -> None:
    file = tmp_path / "a.npz"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("H.npy", "w", force_zip64=True) as member:
            for _ in range(160):
                member.write(bytes(1 << 20))
    tracemalloc.start()
    with pytest.raises(ProblemError, match="unpacks to more than"):
        read_arrays(file)
    assert tracemalloc.get_traced_memory()[1] < 20 << 20
    tracemalloc.stop()
