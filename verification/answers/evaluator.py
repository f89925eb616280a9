"""A folder that scores programs which write weights, in the form that OpenEvolve and ShinkaEvolve take."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

from dufm.solvers.base.shipped import shipped
from dufm.solvers.base.whole import write_whole
from dufm.theory.problem import Problem
from dufm.theory.squared.phi import minimiser, phi
from dufm.theory.stated import ProblemError, exact_number
from dufm.verification.claims.best_bound import below, best_bound, require_sound
from dufm.verification.claims.best_known import best_loss

WIDEST = 200
MOST_CLASSES, MOST_LAYERS = 50, 12
SECONDS = 60.0
PROGRAM = '''"""Weights of the deep unconstrained features model, {K} classes, {L} layers: collapse, to begin with."""

import numpy as np

K, L = {K}, {L}


# EVOLVE-BLOCK-START
def weights():
    """(H_1, W_1, ..., W_L): H_1 has K columns, W_L has K rows, hidden widths are free; lower loss is better."""
    return [{scale!r} * np.eye(K) for _ in range(L + 1)]


# EVOLVE-BLOCK-END
'''
PAGE = """# Beat the record: K = {K}, L = {L}, x = K lambda = {x}

Find weights H_1, W_1, ..., W_{L} with a smaller loss than anybody's,

    1/(2K) ||W_{L} relu(... W_2 relu(W_1 H_1)) - I||^2 + lambda/2 (||H_1||^2 + ||W_1||^2 + ... + ||W_{L}||^2)

at lambda = {lam}. Hidden widths up to {widest} count.

| weights | loss |
|---|---|
| deep neural collapse, `initial.py` | {dnc:.12g} |
| the best known: {by} | {record:.12g} |
| no weights of any width go below | {bound:.12g} |

`evaluate.py` scores a program: it runs it, takes the matrices that its `weights()` returns, and computes their loss in
integers. `combined_score` is the record's loss over theirs: above 1 is a new record.

    python evaluate.py initial.py
    python evaluate.py --program_path initial.py --results_dir results

OpenEvolve: `openevolve-run initial.py evaluate.py --config config.yaml --iterations 200`
ShinkaEvolve: `initial.py` and `evaluate.py` have the names it looks for; `--task-dir` is this folder.

A program runs in a process of its own with limits of time ({seconds:g} s), memory and file size. That keeps a score
honest; it is no sandbox: run programs you do not trust in a container, with this folder read-only. With `--results_dir`
weights below collapse are also written as `certificate.json`, which `dufm check` judges and `dufm submit` files.
"""


def evaluator_task(K: int, L: int, x: Any) -> dict[str, Any]:
    """What `problem.json` says: K, L, lambda, the losses of DNC and of the record, the bound, and the limits.

    Raises:
        ProblemError: for a cell that makes no sense or is too large, and where DNC is zero, so that nothing is to beat.
    """
    Problem.of(K, L, 1)
    strength = exact_number(x, "--x")
    if strength <= 0:
        raise ProblemError(f"--x must be > 0, got {x}")
    problem = Problem.of(K, L, strength / K)
    if K > MOST_CLASSES or L > MOST_LAYERS:
        raise ProblemError(f"--K must be at most {MOST_CLASSES} and --L at most {MOST_LAYERS}, got {K}, {L}")
    low, high = phi(L, strength)
    if high >= Fraction(1, 2):
        raise ProblemError(f"--x must be below DNC's collapse, where there is something to beat; got {x}")
    record, by = best_loss(K, L, strength)
    bound = best_bound(K, L, strength)
    require_sound(bound)
    value = problem.lambdas[0]
    return {
        "K": K,
        "L": L,
        "x": str(strength),
        "lambda": [value.numerator, value.denominator],
        "dnc": float(high),
        "dnc_low": below(low),
        "record": record,
        "record_by": by,
        "bound": below(bound.value),
        "bound_by": bound.by,
        "widest": WIDEST,
        "seconds": SECONDS,
    }


def write_evaluator(K: int, L: int, x: Any, out: Path) -> tuple[list[Path], dict[str, Any]]:
    """Write evaluate.py, problem.json, initial.py and README.md into a new folder; the files, and what the task says.

    Raises:
        ProblemError: as `evaluator_task`, and for a folder that is not empty.
        OSError: naming the path, if it cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ProblemError(f"--out must be a new or an empty folder, got {str(out)!r}")
    task = evaluator_task(K, L, x)
    found = minimiser(L, Fraction(task["x"]), Fraction(1, 2**60))
    scale = 0.0 if found is None else float(found[0])
    page = PAGE.format(**task | {"lam": Fraction(*task["lambda"]), "by": task["record_by"]})
    files = {
        "evaluate.py": shipped("verification/evaluator/evaluate.py").read_text(),
        "problem.json": json.dumps(task, indent=1) + "\n",
        "initial.py": PROGRAM.format(K=K, L=L, scale=scale),
        "README.md": page,
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        write_whole(out / name, text.encode())
    return [out / name for name in files], task
