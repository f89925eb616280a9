"""`dufm verify`: progress while claims run, then the table of claims and the grid of winners."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from dufm.solvers.base.parallel import cores
from dufm.theory.stated import ProblemError
from dufm.verification.claims import select
from dufm.verification.claims.base.claim import BUDGETS
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.entry import Entry
from dufm.verification.claims.grid import TableCell, cell
from dufm.verification.claims.relu_grid import relu_cell
from dufm.verification.claims.run import run
from dufm.verification.cli import options as checked
from dufm.verification.cli.formal import KernelReport, check_in_kernel, show_kernel, unasked
from dufm.verification.cli.live import live_line
from dufm.verification.cli.output import show_table
from dufm.verification.formal.kernel import require

COLOURS = {"PROVED": "green", "CERTIFIED": "green", "SUPPORTED": "yellow", "UNDECIDED": "magenta", "REFUTED": "red"}
MARKS = {"PROVED": "P", "CERTIFIED": "C", "SUPPORTED": "s"}
# PROVED, and a derivation behind it quotes a theorem of others.
QUOTING = "Q"
# Where a claim names some strengths only.
SOME = {"low rank at some x": "by x", "dnc at some x": "DNC?"}
STARRED = (
    "* a theorem of the Rocq kernel, for every n, the widths its claim names and every strength below collapse; "
    "behind by x: every strength from the x it names up to collapse"
)
GRID_K = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 21)
GRID_L = (1, 2, 3, 4, 5, 6, 7)
RELU_GRID_K = (3, 4, 5, 6, 7, 8, 10, 15, 21)


def verify_claims(
    budget: str,
    only: str | None,
    out: Path,
    jobs: int,
    resume: bool,
    as_json: bool,
    console: Console,
    formal: bool = False,
) -> int:
    """Run the claims and show the results; 1 if anything failed, else 0."""
    if formal:
        require("--formal")
    if budget not in BUDGETS:
        raise ProblemError(f"--budget must be one of {', '.join(BUDGETS)}, got {budget!r}")
    checked.integers(0, jobs=jobs)
    claims = select(only)
    checked.folder(out)
    with live_line("claims", len(claims), left=False, spent=True) as line:

        def finished(entry: Entry) -> None:
            line.update(f"{entry.label}: {entry.status}", advance=1)

        entries = run(claims, BUDGETS[budget], out, jobs or cores(), resume, finished)
    kernel = check_in_kernel(entries, out, jobs or cores(), Console(stderr=True)) if formal else None
    if as_json:
        print((out / "report.json").read_text())
    else:
        show_claims(entries, console, kernel)
        if only is None:
            show_winners(entries, console, kernel)
            show_relu_winners(entries, console)
        if kernel:
            show_kernel(kernel, entries, console)
        _summary(entries, out, console)
        if not kernel:
            console.print(unasked(), highlight=False, soft_wrap=True)
    return 1 if any(e.bad for e in entries) or (kernel and kernel.bad) else 0


def show_claims(entries: list[Entry], console: Console, kernel: KernelReport | None) -> None:
    """The table of claims: verdict, what was shown, what is quoted, and what is wrong."""
    table = Table(title="Claims", title_justify="left", pad_edge=False)
    table.add_column("claim", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("what was shown", overflow="fold")
    for e in entries:
        words = e.sentence
        rejected = [name for name, ok, _ in e.certificates if not ok]
        if e.certificates:
            count = len(e.certificates)
            words += f" [dim]({count} certificate{'s' if count > 1 else ''}, re-checked)[/dim]"
        if e.status == Status.PROVED.name and e.quotes:
            words += f" [dim](quotes {', '.join(q.partition(' (')[0] for q in e.quotes)})[/dim]"
        if e.kept:
            words += " [dim](kept from an earlier run)[/dim]"
        if kernel and (marks := kernel.marks(e)):
            words += f" [green](Rocq: {marks})[/green]"
        if rejected:
            words += f" [red]REJECTED: {', '.join(rejected)}[/red]"
        if e.missing:
            words += f" [red]MISSING: {', '.join(e.missing)}[/red]"
        if e.fell and not e.failed:
            words += f" [red]FELL: {e.expected} is what this claim states[/red]"
        status = "ERROR" if e.failed else e.status
        table.add_row(e.label, f"[{COLOURS.get(status, 'red')}]{status}[/]", words)
    show_table(console, table)


def show_winners(entries: list[Entry], console: Console, kernel: KernelReport | None) -> None:
    """The table K x L of who is better, with a letter for how sure that is."""
    table = _grid("Who is better: low rank or DNC?")
    for K in GRID_K:
        row = []
        for L in GRID_L:
            c = cell(K, L, entries)
            behind, mark = [e for e in entries if e.label == c.label], _letter(c, entries)
            mark += "*" * any(kernel is not None and kernel.covers(e) for e in behind)
            words = {"low rank": f"{c.ratio:.3f}", "dnc": "DNC"} | SOME
            if c.winner == "dnc at some x" and c.status in (Status.PROVED.name, Status.CERTIFIED.name):
                words |= {c.winner: "DNC by x"}
            row.append(_painted(c, f"{words[c.winner]} {mark}" if c.winner else "?"))
        table.add_row(str(K), *row)
    show_table(console, table)
    console.print(
        "A number is C/K < 1: the cheapest known structure's loss is phi_L(C Lambda), DNC's is phi_L(K Lambda).\n"
        "by x: low rank wins, or DNC by x: DNC is optimal, at the strengths x that the claim names; DNC?: at those it "
        "names, searches found nothing below DNC; other strengths are open (dufm threshold).\n"
        "P proved; Q proved, quoting theorems of others that the claim names; C certified by an exact witness; "
        "s supported by search only; ? no claim" + (f"; {STARRED}." if kernel else "."),
        highlight=False,
    )


def show_relu_winners(entries: list[Entry], console: Console) -> None:
    """The same for relu layers under cross-entropy, where collapse is narrow or broad DNC."""
    table = _grid("And under cross-entropy with relu layers?")
    for K in RELU_GRID_K:
        cells = [relu_cell(K, L, entries) for L in GRID_L]
        texts = [f"{'DNC' if c.winner == 'dnc' else f'{c.ratio:.3f}'} {_letter(c, entries)}" for c in cells]
        table.add_row(str(K), *(_painted(c, text if c.winner else "?") for c, text in zip(cells, texts, strict=True)))
    show_table(console, table)
    console.print(
        "A number < 1: what the cheapest known layers with every margin >= 1 cost, over what narrow or broad DNC pays "
        "for its mean margin (roots of products of squared norms): no such DNC but zero weights is optimal, at any "
        "strength.",
        highlight=False,
    )


def _grid(title: str) -> Table:
    table = Table(title=title, title_justify="left", pad_edge=False)
    table.add_column("K", justify="right", no_wrap=True)
    for L in GRID_L:
        table.add_column(f"L = {L}", justify="right", no_wrap=True)
    return table


def _letter(c: TableCell, entries: list[Entry]) -> str:
    """How sure a cell is: P, Q, C or s."""
    quotes = c.status == Status.PROVED.name and any(e.quotes for e in entries if e.label == c.label)
    return QUOTING if quotes else MARKS.get(c.status, "")


def _painted(c: TableCell, text: str) -> str:
    return f"[{'cyan' if c.winner == 'low rank' else 'white' if c.winner else 'dim'}]{text}[/]"


def _summary(entries: list[Entry], out: Path, console: Console) -> None:
    counts: dict[str, int] = {}
    for e in entries:
        name = "ERROR" if e.failed else e.status
        counts[name] = counts.get(name, 0) + 1
    certificates = [ok for e in entries for _, ok, _ in e.certificates]
    words = ", ".join(f"{n} {name}" for name, n in counts.items())
    accepted = f"{sum(certificates)} of {len(certificates)} certificates accepted by checker.py"
    fallen = [e.label for e in entries if e.fell]
    if fallen:
        console.print(f"Weaker than stated, so this run fails: {', '.join(fallen)}.", style="red", soft_wrap=True)
    console.print(f"{words}; {accepted}. Report and certificates: {out}", highlight=False, soft_wrap=True)
