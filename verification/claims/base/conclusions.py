"""What each derivation concludes, as boxes of (K, L), and whether these reach as far as a claim that rests on it says.

The words of every entry stand in the derivation's own statement (a test compares them); what is not listed speaks of
every K >= 2 and L >= 1.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import product

from dufm.theory.derivations import derivation
from dufm.verification.claims.base.regime import Edges, Expect, From, Numbers, Only, Part, Regime

Box = tuple[Numbers, Numbers]
KL = tuple[int, int]
# Cells compared; no number in a regime or a conclusion comes near, so what holds here goes on beyond.
CLASSES, DEPTHS = range(2, 80), range(1, 41)


@dataclass(frozen=True)
class Conclusion:
    """Where a derivation holds.

    Attributes:
        where: boxes (K, L) of its statement; empty for every K and L.
        low_rank, dnc: boxes in which it proves, by itself, that low rank wins, or that DNC is optimal.
        up_to: greatest x of what it proves of DNC; None for every x below collapse.
        extends: "K", "L" or "x" if it carries a winning case to every larger K or L, or between two x.
        words: what its statement says of this, word for word.
    """

    where: tuple[Box, ...] = ()
    low_rank: tuple[Box, ...] = ()
    dnc: tuple[Box, ...] = ()
    up_to: Fraction | None = None
    extends: str = ""
    words: tuple[str, ...] = ()


CUTS: tuple[Box, ...] = ((Edges(5), From(3)),)
HALVES: tuple[Box, ...] = ((Edges(6, even=True), Only((2,))),)
CONCLUSIONS = {
    "lower-bound": Conclusion(dnc=((From(2), Only((1,))),), words=("At L = 1", "so DNC is optimal")),
    "two-classes": Conclusion(
        where=((Only((2,)), From(1)),), dnc=((Only((2,)), From(1)),), words=("For K = 2, every L >= 1",)
    ),
    "two-layers": Conclusion(where=((Only((3,)), Only((2,))),), words=("For K = 3, L = 2",)),
    "three-layers": Conclusion(where=((Only((3,)), Only((3,))),), words=("For K = 3, L = 3",)),
    "weak-decay": Conclusion(
        where=((Only((3,)), From(1)),), words=("For K = 3 the limit is 1 for L = 1, 2, 3", "below 1 for every L >= 4")
    ),
    "four-classes": Conclusion(where=((Only((4,)), Only((2,))),), words=("For K = 4, L = 2",)),
    "pairs": Conclusion(where=((From(2), From(1)),), words=("For every K >= 2, L >= 1",)),
    "deep-spectra": Conclusion(where=((From(2), From(4)),), words=("For every K >= 2 and L >= 4",)),
    "spectra": Conclusion(where=((From(2), Only((2, 3))),), words=("For every K >= 2 and L = 2, 3",)),
    "srg": Conclusion(
        where=((Edges(4), From(3)),),
        low_rank=((Edges(4), From(4)),),
        words=("K = r(r-1)/2", "C_SRG < K for every r >= 4 and L >= 4", "C_SRG > K at L = 3 for every r >= 4"),
    ),
    "cuts": Conclusion(CUTS, CUTS, words=("C < K at every r >= 5 and L >= 3",)),
    "halves": Conclusion(HALVES, HALVES, words=("At L = 2 with K = r (r-1)/2", "C < K for every even r >= 6")),
    "head": Conclusion(extends="L", words=("beats DNC at every Lambda below collapse iff L > L*",)),
    "direct-sum": Conclusion(extends="K", words=("not globally optimal at depth L for any K >= K_0",)),
    "optimal-three": Conclusion(
        where=((Only((3,)), Only((2,))),),
        dnc=((Only((3,)), Only((2,))),),
        up_to=Fraction(33, 40) - Fraction(33, 40) ** 4,
        words=("For K = 3, L = 2", "<= u - u^4, u = 33/40"),
    ),
    "three-layers-optimal": Conclusion(
        where=((Only((3,)), Only((3,))),),
        dnc=((Only((3,)), Only((3,))),),
        up_to=(Fraction(31, 30) ** 2 - 1) / Fraction(31, 30) ** 3,
        words=("For K = 3, L = 3", "<= (y^2 - 1)/y^3, y = 31/30"),
    ),
    "threshold": Conclusion(extends="x", words=("a network below DNC at one x is a win at every x from there to x*",)),
    "chord": Conclusion(extends="x", words=("at every x between them DNC is not optimal",)),
    "envelope": Conclusion(extends="x", words=("at both ends of an interval", "it is on the whole interval")),
}


@dataclass(frozen=True)
class Repeats:
    """Which sentence of a derivation a claim repeats.

    Attributes:
        by: name of the derivation; the claim must rest on it.
        where: boxes (K, L) for which that sentence is said.
        words: the sentence's own words (a test finds them in the derivation's statement).
    """

    by: str
    where: tuple[Box, ...]
    words: str

    def unsaid(self, regime: Regime, derivations: Iterable[str]) -> str:
        """The first part of a regime for which the sentence is not said, in words; "" if there is none."""
        found = self.where if self.by in set(derivations) else ()
        for K, L in product(CLASSES, DEPTHS):
            if regime.has(K, L) and not any(K in ks and L in ls for ks, ls in found):
                return f"K = {K}, L = {L}"
        return ""


@dataclass(frozen=True)
class Stated:
    """The regime of a claim about another model: clauses, each of which a derivation has word for word.

    Attributes:
        clauses: (name of a derivation that the claim rests on, words of its statement or of one of its steps).
    """

    clauses: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return "; ".join(words for _, words in self.clauses)

    def unsaid(self, derivations: Iterable[str]) -> str:
        """The first clause that none of these derivations has, in words; "" if there is none."""
        rested = set(derivations)
        for name, words in self.clauses:
            if name not in rested or not any(words in said for said in _said(name)):
                return f'"{words}"'
        return ""


@cache
def _said(name: str) -> tuple[str, ...]:
    """What a derivation states and what its steps say, blanks and line ends alike."""
    found = derivation(name)
    return tuple(" ".join(words.split()) for words in (found.states, *(step.words for step in found.steps)))


def uncovered(regime: Regime, winner: str | None, derivations: Iterable[str], shown: Iterable[Expect]) -> str:
    """The first part of a regime that derivations and certificates do not reach, in words; "" if there is none.

    Args:
        regime: of the claim.
        winner: "low rank" or "dnc" if the claim says who wins, else None: then the derivations only have to hold there.
        derivations: names of those it rests on.
        shown: what its certificates must show: the cases that derivations extend.
    """
    names = set(derivations)
    found = [CONCLUSIONS.get(name, Conclusion()) for name in names]
    extended = {c.extends for c in found} - {""}
    bounded = [c for c in found if c.up_to is not None]
    known: set[KL] = set()
    if winner is None:
        boxes = [c.where for c in found if c.where]
        if not boxes:
            return ""
    else:
        boxes = [c.low_rank if winner == "low rank" else c.dnc for c in found if c not in bounded]
    known |= {(K, L) for box in boxes for ks, ls in box for K in CLASSES if K in ks for L in DEPTHS if L in ls}
    partial = set(known)
    for expect in shown:
        L = expect.get("L", expect.get("L_from"))
        if winner == "low rank" and L is not None:
            # A head settles every strength at its depth; points and intervals only those that they name.
            (known if expect["kind"] == "head" else partial).add((expect["K"], L))
    partial |= known
    known, partial = (_extended(cells, extended) for cells in (known, partial))
    for K, L in product(CLASSES, DEPTHS):
        if not regime.has(K, L):
            continue
        if regime.whole(K, L) or winner is None:
            reached = (K, L) in known
        else:
            listed = all(part.x is None or part.x.points for part in regime.parts if K in part.K and L in part.L)
            reached = (K, L) in partial and (listed or "x" in extended)
            if winner == "dnc":
                reached = reached or all(_within(part, K, L, bounded) for part in regime.parts)
            elif "threshold" in names:
                reached = reached and all(_begun(part, K, L, shown) for part in regime.parts)
        if not reached:
            return f"K = {K}, L = {L}"
    return ""


def _within(part: Part, K: int, L: int, bounded: Iterable[Conclusion]) -> bool:
    """Whether a derivation proves DNC optimal up to the greatest x of a part, if that speaks of the cell."""
    if K not in part.K or L not in part.L:
        return True
    high = part.x.high if part.x is not None else None
    return any(
        isinstance(high, Fraction) and c.up_to is not None and high <= c.up_to
        for c in bounded
        if any(K in ks and L in ls for ks, ls in c.dnc)
    )


def _begun(part: Part, K: int, L: int, shown: Iterable[Expect]) -> bool:
    """Whether a needed point of as many classes or fewer lies no higher than a part begins, and fits in its width."""
    if K not in part.K or L not in part.L:
        return True
    low, room = part.x.low if part.x is not None else None, part.room(K)
    for need in shown:
        if need.get("kind") == "point" and need["L"] == L and need["K"] <= K and low is not None:
            over, under = need["lambdas"][0]
            fits = room is None or "width" not in need or need["width"] + K - need["K"] <= room
            if need["K"] * Fraction(over, under) <= low and fits:
                return True
    return False


def _extended(cells: set[KL], extends: set[str]) -> set[KL]:
    """The cells with all that larger K or larger L add where a derivation says so."""
    if "L" in extends:
        cells = cells | {(K, more) for K, L in cells for more in DEPTHS if more > L}
    if "K" in extends:
        cells = cells | {(more, L) for K, L in cells for more in CLASSES if more > K}
    return cells
