"""`dufm rank-two`: train with weight decay, say how near the first layer is to rank two, and judge it exactly."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from pathlib import Path
from statistics import mean
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from dufm.theory.stated import ProblemError
from dufm.verification.cli import options as checked
from dufm.verification.cli.live import LiveLine, live_line
from dufm.verification.cli.output import Json, show_table

# Written out, so that --help needs no solver.
DATA = (
    "skew, diabetes, digits-parity, digits-parity-z, digits, additive, linear, single-index, california-housing, "
    "mnist-parity, mnist, orthogonal, orthogonal-32 or rank-three."
)
commands = typer.Typer()
console = Console()


@commands.command("rank-two")
def rank_two(
    data: Annotated[str, typer.Option(help=DATA)] = "diabetes",
    lam: Annotated[str, typer.Option(help="Weight decays, comma-separated.")] = "0,0.01,0.1,0.2",
    seeds: Annotated[int, typer.Option(help="Runs at each weight decay.")] = 3,
    seed: Annotated[int, typer.Option(help="First seed; the others follow.")] = 0,
    steps: Annotated[int | None, typer.Option(help="Gradient steps; the task's own if not given.")] = None,
    lr: Annotated[float | None, typer.Option(help="First learning rate; the task's own if not given.")] = None,
    batch: Annotated[int | None, typer.Option(help="Samples a step; the task's own if not given.")] = None,
    width: Annotated[int, typer.Option(help="Hidden neurons.")] = 64,
    constant: Annotated[bool, typer.Option(help="Keep the learning rate.")] = False,
    looks: Annotated[int, typer.Option(help="States looked at in each run; the bound must hold at each.")] = 9,
    exact: Annotated[bool, typer.Option(help="Judge each run's last weights in exact arithmetic.")] = False,
    root: Annotated[Path | None, typer.Option(help="Folder of local files, for california-housing and mnist.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for runs (.npz); finished ones are not trained again.")] = Path(
        "out/rank-two"
    ),
    as_json: Json = False,
) -> None:
    """Train a relu network with weight decay on many seeds; report energies E_k, distance from rank two and its bound.

    Ctrl-C keeps finished runs; the same command goes on from them.

    Example: dufm rank-two --data digits-parity --lam 0,0.1,0.2 --seeds 5
    """
    checked.integers(1, seeds=seeds)
    checked.integers(0, seed=seed)
    checked.integers(2, looks=looks)
    options = {"steps": steps, "lr": lr, "batch": batch, "width": width, "schedule": not constant}
    request = RankTwoRequest(data, lam, range(seed, seed + seeds), looks, options, exact, root, out)
    run_rank_two(request, as_json)


@dataclass(frozen=True)
class RankTwoRequest:
    """What `dufm rank-two` was asked for.

    Attributes:
        data: name of the task.
        lam: weight decays, as written.
        seeds: of the runs at each.
        looks: states looked at in each run.
        options: of the training, as `tasks.setup_of` takes them; printed with the results.
        exact: whether to judge the last weights in exact arithmetic.
        root: folder of local data files.
        out: folder of the runs.

    Raises:
        ProblemError: naming an option that makes no sense.
    """

    data: str
    lam: str
    seeds: range
    looks: int
    options: dict[str, Any]
    exact: bool
    root: Path | None
    out: Path

    def __post_init__(self) -> None:
        checked.integers(1, **{name: self.options[name] for name in ("steps", "batch", "width")})
        checked.numbers(above=0, lr=self.options["lr"])
        for value in self.strengths:
            checked.numbers(least=0, lam=value)

    @property
    def strengths(self) -> list[float]:
        """The weight decays."""
        return [_number(text, "--lam") for text in self.lam.split(",")]


def run_rank_two(request: RankTwoRequest, as_json: bool) -> None:
    """Train what is not on disk yet, then tell; see `dufm rank-two --help`."""
    checked.folder(request.out)
    records = []
    with live_line("training", len(request.seeds) * len(request.strengths)) as line:
        for value in request.strengths:
            line.update(f"lambda = {value:g}")
            records.append(_at(request, value, line))
    if as_json:
        print(json.dumps({"data": request.data, "options": request.options, "runs": records}, indent=1))
    else:
        _show(request.data, records)


def _number(text: str, name: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ProblemError(f"{name} must be numbers separated by commas, such as 0,0.1, got {text!r}") from None


def _at(request: RankTwoRequest, lam: float, line: LiveLine) -> dict[str, Any]:
    from dufm.solvers.rank_two.store import load_run, run_path, save_run
    from dufm.solvers.rank_two.tasks import setup_of, task_named, train_task
    from dufm.solvers.rank_two.training import checkpoints

    seeds, options = request.seeds, request.options
    task = task_named(request.data, request.root, lam)
    setup = setup_of(request.data, lam, **options)
    at = checkpoints(setup.steps, request.looks)
    paths = {seed: run_path(request.out, task, setup, seed, at) for seed in seeds}
    runs = {seed: run for seed, path in paths.items() if (run := load_run(path)) is not None}
    line.update(advance=len(runs))
    missing = [seed for seed in seeds if seed not in runs]
    for run in train_task(task, lam, missing, at, **options) if missing else ():
        save_run(paths[run.seed], run)
        runs[run.seed] = run
        line.update(advance=1)
    kept = [runs[seed] for seed in seeds]
    record = {"lam": lam, "task": {"source": task.source, "N": len(task.X), "p": task.X.shape[1], "loss": task.kind}}
    return record | {"seeds": [_facts(task, lam, run, request.exact, paths[run.seed]) for run in kept]}


def _facts(task: Any, lam: float, run: Any, exact: bool, path: Path) -> dict[str, Any]:
    from dufm.solvers.rank_two.network import outputs
    from dufm.solvers.rank_two.tasks import error_of

    facts: dict[str, Any] = {"seed": run.seed, "diverged": run.diverged, "file": str(path)}
    if run.diverged:
        return facts
    end, K = run.looks[-1], task.Y.shape[1]
    facts |= {
        "energies": [_finite(e) for e in end.energies[: max(K, 2)]],
        "stable_rank": _finite(end.stable_rank),
        "train_error": error_of(outputs(run.W, run.A, task.X), task.Y, task.kind),
        "test_error": _finite(error_of(outputs(run.W, run.A, task.X_test), task.Y_test, task.kind)),
        "imbalance": _finite(end.imbalance),
    }
    if end.bound is not None and end.bound.norm > 0:
        b = end.bound
        facts["bound"] = {"rank": b.rank, "distance": b.distance / b.norm, "bound": b.bound / b.norm}
        facts["bound"]["worst_excess"] = max(look.bound.excess for look in run.looks)
    if exact and lam > 0 and task.kind == "mse" and K == 1 and run.W.any():
        facts["exact"] = _exactly(task, lam, run)
    return facts


def _exactly(task: Any, lam: float, run: Any) -> dict[str, Any]:
    import numpy as np

    from dufm.theory.rank_two.two_layer import Network, energy_at_least, rank_two_bound
    from dufm.verification.base.exact import rational

    W, A, X, Y = (rational(m) for m in (run.W, run.A, task.X, task.Y))
    bound = rank_two_bound(Network.of(W, A, X, Y, Fraction(lam)))
    share = energy_at_least(W, rational(np.linalg.svd(run.W)[2][:2]))
    return {"holds": bound.holds, "missing": float(1 - share), "missing_by_bound": float(1 - bound.energy_below)}


def _finite(value: float) -> float | None:
    return float(value) if isfinite(value) else None


def _show(data: str, records: list[dict[str, Any]]) -> None:
    first = records[0]["task"]
    error = "mse" if first["loss"] == "mse" else "wrong"
    many = first["loss"] == "ce"
    title = f"{data}: {first['N']} samples, {first['p']} inputs with the bias"
    table = Table(title=title, title_justify="left", pad_edge=False)
    bounds = [s["bound"] for r in records for s in r["seeds"] if "bound" in s]
    rank = bounds[0]["rank"] if bounds else 2
    names = ["lambda", "E_2", "E_K" if many else "s.rank", error, "test", f"from {rank}", "bound", "imbal."]
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    for record in records:
        done = [s for s in record["seeds"] if not s["diverged"]]
        two, last = ([s["energies"][k] for s in done] for k in (1, -1))
        cells = [f"{record['lam']:g}", _range(two)]
        cells.append(_range([min(last)]) if many and done else _one([s["stable_rank"] for s in done], mean))
        cells += [_one([s[key] for s in done], mean) for key in ("train_error", "test_error")]
        cells += [_one([s["bound"][key] for s in done if "bound" in s], max) for key in ("distance", "bound")]
        table.add_row(*cells, _one([s["imbalance"] for s in done], max))
    show_table(console, table)
    lost = sum(s["diverged"] for r in records for s in r["seeds"])
    lines = [f"{lost} runs diverged and are left out."] if lost else []
    if bounds:
        worst = max(b["worst_excess"] for b in bounds)
        held = "held at every state" if worst <= 1e-10 else f"BROKEN by {worst:.1e} |W|"
        lines.append(
            f"E_2: least..greatest over seeds; {'E_K: least' if many else 'stable rank: mean'}; errors: mean; distance "
            f"from rank {rank} and its bound, both over |W|, and imbalance: greatest.\n"
            f"The bound from gradients {held} looked at."
        )
    judged = [(r["lam"], s["seed"], s["exact"]) for r in records for s in r["seeds"] if "exact" in s]
    for lam, seed, e in judged:
        word = "holds" if e["holds"] else "FAILS"
        lines.append(
            f"exact, lambda {lam:g}, seed {seed}: B-I {word}; 1 - E_2 <= {e['missing']:.3g}, by B-I alone "
            f"{e['missing_by_bound']:.3g}"
        )
    console.print("\n".join(lines), highlight=False, soft_wrap=True)


def _range(values: list[float | None]) -> str:
    known = [v for v in values if v is not None]
    if not known:
        return "-"
    low, high = f"{min(known):.3f}", f"{max(known):.3f}"
    return low if low == high else f"{low}..{high}"


def _one(values: list[float | None], join: Callable[[list[float]], Any]) -> str:
    known = [v for v in values if v is not None]
    return f"{join(known):.2g}" if known else "-"
