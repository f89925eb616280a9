"""Devices: named, never a silent fallback; the CUDA path's own code runs here on JAX's processor device."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dufm.solvers.search import devices, gpu
from dufm.solvers.search.bandit import FIXED, START_RECIPES
from dufm.solvers.search.devices import chosen_device, device_search
from dufm.solvers.search.fixed_portfolio import processor
from dufm.solvers.search.gpu import jax_runner
from dufm.solvers.search.options import SearchOptions
from dufm.solvers.search.restarts import Restart
from dufm.solvers.search.solution import Outcome
from dufm.solvers.search.start_kinds import KINDS
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError

THREE = Problem.of(3, 4, "0.002", width=8)


def test_devices_are_named() -> None:
    assert chosen_device("cpu") == "cpu" and chosen_device("cuda") == "cuda"
    with pytest.raises(ProblemError, match="--device must be one of auto, cpu, cuda, got 'tpu'"):
        chosen_device("tpu")


def test_auto_takes_cuda_only_where_it_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "find_spec", lambda name: None)
    assert chosen_device("auto") == "cpu"
    monkeypatch.setattr(devices, "find_spec", lambda name: object())
    monkeypatch.setattr(devices, "available_devices", lambda: ("cuda", "cpu"))
    assert chosen_device("auto") == "cuda"
    monkeypatch.setattr(devices, "available_devices", lambda: ("cpu",))
    assert chosen_device("auto") == "cpu"


def test_cuda_that_is_not_there_is_one_error() -> None:
    from dufm.solvers.engines.gpu.scheduler import available_devices

    if "cuda" in available_devices():
        return
    with pytest.raises(ProblemError, match="device cuda needs a CUDA build of JAX and a visible GPU"):
        device_search(THREE, "cuda", SearchOptions(2))


@pytest.fixture
def processor_as_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("jax")
    monkeypatch.setattr(devices, "jax_runner", lambda problem, device: jax_runner(problem, "cpu", 32))
    monkeypatch.setattr(devices, "keep_programs", lambda: None)


@pytest.mark.usefixtures("processor_as_cuda")
def test_the_cuda_path_on_the_processor() -> None:
    seen: list[int] = []
    options = SearchOptions(6, 1, progress=lambda s: seen.append(len(s.losses)))
    solution, state = device_search(THREE, "cuda", options)
    assert solution.engine == "jax-lbfgs, portfolio" and seen == [1, 2, 3, 4, 5, 6]
    assert solution.settings["lanes_at_once"] == 32 and "jaxlib" in solution.versions
    assert state.summary()["fixed_restarts"] == 3 and all(g.weights for g in state.groups)
    assert sum(g.hits for g in state.groups) == np.isfinite(solution.losses).sum()
    halted, _ = device_search(THREE, "cuda", SearchOptions(50, 1, patience=3))
    assert halted.outcome is Outcome.STOPPED and len(halted.losses) < 50
    more, again = device_search(THREE, "cuda", SearchOptions(3, 1), state)
    assert (more.losses[:6] == solution.losses).all() and len(more.losses) == 9 and again is state


@pytest.mark.usefixtures("processor_as_cuda")
def test_both_engines_end_every_kind_of_start_at_one_loss() -> None:
    restarts = [
        Restart(i, KINDS[recipe.kind], recipe.eps0, recipe.scale, 4)
        for i, recipe in enumerate(START_RECIPES[j] for j in FIXED[:8])
    ]
    jax, numba = jax_runner(THREE, "cpu", 32), processor(THREE, 2)
    ends = [[found.loss for found in runner.run(restarts, 5)] for runner in (jax, numba)]
    assert len(ends[0]) == 8 and np.allclose(sorted(ends[0]), sorted(ends[1]), rtol=3e-6)
    assert jax.rounds[0] * 4 == jax.rounds[1] and jax.rounds[0] % 2 == 0


KEEPING = """
import jax, jax.numpy as jnp
from dufm.solvers.search.gpu import keep_programs
print(keep_programs())
read = []
jax.monitoring.register_event_listener(lambda name, **_: read.append(name) if name.endswith("/cache_hits") else None)
program = jax.jit(lambda x: jnp.sin(x) @ x)
program(jnp.ones((3, 3))).block_until_ready()
jax.clear_caches()
before = len(read)
program(jnp.ones((3, 3))).block_until_ready()
print(before < len(read))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the folder for caches is set as on Linux")
def test_compiled_programs_are_kept_and_read_again(tmp_path: Path) -> None:
    pytest.importorskip("jax")
    environment = {"PATH": "/usr/bin", "HOME": "/", "XDG_CACHE_HOME": str(tmp_path), "JAX_PLATFORMS": "cpu"}
    done = subprocess.run([sys.executable, "-c", KEEPING], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(tmp_path / "dufm" / "jax"), "True"]
    assert any((tmp_path / "dufm" / "jax").iterdir())


def test_a_folder_that_cannot_be_written_or_is_chosen_already_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jax = pytest.importorskip("jax")
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setattr(gpu, "program_folder", lambda: blocked / "dufm")
    before = jax.config.jax_compilation_cache_dir
    assert gpu.keep_programs() is None and jax.config.jax_compilation_cache_dir == before
    monkeypatch.setattr(gpu, "program_folder", lambda: tmp_path / "dufm")
    jax.config.update("jax_compilation_cache_dir", str(tmp_path / "own"))
    try:
        assert gpu.keep_programs() is None
        assert jax.config.jax_compilation_cache_dir == str(tmp_path / "own") and not (tmp_path / "dufm").exists()
    finally:
        jax.config.update("jax_compilation_cache_dir", before)
