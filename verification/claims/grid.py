"""The answer in one table: for each (K, L), who wins, how sure that is, and by how much."""

from collections.abc import Iterable
from dataclasses import dataclass

import sympy as sp

from dufm.theory.squared.structure import total_cost
from dufm.theory.squared.structures import CheapestSum
from dufm.verification.claims import claim_named
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.entry import Entry

STRENGTH = [Status.PROVED.name, Status.CERTIFIED.name, Status.SUPPORTED.name]


@dataclass(frozen=True)
class TableCell:
    """One (K, L).

    Attributes:
        winner: as `Claim.settles` has it, at every strength below collapse or at some; "" where no claim speaks.
        status: name of the strongest status that settles it, or "".
        label: the claim behind it, or "".
        ratio: C / K of the cheapest known structure; its loss is phi_L(ratio x) against DNC's phi_L(x).
    """

    winner: str
    status: str
    label: str
    ratio: float


def cell(K: int, L: int, entries: Iterable[Entry]) -> TableCell:
    """Who wins at (K, L), by the strongest verdict that settles it."""
    structure = CheapestSum()
    ratio = float(sp.N(total_cost(structure, K, L) / K)) if L > 1 else 1.0
    spoken = [(e, claim_named(e.label).settles(K, L)) for e in entries if e.status in STRENGTH and e.sound]
    settled = [(STRENGTH.index(e.status), e.label, winner) for e, winner in spoken if winner]
    # A claim on every strength says more than one on some.
    settled = [s for s in settled if "some" not in s[2]] or settled
    if not settled:
        return TableCell("", "", "", ratio)
    strength, label, winner = min(settled, key=lambda s: s[0])
    return TableCell(winner, STRENGTH[strength], label, ratio)
