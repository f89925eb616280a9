"""Runs of chains on disk: one .npz with everything needed to go on, replaced whole at every save."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from solvers.jumps.chains import Chains, Setting
from solvers.jumps.instance import Completion
from solvers.storage import write_whole
from theory.problem import ProblemError

FORMAT = 1


def save(setting: Setting, state: Chains, path: str | Path) -> Path:
    """Write a run.

    Raises:
        OSError: naming the path.
    """
    record = {name: getattr(setting, name) for name in ("lam", "eta", "checkpoint", "seed", "inject")}
    arrays: dict[str, Any] = {f"W_{i}": w for i, w in enumerate(state.weights, 1)}
    arrays |= {"target": setting.completion.target, "mask": setting.completion.mask, "sigma": state.spectra}
    arrays |= {"draws": state.draws, "diverged": state.diverged}
    buffer = io.BytesIO()
    np.savez(buffer, record=np.array(json.dumps({"format": FORMAT} | record)), **arrays)
    write_whole(path, buffer.getvalue())
    return Path(path)


def load(path: str | Path) -> tuple[Setting, Chains]:
    """Read a run.

    Raises:
        ProblemError: naming the file, for one that is missing or is no run of chains.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            record = json.loads(str(file["record"]))
            if record.pop("format") != FORMAT:
                raise ValueError("another format")
            completion = Completion(file["target"], file["mask"])
            weights = tuple(file[f"W_{i}"] for i in range(1, 1 + sum(name.startswith("W_") for name in file.files)))
            state = Chains(weights, file["draws"], file["diverged"], tuple(file["sigma"]))
            return Setting(completion, **record), state
    except OSError as error:
        raise ProblemError(f"--resume: {path} cannot be read: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise ProblemError(f"--resume: {path} is not a run of chains: {error}") from None


def same(a: Setting, b: Setting) -> bool:
    """Whether two runs are of one setting, so that one may go on from the other."""
    numbers = all(getattr(a, name) == getattr(b, name) for name in ("lam", "eta", "checkpoint", "seed", "inject"))
    parts = ((a.completion.target, b.completion.target), (a.completion.mask, b.completion.mask))
    return numbers and all(np.array_equal(x, y) for x, y in parts)
