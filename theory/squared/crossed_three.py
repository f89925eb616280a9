"""The finite part of the proof for three classes, three layers at x > 0: boxes of three numbers, in ball arithmetic.

In the derivation `three-layers-optimal` x = (y^2 - 1)/y^3, g = y + 3/y, 0 < o < 1, 0 <= th <= (1 - e)/(1 + e), e^2 =
1 - o, and th/(1 + th^2) <= nu <= 1/2, tau = 2 th nu. To be shown is

    g (t + q - 3)  >=  x w^2 ( s (2 - k (1 + tau)) + (1 + s) (o - A) (1 - tau - k F) )  +  x v^2 (q^2/c - q),

    t^2 = S + 2 P^(1/2),   S = (1 + th^2) (2 + A (1 - tau) - k (1 + tau) - A k F),   F = 1 - 2 (1 + th^2) nu^2,
    P = (1 + s) (1 + A (1 - tau) + A^2 (G - th nu)) (1 - k (1 + tau) + k^2 (G + th nu)),   G = (1 + th^2) nu^2,
    1 + s = (1 + th^2)^2,   1 + A = ((1 + o) c)^(1/2),   k = o - o (1 + o)^(-1/2),   q^4 = h c/(1 + o),
    c = (1 + 1/V)/2,   V^2 = R^2 (1 + o) h,   h = 1 + o z (2 - (1 - o) z),   z = 1 + o/R,   R^2 = 1 - o + o^2,

for some w and v from y to (3/2)^(1/2) with x (1 + o (1 - tau)) (1 + th^2)^(3/2) <= (w^2 - 1)/w^3 and x q/c <= (v^2 -
1)/v^3.

Both sides vanish at o = 0; they are divided by o in closed form, so that boxes reach it. A number named ..._o is such a
quotient.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from flint import arb, fmpq

MOST = 100_000
# A side is halved that often before another is: the inequality changes most with e, least with nu.
HEADSTART = (0, 2, 5)
NEWTON = 6

Side = tuple[int, int]


@dataclass(frozen=True)
class Angle:
    """What depends on e and y alone, named as in the module; v is None where none is found."""

    e: arb
    o: arb
    A_o: arb
    k_o: arb
    c: arb
    c_o: arb
    q: arb
    q_o: arb
    v: arb | None

    @classmethod
    def of(cls, e: arb, y: arb) -> "Angle":
        """For a ball of e in [0, 1]."""
        o = 1 - e * e
        R = (1 - o + o * o).sqrt()
        z = 1 + o / R
        h_o = z * (2 - (1 - o) * z)
        V = (R * R * (1 + o) * (1 + o * h_o)).sqrt()
        square_o = 1 + h_o + o * h_o - (1 - o) * (1 + o * (1 + h_o + o * h_o))  # V^2 - 1
        c, c_o = (1 + 1 / V) / 2, -square_o / (2 * V * (V + 1))
        alpha_o = 1 + c_o * (1 + o)  # (1 + o) c - 1
        A_o = alpha_o / (((1 + o) * c).sqrt() + 1)
        k_o = 1 - 1 / (1 + o).sqrt()
        power_o = (h_o + c_o * (1 + o * h_o) - 1) / (1 + o)  # q^4 - 1
        q_squared = (1 + o * power_o).sqrt()
        q = q_squared.sqrt()
        q_o = power_o / ((q + 1) * (q_squared + 1))
        return cls(e, o, A_o, k_o, c, c_o, q, q_o, scale_above(collapse(y) * q / c))


def collapse(y: arb) -> arb:
    """x at which DNC has the scale y."""
    return (y * y - 1) / y**3


@cache
def crossed_boxes(scale: Fraction) -> int | None:
    """How many boxes cover [0, 1]^3, those that close and those halved; None if more than MOST are needed.

    Args:
        scale: y > 1, exact. A box is of e, th and nu, the latter two as shares of where they may lie.
    """
    y = arb(fmpq(scale.numerator, scale.denominator))
    waiting: list[tuple[Side, ...]] = [((0, 0), (0, 0), (0, 0))]
    angles: dict[Side, Angle] = {}
    boxes = 0
    while waiting:
        box = waiting.pop()
        boxes += 1
        if boxes > MOST:
            return None
        if box[0] not in angles:
            angles[box[0]] = Angle.of(_ball(*box[0]), y)
        if not closed(angles[box[0]], _ball(*box[1]), _ball(*box[2]), y):
            # A side is [i, i + 1] / 2^bits.
            longest = min(range(3), key=lambda n: (box[n][1] + HEADSTART[n], n))
            i, bits = box[longest]
            waiting += [(*box[:longest], (half, bits + 1), *box[longest + 1 :]) for half in (2 * i, 2 * i + 1)]
    return boxes


def closed(angle: Angle, share: arb, place: arb, y: arb) -> bool:
    """Whether the inequality, o >= A >= 0 and q >= c hold for all angles, shares and places in three balls."""
    found = quotients(angle, share, place, y)
    return found is not None and all(bool(value > 0) for value in found)


def quotients(angle: Angle, share: arb, place: arb, y: arb) -> tuple[arb, arb, arb, arb] | None:
    """(left less right side, A, o - A, q - c), each over o; None where no w or v is found.

    Args:
        angle: of e in [0, 1].
        share: th over (1 - e)/(1 + e).
        place: where nu lies between its ends, in [0, 1].
        y: the scale of DNC.
    """
    x, g = collapse(y), y + 3 / y
    o, A_o, k_o, v = angle.o, angle.A_o, angle.k_o, angle.v
    A, k = o * A_o, o * k_o
    th_o = share / (1 + angle.e) ** 2
    th = o * th_o
    wide = 1 + th * th
    s_o = o * th_o**2 * (2 + th * th)
    nu = th / wide + (arb(1) / 2 - th / wide) * place
    tau, G = 2 * th * nu, wide * nu * nu
    F = 1 - 2 * G
    w = scale_above(x * (1 + o * (1 - tau)) * wide * wide.sqrt())
    if w is None or v is None:
        return None
    sum_o = 2 * o * th_o**2 + wide * (A_o * (1 - tau) - k_o * (1 + tau) - A_o * k * F)  # S - 2
    first_o = A_o * (1 - tau + A * (G - th * nu))
    second_o = -k_o * (1 + tau - k * (G + th * nu))
    both_o = first_o + second_o * (1 + o * first_o)
    P_o = s_o + both_o * (1 + o * s_o)
    square = sum_o + 2 * P_o / ((1 + o * P_o).sqrt() + 1)  # t^2 - 4, over o
    t_o = square / ((4 + o * square).sqrt() + 2)
    pair = s_o * (2 - k * (1 + tau)) + (1 + o * s_o) * (1 - A_o) * (1 - tau - k * F)
    gap = angle.q_o - angle.c_o
    return g * (t_o + angle.q_o) - x * (w * w * pair + v * v * angle.q * gap / angle.c), A_o, 1 - A_o, gap


def scale_above(strength: arb) -> arb | None:
    """A number w with strength <= (w^2 - 1)/w^3 in the whole ball and w^2 <= 3/2, hardly larger than it must be."""
    top, w = arb(strength.upper()), arb(1)
    # Newton's steps to the root of top w^3 - w^2 + 1; they only aim, the last line decides.
    for _ in range(NEWTON):
        w = arb((w - (top * w**3 - w * w + 1) / (3 * top * w * w - 2 * w)).mid())
    w += arb(2) ** -20
    return w if (w * w - 1) / w**3 >= top and 2 * w * w <= 3 else None


def _ball(i: int, bits: int) -> arb:
    """[i, i + 1] / 2^bits."""
    half = arb(1) / 2 ** (bits + 1)
    return arb((2 * i + 1) * half, half)
