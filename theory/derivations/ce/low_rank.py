"""Cross-entropy: low-rank logits that beat collapse at every strength; polygons; codes; weak regularisation."""

import sympy as sp
from flint import arb

from dufm.theory.ce.codes import CodeStructure
from dufm.theory.ce.numbers import Balls, working
from dufm.theory.ce.polygons import PAIRS, PAIRS_AND_SINGLE, POLYGON
from dufm.theory.ce.structure import cost_ball, least_margin_is_one, rank, singular_values, verify
from dufm.theory.ce.structures import CODES
from dufm.theory.proof.checks import (
    all_of,
    compared,
    every,
    identical,
    inference,
    instances,
    named,
    positive_beyond,
    signed,
)
from dufm.theory.proof.derivation import Derivation, Step

K, L, r, t, c, mu, y, ell = sp.symbols("K L r t c mu y ell", positive=True)
p = sp.Symbol("p", positive=True)
s = sp.Symbol("s", real=True)

# From this K on pairs beat collapse at every L >= 2.
PAIRS_FROM = 6
# Tight codes do from this depth on.
CODES_FROM = 3
CODE_CASES = tuple((code, k) for code in CODES for k in (*range(8, 33), 56, 64) if code.valid(k))


def code_wins(code: CodeStructure, classes: int, layers: int) -> bool:
    """r^(L-1) (K/(1-s))^2 < (K-1)^(L+1), by balls (integers where s is rational)."""
    with working(40):
        (sigma_squared, dimension), *_ = code.squares(classes, Balls())
        return bool(sigma_squared * dimension ** (layers + 1) < arb(classes - 1) ** (layers + 1))


def _code_is_tight(case: tuple[CodeStructure, int]) -> bool:
    return verify(*case) and len(singular_values(*case)) == 1


def polygon_wins(classes: int, layers: int) -> bool | None:
    """Whether c_polygon < K - 1, rigorously either way; None where the balls cannot tell."""
    with working(40):
        cost = cost_ball(POLYGON, classes, layers)
        return True if cost < classes - 1 else False if cost > classes - 1 else None


def _pairs_cost(classes: int) -> bool:
    if classes % 2 == 0:
        return verify(PAIRS, classes) and singular_values(PAIRS, classes) == ((sp.Integer(2), classes // 2),)
    wanted = {(sp.Integer(2), classes // 2), (sp.sqrt(sp.Rational(classes - 1, classes)), 1)}
    return verify(PAIRS_AND_SINGLE, classes) and set(singular_values(PAIRS_AND_SINGLE, classes)) == wanted


def _polygon(classes: int) -> bool:
    return verify(POLYGON, classes) and rank(POLYGON, classes) == 2


def ce_low_rank() -> Derivation:
    """c_S <= K - 1 means worse collapse at every strength; where pairs, polygons and codes reach that."""
    sigma = K / (4 * sp.sin(sp.pi / K) ** 2)
    ratio = (1 + y) * sp.log(1 + y) / y
    return Derivation(
        name="ce-low-rank",
        title="Cross-entropy: what beats collapse at every strength",
        source="suboptimality of collapse: Garrod and Keating (arXiv 2410.23169), Theorem 1, re-derived; the rest ours",
        states=f"For K >= {PAIRS_FROM}, L >= 2 and for K in {{4, 5}}, L >= 3 no DNC point with alpha > 0 is a global "
        "minimiser, at any strength and n. The polygon (rank 2) does that alone for every K >= 4, L >= 5; for L = 4 "
        f"iff K <= 43, L = 3 iff K <= 6, L = 2 never. Every listed tight code does at every L >= {CODES_FROM}. As "
        "Lambda -> 0 the least loss is mu c* log(1/mu)^p (1 + o(1)).",
        steps=(
            Step(
                "Principle. Let Z have least margin 1, a margin above 1, and c = sum sigma_i^p <= K - 1. At every "
                "alpha > 0 each term e^(-alpha margin) is at most DNC's e^(-alpha), one is less, and mu c alpha^p <= "
                "mu (K-1) alpha^p: the loss is below DNC's at the same alpha, so DNC's best scale is beaten too.",
                (),
                all_of(
                    identical(sp.exp(-t), sp.UnevaluatedExpr(sp.exp(-t * (1 + y))) * sp.exp(t * y)),
                    signed(t * y, "alpha, and the excess of a margin over 1, are > 0"),
                    inference("term by term at equal alpha", "derivation ce-reduction", "derivation ce-dnc"),
                ),
                "principle",
            ),
            Step(
                "Pairs, K even: sigma = 2, K/2 times: c = K 2^(p-1). Pairs and a single, K odd: 2, (K-1)/2 times, and "
                "sqrt(1 - 1/K) < 1: c < (K-1) 2^(p-1) + 1. Both have margins 1 and 2.",
                (),
                all_of(
                    identical(K / 2 * sp.UnevaluatedExpr(2) ** p, K * 2 ** (p - 1)),
                    identical(sp.Matrix([[1, -1], [-1, 1]]) ** 2, 2 * sp.Matrix([[1, -1], [-1, 1]])),
                    inference("blocks of two, and a column centred", "principle"),
                    spots=[instances(range(4, 14), _pairs_cost, "exact matrices, K = 4, ..., 13")],
                ),
                "pairs",
            ),
            Step(
                "For L >= 2, 2^(p-1) <= 2^(-1/3) < 4/5; for L >= 3, 2^(p-1) <= 2^(-1/2) < 3/4.",
                (),
                all_of(
                    compared(
                        sp.Lt(sp.Rational(1, 2), sp.UnevaluatedExpr(sp.Rational(4, 5)) ** 3, evaluate=False), "cubed"
                    ),
                    compared(
                        sp.Lt(sp.Rational(1, 2), sp.UnevaluatedExpr(sp.Rational(3, 4)) ** 2, evaluate=False), "squared"
                    ),
                    identical(1 - sp.UnevaluatedExpr(2 / (L + 1)), (L - 1) / (L + 1)),
                    identical(sp.Derivative((L - 1) / (L + 1), L), 2 / (L + 1) ** 2),
                ),
                "shares",
            ),
            Step(
                "So c < K - 1: (4/5) K <= K - 1 and (4/5)(K-1) + 1 <= K - 1 for K >= 6; with 3/4, 3 <= 3 at K = 4 and "
                "3 + 1 <= 4 at K = 5.",
                (),
                all_of(
                    positive_beyond(5 * (K - 1), K, PAIRS_FROM, strict=False, than=4 * K),
                    positive_beyond(5 * (K - 1), K, PAIRS_FROM, strict=False, than=4 * (K - 1) + 5),
                    identical(sp.UnevaluatedExpr(sp.Rational(3, 4)) * 4, sp.Integer(4 - 1)),
                    identical(sp.UnevaluatedExpr(sp.Rational(3, 4)) * 4 + 1, sp.Integer(5 - 1)),
                    inference("c of the pairs against K - 1", "principle", "pairs", "shares"),
                ),
            ),
            Step(
                "Neither reaches the two cases left: K = 4, L = 2 has 4^3 > 2 3^3, and at K = 5, L = 2 the cost of "
                "pairs and a single is above 4.",
                (),
                every(
                    [None],
                    lambda _: 4**3 > 2 * 3**3 and bool(cost_ball(PAIRS_AND_SINGLE, 5, 2) > 4),
                    "64 > 54; ball of the cost",
                ),
            ),
            Step(
                "Polygon: sigma = K/(4 sin^2(pi/K)), twice; it is >= 1, so sigma^p falls with L and L = 5 (p = 1/3) "
                "suffices for L >= 5: 2 sigma^(1/3) < K - 1 iff 8 sigma < (K-1)^3.",
                (),
                all_of(
                    named(sp.Symbol("sigma"), sigma),
                    identical(K / 2 / sp.UnevaluatedExpr(2 * sp.sin(sp.pi / K) ** 2), sigma),
                    inference("a circulant's eigenvalues are its discrete Fourier transform: K/2 twice", "principle"),
                    spots=[instances(range(3, 13), _polygon, "exact matrices over Q(zeta_K), K = 3, ..., 12")],
                ),
                "polygon",
            ),
            Step(
                "sin is concave, so sin(pi/K) >= (4/K) sin(pi/4) for K >= 4 and sigma <= K^3/32: enough is 8 K^3/32 < "
                "(K-1)^3. A margin above 1 exists for K >= 4.",
                (),
                all_of(
                    identical(K / sp.UnevaluatedExpr(4 * (4 / K * sp.sin(sp.pi / 4)) ** 2), K**3 / 32),
                    positive_beyond(4 * (K - 1) ** 3, K, 4, than=K**3),
                    inference("8 sigma against (K-1)^3", "principle", "polygon"),
                    spots=[
                        instances(
                            range(4, 13), lambda k: least_margin_is_one(POLYGON, k), "least margin 1, K = 4, ..., 12"
                        )
                    ],
                ),
            ),
            Step(
                "The other way sin(pi/K) < pi/K, sigma > K^3/(4 pi^2), pi^2 < 9.87. L = 4: c > K - 1 if 2 K^6 > pi^4 "
                "(K-1)^5, true for K >= 44; balls give c < K - 1 for K = 4, ..., 43.",
                (),
                all_of(
                    _pi_is_below(),
                    positive_beyond(2 * K**6, K, 44, than=sp.Rational(987, 100) ** 2 * (K - 1) ** 5),
                    every(range(4, 44), lambda k: polygon_wins(k, 4) is True, "balls, K = 4, ..., 43"),
                ),
            ),
            Step(
                "L = 3: c > K - 1 if K^3 > pi^2 (K-1)^2, true for K >= 8; K = 4, 5, 6 win and 7 loses. L = 2: c > K - "
                "1 if K^6 > 2 pi^4 (K-1)^3, true for K >= 6; K = 4, 5 lose by balls.",
                (),
                all_of(
                    positive_beyond(K**3, K, 8, than=sp.Rational(987, 100) * (K - 1) ** 2),
                    every((4, 5, 6), lambda k: polygon_wins(k, 3) is True, "balls, L = 3, K = 4, 5, 6"),
                    every([(7, 3), (4, 2), (5, 2)], lambda v: polygon_wins(*v) is False, "balls, the losing cases"),
                    positive_beyond(K**6, K, 6, than=2 * sp.Rational(987, 100) ** 2 * (K - 1) ** 3),
                ),
            ),
            Step(
                "Tight codes: G^2 = (K/r) G, so Z = G/(1-s) has sigma = K/(r (1-s)), r times. c < K - 1 iff the "
                "inequality; one more layer multiplies its sides by r < K - 1. That is r^(L-1) (K/(1-s))^2 < "
                "(K-1)^(L+1).",
                (),
                # y = 1 - s.
                all_of(
                    identical(
                        r * sp.UnevaluatedExpr((K / (r * y)) ** (2 / (L + 1))),
                        r ** (1 - 2 / (L + 1)) * (K / y) ** (2 / (L + 1)),
                    ),
                    identical((L + 1) * sp.UnevaluatedExpr(1 - 2 / (L + 1)), L - 1),
                    every(CODE_CASES, _code_is_tight, f"{len(CODE_CASES)} codes built and squared exactly"),
                    every(
                        CODE_CASES,
                        lambda v: code_wins(v[0], v[1], CODES_FROM) and rank(*v) < v[1] - 1,
                        f"all of them beat collapse at L = {CODES_FROM}, hence at every L >= {CODES_FROM}",
                    ),
                ),
            ),
            Step(
                "Weak regularisation, upper bound: the best Z at least margin 1, at alpha = log(1/mu), costs at most "
                "(K-1) e^(-alpha) + mu c* alpha^p = mu (c* log(1/mu)^p + K - 1), as log(1+x) <= x.",
                (),
                identical((K - 1) * sp.exp(-sp.UnevaluatedExpr(sp.log(1 / mu))), (K - 1) * mu),
            ),
            Step(
                "Lower bound: the fit is at least log(1 + e^(-m))/K, m the least margin, so m >= -log(e^(K G) - 1) >= "
                "log(1/(2 K G)) while K G <= 1 (e^x - 1 <= 2 x there). With the upper bound for G, ell = log(1/mu) >= "
                "1 and p <= 1 this is ell - log(2 K (c ell + K - 1)), and G >= mu c* m^p: the ratio tends to 1.",
                (),
                all_of(
                    identical(sp.Limit(sp.log(2 * K * (c * ell + K)) / ell, ell, sp.oo), 0),
                    # 2 x - (e^x - 1) is concave on [0, 1], 0 at 0 and 3 - e > 0 at 1.
                    identical(sp.diff(2 * y - sp.exp(y) + 1, y, 2), -sp.exp(y)),
                    every([arb(1)], lambda one: bool(3 - one.exp() > 0), "e < 3"),
                ),
            ),
            Step(
                "A single structure at its stationary scale t: mu p c t^(p-1) = -CE', so F = mu c t^p (1 + (p/t) "
                "CE/(-CE')). For DNC the last ratio, x = (K-1) e^(-t), is 1 + x/2 + O(x^2): F = mu c t^p (1 + p/t) up "
                "to a factor 1 + O(e^(-t)).",
                (),
                all_of(
                    identical(sp.Limit((ratio - 1) / y, y, 0), sp.Rational(1, 2)),
                    identical(sp.log(1 + y) / (y / (1 + y)), ratio),
                    identical(mu * c * t**p * (1 + p / t * y), mu * c * t**p + mu * p * c * t ** (p - 1) * y),
                ),
            ),
        ),
    )


def _pi_is_below():
    return every([arb.pi()], lambda pi: bool(pi**2 < arb("9.87")), "pi^2 < 9.87")
