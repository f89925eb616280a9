"""Batches on disk: one .npz, whole or not there, from which every run can be gone on with."""

from pathlib import Path
from typing import Any

import numpy as np

from dufm.solvers.base.files import read_archive, reading, require_same, write_archive
from dufm.solvers.engines.cpu import unpack_row
from dufm.solvers.objectives.layers import Layers, forward
from dufm.solvers.search.solution import problem_from, stated
from dufm.solvers.training.batch import Batch
from dufm.solvers.training.run import DescentRun, Ending, Trace
from dufm.solvers.training.setting import DescentSetting

FORMAT = "dufm-training"
COLUMNS = ("steps", "loss", "fit", "singular", "dnc1")


def save(batch: Batch, path: str | Path) -> Path:
    """Write a batch as .npz in one step; folders are made.

    Raises:
        OSError: if it cannot be written.
    """
    record = {
        "version": 1,
        "count": batch.count,
        "seed": str(batch.seed),
        "versions": batch.versions,
        "settings": [_stated(setting) for setting in batch.settings],
        "runs": [
            {"setting": r.setting, "number": r.number, "step": r.step, "ending": r.ending.name}
            | {"told": [float(value).hex() for value in (r.loss, r.fit, r.slope)]}
            for r in batch.runs
        ],
    }
    arrays: dict[str, np.ndarray] = {}
    for i, run in enumerate(batch.runs):
        arrays[f"weights_{i}"] = run.weights
        arrays |= {f"{name}_{i}": getattr(run.trace, name) for name in COLUMNS}
    return write_archive(path, FORMAT, record, arrays)


def load(path: str | Path) -> Batch:
    """Read what `save` wrote.

    Raises:
        ProblemError: if the file is missing, damaged, or not a batch whose runs fit its settings.
    """
    with reading(path, "training"):
        record, arrays = read_archive(path, FORMAT)
        if record["version"] != 1:
            raise ValueError(f"version {record['version']!r}")
        settings = tuple(_read(kept) for kept in record["settings"])
        runs = []
        for i, kept in enumerate(record["runs"]):
            loss, fit, slope = (float.fromhex(value) for value in kept["told"])
            trace = Trace(*(np.array(arrays[f"{name}_{i}"]) for name in COLUMNS))
            weights = np.array(arrays[f"weights_{i}"], dtype=float)
            _check(settings[kept["setting"]], weights, trace)
            place, number, ending = int(kept["setting"]), int(kept["number"]), Ending[kept["ending"]]
            runs.append(DescentRun(place, number, int(kept["step"]), ending, loss, fit, slope, weights, trace))
            if runs[-1].step and ending is not Ending.DIVERGED:
                own = _losses(settings[place], weights)
                require_same(f"loss of run {i}", loss, own[0])
                require_same(f"fit of run {i}", fit, own[1])
        return Batch(settings, int(record["count"]), int(record["seed"]), tuple(runs), record["versions"])


def _stated(setting: DescentSetting) -> dict[str, Any]:
    return stated(setting.problem) | {"rate": setting.rate.hex(), "scale": setting.scale.hex(), "steps": setting.steps}


def _read(kept: dict[str, Any]) -> DescentSetting:
    rate, scale = float.fromhex(kept["rate"]), float.fromhex(kept["scale"])
    return DescentSetting(problem_from(kept), rate, scale, kept["steps"])


def _losses(setting: DescentSetting, row: np.ndarray) -> tuple[float, float]:
    """(loss, fit) of the weights of a run, with a column of H_1 for each sample."""
    problem, weights = setting.problem, unpack_row(setting.shapes, row)
    residual = weights[-1] @ forward(weights[:-1], layers=Layers.of(problem)).features[-1] - setting.targets
    mean = residual.mean(axis=1)
    fit = float(np.sum(residual**2)) / (2 * residual.shape[1]) - float(problem.bias_share) / 2 * float(mean @ mean)
    return fit + sum(float(s) / 2 * float(np.sum(w * w)) for s, w in zip(problem.lambdas, weights, strict=True)), fit


def _check(setting: DescentSetting, weights: np.ndarray, trace: Trace) -> None:
    T, L, K = len(trace.steps), setting.problem.L, setting.problem.K
    expected = [(T,), (T,), (T,), (T, 2 * L - 1, K), (T, L)]
    if [getattr(trace, name).shape for name in COLUMNS] != expected:
        raise ValueError("a trace of other shapes")
    if weights.shape != (sum(a * b for a, b in setting.shapes),):
        raise ValueError("weights of another size")
