"""`dufm rfm`: a Deep RFM on a data set, one line a layer as they come, with figures of how it collapses."""

import json
import time
import warnings
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from dufm.verification.cli import options as checked

commands = typer.Typer()
console = Console()

STAGES = f"{'X':>11}{'X M^1/2':>11}{'Phi':>11}"
HEADER = f"layer    d | {STAGES} | {STAGES} | train   test |    s   left"
# Held-out samples of sets that come with a test split of thousands.
TEST = 1000


@commands.command()
def rfm(
    data: Annotated[str, typer.Option(help="digits, mnist, fashion-mnist, cifar10, svhn.")] = "digits",
    layers: Annotated[int, typer.Option(help="Layers, >= 1.")] = 8,
    n: Annotated[int, typer.Option("--n", help="Training samples: the first n.")] = 1000,
    root: Annotated[Path | None, typer.Option(help="Folder of the data files; digits need none.")] = None,
    feature_map: Annotated[str, typer.Option("--map", help="relu, cosine or identity.")] = "relu",
    width: Annotated[int, typer.Option(help="Features after a map.")] = 512,
    sigma: Annotated[float, typer.Option(help="Scale of the cosine map's frequencies.")] = 0.02,
    frequencies: Annotated[str, typer.Option(help="Of the cosine map: cauchy, cauchy-mv or gauss.")] = "cauchy",
    kernel: Annotated[str, typer.Option(help="laplace or gaussian.")] = "laplace",
    bandwidth: Annotated[float, typer.Option(help="Of the kernel; samples have length 1.")] = 2.0,
    ridge: Annotated[float, typer.Option(help="Of the regressions, >= 0.")] = 0.0,
    matrix: Annotated[str, typer.Option(help="agop, or identity to see what happens without it.")] = "agop",
    shuffle: Annotated[bool, typer.Option(help="Permute the training labels.")] = False,
    seed: Annotated[int, typer.Option(help="Fixes the maps and the permutation.")] = 0,
    memory: Annotated[float | None, typer.Option(help="GiB allowed; what is free if not given.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for layers.jsonl and the figures.")] = Path("out/rfm"),
    quiet: Annotated[bool, typer.Option(help="Print only the summary.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")] = False,
) -> None:
    """Deep recursive feature machine: collapse by kernel regression, its average gradient outer product, random maps.

    Ctrl-C keeps the layers that are finished. Large n is worth more cores: DUFM_BLAS_THREADS=8 dufm rfm ...

    Example: dufm rfm --data digits --layers 8
    """
    from dufm.solvers.rfm.kernels import Kernel
    from dufm.solvers.rfm.settings import DeepSettings

    checked.integers(1, layers=layers, n=n, width=width)
    checked.integers(0, seed=seed)
    checked.numbers(above=0, memory=memory, bandwidth=bandwidth, sigma=sigma)
    checked.numbers(least=0, ridge=ridge)
    checked.folder(out)
    settings = DeepSettings(
        depth=layers,
        kernel=Kernel(kernel, bandwidth),
        ridge=ridge,
        map=feature_map,
        width=width,
        sigma=sigma,
        frequencies=frequencies,
        matrix=matrix,
        seed=seed,
    )
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        found = read(data, root, n)
        X, labels = _shuffled(found.X, found.labels, seed) if shuffle else (found.X, found.labels)
        about = {"data": found.name, "source": found.source, "n": len(found.X), "shuffled": shuffle}
        about["settings"] = asdict(settings)
        run_layers(replace(found, X=X, labels=labels), settings, about, memory, out, quiet or as_json, as_json, notes)


def read(name: str, root: Path | None, n: int) -> Any:
    """Training rows (the first n) and held-out ones, prepared: what is left of a bundled set, or a test split's first.

    Raises:
        ProblemError: for data that cannot be used, or that have no classes.
    """
    from dufm.solvers.datasets import FILES, DataError, load, prepare, split

    if name in FILES:
        train, test = load(name, root, n), load(name, root, TEST, split="test")
    else:
        whole = load(name, root)
        train, test = split(whole, n) if 1 <= n < whole.n else (load(name, root, n), None)
    if train.K is None:
        raise DataError(name, "classes", "real targets; --data must be a set of labelled samples")
    return prepare(train, test)


def _shuffled(X: Any, labels: Any, seed: int) -> tuple[Any, Any]:
    """Labels dealt out anew, and the rows in the order of what they got."""
    import numpy as np

    dealt = np.random.default_rng(seed).permutation(labels)
    order = np.argsort(dealt, kind="stable")
    return X[order], dealt[order]


def run_layers(
    found: Any,
    settings: Any,
    about: dict[str, Any],
    memory: float | None,
    out: Path,
    quiet: bool,
    as_json: bool,
    notes: list[warnings.WarningMessage],
) -> None:
    from dufm.solvers.base.whole import write_whole
    from dufm.solvers.rfm.recursion import layers
    from dufm.verification.cli.extensions import extension
    from dufm.verification.cli.interrupt import NOTHING

    checked.folder(out)
    held_out = (found.X_test, found.labels_test) if len(found.X_test) else None
    stream = layers(found.X, found.labels, settings, held_out, memory)
    rows: list[Any] = []
    figures = extension("rfm-figures")(settings, len(found.X))
    interrupted = False
    if not quiet:
        _say(f"{found.name}: {len(found.X)} samples, {found.K} classes; {len(found.X_test)} held out")
        _say(f"{'':10} | {'NC1':^33} | {'NC2':^33} |")
        _say(HEADER)
    try:
        with open(out / "layers.jsonl", "w") as log:
            for layer, seconds, left in _timed(stream, settings.depth):
                rows.append(layer.row)
                log.write(json.dumps(asdict(layer.row)) + "\n")
                log.flush()
                figures.add(layer)
                if not quiet:
                    _say(_line(layer.row, seconds, left))
    except KeyboardInterrupt:
        interrupted = True
        if not rows:
            raise KeyboardInterrupt(NOTHING) from None
    files = [out / "layers.jsonl"]
    for name, content in figures.files().items():
        write_whole(out / name, content)
        files.append(out / name)
    said = list(dict.fromkeys(str(note.message) for note in notes))
    if as_json:
        listed = {"layers": [asdict(row) for row in rows], "notes": said, "files": [str(path) for path in files]}
        print(json.dumps(about | {"interrupted": interrupted} | listed, indent=1))
    else:
        for words in (*(f"note: {words}" for words in said), *summary(rows), f"Saved {len(files)} files in {out}"):
            _say(words)
    if interrupted:
        raise KeyboardInterrupt(f"{len(rows)} layers are in {out / 'layers.jsonl'}")


def _timed(stream: Iterator[Any], depth: int) -> Iterator[tuple[Any, float, float]]:
    """Layers with the seconds each took and those that are probably left: layers after the first are alike."""
    began = time.monotonic()
    for i, layer in enumerate(stream, start=1):
        now = time.monotonic()
        yield layer, now - began, (depth - i) * (now - began)
        began = time.monotonic()


def _line(row: Any, seconds: float, left: float) -> str:
    parts = ["".join(f"{value:11.3g}" for value in values) for values in (row.nc1, row.nc2)]
    test = f"{row.test_accuracy:6.3f}" if row.test_accuracy is not None else "     -"
    accuracy = f"{row.train_accuracy:6.3f} {test}"
    return f"{row.layer:5d}{row.features:5d} | {parts[0]} | {parts[1]} |{accuracy} |{seconds:5.1f}{left:7.0f}"


def summary(rows: list[Any]) -> list[str]:
    """Sentences on what the layers did to NC1 (of X, to the end of the last layer)."""
    first, last = rows[0].nc1[0], rows[-1].nc1[2]
    words = [f"NC1 went from {first:.3g} to {last:.3g} over {len(rows)} layers"]
    # Classes of one sample each are collapsed from the start; classes with one mean are infinitely far from it.
    if all(0.0 < value < float("inf") for row in rows for value in row.nc1):
        words[0] += f", by a factor of {(last / first) ** (1 / len(rows)):.3f} a layer:"
        steps = {
            "M^1/2": [row.nc1[1] / row.nc1[0] for row in rows],
            "the map": [row.nc1[2] / row.nc1[1] for row in rows],
        }
        said = (f"{name} multiplies it by {min(v):.3f} to {max(v):.3f}" for name, v in steps.items())
        words.append("; ".join(said) + ".")
    else:
        words[0] += "."
    jitter = max(row.jitter for row in rows)
    if jitter:
        words.append(f"Up to {jitter:g} was added to the diagonal of a kernel matrix.")
    return words


def _say(words: str) -> None:
    console.print(words, highlight=False, markup=False, soft_wrap=True)
