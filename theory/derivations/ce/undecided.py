"""Cross-entropy: close to its own collapse to zero, collapse loses to rank one; two classes are the exception."""

import sympy as sp

from dufm.theory.ce.numbers import Symbols
from dufm.theory.ce.polygons import DNC_LOGITS
from dufm.theory.ce.structure import agrees, rank
from dufm.theory.ce.undecided import UNDECIDED_PAIR
from dufm.theory.proof.checks import all_of, identical, inference, instances, named, positive_beyond
from dufm.theory.proof.derivation import Derivation, Step

K, L, alpha, mu, p, u, t = sp.symbols("K L alpha mu p u t", positive=True)
x, y = sp.symbols("x y", real=True)


def gain_of_collapse() -> sp.Expr:
    """log K - CE of DNC at scale alpha, u = e^(-alpha/2)."""
    return sp.log(K / (1 + (K - 1) * u**2))


def gain_of_pair() -> sp.Expr:
    """log K - CE of the undecided pair at the scale where its singular value is alpha, u = e^(-alpha/2)."""
    return sp.Rational(2) / K * sp.log(K / (1 + (K - 2) * u + u**2))


def _pair_is_as_stated(size: int) -> bool:
    return agrees(UNDECIDED_PAIR, size) and rank(UNDECIDED_PAIR, size) == 1


def _gains_are_those_of_the_margins(size: int) -> bool:
    """The two gains, term by term from the margins of the exact structures (alpha/2 times margins 2, 1, 0)."""
    stated = ((DNC_LOGITS, 2, gain_of_collapse()), (UNDECIDED_PAIR, 1, gain_of_pair()))
    for structure, power, gain in stated:
        found = sp.Integer(0)
        for many, row in structure.margins(size, Symbols()):
            inside = 1 + sum(count * u ** (power * margin) for margin, count in row)
            found += sp.Rational(many, size) * sp.log(size / inside)
        if sp.simplify(sp.expand_log(found - gain.subs(K, size), force=True)) != 0:
            return False
    return True


def ce_undecided() -> Derivation:
    """For K >= 3, L >= 2 DNC is not globally optimal near its collapse; for K = 2 it is, at every depth."""
    difference = 2 * (K - 1) * sp.log(K / (1 + (K - 2) * u + u**2)) - K * sp.log(K / (1 + (K - 1) * u**2))
    slope = -2 * (K - 2) * (K - 1) * (1 - u) ** 2 * (1 + u) / ((1 + (K - 2) * u + u**2) * (1 + (K - 1) * u**2))
    f = sp.log(1 + sp.exp(-t))
    logits = sp.Matrix([[x, -y], [-x, y]])
    pair = sp.Matrix([1, -1])
    return Derivation(
        name="ce-undecided",
        title="Cross-entropy: collapse close to its own collapse",
        source="ours",
        states="For every K >= 3 and L >= 2 there is an interval of strengths, ending where DNC costs as much as zero "
        "weights, on which DNC costs less than zero but more than logits of rank ONE that tell two classes apart and "
        "leave the others undecided. For K = 2 DNC is globally optimal at every L and strength. With L = 1: collapse "
        "is globally optimal at every strength if and only if L = 1 or K = 2.",
        steps=(
            Step(
                "The undecided pair Z = (e_1 - e_2)(e_1 - e_2)^T has margin 2 between the two classes, 1 from them to "
                "the others, 0 from the others, and one singular value, 2.",
                (),
                all_of(
                    identical(pair * pair.T * pair * pair.T, 2 * pair * pair.T),
                    inference("entries 1, -1 and 0", "derivation ce-reduction"),
                    spots=[instances(range(3, 9), _pair_is_as_stated, "exact matrices, K = 3, ..., 8")],
                ),
                "pair",
            ),
            Step(
                "Gain over zero weights, log K - CE, with u = e^(-alpha/2): g of DNC at scale alpha (K - 1 singular "
                "values alpha), and h of the undecided pair at scale alpha/2 (one singular value alpha).",
                (),
                all_of(
                    named(sp.Symbol("g"), gain_of_collapse()),
                    named(sp.Symbol("h"), gain_of_pair()),
                    identical(
                        K / sp.UnevaluatedExpr(1 + (K - 1) * sp.exp(-alpha)),
                        sp.exp(gain_of_collapse()).subs(u, sp.exp(-alpha / 2)),
                    ),
                    identical(
                        K / sp.UnevaluatedExpr(1 + (K - 2) * sp.exp(-alpha / 2) + sp.exp(-alpha)),
                        sp.exp(gain_of_pair() * K / 2).subs(u, sp.exp(-alpha / 2)),
                    ),
                    inference("terms e^(-alpha/2 margin) of two classes, none of the others", "pair"),
                    spots=[instances(range(3, 9), _gains_are_those_of_the_margins, "from the exact margins")],
                ),
                "gains",
            ),
            Step(
                "A structure with gain g and penalty mu c alpha^p beats zero weights at some scale iff mu is below "
                "the supremum of g/(c alpha^p). For L >= 2, p < 1, and it is reached at some alpha* > 0: g is at most "
                "log K and, being concave with g(0) = 0 (CE is convex), at most g'(0) alpha, so the quotient tends to "
                "0 at both ends.",
                (),
                all_of(
                    identical(sp.Limit(alpha**t, alpha, 0), 0),
                    identical(sp.Limit(alpha ** (-t), alpha, sp.oo), 0),
                    identical(1 - sp.UnevaluatedExpr(2 / (L + 1)), (L - 1) / (L + 1)),
                    identical(sp.Subs(gain_of_collapse(), u, 1), 0),
                    identical(sp.Subs(gain_of_pair(), u, 1), 0),
                    inference("a continuous function with limits 0 reaches its supremum", "gains"),
                ),
                "supremum",
            ),
            Step(
                "At equal alpha the pair gains more for what it pays: h > g/(K-1), for 0 < u < 1. Indeed K (K-1)(h - "
                "g/(K-1)) is the difference shown; it is 0 at u = 1 and its derivative is negative for u < 1, K >= 3.",
                (),
                all_of(
                    identical(
                        K * (K - 1) * sp.UnevaluatedExpr(gain_of_pair() - gain_of_collapse() / (K - 1)), difference
                    ),
                    identical(sp.Subs(difference, u, 1), 0),
                    identical(sp.Derivative(difference, u), slope),
                    positive_beyond(K - 2, K, 3),
                    inference("what falls to 0 at u = 1 is positive before", "gains"),
                ),
                "quotient",
            ),
            Step(
                "So the pair's supremum exceeds DNC's: at alpha* it is > h/alpha*^p > g/((K-1) alpha*^p) = mu_0, where "
                "DNC's best loss is log K. At mu_0 the pair's best loss is < log K; least losses are continuous in mu "
                "(concave: minima of linear functions), so it stays below DNC's on an interval (mu_1, mu_0). There "
                "DNC's loss, which grows with mu, is < log K: DNC has a scale > 0, and is not a global minimiser.",
                (),
                all_of(
                    identical(sp.Derivative(mu * (K - 1) * alpha**p, mu), (K - 1) * alpha**p),
                    inference("suprema compared; minima of lines are concave, so continuous", "supremum", "quotient"),
                ),
            ),
            Step(
                "Two classes, every L: centred logits have columns (x, -x) and (-y, y), margins 2 x and 2 y, rank one "
                "and sigma^2 = 2 (x^2 + y^2) = (x+y)^2 + (x-y)^2.",
                (sp.Eq(sp.Symbol("sigma") ** 2, (x + y) ** 2 + (x - y) ** 2),),
                all_of(
                    identical((logits.T * logits).trace(), (x + y) ** 2 + (x - y) ** 2),
                    identical(logits.det(), 0),
                    inference("centred logits", "derivation ce-reduction"),
                ),
                "two classes",
            ),
            Step(
                "The fit is the mean of f(2x) and f(2y), f(t) = log(1 + e^(-t)) convex, so at least f(x+y): x = y "
                "costs least in both terms, and that is DNC (or, at x <= 0, worse than zero).",
                (),
                all_of(
                    identical(sp.Derivative(f, t, 2), sp.exp(-t) / (1 + sp.exp(-t)) ** 2),
                    inference("convexity, and the square of x - y", "two classes"),
                ),
            ),
        ),
    )
