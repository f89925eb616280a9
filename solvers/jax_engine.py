"""The GPU search: the algorithm of solvers.compiled over thousands of lanes in one compiled JAX program.

Every lane computes as if it were alone and results are taken in order of restart: for the same device and number of
lanes at once a restart depends on the seed and its own index alone. See solvers.jax_lanes for how lanes share a device.
"""

import platform
from collections.abc import Callable, Generator, Iterator
from importlib.metadata import version

import numpy as np
import scipy

from solvers.compiled import HEATS, PORTFOLIO
from solvers.driver import Found, Plan, Start, drawn
from solvers.jax_lanes import Engine
from solvers.lanes import Field, better_half, schedule
from solvers.objective import Array
from solvers.recipes import EPS_FACTOR, FLAT, finish
from solvers.solution import Solution
from solvers.starts import gaussian
from theory.problem import Problem

ENGINE = "jax-lbfgs"


def jax_search(
    problem: Problem,
    restarts: int = 24,
    seed: int = 0,
    eps0: float | None = None,
    scale: float | None = None,
    heats: int = HEATS,
    target: float | None = None,
    progress: Callable[[int, int, float], None] | None = None,
    stop: Callable[[], bool] | None = None,
    start: Start = gaussian,
    first: int = 0,
    lanes_at_once: int | None = None,
    device: str = "auto",
) -> Solution:
    """Search for a global minimum; arguments, result, portfolio and starts as for `solvers.compiled.compiled_search`.

    Args:
        problem, restarts, seed, eps0, scale, heats, target, progress, start, first: as there.
        stop: asked after every restart and every burst of evaluations; True ends the search and leaves out restarts
            that have not finished, so there may be none (outcome STOPPED, no weights).
        lanes_at_once: most descents worked on at once; less where memory is short. It is recorded, for on a GPU it may
            change the order of additions and so the last bits.
        device: cpu, cuda, or auto for the first of `available_devices`; the Solution records which it was.

    Returns:
        A Solution in every case, also after Ctrl-C; its outcome says how the search ended.

    Raises:
        ProblemError: naming an option that makes no sense, a device that is not there, or JAX where it is missing.
    """
    plan = Plan(problem, restarts, seed, eps0, scale, heats, target, progress, stop, start, first)
    engine = Engine(problem, device, lanes_at_once)

    def job(index: int) -> tuple[Array, Array]:
        first_eps, width = plan.settings(index, PORTFOLIO)
        starts = engine.pack(drawn(problem, start, seed, index, heats, width))
        return starts, schedule(problem, first_eps, better_half, heats, EPS_FACTOR, flat=FLAT)

    def results() -> Generator[Found]:
        for found in _in_order(engine.run(map(job, plan.indices), stop)):
            yield finish(problem, found)

    versions = {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__}
    versions |= {name: version(name) for name in ("jax", "jaxlib")}
    chip = engine.device
    own = {"lanes_at_once": engine.lanes, "device": chip.device_kind}
    return plan.collect(
        results(), ENGINE, versions, own | {"platform": f"{chip.platform} {chip.client.platform_version}"}
    )


def _in_order(numbered: Iterator[tuple[int, Field]]) -> Iterator[Field]:
    early: dict[int, Field] = {}
    due = 0
    for number, found in numbered:
        early[number] = found
        while due in early:
            yield early.pop(due)
            due += 1
