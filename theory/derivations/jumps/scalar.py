"""The chain that can be solved: where it rests, from where it never comes back, and that it always can fall."""

from fractions import Fraction
from random import Random

import sympy as sp
from flint import fmpq, fmpq_mat

from dufm.theory.jumps.scalar import critical_scale, critical_strength, levels
from dufm.theory.jumps.step import step
from dufm.theory.proof.checks import all_of, identical, inference, instances, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import BERNOULLI, not_negative, quoted

x, eta, lam, n, T = sp.symbols("x eta lambda n T", positive=True)
L, at = sp.symbols("L l", positive=True)
b = sp.Symbol("b", real=True)


def _coordinates_move_alone(seed: int) -> bool:
    """An exact step of diagonal layers on entry (i, i): coordinate i is pushed, all others only decay."""
    rng = Random(seed)
    size, depth = rng.randint(2, 4), rng.choice((3, 4, 5))
    values = [Fraction(rng.randint(0, 12), 12) for _ in range(size)]
    strength, rate = Fraction(rng.randint(1, 9), 40), Fraction(rng.randint(1, 9), 20)
    i, keep = rng.randrange(size), 1 - 2 * rate * strength
    layer = fmpq_mat(size, size)
    for j, value in enumerate(values):
        layer[j, j] = fmpq(value.numerator, value.denominator)
    moved = step([layer] * depth, [(i, i, Fraction(1))], strength, rate)
    wanted = fmpq_mat(size, size)
    for j, value in enumerate(values):
        push = rate * (1 - value**depth) * value ** (depth - 1) if j == i else Fraction(0)
        after = keep * value + push
        wanted[j, j] = fmpq(after.numerator, after.denominator)
    return all(w == wanted for w in moved)


def _levels_in_order(case: tuple[int, int, Fraction]) -> bool:
    """x_minus < barrier < x* < minimum < top, and a step at and below x_minus pushed by a draw does not rise."""
    depth, size, share = case
    strength = Fraction(str(sp.N(critical_strength(depth, size), 30))) * share
    found = levels(depth, size, strength)
    ends = [found.x_minus, found.barrier, found.minimum, found.top]
    ordered = all(low[1] < high[0] for low, high in zip(ends, ends[1:], strict=False))
    scale = critical_scale(depth)
    around = found.barrier[1] < scale < found.minimum[0]
    low = found.x_minus[0]
    return ordered and bool(around) and (1 - low**depth) * low ** (depth - 2) <= 2 * strength


def scalar_chain() -> Derivation:
    """The one-dimensional chain of A* = I_n with the diagonal observed."""
    drive = (1 - x**L) * x ** (L - 2)
    k = 1 - 2 * eta * lam
    image = k * x + eta * b * (1 - x**L) * x ** (L - 1)
    cases = [(L_, n_, share) for L_ in (3, 4, 5) for n_ in (2, 6) for share in (Fraction(1, 2), Fraction(9, 10))]
    return Derivation(
        name="scalar-chain",
        title="A chain of SGD that can be solved",
        source="ours; an exact instance of Wang and Jacot, arXiv 2305.16038",
        states="A* = I_n, n >= 2, only the diagonal observed, L >= 3 equal diagonal layers at the start, 2 eta lambda "
        "< 1. Every coordinate is the Markov chain x' = k x + eta b (1 - x^L) x^(L-1), b ~ Bernoulli(1/n). Its mean "
        "field has a minimum besides 0 iff lambda < lambda_c = max (1 - x^L) x^(L-2) / (2n). With x_- the smaller root "
        "of (1 - x^L) x^(L-2) = 2 lambda, [0, x_-] is left with probability 0, no larger interval [0, y] with y < "
        "x_top is, and from any x_0 in (x_-, 1] it is entered within T = ceil(log(x_0 / x_-) / -log k) steps with "
        "probability >= (1 - 1/n)^T.",
        steps=(
            Step(
                "One entry (i, i): u_l and v_l are multiples of e_i, so the layers stay diagonal and equal, coordinate "
                "i moves as stated with b = 1 and every other one by k alone.",
                (),
                all_of(
                    identical(x ** (L - at) * sp.UnevaluatedExpr(x ** (at - 1)), x ** (L - 1)),
                    identical(k * x - eta * sp.UnevaluatedExpr(x**L - 1) * x ** (L - 1), image.subs(b, 1)),
                    inference(
                        "one step W' = k W - eta g, g = (x^L - 1) u v^T in coordinate i", "derivation absorbing-set"
                    ),
                    spots=[instances(range(24), _coordinates_move_alone, "exact steps, L = 3, 4, 5")],
                ),
                "chain",
            ),
            Step(
                "The change is eta x times a difference; the mean field (b replaced by 1/n) rests at 0 and where (1 - "
                "x^L) x^(L-2) = 2 lambda n.",
                (),
                identical(sp.UnevaluatedExpr(image) - x, eta * x * (b * drive - 2 * lam)),
                "drift",
            ),
            Step(
                "(1 - x^L) x^(L-2) rises up to x*^L = (L-2)/(2L-2) and falls after it: two rest points for lambda < "
                "lambda_c, the lower one unstable (a barrier), none above.",
                (),
                all_of(
                    identical(sp.Derivative(drive, x), x ** (L - 3) * ((L - 2) - (2 * L - 2) * x**L)),
                    inference("the sign of the slope changes once; a lower level is met farther out", "drift"),
                    spots=[instances(cases, _levels_in_order, "x_- < barrier < x* < minimum < x_top, L = 3, 4, 5")],
                ),
                "hump",
            ),
            Step(
                "At x <= x_- the bracket is <= 0 for b = 0 and b = 1: x' <= x, and x' >= 0 as x_- < 1. Between x_- and "
                "x_top it is > 0 for b = 1: draws in a row push x up by a factor bounded away from 1 until it has "
                "passed any y there. So x_- is sharp, and it lies below the barrier: from between the two a chain may "
                "come back.",
                (),
                all_of(
                    identical((drive - 2 * lam) - sp.UnevaluatedExpr(b * drive - 2 * lam), (1 - b) * drive),
                    inference("b is 0 or 1", "drift", "hump"),
                ),
                "sharp",
            ),
            Step(
                "T steps without a draw multiply x by k^T <= x_- / x_0, and have probability (1 - 1/n)^T.",
                (),
                all_of(
                    identical(
                        sp.expand_log(sp.log(sp.Symbol("k", positive=True) ** T * x), force=True),
                        T * sp.log(sp.Symbol("k", positive=True)) + sp.log(x),
                    ),
                    inference("draws are independent", "chain", "sharp"),
                ),
                "falls",
            ),
            Step(
                "For eta <= 1/L the interval [0, 1] is kept, since (1 - x^L) x^(L-1) <= 1 - x^L <= L (1 - x). So the "
                "waiting time has a geometric tail, and its mean is the bounded solution of T(x) = 1 + (1 - 1/n) T(k "
                "x) + (1/n) T(x'), T = 0 on [0, x_-].",
                (),
                all_of(
                    quoted(
                        BERNOULLI,
                        not_negative(x),
                        spots=[instances(range(1, 9), _bernoulli, "expanded, L = 1, ..., 8")],
                    ),
                    signed(x ** (L - 1), "x >= 0, and x <= 1 keeps it at most 1"),
                    inference("a chance bounded below within T steps, again and again", "falls"),
                ),
            ),
        ),
    )


def _bernoulli(depth: int) -> bool:
    """1 - x^L = (1 - x)(1 + x + ... + x^(L-1)), and on [0, 1] each of the L powers is at most 1."""
    powers = sum((x**i for i in range(depth)), sp.Integer(0))
    return sp.expand((1 - x) * powers - (1 - x**depth)) == 0
