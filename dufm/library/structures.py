"""`dufm.structures` and `dufm.compare`: the known low-rank structures, and one against the others."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from dufm.library.checking import Checked, check
from dufm.library.shown import Shown, Told, for_callers
from dufm.theory.problem import Problem
from dufm.theory.squared.structure import Structure, total_cost
from dufm.theory.squared.structures import structure_named
from dufm.verification.answers.compare import certificate_of, compared, loss_at
from dufm.verification.answers.structures import structure_rows
from dufm.verification.answers.user_structure import load_structure

# x = K Lambda at which losses are compared where no strength is given.
STRENGTH = Fraction(15, 1000)


@dataclass(frozen=True)
class StructureRow:
    """One structure.

    Attributes:
        name: what `compare` takes.
        needs: for which K and L it exists, in words.
        C_over_K: its cost over DNC's; below 1 it beats DNC at every strength below collapse. None where it does not
            exist, or no K was asked for.
        rank: of its hidden features, where it states one.
        critical_depth: it beats DNC for every L above this, where it states a head.
        cost: C, exact; None as C_over_K.
    """

    name: str
    needs: str
    C_over_K: float | None = None
    rank: int | None = None
    critical_depth: float | None = None
    cost: sp.Expr | None = None

    def _repr_latex_(self) -> str | None:
        return None if self.cost is None else f"$C_{{\\mathrm{{{self.name}}}}} = {sp.latex(self.cost)}$"


@dataclass(frozen=True, repr=False)
class Structures(Shown):
    """The known structures, a sequence of rows.

    Attributes:
        K, L: where they are priced; K None where they are not.
        rows: in the order of the registry.
    """

    K: int | None
    L: int
    rows: tuple[StructureRow, ...]

    def __iter__(self) -> Iterator[StructureRow]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> StructureRow:
        return next(row for row in self.rows if row.name == structure_named(name).name)

    def told(self) -> Told:
        if self.K is None:
            return Told("Known structures", ("structure", "exists for"), [(r.name, r.needs) for r in self.rows])
        rows = [(r.name, r.C_over_K, r.rank, r.critical_depth) for r in self.rows]
        return Told(f"K = {self.K}, L = {self.L}", ("structure", "C / K", "rank", "beats DNC for L >"), rows)


@for_callers
def structures(K: int | None = None, L: int = 4) -> Structures:
    """The known structures of the squared loss; with K also what each costs there.

    Args:
        K: classes, >= 2.
        L: weight layers, >= 1.

    Raises:
        ProblemError: for a cell that makes no sense.

    Examples:
        >>> import dufm
        >>> dufm.structures(K=10, L=4)["srg"].C_over_K < 1
        True
    """
    rows = []
    for row in structure_rows(K, L):
        exact = None if K is None or row["C_over_K"] is None else total_cost(structure_named(row["name"]), K, L)
        rows.append(StructureRow(**row, cost=exact))
    return Structures(K, L, tuple(rows))


@dataclass(frozen=True, repr=False)
class Comparison(Shown):
    """A structure beside others at one problem.

    Attributes:
        problem: where losses are compared.
        name: of the structure.
        C_over_K: of its weights.
        agrees: whether the cost it states is that of its weights.
        exact: whether they give the identity exactly, or to 40 digits.
        rank, critical_depth: where it states a head; it beats DNC for every L above the depth.
        losses: (name, C / K, loss) of it, of DNC, the SRG and the cheapest known.
        certificate: that DNC is not optimal here, where it wins; None elsewhere.
    """

    problem: Problem
    name: str
    C_over_K: float
    agrees: bool
    exact: bool
    rank: int | None
    critical_depth: float | None
    losses: tuple[tuple[str, float, float], ...]
    certificate: dict[str, Any] | None

    @property
    def beats_dnc(self) -> bool:
        """Whether a certificate says so."""
        return self.certificate is not None

    def check(self) -> Checked:
        """Judge the certificate again."""
        return check(self.certificate or {})

    def told(self) -> Told:
        dnc = loss_at(self.problem, 1.0)
        rows = [(name, ratio, loss, loss / dnc) for name, ratio, loss in self.losses]
        words = (
            "The stated cost is that of the weights" if self.agrees else "The stated cost is NOT that of the weights"
        )
        more = "" if self.critical_depth is None else f"; beats DNC at every L > {self.critical_depth:.4f}"
        title = f"K = {self.problem.K}, L = {self.problem.L}, x = K Lambda = {float(self.problem.x):.6g}"
        return Told(title, ("structure", "C / K", "loss", "loss / DNC"), rows, (f"{words}{more}.",))


@for_callers
def compare(structure: str | Structure, K: int, L: int, lam: Any = None) -> Comparison:
    """A structure, your own too, against DNC, the SRG and the cheapest one known; its weights are checked exactly.

    Args:
        structure: a known name, "my.py:Mine", or an object with name, needs, valid(K, L), weights(K, L), cost(K, L).
        K: classes.
        L: weight layers.
        lam: strength of all factors, or L + 1 of them; K Lambda = 0.015 if not given.

    Raises:
        ProblemError: for a cell that makes no sense, a structure that is not there, or weights that do not give I.

    Examples:
        >>> import dufm
        >>> dufm.compare("srg", K=10, L=4).beats_dnc
        True
    """
    problem = Problem.of(K, L, STRENGTH / K if lam is None else lam)
    own = load_structure(structure) if isinstance(structure, str) else structure
    record, rows = compared(own, problem)
    losses = tuple((row["structure"], row["C_over_K"], row["loss"]) for row in rows)
    certificate = certificate_of(own, problem) if losses[0][2] < loss_at(problem, 1.0) else None
    if certificate is not None and not check(certificate).accepted:
        certificate = None
    words = {name: record[name] for name in ("C_over_K", "agrees", "exact", "rank", "critical_depth")}
    return Comparison(problem, own.name, losses=losses, certificate=certificate, **words)
