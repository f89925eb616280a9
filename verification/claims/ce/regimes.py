"""Claims on cross-entropy beyond weak regularisation: near collapse, zero weights, many classes."""

from fractions import Fraction

from flint import arb

from dufm.theory import derivations
from dufm.theory.ce.collapse import last_strength, zero_bound
from dufm.theory.ce.crossing import Candidate, crossing
from dufm.theory.ce.enclosure import least_loss
from dufm.theory.ce.numbers import working
from dufm.theory.ce.polygons import DNC_LOGITS, PAIRS, POLYGON
from dufm.theory.ce.structure import cost_ball
from dufm.theory.ce.structures import cheapest_at_margin
from dufm.theory.ce.sums import cheapest_cut
from dufm.theory.ce.undecided import UNDECIDED_PAIR
from dufm.theory.derivations.ce.three import SCALE, STRENGTH, loss_of_fit
from dufm.theory.derivations.ce.zero import loss_at_threshold
from dufm.theory.problem import Problem
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.conclusions import Repeats
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.regime import EVERY, Between, From, Only, Part, Regime
from dufm.verification.claims.base.verdict import Status, Verdict
from dufm.verification.claims.ce.structures import ALL, LINEAR, below

DIGITS = 30
FINE = Fraction(1, 10**8)


def _near_collapse(budget: Budget) -> Verdict:
    """At a strength just below DNC's own collapse: the undecided pair < DNC < zero weights."""
    comparisons, brackets = [], {}
    for K, L in ((3, 2), (3, 3), (3, 4), (3, 8), (4, 2), (5, 2), (10, 3)):
        last = last_strength(DNC_LOGITS, K, L, FINE)
        problem = Problem.of(K, L, last.low, loss="ce")
        dnc, pair = (least_loss(s, problem, DIGITS) for s in (DNC_LOGITS, UNDECIDED_PAIR))
        with working(DIGITS):
            zero = arb(K).log()
        where = f"K={K}, L={L}, lambda={float(last.low):.8g}"
        comparisons += [below(pair, dnc, f"rank one below DNC, {where}"), below(dnc, zero, f"DNC below zero, {where}")]
        met = crossing(DNC_LOGITS, UNDECIDED_PAIR, K, L, (last.low / 4, last.low), FINE)
        brackets[f"K={K}, L={L}"] = {"rank one wins from": float(met.high), "DNC collapses at": float(last.high)}
    verdict = by_derivation(
        "K >= 3, L >= 2: below its own collapse DNC loses to rank one on an interval; K = 2 or L = 1: never.",
        comparisons,
    )
    verdict.details["brackets"] = brackets
    return verdict


def _zero(budget: Budget) -> Verdict:
    comparisons = []
    for rival, K, L in ((POLYGON, 4, 3), (PAIRS, 6, 2), (POLYGON, 10, 8), (UNDECIDED_PAIR, 3, 2), (DNC_LOGITS, 5, 1)):
        candidate: Candidate = rival
        last = last_strength(candidate, K, L, FINE)
        with working(DIGITS):
            bound = zero_bound(K, L)
        name = f"{candidate.name} beats zero weights below the bound, K={K}, L={L}"
        comparisons.append(below(arb(last.low.numerator) / last.low.denominator, bound, name))
    return by_derivation(
        "mu > K^(-p) (log K)^(1-p) leaves zero weights alone; at fixed Lambda that is every deep enough network.",
        comparisons,
    )


def _window(budget: Budget) -> Verdict:
    comparisons = []
    with working(DIGITS):
        for K, L in ((6, 2), (6, 36), (10, 3), (60, 36)):
            comparisons.append(below(loss_at_threshold(K, L), arb(K).log(), f"DNC at lambda_PSD, K={K}, L={L}"))
        for K, L in ((5, 2), (6, 37)):
            comparisons.append(below(arb(K).log(), loss_at_threshold(K, L), f"the window is closed, K={K}, L={L}"))
    return by_derivation(
        "DNC beats zero weights and yet is a strict saddle just above lambda_PSD.",
        comparisons,
    )


def _sums(budget: Budget) -> Verdict:
    comparisons, found = [], {}
    for K, L in ((11, 4), (15, 3), (18, 4), (23, 5), (26, 2), (29, 3)):
        cut, single = cheapest_cut(K, L), cheapest_at_margin(K, L)
        with working(DIGITS):
            costs = cost_ball(cut, cut.K, L), cost_ball(single, K, L)
        comparisons.append(below(*costs, f"c of {cut.name} cut to {K} against {single.name}, L={L}"))
        problems = [Problem.of(size, L, "1/1000", loss="ce") for size in (cut.K, K)]
        losses = least_loss(cut, problems[0], DIGITS), least_loss(single, problems[1], DIGITS)
        comparisons.append(below(*losses, f"loss of {cut.name} against {single.name}, K={K}, L={L}, lambda=1/1000"))
        found[f"K={K}, L={L}"] = cut.name
    for L, K in ((2, 10**6), (3, 10**4), (8, 10**3)):
        rank = (K - 1).bit_length()
        with working(DIGITS):
            bound = rank * (arb(K) ** 2).root(L + 1) / (K - 1)
        comparisons.append(below(bound, arb("0.25"), f"bound of c*/(K-1) from a cube of rank {rank}, K={K}, L={L}"))
    verdict = by_derivation(
        "Leaving classes out and adding blocks: c* <= ceil(log2 K) K^p, so c*/(K-1) -> 0.", comparisons
    )
    verdict.details["sums"] = found
    return verdict


def _three(budget: Budget) -> Verdict:
    """At the strength named DNC's least loss is below what the derivation needs, and below rank one."""
    comparisons = []
    for L in (1, 2, 3, 8):
        problem = Problem.of(3, L, Fraction(2, L + 1) * STRENGTH, loss="ce")
        dnc, pair = (least_loss(s, problem, DIGITS) for s in (DNC_LOGITS, UNDECIDED_PAIR))
        with working(DIGITS):
            needed = loss_of_fit(SCALE)
        comparisons.append(below(dnc, needed, f"DNC's least loss at mu = 1e-9, L={L}"))
        comparisons.append(below(dnc, pair, f"DNC below rank one there, L={L}"))
    return by_derivation(
        "K = 3: at weak regularisation nothing costs less than DNC, at any depth.",
        comparisons,
    )


NEAR_COLLAPSE = Regime(
    (Part(From(3), From(2), None),), "on an interval of Lambda (K, L) ending at DNC's collapse; linear layers"
)

CE_REGIMES = (
    Claim(
        "ce-three-weak",
        "For three classes DNC is a global minimiser whenever (L+1)/2 Lambda <= 1e-9.",
        Regime((Part(Only((3,)), From(1), None, width=None),), LINEAR),
        "ours",
        (derivations.ce_reduction, derivations.ce_dnc, derivations.ce_three),
        _three,
        Expected(Status.PROVED),
        repeats=Repeats("ce-three", ((Only((3,)), From(1)),), "For K = 3 and every L >= 1, DNC is a global"),
    ),
    Claim(
        "ce-near-collapse",
        "Close to the strength where DNC costs as much as zero weights, rank one beats it: collapse is globally "
        "optimal at every strength if and only if L = 1 or K = 2.",
        NEAR_COLLAPSE,
        "ours",
        (derivations.ce_reduction, derivations.ce_undecided, derivations.ce_dnc),
        _near_collapse,
        Expected(Status.PROVED),
        repeats=Repeats(
            "ce-undecided", ((From(3), From(2)),), "For every K >= 3 and L >= 2 there is an interval of strengths"
        ),
    ),
    Claim(
        "ce-zero",
        "Zero weights are the only global minimiser once (L+1)/2 Lambda > K^(-p) (log K)^(1-p), p = 2/(L+1); so at "
        "fixed Lambda they are for every L + 1 > 2 max(1, log K)/Lambda.",
        Regime((Part(*ALL, EVERY, width=None),), LINEAR),
        "ours",
        (
            derivations.ce_reduction,
            derivations.ce_zero,
            derivations.ce_dnc,
            derivations.ce_hessian,
            derivations.ce_low_rank,
            derivations.schatten_objective,
        ),
        _zero,
        Expected(Status.PROVED),
        repeats=Repeats("ce-zero", (ALL,), "For every K >= 2, L >= 1, zero weights are a global minimiser if mu ="),
    ),
    Claim(
        "ce-saddle-window",
        "There are strengths at which DNC costs less than zero weights and its Hessian has K (K-3)/2 negative "
        "eigenvalues.",
        Regime((Part(From(6), Between(2, 36), None),), f"at some strengths, one for all factors; {LINEAR}"),
        "ours",
        (
            derivations.ce_hessian,
            derivations.ce_zero,
            derivations.ce_dnc,
            derivations.ce_low_rank,
            derivations.ce_reduction,
            derivations.schatten_objective,
        ),
        _window,
        Expected(Status.PROVED),
        repeats=Repeats(
            "ce-zero",
            ((From(6), Between(2, 36)),),
            "For K >= 6 and 2 <= L <= 36 there are strengths at which DNC costs less than zero weights and is a strict",
        ),
    ),
    Claim(
        "ce-vanish",
        "c* (the least sum sigma^p at margin 1) never falls with K and is at most the sum of the costs of blocks with "
        "Z_ii >= 1, so at most ceil(log2 K) K^p at that rank: for L >= 2 it is arbitrarily far below DNC's K - 1.",
        Regime((Part(*ALL, None),), f"the last statement for L >= 2, as a loss ratio at Lambda -> 0; {LINEAR}"),
        "ours",
        (derivations.ce_reduction, derivations.ce_low_rank, derivations.ce_sums, derivations.ce_dnc),
        _sums,
        Expected(Status.PROVED),
        repeats=Repeats("ce-sums", (ALL,), "For every K >= 2 and L >= 1, c* <= ceil(log2 K) K^p"),
    ),
)
