"""`dufm jumps certify` and `dufm jumps exit-time`: sets that SGD cannot leave, and the chain that can be solved."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from dufm.solvers.jumps.absorbing import certify, eta_max
from dufm.solvers.jumps.scalar_chain import ScalarChain, exit_time, simulate
from dufm.theory.stated import ProblemError, exact_number
from dufm.verification.cli import options as checked
from dufm.verification.cli.jumps.minima import chosen_instance, finite
from dufm.verification.cli.output import show_table

# Fractions longer than this are shown as decimals; --json has them whole.
LONG = 24


def run_certify(
    L: int, lam: str, a: str | None, eta: str | None, instance: Path | None, as_json: bool, console: Console
) -> int:
    """Constants and margins; 1 if there are none."""
    if a is not None and instance is not None:
        raise ProblemError(f"--a and --instance both give the largest target; got --a {a} and --instance {instance}")
    checked.integers(3, L=L)
    for name, text in (("lam", lam), ("a", a), ("eta", eta)):
        if text is not None:
            checked.numbers(above=0, **{name: float(exact_number(text, f"--{name}"))})
    # A float is a rational, so the bound holds for the very numbers in the file.
    largest = (
        Fraction(chosen_instance(instance).largest)
        if instance is not None
        else exact_number("1" if a is None else a, "--a")
    )
    try:
        limit = eta_max(L, lam, largest) if eta is None else None
        step = limit if eta is None else exact_number(eta, "--eta")
        found = None if step is None else certify(L, lam, largest, step)
    except NotImplementedError as error:
        raise ProblemError(f"--L: {error}") from None
    if found is None:
        words = f"no constants found for L = {L}, lambda = {lam}, a = {float(largest):g}"
        words += f" at eta = {eta}; without --eta the largest step is searched for" if eta is not None else ""
        print(json.dumps({"found": False})) if as_json else console.print(words, soft_wrap=True)
        return 1
    values = {name: getattr(found, name) for name in ("lam", "a", "eta", "c", "eps", "t")}
    values |= {f"m_{p}": m for p, m in enumerate(found.m, 1)}
    margins, entry = found.margins(), found.entry_steps()
    if as_json:
        record = {"found": found.holds, "L": L, "entry_steps": entry, "largest_step": eta is None}
        record |= {"constants": {k: str(v) for k, v in values.items()}}
        print(json.dumps(record | {"margins": {k: str(v) for k, v in margins.items()}}, indent=1))
        return 0
    table = Table("constant", "value", pad_edge=False)
    for name, value in values.items():
        table.add_row(name, str(value) if len(str(value)) <= LONG else f"{float(value):.12g}")
    show_table(console, table)
    table = Table("condition", "margin >= 0", pad_edge=False)
    for name, value in margins.items():
        table.add_row(name, f"{float(value):.3g}")
    show_table(console, table)
    lines = ["Every condition holds in rational arithmetic: no step leaves B_r, for any r (dufm derive absorbing-set)."]
    if entry is not None:
        lines.append(f"The same entry {entry} times in a row leads into B_1, so every chain gets there in the end.")
    console.print("\n".join(lines), highlight=False, soft_wrap=True)
    return 0


def run_exit_time(
    L: int, n: int, share: str, eta: float, chains: int, seed: int, as_json: bool, console: Console
) -> None:
    """Exact and simulated exit times of the scalar chain."""
    if n < 2 or chains < 0 or chains == 1:
        raise ProblemError(f"--n must be >= 2 and --chains 0 or >= 2, got {n} and {chains}")
    checked.integers(0, seed=seed)
    chain = ScalarChain.of(L, n, exact_number(share, "--share"), eta)
    record: dict[str, Any] = {"L": L, "n": n, "lambda": chain.lam, "eta": eta, "x_minus": chain.x_minus}
    record |= {"barrier": chain.barrier, "minimum": chain.minimum, "exact": exit_time(chain)}
    if chains:
        run = simulate(chain, chains, seed, max(10**5, int(50 * min(record["exact"], 1e6))))
        record |= {
            "simulated": finite(run.mean),
            "standard_error": run.error,
            "still_there": int((run.times < 0).sum()),
        }
        record |= {"returned": run.returned, "chains": chains, "seed": seed}
    if as_json:
        print(json.dumps(record, indent=1))
        return
    lines = [
        f"L = {L}, n = {n}, lambda = {chain.lam:.8g}, eta = {eta:g}: x from {chain.minimum:.6f} (barrier "
        f"{chain.barrier:.6f}) to the absorbing level {chain.x_minus:.6f}",
        f"mean exit time {record['exact']:.6g} steps (transfer operator)",
    ]
    if chains:
        reached = (
            f"{run.mean:.6g} +- {run.error:.2g}" if record["simulated"] else f"{record['still_there']} are still there"
        )
        lines.append(f"{chains} chains, seed {seed}: {reached}; {run.returned} came back above the level")
    console.print("\n".join(lines), highlight=False, soft_wrap=True)
