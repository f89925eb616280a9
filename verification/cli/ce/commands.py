"""Cross-entropy on the command line: the commands that fill tables and count endings."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from dufm.theory.stated import exact_number
from dufm.verification.base.number_lists import read_integers
from dufm.verification.cli import options as checked
from dufm.verification.cli.heartbeat import alive
from dufm.verification.cli.output import Json, show_table

commands = typer.Typer()
Out = Annotated[Path | None, typer.Option(help="File to go on from and to write; the shipped one if not given.")]


@commands.command("ce-table")
def ce_table(
    K: Annotated[str, typer.Option("--K", help="Classes, as 3:10 or 4,6.")] = "3:10",
    L: Annotated[str, typer.Option("--L", help="Layers, as 1:8 or 2,3.")] = "1:8",
    lam: Annotated[str, typer.Option(help="Strengths separated by commas.")] = "1/10,1/100,1/1000,1/10000",
    restarts: Annotated[int, typer.Option(help="Descents a place; rows with fewer are searched again.")] = 3000,
    seed: Annotated[int, typer.Option(help="Fixes every start.")] = 0,
    margins: Annotated[bool, typer.Option(help="The table of hard margins (Lambda -> 0) instead.")] = False,
    out: Out = None,
) -> None:
    """Fill the tables of best-known losses and hard-margin costs under cross-entropy; resumable row by row.

    Without --out the file is out/ce/table.json or out/ce/margins.json; the shipped tables are never written to.

    Example: dufm ce-table --K 4:6 --L 2:4 --out out/ce.json
    """
    from dufm.solvers.ce import margin_records, records
    from dufm.verification.cli.interrupt import NOTHING

    console = Console(stderr=True)
    pairs = [(k, depth) for k in read_integers(K, "--K", 3) for depth in read_integers(L, "--L", 1)]

    def report(row: Any) -> None:
        where = f"K={row.K} L={row.L}" + ("" if margins else f" lambda={row.lam}")
        console.print(f"{where} {row.stated} {row.structure} rank {row.rank}", highlight=False)

    checked.integers(1, restarts=restarts)
    checked.integers(0, seed=seed)
    path = out or Path("out/ce") / (margin_records.TABLE if margins else records.TABLE).name
    checked.file(path)
    strengths = [exact_number(x, "--lam") for x in lam.split(",")]
    for strength in strengths:
        checked.numbers(above=0, lam=float(strength))
    places = [(k, depth, value) for k, depth in pairs for value in strengths]
    try:
        if margins:
            margin_records.fill(pairs, path, restarts, seed, progress=report)
        else:
            records.fill(places, path, restarts, seed, progress=report)
    except KeyboardInterrupt:
        words = f"finished rows are in {path}; the same command goes on" if path.exists() else NOTHING
        raise KeyboardInterrupt(words) from None
    print(path)


@commands.command("ce-persistence")
def ce_persistence(
    K: Annotated[int, typer.Option("--K", help="Classes, >= 3.")],
    L: Annotated[int, typer.Option("--L", help="Weight layers.")],
    lam: Annotated[str, typer.Option(help="Strength of all factors.")],
    widths: Annotated[str, typer.Option(help="Hidden widths separated by commas.")],
    starts: Annotated[int, typer.Option(help="Random starts a width.")] = 30,
    rate: Annotated[float, typer.Option(help="Step size of gradient descent.")] = 0.05,
    steps: Annotated[int, typer.Option(help="Steps of gradient descent.")] = 4000,
    seed: Annotated[int, typer.Option(help="Fixes every start.")] = 0,
    as_json: Json = False,
) -> None:
    """Count how often gradient descent under cross-entropy ends in collapse, over width.

    Example: dufm ce-persistence --K 4 --L 3 --lam 0.01 --widths 4,8,16,32
    """
    from dufm.solvers.ce.study import DescentCase, persistence
    from dufm.theory.problem import Problem

    value = exact_number(lam, "--lam")
    Problem.of(K, L, value, loss="ce")
    checked.integers(1, starts=starts)
    checked.integers(1, steps=steps)
    checked.integers(0, seed=seed)
    checked.numbers(above=0, rate=rate)
    rows = [
        persistence(DescentCase(K, L, Fraction(value), width, rate, steps), starts, seed)
        for width in read_integers(widths, "--widths", max(K, 1))
    ]
    if as_json:
        fields = [{"width": h.case.width, "ends": h.ends, "ranks": h.ranks, "indices": h.indices} for h in rows]
        extra = [{"dnc": h.dnc.k, "starts": h.dnc.n, "low": h.dnc.low, "high": h.dnc.high} for h in rows]
        print(json.dumps([a | b for a, b in zip(fields, extra, strict=True)], indent=1))
        return
    table = Table(title=f"K = {K}, L = {L}, lambda = {value}", title_justify="left", pad_edge=False)
    for name in ("width", "collapse", "95 % interval", "ends"):
        table.add_column(name, justify="left" if name == "ends" else "right")
    for h in rows:
        ends = ", ".join(f"{name} {count}" for name, count in sorted(h.ends.items(), key=lambda e: -e[1]))
        table.add_row(str(h.case.width), f"{h.dnc.k}/{h.dnc.n}", f"{h.dnc.low:.3f} .. {h.dnc.high:.3f}", ends)
    show_table(Console(), table)


@commands.command("ce-landscape")
def ce_landscape(
    K: Annotated[int, typer.Option("--K", help="Classes, >= 3.")],
    L: Annotated[int, typer.Option("--L", help="Weight layers.")],
    lam: Annotated[str, typer.Option(help="Strength of all factors.")],
    widths: Annotated[str, typer.Option(help="Hidden widths separated by commas.")],
    as_json: Json = False,
) -> None:
    """Known critical points under cross-entropy: loss, rank, falling directions, null space of the Hessian by width.

    Example: dufm ce-landscape --K 10 --L 3 --lam 0.001 --widths 10,64
    """
    from dufm.solvers.ce.landscape import critical_points, null_dimension
    from dufm.theory.problem import Problem

    sizes = read_integers(widths, "--widths", max(K, 3))
    problems = [Problem.of(K, L, lam, size, loss="ce") for size in sizes]
    with alive("following the critical points"):
        rows: list[dict[str, Any]] = [
            {"structure": p.name, "loss": p.polished.loss, "rank": p.polished.rank, "index": p.index}
            | {"null": [null_dimension(problem, p.polished) for problem in problems]}
            for p in critical_points(problems[0])
        ]
    if as_json:
        print(json.dumps({"widths": sizes, "rows": rows}, indent=1))
        return
    if not rows:
        print(f"No known critical point but zero weights exists at lambda = {lam}: the strength is too large.")
        return
    title = f"K = {K}, L = {L}, lambda = {lam}; d = ...: dimension of the Hessian's null space at that width"
    table = Table(title=title, title_justify="left", pad_edge=False)
    for name in ("structure", "loss", "rank", "index", *(f"d = {size}" for size in sizes)):
        table.add_column(name, justify="left" if name == "structure" else "right")
    for row in rows:
        cells = [row["structure"], f"{row['loss']:.12g}", str(row["rank"]), str(row["index"])]
        table.add_row(*cells, *(str(n) for n in row["null"]))
    show_table(Console(), table)
