"""A file of weights by what it holds, not by its name: .pt or .pth, .safetensors, .npz, .npy."""

import io
import zipfile
from pathlib import Path

import numpy as np

from dufm.solvers.base.files import DAMAGE
from dufm.solvers.base.packed import Packed, read_array
from dufm.solvers.weight_files.limits import MOST_ARRAYS, MOST_BYTES, MOST_NUMBERS, Allowance
from dufm.solvers.weight_files.safetensors import read_safetensors
from dufm.solvers.weight_files.torch_zip import read_torch
from dufm.theory.stated import ProblemError

NPY, ZIP, OLD_PICKLE = b"\x93NUMPY", b"PK", b"\x80"


def read_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """Arrays of a file by name, in the order of the file. Nothing in it is run.

    Args:
        path: a state dict of PyTorch (1.6 or newer), a safetensors, .npz or .npy file; a three-dimensional .npy is a
            row of matrices.

    Raises:
        ProblemError: one line, for a file that is missing, too large, damaged, or of another kind.
    """
    path = Path(path)
    if not path.is_file():
        raise ProblemError(f"weights file must exist and be a plain file, got {str(path)!r}")
    try:
        if (size := path.stat().st_size) > MOST_BYTES:
            raise ValueError(f"{size} bytes, at most {MOST_BYTES} are read")
        with np.errstate(all="ignore"):
            found = _read(path.read_bytes())
    except MemoryError:
        raise ProblemError(f"weights file {str(path)!r} asks for more memory than there is") from None
    except (*DAMAGE, NotImplementedError) as error:
        reason = " ".join(str(error).split())[:300]
        accepted = "an undamaged .pt, .safetensors, .npz or .npy"
        raise ProblemError(f"weights file must be {accepted}, got {str(path)!r} ({reason})") from None
    if not found:
        raise ProblemError(f"weights file {str(path)!r} holds no arrays")
    return found


def _read(content: bytes) -> dict[str, np.ndarray]:
    if content.startswith(NPY):
        whole = read_array(io.BytesIO(content), len(content), "the array")
        Allowance().take("the array", whole.shape)
        return {f"{i}": part for i, part in enumerate(whole)} if whole.ndim == 3 else {"0": whole}
    if content.startswith(ZIP):
        if any(name.rpartition("/")[2] == "data.pkl" for name in zipfile.ZipFile(io.BytesIO(content)).namelist()):
            return read_torch(content)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > 9 * MOST_NUMBERS:
                raise ValueError(f"it unpacks to more than {MOST_NUMBERS} numbers")
        packed, allowance, found = Packed(content), Allowance(), {}
        if len(packed.names) > MOST_ARRAYS:
            raise ValueError(f"more than {MOST_ARRAYS} arrays")
        for name in packed.names:
            found[name] = packed.array(name)
            allowance.take(name, found[name].shape)
        return found
    if content.startswith(OLD_PICKLE):
        raise ValueError("a bare pickle, which is a program: save it with torch.save of PyTorch 1.6 or newer")
    return read_safetensors(content)
