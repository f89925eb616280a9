"""Many descents on one JAX device, as Python sees them: devices, restarts under way, what goes in and out.

The device works on a fixed number of descents at once. A descent that ends its stage is handed back, and its place is
taken by the next stage of a restart under way or by a new start; so the slowest descent holds up nobody, any number of
restarts fits the memory, and one compilation serves every search over the same (K, L, width), whatever its lambdas.

JAX is imported when the engine is first used. A device that is not there is an error, never another device.
`solvers.search.gpu.keep_programs` keeps compiled programs on disk; JAX_COMPILATION_CACHE_DIR chooses another folder.
"""

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.checks import require_integers
from dufm.solvers.base.parallel import Stop
from dufm.solvers.engines.knock_out import DescentResults, KnockOut
from dufm.solvers.engines.schedule import Keep, keep_all, schedule
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError

MEMORY = 12
# Descents at once; less where memory is short. cpu by measurement; cuda so that the passes over the histories, not the
# launches of kernels, should take the time (estimated: not yet measured on a card).
USUAL_DESCENTS = {"cpu": 16, "cuda": 4096}
HOST_BYTES = 2**30
# A burst of evaluations ends when one in so many descents waits to be replaced, or after BURST evaluations of each;
# fewer where these take longer than a person who stops the search should wait.
REPLACED = 8
BURST, BURST_SECONDS = 256, 0.2


def _jax() -> ModuleType:
    try:
        import jax
    except ImportError:
        raise ProblemError("engine jax needs JAX (pip install 'dufm[gpu]', or jax for the CPU alone)") from None
    return jax


def available_devices() -> tuple[str, ...]:
    """Names `device` may take here besides auto, the fastest first; empty where JAX is not installed."""
    try:
        jax = _jax()
    except ProblemError:
        return ()
    found = []
    for name in ("cuda", "cpu"):
        with contextlib.suppress(RuntimeError):
            found += [name] if jax.devices(name) else []
    return tuple(found)


def find_device(device: str = "auto") -> Any:
    """The JAX device of that name; auto is the first of `available_devices`.

    Raises:
        ProblemError: if there is no such device, or JAX is not installed.
    """
    if device not in ("auto", "cuda", "cpu"):
        raise ProblemError(f"device must be auto, cuda or cpu, got {device!r}")
    jax, found = _jax(), available_devices()
    if device == "cuda" and "cuda" not in found:
        needs = "a CUDA build of JAX and a visible GPU (pip install 'dufm[gpu]')"
        raise ProblemError(f"device cuda needs {needs}; found: {', '.join(found) or 'none'}")
    if device == "auto" and not found or device == "cpu" and "cpu" not in found:
        raise ProblemError(f"device {device} needs a device visible to JAX; found: {', '.join(found) or 'none'}")
    return jax.devices(found[0] if device == "auto" else device)[0]


class GpuEngine:
    """One problem on one device.

    Attributes:
        device: the JAX device.
        descents: descents worked on at once.
    """

    def __init__(
        self, problem: Problem, device: str = "auto", descents_at_once: int | None = None, memory: int = MEMORY
    ) -> None:
        problem.require_loss("mse", "the JAX engine")
        self.problem = problem
        require_integers(1, descents_at_once=descents_at_once)
        self.device = find_device(device)
        self._jax = _jax()
        from dufm.solvers.engines.gpu import lbfgs

        self._kernels = lbfgs
        self._shapes = problem.shapes[:-1]
        self._size = sum(rows * columns for rows, columns in self._shapes)
        self._lambdas = np.array([float(value) for value in problem.effective_lambdas])
        self._memory = memory
        limit = (self.device.memory_stats() or {}).get("bytes_limit", 2 * HOST_BYTES) // 2
        fits = max(1, limit // lbfgs.bytes_per_descent(self._shapes, memory))
        usual = USUAL_DESCENTS["cpu" if self.device.platform == "cpu" else "cuda"]
        self.descents = int(min(descents_at_once or usual, fits))
        self._portion = max(1, self.descents // REPLACED)

    @contextlib.contextmanager
    def _context(self) -> Iterator[None]:
        # Both settings hold in this thread until the end of the block: the caller's JAX stays as it is.
        with self._jax.enable_x64(True), self._jax.default_device(self.device):
            yield

    def pack(self, starts: Sequence[Sequence[Array]]) -> Array:
        """Starts (H_1, W_1, ...) as rows; a W_L at the end is left out, for it is eliminated.

        Raises:
            ProblemError: if a factor does not have the problem's shape.
        """
        rows = np.zeros((len(starts), self._size))
        for row, start in zip(rows, starts, strict=True):
            factors = [np.asarray(w, dtype=float) for w in start[: len(self._shapes)]]
            shapes = tuple(w.shape for w in factors)
            if shapes != self._shapes:
                raise ProblemError(f"start must have factors of shapes {self._shapes}, got {list(shapes)}")
            row[:] = np.concatenate([w.ravel() for w in factors])
        return rows

    def unpack(self, row: Array) -> list[Array]:
        """The factors (H_1, W_1, ..., W_{L-1}) of one packed row."""
        ends = np.cumsum([rows * columns for rows, columns in self._shapes])[:-1]
        return [part.reshape(shape) for part, shape in zip(np.split(row, ends), self._shapes, strict=True)]

    def evaluate(self, points: Array, eps: float = 0.0) -> tuple[Array, Array]:
        """Losses and gradients at packed points, with relu_eps and W_L eliminated."""
        with self._context():
            value, gradient = self._kernels.evaluation(points, np.full(len(points), eps), self._lambdas, self._shapes)
            return np.asarray(value), np.asarray(gradient)

    def run(
        self,
        jobs: Iterable[tuple[Array, Array]],
        stop: Stop = None,
        cut: Callable[[list[Array]], None] | None = None,
    ) -> Iterator[tuple[int, DescentResults]]:
        """The homotopy on every job (packed starts, stages as from `schedule`); (its number, Field) as each ends.

        Jobs are drawn from `jobs` when there is room. `stop` is asked after every burst; True ends the work, and
        the factors of the lowest descent under way are handed to `cut`.
        """
        with self._context():
            descents = self._kernels.empty(self.descents, self._size, self._memory)
        owners: list[tuple[KnockOut, int] | None] = [None] * self.descents
        ready: deque[tuple[KnockOut, int]] = deque()
        source = enumerate(jobs)
        free = list(range(self.descents))[::-1]
        more, most = True, 16
        while True:
            fresh: list[int] = []
            while free and (ready or more):
                if not ready:
                    drawn = next(source, None)
                    more = drawn is not None
                    if drawn is not None:
                        job = KnockOut(drawn[0], *drawn[1])
                        ready.extend((job, i) for i in job.left)
                    continue
                fresh.append(free.pop())
                owners[fresh[-1]] = ready.popleft()
            descents = self._load(descents, fresh, owners)
            active = self.descents - len(free)
            if not active:
                return
            floor = active - min(active, self._portion) if ready or more else 0
            began = time.perf_counter()
            with self._context():
                descents, *found = self._kernels.burst(descents, self._lambdas, floor, most, self._shapes)
                status, evaluations = (np.asarray(array) for array in found)
            quick = time.perf_counter() - began < BURST_SECONDS
            most = min(2 * most, BURST) if quick else max(most // 2, 1)
            if stop is not None and stop():
                under_way = np.flatnonzero(status != self._kernels.FRESH)
                held = self._fetch(descents, [int(i) for i in under_way if owners[i] is not None])
                best = min((x for x in held if np.isfinite(x[2])), key=lambda x: x[2], default=None)
                if cut is not None and best is not None:
                    cut(self.unpack(best[1]))
                return
            over = (status != self._kernels.RUNNING) & (status != self._kernels.FRESH)
            done = [int(i) for i in np.flatnonzero(over) if owners[i] is not None]
            for i, point, value in self._fetch(descents, done):
                job, descent = owners[i] or (None, 0)
                owners[i] = None
                free.append(i)
                if job is not None and job.report(descent, value, point, int(evaluations[i])):
                    if job.ended:
                        yield job.number, job.results(self.unpack)
                    else:
                        ready.extend((job, j) for j in job.left)

    def _portions(self, slots: Sequence[int]) -> Iterator[tuple[list[int], NDArray[np.int32]]]:
        """Slots in portions of one size; the second entry is padded by a slot that does not exist."""
        for at in range(0, len(slots), self._portion):
            part = list(slots[at : at + self._portion])
            yield part, np.array(part + [self.descents] * (self._portion - len(part)), dtype=np.int32)

    def _load(self, descents: Any, slots: list[int], owners: list[tuple[KnockOut, int] | None]) -> Any:
        for part, padded in self._portions(slots):
            points, stages = np.zeros((self._portion, self._size)), np.zeros((self._portion, 4))
            for row, slot in enumerate(part):
                owner = owners[slot]
                if owner is not None:
                    job, descent = owner
                    points[row], stages[row] = job.points.pop(descent), job.stages[job.stage, :4]
            with self._context():
                descents = self._kernels.load(descents, padded, points, stages)
        return descents

    def _fetch(self, descents: Any, slots: list[int]) -> Iterator[tuple[int, Array, float]]:
        for part, padded in self._portions(slots):
            with self._context():
                points, values = (np.asarray(array) for array in self._kernels.fetch(descents, padded))
            yield from ((slot, points[row].copy(), float(values[row])) for row, slot in enumerate(part))


def descend_on_device(
    problem: Problem,
    starts: Sequence[Sequence[Array]],
    eps0: float = 0.01,
    keep: Keep = keep_all,
    device: str = "auto",
    descents_at_once: int | None = None,
) -> DescentResults:
    """The homotopy from given starts; by default none is culled.

    Arguments as for `engines.cpu.descend_from` and `search.gpu.jax_runner`.

    Raises:
        ProblemError: if a start does not fit the problem, or the device is not there.
    """
    engine = GpuEngine(problem, device, descents_at_once)
    job = engine.pack(starts), schedule(problem, eps0, keep, len(starts))
    return next(engine.run([job]))[1]
