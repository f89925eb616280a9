"""The finite part of the proof for three classes and three layers at x > 0: boxes of two numbers, in ball arithmetic.

In the derivation `three-layers-optimal` 0 < o < 1 and 0 <= th <= (1 - e)/(1 + e), e^2 = 1 - o. To be shown is

    2 X^(1/4) + q - 3  >=  mu ( (2 + o) (1 + th^2)^2 - 2 + q^2/c - q ),      q^4 = g c/(1 + o),
    X = (1 + th^2)^2 (1 + A (1 - th)) (1 - k - k th (1 - k/2)),
    1 + A = ((1 + o) c)^(1/2),   k = o - o (1 + o)^(-1/2),
    c = (1 + 1/V)/2,   V^2 = R^2 (1 + o) g,   g = 1 + o z (2 - (1 - o) z),   z = 1 + o/R,   R^2 = 1 - o + o^2.

Both sides vanish at o = 0; they are divided by o in closed form, so that boxes reach it. A number named ..._o is such a
quotient.
"""

from fractions import Fraction
from functools import cache

from flint import arb, fmpq

MOST = 100_000


@cache
def crossed_boxes(mu: Fraction) -> int | None:
    """How many boxes of (e, th/its greatest value) that close cover [0, 1]^2; None if more than MOST are needed.

    Args:
        mu: > 0, exact.
    """
    factor = arb(fmpq(mu.numerator, mu.denominator))
    waiting, boxes = [((0, 0), (0, 0))], 0
    while waiting:
        (i, a), (j, b) = waiting.pop()
        boxes += 1
        if boxes > MOST:
            return None
        if not closed(_ball(i, a), _ball(j, b), factor):
            # A side is [i, i + 1] / 2^a; the longer one is halved.
            if a <= b:
                waiting += [((2 * i, a + 1), (j, b)), ((2 * i + 1, a + 1), (j, b))]
            else:
                waiting += [((i, a), (2 * j, b + 1)), ((i, a), (2 * j + 1, b + 1))]
    return boxes


def closed(e: arb, share: arb, mu: arb) -> bool:
    """Whether the inequality, A >= 0 and q >= c hold for all e and shares of the greatest th in two balls."""
    difference, room, above = quotients(e, share, mu)
    return bool(difference > 0) and bool(room > 0) and bool(above > 0)


def quotients(e: arb, share: arb, mu: arb) -> tuple[arb, arb, arb]:
    """(left less right side, A, q - c), each over o."""
    o = 1 - e * e
    R = (1 - o + o * o).sqrt()
    z = 1 + o / R
    g_o = z * (2 - (1 - o) * z)
    V = (R * R * (1 + o) * (1 + o * g_o)).sqrt()
    square_o = 1 + g_o + o * g_o - (1 - o) * (1 + o * (1 + g_o + o * g_o))  # V^2 - 1
    c, c_o = (1 + 1 / V) / 2, -square_o / (2 * V * (V + 1))
    alpha_o = 1 + c_o * (1 + o)  # (1 + o) c - 1
    A_o = alpha_o / (((1 + o) * c).sqrt() + 1)
    k_o = 1 - 1 / (1 + o).sqrt()
    th_o = share / (1 + e) ** 2
    th = o * th_o
    wide_o = o * th_o**2 * (2 + th * th)  # (1 + th^2)^2 - 1
    first = A_o * (1 - th)
    second = -k_o * (1 + th * (1 - o * k_o / 2))
    both_o = first + second * (1 + o * first)
    X_o = wide_o + both_o * (1 + o * wide_o)
    root = (1 + o * X_o).sqrt().sqrt()
    left = 2 * X_o / ((root + 1) * (root * root + 1))
    power_o = (g_o + c_o * (1 + o * g_o) - 1) / (1 + o)  # q^4 - 1
    q = (1 + o * power_o).sqrt().sqrt()
    q_o = power_o / ((q + 1) * (q * q + 1))
    right = (2 + o) * wide_o + 1 + q * (q_o - c_o) / c
    return left + q_o - mu * right, A_o, q_o - c_o


def _ball(i: int, bits: int) -> arb:
    """[i, i + 1] / 2^bits."""
    half = arb(1) / 2 ** (bits + 1)
    return arb((2 * i + 1) * half, half)
