"""Convolutional runs on disk: one .npz of plain arrays (no pickles), whole or not there."""

from pathlib import Path
from typing import Any

import torch  # pyright: ignore[reportMissingImports]

from dufm.solvers.base.files import read_archive, reading, write_archive
from dufm.solvers.networks.measure import snapshot_from
from dufm.solvers.networks.plan import plan_from
from dufm.solvers.networks.torch_training import ConvRun, begin, set_moments
from dufm.solvers.networks.training import TrainingOutcome

FORMAT = "dufm-conv-1"


def save(run: ConvRun, path: str | Path, data: dict[str, Any]) -> Path:
    """Write a run in one step; arguments and errors as for `store.save`."""
    record = {
        "plan": run.plan.record(),
        "data": data,
        "backbone": run.name,
        "shape": run.shape,
        "epoch": run.epoch,
        "outcome": run.outcome.name,
        "snapshots": [snapshot.record() for snapshot in run.snapshots],
    }
    arrays = {f"body/{k}": v.cpu().numpy() for k, v in run.body.state_dict().items()}
    arrays |= {f"head/{k}": v.cpu().numpy() for k, v in run.head.state_dict().items()}
    for i, p in enumerate(p for group in run.optimiser.param_groups for p in group["params"]):
        moment = run.optimiser.state.get(p, {}).get("momentum_buffer")
        if moment is not None:
            arrays[f"moment/{i}"] = moment.cpu().numpy()
    return write_archive(path, FORMAT, record, arrays, compressed=False)


def load(path: str | Path, device: str = "cpu") -> tuple[ConvRun, dict[str, Any]]:
    """What `save` wrote: the run on a device, and what it was trained on.

    Raises:
        ProblemError: if the file is missing, damaged, or weights do not fit the plan.
    """
    with reading(path, "network"):
        record, held = read_archive(path, FORMAT)
        arrays = {name: torch.tensor(array, device=device) for name, array in held.items()}
        run = begin(plan_from(record["plan"]), record["backbone"], tuple(record["shape"]), device)
        for name, module in (("body", run.body), ("head", run.head)):
            own = {k.removeprefix(f"{name}/"): v for k, v in arrays.items() if k.startswith(f"{name}/")}
            try:
                module.load_state_dict(own)
            except RuntimeError as error:
                raise ValueError(f"weights do not fit the plan: {error}") from None
        count = sum(len(group["params"]) for group in run.optimiser.param_groups)
        set_moments(run, [arrays.get(f"moment/{i}") for i in range(count)])
        run.epoch, run.outcome = record["epoch"], TrainingOutcome[record["outcome"]]
        run.snapshots = [snapshot_from(s) for s in record["snapshots"]]
        return run, record["data"]
