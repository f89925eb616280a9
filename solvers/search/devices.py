"""Which engine runs a search: the portfolio on the processor's cores, or thousands of descents on a CUDA device."""

from importlib.util import find_spec

from dufm.solvers.engines.gpu.scheduler import available_devices
from dufm.solvers.search.gpu import jax_runner, keep_programs
from dufm.solvers.search.options import DEFAULTS, SearchOptions
from dufm.solvers.search.portfolio import global_search
from dufm.solvers.search.solution import Solution
from dufm.solvers.search.state import SearchState
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError

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
    problem: Problem, device: str, options: SearchOptions = DEFAULTS, state: SearchState | None = None
) -> tuple[Solution, SearchState]:
    """Search on a device; arguments as for `global_search`.

    Raises:
        ProblemError: as `global_search`, or for a device that is not there.
    """
    runner = None
    if chosen_device(device) == "cuda":
        keep_programs()
        runner = jax_runner(problem, "cuda")
    return global_search(problem, options, state, runner)
