"""`dufm.records`: the best weights known, as shipped, each with the certificate that proves its loss."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from dufm.library.checking import Checked, check
from dufm.library.shown import Drawing, Shown, Told, empty_figure, for_callers
from dufm.solvers.base.arrays import Array
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError
from dufm.verification.atlas.cells import Cell, read_grid
from dufm.verification.atlas.datapackage import write_datapackage
from dufm.verification.atlas.records import FOLDER, read_atlas
from dufm.verification.base.certificate import entries


@dataclass(frozen=True, repr=False, eq=False)
class Record(Shown):
    """The best known of one cell.

    Attributes:
        K, L: classes and layers.
        Lambda: strength of every factor, exact; n = 1.
        ratio: loss over DNC's, 1 where nothing below DNC is known.
        state: "low rank" or "dnc".
        neck_rank: least rank of the hidden features; None for DNC.
        certificate: that DNC is not optimal here, with the exact weights; None for DNC.
    """

    K: int
    L: int
    Lambda: Fraction
    ratio: float
    state: str
    neck_rank: int | None
    certificate: dict[str, Any] | None

    @property
    def x(self) -> float:
        """K Lambda."""
        return float(self.K * self.Lambda)

    @property
    def problem(self) -> Problem:
        """At the default width."""
        return Cell(self.K, self.L, self.Lambda).problem

    @property
    def weights(self) -> tuple[Array, ...]:
        """(H_1, W_1, ..., W_L) as floats.

        Raises:
            ProblemError: where nothing below DNC is known.
        """
        if self.certificate is None:
            raise ProblemError(f"no weights below DNC are known at K = {self.K}, L = {self.L}, x = {self.x:g}")
        return tuple(np.array(matrix, dtype=float) for matrix in entries(self.certificate))

    def check(self) -> Checked:
        """Judge the certificate again."""
        return check(self.certificate or {})

    def told(self) -> Told:
        rank = "" if self.neck_rank is None else f", rank {self.neck_rank}"
        return Told(
            f"K = {self.K}, L = {self.L}, x = {self.x:.6g}: {self.ratio:.6f} of DNC's loss ({self.state}{rank})"
        )


@dataclass(frozen=True, repr=False)
class Records(Shown):
    """Records, a sequence sorted by cell.

    Attributes:
        records: one a cell.
    """

    records: tuple[Record, ...]

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, place: int) -> Record:
        return self.records[place]

    def plot(self) -> Drawing:
        """Loss over DNC's against x = K Lambda, a line a (K, L)."""
        figure = empty_figure((7.0, 4.2))
        axes = figure.add_subplot()
        for K, L in sorted({(r.K, r.L) for r in self}):
            own = [r for r in self if (r.K, r.L) == (K, L)]
            axes.semilogx([r.x for r in own], [r.ratio for r in own], "o-", label=f"K = {K}, L = {L}")
        axes.set_xlabel("x = K Lambda")
        axes.set_ylabel("best loss known / DNC's")
        if len(axes.lines) <= 12:
            axes.legend()
        return Drawing(figure)

    def save(self, folder: str | Path) -> tuple[Path, Path]:
        """Write the whole atlas as records.csv with its descriptor datapackage.json (Frictionless Data)."""
        return write_datapackage(FOLDER, Path(folder))

    def told(self) -> Told:
        rows = [(r.K, r.L, f"{r.x:.4g}", r.ratio, r.state, r.neck_rank) for r in self]
        return Told(f"{len(self)} records", ("K", "L", "x", "loss / DNC", "state", "rank"), rows)


@for_callers
def records(K: int | Iterable[int] | None = None, L: int | Iterable[int] | None = None, x: Any = None) -> Records:
    """The best losses known, from the shipped atlas.

    Args:
        K: classes, one or several; all if not given.
        L: weight layers, likewise.
        x: K Lambda, as `dufm map` takes it: 0.01, "0.01,0.9*coll"; all if not given.

    Raises:
        ProblemError: where the atlas holds no such cell.

    Examples:
        >>> import dufm
        >>> best = dufm.records(K=10, L=4, x=0.03)[0]
        >>> best.ratio < 0.82 and best.check().accepted
        True
    """
    Ks, Ls = _many(K), _many(L)
    found = []
    for cell, record in read_atlas(FOLDER).items():
        if (Ks is not None and cell.K not in Ks) or (Ls is not None and cell.L not in Ls):
            continue
        if x is not None and cell not in read_grid(str(cell.K), str(cell.L), str(x)):
            continue
        rank, certificate = record.get("neck_rank"), record["certificate"]
        found.append(Record(cell.K, cell.L, cell.Lambda, record["ratio"], record["state"], rank, certificate))
    if not found:
        raise ProblemError(f"the atlas holds no cell with K = {K}, L = {L}, x = {x}; dufm.records() lists them all")
    return Records(tuple(found))


def _many(value: int | Iterable[int] | None) -> frozenset[int] | None:
    return None if value is None else frozenset([value] if isinstance(value, int) else value)
