"""The command line: `dufm COMMAND --help` shows each command's options and an example.

Commands import what they need when they run, so that none pays for the start of another.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dufm import __version__
from dufm.theory.stated import ProblemError
from dufm.verification.cli.atlas import commands
from dufm.verification.cli.ce.commands import commands as ce_commands
from dufm.verification.cli.elsewhere import told
from dufm.verification.cli.extensions import extension
from dufm.verification.cli.heartbeat import alive
from dufm.verification.cli.help import Sections
from dufm.verification.cli.interrupt import CODE, Interrupted, answer_at_once
from dufm.verification.cli.jumps.commands import commands as jumps_commands
from dufm.verification.cli.network import commands as network_commands
from dufm.verification.cli.output import Json, any_encoding, has_unicode
from dufm.verification.cli.rank_two import commands as rank_two_commands
from dufm.verification.cli.rfm import commands as rfm_commands
from dufm.verification.cli.train import commands as train_commands

app = typer.Typer(
    name="dufm",
    cls=Sections,
    help="When is deep neural collapse optimal, and when does low-rank bias win? Exact theory, search, certificates.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
console = Console()


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"dufm {__version__}")
        raise typer.Exit


@app.callback()
def top(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Options of the program itself."""


@app.command()
def verify(
    budget: Annotated[str, typer.Option(help="How much searching: quick (about a minute) or full.")] = "quick",
    only: Annotated[str | None, typer.Option(help="Labels or patterns, comma-separated: 'srg-*,three-layers'.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the report and the certificates.")] = Path("out/verify"),
    jobs: Annotated[int, typer.Option(help="Worker processes; 0 takes one per core this process may use.")] = 0,
    resume: Annotated[bool, typer.Option(help="Keep verdicts of an earlier run of the same program.")] = False,
    formal: Annotated[bool, typer.Option("--formal", help="Also check all of it in the Rocq kernel.")] = False,
    as_json: Json = False,
) -> None:
    """Run the claims, write certificates, re-check each with checker.py, print the table.

    Exit code 1 if a claim is REFUTED, a check breaks or a certificate is rejected.

    Example: dufm verify --budget quick --only 'srg-*'
    """
    from dufm.solvers.base.processes import load_for_workers

    if only is None and jobs != 1:
        load_for_workers(["dufm.verification.claims.entry"])
    from dufm.verification.cli.verify import verify_claims

    raise typer.Exit(verify_claims(budget, only, out, jobs, resume, as_json, console, formal))


@app.command()
def check(
    files: Annotated[list[str], typer.Argument(help="Certificate files.", metavar="FILE...")],
    exact: Annotated[bool, typer.Option(help="Print margins as whole fractions.")] = False,
) -> None:
    """Re-check certificates in exact arithmetic with checker.py; kinds lower, deep, margin, symmetric have their own.

    The same programs run with no package installed: python -S -I verification/checker.py FILE...

    Example: dufm check out/verify/certificates/three-layers.json
    """
    from dufm.verification.cli.check import check_files

    raise typer.Exit(check_files(files, exact))


@app.command()
def claims(as_json: Json = False) -> None:
    """List every claim with its regime, its source and what it rests on."""
    from dufm.verification.cli.claims_list import claims_table

    claims_table(console, as_json)


@app.command()
def structures(
    K: Annotated[int | None, typer.Option("--K", help="Also show C / K for this many classes.")] = None,
    L: Annotated[int, typer.Option("--L", help="Depth for --K.")] = 4,
    loss: Annotated[str, typer.Option(help="mse (relu layers) or ce (cross-entropy, linear layers).")] = "mse",
    as_json: Json = False,
) -> None:
    """List the known structures and where they exist; with --K, what each costs there.

    Example: dufm structures --K 10 --L 4
    """
    from dufm.verification.cli.listings import structures_table

    with alive("computing the costs"):
        structures_table(console, K, L, as_json, loss)


@app.command()
def derive(
    name: Annotated[str | None, typer.Argument(help="A derivation; all are listed if none is named.")] = None,
    L: Annotated[int | None, typer.Option("--L", help="Also print the statement's numbers at this depth.")] = None,
    form: Annotated[str, typer.Option("--format", help="text, markdown or latex.")] = "text",
    standalone: Annotated[bool, typer.Option("--standalone", help="With latex: a whole document.")] = False,
) -> None:
    """Print a derivation, step by step, with how the machine checked each step; without a name, list them all.

    Example: dufm derive srg --format latex --standalone > srg.tex
    """
    from dufm.theory.derivations import derivation
    from dufm.theory.proof.derivation import FORMATS, document
    from dufm.verification.cli.listings import derivations_table, numbers_at
    from dufm.verification.formal.theorems import checked_by_kernel

    if name is None:
        derivations_table(console)
        return
    if form not in FORMATS:
        raise ProblemError(f"--format must be one of {', '.join(FORMATS)}, got {form!r}")
    if standalone and form != "latex":
        raise ProblemError(f"--standalone needs --format latex, got {form!r}")
    if L is not None and L < 1:
        raise ProblemError(f"--L must be an integer >= 1, got {L}")
    with alive("checking the steps"):
        shown = derivation(name).render(form, ascii_only=not has_unicode(sys.stdout)) + checked_by_kernel(name, form)
        if L is not None and name.startswith("ce-"):
            # It loads the claims, which takes longer than most derivations.
            from dufm.verification.cli.ce.numbers import ce_numbers_of

            shown += "\n\n" + ce_numbers_of(name)(L, form)
        elif L is not None:
            shown += "\n\n" + numbers_at(L, form)
    print(document(shown) if standalone else shown)


@app.command()
def search(
    L: Annotated[int, typer.Option("--L", help="Weight layers, >= 1.")],
    lam: Annotated[str, typer.Option(help="Strength of all factors, or L + 1 of them separated by commas.")],
    K: Annotated[int | None, typer.Option("--K", help="Classes, >= 2, unless other options say it.")] = None,
    width: Annotated[int | None, typer.Option(help="Hidden width, >= K; K + 4 if not given.")] = None,
    n: Annotated[int, typer.Option(help="Samples a class.")] = 1,
    restarts: Annotated[int, typer.Option(help="Restarts, each a knock-out among 16 starts.")] = 240,
    seed: Annotated[int, typer.Option(help="Fixes every start.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda; auto is cuda where JAX sees a GPU.")] = "auto",
    target: Annotated[float | None, typer.Option(help="Stop at this loss or less.")] = None,
    patience: Annotated[int | None, typer.Option(help="Stop after this many restarts without a lower loss.")] = None,
    budget: Annotated[str | None, typer.Option(help="Stop after this long: 30s, 5m, 1h.")] = None,
    minima: Annotated[int, typer.Option(help="Also describe this many of the lowest minima found.")] = 0,
    resume: Annotated[bool, typer.Option(help="Go on from the solution this command saved before.")] = False,
    out: Annotated[Path, typer.Option(help="Folder for the solution (.npz) and its certificate.")] = Path("out/search"),
    loss: Annotated[str, typer.Option(help="mse (squared loss) or ce (cross-entropy).")] = "mse",
    activation: Annotated[str | None, typer.Option(help="relu (with ce linear), linear or leaky:SLOPE.")] = None,
    classes: Annotated[str | None, typer.Option(help="Samples of each class, such as 5,5,1 (squared loss).")] = None,
    bias: Annotated[str, typer.Option(help="none; last or last-decayed: of the last layer (squared loss).")] = "none",
    skip: Annotated[str, typer.Option(help="none; block1: F + relu(W F); block2: F + W relu(W F), L odd.")] = "none",
    target_matrix: Annotated[Path | None, typer.Option(help="K rows of a CSV to fit in place of I.")] = None,
    symmetry: Annotated[
        str | None, typer.Option(help="Classes on a grid of these sides, 10,10,10: weights that it leaves unchanged.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Global search; prints the loss against DNC and the best known structure, ranks and singular values by layer.

    Example: dufm search --K 6 --L 4 --lam 0.002

    With many classes: dufm search --K 1000 --L 4 --lam 0.000015 --symmetry 10,10,10 --restarts 12
    """
    from dufm.solvers.search.options import SearchOptions
    from dufm.theory.problem import Problem
    from dufm.verification.base.number_lists import as_strengths
    from dufm.verification.cli import options as checked
    from dufm.verification.cli.search import run_search
    from dufm.verification.cli.shared import SearchRequest
    from dufm.verification.cli.variants import read_variant

    many, named, variant = read_variant(K, activation, bias, skip, classes, target_matrix)
    problem = Problem.of(many, L, as_strengths(lam), width, n, loss, named, variant)
    checked.integers(1, restarts=restarts, patience=patience)
    checked.integers(0, seed=seed, minima=minima)
    checked.numbers(target=target)
    options = SearchOptions(restarts, seed, target=target, patience=patience)
    request = SearchRequest(problem, options, device, budget, minima, resume, out, as_json)
    if symmetry is not None:
        from dufm.verification.cli.symmetric import run_symmetric_search

        run_symmetric_search(request, symmetry, width, console)
        return
    run_search(request, console)


@app.command()
def compare(
    structure: Annotated[str, typer.Argument(help="A known structure or FILE.py:NAME.", metavar="STRUCTURE")],
    K: Annotated[int, typer.Option("--K", help="Classes, >= 2.")],
    L: Annotated[int, typer.Option("--L", help="Weight layers, >= 1.")],
    lam: Annotated[
        str | None, typer.Option(help="Strength to compare losses at, or L + 1 of them separated by commas.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write a certificate here if the structure beats DNC.")] = None,
    loss: Annotated[str, typer.Option(help="mse (relu layers) or ce (cross-entropy, linear layers).")] = "mse",
    timeout: Annotated[str, typer.Option(help="What each call of your own code may take: 60s, 5m.")] = "60s",
    as_json: Json = False,
) -> None:
    """Compare a structure, a user's own too, with DNC, the SRG and the best known one.

    It is ranked by its weights; exit code 1 if the cost it states is not theirs.

    Example: dufm compare examples/my.py:Mine --K 10 --L 4
    """
    from dufm.verification.base.number_lists import as_strengths
    from dufm.verification.cli.compare import run_compare
    from dufm.verification.cli.compare_request import CompareRequest
    from dufm.verification.cli.duration import seconds

    strengths, limit = None if lam is None else as_strengths(lam), seconds(timeout, "--timeout") or 0.0
    asked = CompareRequest(structure, K, L, strengths, out, as_json, limit)
    raise typer.Exit(run_compare(asked, console, loss))


@app.command()
def figures(
    names: Annotated[list[str] | None, typer.Argument(help="Figures to draw; all if none is named.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for PDF, PNG and CSV.")] = Path("out/figures"),
    budget: Annotated[str, typer.Option(help="quick or full.")] = "quick",
    listed: Annotated[bool, typer.Option("--list", help="Print the names of all figures instead.")] = False,
) -> None:
    """Regenerate figures: a PDF, a PNG and the CSV each was drawn from.

    Example: dufm figures critical-depth
    """
    draw = extension("figures")
    if listed:
        print("\n".join(sys.modules[draw.__module__].FIGURES))
        return
    for path in draw(names or None, out, budget):
        console.print(str(path), highlight=False, soft_wrap=True)


for group in (commands, ce_commands, train_commands, jumps_commands, rank_two_commands, rfm_commands, network_commands):
    app.add_typer(group)


def main() -> None:
    """Entry point: every foreseen mistake is one line on stderr and exit code 2."""
    any_encoding()
    answer_at_once()
    try:
        code = app(args=sys.argv[1:] or ["--help"], standalone_mode=False)
    except typer.TyperException as error:
        _fail(told(error, app))
    except (ProblemError, OSError) as error:
        _fail(str(error))
    except Interrupted as error:
        print(f"interrupted; {error}", file=sys.stderr)
        sys.exit(CODE)
    except (KeyboardInterrupt, typer.Abort):
        print("interrupted; nothing had begun", file=sys.stderr)
        sys.exit(CODE)
    else:
        if code == CODE:
            # Typer's own ending for Ctrl-C, before a command was called.
            print("interrupted; nothing had begun", file=sys.stderr)
        sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str) -> None:
    print("error: " + " ".join(message.split()), file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
