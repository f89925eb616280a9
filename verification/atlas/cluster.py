"""The workers of a Dask scheduler as an executor that asks each what it is before it gives it a cell.

Equal seeds give equal bits only where programs are equal, so a worker is used once it has shown the sources and the
versions of this process, whether it was there at the start or joined later; another is refused in one line. What is
sent is bytes and a function that travels by value: neither the scheduler nor a worker has to import the package to say
that it cannot. A cell is given to one named worker, and given again if that one goes.
"""

import asyncio
import logging
import pickle
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

import flint
import sympy

from dufm.solvers.base.parallel import versions
from dufm.theory.stated import ProblemError
from dufm.verification.atlas.sweep import Halted
from dufm.verification.base.source_digest import source_digest

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0
PROBE_SECONDS = 120.0
POLL_SECONDS = 0.5
REMIND_SECONDS = 30.0
CLOSE_SECONDS = 5.0
MOST_DEATHS = 3
Said = Callable[[str], None]


@cache
def identity() -> dict[str, str]:
    """What this process runs: a digest of its sources, and the version of Python and of all that makes numbers."""
    return {"sources": source_digest(), **versions(), "sympy": sympy.__version__, "python-flint": flint.__version__}


def guarded(expected: dict[str, str], function: Callable[..., Any], arguments: tuple[Any, ...]) -> bytes:
    """Call a function where this process is the program that asks; ("other" | "done" | "broke", what), pickled."""
    if identity() != expected:
        return pickle.dumps(("other", identity()))
    try:
        return pickle.dumps(("done", function(*arguments)))
    except Exception as error:  # it travels back as a value, so that it is not taken for a fault of the cluster
        return pickle.dumps(("broke", RuntimeError(f"{type(error).__name__}: {error}")))


def _relay() -> Callable[[bytes], bytes | str]:
    """A function that is pickled by value, for no module holds its name; text says why the payload is unreadable."""

    def relay(payload: bytes) -> bytes | str:
        import pickle

        try:
            function, arguments = pickle.loads(payload)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return function(*arguments)

    return relay


@dataclass(eq=False)
class _CellJob:
    payload: bytes
    future: Future[Any]
    deaths: int = 0


@dataclass(eq=False)
class _Worker:
    """A worker: `state` is "asked", "used" or "refused"; `running` holds the tasks that wait for its answers."""

    address: str
    threads: int
    state: str = "asked"
    running: set[asyncio.Task[None]] = field(default_factory=set)


class Cluster(Executor):
    """An executor over the workers of a scheduler; use `dask_cluster`.

    Its thread has an event loop of its own, in which every wait for the scheduler has a limit. When the scheduler goes,
    or all workers it has at first are refused, all futures end with `Halted`.
    """

    def __init__(self, address: str, said: Said) -> None:
        self._address, self._said = address, said
        self._jobs: deque[_CellJob] = deque()
        self._workers: dict[str, _Worker] = {}
        self._halted: Halted | None = None
        self._closing = False
        self._told, self._told_at = -1, 0.0
        self._client: Any = None
        self._connected: Future[None] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="dask-cluster", daemon=True)
        self._thread.start()
        self._connected.result()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Queue fn(*args) for the first worker of this program that is free."""
        job = _CellJob(pickle.dumps((guarded, (identity(), fn, args))), Future())
        self._jobs.append(job)
        if self._halted is not None:
            self._drop()
        return job.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Drop what is queued or running and leave the scheduler, within seconds even if it does not answer."""
        self._closing = True
        self._thread.join(2 * CLOSE_SECONDS if wait else 0)

    async def _serve(self) -> None:
        from dask.distributed import Client  # pyright: ignore[reportPrivateImportUsage]

        # Its own background tasks complain of a scheduler that went; that is said once, below.
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        try:
            self._client = Client(self._address, asynchronous=True, timeout=CONNECT_SECONDS, set_as_default=False)
            await asyncio.wait_for(self._client, CONNECT_SECONDS)
        except Exception as error:  # Dask raises whatever its transports raise
            silent = isinstance(error, TimeoutError) or not str(error)
            reason = f"no answer within {CONNECT_SECONDS:g} s" if silent else " ".join(str(error).split())
            words = f"--dask must be the address of a Dask scheduler, got {self._address!r} ({reason})"
            await self._leave()
            self._connected.set_exception(ProblemError(words))
            return
        self._connected.set_result(None)
        reason = "the cluster was left"
        try:
            while not self._closing:
                await self._look()
                await asyncio.sleep(POLL_SECONDS)
        except (OSError, TimeoutError):
            reason = f"the scheduler at {self._address} went away"
        except Halted as halted:
            reason = str(halted)
        except Exception as error:  # the futures must end, whatever happened here
            reason = f"the scheduler at {self._address}: {type(error).__name__}: {error}"
        self._halted = Halted(reason)
        waiting = [task for worker in self._workers.values() for task in worker.running]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        self._drop()
        await self._leave()

    async def _leave(self) -> None:
        if self._client is not None:
            with suppress(Exception):
                await asyncio.wait_for(self._client.close(), CLOSE_SECONDS)

    def _drop(self) -> None:
        while self._jobs:
            future = self._jobs.popleft().future
            if not future.cancelled():
                future.set_exception(self._halted)

    async def _look(self) -> None:
        """See which workers there are, ask the new ones, take back the cells of those that went, give cells out."""
        facts = await asyncio.wait_for(self._client.scheduler.identity(), ANSWER_SECONDS)
        there = {address: int(facts["nthreads"]) for address, facts in facts["workers"].items()}
        for address in [a for a in self._workers if a not in there]:
            for task in self._workers.pop(address).running:
                task.cancel()
        for address, threads in there.items():
            if address not in self._workers:
                self._workers[address] = worker = _Worker(address, threads)
                self._start(worker, self._ask(worker))
        self._give()
        self._tell()

    def _tell(self) -> None:
        """Say how many workers there are when the first comes or the last goes, and at times while there are none."""
        states = [worker.state for worker in self._workers.values()]
        used, refused, now = states.count("used"), states.count("refused"), time.monotonic()
        if "asked" in states:
            if self._told < 0 and not self._told_at:
                self._said(f"comparing programs with the workers of {self._address}, {len(states)} so far")
                self._told_at = now
            return
        if self._told < 0 and refused and not used:
            raise Halted(f"no worker of {self._address} can be used ({refused} refused)")
        if bool(used) != bool(self._told) or self._told < 0 or (not used and now - self._told_at > REMIND_SECONDS):
            words = f"{used} worker{'s' * (used > 1)}" if used else "0 workers, waiting"
            self._said(f"{words}{f' ({refused} refused)' if refused else ''}")
            self._told_at = now
        self._told = used

    def _start(self, worker: _Worker, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        worker.running.add(task)
        task.add_done_callback(worker.running.discard)

    async def _call(self, worker: _Worker, payload: bytes) -> tuple[str, Any]:
        """A worker's answer; one that is another program or cannot read the question is refused."""
        future = self._client.submit(
            _relay(), payload, workers=[worker.address], allow_other_workers=False, pure=False, retries=0
        )
        try:
            answer = await future
        finally:
            future.release()
        if isinstance(answer, str):
            self._refuse(worker, f"it cannot run the program ({answer})")
            return "unread", answer
        kind, what = pickle.loads(answer)
        if kind == "other":
            self._refuse(worker, _difference(what))
        return kind, what

    def _refuse(self, worker: _Worker, reason: str) -> None:
        if worker.state != "refused":
            worker.state = "refused"
            self._said(f"worker {worker.address} is refused: {' '.join(reason.split())}")

    async def _ask(self, worker: _Worker) -> None:
        question = pickle.dumps((guarded, (identity(), dict, ())))
        try:
            kind, _ = await asyncio.wait_for(self._call(worker, question), PROBE_SECONDS)
        except TimeoutError:
            self._refuse(worker, f"no answer within {PROBE_SECONDS:g} s")
        except Exception as error:  # whatever Dask raises if the worker dies of the question
            if self._client.status == "running":
                self._refuse(worker, f"{type(error).__name__}: {error}")
        else:
            worker.state = "used" if kind == "done" else worker.state
            self._give()

    def _give(self) -> None:
        for worker in self._workers.values():
            while worker.state == "used" and len(worker.running) < worker.threads and self._jobs:
                job = self._jobs.popleft()
                if job.future.running() or job.future.set_running_or_notify_cancel():
                    self._start(worker, self._work(worker, job))

    async def _work(self, worker: _Worker, job: _CellJob) -> None:
        try:
            kind, what = await self._call(worker, job.payload)
        except BaseException as error:  # also the cancelling of this task, which is how a lost worker ends it
            job.deaths += 1
            if job.deaths >= MOST_DEATHS and self._halted is None:
                job.future.set_exception(RuntimeError(f"its worker died {MOST_DEATHS} times"))
            else:
                self._jobs.appendleft(job)
            if not isinstance(error, Exception):
                raise
            return
        if kind == "done":
            job.future.set_result(what)
        elif kind == "broke":
            job.future.set_exception(what)
        else:
            self._jobs.appendleft(job)
        asyncio.get_running_loop().call_soon(self._give)


def _difference(there: dict[str, str]) -> str:
    here = identity()
    names = [name for name in here if there.get(name) != here[name]]
    return ", ".join(f"{name} {there.get(name, 'unknown')} there, {here[name]} here" for name in names)


@contextmanager
def dask_cluster(address: str, said: Said) -> Generator[Executor]:
    """The workers of a Dask scheduler that run this very program.

    Args:
        address: the scheduler's, such as tcp://host:8786.
        said: told, from another thread, how many workers there are and which are refused.

    Raises:
        ProblemError: if Dask is not installed or no scheduler answers at the address.
    """
    try:
        import_module("dask.distributed")
    except ImportError:
        raise ProblemError("--dask needs Dask; install it with: pip install 'dask[distributed]>=2025.1'") from None
    # What it logs of lost connections is said here in one line.
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    executor = Cluster(address, said)
    try:
        yield executor
    finally:
        executor.shutdown()
