"""`dufm train`: gradient descent on the DUFM, many runs over a grid of hyper-parameters, with what they end in."""

import json
import time
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from dufm.theory.stated import ProblemError, exact_number
from dufm.verification.base.number_lists import read_numbers
from dufm.verification.cli import options as checked
from dufm.verification.cli.heartbeat import alive
from dufm.verification.cli.interrupt import keeping, pressed
from dufm.verification.cli.live import live_line
from dufm.verification.cli.output import Json, show_table

commands = typer.Typer()
console = Console()
SAVE_SECONDS = 10.0
MOST_RUNS = 100_000


@commands.command()
def train(
    K: Annotated[int | None, typer.Option("--K", help="Classes, >= 2; 10 unless --classes says it.")] = None,
    L: Annotated[int, typer.Option("--L", help="Weight layers, >= 1.")] = 4,
    lam: Annotated[str, typer.Option("--lam", help="Weight decay of every factor; several: 0.002,0.004.")] = "0.004",
    lr: Annotated[str, typer.Option("--lr", help="Constant learning rate; several: 0.1,0.5.")] = "0.5",
    width: Annotated[str, typer.Option(help="Hidden width, >= K; several: 20,30,64.")] = "30",
    scale: Annotated[str, typer.Option(help="Size of the start; several: 0.5,1.")] = "1",
    n: Annotated[int, typer.Option("--n", help="Samples a class, each a free column of H_1.")] = 1,
    runs: Annotated[int, typer.Option(help="Runs at every point of the grid.")] = 10,
    steps: Annotated[int | None, typer.Option(help="Most steps; 200 / (lr lam) if not given.")] = None,
    seed: Annotated[int, typer.Option(help="Fixes every start.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for the runs (.npz) and a certificate.")] = Path("out/train"),
    resume: Annotated[bool, typer.Option(help="Go on with the runs in --out; more --runs may be asked for.")] = False,
    activation: Annotated[str | None, typer.Option(help="relu, linear or leaky:SLOPE.")] = None,
    classes: Annotated[str | None, typer.Option(help="Samples of each class, such as 5,5,1.")] = None,
    bias: Annotated[str, typer.Option(help="none; last or last-decayed: of the last layer, at its best.")] = "none",
    skip: Annotated[str, typer.Option(help="none; block1: F + relu(W F); block2: F + W relu(W F), L odd.")] = "none",
    as_json: Json = False,
) -> None:
    """Train by full-batch gradient descent from random starts and say what the runs end in: DNC, low rank, or less.

    Ctrl-C keeps every run where it is. If the best run is below DNC, a certificate of its weights is written.

    Example: dufm train --K 10 --L 4 --lam 0.004,0.016 --width 30 --runs 10
    """
    from dufm.verification.cli.variants import read_variant

    model = read_variant(10 if K is None and classes is None else K, activation, bias, skip, classes, None)
    grid = {"lam": lam, "width": width, "lr": lr, "scale": scale}
    options = {"n": n, "runs": runs, "steps": steps, "seed": seed, "out": out, "resume": resume}
    raise typer.Exit(run_train(model, L, grid, options, as_json))


def run_train(model: Any, L: int, grid: dict[str, str], options: dict[str, Any], as_json: bool) -> int:
    """Train, save, tell; see `dufm train --help`.

    Args:
        model: what `read_variant` gives: classes, the activation's name, the variant.
        L, grid, options, as_json: as asked for.

    Returns:
        1 if the certificate of the best run is rejected, else 0.
    """
    from dufm.solvers.training.batch import Batch, train
    from dufm.solvers.training.setting import DescentSetting
    from dufm.solvers.training.store import load, save
    from dufm.theory.problem import Problem
    from dufm.verification.answers.train import train_record
    from dufm.verification.cli.shared import variant_kind

    axes = [read_numbers(grid[name], f"--{name}") for name in ("lam", "width", "lr", "scale")]
    for value in axes[1]:
        if value.denominator != 1:
            raise ProblemError(f"--width must be an integer, got {value}")
    K, activation, variant = model
    settings = []
    for lam, width, lr, scale in product(*axes):
        problem = Problem.of(K, L, lam, int(width), options["n"], "mse", activation, variant)
        settings.append(DescentSetting.of(problem, float(lr), float(scale), options["steps"]))
    own = variant_kind(settings[0].problem)
    if len(settings) * max(1, options["runs"]) > MOST_RUNS:
        raise ProblemError(f"--runs must leave at most {MOST_RUNS} runs in all, got {options['runs']} at each point")
    checked.integers(1, runs=options["runs"])
    checked.integers(0, seed=options["seed"])
    path = options["out"] / f"{own}K{K}_L{L}_n{options['n']}_seed{options['seed']}.npz"
    earlier = load(path) if options["resume"] and path.exists() else None
    checked.folder(options["out"])
    with live_line("training", len(settings) * options["runs"]) as line:
        saved = time.monotonic()

        def report(batch: Batch) -> None:
            nonlocal saved
            line.update(completed=len(batch.runs))
            if time.monotonic() - saved > SAVE_SECONDS:
                save(batch, path)
                saved = time.monotonic()

        with alive("training"), keeping(f"runs are in {path} up to its last saving; --resume goes on with them", path):
            batch = train(settings, options["runs"], options["seed"], earlier, progress=report)
            save(batch, path)
    if not batch.finished:
        raise KeyboardInterrupt(f"{len(batch.runs)} runs are in {path} as far as they got; --resume goes on with them")
    with keeping(f"{len(batch.runs)} runs are in {path}; --resume shows them"):
        if pressed():
            raise KeyboardInterrupt
        record = train_record(batch) | {"saved": str(path)}
        record["certificate"] = certify_best(batch, path.with_suffix(".json")) if record["points"] else None
    if as_json:
        print(json.dumps(record, indent=1))
    else:
        _show(K, L, options["n"], record)
    rejected = record["certificate"] is not None and not record["certificate"]["accepted"]
    return int(rejected)


def _text(value: Any) -> str:
    return f"{float(exact_number(value, 'number')):g}"


def certify_best(batch: Any, path: Path) -> dict[str, Any] | None:
    """Write and re-check the certificate of the best run; None if none is below DNC."""
    from dufm.verification.answers.train import best_certificate
    from dufm.verification.base.certificate import write
    from dufm.verification.checker import check

    certificate = best_certificate(batch)
    if certificate is None:
        return None
    write(certificate, path)
    result = check(path.read_bytes())
    return {"file": str(path), "accepted": result.ok, "sentence": result.sentence}


def _show(K: int, L: int, n: int, record: dict[str, Any]) -> None:
    rows, axes = record["points"], ("lambda", "width", "lr", "scale")
    if not rows:
        console.print(f"No run has ended; --resume goes on, bit for bit. Saved {record['saved']}", soft_wrap=True)
        return
    varying = [name for name in axes if len({row[name] for row in rows}) > 1]
    fixed = ", ".join(f"{name} {_text(rows[0][name])}" for name in axes if rows and name not in varying)
    samples = f", {n} sample{'s' if n > 1 else ''} a class" if record["model"] is None or n > 1 else ""
    model = "" if record["model"] is None else f", {record['model']}"
    title = f"{K} classes, {L} layers{samples}{model}, seed {record['seed']}; {fixed}"
    console.print(title, highlight=False, soft_wrap=True)
    table = Table(pad_edge=False)
    for name in varying:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("runs ended in", overflow="fold")
    for name in ("P(DNC), 95 %", "rank", "best / DNC"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        kinds = ", ".join(f"{count} {kind}" for kind, count in row["kinds"].items() if count)
        share, low, high = row["p_dnc"]
        rank = "-" if row["mean_rank"] is None else f"{row['mean_rank']:.2f}"
        best = "-" if row["best_over_dnc"] is None else f"{row['best_over_dnc']:.4f}"
        own = [_text(row[name]) for name in varying]
        table.add_row(*own, kinds, f"{share:.2f} [{low:.2f}, {high:.2f}]", rank, best)
    show_table(console, table)
    known = Table(pad_edge=False)
    beside = ("srg", "record") if record["model"] is None else ()
    for name in ("lambda", "x", "DNC loss", *(("SRG / DNC", "record / DNC") if beside else ())):
        known.add_column(name, justify="right", no_wrap=True)
    for row in {row["lambda"]: row for row in rows}.values():
        level = row["levels"]
        others = ("-" if level[name] is None else f"{level[name] / level['dnc']:.4f}" for name in beside)
        dnc = "not known" if level["dnc"] is None else f"{level['dnc']:.10g}"
        known.add_row(_text(row["lambda"]), f"{row['x']:.4g}", dnc, *others)
    show_table(console, known)
    unclear = sum(row["unclear_ranks"] for row in record["points"])
    moving = sum(row["still_falling"] for row in record["points"])
    total = sum(row["runs"] for row in record["points"])
    lines = [
        f"Rank: singular values of P_2..P_L above {record['rank_cut']} of the largest, least over layers, mean over "
        f"runs that keep all classes; another cut within half a decade would change it in {unclear} of {total} runs.",
        f"The loss of {moving} runs was still falling when the steps ended. Saved {record['saved']}",
    ]
    if record["interrupted"] or not record["finished"]:
        lines.append("Interrupted: --resume goes on, bit for bit.")
    if record["certificate"]:
        word = "accepted" if record["certificate"]["accepted"] else "REJECTED"
        lines.append(f"Certificate {record['certificate']['file']}: {word} by checker.py")
    console.print("\n".join(lines), highlight=False, soft_wrap=True)
