"""What `dufm jumps` does: see verification/cli_jumps.py for its options."""

import json
import math
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from solvers.jumps.absorbing import certify, eta_max
from solvers.jumps.chains import Chains, Setting, begin, sgd_chains
from solvers.jumps.factorisation import product, unseen_error
from solvers.jumps.hessian import curvature, dead_level, stability_limit, zero_modes
from solvers.jumps.instance import Completion, full_target32, instance32, read_instance
from solvers.jumps.minima import Minimum, branch_minimum, critical_strength, find_minimum
from solvers.jumps.scalar_chain import ScalarChain, exit_time, simulate
from solvers.jumps.store import load, same, save
from solvers.jumps.tally import exits, hazard, transition_matrix, upward, upward_bound
from solvers.recipes import cores
from theory.problem import ProblemError, exact_number
from verification.cli_frontier import numbers

SAVE_SECONDS = 10.0
# Fractions longer than this are shown as decimals; --json has them whole.
LONG = 24


def run_landscape(
    L: int, lam: float, ranks: str, instance: Path | None, seed: int, reach: bool, as_json: bool, console: Console
) -> None:
    """The minima table."""
    problem = _instance(instance)
    wanted = numbers(ranks, "--ranks", 0, min(problem.target.shape))
    rows = []
    with Console(stderr=True).status("descending"):
        for r in wanted:
            m = branch_minimum(problem, lam, L, r, seed)
            rows.append({"rank": r} if m is None else _described(m, problem, lam, instance is None, reach, seed))
    if as_json:
        print(json.dumps({"L": L, "lambda": lam, "seed": seed, "minima": rows}, indent=1))
        return
    names = ["rank", "loss", "singular values", "flat", "dead below"]
    names += ["unseen"] * (instance is None) + ["reaches"] * reach
    table = Table(pad_edge=False)
    for name in names:
        table.add_column(name, no_wrap=True)
    for row in rows:
        if "loss" not in row:
            table.add_row(str(row["rank"]), "none found", *[""] * (len(names) - 2))
            continue
        cells = [str(row["rank"]), f"{row['loss']:.6f}", " ".join(f"{s:.3f}" for s in row["sigma"]) or "-"]
        cells += [f"{row['flat']} of {row['rotations']}", _short(row["dead_level"])]
        cells += [_short(row[name]) for name in ("unseen_rms", "reach") if name in row]
        table.add_row(*cells)
    console.print(table)
    known = [row for row in rows if "loss" in row]
    lines = [_footnotes(instance is None, reach)]
    lines += [f"Rank {row['rank']} is a saddle: least curvature {row['least']:.3g}." for row in known if row["saddle"]]
    if known:
        best = min(known, key=lambda row: row["loss"])
        lines.append(f"Lowest found: rank {best['rank']}. Descents from random starts: other minima may exist.")
    console.print("\n".join(lines), highlight=False, soft_wrap=True)


def _footnotes(frozen: bool, reach: bool) -> str:
    words = "flat: directions without curvature, of those that rotations of hidden layers make; dead below: a new "
    words += "singular value under this dies on average"
    words += "; unseen: root mean square error where nothing was observed" if frozen else ""
    return words + ("; reaches: largest lambda the minimum survives." if reach else ".")


def _described(m: Minimum, problem: Completion, lam: float, frozen: bool, reach: bool, seed: int) -> dict[str, Any]:
    L, n = len(m.weights), min(problem.target.shape)
    shape = curvature(m.weights, problem, lam)
    row: dict[str, Any] = {"rank": m.rank, "loss": m.loss, "gradient": m.gradient}
    row |= {"sigma": m.sigma[: m.rank].tolist(), "least": shape.least, "flat": shape.flat, "next": _finite(shape.next)}
    row["saddle"] = shape.least < -shape.rounding
    row["rotations"] = zero_modes(L, n, m.rank)
    row["dead_level"] = _finite(dead_level(m.weights, problem, lam, m.rank)) if L > 2 else None
    row["stability"] = _finite(stability_limit(m.weights, problem))
    if frozen:
        row["unseen_rms"] = unseen_error(product(m.weights), full_target32(), problem)
    if reach and m.rank > 0:
        low = find_minimum(problem, lam / 2, L, m.rank, seed) or m
        row["reach"] = critical_strength(problem, low, lam if low is m else lam / 2)
    return row


def run_chains(
    start: dict[str, Any],
    numbers_of: dict[str, Any],
    sizes: tuple[int, int, int],
    out: Path,
    resume: bool,
    as_json: bool,
    console: Console,
) -> None:
    """Run, save as it goes, count."""
    problem, (chains, steps, jobs) = _instance(start["instance"]), sizes
    if not 1 <= start["rank"] <= min(problem.target.shape):
        raise ProblemError(f"--rank must be from 1 to {min(problem.target.shape)}, got {start['rank']}")
    setting = Setting(problem, **numbers_of)
    if jobs < 0:
        raise ProblemError(f"--jobs must be an integer >= 0, got {jobs}")
    if steps < setting.checkpoint:
        raise ProblemError(f"--steps must be at least one --checkpoint ({setting.checkpoint}), got {steps}")
    if resume:
        known, state = load(out)
        if not same(known, setting) or len(state.draws) != chains or len(state.weights) != start["L"]:
            raise ProblemError(
                f"--resume: {out} is a run of another setting; repeat its options or choose another --out"
            )
    else:
        m = branch_minimum(problem, setting.lam, start["L"], start["rank"])
        if m is None:
            words = f"--rank {start['rank']} has no minimum that was found at L = {start['L']}, lambda = {setting.lam}"
            raise ProblemError(f"{words}; see dufm jumps landscape")
        state = begin(setting, m.weights, chains)
    out.parent.mkdir(parents=True, exist_ok=True)
    state, stopped = _watched(setting, state, steps, jobs or cores(), out)
    record = _counted(setting, state) | {"L": len(state.weights), "saved": str(out), "stopped": stopped}
    if as_json:
        print(json.dumps(record, indent=1))
    else:
        _show_chains(record, console)


def _watched(setting: Setting, state: Chains, steps: int, jobs: int, out: Path) -> tuple[Chains, bool]:
    """Run with a progress bar, saving every few seconds; Ctrl-C ends it after the last checkpoint."""
    errors = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    last, saved = [state], [time.monotonic()]
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        task = progress.add_task("stepping", total=-(-steps // setting.checkpoint))

        def told(now: Chains) -> None:
            last[0] = now
            ranks = now.ranks[-1]
            words = ", ".join(f"rank {r}: {int((ranks == r).sum())}" for r in sorted(set(ranks.tolist())))
            progress.update(task, completed=len(now.sigma) - 1, description=words)
            if time.monotonic() - saved[0] > SAVE_SECONDS:
                save(setting, now, out)
                saved[0] = time.monotonic()

        try:
            sgd_chains(setting, (), steps, threads=jobs, progress=told, state=state)
            stopped = False
        except KeyboardInterrupt:
            stopped = True
    save(setting, last[0], out)
    return last[0], stopped


def _counted(setting: Setting, state: Chains) -> dict[str, Any]:
    ranks = state.ranks
    first = int(ranks[0].max())
    record: dict[str, Any] = {"lambda": setting.lam, "eta": setting.eta, "seed": setting.seed, "inject": setting.inject}
    record |= {"chains": ranks.shape[1], "steps": (len(ranks) - 1) * setting.checkpoint, "rank": first}
    record |= {"exits": exits(ranks, first), "upward": upward(ranks), "diverged": int(state.diverged.sum())}
    record["transitions"] = transition_matrix(ranks).tolist()
    record["ranks_at_end"] = {str(r): int((ranks[-1] == r).sum()) for r in range(first + 1)}
    if len(ranks) > 1:
        found = hazard(ranks, first, setting.checkpoint)
        record["hazard"] = {"rate": found.rate, "low": found.low, "high": found.high}
    if record["exits"] > record["diverged"]:
        bound = upward_bound(ranks)
        record["came_back"] = {"chains_down": bound.n, "up_again": bound.k, "upper_95": bound.high}
    return record


def _show_chains(record: dict[str, Any], console: Console) -> None:
    size = len(record["transitions"])
    table = Table("from \\ to", *(f"rank {r}" for r in range(size)), pad_edge=False, title="moves between checkpoints")
    for r in reversed(range(size)):
        table.add_row(f"rank {r}", *(str(v) for v in record["transitions"][r]))
    console.print(table)
    lines = [
        f"{record['chains']} chains, {record['steps']} steps, seed {record['seed']}; {record['diverged']} diverged."
    ]
    if "hazard" in record:
        rate = record["hazard"]
        lines.append(
            f"{record['exits']} left rank {record['rank']}: {rate['rate']:.3g} per step, 95 % interval "
            f"{rate['low']:.3g} to {rate['high']:.3g}."
        )
    if "came_back" in record:
        back = record["came_back"]
        lines.append(
            f"Of {back['chains_down']} chains that went down {back['up_again']} rose again; the chance is at most "
            f"{back['upper_95']:.2%} (95 % confidence, chains counted once)."
        )
    lines.append(f"{'Stopped; --resume goes on. ' if record['stopped'] else ''}Saved {record['saved']}")
    console.print("\n".join(lines), highlight=False, soft_wrap=True)


def run_certify(
    L: int, lam: str, a: str | None, eta: str | None, instance: Path | None, as_json: bool, console: Console
) -> int:
    """Constants and margins; 1 if there are none."""
    if a is not None and instance is not None:
        raise ProblemError(f"--a and --instance both give the largest target; got --a {a} and --instance {instance}")
    # A float is a rational, so the bound holds for the very numbers in the file.
    largest = Fraction(_instance(instance).largest) if instance is not None else exact_number(a or "1", "--a")
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
    console.print(table)
    table = Table("condition", "margin >= 0", pad_edge=False)
    for name, value in margins.items():
        table.add_row(name, f"{float(value):.3g}")
    console.print(table)
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
    chain = ScalarChain.of(L, n, exact_number(share, "--share"), eta)
    record: dict[str, Any] = {"L": L, "n": n, "lambda": chain.lam, "eta": eta, "x_minus": chain.x_minus}
    record |= {"barrier": chain.barrier, "minimum": chain.minimum, "exact": exit_time(chain)}
    if chains:
        run = simulate(chain, chains, seed, max(10**5, int(50 * min(record["exact"], 1e6))))
        record |= {
            "simulated": _finite(run.mean),
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
        told = (
            f"{run.mean:.6g} +- {run.error:.2g}" if record["simulated"] else f"{record['still_there']} are still there"
        )
        lines.append(f"{chains} chains, seed {seed}: {told}; {run.returned} came back above the level")
    console.print("\n".join(lines), highlight=False, soft_wrap=True)


def _instance(path: Path | None) -> Completion:
    return instance32() if path is None else read_instance(path)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _short(value: float | None) -> str:
    return "-" if value is None or np.isnan(value) else f"{value:.4g}"
