"""Convolutional runs on disk: one .npz of plain arrays (no pickles), whole or not there."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]

from solvers.networks.measure import snapshot_from
from solvers.networks.plan import plan_from
from solvers.networks.store import DAMAGE
from solvers.networks.torch_training import ConvRun, begin, set_moments
from solvers.networks.training import Outcome
from solvers.storage import write_whole
from theory.problem import ProblemError

FORMAT = "dufm-conv-1"


def save(run: ConvRun, path: str | Path, data: dict[str, Any]) -> Path:
    """Write a run in one step; arguments and errors as for `store.save`."""
    path = Path(path)
    record = {
        "format": FORMAT,
        "plan": run.plan.record(),
        "data": data,
        "backbone": run.name,
        "shape": run.shape,
        "epoch": run.epoch,
        "outcome": run.outcome.name,
        "snapshots": [snapshot.record() for snapshot in run.snapshots],
    }
    arrays: dict[str, Any] = {"record": np.array(json.dumps(record))}
    arrays |= {f"body/{k}": v.cpu().numpy() for k, v in run.body.state_dict().items()}
    arrays |= {f"head/{k}": v.cpu().numpy() for k, v in run.head.state_dict().items()}
    for i, p in enumerate(p for group in run.optimiser.param_groups for p in group["params"]):
        moment = run.optimiser.state.get(p, {}).get("momentum_buffer")
        if moment is not None:
            arrays[f"moment/{i}"] = moment.cpu().numpy()
    path.parent.mkdir(parents=True, exist_ok=True)
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    write_whole(path, packed.getvalue())
    return path


def load(path: str | Path, device: str = "cpu") -> tuple[ConvRun, dict[str, Any]]:
    """What `save` wrote: the run on a device, and what it was trained on.

    Raises:
        ProblemError: if the file is missing, damaged, or weights do not fit the plan.
    """
    try:
        with np.load(io.BytesIO(Path(path).read_bytes()), allow_pickle=False) as held:
            record = json.loads(str(held["record"]))
            if record["format"] != FORMAT:
                raise ValueError(f"format {record['format']!r}")
            arrays = {name: torch.tensor(held[name], device=device) for name in held.files if name != "record"}
        run = begin(plan_from(record["plan"]), record["backbone"], tuple(record["shape"]), device)
        for name, module in (("body", run.body), ("head", run.head)):
            own = {k.removeprefix(f"{name}/"): v for k, v in arrays.items() if k.startswith(f"{name}/")}
            module.load_state_dict(own)
        count = sum(len(group["params"]) for group in run.optimiser.param_groups)
        set_moments(run, [arrays.get(f"moment/{i}") for i in range(count)])
        run.epoch, run.outcome = record["epoch"], Outcome[record["outcome"]]
        run.snapshots = [snapshot_from(s) for s in record["snapshots"]]
        return run, record["data"]
    except FileNotFoundError:
        raise ProblemError(f"network file must exist, got {str(path)!r}") from None
    except (*DAMAGE, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ProblemError(f"network file must be an undamaged .npz by dufm, got {str(path)!r} ({reason})") from None
