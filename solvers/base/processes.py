"""Worker processes: what they need is loaded once, and none outlives the process that asked for it."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import parent_process

# A server that has loaded the modules once forks the workers; Windows has none.
SERVER = "forkserver" in multiprocessing.get_all_start_methods()


def load_for_workers(modules: Sequence[str]) -> None:
    """Begin to load what workers will need, in a process of its own, while this one goes on.

    Args:
        modules: names; they must start no thread as they load, since the workers are forks of that process.
    """
    if SERVER:
        from multiprocessing import forkserver

        multiprocessing.set_forkserver_preload(list(modules))
        forkserver.ensure_running()


@contextmanager
def process_pool(jobs: int) -> Generator[Executor]:
    """A pool of `jobs` processes; leaving it by an exception ends them at once."""
    context = multiprocessing.get_context("forkserver" if SERVER else "spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_worker)
    workers = pool._processes
    try:
        yield pool
    except BaseException:
        for process in list(workers.values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _worker() -> None:
    """Ctrl-C is for the parent to handle; and a worker whose parent was killed must not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
