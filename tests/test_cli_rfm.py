"""`dufm rfm`: the layer table, files, JSON, interruption, and one line for each mistake."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import dufm.solvers.rfm.recursion
from dufm.theory.stated import ProblemError
from dufm.verification.cli.rfm import commands

SMALL = ["--n", "200", "--layers", "3", "--width", "64"]
FILES = {"layers.jsonl", *(f"rfm-{name}.{kind}" for name in ("nc", "gram") for kind in ("csv", "pdf", "png"))}


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are empty files: drawing takes longer than everything else here."""
    monkeypatch.setattr("dufm.paper_figs.style.render", lambda module, table: {"pdf": b"", "png": b""})


def rfm(*arguments: str) -> Result:
    return CliRunner().invoke(commands, [*SMALL, *arguments])


def test_the_table_the_log_and_the_figures(tmp_path: Path) -> None:
    done = rfm("--out", str(tmp_path))
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0] == "digits: 200 samples, 10 classes; 1597 held out"
    rows = [json.loads(line) for line in (tmp_path / "layers.jsonl").read_text().splitlines()]
    assert [row["layer"] for row in rows] == [1, 2, 3]
    for line, row in zip(lines[3:6], rows, strict=True):
        for value in (*row["nc1"], *row["nc2"]):
            assert f"{value:.3g}" in line
    assert f"NC1 went from {rows[0]['nc1'][0]:.3g} to {rows[-1]['nc1'][2]:.3g} over 3 layers" in done.output
    assert {path.name for path in tmp_path.iterdir()} == FILES
    assert (tmp_path / "rfm-gram.png").read_bytes().startswith(b"\x89PNG")


def test_json_and_shuffled_labels(tmp_path: Path, undrawn: None) -> None:
    done = rfm("--json", "--shuffle", "--out", str(tmp_path))
    found = json.loads(done.output)
    assert found["shuffled"] and found["n"] == 200 and found["settings"]["width"] == 64
    first, *_, last = found["layers"]
    assert first["train_accuracy"] == 1.0 and last["test_accuracy"] < 0.3
    assert {Path(path).name for path in found["files"]} == FILES


def test_notes_of_odd_data_are_printed(tmp_path: Path, undrawn: None) -> None:
    # Ten samples, one of each digit.
    done = CliRunner().invoke(commands, ["--n", "10", "--layers", "1", "--width", "8", "--out", str(tmp_path)])
    assert "note: 10 classes have a single sample" in done.output
    assert "note: digits: a single training row of class" in done.output
    assert "NC1 went from 0 to 0 over 1 layers." in done.output


def test_ctrl_c_keeps_finished_layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undrawn: None) -> None:
    whole = dufm.solvers.rfm.recursion.layers

    def interrupted(*arguments: object) -> Iterator[object]:
        stream = whole(*arguments)  # type: ignore[arg-type]
        yield next(stream)
        yield next(stream)
        raise KeyboardInterrupt

    monkeypatch.setattr("dufm.solvers.rfm.recursion.layers", interrupted)
    done = rfm("--out", str(tmp_path))
    assert done.exit_code != 0 and "over 2 layers" in done.output
    assert len((tmp_path / "layers.jsonl").read_text().splitlines()) == 2
    assert {path.name for path in tmp_path.iterdir()} == FILES


def idx(path: Path, values: np.ndarray, magic: int) -> None:
    """One file of MNIST's format."""
    header = np.array([magic, *values.shape], dtype=">u4").tobytes()
    path.write_bytes(header + values.astype(np.uint8).tobytes())


def test_other_sets_come_from_local_files(tmp_path: Path, undrawn: None) -> None:
    generator = np.random.default_rng(0)
    for part, count in (("train", 60), ("t10k", 1000)):
        idx(tmp_path / f"{part}-images-idx3-ubyte", generator.integers(256, size=(count, 28, 28)), 0x803)
        idx(tmp_path / f"{part}-labels-idx1-ubyte", np.arange(count) % 10, 0x801)
    arguments = ["--data", "mnist", "--root", str(tmp_path), "--n", "60", "--layers", "2", "--width", "32"]
    done = CliRunner().invoke(commands, [*arguments, "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "mnist: 60 samples, 10 classes; 1000 held out" in done.output
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(b"<html>")
    done = CliRunner().invoke(commands, [*arguments, "--out", str(tmp_path / "out")])
    assert isinstance(done.exception, ProblemError) and "train-labels-idx1-ubyte" in str(done.exception)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--layers 0", "--layers must be an integer >= 1, got 0"),
        ("--width 0", "width must be an integer >= 1, got 0"),
        ("--ridge -1", "ridge must be a finite number >= 0, got -1.0"),
        ("--ridge nan", "ridge must be a finite number >= 0, got nan"),
        ("--bandwidth 0", "bandwidth must be a finite number > 0, got 0.0"),
        ("--sigma 0", "sigma must be a finite number > 0, got 0.0"),
        ("--kernel ntk", "kernel must be one of laplace, gaussian, got 'ntk'"),
        ("--map tanh", "map must be one of relu, cosine, identity, got 'tanh'"),
        ("--matrix I", "matrix must be one of agop, identity, got 'I'"),
        ("--seed=-1", "seed must be an integer >= 0, got -1"),
        ("--memory 0", "--memory must be a finite number > 0, got 0.0"),
        ("--memory 0.0001", "n = 200 samples with 64 features need 0.02 GiB of memory, 0.00 GiB are allowed"),
        ("--n 2000", "2000 samples"),
        ("--n 0", "--n must be an integer >= 1, got 0"),
        ("--n 1", "two classes"),
        ("--data iris", "iris"),
        ("--data diabetes", "--data must be a set of labelled samples"),
        ("--data mnist", "mnist"),
    ],
)
def test_mistakes_get_one_line(arguments: str, words: str, tmp_path: Path) -> None:
    done = rfm(*arguments.split(), "--out", str(tmp_path / "out"))
    assert isinstance(done.exception, ProblemError), done.output
    assert words in str(done.exception) and "\n" not in str(done.exception)


def test_an_out_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = rfm("--out", str(tmp_path / "file"))
    assert isinstance(done.exception, ProblemError) and "--out" in str(done.exception)
