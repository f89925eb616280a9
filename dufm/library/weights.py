"""`dufm.read_weights` and `dufm.certify`: weights of your own, from PyTorch or NumPy, against DNC and the record."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dufm.library.finding import Layer, draw_layers, layers_of
from dufm.library.shown import Drawing, Shown, Told, for_callers
from dufm.solvers.base.arrays import Array
from dufm.solvers.weight_files.arranging import Arranged, arrange
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError
from dufm.verification.answers.weight_file import read_matrices
from dufm.verification.answers.weights import judge_weights, problem_of
from dufm.verification.base.certificate import write


@dataclass(frozen=True, repr=False, eq=False)
class Weights(Shown):
    """(H_1, W_1, ..., W_L) of a file, a sequence of arrays.

    Attributes:
        arrays: H_1 is d x K n, W_l is out x in, W_L has K rows.
        names: what each is called in the file.
        n: samples a class.
        notes: what was left out, in words.
        problem: with its strengths, where the file knows them; None elsewhere.
    """

    arrays: tuple[Array, ...]
    names: tuple[str, ...]
    n: int
    notes: tuple[str, ...]
    problem: Problem | None = None

    def __iter__(self) -> Iterator[Array]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)

    def __getitem__(self, place: int) -> Array:
        return self.arrays[place]

    def told(self) -> Told:
        factors = ["H_1", *(f"W_{i}" for i in range(1, len(self)))]
        rows = [(f, name, " x ".join(map(str, a.shape))) for f, name, a in zip(factors, self.names, self, strict=True)]
        title = f"{len(self[-1])} classes, {len(self) - 1} layers, n = {self.n}"
        return Told(title, ("factor", "name", "shape"), rows, self.notes)


@for_callers
def read_weights(path: str | Path, names: Sequence[str] | None = None, transpose: str = "none") -> Weights:
    """Weights from a file; nothing in it is run.

    Args:
        path: a state dict of PyTorch (.pt), a safetensors, .npz or .npy file, a solution or certificate of dufm.
        names: which arrays are (H_1, W_1, ..., W_L); found by name if not given.
        transpose: "W" for weights that are in x out, "H" for features with a row a sample, "all" for both.

    Raises:
        ProblemError: one line, for a file that cannot be read and shapes that do not chain up, with what would fit.

    Examples:
        >>> import dufm, numpy, tempfile, os
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "mine.npz")
        ...     numpy.savez(path, H=numpy.eye(3), W1=numpy.eye(3), W2=numpy.eye(3))
        ...     dufm.read_weights(path).names
        ('H', 'W1', 'W2')
    """
    problem, found = read_matrices(Path(path), names, transpose)
    return Weights(found.weights, found.names, found.n, found.notes, problem)


@dataclass(frozen=True, repr=False, eq=False)
class WeightsReport(Shown):
    """What weights are worth.

    Attributes:
        problem: with the strengths they were judged at.
        loss: of the weights, with all samples.
        ratio: the loss over DNC's, with the best sample of each class.
        dnc: DNC's loss.
        best_known: the least loss known here, and
        best_known_by: whose it is.
        best_scale_ratio: `ratio` once every factor has its best scale; None where none is better than zero.
        beats_record: whether they are below all that is known here.
        layers: ranks and singular values.
        certificate: that DNC is not optimal here, accepted by the checker; None where they are not below DNC.
        says: what the checker says.
    """

    problem: Problem
    loss: float
    ratio: float
    dnc: float
    best_known: float
    best_known_by: str
    best_scale_ratio: float | None
    beats_record: bool
    layers: tuple[Layer, ...]
    certificate: dict[str, Any] | None
    says: str

    @property
    def beats_dnc(self) -> bool:
        """Whether there is a certificate."""
        return self.certificate is not None

    def save(self, path: str | Path) -> Path:
        """Write the certificate, which `dufm check` and `dufm submit` take.

        Raises:
            ProblemError: where there is none.
        """
        if self.certificate is None:
            raise ProblemError(f"there is no certificate to save: {self.says}")
        write(self.certificate, path)
        return Path(path)

    def plot(self) -> Drawing:
        """Singular values by layer."""
        return draw_layers(self.layers, f"K = {self.problem.K}, L = {self.problem.L}, {self.ratio:.4f} of DNC's loss")

    def told(self) -> Told:
        p = self.problem
        rows = [("these weights", self.loss, self.loss / self.dnc), ("DNC", self.dnc, 1.0)]
        rows += [(f"best known: {self.best_known_by}", self.best_known, self.best_known / self.dnc)]
        lines = [f"Ranks: {', '.join(f'{layer.name} {layer.rank}' for layer in self.layers)}.", f"{self.says}."]
        return Told(f"K = {p.K}, L = {p.L}, x = {float(p.x):.6g}", ("loss", "value", "/ DNC"), rows, lines)


@for_callers
def certify(
    weights: Weights | Sequence[Any] | str | Path,
    lam: Any = None,
    *,
    n: int = 1,
    transpose: str = "none",
) -> WeightsReport:
    """Judge weights: their loss against DNC and the best known, ranks by layer, a certificate if they beat DNC.

    Args:
        weights: (H_1, W_1, ..., W_L) as arrays or tensors, what `read_weights` gives, or a file that it reads.
        lam: weight decay of every factor, or L + 1 of them; not needed where a file knows its own.
        n: samples a class, columns of H_1 beside one another; of arrays only.
        transpose: as for `read_weights`; of arrays and files.

    Raises:
        ProblemError: one line, with what would fit; where `lam` is missing, with the strengths at which the scales of
            these weights are at rest.

    Examples:
        >>> import dufm
        >>> record = dufm.records(K=6, L=4)[0]
        >>> dufm.certify(record.weights, lam=record.Lambda).beats_dnc
        True
    """
    if isinstance(weights, (str, Path)):
        weights = read_weights(weights, transpose=transpose)
    if isinstance(weights, Weights):
        own = weights
    else:
        found = _arranged(weights, transpose)
        if found.n != n:
            raise ProblemError(
                f"n must be {found.n}, H_1 has {found.weights[0].shape[1]} columns and K = {found.K}; got {n}"
            )
        own = Weights(found.weights, found.names, found.n, found.notes)
    problem = own.problem if lam is None and own.problem is not None else problem_of(own.arrays, lam, own.n)
    judged = judge_weights(own.arrays, problem, bounded=False)
    r = judged.record
    best = (r["record"]["loss"], r["record"]["by"], r["best_scale_ratio_to_dnc"], r["beats_record"])
    numbers = (r["loss"], r["ratio_to_dnc"], r["dnc"])
    return WeightsReport(problem, *numbers, *best, layers_of(r), judged.certificate, r["says"])


def _arranged(weights: Sequence[Any], transpose: str) -> Arranged:
    """Arrays in the order given; tensors are taken off their graph and device."""
    arrays = {}
    for i, weight in enumerate(weights):
        plain = weight.detach().cpu() if hasattr(weight, "detach") else weight
        arrays["H_1" if i == 0 else f"W_{i}"] = np.asarray(plain)
    if bad := [name for name, array in arrays.items() if array.ndim != 2 or array.dtype.kind not in "biuf"]:
        raise ProblemError(f"weights must be matrices of numbers, {bad[0]} is not")
    return arrange(arrays, list(arrays), transpose)
