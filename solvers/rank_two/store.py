"""Finished runs on disk: one .npz each, whole or not there, found again by what fixes the run."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from dufm.solvers.base.files import DAMAGE, read_archive, write_archive
from dufm.solvers.rank_two.network import Setup
from dufm.solvers.rank_two.spectrum import RankBound
from dufm.solvers.rank_two.tasks import Task
from dufm.solvers.rank_two.training import Look, RankTwoRun

FORMAT = "dufm-rank-two-2"
NUMBERS = ("step", "misfit", "imbalance")


def run_path(folder: Path, task: Task, setup: Setup, seed: int, at: list[int]) -> Path:
    """Where a run belongs: its name holds a hash of the data, the setup and the checkpoints."""
    digest = hashlib.sha256(json.dumps([FORMAT, task.kind, asdict(setup), at], sort_keys=True).encode())
    for part in (task.X, task.Y):
        digest.update(np.ascontiguousarray(part).tobytes())
    return folder / f"{task.name}_lam{setup.lam:g}_seed{seed}_{digest.hexdigest()[:12]}.npz"


def save_run(path: Path, run: RankTwoRun) -> None:
    """Write a run.

    Raises:
        OSError: if it cannot be written, with a message that names the path.
    """
    bounds = [asdict(look.bound) if look.bound else None for look in run.looks]
    arrays: dict[str, Any] = {name: np.array([getattr(look, name) for look in run.looks]) for name in NUMBERS}
    arrays |= {"W": run.W, "A": run.A, "energies": np.array([look.energies for look in run.looks])}
    record = {"bounds": bounds, "seed": run.seed, "diverged": run.diverged}
    write_archive(path, FORMAT, record, arrays, compressed=False)


def load_run(path: Path) -> RankTwoRun | None:
    """Read what `save_run` wrote; None if there is no such file or it cannot be read as one."""
    try:
        record, arrays = read_archive(path, FORMAT)
        bounds = [RankBound(**b) if b else None for b in record["bounds"]]
        columns = zip(*(arrays[name].tolist() for name in NUMBERS), arrays["energies"], bounds, strict=True)
        looks = tuple(Look(s, f, energies, bound, i) for s, f, i, energies, bound in columns)
        return RankTwoRun(record["seed"], arrays["W"], arrays["A"], looks, record["diverged"])
    except DAMAGE:
        return None
