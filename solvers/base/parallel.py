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


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def versions() -> dict[str, str]:
    """Version of every program that decides the bits of a result."""
    packages = {module.__name__: module.__version__ for module in (np, scipy, numba, llvmlite)}
    return {"python": platform.python_version(), **packages}


def in_order(
    pool: ThreadPoolExecutor, jobs: Iterable[Callable[[], Any]], ahead: int, stop: Callable[[], bool] | None
) -> Iterator[Any]:
    """Results of the jobs in their order, at most `ahead` of them begun and not yet handed on; ends early on `stop`."""
    waiting: deque[Future] = deque()
    source = iter(jobs)
    while True:
        while len(waiting) < ahead and (job := next(source, None)) is not None:
            waiting.append(pool.submit(job))
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
