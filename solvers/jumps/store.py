"""Runs of chains on disk: one .npz with everything needed to go on, replaced whole at every save."""

from pathlib import Path
from typing import Any

import numpy as np

from dufm.solvers.base.files import read_archive, reading, write_archive
from dufm.solvers.jumps.chains import Chains, ChainSetting
from dufm.solvers.jumps.factorisation import product, singular_values
from dufm.solvers.jumps.instance import Completion

FORMAT = "dufm-chains-1"


def save(setting: ChainSetting, state: Chains, path: str | Path) -> Path:
    """Write a run.

    Raises:
        OSError: naming the path.
    """
    record = {name: getattr(setting, name) for name in ("lam", "eta", "checkpoint", "seed", "inject")}
    arrays: dict[str, Any] = {f"W_{i}": w for i, w in enumerate(state.weights, 1)}
    arrays |= {"target": setting.completion.target, "mask": setting.completion.mask, "sigma": state.spectra}
    arrays |= {"draws": state.draws, "diverged": state.diverged}
    return write_archive(path, FORMAT, record, arrays, compressed=False)


def load(path: str | Path) -> tuple[ChainSetting, Chains]:
    """Read a run.

    Raises:
        ProblemError: naming the file, for one that is missing or is no run of chains.
    """
    with reading(path, "--resume: the chains"):
        record, arrays = read_archive(path, FORMAT)
        completion = Completion(arrays["target"], arrays["mask"])
        weights = tuple(arrays[f"W_{i}"] for i in range(1, 1 + sum(name.startswith("W_") for name in arrays)))
        state = Chains(weights, arrays["draws"], arrays["diverged"], tuple(arrays["sigma"]))
        kept = ~state.diverged
        seen, own = state.sigma[-1][kept], singular_values(product(weights))[kept]
        # Noise goes into the weights after the look.
        if record["inject"] == 0 and not np.allclose(seen, own, rtol=0, atol=1e-9 * own.max(initial=1.0)):
            raise ValueError("field sigma does not end with the singular values of the weights")
        return ChainSetting(completion, **record), state


def same(a: ChainSetting, b: ChainSetting) -> bool:
    """Whether two runs are of one setting, so that one may go on from the other."""
    numbers = all(getattr(a, name) == getattr(b, name) for name in ("lam", "eta", "checkpoint", "seed", "inject"))
    parts = ((a.completion.target, b.completion.target), (a.completion.mask, b.completion.mask))
    return numbers and all(np.array_equal(x, y) for x, y in parts)
