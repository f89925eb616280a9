"""Runs on disk: one .npz with weights, moments and snapshots, whole or not there; training goes on from it."""

from pathlib import Path
from typing import Any

import numpy as np

from dufm.solvers.base.files import read_archive, reading, write_archive
from dufm.solvers.networks.measure import snapshot_from
from dufm.solvers.networks.plan import plan_from
from dufm.solvers.networks.training import NetworkRun, TrainingOutcome, TrainingState

FORMAT = "dufm-network-1"


def save(run: NetworkRun, path: str | Path, data: dict[str, Any]) -> Path:
    """Write a run in one step; the folder is made if it is missing.

    Args:
        run: what to keep.
        path: the .npz file.
        data: what it was trained on, JSON-serialisable; `load` gives it back.

    Raises:
        OSError: if the folder cannot be written.
    """
    record = {
        "plan": run.plan.record(),
        "data": data,
        "epoch": run.state.epoch,
        "steps": run.state.steps,
        "outcome": run.outcome.name,
        "snapshots": [snapshot.record() for snapshot in run.snapshots],
    }
    arrays: dict[str, np.ndarray] = {}
    for name in ("weights", "first", "second"):
        arrays |= {f"{name}_{i}": part for i, part in enumerate(getattr(run.state, name))}
    return write_archive(path, FORMAT, record, arrays)


def load(path: str | Path) -> tuple[NetworkRun, dict[str, Any]]:
    """What `save` wrote: the run, and what it was trained on.

    Raises:
        ProblemError: if the file is missing, damaged, or weights do not fit the plan.
    """
    with reading(path, "network"):
        record, held = read_archive(path, FORMAT)
        plan = plan_from(record["plan"])
        names = ("weights", "first", "second")
        weights, first, second = ([held[f"{name}_{i}"] for i in range(plan.layers)] for name in names)
        shapes = list(zip(plan.widths[1:], plan.widths[:-1], strict=True))
        for arrays in (weights, first, second):
            if [a.shape for a in arrays] != shapes or any(a.dtype != np.float64 for a in arrays):
                raise ValueError("weights do not fit the plan")
        state = TrainingState(weights, first, second, record["epoch"], record["steps"])
        snapshots = [snapshot_from(s) for s in record["snapshots"]]
        return NetworkRun(plan, state, snapshots, TrainingOutcome[record["outcome"]]), record["data"]
