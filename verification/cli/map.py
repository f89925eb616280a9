"""`dufm map`, `dufm records`, `dufm submit`: the sweep with live progress, the atlas as a table, a user's record."""

import json
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from dufm.solvers.base.parallel import cores
from dufm.solvers.base.processes import process_pool
from dufm.theory.stated import ProblemError
from dufm.verification import checker
from dufm.verification.answers.records import bounded
from dufm.verification.atlas.cells import Cell, read_grid
from dufm.verification.atlas.cluster import dask_cluster
from dufm.verification.atlas.datapackage import write_datapackage
from dufm.verification.atlas.records import FOLDER, check_atlas, export, extract, own_atlas, path_of, read_atlas, submit
from dufm.verification.atlas.store import CellRecord, Store, open_store
from dufm.verification.atlas.sweep import Opener, Tally, sweep
from dufm.verification.atlas.work import Effort
from dufm.verification.base.number_lists import read_integers
from dufm.verification.base.source_digest import source_digest
from dufm.verification.claims.settled import table, verdict
from dufm.verification.cli import options as checked
from dufm.verification.cli.duration import seconds
from dufm.verification.cli.live import live_line
from dufm.verification.cli.output import show_table
from dufm.verification.cli.records_table import cells_table


def run_map(grid: tuple[str, str, str], options: dict[str, Any], as_json: bool, console: Console) -> int:
    """Sweep the grid (--K, --L, --x); 1 if a cell broke or was not reached, else 0. See `dufm map --help`."""
    cells = read_grid(*grid)
    checked.integers(1, restarts=options["restarts"])
    checked.integers(0, seed=options["seed"], jobs=options["jobs"])
    effort = Effort(options["seed"], options["restarts"], seconds(options["budget"]) or 0.0, options["warm"])
    pool: Opener = partial(process_pool, min(options["jobs"] or cores(), len(cells)))
    deadline, errors = seconds(options["deadline"], "--deadline"), Console(stderr=True)
    said = partial(errors.print, highlight=False, markup=False, soft_wrap=True)
    opener: Opener = pool if options["dask"] is None else partial(dask_cluster, options["dask"], said)
    if options["export"] is not None:
        checked.folder(options["export"], "--export")
    with open_store(options["db"]) as store:
        # Judged again before hours are spent beside a table that was edited.
        store.records(cells)
        tally = swept(cells, effort, store, opener, options["again"], deadline, errors)
        filed = Counter(f.outcome for f in export(store, options["export"])) if options["export"] else None
        records = store.records(cells)
    rows = [bounded(_row(record)) for record in records.values()]
    if as_json:
        failed = {str(cell): why for cell, why in tally.failed.items()}
        done = {"total": tally.total, "kept": tally.kept, "done": tally.done, "better": tally.better}
        answer = {"effort": str(effort), **done, "halted": tally.halted, "failed": failed, "filed": filed}
        print(json.dumps(answer | {"cells": rows}, indent=1))
    else:
        if rows:
            _show(rows, console)
        words = f"{tally.done} cells worked on, {tally.better} of them with a new best; {tally.kept} were done before"
        console.print(f"{words}. Table: {options['db']}", highlight=False, soft_wrap=True)
        if filed is not None:
            outcomes = ", ".join(f"{n} {name}" for name, n in filed.items())
            console.print(f"Atlas {options['export']}: {outcomes}", highlight=False, soft_wrap=True)
        for cell, why in tally.failed.items():
            console.print(f"[red]broke[/red] {cell}: {why}", highlight=False, soft_wrap=True)
    if tally.halted:
        left = tally.total - tally.kept - tally.done - len(tally.failed)
        said(f"stopped: {tally.halted}; {left} of {tally.total} cells are left, the same command goes on with them")
    return 1 if tally.failed or tally.halted else 0


def swept(
    cells: list[Cell],
    effort: Effort,
    store: Store,
    opener: Opener,
    again: bool,
    deadline: float | None,
    errors: Console,
) -> Tally:
    """The sweep, with a progress bar where stderr is a terminal and a line a cell where it is not."""
    program = source_digest()
    earlier = Counter(store.done(effort)[c] != program for c in cells if c in store.done(effort))
    if earlier and not again:
        words = f"{earlier.total()} of {len(cells)} cells are done with this effort ({effort}) and are kept"
        other = f", {earlier[True]} of them by another version of the program" if earlier[True] else ""
        errors.print(f"{words}{other}; --again works on them once more", highlight=False, soft_wrap=True)
    with live_line("cells", len(cells), spent=True) as line:

        def report(tally: Tally) -> None:
            ended = tally.kept + tally.done + len(tally.failed)
            line.update(tally.last or "cells", completed=ended)
            if tally.last:
                line.say(f"{ended}/{tally.total} {tally.last}")

        return sweep(cells, effort, store, opener, program, again, report, deadline)


def _row(record: CellRecord) -> dict[str, Any]:
    cell = {"K": record.cell.K, "L": record.cell.L, "Lambda": record.cell.strength, "x": record.cell.x}
    said = {"loss": record.loss, "ratio": record.ratio, "state": "low rank" if record.certified else "dnc"}
    rank = record.facts.get("neck_rank", 0)
    return cell | said | {"verdict": verdict(record.cell.problem, record.certified, rank)} | record.facts


def _show(rows: list[dict[str, Any]], console: Console) -> None:
    shown, legend = cells_table(rows, console.width)
    show_table(console, shown)
    console.print(legend, highlight=False, markup=False, soft_wrap=True)


def run_extract(grid: tuple[str | None, str | None, str | None], folder: Path | None, path: Path) -> int:
    """Write the certificate of the one cell (--K, --L, --x). See `dufm records --help`."""
    names = [name for name, text in zip(("--K", "--L", "--x"), grid, strict=True) if text is None]
    if names:
        raise ProblemError(f"--extract needs --K, --L and --x of one record, got no {' nor '.join(names)}")
    cells = read_grid(*map(str, grid))
    if len(cells) != 1:
        raise ProblemError(f"--extract needs --K, --L and --x of one record, got those of {len(cells)}")
    checked.file(path, "--extract")
    sentence = extract(cells[0], folder or FOLDER, path)
    print(f"{path}: accepted: {sentence}\nAlone: python3 -S -I {Path(checker.__file__)} {path}")
    return 0


def run_csv(folder: Path | None, out: Path) -> int:
    """Write the atlas as a table and its descriptor. See `dufm records --help`."""
    checked.folder(out, "--csv")
    table_file, descriptor = write_datapackage(folder or FOLDER, out)
    print(f"{table_file} and its descriptor {descriptor}")
    return 0


def run_records(
    classes: str | None,
    layers: str | None,
    folder: Path | None,
    as_json: bool,
    console: Console,
    strengths: str | None = None,
) -> int:
    """Print the atlas; 1 if a record does not hold. See `dufm records --help`."""
    place = folder or FOLDER
    Ks = None if classes is None else read_integers(classes, "--K", 2)
    Ls = None if layers is None else read_integers(layers, "--L", 1)

    def wanted(cell: Cell) -> bool:
        own = strengths is None or cell in read_grid(str(cell.K), str(cell.L), strengths)
        return (Ks is None or cell.K in Ks) and (Ls is None or cell.L in Ls) and own

    rows = [bounded(row) for row in table(place, wanted)]
    if not rows:
        options = (("--K", classes), ("--L", layers), ("--x", strengths))
        asked = " and ".join(f"{name} {value}" for name, value in options if value)
        cells = list(read_atlas(place))
        spans = [f"{name} {min(own)}:{max(own)}" for name in "KL" if (own := {getattr(c, name) for c in cells})]
        raise ProblemError(f"{asked or '--atlas'} must name cells that {place} holds ({', '.join(spans)}), got none")
    faults = check_atlas(place, wanted)
    if as_json:
        print(json.dumps({"records": rows, "faults": faults}, indent=1))
        return 1 if faults else 0
    _show(rows, console)
    for fault in faults:
        console.print(f"[red]does not hold[/red] {fault}", highlight=False, soft_wrap=True)
    low = sum(row["state"] != "dnc" for row in rows)
    state = "all accepted by checker.py just now" if not faults else f"{len(faults)} faults"
    console.print(f"{len(rows)} cells, {low} with weights below DNC: {state}", highlight=False, soft_wrap=True)
    return 1 if faults else 0


def run_submit(path: Path, folder: Path | None, as_json: bool, console: Console) -> int:
    """File a user's weights; 1 if they are no better than what is held. See `dufm submit --help`."""
    folder = folder or own_atlas()
    filed = submit(path, folder)
    better = filed.outcome in ("new", "better")
    if as_json:
        cell = {"K": filed.cell.K, "L": filed.cell.L, "Lambda": filed.cell.strength}
        print(json.dumps(cell | {"outcome": filed.outcome, "ratio": filed.ratio, "held": filed.held}))
    elif better:
        words = f"a record at {filed.cell}: {filed.ratio:.12g} of DNC's loss, {filed.held:.12g} was held"
        file = path_of(folder, filed.cell.K, filed.cell.L)
        send = (
            f"To have it in the shipped atlas, send {file} as a change of atlas/{file.name}: it is judged again there."
        )
        console.print(f"{words}; filed in {folder}\n{send}", highlight=False, soft_wrap=True)
    else:
        words = f"no record at {filed.cell}: {filed.ratio:.15g} of DNC's loss, {filed.held:.15g} is held"
        console.print(f"{words}; short by {filed.ratio - filed.held:.3g}", highlight=False, soft_wrap=True)
    return 0 if better else 1
