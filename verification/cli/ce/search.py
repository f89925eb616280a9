"""`dufm search --loss ce`: the minima of the deep linear model, polished, named and bounded rigorously."""

import json
from functools import partial
from typing import Any

from rich.console import Console
from rich.table import Table

from dufm.solvers.ce.match import candidates, identify
from dufm.solvers.ce.polish import CePolished
from dufm.solvers.ce.search import ce_search, lowest
from dufm.solvers.search.solution import Outcome
from dufm.theory.ce.enclosure import least_loss
from dufm.theory.ce.polygons import DNC_LOGITS
from dufm.theory.stated import ProblemError
from dufm.verification.answers.models import upper_bound
from dufm.verification.answers.search import certifying_seconds
from dufm.verification.cli import options as checked
from dufm.verification.cli.duration import time_limit
from dufm.verification.cli.interrupt import keeping
from dufm.verification.cli.output import loss_table, show_table
from dufm.verification.cli.shared import SearchRequest, save_result, shown


def run_ce_search(request: SearchRequest, console: Console) -> None:
    """Search, polish, name, bound rigorously, save; see `dufm search --help`."""
    problem = request.problem
    if problem.activation == "relu":
        from dufm.verification.cli.ce.relu import run_relu_search

        run_relu_search(request, console)
        return
    if problem.K < 3:
        raise ProblemError(f"--loss ce needs K >= 3, got {problem.K}")
    if request.device == "cuda":
        raise ProblemError("--device must be auto or cpu with --loss ce, got 'cuda'")
    checked.folder(request.out)
    known, dnc = candidates(problem), float(least_loss(DNC_LOGITS, problem).mid())
    limit = time_limit(request.budget, certifying_seconds(problem))
    solution, state = shown(partial(ce_search, problem), request, limit, dnc)
    saved = str(save_result(solution, request.result))
    with keeping(f"the best of {len(solution.losses)} restarts is in {request.result}; --resume goes on"):
        with Console(stderr=True).status("polishing the lowest minima"):
            minima = [
                _minimum(p) | {"hits": hits, "structure": identify(p.logits, known)}
                for p, hits in lowest(problem, state, max(1, request.minima), None if limit is None else limit.over)
            ]
        record: dict[str, Any] = {
            "problem": {"K": problem.K, "L": problem.L, "width": problem.width, "n": problem.n, "loss": "ce"}
            | {"lambdas": [str(x) for x in problem.lambdas], "Lambda": float(problem.Lambda)},
            "loss": solution.loss,
            "upper_bound": upper_bound(problem, solution.weights),
            "dnc": dnc,
            "best_closed_form": {"name": known[0].name, "loss": float(known[0].loss.mid())},
            "minima": minima,
            "census": state.summary(),
            "outcome": solution.outcome.value,
            "seed": solution.seed,
            "restarts": len(solution.losses),
            "dropped": solution.dropped,
            "seconds": solution.seconds,
            "engine": solution.engine,
            "versions": solution.versions,
            "saved": saved,
        }
        if request.as_json:
            print(json.dumps(record, indent=1))
        else:
            _show(record, console)
    if solution.outcome is Outcome.INTERRUPTED:
        raise KeyboardInterrupt(f"the best of {len(solution.losses)} restarts is in {request.result}; --resume goes on")


def _minimum(polished: CePolished) -> dict[str, Any]:
    return {
        "loss": polished.loss,
        "rank": polished.rank,
        "singular_values": list(polished.singular_values),
        "index": polished.index if polished.index >= 0 else None,
        "local_minimum": bool(polished.is_local_minimum or polished.rank == 0),
        "residual": polished.residual if polished.index >= 0 else None,
    }


def _show(record: dict[str, Any], console: Console) -> None:
    problem, closed = record["problem"], record["best_closed_form"]
    title = f"{problem['K']} classes, {problem['L']} linear layers, cross-entropy, Lambda = {problem['Lambda']:.6g}"
    rows = [
        ("found here", record["loss"]),
        ("DNC", record["dnc"]),
        (f"best closed form: {closed['name']}", closed["loss"]),
    ]
    table = loss_table(rows, record["dnc"], "DNC", 15)
    table.title = title
    show_table(console, table)
    minima = Table(pad_edge=False)
    for name in ("minimum", "hits", "rank", "structure", "index", "singular values of Z"):
        minima.add_column(name, no_wrap=name != "singular values of Z")
    for m in record["minima"]:
        values = " ".join(f"{s:.4f}" for s in m["singular_values"]) or "-"
        index = "not polished" if m["index"] is None else str(m["index"])
        index += " ?" if m["index"] == 0 and not m["local_minimum"] else ""
        minima.add_row(f"{m['loss']:.13g}", str(m["hits"]), str(m["rank"]), m["structure"], index, values)
    summary = record["census"]
    lines = [
        f"{record['restarts']} restarts ({record['dropped']} dropped), {summary['minima']} distinct losses, "
        f"the best hit {summary['best_hits']} times; {record['outcome']}.",
        f"Fewer than {summary['better_bound']:.2%} of such restarts end lower (95 % confidence), and about "
        f"{summary['unseen']:.0%} at a loss not seen yet (Good-Turing).",
    ]
    if record["minima"]:
        show_table(console, minima)
    else:
        lines = [f"No restart finished, {record['outcome']}; this is the best that those cut short had reached."]
    lines += [
        f"The saved weights have loss at most {record['upper_bound']}, by ball arithmetic; no lower bound is claimed.",
        f"Saved {record['saved']}",
    ]
    console.print("\n".join(lines), highlight=False, soft_wrap=True)
