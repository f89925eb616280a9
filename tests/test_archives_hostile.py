"""Archives and certificates made to do harm: refused before room is made for what they claim, in one line, code 2."""

import importlib
import io
import json
import os
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_read_again import kept_chains, kept_solution, kept_state, kept_training, set_at

from dufm.solvers.base import packed
from dufm.solvers.base.files import DAMAGE, read_archive, write_archive
from dufm.solvers.search import solution
from dufm.theory.stated import ProblemError
from dufm.verification.cli import app

Parts = dict[str, bytes]


def header(shape: tuple[int, ...], kind: str = "<f8") -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": kind, "fortran_order": False, "shape": shape})
    return file.getvalue()


def as_file(array: Any, pickled: bool = False) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(array), allow_pickle=pickled)
    return file.getvalue()


class Bomb:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> Any:
        return Path.touch, (self.place,)


def parts_of(path: Path) -> Parts:
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def pack(path: Path, parts: Parts) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)


def submitted(path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that `dufm submit` ends with."""
    monkeypatch.setattr("sys.argv", ["dufm", "submit", str(path), "--atlas", str(path.parent)])
    with pytest.raises(SystemExit) as ended:
        app.main()
    shown = capsys.readouterr()
    assert ended.value.code == 2 and shown.out == "" and shown.err.count("\n") == 1, shown
    assert shown.err.startswith("error: ") and path.name in shown.err
    return shown.err


HOSTILE: dict[str, tuple[Callable[[Path], Parts], str]] = {
    "unpacks to gigabytes": (lambda p: {"factor_9.npy": header((1 << 22,)) + bytes(1 << 25)}, "it unpacks to"),
    "claims a large shape": (lambda p: {"factor_0.npy": header((10**6, 10**6)) + bytes(64)}, "claims shape"),
    "claims a shape below zero": (lambda p: {"factor_0.npy": header((-2, -4)) + bytes(64)}, "claims shape"),
    "holds too much": (lambda p: {"factor_0.npy": header((2, 2)) + bytes(64)}, "claims shape"),
    "a pickle": (lambda p: {"factor_0.npy": as_file([Bomb(p.with_name("harmed"))], True)}, "holds object"),
    "complex": (lambda p: {"factor_0.npy": as_file(np.eye(3) * (1 + 1j))}, "holds complex128"),
    "not an array": (lambda p: {"factor_0.npy": b"nothing"}, "magic"),
    "more than was written": (
        lambda p: {"factor_9.npy": as_file(np.eye(3))},
        "field factor_9 is not as it was written",
    ),
    "no record": (lambda p: {"record.npy": as_file(np.eye(3))}, "record is no text"),
    "a deep record": (lambda p: {"record.npy": as_file("[" * 10**5)}, "recursion"),
    "a list for a record": (lambda p: {"record.npy": as_file("[]")}, "record is no JSON object"),
    "no fields": (lambda p: {"record.npy": as_file("{}")}, "no field 'format'"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_an_archive_that_claims_what_it_is_not_is_refused_before_it_is_unpacked(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = kept_solution(tmp_path / "mine.npz")[0]
    made, words = HOSTILE[name]
    # A gigabyte in little, for a test to write.
    monkeypatch.setattr(packed, "MOST_BYTES", 1 << 24)
    pack(path, parts_of(path) | made(path))
    assert path.stat().st_size < 1 << 16
    # What the command imports is no part of the reading.
    importlib.import_module("dufm.verification.cli.map")
    tracemalloc.start()
    try:
        assert words in submitted(path, monkeypatch, capsys)
        assert tracemalloc.get_traced_memory()[1] < 1 << 24
    finally:
        tracemalloc.stop()
    assert not (tmp_path / "harmed").exists()


FORGED: dict[str, tuple[Callable[[dict[str, Any], dict[str, np.ndarray]], Any], str]] = {
    "NaN": (lambda r, a: a["factor_0"].__setitem__((0, 0), np.nan), "must hold finite floats"),
    "infinity": (lambda r, a: a["factor_0"].__setitem__((0, 0), np.inf), "must hold finite floats"),
    "1e300": (lambda r, a: a["factor_0"].__setitem__((0, 0), 1e300), "field loss says"),
    "integers": (lambda r, a: a.update(factor_0=np.ones((7, 3), dtype=int)), "must hold finite floats"),
    "strength": (lambda r, a: r["problem"].update(lambdas=[[10**400, 1]] * 4), ""),
    "classes": (lambda r, a: r["problem"].update(K=10**6, width=10**6), "must have K = 1000000 columns"),
    "layers": (lambda r, a: r["problem"].update(L=10**9), "lambdas must be"),
    "factors": (lambda r, a: r.update(factors=10**9), "no field"),
    "one axis": (lambda r, a: a.update(factor_0=np.ones(21)), ""),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_solution_is_one_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, form, _ = kept_solution(tmp_path / "mine.npz")
    record, arrays = read_archive(path, form)
    forge, words = FORGED[name]
    forge(record, arrays)
    write_archive(path, form, record, arrays)
    assert words in submitted(path, monkeypatch, capsys)


WRONG: list[Any] = [None, True, -1, 1.5, "", "x", [], {}, [[]], [None], {"a": 1}, 10**400, float("nan")]


@pytest.mark.parametrize("made", [kept_solution, kept_state, kept_training, kept_chains])
def test_a_field_of_a_wrong_kind_is_one_line_or_harmless(made: Callable[[Path], Any], tmp_path: Path) -> None:
    path, form, load = made(tmp_path / "kept.npz")
    record, arrays = read_archive(path, form)
    inner = [[name, key] for name, value in record.items() if isinstance(value, dict) for key in value]
    refused = 0
    for keys in [*([name] for name in record), *inner]:
        for value in WRONG:
            spoiled = json.loads(json.dumps(record))
            set_at(spoiled, keys, value)
            write_archive(path, form, spoiled, arrays)
            try:
                load()
            except ProblemError as error:
                refused += 1
                assert "\n" not in str(error)
    assert refused > 10


CERTIFICATES: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "NaN": (lambda c: c["witness"][0]["rows"][0].__setitem__(0, float("nan")), ""),
    "1e300": (lambda c: c["witness"][0]["rows"][0].__setitem__(0, 1e300), "not an integer"),
    "lambda": (lambda c: c["problem"].update(lambdas=[[10**400, 1]] * 5), "a part of lambdas"),
    "lambda of NaN": (lambda c: c["problem"]["lambdas"][0].__setitem__(0, float("nan")), ""),
    "no strengths": (lambda c: c["problem"].pop("lambdas"), "exactly the keys"),
    "no problem": (lambda c: c.pop("problem"), "exactly the keys"),
    "no witness": (lambda c: c.pop("witness"), "exactly the keys"),
    "classes": (lambda c: c["problem"].update(K=10**6), "K must be an integer from 2 to 1000"),
    "another kind": (lambda c: c.update(kind="none"), "kind must be"),
    "a list": (lambda c: c.update(problem=[]), "exactly the keys"),
}


@pytest.mark.parametrize("name", CERTIFICATES)
def test_a_spoiled_certificate_that_is_submitted_is_one_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    held = json.loads((Path(app.__file__).parents[2] / "atlas" / "K03_L4.json").read_bytes())["records"]
    certificate = next(record["certificate"] for record in held if record["certificate"])
    spoil, words = CERTIFICATES[name]
    spoil(certificate)
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(certificate))
    said = submitted(path, monkeypatch, capsys)
    assert words in said and "not a point certificate" in said


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on this system")
@pytest.mark.parametrize("name", ["mine.npz", "mine.json"])
def test_a_pipe_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / name)
    assert "not a plain file" in submitted(tmp_path / name, monkeypatch, capsys)


def test_a_fault_of_the_program_is_not_called_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = kept_solution(tmp_path / "mine.npz")[0]
    for fault in (AttributeError, RuntimeError, NotImplementedError, AssertionError, MemoryError, FloatingPointError):
        assert not issubclass(fault, DAMAGE)

        def broken(*_: Any, fault: type[Exception] = fault) -> None:
            raise fault

        monkeypatch.setattr(solution, "loss_of", broken)
        with pytest.raises(fault):
            solution.load(path)
