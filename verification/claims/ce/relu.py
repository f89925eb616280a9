"""Claims on relu layers under cross-entropy: where margins are had for less than collapse pays, at every strength."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from dufm.solvers.base.shipped import shipped
from dufm.theory import derivations
from dufm.theory.ce.relu import MarginLayers, Rival, edges, halves, rival_power, small_head
from dufm.theory.rational import matrix
from dufm.verification.base.certificate import Certificate, entries, margin_certificate
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.conclusions import Repeats
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.regime import EVERY, Expect, From, Only, Part, Regime
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict

FOLDER = shipped("verification/witnesses/margins")
LABELS: dict[Rival, str] = {"dnc": "ce-relu-suboptimal", "nc2": "ce-relu-nc2"}
FEW = "ce-relu-nc2-few"
BOTH = ("classes", "layers")


@dataclass(frozen=True)
class Shipped:
    """A shipped certificate of kind "margin": what it is of, and what it claims beyond its own K and L."""

    rival: Rival
    K: int
    L: int
    more: tuple[str, ...]
    width: int

    @property
    def name(self) -> str:
        """Its file."""
        return f"{self.rival}_l{self.L}_k{self.K:02d}.json"

    @property
    def need(self) -> Expect:
        """What it must show."""
        cell = {"kind": "margin", "K": self.K, "L": self.L, "rival": self.rival}
        return cell | {"more": list(self.more), "width": self.width}

    def layers(self) -> MarginLayers:
        """The structure behind it: halves at two layers, edges at three, heads in small integers beyond."""
        if self.L == 2:
            return halves({15: 3, 28: 4}[self.K])
        return edges({6: 4, 10: 5}[self.K]) if self.L == 3 else small_head(self.K, self.L)

    def made(self) -> Certificate:
        """The certificate made anew."""
        structure = {2: "halves", 3: "edges"}.get(self.L, "head in small integers")
        return margin_certificate(self.layers(), self.rival, self.more, LABELS[self.rival], {"structure": structure})


SHIPPED = (
    Shipped("dnc", 15, 2, ("classes",), 20),
    Shipped("dnc", 6, 3, BOTH, 4),
    Shipped("dnc", 5, 4, BOTH, 6),
    Shipped("dnc", 3, 5, BOTH, 4),
    Shipped("nc2", 28, 2, ("classes",), 70),
    Shipped("nc2", 10, 3, BOTH, 5),
    Shipped("nc2", 8, 4, BOTH, 20),
    Shipped("nc2", 6, 5, BOTH, 11),
)
# Found by `solvers.ce.margin_heads` and rounded; the readouts are the best ones, and Z_kk may be less than the margins.
FOUND = (
    Shipped("nc2", 7, 4, ("layers",), 17),
    Shipped("nc2", 5, 7, ("layers",), 8),
    Shipped("nc2", 4, 8, ("layers",), 5),
)
SUPPOSED = "cross-entropy, relu layers"
SUBOPTIMAL = Regime(
    (
        Part(From(15), Only((2,)), EVERY, 5),
        Part(From(6), From(3), EVERY),
        Part(Only((5,)), Only((4,)), EVERY, 1),
        Part(Only((3, 4, 5)), From(5), EVERY, 1),
    ),
    SUPPOSED,
)
BEYOND_NC2 = Regime(
    (
        Part(From(26), Only((2,)), EVERY, 44),
        Part(From(10), From(3), EVERY),
        Part(Only((8, 9)), From(4), EVERY, 12),
        Part(Only((6, 7)), From(5), EVERY, 5),
    ),
    SUPPOSED,
)
FEW_CLASSES = Regime(tuple(Part(Only((case.K,)), From(case.L), EVERY, case.width - case.K) for case in FOUND), SUPPOSED)
# Least K by depth in Garrod and Keating's Theorem 7, quoted second-hand, under an assumption of theirs.
KNOWN = {4: 16, 5: 10}


@cache
def certificate(case: Shipped) -> Certificate:
    """A shipped certificate, read once a process: not to be changed."""
    return json.loads((FOLDER / case.name).read_text())


def _beaten(cases: Iterable[Shipped], sentence: str) -> Verdict:
    """The product of every shipped witness against what the rival pays, read from its file."""
    comparisons, certificates, shares = [], [], {}
    for case in cases:
        found = certificate(case)
        power = MarginLayers.of(*(matrix(rows) for rows in entries(found))).power
        bound = rival_power(case.rival, case.K, case.L)
        what = f"product at margin 1 and what collapse pays, K = {case.K}, L = {case.L}"
        comparisons.append(Comparison(power, "<", bound, what=what))
        certificates.append(found)
        shares[f"K{case.K}_L{case.L}"] = float(power / bound)
    return by_derivation(sentence, comparisons, certificates, {"product over what collapse pays": shares})


def _of(rival: Rival) -> tuple[Shipped, ...]:
    return tuple(case for case in SHIPPED if case.rival == rival)


def _suboptimal(budget: Budget) -> Verdict:
    return _beaten(
        _of("dnc"), f"{SUBOPTIMAL.cells}: margins for less than narrow or broad DNC pays, at every strength."
    )


def _nc2(budget: Budget) -> Verdict:
    return _beaten(_of("nc2"), f"{BEYOND_NC2.cells}: margins for less than NC2 alone pays, at every strength.")


def _few(budget: Budget) -> Verdict:
    found = _beaten(
        FOUND, f"{FEW_CLASSES.cells}: weights with margins for less than NC2 alone pays, at every strength."
    )
    return replace(found, status=Status.CERTIFIED) if found.status is Status.PROVED else found


GROUND = (
    derivations.ce_relu_collapse,
    derivations.ce_relu_nc2,
    derivations.ce_relu_margins,
    derivations.ce_relu_sums,
)
# Edges and halves are those of the squared loss.
BUILT = (
    derivations.reductions,
    derivations.dnc,
    derivations.srg,
    derivations.head,
    derivations.cuts,
    derivations.halves,
    derivations.ce_relu_structures,
)

CE_RELU = (
    Claim(
        LABELS["dnc"],
        "With relu layers and cross-entropy no DNC configuration, narrow or broad, other than zero weights is a global "
        "minimiser.",
        SUBOPTIMAL,
        f"ours; Garrod and Keating (2410.23169), Theorem 7, as others quote it, has L = 4, K >= {KNOWN[4]} and L >= 5, "
        f"K >= {KNOWN[5]}, under an assumption, and nothing at L = 2, 3",
        (*GROUND, *BUILT),
        _suboptimal,
        Expected(Status.PROVED),
        needs=tuple(case.need for case in _of("dnc")),
        repeats=Repeats(
            "ce-relu-structures",
            ((From(15), Only((2,))), (From(6), Only((3,))), (From(5), Only((4,))), (From(3), From(5))),
            "for L = 2, K >= 15; L = 3, K >= 6; L = 4, K >= 5; L >= 5, K >= 3.",
        ),
    ),
    Claim(
        LABELS["nc2"],
        "With relu layers and cross-entropy no configuration other than zero weights whose samples share one "
        "feature a class (NC1) and whose centred class features form a simplex (NC2, norms and means free), in every "
        "hidden layer 2 .. L, is a global minimiser.",
        BEYOND_NC2,
        "ours",
        (*GROUND, *BUILT, derivations.ce_relu_nc2_structures),
        _nc2,
        Expected(Status.PROVED),
        needs=tuple(case.need for case in _of("nc2")),
        repeats=Repeats(
            "ce-relu-nc2-structures",
            ((From(26), Only((2,))), (From(10), Only((3,))), (From(8), Only((4,))), (From(6), From(5))),
            "for L = 2, K >= 26; L = 3, K >= 10; L = 4, K >= 8; L >= 5, K >= 6.",
        ),
    ),
    Claim(
        FEW,
        "The same for fewer classes: none that is collapsed within classes and obeys NC2 alone, other than zero "
        "weights, is a global minimiser.",
        FEW_CLASSES,
        "ours",
        GROUND,
        _few,
        Expected(Status.CERTIFIED),
        needs=tuple(case.need for case in FOUND),
    ),
)
