"""Which engine runs a search: the portfolio on the processor's cores, or thousands of lanes on a CUDA device."""

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec

import numpy as np

from solvers.census import HIT, Group, State
from solvers.jax_engine import jax_search, keep_programs
from solvers.jax_lanes import available_devices
from solvers.solution import Solution
from solvers.strategy import global_search
from theory.problem import Problem, ProblemError

DEVICES = ("auto", "cpu", "cuda")
# What a CUDA build of JAX brings; without one of them JAX need not be loaded to know that there is no GPU.
PLUGINS = ("jax_cuda12_plugin", "jax_cuda13_plugin")


def chosen_device(device: str) -> str:
    """cpu or cuda; `auto` is cuda where JAX sees a GPU.

    Raises:
        ProblemError: for a name that is not one of DEVICES.
    """
    if device not in DEVICES:
        raise ProblemError(f"--device must be one of {', '.join(DEVICES)}, got {device!r}")
    if device != "auto":
        return device
    return "cuda" if any(find_spec(name) for name in PLUGINS) and "cuda" in available_devices() else "cpu"


def device_search(
    problem: Problem,
    device: str,
    restarts: int,
    seed: int,
    target: float | None,
    patience: int | None,
    progress: Callable[[State], None],
    stop: Callable[[], bool],
    state: State | None,
) -> tuple[Solution, State]:
    """Search on a device; arguments as for `global_search`. On CUDA every restart follows the fixed portfolio.

    Raises:
        ProblemError: naming an option that makes no sense, or a device that is not there.
    """
    if chosen_device(device) == "cpu":
        return global_search(
            problem, restarts, seed, target=target, patience=patience, progress=progress, stop=stop, state=state
        )
    seen = State() if state is None else replace(state)
    first = len(seen.losses)

    def told(done: int, total: int, best: float) -> None:
        seen.since = 0 if best < seen.best[0] * (1 - HIT) else seen.since + 1
        seen.best = min(seen.best, (best, ()), key=lambda found: found[0])
        seen.losses = [*seen.losses[:first], *[np.nan] * done]
        progress(seen)

    def halt() -> bool:
        return stop() or (patience is not None and seen.since >= patience)

    keep_programs()
    solution = jax_search(problem, restarts, seed, target=target, progress=told, stop=halt, first=first, device="cuda")
    return _joined(state, solution) if state is not None else (solution, state_of(solution))


def _joined(earlier: State, solution: Solution) -> tuple[Solution, State]:
    """The search that went on from `earlier`: its losses come first, and its best stays unless a lower one came."""
    state = state_of(solution)
    state.losses = [*earlier.losses, *state.losses]
    if earlier.best[0] < solution.loss or not solution.weights:
        state.best = earlier.best
        same = [g for g in state.groups if g.loss <= earlier.best[0] * (1 + HIT)]
        known = Group(*earlier.best, hits=sum(g.hits for g in same), fixed=sum(g.fixed for g in same))
        state.groups = [known, *state.groups[len(same) :]] if known.weights else state.groups
    best = {"loss": state.best[0], "weights": state.best[1]} if state.best[1] else {}
    return replace(solution, losses=np.array(state.losses), **best), state


def state_of(solution: Solution) -> State:
    """The census of a search in which every restart followed the fixed portfolio; only the best has weights."""
    state = State(losses=[float(x) for x in solution.losses], best=(solution.loss, solution.weights))
    for value in sorted(x for x in state.losses if np.isfinite(x)):
        if not state.groups or value - state.groups[-1].loss > HIT * state.groups[-1].loss:
            state.groups.append(Group(value, solution.weights if not state.groups else ()))
        state.groups[-1].hits += 1
        state.groups[-1].fixed += 1
    state.fixed = len(state.losses)
    return state
