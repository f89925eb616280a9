"""`dufm search --loss ce --activation relu`: the least loss found beside collapse, enclosed, saved."""

import json
from typing import Any

from rich.console import Console

from dufm.solvers.base.parallel import versions
from dufm.solvers.ce.relu import relu_search
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError
from dufm.verification.answers.models import relu_record, relu_solution
from dufm.verification.answers.search import certifying_seconds
from dufm.verification.cli import options as checked
from dufm.verification.cli.duration import time_limit
from dufm.verification.cli.interrupt import keeping
from dufm.verification.cli.live import live_line
from dufm.verification.cli.output import loss_table, show_table
from dufm.verification.cli.shared import SearchRequest, save_result


def run_relu_search(request: SearchRequest, console: Console) -> None:
    """Search with relu layers under cross-entropy, enclose the loss, save; see `dufm search --help`."""
    problem, options = request.problem, request.options
    if problem.K < 3:
        raise ProblemError(f"--loss ce needs K >= 3, got {problem.K}")
    asked = {"--resume": request.resume, "--minima": request.minima, "--target": options.target}
    for name, value in (asked | {"--patience": options.patience}).items():
        if value:
            raise ProblemError(f"{name} is not there with --loss ce --activation relu")
    if request.device == "cuda":
        raise ProblemError("--device must be auto or cpu with --loss ce, got 'cuda'")
    checked.folder(request.out)
    limit = time_limit(request.budget, certifying_seconds(problem))
    with live_line("searching", options.restarts) as line:

        def report(ran: int, best: float) -> None:
            line.update(f"best {best:.10g}", completed=ran)

        stop = limit.spent if limit is not None else None
        found = relu_search(problem, options.restarts, options.seed, progress=report, stop=stop)
    saved = str(save_result(relu_solution(problem, found, options), request.result))
    with keeping(f"the best of {found.restarts} restarts is in {saved}"):
        record = relu_record(problem, found) | {"seed": options.seed, "versions": versions(), "saved": saved}
        if request.as_json:
            print(json.dumps(record, indent=1))
        else:
            _show(problem, record, console)
        found.raise_if_interrupted()


def _show(problem: Problem, record: dict[str, Any], console: Console) -> None:
    Lambda = record["problem"]["Lambda"]
    title = f"{problem.K} classes, {problem.L} layers with relu, cross-entropy, Lambda = {Lambda:.6g}"
    console.print(title, highlight=False, soft_wrap=True)
    named = (("found here", "loss"), ("collapse", "collapse"), ("zero weights", "zero"))
    show_table(console, loss_table([(name, record[key]) for name, key in named], record["collapse"], "collapse"))
    ranks = ", ".join(map(str, record["ranks"]))
    if not record["restarts"]:
        console.print("No restart finished: this is the best that those cut short had reached.", soft_wrap=True)
    words = (
        f"Ranks of the hidden features and of the logits: {ranks}. {record['hits']} of {record['restarts']} restarts "
        f"ended there. Its exact loss is at most {record['upper_bound']}. Searched, not proved. Saved {record['saved']}"
    )
    console.print(words, highlight=False, soft_wrap=True)
