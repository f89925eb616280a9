"""Commands on whole ranges: intervals of Lambda, the head frontier, the map over K, L and x, and its records."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from dufm.verification.cli.output import Json

commands = typer.Typer()
console = Console()


@commands.command()
def intervals(
    K: Annotated[int, typer.Option("--K", help="Classes, >= 2.")],
    L: Annotated[int, typer.Option("--L", help="Weight layers, >= 2.")],
    x: Annotated[
        str | None, typer.Option("--x", help="Range of K Lambda, 1e-4:0.2; else from 1e-4 to the end.")
    ] = None,
    width: Annotated[int | None, typer.Option(help="Hidden width of the searches; K + 4 if not given.")] = None,
    searches: Annotated[int, typer.Option(help="Searches to spend where the cover is weakest.")] = 4,
    restarts: Annotated[int, typer.Option(help="Restarts of each search.")] = 120,
    seed: Annotated[int, typer.Option(help="Fixes every search.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for the certificate.")] = Path("out/intervals"),
    as_json: Json = False,
) -> None:
    """Certify low rank below DNC on whole intervals of Lambda, not at points, and say which parts stay open.

    Exit code 1 if a certificate is rejected.

    Example: dufm intervals --K 6 --L 3
    """
    from dufm.solvers.intervals.options import EnvelopeOptions
    from dufm.verification.cli import options as checked
    from dufm.verification.cli.intervals import run_envelope, x_range

    first, last = x_range(x)
    checked.integers(0, searches=searches)
    options = EnvelopeOptions(width, first, last, searches, restarts, seed)
    raise typer.Exit(run_envelope(K, L, options, out, as_json, console))


@commands.command()
def threshold(
    K: Annotated[str, typer.Option("--K", help="Classes: 4, 4,7 or 2:15.")] = "2:15",
    L: Annotated[str, typer.Option("--L", help="Weight layers: 2, 3,4 or 2:7.")] = "2:4",
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table of docs/two-sided.md.")] = False,
    as_json: Json = False,
) -> None:
    """Print up to which x = K Lambda DNC is optimal: a bracket of x_c and of x_e for each (K, L), from what is proved.

    Beside them a bracket of C / K, what the least loss over DNC's tends to at weak decay.

    Example: dufm threshold --K 4 --L 2
    """
    from dufm.verification.cli.threshold import run_threshold

    run_threshold(K, L, markdown, as_json, console)


@commands.command()
def bound(
    K: Annotated[int, typer.Option("--K", help="Classes, >= 2.")],
    L: Annotated[int, typer.Option("--L", help="Weight layers, >= 1.")],
    x: Annotated[str, typer.Option("--x", help="K Lambda >= 0; 0 is the limit of weak decay: costs of outputs I.")],
    out: Annotated[Path | None, typer.Option(help="Write the certificate here.")] = None,
    as_json: Json = False,
) -> None:
    """A lower bound of the loss of all weights of any width, with the certificate that proves it.

    At two and three layers by boxes of eigenvalues, else by pairs of classes. DNC stands beside it, and the least loss
    known. The certificate is checked as it is printed.

    Example: dufm bound --K 8 --L 3 --x 0.05
    """
    from dufm.verification.cli.bound import run_bound

    run_bound((K, L, x), out, as_json, console)


@commands.command()
def frontier(
    K: Annotated[str, typer.Option("--K", help="Classes: 6, 4,7 or 3:16.")] = "3:16",
    q: Annotated[str | None, typer.Option("--q", help="Rows of the neck; all plausible ones if not given.")] = None,
    budget: Annotated[str, typer.Option(help="Time for the search: 30s, 5m, 1h; polishing comes on top.")] = "60s",
    seed: Annotated[int, typer.Option(help="Fixes every start.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder of heads, one certificate each.")] = Path("out/frontier"),
    resume: Annotated[bool, typer.Option(help="Improve the heads already in --out.")] = False,
    as_json: Json = False,
) -> None:
    """Search for the cheapest heads of rank q, and say from which depth DNC is never optimal.

    Example: dufm frontier --K 6 --q 3,4 --budget 30s
    """
    from dufm.verification.cli.frontier import run_frontier

    run_frontier(K, q, budget, seed, out, resume, as_json, console)


@commands.command("map")
def sweep_map(
    K: Annotated[str, typer.Option("--K", help="Classes: 2:15 or 4,6,10.")] = "2:8",
    L: Annotated[str, typer.Option("--L", help="Weight layers: 2:7 or 3,4.")] = "2:5",
    x: Annotated[str, typer.Option("--x", help="K Lambda: 1e-4:coll:log9 (coll: DNC's collapse) or 0.01,0.1.")] = (
        "1e-4:coll:log9"
    ),
    budget: Annotated[str | None, typer.Option(help="Longest search in one cell: 20s, 5m.")] = "10s",
    restarts: Annotated[int, typer.Option(help="Restarts in one cell.")] = 48,
    seed: Annotated[int, typer.Option(help="Fixes every search; each cell derives its own.")] = 0,
    jobs: Annotated[int, typer.Option(help="Worker processes; 0 takes one per core.")] = 0,
    db: Annotated[Path, typer.Option(help="SQLite file the cells go to; a second run goes on from it.")] = Path(
        "out/map/map.sqlite"
    ),
    again: Annotated[bool, typer.Option(help="Search cells that are done once more, keeping what is better.")] = False,
    warm: Annotated[bool, typer.Option(help="Also start from the best weights of neighbouring cells.")] = False,
    dask: Annotated[str | None, typer.Option(help="Address of a Dask scheduler, tcp://host:port.")] = None,
    deadline: Annotated[str | None, typer.Option(help="End the whole sweep after this long: 30m, 8h.")] = None,
    export: Annotated[Path | None, typer.Option(help="File the records in this atlas folder.")] = None,
    as_json: Json = False,
) -> None:
    """Sweep a grid of classes, depths and strengths; results are kept cell by cell, any interruption costs a few.

    Prints the best loss of each cell beside the greatest lower bound known, both over DNC's.

    Example: dufm map --K 2:8 --L 2:5 --x 0.01,0.1
    """
    from dufm.verification.cli.map import run_map

    options: dict[str, Any] = {"budget": budget, "restarts": restarts, "seed": seed, "jobs": jobs, "db": db}
    options |= {"again": again, "warm": warm, "dask": dask, "deadline": deadline, "export": export}
    raise typer.Exit(run_map((K, L, x), options, as_json, console))


@commands.command()
def records(
    K: Annotated[str | None, typer.Option("--K", help="Classes: 2:15 or 4,6,10; all if not given.")] = None,
    L: Annotated[str | None, typer.Option("--L", help="Weight layers; all if not given.")] = None,
    x: Annotated[str | None, typer.Option("--x", help="K Lambda, as in map: 0.01,0.9*coll; all if not given.")] = None,
    extract: Annotated[
        Path | None, typer.Option(help="Write the certificate of the one record at K, L, x here.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(help="Write the whole atlas into this folder: records.csv and datapackage.json.")
    ] = None,
    atlas: Annotated[Path | None, typer.Option(help="Atlas folder; the shipped one if not given.")] = None,
    as_json: Json = False,
) -> None:
    """Print the best losses known, each re-checked exactly as it is printed, and how far below any weights could be.

    Beside each the greatest lower bound known, over DNC's loss, and the gap. Exit code 1 if a record does not hold.

    With --extract, write one of them as a certificate that checker.py reads alone; with --csv, all of them as a table
    with a descriptor of Frictionless Data.

    Example: dufm records --K 6 --L 4 --x 0.012 --extract out/record.json
    """
    from dufm.verification.cli.map import run_csv, run_extract, run_records

    if csv is not None:
        raise typer.Exit(run_csv(atlas, csv))
    if extract is not None:
        raise typer.Exit(run_extract((K, L, x), atlas, extract))
    raise typer.Exit(run_records(K, L, atlas, as_json, console, x))


@commands.command()
def evaluator(
    K: Annotated[int, typer.Option("--K", help="Classes, >= 2.")],
    L: Annotated[int, typer.Option("--L", help="Weight layers, >= 1.")],
    x: Annotated[str, typer.Option("--x", help="K Lambda > 0, below DNC's collapse.")],
    out: Annotated[Path, typer.Option(help="A new or an empty folder.")] = Path("out/evaluator"),
    as_json: Json = False,
) -> None:
    """Write a folder that scores programs which make weights, for OpenEvolve, ShinkaEvolve or by hand.

    It needs Python and nothing else; the score is exact and the record to beat stands in it.

    Example: dufm evaluator --K 10 --L 4 --x 0.015 --out out/evaluator
    """
    from dufm.verification.cli.weights import run_evaluator

    run_evaluator((K, L, x), out, as_json, console)


@commands.command()
def site(
    out: Annotated[Path, typer.Option(help="A new or an empty folder.")] = Path("out/site"),
    verdicts: Annotated[
        Path | None, typer.Option(help="A report.json of dufm verify whose verdicts the pages show.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the web atlas: a static site of cells, claims and certificates, opened from disk, that re-checks itself.

    Open index.html in a browser; no server and no network is needed.

    Example: dufm site --out out/site --verdicts out/verify/report.json
    """
    from dufm.verification.cli.site import run_site

    run_site(out, verdicts, as_json, console)


@commands.command("check-weights")
def check_weights(
    file: Annotated[Path, typer.Argument(help="A .pt, .safetensors, .npz or .npy, or a file of dufm.", metavar="FILE")],
    lam: Annotated[
        str | None, typer.Option(help="Weight decay of every factor, or L + 1 of them separated by commas.")
    ] = None,
    names: Annotated[
        str | None, typer.Option(help="Arrays that are H_1, W_1, ..., W_L, in this order; found by name if not given.")
    ] = None,
    transpose: Annotated[str, typer.Option(help="W if weights are in x out, H if features are rows, all for both.")] = (
        "none"
    ),
    certificate: Annotated[Path | None, typer.Option(help="Write the certificate here if they beat DNC.")] = None,
    as_json: Json = False,
) -> None:
    """Judge weights of your own: loss against DNC and the best known, rank by layer, a certificate if they beat DNC.

    Nothing in the file is run. Exit code 1 if a certificate is asked for and they do not beat DNC.

    Example: dufm check-weights weights.pt --lam 0.002 --certificate mine.json
    """
    from dufm.verification.cli.weights import run_check_weights

    raise typer.Exit(run_check_weights(file, lam, names, transpose, certificate, as_json, console))


@commands.command()
def submit(
    file: Annotated[Path, typer.Argument(help="A solution (.npz) or a certificate (.json).", metavar="FILE")],
    atlas: Annotated[Path | None, typer.Option(help="Atlas folder; the shipped one if not given.")] = None,
    as_json: Json = False,
) -> None:
    """Check weights of your own exactly and file them if they beat the record. Exit code 1 if they do not.

    Example: dufm submit out/search/K6_L4_d10_seed0.npz
    """
    from dufm.verification.cli.map import run_submit

    raise typer.Exit(run_submit(file, atlas, as_json, console))
