"""Searches on a GPU: restarts as thousands of descents in one compiled JAX program.

Every descent computes as if it were alone and results are taken in order of restart: for the same device and number of
descents at once a restart depends on the seed and its own index alone. See solvers.engines.gpu.scheduler for how
descents share a device.
"""

import contextlib
import importlib
import os
import platform
from collections.abc import Callable, Generator, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import scipy

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.cache_folder import cache_folder
from dufm.solvers.base.parallel import Stop
from dufm.solvers.engines.gpu.scheduler import GpuEngine
from dufm.solvers.engines.knock_out import DescentResults
from dufm.solvers.search.found import Found, Provenance
from dufm.solvers.search.options import STARTS_PER_RESTART
from dufm.solvers.search.restarts import Restart, Runner, finish, prepared
from dufm.theory.problem import Problem

ENGINE = "jax-lbfgs"


def jax_runner(problem: Problem, device: str = "auto", descents_at_once: int | None = None) -> Runner:
    """What lets a search run its restarts as descents of a device.

    A round of a global search fills the device twice over, so that places freed by culling have work while the last
    descents converge.

    Args:
        problem: of the squared loss.
        device: cpu, cuda, or auto for the first of `available_devices`; a Solution records which it was.
        descents_at_once: most descents worked on at once; less where memory is short. It is recorded, for on a GPU it
            may change the order of additions and so the last bits.

    Raises:
        ProblemError: for a device that is not there, or JAX where it is missing.
    """
    engine = GpuEngine(problem, device, descents_at_once)
    fills = max(2, engine.descents // STARTS_PER_RESTART // 2 * 2)

    def run(
        restarts: Iterable[Restart], seed: int, stop: Stop = None, cut: Callable[[Found], None] | None = None, /
    ) -> Generator[Found]:
        def reached(lower: list[Array]) -> None:
            found = finish(problem, DescentResults(np.zeros(1), [0], [lower], 0, 0))
            if cut is not None and found.weights:
                cut(found)

        for results in _in_order(engine.run((prepared(problem, engine, r, seed) for r in restarts), stop, reached)):
            yield finish(problem, results)

    return Runner(run, (2 * fills, 8 * fills), Provenance(ENGINE, _versions(), _settings(engine)))


def _versions() -> dict[str, str]:
    own = {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__}
    return own | {name: version(name) for name in ("jax", "jaxlib")}


def _settings(engine: GpuEngine) -> dict[str, Any]:
    chip = engine.device
    own = {"lanes_at_once": engine.descents, "device": chip.device_kind}
    return own | {"platform": f"{chip.platform} {chip.client.platform_version}"}


def program_folder() -> Path:
    """Where compiled JAX programs are kept between processes."""
    return cache_folder("jax")


def keep_programs() -> Path | None:
    """Have JAX keep what it compiles from now on; for a process of one's own, since it sets JAX's configuration.

    Returns:
        The folder; None where JAX is missing or has its own (JAX_COMPILATION_CACHE_DIR), or nothing can be written.
    """
    try:
        jax: Any = importlib.import_module("jax")
    except ImportError:
        return None
    folder = program_folder()
    with contextlib.suppress(OSError, AttributeError):
        if jax.config.jax_compilation_cache_dir is None:
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK | os.X_OK):
                # By default programs that compile within a second are not kept; a search has several of them.
                jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
                jax.config.update("jax_compilation_cache_dir", str(folder))
                return folder
    return None


def _in_order(numbered: Iterator[tuple[int, DescentResults]]) -> Iterator[DescentResults]:
    early: dict[int, DescentResults] = {}
    due = 0
    for number, found in numbered:
        early[number] = found
        while due in early:
            yield early.pop(due)
            due += 1
