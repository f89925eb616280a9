"""Claims beyond the papers' model: unequal classes, a bias of the last layer, leaky relus; squared loss."""

from dataclasses import replace
from fractions import Fraction

import sympy as sp

from dufm.theory import derivations
from dufm.theory.derivations.squared.last_bias import DROPPED, LEANING
from dufm.theory.derivations.squared.leaky import leaky_weights
from dufm.theory.problem import Problem, Variant
from dufm.theory.rational import fraction, identity, matrix, squared_norm, to_lists
from dufm.theory.squared.dropped_class import dropped, leaning
from dufm.theory.squared.phi import collapse_ends, collapse_power, minimiser, phi_of_power, power_root
from dufm.theory.squared.variants import bias_loss, class_powers, learned, split_loss
from dufm.verification.atlas.heads import ATLAS, Shipped, load_folder
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.conclusions import Repeats, Stated
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.regime import BELOW, EVERY, Between, From, Only, Part, Regime, at
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict
from dufm.verification.claims.squared.heads import HEADS
from dufm.verification.claims.squared.near_collapse import STRONG

# Class sizes at which the split is compared with exact weights, and the x it is done at.
SIZES, AT = ((5, 5, 1), (9, 4, 4, 1)), Fraction(1, 20)
NEAR = Fraction(1, 10**12)
# (K, L) -> ratio R of step imbalance, half of the classes R times larger, at x = x*/4.
RATIOS = {(4, 4): 3, (6, 4): 10, (10, 3): 6, (10, 4): 12, (16, 4): 20, (16, 6): 100}
# Slope and tilts of exact weights for two classes, one line a depth: 3, 4, and 18, which is >= 3 + 3 a^2/((3a-1)(1-a)).
TILTS = (
    ("3/10", ("1/2", "1/5")),
    ("1/2", ("3/5", "1/2", "3/10")),
    ("9/10", ("1/20",) * 17),
)
SCALE, FULL = sp.Rational(499, 500), sp.Rational(9999, 10000)
BIAS_HEAD = 9  # classes of the shipped head that wins at three layers with a bias


def sized(K: int, L: int, sizes: tuple[int, ...], x: Fraction) -> Problem:
    """The problem with these class sizes and this x = K Lambda, strengths equal once sizes are meaned."""
    mean = Fraction(sum(sizes), len(sizes))
    return Problem(K, L, (x / K / mean, *(x / K,) * L), K, variant=Variant(sizes=sizes))


def diagonal(problem: Problem) -> Fraction:
    """The loss, exact, of rational diagonal factors near the best ones."""
    p, width = problem.L + 1, Fraction(1, 2**40)
    first, others = [], []
    for share, power in zip(problem.variant.shares(problem.K), class_powers(problem), strict=True):
        found = minimiser(problem.L, power_root(power, p)[0], width)
        u = found[0] if found is not None and power < collapse_power(problem.L) else Fraction(0)
        # Column k of H_1 is the scaled one over sqrt(w_k), every other factor takes w_k^(1/(2p)) of it.
        root = power_root(share, 2 * p)[0]
        first.append(u * root / power_root(share, 2)[0])
        others.append(u * root)
    square = [
        [[value if i == j else 0 for j in range(problem.K)] for i, value in enumerate(v)] for v in (first, others)
    ]
    return problem.objective([square[0], *[square[1]] * problem.L])


def _split(budget: Budget) -> Verdict:
    comparisons = []
    for L in (2, 4):
        for sizes in SIZES:
            problem = sized(len(sizes), L, sizes, AT)
            low, high = split_loss(problem)
            exact = diagonal(problem)
            comparisons.append(Comparison(exact, ">=", low, what=f"diagonal factors and the split, {sizes}, L = {L}"))
            comparisons.append(
                Comparison(exact, "<=", high * (1 + NEAR), what=f"the same from above, {sizes}, L = {L}")
            )
        # The smallest of 5, 5, 1 drops out first: on both sides of n_k^L x*^(L+1) = N^(L+1) lambda_H ... lambda_L.
        edge = collapse_power(L) * Fraction(3, 11) ** L
        below, above = (
            sized(3, L, (5, 5, 1), power_root(edge, L + 1)[i] * f) for i, f in ((0, 1 - NEAR), (1, 1 + NEAR))
        )
        what = f"x just above and just below, over each other, L = {L}"
        comparisons.append(Comparison(above.lambdas[-1] / below.lambdas[-1], "<", 1 + 3 * NEAR, what=what))
        comparisons.append(Comparison(sum(learned(below)), "==", 3, what=f"classes learned just below, L = {L}"))
        comparisons.append(Comparison(sum(learned(above)), "==", 2, what=f"classes learned just above, L = {L}"))
    return by_derivation("Collapse splits into one problem a class; the smallest class drops out first.", comparisons)


def _unequal(budget: Budget) -> Verdict:
    return by_derivation(
        "A structure for K_0 classes of one size beats collapse wherever collapse learns them: K_0 = 15 at L = 2, 7 at "
        "L = 3, 3 from L = 4 on."
    )


def quarter(L: int) -> Fraction:
    """A rational x near x*/4."""
    return (collapse_ends(L)[0] / 4).limit_denominator(10**6)


def cheapest(heads: list[Shipped], K: int, L: int) -> Fraction:
    """C^(L+1) of the cheapest shipped head."""
    return min(head.power(L) for head in heads if head.K == K)


def _ratios(budget: Budget) -> Verdict:
    heads, comparisons = load_folder(ATLAS), []
    for (K, L), ratio in RATIOS.items():
        sizes = (ratio,) * (K // 2) + (1,) * (K - K // 2)
        problem = sized(K, L, sizes, quarter(L))
        reached = phi_of_power(L, problem.x_power * cheapest(heads, K, L) / Fraction(K) ** (L + 1))[1]
        what = f"a shipped head and collapse, K = {K}, L = {L}, half the classes {ratio} times larger"
        comparisons.append(Comparison(reached, "<", split_loss(problem)[0], what=what))
    told = ", ".join(f"({K}, {L}) up to {ratio}" for (K, L), ratio in RATIOS.items())
    return by_derivation(f"At x = x*/4, half the classes R times larger: (K, L) and R {told}.", comparisons)


def bias_gain(head: Shipped, L: int, inverse: Fraction) -> tuple[Fraction, Fraction]:
    """The two sides P_0 (1 - u y) and K_0^(L+1) (1 - y) of a head at depth L, y = 1/K given."""
    rows = next(f for f in head.certificate["witness"] if f["name"] == "U")
    readout = matrix([[Fraction(n, rows["den"]) for n in row] for row in rows["rows"]])
    sums = [sum(column) for column in zip(*to_lists(readout), strict=True)]
    share = sum((s * s for s in sums), Fraction(0)) / squared_norm(readout)
    return head.power(L) * (1 - share * inverse), Fraction(head.K) ** (L + 1) * (1 - inverse)


def _bias(budget: Budget) -> Verdict:
    comparisons = []
    for K, L in DROPPED:
        features, readout = dropped(K)
        # The last factor has twice the squared norm of the others: balanced by a root of 2, the output is SCALE.
        root = sp.Rational(power_root(Fraction(2), 2 * (L + 1))[0].limit_denominator(1000))
        problem = Problem.of(K, L, "1/1000", K, variant=Variant(bias="last"))
        exact = problem.objective([features * root, *[sp.eye(K - 1) * root] * (L - 1), readout * SCALE / root**L])
        comparisons.append(Comparison(exact, "<", bias_loss(problem)[0], what=f"one class at zero, K = {K}, L = {L}"))
    for K, L, ones in LEANING:
        problem = Problem.of(K, L, "1/10000", K, variant=Variant(bias="last"))
        stretch = sp.Rational(power_root(fraction(ones), 2)[0].limit_denominator(1000))
        *factors, last = leaning(K, L, stretch)
        exact = problem.objective([*factors, last * FULL])
        comparisons.append(Comparison(exact, "<", bias_loss(problem)[0], what=f"the others leaning, K = {K}, L = {L}"))
    head = min((h for h in load_folder(ATLAS) if h.K == BIAS_HEAD), key=lambda h: h.power(3))
    for inverse in (Fraction(1, BIAS_HEAD), Fraction(0)):
        left, right = bias_gain(head, 3, inverse)
        comparisons.append(
            Comparison(left, "<", right, what=f"the head of {BIAS_HEAD} classes, L = 3, 1/K = {inverse}")
        )
    words = (
        "With a free bias of the last layer collapse of equal norms is beaten for every K >= 3 from three layers on."
    )
    return by_derivation(words, comparisons)


def _leaky(budget: Budget) -> Verdict:
    comparisons = []
    for slope, tilts in TILTS:
        a, L = sp.Rational(slope), len(tilts) + 1
        weights = [matrix(w) for w in leaky_weights(tuple(map(sp.Rational, tilts)), a)]
        problem = Problem.of(2, L, 1, 2, activation="leaky", variant=Variant(fraction(a)))
        off = squared_norm(problem.output(weights) - identity(2))
        comparisons.append(Comparison(off, "==", 0, what=f"distance of the output from I, slope {slope}, L = {L}"))
        # P_2 is symmetric and positive semidefinite: its nuclear norm is its trace.
        power = fraction(weights[1][0, 0] + weights[1][1, 1]) ** 2
        for weight in weights[2:]:
            power *= squared_norm(weight)
        comparisons.append(Comparison(power, "<", 2 ** (L + 1), what=f"C^(L+1) of two classes, slope {slope}, L = {L}"))
    words = (
        "Two classes with tilted features cost less than 2; direct sums do the rest, and the SRG wins up to slope 6/25."
    )
    return by_derivation(words, comparisons)


THREE_LAYERS, FOUR_LAYERS = (next(c for c in HEADS if c.label == f"{word}-layers") for word in ("three", "four"))
TWO_LAYERS = next(c for c in STRONG if c.label == "two-layers-low-rank")
# Where these prove that low rank wins.
EQUAL = tuple(
    replace(part, x=BELOW)
    for claim in (TWO_LAYERS, THREE_LAYERS, FOUR_LAYERS)
    if isinstance(claim.regime, Regime)
    for part in claim.regime.parts
)

# What every claim about leaky relus rests on.
LEAKY = (
    derivations.reductions,
    derivations.dnc,
    derivations.unequal_classes,
    derivations.linear_network,
    derivations.head,
    derivations.srg,
    derivations.direct_sum,
    derivations.leaky_layers,
)

VARIANTS = (
    Claim(
        "var-unequal-collapse",
        "With classes of unequal sizes collapse splits into one scalar problem a class: class k is learned iff n_k^L "
        "x*^(L+1) > N^(L+1) lambda_H lambda_1 ... lambda_L, so the smallest classes drop out first.",
        Regime((Part(From(2), From(2), EVERY, None),), "all class sizes; relu, leaky or linear layers, squared loss"),
        "ours; minority collapse at one layer: Fang et al. (2101.12699)",
        (derivations.reductions, derivations.dnc, derivations.unequal_classes),
        _split,
        Expected(Status.PROVED),
        repeats=Repeats("unequal-classes", ((From(2), From(2)),), "For every K >= 2, L >= 2"),
    ),
    Claim(
        "var-unequal-low-rank",
        "Whatever the sizes of the others, K_0 classes of one size are enough for low rank to beat collapse at every "
        "strength at which collapse learns them.",
        Regime(
            EQUAL,
            "K of the classes are of one size, others of any size add to K and to the width; relu layers, squared loss",
        ),
        "ours; existence at weak decay and large depth: Garrod and Keating (2410.23169), Theorem A3",
        (derivations.reductions, derivations.dnc, derivations.unequal_classes, TWO_LAYERS, THREE_LAYERS, FOUR_LAYERS),
        _unequal,
        Expected(Status.PROVED),
        repeats=Repeats(
            "unequal-classes",
            tuple((part.K, part.L) for part in EQUAL),
            "If K_0 classes have one size and a structure for K_0 classes has C_0 < K_0, this is not the global "
            "minimum wherever these classes are learned",
        ),
    ),
    Claim(
        "var-unequal-ratios",
        "A structure for equal classes, its columns scaled, beats collapse under step imbalance up to ratios listed.",
        Regime(
            tuple(Part(Only((K,)), Only((L,)), at(str(quarter(L)))) for K, L in RATIOS),
            f"x near x*/4, half of the classes R times larger, R = {', '.join(map(str, RATIOS.values()))}",
        ),
        "ours",
        (derivations.reductions, derivations.dnc, derivations.unequal_classes, derivations.head),
        _ratios,
        Expected(Status.PROVED),
        repeats=Repeats("unequal-classes", ((From(2), From(2)),), "Every structure of cost C reaches phi_L(C Lambda)"),
    ),
    Claim(
        "var-last-bias",
        "With a last-layer bias that is not regularised collapse of equal norms costs (K^L (K-1))^(1/(L+1)) and is not "
        "optimal at any strength below its collapse.",
        Regime(
            (Part(From(3), From(3), BELOW), Part(Only((3, 4)), From(2), BELOW)),
            "equal norms in each layer; relu layers, squared loss",
        ),
        "ours",
        (
            derivations.reductions,
            derivations.dnc,
            derivations.head,
            derivations.srg,
            derivations.direct_sum,
            derivations.last_bias,
        ),
        _bias,
        Expected(Status.PROVED),
        repeats=Repeats(
            "last-bias",
            ((Only((3, 4)), From(2)), (Between(5, 8), From(3)), (From(BIAS_HEAD), From(3))),
            "it wins for K = 3, 4 from L = 2 and K = 5, ..., 8 from L = 3 on. Structures whose last layer is diagonal "
            "win with a bias iff they win without; others win for every K >= K_0 if",
        ),
    ),
    Claim(
        "var-leaky-relu",
        "With a leaky relu collapse costs K and is never optimal below its collapse, even for two classes.",
        Stated(
            (
                ("leaky-layers", "Squared loss, activation with slope 0 < a < 1 below zero"),
                ("leaky-layers", "For every K >= 2 it is not the global minimum at any strength below its collapse"),
                ("leaky-layers", "at every L >= 3 for a < 1/3, at every L >= 4 for a^2 < 1/3"),
                ("leaky-layers", "for 1/3 < a < 1 at every L >= 3 + 3 a^2 / ((3a - 1)(1 - a))"),
            )
        ),
        "ours",
        LEAKY,
        _leaky,
        Expected(Status.PROVED),
    ),
)
