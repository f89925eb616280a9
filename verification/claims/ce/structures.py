"""Claims on the deep linear model under cross-entropy: what beats collapse, and how strongly."""

from fractions import Fraction

from flint import arb

from dufm.theory import derivations
from dufm.theory.ce.crossing import Candidate, crossing, loss_gap
from dufm.theory.ce.enclosure import best_scale, least_loss, objective_ball, strength_ball
from dufm.theory.ce.families import ce_family_named
from dufm.theory.ce.numbers import working
from dufm.theory.ce.polygons import DNC_LOGITS, PAIRS, PAIRS_AND_SINGLE, POLYGON, Antiprism
from dufm.theory.ce.structure import CeStructure, cost_ball, rank
from dufm.theory.ce.structures import CE_STRUCTURES
from dufm.theory.derivations.ce.low_rank import CODE_CASES, code_wins
from dufm.theory.problem import Problem
from dufm.theory.squared.structure import as_fraction_ball
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.conclusions import Repeats
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.regime import EVERY, Between, From, Only, Part, Regime
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict

DIGITS = 30


def _middle(ball: arb) -> tuple[Fraction, Fraction]:
    low, high = as_fraction_ball(ball)
    return (low + high) / 2, (high - low) / 2


def _problem(K: int, L: int, lam: object, n: int = 1) -> Problem:
    return Problem.of(K, L, lam, n=n, loss="ce")


def below(first: arb, second: arb, what: str) -> Comparison:
    """first < second for every number in the balls."""
    return Comparison(as_fraction_ball(first)[1], "<", as_fraction_ball(second)[0], what=what)


def _reduction(budget: Budget) -> Verdict:
    """Rational factors never cost less than their logits allow; identity-like balanced ones cost exactly that."""
    comparisons = []
    for K, L in ((3, 1), (4, 3), (5, 2)):
        problem = _problem(K, L, ["1/10", *["1/20"] * L], n=3)
        centred = [[Fraction(K * int(i == j) - 1, K) for j in range(K)] for i in range(K)]
        spread = [[Fraction(int(i == j)) for j in range(K)] for i in range(problem.width)]
        first = [[Fraction(3, 2) * x for x in row] for row in centred] + [[Fraction(0)] * K] * (problem.width - K)
        middle = [[Fraction(int(i == j)) for j in range(problem.width)] for i in range(problem.width)]
        last = [list(row) for row in zip(*spread, strict=True)]
        found = objective_ball(problem, [first, *[middle] * (L - 1), last], DIGITS)
        comparisons.append(below(least_loss(DNC_LOGITS, problem, DIGITS), found, f"unbalanced factors, K={K}, L={L}"))
    return by_derivation("Only the logits and their Schatten quasi-norm are left.", comparisons)


def _one_layer(budget: Budget) -> Verdict:
    comparisons = []
    for K, lam in ((4, "1/10"), (5, "1/20"), (6, "1/100"), (10, "1/100")):
        problem = _problem(K, 1, lam)
        dnc = least_loss(DNC_LOGITS, problem, DIGITS)
        for other in CE_STRUCTURES:
            if other.valid(K) and rank(other, K) < K - 1:
                comparisons.append(below(dnc, least_loss(other, problem, DIGITS), f"{other.name}, K = {K}"))
    return by_derivation("At L = 1 DNC is a global minimiser for every K and Lambda.", comparisons)


def _three_classes(budget: Budget) -> Verdict:
    return by_derivation("For K = 3 no logits of least margin 1 have a smaller sum of sigma^p than DNC.")


def _suboptimal(budget: Budget) -> Verdict:
    comparisons = []
    for K, L in ((4, 3), (5, 3), (6, 2), (7, 2), (10, 2), (11, 4)):
        rival: CeStructure = PAIRS if K % 2 == 0 else PAIRS_AND_SINGLE
        for lam in ("1/100", "1/10000", "1/100000000"):
            problem = _problem(K, L, lam)
            mine, dnc = least_loss(rival, problem, DIGITS), least_loss(DNC_LOGITS, problem, DIGITS)
            comparisons.append(below(mine, dnc, f"{rival.name} against DNC, K={K}, L={L}, lambda={lam}"))
    return by_derivation(
        f"{SUBOPTIMAL.cells}: pairs (and a single) cost less than DNC at every scale.",
        comparisons,
    )


def _polygon(budget: Budget) -> Verdict:
    comparisons = []
    with working(DIGITS):
        for K, L in ((4, 5), (5, 5), (100, 5), (2000, 5), (43, 4), (6, 3)):
            comparisons.append(below(cost_ball(POLYGON, K, L), arb(K - 1), f"c of the polygon, K={K}, L={L}"))
        for K, L in ((44, 4), (7, 3), (4, 2), (100, 2)):
            comparisons.append(below(arb(K - 1), cost_ball(POLYGON, K, L), f"K - 1 < c of the polygon, K={K}, L={L}"))
    return by_derivation("Rank 2 beats DNC at every K >= 4, L >= 5, every Lambda.", comparisons)


def _codes(budget: Budget) -> Verdict:
    first = {f"{code.name}, K = {K}": next(L for L in range(1, 9) if code_wins(code, K, L)) for code, K in CODE_CASES}
    comparisons = [Comparison(L, "<=", 3, what=f"least L at which {name} beats DNC") for name, L in first.items()]
    return by_derivation("r^(L-1) (K/(1-s))^2 < (K-1)^(L+1) decides; one more layer helps the code.", comparisons)


def asymptotic_ratio(structure: CeStructure, problem: Problem) -> arb:
    """F / (mu c t^p (1 + p/t)) at the structure's best scale t."""
    found = best_scale(structure, problem, DIGITS)
    if found is None:
        raise ValueError("the structure has collapsed to zero")
    with working(DIGITS):
        L = problem.L
        p = arb(2) / (L + 1)
        mu = arb(L + 1) / 2 * strength_ball(problem)
        power = (found.alpha**2).root(L + 1)
        return found.loss / (mu * cost_ball(structure, problem.K, L) * power * (1 + p / found.alpha))


def _asymptotics(budget: Budget) -> Verdict:
    """The ratio is 1 + (p/t) x/2 + ..., x = (K-1) e^(-t), over 1 + p/t: above 1 and within x."""
    comparisons = []
    for lam in ("1/10000", "1/100000000", "1/1000000000000"):
        problem = _problem(4, 3, lam)
        found = best_scale(DNC_LOGITS, problem, DIGITS)
        if found is None:
            raise ValueError("DNC has collapsed to zero")
        with working(DIGITS):
            excess = asymptotic_ratio(DNC_LOGITS, problem) - 1
            share = 3 * (-found.alpha).exp()
        comparisons.append(below(arb(0), excess, f"ratio above 1, lambda = {lam}"))
        comparisons.append(below(excess, share, f"excess below (K-1) e^(-t), lambda = {lam}"))
    return by_derivation("The least loss is mu c* log(1/mu)^p (1 + o(1)) as Lambda -> 0.", comparisons)


CrossingCase = tuple[Candidate, Candidate, int, int, str, str]


def crossing_cases() -> tuple[CrossingCase, ...]:
    """(better below, better above, K, L, bracket): n = 1, one strength for all factors."""
    pyramid, anti = ce_family_named("pyramid"), Antiprism()
    return (
        (DNC_LOGITS, PAIRS, 4, 2, "0.01", "0.02"),
        (DNC_LOGITS, pyramid, 5, 2, "0.0001", "0.0002"),
        (pyramid, POLYGON, 5, 3, "1e-8", "2e-8"),
        (PAIRS, POLYGON, 6, 4, "5e-4", "1e-3"),
        (anti, POLYGON, 8, 5, "5e-3", "1e-2"),
        (PAIRS, anti, 8, 3, "5e-20", "6e-20"),
    )


def _crossings(budget: Budget) -> Verdict:
    comparisons, found = [], {}
    for first, second, K, L, low, high in crossing_cases():
        met = crossing(first, second, K, L, (Fraction(low), Fraction(high)), Fraction(1, 10**12))
        name = f"{first.name} / {second.name}, K = {K}, L = {L}"
        found[name] = [str(met.low), str(met.high)]
        for lam, sign in ((met.low, -1), (met.high, 1)):
            gap, radius = _middle(loss_gap(first, second, K, L, lam))
            comparisons.append(Comparison(sign * gap - radius, ">", 0, what=f"{name} at {float(lam):.13g}"))
    return Verdict(
        Status.CERTIFIED,
        f"{len(found)} pairs of structures change places in brackets of relative width 1e-12, by rigorous signs.",
        tuple(comparisons),
        details={"brackets": found},
    )


# What every claim here supposes beside K and L.
LINEAR = "cross-entropy, linear layers"
ALL = (From(2), From(1))
CODED = Only(tuple(sorted({K for _, K in CODE_CASES})))

ASYMPTOTICS = Claim(
    "ce-asymptotics",
    "The least loss is mu c* log(1/mu)^p (1 + o(1)), mu = (L+1)/2 Lambda, c* the least sum sigma^p at margin 1.",
    Regime((Part(*ALL, None),), f"Lambda -> 0; {LINEAR}"),
    "ours",
    (derivations.ce_reduction, derivations.ce_dnc, derivations.ce_low_rank),
    _asymptotics,
    Expected(Status.PROVED),
    repeats=Repeats("ce-low-rank", (ALL,), "As Lambda -> 0 the least loss is mu c* log(1/mu)^p (1 + o(1))."),
)

SUBOPTIMAL = Regime((Part(From(6), From(2), EVERY), Part(Only((4, 5)), From(3), EVERY)), LINEAR)

CE = (
    Claim(
        "ce-reduction",
        "Under cross-entropy the deep linear model is CE(Z) + (L+1)/2 Lambda sum sigma_i(Z)^(2/(L+1)) over K x K Z.",
        Regime((Part(*ALL, EVERY),), f"one strength a factor; {LINEAR}"),
        "as in Garrod and Keating (2410.23169); proof ours",
        (derivations.ce_reduction,),
        _reduction,
        Expected(Status.PROVED),
        repeats=Repeats("ce-reduction", (ALL,), "min over K x K logits Z of CE(Z) + (L+1)/2 Lambda sum"),
    ),
    Claim(
        "ce-one-layer",
        "Under cross-entropy DNC is globally optimal at L = 1.",
        Regime((Part(From(2), Only((1,)), EVERY),), LINEAR),
        "classical; proof here ours",
        (derivations.ce_reduction,),
        _one_layer,
        Expected(Status.PROVED),
        repeats=Repeats(
            "ce-reduction", ((From(2), Only((1,))),), "for L = 1 DNC is a global minimiser for every K and Lambda."
        ),
    ),
    Claim(
        "ce-three-classes",
        "For K = 3 DNC is the unique centred minimiser of sum sigma_i^p at least margin 1.",
        Regime((Part(Only((3,)), From(1), None),), f"Lambda -> 0; {LINEAR}"),
        "ours",
        (derivations.ce_reduction, derivations.ce_dnc),
        _three_classes,
        Expected(Status.PROVED),
        repeats=Repeats(
            "ce-dnc", ((Only((3,)), From(1)),), "For K = 3 and every L it is the unique centred minimiser of"
        ),
    ),
    Claim(
        "ce-suboptimal",
        "Under cross-entropy no DNC point with alpha > 0 is a global minimiser.",
        SUBOPTIMAL,
        "Garrod and Keating (2410.23169), Theorem 1; proof re-derived, no smallness of Lambda",
        (derivations.ce_reduction, derivations.ce_dnc, derivations.ce_low_rank),
        _suboptimal,
        Expected(Status.PROVED),
        repeats=Repeats(
            "ce-low-rank",
            ((From(6), From(2)), (Only((4, 5)), From(3))),
            "For K >= 6, L >= 2 and for K in {4, 5}, L >= 3 no DNC point with alpha > 0 is a global minimiser",
        ),
    ),
    Claim(
        "ce-polygon",
        "Rank 2 suffices: the regular polygon beats DNC at every strength.",
        Regime(
            (
                Part(From(4), From(5), EVERY),
                Part(Between(4, 43), Only((4,)), EVERY),
                Part(Between(4, 6), Only((3,)), EVERY),
            ),
            f"by this test at no other K and L; {LINEAR}",
        ),
        "ours",
        (derivations.ce_reduction, derivations.ce_low_rank, derivations.ce_dnc),
        _polygon,
        Expected(Status.PROVED),
        repeats=Repeats(
            "ce-low-rank",
            ((From(4), From(5)), (Between(4, 43), Only((4,))), (Between(4, 6), Only((3,)))),
            "does that alone for every K >= 4, L >= 5; for L = 4 iff K <= 43, L = 3 iff K <= 6, L = 2 never.",
        ),
    ),
    Claim(
        "ce-codes",
        "A tight spherical code of K points in R^r with largest cosine s beats DNC at every strength if r^(L-1) "
        "(K/(1-s))^2 < (K-1)^(L+1); Johnson, Clebsch, Schlaefli and other listed codes do from L = 2 or 3 on.",
        Regime((Part(CODED, From(3), EVERY),), f"a listed code of that many points; {LINEAR}"),
        "ours",
        (derivations.ce_reduction, derivations.ce_low_rank, derivations.ce_dnc),
        _codes,
        Expected(Status.PROVED),
        repeats=Repeats("ce-low-rank", ((CODED, From(3)),), "Every listed tight code does at every L >= 3."),
    ),
    ASYMPTOTICS,
)

CE_CROSSINGS = (
    Claim(
        "ce-crossings",
        "Which of two structures is better changes with the strength, at strengths far apart in scale.",
        "the six pairs of structures, K and L listed; n = 1, one strength; cross-entropy",
        "ours",
        (derivations.ce_reduction, derivations.ce_dnc),
        _crossings,
        Expected(Status.CERTIFIED),
    ),
)
