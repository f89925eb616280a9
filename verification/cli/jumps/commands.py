"""`dufm jumps`: minima of every rank, chains that jump between them, sets they cannot leave, exit times."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dufm.verification.cli.help import Sections
from dufm.verification.cli.output import Json

commands = typer.Typer()
jumps = typer.Typer(cls=Sections, help="One-way rank jumps of SGD on deep linear networks (Wang, Jacot).")
commands.add_typer(jumps, name="jumps")
console = Console()

# Strengths shown by default on the frozen example at three layers: 0.95 and 0.96 of `experiments.REFERENCE`.
SURVEYED, JUMPING = 0.013767, 0.013912
Depth = Annotated[int, typer.Option("--L", help="Weight layers.")]
Instance = Annotated[
    Path | None, typer.Option(help="JSON with A and mask (rows of numbers); the frozen 6 x 6 example if not given.")
]
Seed = Annotated[int, typer.Option(help="Fixes every start and every draw.")]


@jumps.command()
def landscape(
    L: Depth = 3,
    lam: Annotated[float, typer.Option(help="Strength of weight decay (lambda, not lambda/2).")] = SURVEYED,
    ranks: Annotated[str, typer.Option(help="Ranks: 0:3 or 1,2.")] = "0:3",
    instance: Instance = None,
    seed: Seed = 0,
    reach: Annotated[bool, typer.Option(help="Also follow each minimum to the largest strength it survives.")] = False,
    as_json: Json = False,
) -> None:
    """Find a minimum of every rank and describe it: loss, singular values, flat directions, where it is stable.

    Example: dufm jumps landscape --L 3 --lam 0.013767 --reach
    """
    from dufm.verification.cli.jumps.minima import run_landscape

    run_landscape(L, lam, ranks, instance, seed, reach, as_json, console)


@jumps.command()
def chains(
    L: Depth = 3,
    rank: Annotated[int, typer.Option(help="Rank of the minimum every chain starts at.")] = 3,
    lam: Annotated[float, typer.Option(help="Strength of weight decay.")] = JUMPING,
    eta: Annotated[float, typer.Option(help="Step size.")] = 0.25,
    number: Annotated[int, typer.Option("--chains", help="Independent chains.")] = 256,
    steps: Annotated[int, typer.Option(help="Steps of each chain.")] = 20000,
    checkpoint: Annotated[int, typer.Option(help="Steps between two looks at the ranks.")] = 500,
    inject: Annotated[float, typer.Option(help="Noise added to every weight at each checkpoint.")] = 0.0,
    instance: Instance = None,
    seed: Seed = 1,
    jobs: Annotated[int, typer.Option(help="Threads; 0 takes one per core.")] = 0,
    out: Annotated[Path, typer.Option(help="File the run is kept in.")] = Path("out/jumps/chains.npz"),
    resume: Annotated[bool, typer.Option(help="Go on with the run in --out, to more --steps.")] = False,
    as_json: Json = False,
) -> None:
    """Run SGD chains from a minimum and count how their ranks move. Ctrl-C keeps what is done.

    Example: dufm jumps chains --eta 0.3 --inject 0.01
    """
    from dufm.verification.cli.jumps.chains import run_chains

    start = {"L": L, "rank": rank, "instance": instance}
    setting = {"lam": lam, "eta": eta, "checkpoint": checkpoint, "seed": seed, "inject": inject}
    run_chains(start, setting, (number, steps, jobs), out, resume, as_json, console)


@jumps.command("certify")
def certify_set(
    L: Annotated[int, typer.Option("--L", help="Weight layers, 3 or 4.")] = 3,
    lam: Annotated[str, typer.Option(help="Strength of weight decay, a decimal or a fraction.")] = "0.1",
    a: Annotated[str | None, typer.Option(help="Largest |target| observed; 1 if not given.")] = None,
    eta: Annotated[str | None, typer.Option(help="Step size; the largest that can be certified if not given.")] = None,
    instance: Annotated[Path | None, typer.Option(help="Take --a from this JSON file with A and mask.")] = None,
    as_json: Json = False,
) -> None:
    """Constants of sets SGD cannot leave, every condition checked in rational arithmetic. Exit code 1 if none is found.

    Example: dufm jumps certify --L 3 --lam 0.1 --eta 1e-5
    """
    from dufm.verification.cli.jumps.exact import run_certify

    raise typer.Exit(run_certify(L, lam, a, eta, instance, as_json, console))


@jumps.command("exit-time")
def exit_times(
    L: Annotated[int, typer.Option("--L", help="Depth, >= 3.")] = 3,
    n: Annotated[int, typer.Option("--n", help="Size of A* = I_n, >= 2.")] = 6,
    share: Annotated[str, typer.Option(help="lambda / lambda_c, between 0 and 1.")] = "0.9",
    eta: Annotated[float, typer.Option(help="Step size, below 1.")] = 0.2,
    number: Annotated[int, typer.Option("--chains", help="Chains simulated beside it; 0 for none.")] = 1000,
    seed: Seed = 5,
    as_json: Json = False,
) -> None:
    """Mean time to lose a direction in the chain that can be solved, exact and simulated.

    Example: dufm jumps exit-time --L 4 --n 6 --share 0.9 --eta 0.1
    """
    from dufm.verification.cli.jumps.exact import run_exit_time

    run_exit_time(L, n, share, eta, number, seed, as_json, console)
