"""A sweep over a Dask cluster: equal tables, no cell for a worker of another program, and no wait without an end."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import psutil
import pytest

from dufm.solvers.base.processes import process_pool
from dufm.theory.stated import ProblemError
from dufm.verification.atlas import cluster
from dufm.verification.atlas.cells import read_grid
from dufm.verification.atlas.cluster import dask_cluster
from dufm.verification.atlas.store import open_store
from dufm.verification.atlas.sweep import Tally, sweep
from dufm.verification.atlas.work import Effort

# Dask and what it brings may warn of their own future; tests of ours must not.
pytestmark = pytest.mark.filterwarnings("ignore")

ROOT = Path(__file__).parents[1]
EFFORT = Effort(seed=3, restarts=2, seconds=600)
CELLS = read_grid("2:3", "3:4", "0.02,0.1")
# Guards against a hang; nothing is said of speed.
LIMIT = 240


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


@contextmanager
def started(*words: str, path: Path = ROOT) -> Iterator[subprocess.Popen[bytes]]:
    """A Dask program in a process of its own, whose Python finds packages at `path` first."""
    environment = os.environ | {"PYTHONPATH": str(path)}
    command = [sys.executable, "-m", *words, "--host", "127.0.0.1", "--no-dashboard"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": path, "env": environment}
    with subprocess.Popen(command, **quiet) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A scheduler without workers that cannot import the package, and its address."""
    place = tmp_path / "scheduler.json"
    words = ("distributed.cli.dask_scheduler", "--port", "0", "--scheduler-file", str(place))
    with started(*words, path=without_package(tmp_path / "none")) as process:
        wait_for(lambda: place.exists() and place.read_text().strip().endswith("}"))
        yield process, json.loads(place.read_text())["address"]


def worker(address: str, path: Path = ROOT) -> AbstractContextManager[subprocess.Popen[bytes]]:
    return started("distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", path=path)


def without_package(folder: Path) -> Path:
    """A folder whose `dufm` cannot be imported."""
    (folder / "dufm").mkdir(parents=True)
    (folder / "dufm" / "__init__.py").write_text("raise ModuleNotFoundError('no package here')\n")
    return folder


def rows(path: Path) -> dict:
    with open_store(path) as store:
        return {c: (r.loss, r.certificate, r.facts["symmetry"]) for c, r in store.records().items()}


@pytest.fixture(scope="module")
def serial(tmp_path_factory: pytest.TempPathFactory) -> dict:
    path = tmp_path_factory.mktemp("serial") / "m.sqlite"
    with open_store(path) as store:
        sweep(CELLS, EFFORT, store, partial(process_pool, 1), "p")
    return rows(path)


def test_a_cluster_that_loses_a_worker_gives_the_same_table(serial: dict, tmp_path: Path) -> None:
    from dask.distributed import LocalCluster  # pyright: ignore[reportPrivateImportUsage]

    killed: list[int] = []
    said: list[str] = []
    path = tmp_path / "m.sqlite"
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as local:

        def kill(tally: Tally) -> None:
            if tally.done == 2 and not killed:
                killed.append(local.workers[0].pid)
                os.kill(killed[0], signal.SIGKILL)

        with open_store(path) as store:
            opener = partial(dask_cluster, local.scheduler_address, said.append)
            tally = sweep(CELLS, EFFORT, store, opener, "p", report=kill)
    assert killed and not psutil.pid_exists(killed[0])
    assert (tally.done, tally.failed, tally.halted) == (len(CELLS), {}, "")
    assert rows(path) == serial and not any("refused" in line for line in said)


def test_workers_of_another_program_get_nothing_and_are_named(
    scheduler: tuple[subprocess.Popen[bytes], str], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(ROOT / "dufm", other / "dufm", ignore=shutil.ignore_patterns("__pycache__"))
    with (other / "dufm" / "solvers" / "engines" / "schedule.py").open("a") as source:
        source.write("# an edit\n")
    said: list[str] = []
    with dask_cluster(scheduler[1], said.append) as executor:
        future = executor.submit(os.getpid)
        wait_for(lambda: "0 workers, waiting" in said)
        with worker(scheduler[1], tmp_path / "none"), worker(scheduler[1], other):
            wait_for(lambda: sum("is refused" in line for line in said) == 2)
            assert not future.done()
            with worker(scheduler[1]) as good:
                assert future.result(LIMIT) == good.pid
    (unable,) = [line for line in said if "cannot run the program (ModuleNotFoundError: no package here)" in line]
    (edited,) = [line for line in said if "is refused: sources " in line]
    assert f"{cluster.identity()['sources']} here" in edited and "numpy" not in edited and "tcp://" in unable


def test_a_cluster_with_no_worker_of_this_program_ends_at_once(
    scheduler: tuple[subprocess.Popen[bytes], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = cluster.identity() | {"numpy": "0.9"}
    monkeypatch.setattr(cluster, "identity", lambda: mine)
    said: list[str] = []
    with worker(scheduler[1]), open_store(tmp_path / "m.sqlite") as store:
        from dask.distributed import Client  # pyright: ignore[reportPrivateImportUsage]

        with Client(scheduler[1], set_as_default=False) as client:
            client.wait_for_workers(1, timeout=LIMIT)
        tally = sweep(CELLS, EFFORT, store, partial(dask_cluster, scheduler[1], said.append), "p")
        assert store.records() == {}
    assert tally.halted == f"no worker of {scheduler[1]} can be used (1 refused)"
    assert any(line.endswith(" there, 0.9 here") and "refused: numpy " in line for line in said)


def test_a_scheduler_that_goes_away_ends_the_sweep_with_what_is_done(
    scheduler: tuple[subprocess.Popen[bytes], str], serial: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "ANSWER_SECONDS", 3.0)
    path = tmp_path / "m.sqlite"

    def kill(tally: Tally) -> None:
        if tally.done == 1:
            scheduler[0].kill()

    with worker(scheduler[1]), open_store(path) as store:
        tally = sweep(CELLS, EFFORT, store, partial(dask_cluster, scheduler[1], lambda line: None), "p", report=kill)
        assert tally.halted == f"the scheduler at {scheduler[1]} went away" and tally.failed == {}
        assert 1 <= tally.done < len(CELLS) and len(store.records()) == tally.done
        rest = sweep(CELLS, EFFORT, store, partial(process_pool, 1), "p")
    assert (rest.kept, rest.done) == (tally.done, len(CELLS) - tally.done)
    assert rows(path) == serial


def test_a_scheduler_that_accepts_and_never_answers_gets_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = f"tcp://127.0.0.1:{deaf.getsockname()[1]}"
        with pytest.raises(ProblemError, match=f"got '{address}' .no answer within 0.5 s") as caught:
            with dask_cluster(address, print):
                pass
    assert "\n" not in str(caught.value)


def test_what_breaks_on_a_worker_comes_back_and_what_kills_it_is_given_up() -> None:
    from dask.distributed import LocalCluster  # pyright: ignore[reportPrivateImportUsage]

    with LocalCluster(n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None) as local:
        with dask_cluster(local.scheduler_address, lambda line: None) as executor:
            with pytest.raises(RuntimeError, match="ValueError: math domain error"):
                executor.submit(__import__("math").sqrt, -1.0).result(LIMIT)
            with pytest.raises(RuntimeError, match="its worker died 3 times"):
                executor.submit(os._exit, 3).result(LIMIT)
            assert executor.submit(abs, -2).result(LIMIT) == 2
    assert not any(thread.name.startswith("dask-cluster") for thread in threading.enumerate())


def test_the_command_waits_aloud_and_ctrl_c_ends_it(
    scheduler: tuple[subprocess.Popen[bytes], str], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "dufm.verification.cli.app", "map", "--K", "2", "--L", "2", "--x", "0.1"]
    command += ["--dask", scheduler[1], "--db", str(tmp_path / "m.sqlite")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None and process.stderr.readline() == "0 workers, waiting\n"
        process.send_signal(signal.SIGINT)
        try:
            said = process.communicate(timeout=LIMIT)[1]
        finally:
            process.kill()
    assert process.returncode not in (0, None) and "Traceback" not in said
    done = subprocess.run(
        [*command, "--deadline", "1s"], capture_output=True, text=True, env=environment, timeout=LIMIT
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "stopped: the deadline of 1 s is over; 1 of 1 cells are left" in done.stderr
