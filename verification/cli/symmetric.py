"""`dufm search --symmetry 10,10,10`: a search among weights that the permutations of a grid of classes leave alone."""

import json
import re
from math import prod
from typing import Any

from rich.console import Console

from dufm.solvers.base.files import write_archive
from dufm.solvers.base.parallel import versions
from dufm.solvers.search.solution import Outcome, stated
from dufm.solvers.symmetric.grid import Grid
from dufm.solvers.symmetric.search import SymmetricFound, symmetric_search
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError
from dufm.verification.answers.search import losses_beside
from dufm.verification.base.certificate import symmetric_certificate, write
from dufm.verification.cli import options as checked
from dufm.verification.cli.duration import time_limit
from dufm.verification.cli.interrupt import keeping
from dufm.verification.cli.live import live_line
from dufm.verification.cli.output import loss_table, show_table
from dufm.verification.cli.shared import SearchRequest
from dufm.verification.symmetric_checker import check

FORM = "dufm-symmetric-1"


def read_grid_of(symmetry: str, problem: Problem) -> Grid:
    """The grid that "10,10,10" stands for; classes beyond its points are shared out among them.

    Raises:
        ProblemError: naming the option.
    """
    if not re.fullmatch(r"\d{1,9}(,\d{1,9})*", symmetry):
        raise ProblemError(f"--symmetry must be sides of a grid such as 10,10,10 or 100, got {symmetry!r}")
    sides = tuple(int(side) for side in symmetry.split(","))
    if not 1 <= len(sides) <= 6 or min(sides) < 2 or problem.K % prod(sides):
        wanted = f"1 to 6 sides >= 2 whose product divides K = {problem.K}"
        raise ProblemError(f"--symmetry must be {wanted}, got {symmetry!r}")
    return Grid(sides, problem.K // prod(sides))


def run_symmetric_search(request: SearchRequest, symmetry: str, width: int | None, console: Console) -> None:
    """Search, save, certify where DNC is beaten, tell; see `dufm search --help`."""
    problem, options = request.problem, request.options
    if problem.loss != "mse" or not problem.is_plain or problem.L < 2:
        raise ProblemError(f"--symmetry needs the plain model of squared loss and --L >= 2, got {problem}")
    for name, value in {"--resume": request.resume, "--minima": request.minima, "--patience": options.patience}.items():
        if value:
            raise ProblemError(f"{name} is not there with --symmetry")
    if request.device == "cuda":
        raise ProblemError("--device must be auto or cpu with --symmetry, got 'cuda'")
    grid = read_grid_of(symmetry, problem)
    if width is not None and (width % grid.points or width < problem.K):
        raise ProblemError(f"--width must be a multiple of {grid.points}, the points of the grid, >= K, got {width}")
    checked.folder(request.out)
    limit = time_limit(request.budget)
    known = losses_beside(problem)
    with live_line("searching", options.restarts) as line:

        def report(ran: int, best: float) -> None:
            line.update(f"best {best:.10g}", completed=ran)
            if ran & (ran - 1) == 0:
                line.say(f"{ran}/{options.restarts} best {best:.10g}")

        neurons = None if width is None else width // grid.points
        stop = None if limit is None else limit.spent
        found = symmetric_search(problem, grid, options.restarts, options.seed, neurons, options.target, report, stop)
    if not found.weights:
        raise ProblemError(f"no descent had begun: {found.outcome.value}")
    name = f"symmetric-{'-'.join(map(str, grid.sides))}_K{problem.K}_L{problem.L}_seed{options.seed}.npz"
    record: dict[str, Any] = {
        "problem": stated(problem),
        "x": float(problem.x),
        "sides": list(grid.sides),
        "free": grid.free,
        "loss": found.loss,
        "losses": list(found.losses),
        "restarts": len(found.losses),
        "outcome": found.outcome.value,
        "seed": found.seed,
        "seconds": found.seconds,
        "versions": versions(),
    }
    arrays = {f"factor_{i}": w for i, w in enumerate(found.weights)}
    saved = str(write_archive(request.out / name, FORM, record, arrays))
    with keeping(f"the best of {len(found.losses)} restarts is in {saved}"):
        record |= {"known": {key: {"what": what, "loss": value} for key, (what, value) in known.items()}}
        record |= {"saved": saved, "certificate": None}
        if found.loss < known["dnc"][1]:
            record["certificate"] = _certified(found, (request.out / name).with_suffix(".json"))
        if request.as_json:
            print(json.dumps(record, indent=1))
        else:
            _show(problem, record, console)
        if found.outcome is Outcome.INTERRUPTED:
            raise KeyboardInterrupt


def _certified(found: SymmetricFound, path: Any) -> dict[str, Any]:
    told = {"engine": "SciPy L-BFGS-B, symmetric", "seed": found.seed, **versions()}
    certificate = symmetric_certificate(found.problem, found.grid.sides, found.weights, "symmetric search", told)
    write(certificate, path)
    result = check(path.read_bytes())
    if not result.ok:
        path.unlink()
    return {"file": str(path) if result.ok else None, "accepted": result.ok, "sentence": result.sentence}


def _show(problem: Problem, record: dict[str, Any], console: Console) -> None:
    grid = " x ".join(map(str, record["sides"])) + (f" with {record['free']} classes each" * (record["free"] > 1))
    rows = [("found here", record["loss"]), *((k["what"], k["loss"]) for k in record["known"].values())]
    table = loss_table(rows, record["known"]["dnc"]["loss"], "DNC")
    table.title = f"{problem.K} classes on a grid {grid}, {problem.L} layers, x = {record['x']:.6g}"
    # What is known may have a long name.
    table.columns[0].no_wrap = False
    show_table(console, table)
    lines = [f"{record['restarts']} restarts; {record['outcome']}. Saved {record['saved']}"]
    filed = record["certificate"]
    if filed is not None:
        accepted = f"Certificate {filed['file']}: accepted by symmetric_checker.py"
        lines.append(accepted if filed["accepted"] else f"No certificate: {filed['sentence']}")
    console.print("\n".join(lines), highlight=False, soft_wrap=True)
