"""Two classes told apart, all others left undecided: rank one, and for few classes the last weights before zero (ours).

The K - 2 undecided classes keep the loss log K of zero weights; one singular value is all that is paid. The least
margin is 0, so this is no structure at least margin 1 and is not listed among those; the same code encloses its best
scale.
"""

from dufm.theory.ce.numbers import Numbers, Rows
from dufm.theory.ce.structure import Margins, Squares


class UndecidedPair:
    """Z = (e_1 - e_2)(e_1 - e_2)^T: margin 2 between the two, 1 from them to the others, 0 from the others."""

    name = "undecided"
    needs = "K >= 3"

    def valid(self, K: int) -> bool:
        return K >= 3

    def order(self, K: int) -> int:
        return 1

    def logits(self, K: int, numbers: Numbers) -> Rows:
        side = [numbers.rational(x) for x in (1, -1, *[0] * (K - 2))]
        return [[a * b for a in side] for b in side]

    def margins(self, K: int, numbers: Numbers) -> Margins:
        decided = [(numbers.rational(2), 1), (numbers.rational(1), K - 2)]
        return [(2, decided), (K - 2, [(numbers.rational(0), K - 1)])]

    def squares(self, K: int, numbers: Numbers) -> Squares:
        return [(numbers.rational(4), 1)]


UNDECIDED_PAIR = UndecidedPair()
