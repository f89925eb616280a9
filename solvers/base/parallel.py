"""Work on several threads, results in order; cores and versions of what decides the bits."""

import os
import platform
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import llvmlite
import numba
import numpy as np
import scipy

POLL_SECONDS = 0.1
# Asked now and then by work that takes long: whether to end it.
Stop = Callable[[], bool] | None


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def versions() -> dict[str, str]:
    """Version of every program that decides the bits of a result."""
    packages = {module.__name__: module.__version__ for module in (np, scipy, numba, llvmlite)}
    return {"python": platform.python_version(), **packages}


def in_order(pool: ThreadPoolExecutor, jobs: Iterable[Callable[[], Any]], ahead: int, stop: Stop) -> Iterator[Any]:
    """Results of the jobs in their order, at most `ahead` of them begun and not yet handed on; ends early on `stop`."""
    waiting: deque[Future] = deque()
    source, begun = iter(jobs), False
    while True:
        # Making a job may take long itself. One is begun whatever `stop` says, so that something comes of the work.
        while len(waiting) < ahead and not (begun and stop is not None and stop()):
            job = next(source, None)
            if job is None:
                break
            waiting.append(pool.submit(job))
            begun = True
        if not waiting:
            return
        while True:
            try:
                result = waiting[0].result(timeout=POLL_SECONDS)
                break
            except TimeoutError:
                if stop is not None and stop():
                    return
        waiting.popleft()
        yield result


def watched(work: Callable[[], Any], flag: np.ndarray, stop: Stop = None) -> Any:
    """What `work` returns, done on a thread of its own, so that Ctrl-C and `stop` reach compiled code.

    Args:
        work: returns soon after flag[0] is set, and holds no lock of Python's for long.
        flag: set when `stop` holds or Ctrl-C comes, and left so.
        stop: asked ten times a second.
    """
    with ThreadPoolExecutor(1, "dufm") as pool:
        done = pool.submit(work)
        try:
            while True:
                try:
                    return done.result(timeout=POLL_SECONDS)
                except TimeoutError:
                    if done.done():
                        raise
                    if stop is not None and stop():
                        flag[0] = 1
        except BaseException:
            flag[0] = 1
            raise
