"""Score a program that makes weights of the deep unconstrained features model. Python 3.9 and its library, no more.

    python evaluate.py --program_path initial.py --results_dir results      writes metrics.json and correct.json
    python evaluate.py initial.py                                           prints the metrics

The program defines `weights()`, which returns (H_1, W_1, ..., W_L): H_1 d_1 x K, W_l d_(l+1) x d_l, W_L K x d_L, any
hidden widths up to `widest`. Entries are rounded to multiples of 2^-40, and the loss of what is left,

    1/(2K) ||W_L relu(W_(L-1) ... relu(W_1 H_1)) - I||^2 + lambda/2 (||H_1||^2 + ||W_1||^2 + ... + ||W_L||^2),

is computed in integers. `combined_score` is the record's loss over it, higher is better: above 1 is a new record.
Whatever else the program does, fails or prints, its score is 0 or that of the weights it hands over. It runs in a
process of its own with a limit of time, memory and file size; that is no sandbox: run programs you do not trust in a
container.

OpenEvolve calls `evaluate(program_path)`; ShinkaEvolve calls the first line above.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

BITS = 40
LARGEST = 1e6
MOST_BYTES = 16 << 20
MEMORY = 8 << 30
# A record is beaten by more than rounding.
BETTER = Fraction(1, 10**9)
LIMITS = {"RLIMIT_FSIZE": 4 * MOST_BYTES, "RLIMIT_AS": MEMORY, "RLIMIT_CORE": 0}
CHILD = """
import importlib.util, json, os, sys
try:
    import resource
    for name, most in json.loads(sys.argv[3]).items():
        resource.setrlimit(getattr(resource, name), (most, most))
except (ImportError, ValueError, OSError):
    pass
path, out = sys.argv[1:3]
sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
spec = importlib.util.spec_from_file_location("program", path)
program = importlib.util.module_from_spec(spec)
spec.loader.exec_module(program)
rows = [[[float(x) for x in row] for row in matrix] for matrix in program.weights()]
with open(out, "w") as file:
    json.dump(rows, file)
"""


class Invalid(Exception):
    """What a program handed over is no weights of this problem; the message says why."""


def problem() -> dict[str, Any]:
    """K, L, lambda, the losses to compare with: `problem.json` beside this file."""
    return json.loads(Path(__file__).with_name("problem.json").read_text())


def evaluate(program_path: str) -> dict[str, Any]:
    """Metrics of a program: combined_score, loss, loss_over_dnc, loss_over_record, valid; `error` where that is 0."""
    metrics, _, _ = scored(program_path)
    return metrics


def scored(program_path: str) -> tuple[dict[str, Any], str, dict[str, Any] | None]:
    """(metrics, what is wrong, a certificate of weights below DNC that `dufm check` and `dufm submit` take)."""
    task = problem()
    try:
        matrices = integers(run(program_path, task["seconds"]), task)
    except Invalid as error:
        zero = {"combined_score": 0.0, "loss": 0.5, "loss_over_dnc": 0.5 / task["dnc"]}
        zero |= {"loss_over_record": 0.5 / task["record"], "valid": 0.0}
        return zero | {"error": str(error)}, str(error), None
    loss = exact_loss(matrices, task)
    record = Fraction(task["record"])
    metrics = {
        "combined_score": float(record / loss),
        "loss": float(loss),
        "loss_over_dnc": float(loss / Fraction(task["dnc"])),
        "loss_over_record": float(loss / record),
        "valid": 1.0,
        "new_record": float(loss < record * (1 - BETTER)),
    }
    return metrics, "", certificate(matrices, task) if loss < Fraction(task["dnc_low"]) else None


def run(program_path: str, seconds: float) -> Any:
    """What `weights()` of the program gives, run in a process of its own; Invalid in every other case."""
    with tempfile.TemporaryDirectory() as folder:
        out, errors = Path(folder) / "weights.json", Path(folder) / "errors"
        with open(errors, "wb") as log:
            child = subprocess.Popen(
                [sys.executable, "-c", CHILD, str(program_path), str(out), json.dumps(LIMITS)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
            try:
                code = child.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                raise Invalid(f"no weights within {seconds:g} seconds") from None
            finally:
                # What the program started, too.
                try:
                    os.killpg(child.pid, signal.SIGKILL)
                except (ProcessLookupError, PermissionError):
                    pass
                child.wait()
        if code:
            raise Invalid(f"the program ended with code {code}: {_last_line(errors)}")
        return _read(out)


def _last_line(path: Path) -> str:
    text = (_plain(path, 1 << 16, cut=True) or b"").decode("utf-8", "replace").strip()
    return text.rpartition("\n")[2][:300] or "nothing was said"


def _plain(path: Path, most: int, cut: bool = False) -> bytes | None:
    """The content of a plain file, its end if it is longer; None for what is none, and nothing is waited for."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or (found.st_size > most and not cut):
            return None
        file.seek(max(0, found.st_size - most))
        return file.read(most)


def _read(path: Path) -> Any:
    content = _plain(path, MOST_BYTES)
    if content is None:
        raise Invalid(f"weights() gave nothing that could be read, at most {MOST_BYTES} bytes")
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise Invalid("weights() gave no matrices of numbers") from None


def integers(matrices: Any, task: dict[str, Any]) -> list[list[list[int]]]:
    """Entries in units of 2^-40, once shapes and sizes are those of the problem."""
    K, L, widest = task["K"], task["L"], task["widest"]
    if type(matrices) is not list or len(matrices) != L + 1:
        raise Invalid(f"weights() must give L + 1 = {L + 1} matrices (H_1, W_1, ..., W_{L})")
    found, columns = [], K
    for i, matrix in enumerate(matrices):
        name, rows = "H_1" if i == 0 else f"W_{i}", len(matrix) if type(matrix) is list else 0
        if not 1 <= rows <= widest or (i == L and rows != K):
            raise Invalid(f"{name} must have {f'K = {K}' if i == L else f'1 to {widest}'} rows, got {rows}")
        if any(type(row) is not list or len(row) != columns for row in matrix):
            raise Invalid(f"{name} must have {columns} columns")
        if any(type(x) not in (int, float) or not abs(x) <= LARGEST for row in matrix for x in row):
            raise Invalid(f"{name} must hold numbers up to {LARGEST:g} in size")
        found.append([[round(Fraction(x) * 2**BITS) for x in row] for row in matrix])
        columns = rows
    return found


def exact_loss(matrices: list[list[list[int]]], task: dict[str, Any]) -> Fraction:
    """The loss of weights in units of 2^-40, with no rounding."""
    K, unit = task["K"], 1 << BITS
    product, scale = matrices[0], unit
    for i, weight in enumerate(matrices[1:]):
        below = [[x if x > 0 else 0 for x in row] for row in product] if i else product
        columns = list(zip(*below))
        product = [[sum(a * b for a, b in zip(row, column)) for column in columns] for row in weight]
        scale *= unit
    error = sum((x - scale * (i == j)) ** 2 for i, row in enumerate(product) for j, x in enumerate(row))
    squares = sum(x * x for matrix in matrices for row in matrix for x in row)
    return Fraction(error, 2 * K * scale**2) + Fraction(*task["lambda"]) * Fraction(squares, 2 * unit**2)


def certificate(matrices: list[list[list[int]]], task: dict[str, Any]) -> dict[str, Any]:
    """The weights in the format of dufm's checker."""
    names = ["H_1", *(f"W_{i}" for i in range(1, task["L"] + 1))]
    stated = {"K": task["K"], "L": task["L"], "n": 1, "lambdas": [task["lambda"]] * (task["L"] + 1)}
    witness = [{"name": n, "den": 1 << BITS, "rows": rows} for n, rows in zip(names, matrices)]
    whole = {"format": "dufm-certificate", "version": 1, "kind": "point", "claim": "evaluator", "problem": stated}
    return {**whole, "witness": witness, "found_by": {"engine": "a program scored by evaluate.py"}}


def main(arguments: list[str] | None = None) -> int:
    """Both ways of calling it; 0 if the program gave weights."""
    parser = argparse.ArgumentParser(description="Score a program that makes weights.")
    parser.add_argument("program", nargs="?", help="the program, if --program_path is not given")
    parser.add_argument("--program_path", "--program-path")
    parser.add_argument("--results_dir", "--results-dir")
    asked = parser.parse_args(arguments)
    path = asked.program_path or asked.program
    if path is None:
        parser.error("a program is needed")
    metrics, error, proof = scored(path)
    if asked.results_dir:
        folder = Path(asked.results_dir)
        folder.mkdir(parents=True, exist_ok=True)
        public = {name: value for name, value in metrics.items() if name not in ("combined_score", "error")}
        told = {"combined_score": metrics["combined_score"], "public": public, "private": {}, "text_feedback": error}
        (folder / "metrics.json").write_text(json.dumps(told, indent=1))
        (folder / "correct.json").write_text(json.dumps({"correct": not error, "error": error or None}, indent=1))
        if proof is not None:
            (folder / "certificate.json").write_text(json.dumps(proof))
    sys.stdout.write(json.dumps(metrics, indent=1) + "\n")
    return 1 if error else 0


if __name__ == "__main__":
    sys.exit(main())
