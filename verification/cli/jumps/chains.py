"""`dufm jumps chains`: SGD chains from a minimum, saved as they go, their moves counted."""

import json
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from dufm.solvers.base.parallel import cores
from dufm.solvers.jumps.chains import Chains, ChainSetting, begin, sgd_chains
from dufm.solvers.jumps.minima import branch_minimum
from dufm.solvers.jumps.store import load, same, save
from dufm.solvers.jumps.tally import exits, hazard, transition_matrix, upward, upward_bound
from dufm.theory.stated import ProblemError
from dufm.verification.cli import options as checked
from dufm.verification.cli.interrupt import keeping
from dufm.verification.cli.jumps.minima import chosen_instance
from dufm.verification.cli.live import live_line
from dufm.verification.cli.output import show_table

SAVE_SECONDS = 10.0


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
    problem, (chains, steps, jobs) = chosen_instance(start["instance"]), sizes
    if not 1 <= start["rank"] <= min(problem.target.shape):
        raise ProblemError(f"--rank must be from 1 to {min(problem.target.shape)}, got {start['rank']}")
    setting = ChainSetting(problem, **numbers_of)
    checked.integers(0, jobs=jobs)
    if steps < setting.checkpoint:
        raise ProblemError(f"--steps must be at least one --checkpoint ({setting.checkpoint}), got {steps}")
    checked.integers(1, chains=chains, L=start["L"])
    checked.numbers(above=0, lam=setting.lam)
    checked.file(out)
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
    state, stopped = _watched(setting, state, steps, jobs or cores(), out)
    with keeping(f"the chains are in {out}"):
        record = _counted(setting, state) | {"L": len(state.weights), "saved": str(out), "stopped": stopped}
        if as_json:
            print(json.dumps(record, indent=1))
        else:
            _show_chains(record, console)
    if stopped:
        raise KeyboardInterrupt(f"the chains up to their last checkpoint are in {out}")


def _watched(setting: ChainSetting, state: Chains, steps: int, jobs: int, out: Path) -> tuple[Chains, bool]:
    """Run with a progress bar, saving every few seconds; Ctrl-C ends it after the last checkpoint."""
    last, saved = [state], [time.monotonic()]
    with live_line("stepping", -(-steps // setting.checkpoint)) as line:

        def report(now: Chains) -> None:
            last[0] = now
            ranks = now.ranks[-1]
            words = ", ".join(f"rank {r}: {int((ranks == r).sum())}" for r in sorted(set(ranks.tolist())))
            line.update(words, completed=len(now.sigma) - 1)
            if time.monotonic() - saved[0] > SAVE_SECONDS:
                save(setting, now, out)
                saved[0] = time.monotonic()

        try:
            sgd_chains(setting, (), steps, threads=jobs, progress=report, state=state)
            stopped = False
        except KeyboardInterrupt:
            stopped = True
    save(setting, last[0], out)
    return last[0], stopped


def _counted(setting: ChainSetting, state: Chains) -> dict[str, Any]:
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
    show_table(console, table)
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
