"""`dufm check-weights`: weights against DNC and the record; `dufm evaluator`: a score for programs that make some."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from dufm.solvers.weight_files.arranging import TRANSPOSES
from dufm.theory.stated import ProblemError, require_choice
from dufm.verification.answers.evaluator import write_evaluator
from dufm.verification.answers.weight_file import WeightFile, read_weight_file
from dufm.verification.answers.weights import RANK_THRESHOLD, Judgement, judge_weights
from dufm.verification.base.certificate import write
from dufm.verification.base.number_lists import as_strengths, read_numbers
from dufm.verification.cli import options as checked
from dufm.verification.cli.heartbeat import alive
from dufm.verification.cli.output import show_table

# Singular values shown of a layer.
SHOWN = 10


def run_check_weights(
    path: Path,
    lam: str | None,
    names: str | None,
    transpose: str,
    certificate: Path | None,
    as_json: bool,
    console: Console,
) -> int:
    """Print what the weights are worth; 1 if a certificate was asked for and there is none. See `--help`."""
    checked.file(certificate, "--certificate")
    require_choice("--transpose", transpose, TRANSPOSES)
    strengths = None if lam is None else as_strengths(lam)
    if lam is not None and min(read_numbers(lam, "--lam")) <= 0:
        raise ProblemError(f"--lam must be > 0, got {lam}")
    wanted = None if names is None else [name.strip() for name in names.split(",")]
    with alive("judging the weights"):
        read = read_weight_file(path, strengths, wanted, transpose)
        judged = judge_weights(read.weights, read.problem)
    record = judged.record | {"file": str(path), "names": list(read.names), "notes": list(read.notes)}
    written = certificate if judged.certificate is not None else None
    if written is not None and judged.certificate is not None:
        write(judged.certificate, written)
    record["certificate"] = None if written is None else str(written)
    if as_json:
        print(json.dumps(record, indent=1))
    else:
        _show(read, judged, record, console)
    return int(certificate is not None and written is None)


def _show(read: WeightFile, judged: Judgement, record: dict[str, Any], console: Console) -> None:
    p = judged.problem
    lambdas = ",".join(map(str, p.lambdas if len(set(p.lambdas)) > 1 else p.lambdas[:1]))
    shapes = (" x ".join(map(str, w.shape)) for w in read.weights)
    sizes = ", ".join(f"{name} {shape}" for name, shape in zip(read.names, shapes, strict=True))
    lines = [
        f"{p.K} classes, {p.L} layers, n = {p.n}, lambda {lambdas}, x = K Lambda = {record['problem']['x']:.6g}",
        f"H_1, W_1, ..., W_{p.L}: {sizes}",
        *read.notes,
    ]
    console.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)
    table = Table(pad_edge=False)
    for name in ("loss", "value", "/ DNC"):
        table.add_column(name, justify="left" if name == "loss" else "right", no_wrap=True)
    rows = [("these weights", record["loss"])]
    if p.n > 1:
        rows.append(("with the best sample of each class", record["loss_best_samples"]))
    rows += [("DNC", record["dnc"]), (f"best known: {record['record']['by']}", record["record"]["loss"])]
    rows.append(("no weights can go below", record["lower"]["loss"]))
    for name, value in rows:
        table.add_row(name, f"{value:.12g}", f"{value / record['dnc']:.6f}")
    show_table(console, table)
    layers = Table(pad_edge=False)
    for name in ("layer", "rank", "singular values"):
        layers.add_column(name, no_wrap=name != "singular values")
    for layer in record["layers"]:
        values = layer["singular_values"]
        shown = " ".join(f"{v:.4f}" for v in values[:SHOWN]) + (" ..." if len(values) > SHOWN else "")
        layers.add_row(layer["name"], str(layer["rank"]), shown)
    show_table(console, layers)
    console.print("\n".join(_words(judged, record)), highlight=False, markup=False, soft_wrap=True)


def _words(judged: Judgement, record: dict[str, Any]) -> list[str]:
    lines = [f"Rank: singular values above {RANK_THRESHOLD:g} of the largest."]
    scaled = record["best_scale_ratio_to_dnc"]
    if scaled is not None and scaled < record["ratio_to_dnc"] * (1 - 1e-6):
        lines.append(f"Every factor at its best scale they would have {scaled:.6f} of DNC's loss: not at rest yet.")
    if record["beats_record"] and record["certified"]:
        lines.append("Below every loss known here: `dufm submit` files the certificate if the atlas has this strength.")
    if not record["certified"]:
        lines.append(f"No certificate: {record['says']}.")
    elif record["certificate"]:
        lines.append(f"Certificate {record['certificate']}: accepted by checker.py: {record['says']}")
    else:
        lines.append("Below DNC, exactly, accepted by checker.py; --certificate FILE writes the proof.")
    return lines


def run_evaluator(cell: tuple[int, int, str], out: Path, as_json: bool, console: Console) -> None:
    """Write the folder and say what is to beat; see `dufm evaluator --help`."""
    checked.folder(out)
    with alive("looking up what is known"):
        files, task = write_evaluator(*cell, out)
    if as_json:
        print(json.dumps(task | {"files": [str(path) for path in files]}, indent=1))
        return
    lines = [
        f"To beat: {task['record']:.12g} ({task['record_by']}); DNC has {task['dnc']:.12g}, nothing goes below "
        f"{task['bound']:.12g}.",
        f"Wrote {', '.join(str(path) for path in files)}",
        f"Try: python {files[0]} {out / 'initial.py'}",
    ]
    console.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)
