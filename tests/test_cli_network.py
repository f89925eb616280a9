"""`dufm network`: tables, JSON, files that a second run goes on from, and one line for every mistake."""

import io
import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from dufm.theory.stated import ProblemError
from dufm.verification.checker import check
from dufm.verification.cli.network import network
from dufm.verification.cli.network_run import DataSource, NetworkRequest, run_network

SOURCE = DataSource("digits", None, None, 20)


class Screen(Console):
    """Collects what a command prints."""

    def __init__(self) -> None:
        super().__init__(width=200, file=io.StringIO())

    @property
    def text(self) -> str:
        return self.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]


def go(net: str, out: Path, settings: dict, resume: bool = False, as_json: bool = False, **changed: Any) -> str:
    screen = Screen()
    source = replace(SOURCE, **changed)
    run_network(NetworkRequest(net, source, settings, None, 0, "cpu", resume, out, as_json), screen)
    return screen.text


def test_a_perceptron_gets_its_table_and_files(tmp_path: Path) -> None:
    text = go("mlp", tmp_path, {"depth": 2, "width": 16, "epochs": 3}, n=100)
    assert "S V^T" in text and "NFA at 0" in text and "held-out" in text and "All epochs done" in text
    lines = (tmp_path / "digits_mlp_seed0.csv").read_text().splitlines()
    assert lines[0].startswith("epoch,loss,accuracy,layer,nc1_in") and len(lines) == 1 + 4 * 3


def test_a_head_goes_on_from_its_file_and_is_certified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = {"rate": 0.3, "batch": 50}
    go("head", tmp_path, settings | {"epochs": 2}, per_class=50)
    with pytest.raises(ProblemError, match="--epochs must be >= the 2"):
        go("head", tmp_path, settings | {"epochs": 1}, resume=True, per_class=50)
    with pytest.raises(ProblemError, match="--resume: .* other settings"):
        go("head", tmp_path, settings | {"epochs": 3, "rate": 0.2}, resume=True, per_class=50)
    go("head", tmp_path, settings | {"epochs": 300}, resume=True, as_json=True, per_class=50)
    record = json.loads(capsys.readouterr().out)
    assert record["epoch"] == 300 and [s["epoch"] for s in record["snapshots"]][:4] == [0, 1, 2, 30]
    losses = record["losses"]
    assert float(losses["best_columns"]) < min(losses["dnc"]["loss"], losses["network"])
    assert check(Path(losses["certificate"]).read_bytes()).ok


def test_divergence_is_said_and_exits_1(tmp_path: Path) -> None:
    import typer

    with pytest.raises(typer.Exit) as caught:
        go("head", tmp_path, {"rate": 1e9, "epochs": 2})
    assert caught.value.exit_code == 1


@pytest.mark.parametrize(
    ("net", "settings", "changed", "words"),
    [
        ("vgg", {}, {}, "--net must be one of mlp, head, conv, resnet20, got 'vgg'"),
        ("mlp", {"feature_decay": 0.1}, {}, "--feature-decay needs a head"),
        ("mlp", {"width": 0}, {}, "--width must be an integer >= 1, got 0"),
        ("mlp", {}, {"name": "diabetes"}, "classes"),
        ("head", {}, {"name": "mnist"}, "--root"),
        ("head", {"rate": 0.0}, {}, "--decay and --rate must be > 0"),
        ("head", {}, {"per_class": 1000}, "1 to 174 rows a class, found 1000"),
        ("mlp", {}, {"n": 5000}, "5000 samples, found 1797"),
    ],
)
def test_mistakes(net: str, settings: dict, changed: dict, words: str, tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match=words):
        go(net, tmp_path, settings, **changed)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(find_spec("torch") is not None, reason="PyTorch is installed")
def test_without_pytorch_convolutions_say_so(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match="--net conv needs PyTorch, which is not installed: pip install"):
        go("conv", tmp_path, {})


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
def test_a_convolutional_head_goes_on_from_its_file(tmp_path: Path) -> None:
    text = go("conv", tmp_path, {"epochs": 1, "width": 12})
    assert "images a second" in text and "features" in text
    assert "All epochs done" in go("conv", tmp_path, {"epochs": 2, "width": 12}, resume=True)


def test_help_shows_an_example() -> None:
    assert "Example: dufm network" in (network.__doc__ or "")
