"""`dufm search`: a global search with live progress, the minimum described, saved, and certified if it beats DNC."""

import json
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from dufm.solvers.engines.cpu import compiled_homotopy
from dufm.solvers.minima.polish import Polished
from dufm.solvers.search.devices import chosen_device, device_search
from dufm.solvers.search.lowest import lowest_minima
from dufm.solvers.search.solution import Outcome, Solution, save
from dufm.theory.problem import Problem
from dufm.theory.squared.bounds import least_loss
from dufm.verification.answers.search import (
    beside_bound,
    certificate_found,
    certifying_seconds,
    losses_beside,
    polished_best,
    search_record,
    sound_bound,
)
from dufm.verification.base.certificate import write
from dufm.verification.checker import check
from dufm.verification.cli import options as checked
from dufm.verification.cli.duration import TimeLimit, time_limit
from dufm.verification.cli.interrupt import keeping
from dufm.verification.cli.output import loss_table, show_table
from dufm.verification.cli.shared import SearchRequest, save_result, shown

# Zero output has loss 1/2; a descent ends this close to it, relatively.
COLLAPSED = 1e-9
# What the polish may take where no budget is given, in seconds; so many weights take longer than the search is worth.
POLISH = 120.0
# A gap to the lower bound below this is rounding.
CLOSED = 1e-9


def run_search(request: SearchRequest, console: Console) -> None:
    """Search, describe, save; see `dufm search --help`."""
    problem = request.problem
    if problem.loss == "ce":
        from dufm.verification.cli.ce.search import run_ce_search

        run_ce_search(request, console)
        return
    if not problem.is_plain:
        from dufm.verification.cli.variants import run_variant_search

        run_variant_search(request, console)
        return
    device = chosen_device(request.device)
    if least_loss(problem)[0] >= Fraction(1, 2):
        words = "Zero weights are optimal, loss 1/2: everything collapses. Proved (dufm derive pairs): no search."
        answer = {"loss": 0.5, "outcome": words, "proved": True, "restarts": 0, "saved": None, "certificate": None}
        if request.as_json:
            print(json.dumps(answer, indent=1))
        else:
            console.print(words, highlight=False, soft_wrap=True)
        return
    checked.folder(request.out)
    words = "loading the compiled program and the bounds (once on a machine: compiling and proving, up to a minute)"
    with Console(stderr=True).status(words):
        if device == "cpu":
            compiled_homotopy()
        bound = sound_bound(problem)
    limit = time_limit(request.budget, certifying_seconds(problem))
    known = losses_beside(problem)
    solution, state = shown(partial(device_search, problem, device), request, limit, known["dnc"][1])
    # Before anything that may take long or fail.
    saved = save_result(solution, request.result)
    with keeping(f"the best of {len(solution.losses)} restarts is in {saved}; --resume goes on"):
        over = TimeLimit(POLISH).over if limit is None else limit.over
        with Console(stderr=True).status("polishing the best"):
            better, polished = polished_best(solution, state, over)
        if better is not solution:
            solution, saved = better, save(better, request.result)
        certificate = (
            _certify(solution, request.result.with_suffix(".json")) if solution.loss < known["dnc"][1] else None
        )
        record = search_record(problem, solution, polished, known) | {"saved": str(saved), "certificate": certificate}
        record |= {"census": state.summary()} | beside_bound(bound, solution.loss)
        lowest = lowest_minima(problem, state.groups, request.minima, over) if request.minima > 0 else []
        record["minima"] = [
            {"loss": m.polished.loss, "hits": m.hits, "local_minimum": bool(m.polished.is_local_minimum)}
            | {"symmetry": m.symmetry, "graph": m.graph}
            for m in lowest
        ]
        if request.as_json:
            print(json.dumps(record, indent=1))
        else:
            _show(problem, solution, polished, record, console)
        if solution.outcome is Outcome.INTERRUPTED:
            raise KeyboardInterrupt


def _open(record: dict[str, Any]) -> str:
    """How much of the loss found is open, in words."""
    behind = f"{record['lower']['by']} ({', '.join(record['lower']['claims'])})"
    if record["gap"] < CLOSED:
        return f"Nothing is lower: {behind}."
    return f"Lower by {100 * record['gap']:.1f} % at most; the bound: {behind}."


def _certify(solution: Solution, path: Path) -> dict[str, Any]:
    certificate = certificate_found(solution)
    if isinstance(certificate, str):
        return {"file": None, "accepted": False, "sentence": certificate}
    write(certificate, path)
    result = check(path.read_bytes())
    if not result.ok:
        # Weights below DNC that the checker refuses are beyond its limits; no file must claim what nothing accepts.
        path.unlink()
    return {"file": str(path) if result.ok else None, "accepted": result.ok, "sentence": result.sentence}


def _show(problem: Problem, solution: Solution, polished: Polished, record: dict[str, Any], console: Console) -> None:
    dnc = record["known"]["dnc"]["loss"]
    rows = [("found here", solution.loss), ("DNC", dnc)]
    if "known" in record["known"]:
        rows.append((f"best known: {record['known']['known']['what']}", record["known"]["known"]["loss"]))
    rows.append(("no weights can go below", record["lower"]["loss"]))
    table = loss_table(rows, dnc, "DNC", 15)
    table.title = f"{problem.K} classes, {problem.L} layers, x = {record['problem']['x']:.6g}"
    show_table(console, table)
    console.print(_open(record), highlight=False, soft_wrap=True)
    if solution.loss >= (1 - COLLAPSED) / 2:
        console.print(f"Zero is the best output found: everything collapses. Saved {record['saved']}", soft_wrap=True)
        return
    layers = Table(pad_edge=False)
    for name in ("layer", "rank", "gap", "singular values"):
        layers.add_column(name, no_wrap=name != "singular values")
    for layer in record["layers"]:
        gap = "-" if layer["gap"] is None else f"{layer['gap']:.0e}"
        values = " ".join(f"{v:.4f}" for v in layer["singular_values"][: problem.K] if v > 5e-5)
        layers.add_row(layer["name"], str(layer["rank"]), gap, values)
    show_table(console, layers)
    if record["minima"]:
        minima = Table(pad_edge=False)
        for name in ("minimum", "/ DNC", "hits", "symmetry", "neck"):
            minima.add_column(name, no_wrap=name != "neck")
        for m in record["minima"]:
            loss = f"{m['loss']:.13g}{'' if m['local_minimum'] else ' ?'}"
            minima.add_row(loss, f"{m['loss'] / dnc:.6f}", str(m["hits"]), m["symmetry"], m["graph"] or "-")
        show_table(console, minima)
    summary = record["census"]
    kind = "a local minimum" if record["polish"]["local_minimum"] else "not shown to be a minimum"
    residual = f"; KKT residual {polished.residual:.1e}" if polished.succeeded else ""
    neck = f"; neck: {record['graph']}" if record["graph"] else ""
    lines = [
        f"{record['restarts']} restarts ({record['dropped']} dropped), {summary['minima']} distinct losses, "
        f"the best hit {summary['best_hits']} times; {record['outcome']}.",
        f"Of the fixed portfolio fewer than {summary['better_bound']:.2%} of restarts end lower (95 % confidence), "
        f"and about {summary['unseen']:.0%} at a loss not seen yet (Good-Turing).",
        f"Symmetry of the classes: {record['symmetry']['name']}{neck}.",
        f"{polished.sentence}; {kind}{residual}.",
        f"Saved {record['saved']}",
    ]
    if not record["restarts"]:
        # Nothing to count.
        words = f"No restart finished, {record['outcome']}; this is the best that those cut short had reached."
        lines = [words, *lines[2:]]
    if record["certificate"]:
        filed = record["certificate"]
        accepted = f"Certificate {filed['file']}: accepted by checker.py"
        lines.append(accepted if filed["accepted"] else f"No certificate: {filed['sentence']}")
    console.print("\n".join(lines), highlight=False, soft_wrap=True)
