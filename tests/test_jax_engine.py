"""The JAX engine, on the CPU: against the reference objective, SciPy, the compiled engine, and itself in portions."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from dufm.solvers.engines import cpu as compiled
from dufm.solvers.engines.gpu import scheduler
from dufm.solvers.engines.gpu.scheduler import GpuEngine, available_devices, descend_on_device, find_device
from dufm.solvers.engines.schedule import better_half, schedule
from dufm.solvers.objectives.squared import Objective, loss
from dufm.solvers.search import scipy_reference as reference
from dufm.solvers.search.fixed_portfolio import compiled_search
from dufm.solvers.search.gpu import ENGINE, jax_runner
from dufm.solvers.search.options import FIXED_DEFAULTS, FixedOptions, SearchOptions
from dufm.solvers.search.portfolio import global_search
from dufm.solvers.search.restarts import finish
from dufm.solvers.search.solution import Outcome, Solution, load, save
from dufm.solvers.weights.build import gaussian
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError

SMALL = Problem.of(3, 4, "0.002", width=8)
UNEQUAL = Problem.of(3, 2, ["1/200", "1/50", "3/100"], width=5, n=2)


def starts_of(problem: Problem, count: int, scale: float, seed: int = 0) -> list[list[np.ndarray]]:
    children = np.random.SeedSequence(seed).spawn(count)
    return [gaussian(problem, np.random.default_rng(child), scale) for child in children]


def cpu(problem: Problem, starts: list[list[np.ndarray]], **options) -> compiled.DescentResults:
    return descend_on_device(problem, starts, device="cpu", **options)


def jax_search(problem: Problem, options: FixedOptions = FIXED_DEFAULTS, device: str = "cpu") -> Solution:
    return compiled_search(problem, options, runner=jax_runner(problem, device))


def possible_error(problem: Problem, lower: list[np.ndarray], eps: float) -> float:
    """How far above the bottom of a convex valley, no wider than the weights are large, a gradient leaves a point."""
    gradient = Objective(problem).reduced(lower, eps)[1]
    norm, slope = (np.sqrt(sum(float(np.vdot(w, w)) for w in factors)) for factors in (lower, gradient))
    return float(2 * norm * slope)


def test_a_knock_out_ends_where_the_reference_does() -> None:
    starts = starts_of(UNEQUAL, 8, 1.0)
    field = cpu(UNEQUAL, starts, eps0=0.1, keep=better_half)
    theirs = finish(UNEQUAL, reference.descend_from(UNEQUAL, starts, 0.1, better_half))
    value, weights = theirs.loss, theirs.weights
    assert len(field.left) == 1 and len(schedule(UNEQUAL, 0.1, better_half, 8)) == 7
    slack = possible_error(UNEQUAL, field.lower[0], 1e-7) + possible_error(UNEQUAL, list(weights[:-1]), 1e-7)
    # The reference's value is with the true relu, within eps / 2 of the smoothed one at every neuron.
    assert slack <= 1e-6 and abs(field.values[field.left[0]] - value) <= 2 * slack + 1e-6


def test_portions_change_no_result() -> None:
    starts = starts_of(UNEQUAL, 7, 1.0)
    whole, parts = (cpu(UNEQUAL, starts, eps0=0.1, descents_at_once=count) for count in (16, 3))
    slack = max(possible_error(UNEQUAL, lower, 1e-7) for lower in [*whole.lower, *parts.lower])
    assert slack <= 1e-6 and np.abs(whole.values - parts.values).max() <= 2 * slack + 1e-13
    # Of one width, neither the neighbours nor the place among them change a bit.
    alone = cpu(UNEQUAL, starts[4:5], eps0=0.1, descents_at_once=16)
    assert alone.values.tobytes() == whole.values[4:5].tobytes()


def test_lanes_at_once_fit_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    assert GpuEngine(SMALL, "cpu").descents == scheduler.USUAL_DESCENTS["cpu"]
    assert GpuEngine(SMALL, "cpu", descents_at_once=10**9).descents < 10**6
    monkeypatch.setattr(scheduler, "HOST_BYTES", 300_000)
    assert 1 < GpuEngine(SMALL, "cpu").descents < scheduler.USUAL_DESCENTS["cpu"]
    monkeypatch.setattr(scheduler, "HOST_BYTES", 1)
    assert GpuEngine(SMALL, "cpu").descents == 1


def test_starts_that_break_down_are_dropped_and_counted() -> None:
    starts = starts_of(SMALL, 4, 0.3)
    starts[1][0][0, 0] = np.nan
    starts[2][1][:] = 1e200
    field = cpu(SMALL, starts)
    assert field.dropped == 2 and np.isnan(field.values[1:3]).all() and sorted(field.left) == [0, 3]
    alone = cpu(SMALL, [starts[0], starts[3]])
    assert alone.values.tobytes() == field.values[[0, 3]].tobytes()


@pytest.mark.parametrize("value", [np.nan, 1e200])
def test_a_search_in_which_everything_fails_says_so(value: float) -> None:
    found = jax_search(
        SMALL,
        FixedOptions(restarts=2, starts_per_restart=2, start=lambda p, g, s: [np.full(x, value) for x in p.shapes]),
        device="cpu",
    )
    assert found.outcome is Outcome.ALL_FAILED
    assert found.weights == () and np.isnan(found.loss) and found.dropped == 2


@pytest.fixture(scope="module")
def small():
    return jax_search(SMALL, FixedOptions(restarts=7, seed=0, starts_per_restart=4))


def test_three_classes_and_four_layers_beat_neural_collapse(small, tmp_path) -> None:
    assert small.outcome is Outcome.FINISHED and small.dropped == 0 and small.engine == ENGINE
    assert small.loss == min(small.losses) == loss(SMALL, small.weights)
    # The record and neural collapse; both are known to more digits than the homotopy's end leaves.
    assert 0.014652172916912 <= small.loss <= 0.0146522 < 0.014981934755431891
    assert {"jax", "jaxlib", "numpy", "python", "scipy"} == set(small.versions)
    assert small.settings["device"] == "cpu" and small.settings["platform"].startswith("cpu")
    assert load(save(small, tmp_path / "found.npz")).settings == small.settings


def test_seed_and_index_alone_fix_a_restart(small) -> None:
    again = jax_search(SMALL, FixedOptions(restarts=7, seed=0, starts_per_restart=4))
    assert again.losses.tobytes() == small.losses.tobytes()
    assert all(a.tobytes() == b.tobytes() for a, b in zip(again.weights, small.weights, strict=True))
    rest = jax_search(SMALL, FixedOptions(restarts=3, seed=0, starts_per_restart=4, first=4))
    assert rest.losses.tobytes() == small.losses[4:].tobytes()
    assert jax_search(SMALL, FixedOptions(restarts=1, seed=1, starts_per_restart=4)).losses[0] != small.losses[0]


def test_another_lambda_compiles_nothing_and_the_callers_jax_stays_as_it_is(small) -> None:
    import jax
    import jax.numpy as jnp

    from dufm.solvers.engines.gpu import lbfgs

    before = lbfgs.burst._cache_size()
    other = Problem.of(3, 4, ["0.001", "0.002", "0.003", "0.004", "1/300"], width=8, n=4)
    assert jax_search(other, FixedOptions(restarts=1, starts_per_restart=4)).outcome is Outcome.FINISHED
    assert lbfgs.burst._cache_size() == before
    assert not jax.config.jax_enable_x64 and jnp.ones(1).dtype == np.float32
    engine = GpuEngine(SMALL, "cpu")
    job = engine.pack(starts_of(SMALL, 1, 0.3)), schedule(SMALL, 0.1, better_half, 1)
    for _ in engine.run([job]):
        assert jnp.ones(1).dtype == np.float32


def test_stop_target_and_interrupt_keep_what_was_found() -> None:
    def interrupt(done: int, total: int, best: float) -> None:
        if done == 2:
            raise KeyboardInterrupt

    many = FixedOptions(restarts=10**6, starts_per_restart=1)
    found = jax_search(SMALL, replace(many, progress=interrupt))
    assert found.outcome is Outcome.INTERRUPTED and len(found.losses) == 2
    assert found.loss == np.min(found.losses) == loss(SMALL, found.weights)
    assert jax_search(SMALL, replace(many, target=0.6)).outcome is Outcome.TARGET_REACHED
    stopped = jax_search(SMALL, replace(many, stop=lambda: True))
    assert stopped.outcome is Outcome.STOPPED and len(stopped.losses) == 0 and stopped.weights == ()


def test_what_descents_under_way_had_reached_is_kept_when_a_search_ends() -> None:
    asked = iter([False] * 5)
    options = SearchOptions(restarts=4, stop=lambda: next(asked, True))
    solution, state = global_search(SMALL, options, None, jax_runner(SMALL, "cpu", 8))
    assert solution.outcome is Outcome.STOPPED and not state.losses
    assert solution.loss == loss(SMALL, solution.weights) < 1


@pytest.mark.parametrize("option", [{"descents_at_once": 0}, {"device": "tpu"}])
def test_options_that_make_no_sense_are_named(option: dict) -> None:
    with pytest.raises(ProblemError, match=f"^{next(iter(option))} must be [^\n]+$"):
        jax_runner(SMALL, **option)


def test_starts_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ProblemError, match="^start must have factors of shapes"):
        cpu(SMALL, starts_of(UNEQUAL, 1, 1.0))


def test_cuda_without_a_gpu_is_one_error_and_never_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "available_devices", lambda: ("cpu",))
    stated = "device cuda needs a CUDA build of JAX and a visible GPU (pip install 'dufm[gpu]'); found: cpu"
    for call in (lambda: find_device("cuda"), lambda: jax_search(SMALL, device="cuda")):
        with pytest.raises(ProblemError) as caught:
            call()
        assert str(caught.value) == stated


def test_without_jax_there_is_one_error_that_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "cpu" in available_devices()
    monkeypatch.setitem(sys.modules, "jax", None)
    assert available_devices() == ()
    for device in ("auto", "cpu", "cuda"):
        with pytest.raises(ProblemError, match=r"^engine jax needs JAX \(pip install [^\n]+$"):
            jax_search(SMALL, device=device)


def test_importing_the_engine_does_not_import_jax() -> None:
    program = "import sys, solvers.search.gpu; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.gpu
def test_the_gpu_reaches_the_losses_of_the_cpu() -> None:
    if "cuda" not in available_devices():
        pytest.skip("no CUDA device is visible to JAX")
    starts = starts_of(UNEQUAL, 64, 1.0)
    here, there = cpu(UNEQUAL, starts, eps0=0.1), descend_on_device(UNEQUAL, starts, eps0=0.1, device="cuda")
    slack = max(possible_error(UNEQUAL, lower, 1e-7) for lower in [*here.lower, *there.lower])
    assert slack <= 1e-6 and np.abs(np.sort(here.values) - np.sort(there.values)).max() <= 2 * slack + 1e-13
    found = jax_search(SMALL, FixedOptions(restarts=64), device="cuda")
    assert 0.014652172916912 <= found.loss <= 0.0146522 and found.settings["platform"].startswith("gpu")
    assert jax_search(SMALL, FixedOptions(restarts=64), device="cuda").losses.tobytes() == found.losses.tobytes()
