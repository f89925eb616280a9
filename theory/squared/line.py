"""Classes on a line, carried up by skips: rank two up to the last block, which tells the classes apart (ours).

Class k of m stands at s_k = (2k - m - 1)/m on a line, as the column (1 + s_k, 1 - s_k) >= 0 of a 2 x m matrix F. Blocks
with skips let F grow as it is. Neurons relu(s - c_j), c_j = s_j - 2/m, give (2/m) (k - j + 1) for k >= j and 0 for k <
j: 2/m times N^2, N the upper triangle of ones, whose inverse is 1 - S, S the shift. So a readout proportional to (1 -
S)^2 has output I. The neurons stand beside F, which is not read.

Squared norms: F 2m + 2(m^2-1)/(3m); neurons (m + (m^2-1)/(3m) + 4/m)/2; 1 - S has 2m - 1, (1 - S)^2 has 6m - 6.
"""

from dataclasses import dataclass
from fractions import Fraction

Matrix = list[list[Fraction]]


@dataclass(frozen=True)
class Line:
    """Classes on a line with scales that make the output I.

    Attributes:
        around: hidden layers that a skip goes around, 1 or 2.
        classes: m >= 3.
        blocks: hidden blocks, >= 2; the last tells the classes apart.
        end: scale of F in H_1.
        step: scale of the factors of a block that grows: F becomes 1 + step (around 1) or 1 + step^2 times F.
        readout: scale of 1 - S in the two factors above the neurons, or of (1 - S)^2 in the one.
    """

    around: int
    classes: int
    blocks: int
    end: Fraction
    step: Fraction
    readout: Fraction

    @property
    def L(self) -> int:
        """Weight layers."""
        return self.around * self.blocks + 1

    @property
    def neurons(self) -> Fraction:
        """Scale of the neurons for which the output is I."""
        grown = self.end * (1 + self.step**self.around) ** (self.blocks - 1)
        return self.classes / (2 * grown * self.readout**self.around)

    def cost(self) -> Fraction:
        """Half the sum of all squared norms."""
        m = self.classes
        spread = Fraction(m * m - 1, 3 * m)
        features, neurons = 2 * m + 2 * spread, (m + spread + Fraction(4, m)) / 2
        tops = 2 * (2 * m - 1) if self.around == 2 else 6 * m - 6
        ends = self.end**2 * features + self.neurons**2 * neurons + self.readout**2 * tops
        return ends / 2 + self.around * (self.blocks - 1) * self.step**2

    def weights(self) -> list[Matrix]:
        """(H_1, W_1, ..., W_L) of width m + 2."""
        m = self.classes
        wide = m + 2
        first = _zeros(wide, m)
        for k in range(1, m + 1):
            first[0][k - 1], first[1][k - 1] = (
                self.end * Fraction(2 * k - 1, m),
                self.end * Fraction(2 * m - 2 * k + 1, m),
            )
        grow, tell, shift, top = _zeros(wide, wide), _zeros(wide, wide), _zeros(wide, wide), _zeros(m, wide)
        grow[0][0] = grow[1][1] = self.step
        coefficients = (1, -1) if self.around == 2 else (1, -2, 1)
        for j in range(1, m + 1):
            tell[j + 1][0] = self.neurons * Fraction(2 * m - 2 * j + 3, 2 * m)
            tell[j + 1][1] = self.neurons * Fraction(3 - 2 * j, 2 * m)
            for i, value in enumerate(coefficients):
                if j + i <= m:
                    top[j - 1][j + 1 + i] = self.readout * value
            if self.around == 2:
                shift[j + 1] = list(top[j - 1])
        block = [tell, shift] if self.around == 2 else [tell]
        return [first, *[grow] * (self.around * (self.blocks - 1)), *block, top]


def _zeros(rows: int, columns: int) -> Matrix:
    return [[Fraction(0)] * columns for _ in range(rows)]


def _line(around: int, classes: int, blocks: int, *scales: str) -> Line:
    return Line(around, classes, blocks, *map(Fraction, scales))


# Up to x = 1/20, then, around two layers, up to x = 1, where collapse is zero.
LEAST_X = Fraction(1, 20)
AROUND_TWO = (
    _line(2, 88, 5, "8/31", "60/23", "17/57"),
    _line(2, 43, 8, "10/43", "42/29", "10/37"),
    _line(2, 29, 16, "9/43", "5/6", "10/41"),
    _line(2, 24, 32, "1/5", "7/13", "11/47"),
)
AT_EVERY_STRENGTH = (
    _line(2, 136, 8, "3/19", "81/43", "11/60"),
    _line(2, 78, 16, "6/43", "61/60", "5/31"),
    _line(2, 62, 32, "3/23", "30/47", "5/33"),
)
AROUND_ONE = (
    _line(1, 50, 16, "5/34", "7/9", "1/10"),
    _line(1, 31, 24, "7/55", "26/57", "3/35"),
    _line(1, 25, 32, "3/26", "19/59", "4/51"),
    _line(1, 17, 64, "4/45", "9/58", "3/49"),
)


def collapse_around_one(blocks: int, x: Fraction, steps: int = 4000) -> Fraction:
    """A rational lower bound of D(x)/x, D the least loss of collapse with skips around one layer, 0 < x <= 1.

    D(x)/x = min over y >= 1 of a - x a^2/2 + blocks/2 (y-1)^2, a = y^(-blocks): the first part rises with a, so it
    falls with y, and the second rises. On each interval the first is taken at its upper end, the second at its lower.
    """
    least, i = Fraction(1), 0
    while True:
        low, high = Fraction(steps + i, steps), Fraction(steps + i + 1, steps)
        paid = Fraction(blocks, 2) * (low - 1) ** 2
        if paid >= least:
            return least
        a = _rounded_down(high**-blocks)
        least, i = min(least, a - x * a * a / 2 + paid), i + 1


def _rounded_down(value: Fraction, bits: int = 60) -> Fraction:
    return Fraction(value.numerator * 2**bits // value.denominator, 2**bits)
