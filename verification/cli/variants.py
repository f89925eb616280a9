"""`dufm search` beyond the papers' model: leaky or linear layers, skips, a bias, any target, unequal classes."""

import json
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from dufm.solvers.engines.cpu import compiled_homotopy
from dufm.solvers.search.devices import device_search
from dufm.solvers.search.solution import Outcome
from dufm.solvers.weights.collapse import collapse_beside
from dufm.theory.problem import Problem, Variant
from dufm.theory.squared.variants import zero_loss
from dufm.theory.stated import ProblemError, exact_number
from dufm.verification.answers.models import model_words, variant_of, variant_record
from dufm.verification.answers.search import certifying_seconds
from dufm.verification.cli import options as checked
from dufm.verification.cli.duration import time_limit
from dufm.verification.cli.interrupt import keeping
from dufm.verification.cli.output import loss_table, show_table
from dufm.verification.cli.shared import SearchRequest, save_result, shown

MOST_ENTRIES = 1_000_000


def read_variant(
    K: int | None, activation: str | None, bias: str, skip: str, classes: str | None, target: Path | None
) -> tuple[int, str, Variant]:
    """Number of classes, the activation's name ("" if not given) and the variant, from what a person types.

    Raises:
        ProblemError: naming the option.
    """
    sizes = tuple(_size(word) for word in classes.split(",")) if classes is not None else ()
    rows = () if target is None else read_target(target)
    name, variant = variant_of(activation, bias, skip, sizes, rows)
    many = K if K is not None else len(rows) or len(sizes)
    if not many:
        raise ProblemError("--K is needed: how many classes, unless --classes or --target-matrix say it")
    return many, name, variant


def _size(word: str) -> int:
    if not word.strip().isdecimal() or int(word) < 1:
        raise ProblemError(f"--classes must be sizes >= 1 separated by commas, such as 5,5,1, got {word!r}")
    return int(word)


def read_target(path: Path) -> tuple[tuple[Fraction, ...], ...]:
    """K rows of m exact numbers from a file of comma-separated values without a heading.

    Raises:
        ProblemError: naming the file and the line.
    """
    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise ProblemError(f"--target-matrix {path} cannot be read: {error}") from None
    if len(lines) < 2 or len(lines) * lines[0].count(",") > MOST_ENTRIES:
        raise ProblemError(f"--target-matrix {path} must have 2 rows or more of numbers, got {len(lines)}")
    rows = [
        tuple(exact_number(word, f"--target-matrix {path}, line {i}") for word in line.split(","))
        for i, line in enumerate(lines, 1)
    ]
    if len({len(row) for row in rows}) > 1:
        raise ProblemError(f"--target-matrix {path} must have rows of one length, got {[len(r) for r in rows][:9]}")
    return tuple(rows)


def run_variant_search(request: SearchRequest, console: Console) -> None:
    """Search, state the loss exactly beside collapse, save; see `dufm search --help`."""
    problem = request.problem
    if request.minima:
        raise ProblemError(f"--minima must be left out beyond the plain model, got {request.minima}")
    if request.device == "cuda":
        raise ProblemError("--device must be auto or cpu beyond the plain model, got 'cuda'")
    checked.folder(request.out)
    collapse, zero = collapse_beside(problem), float(zero_loss(problem))
    reference = zero if collapse is None else min(collapse[1], zero)
    with Console(stderr=True).status("loading the compiled program (once on a machine: compiling, up to a minute)"):
        compiled_homotopy()
    beside = "zero weights" if collapse is None else "collapse"
    search = partial(device_search, problem, "cpu")
    solution, _ = shown(search, request, time_limit(request.budget, certifying_seconds(problem)), reference, beside)
    saved = str(save_result(solution, request.result))
    with keeping(f"the best of {len(solution.losses)} restarts is in {saved}; --resume goes on"):
        record = variant_record(problem, solution, collapse) | {"saved": saved}
        if request.as_json:
            print(json.dumps(record, indent=1))
        else:
            _show(problem, record, console)
        if solution.outcome is Outcome.INTERRUPTED:
            raise KeyboardInterrupt


def _show(problem: Problem, record: dict[str, Any], console: Console) -> None:
    words = f"{problem.K} classes, {problem.L} layers, squared loss, {model_words(problem)}"
    console.print(words, highlight=False, soft_wrap=True)
    collapse = record["collapse"]
    beside = record["zero"] if collapse is None else collapse["loss"]
    rows = [("found here", record["loss"])] + ([] if collapse is None else [(collapse["what"], collapse["loss"])])
    rows.append(("zero weights", record["zero"]))
    show_table(console, loss_table(rows, beside, "zero weights" if collapse is None else "collapse"))
    lines = []
    if record["learned"] is not None:
        dropped = [str(i + 1) for i, kept in enumerate(record["learned"]) if not kept]
        lines.append(f"Collapse learns all classes{' but ' if dropped else ''}{', '.join(dropped)}.")
    if record["below_collapse"]:
        lines.append("These weights are below collapse, in exact arithmetic.")
    ranks = ", ".join(map(str, record["ranks"]))
    lines.append(
        f"Ranks of the hidden features and of the output: {ranks}. {record['hits']} of {record['restarts']} restarts "
        f"ended there; {record['outcome']}. Searched, not proved. Saved {record['saved']}"
    )
    console.print("\n".join(lines), highlight=False, soft_wrap=True)
