"""Devices: named, never a silent fallback; the CUDA path's own code runs here on JAX's processor device."""

import numpy as np
import pytest

from solvers import devices
from solvers.devices import chosen_device, device_search, state_of
from solvers.jax_engine import jax_search
from solvers.solution import Outcome
from theory.problem import Problem, ProblemError

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
    from solvers.jax_lanes import available_devices

    if "cuda" in available_devices():
        return
    with pytest.raises(ProblemError, match="device cuda needs a CUDA build of JAX and a visible GPU"):
        device_search(THREE, "cuda", 2, 0, None, None, lambda state: None, lambda: False, None)


def test_the_cuda_path_on_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    def on_processor(*arguments, device, **options):
        return jax_search(*arguments, device="cpu", heats=4, **options)

    monkeypatch.setattr(devices, "jax_search", on_processor)
    seen: list[int] = []
    solution, state = device_search(
        THREE, "cuda", 6, 1, None, None, lambda s: seen.append(len(s.losses)), lambda: False, None
    )
    assert solution.engine == "jax-lbfgs" and seen == [1, 2, 3, 4, 5, 6]
    assert state.census()["fixed_restarts"] == 6
    assert sum(g.hits for g in state.groups) == np.isfinite(solution.losses).sum()
    halted, _ = device_search(THREE, "cuda", 50, 1, None, 3, lambda s: None, lambda: False, None)
    assert halted.outcome is Outcome.STOPPED and len(halted.losses) < 50
    assert state_of(solution).best[0] == solution.loss
