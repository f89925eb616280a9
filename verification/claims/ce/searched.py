"""Claims on cross-entropy that searches and counts support. Evidence, never proof; table rows are rigorous bounds."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from dufm.solvers.ce import margin_records, records
from dufm.solvers.ce.margins import cost_of, margin_search
from dufm.solvers.ce.records import LossRecord
from dufm.solvers.ce.relu import relu_search
from dufm.solvers.ce.rows import STATED, rational
from dufm.solvers.ce.search import ce_search
from dufm.solvers.ce.study import DescentCase, Hits, persistence
from dufm.solvers.search.options import SearchOptions
from dufm.theory import derivations
from dufm.theory.ce.enclosure import objective_ball
from dufm.theory.problem import Problem
from dufm.theory.squared.structure import as_fraction_ball
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict
from dufm.verification.claims.ce.hessian import ORBIT, PSD
from dufm.verification.claims.ce.structures import ASYMPTOTICS, LINEAR

SEED = 20260102
DIGITS = 20
QUICK_PLACES = ((4, 2), (4, 3), (5, 2), (5, 4), (6, 2), (6, 4), (7, 3))
QUICK_STRENGTHS = (Fraction(1, 100), Fraction(1, 10000))
QUICK_MARGINS = ((4, 2), (4, 3), (5, 3), (6, 3))
# A search that reaches fewer of the values known says nothing of what lies below them.
REACH = Fraction(9, 10)
# Margins are floats of a descent: its end counts as the known cost within this share.
NEAR = Fraction(1, 10**6)
# The full budget has a hundred times the restarts of the quick one.
FULL_SHARE = 10
FEW = DescentCase(4, 3, Fraction(1, 100), 4)
WIDTHS = (4, 8, 16, 32)
MANY = DescentCase(10, 3, Fraction(3, 1000), 20, rate=0.2)
OTHER_WIDTHS = (10, 40, 80)
RARE = Fraction(1, 10)
WIDE, WIDE_STARTS = 640, 12
RELU_COLLAPSE = ((3, 2), (4, 2), (5, 2), (4, 3))
RELU_LOW = ((4, 4), (6, 4))
RELU_STRENGTHS = ("1/100", "1/1000")


def last_digit(stated: str) -> Fraction:
    """One unit of the last of a row's 15 digits: what rounding up can have added to it."""
    return Fraction(10) ** (Decimal(stated).adjusted() + 1 - STATED.prec)


def _table(budget: Budget) -> Verdict:
    rows = records.best_known()
    broken = [r.place for r in rows if not records.holds(r)]
    if broken:
        return Verdict(Status.REFUTED, f"the witness of K, L, lambda = {broken[0]} is above the loss stated")
    quick = budget.name != "full"
    chosen = [r for r in rows if not quick or ((r.K, r.L) in QUICK_PLACES and r.lam in QUICK_STRENGTHS)]
    restarts = budget.restarts if quick else budget.restarts // FULL_SHARE
    comparisons, reached = [], 0
    for row in chosen:
        compared = beaten(row, restarts)
        if not compared.holds:
            return Verdict(Status.REFUTED, f"a search went below the table: {compared}", (compared,))
        comparisons.append(compared)
        reached += int(abs(Fraction(compared.found) - Fraction(row.stated)) <= last_digit(row.stated) * 10)
    sentence = (
        f"All {len(rows)} rows are rigorous upper bounds; {restarts} restarts at each of {len(chosen)} places went "
        f"below none and reached {reached}."
    )
    details = {"seed": SEED, "restarts": restarts, "reached": reached, "places": len(chosen)}
    return reaching(reached, len(chosen), sentence, comparisons, details)


def reaching(reached: int, places: int, words: str, comparisons: list[Comparison], details: dict[str, Any]) -> Verdict:
    """SUPPORTED if a search came to the known value at REACH of the places, else UNDECIDED: it searched too little."""
    enough = Comparison(
        Fraction(reached, places), ">=", REACH, what="share of the known values that the search reached"
    )
    if not enough.holds:
        sentence = f"the search reached {reached} of {places} known values, too few to say what lies below them"
        return Verdict(Status.UNDECIDED, sentence, (*comparisons, enough), details=details)
    return Verdict(Status.SUPPORTED, words, (*comparisons, enough), details=details)


def beaten(row: LossRecord, restarts: int) -> Comparison:
    """The rigorous loss of what a search finds against the row, which may be beaten by its last digit alone."""
    problem = row.problem
    solution, _ = ce_search(problem, SearchOptions(restarts, SEED, threads=1))
    solution.raise_if_interrupted()
    ball = as_fraction_ball(objective_ball(problem, [rational(w) for w in solution.weights], DIGITS))
    what = f"best found and best known, K = {row.K}, L = {row.L}, lambda = {row.lam}"
    return Comparison(ball[1], ">=", Fraction(row.stated), last_digit(row.stated), what)


def _margins(budget: Budget) -> Verdict:
    rows = margin_records.best_margins()
    broken = [(r.K, r.L) for r in rows if not margin_records.holds(r)]
    if broken:
        return Verdict(Status.REFUTED, f"the witness of K, L = {broken[0]} is above the cost stated")
    quick = budget.name != "full"
    chosen = [r for r in rows if not quick or (r.K, r.L) in QUICK_MARGINS]
    comparisons, reached = [], 0
    for row in chosen:
        minima = margin_search(row.K, row.L, max(1, budget.restarts // 2) if quick else 1000, SEED, threads=1)
        if not minima:
            return Verdict(Status.UNDECIDED, f"no restart ended with positive margins for K = {row.K}, L = {row.L}")
        found = minima[0]
        # cost_of scales to least margin 1 and sums powers of singular values: K roundings of relative size 2^-52 each,
        # through a K x K singular value decomposition.
        slack = Fraction(row.stated) * row.K**2 * Fraction(1, 2**52) + last_digit(row.stated)
        what = f"least cost found and known at margin 1, K = {row.K}, L = {row.L}"
        stated = Fraction(row.stated)
        comparisons.append(Comparison(cost_of(found.logits, found.rank, row.L), ">=", stated, slack, what))
        reached += Fraction(comparisons[-1].found) <= stated * (1 + NEAR)
        if not comparisons[-1].holds:
            return Verdict(Status.REFUTED, f"a search went below the table: {comparisons[-1]}", (comparisons[-1],))
    free = sum(1 for r in rows if r.logits is not None)
    sentence = (
        f"All {len(rows)} hard-margin costs are exact upper bounds, {free} of them from codes without closed form; "
        f"searches at {len(chosen)} places went below none and reached {reached}."
    )
    details = {"seed": SEED, "reached": reached, "places": len(chosen)}
    return reaching(reached, len(chosen), sentence, comparisons, details)


def _told(hits: Hits) -> dict[str, Any]:
    counted = {"width": hits.case.width, "dnc": hits.dnc.k, "starts": hits.dnc.n}
    return {**counted, "interval": [hits.dnc.low, hits.dnc.high], "ends": hits.ends}


def _persistence(budget: Budget) -> Verdict:
    starts = 40 if budget.name != "full" else 400
    counts = [persistence(DescentCase(FEW.K, FEW.L, FEW.lam, d, FEW.rate), starts, SEED, threads=1) for d in WIDTHS]
    narrow, wide = counts[0].dnc, counts[-1].dnc
    what = f"P(collapse) at widths {WIDTHS[0]} (upper end) and {WIDTHS[-1]} (lower end), K = {FEW.K}, L = {FEW.L}"
    apart = Comparison(narrow.high, "<", wide.low, what=what)
    details = {"seed": SEED, "counts": [_told(h) for h in counts]}
    shares = ", ".join(f"{h.dnc.k}/{starts} at width {h.case.width}" for h in counts)
    if not apart.holds:
        return Verdict(Status.UNDECIDED, f"the 95 % intervals overlap: {shares}", details=details)
    return Verdict(Status.SUPPORTED, f"Descent ended in collapse {shares}.", (apart,), details=details)


def _absence(budget: Budget) -> Verdict:
    quick = budget.name != "full"
    starts = 40 if quick else 400
    cases = [replace(MANY, width=d) for d in sorted((MANY.width, *(() if quick else OTHER_WIDTHS)))]
    counts = [persistence(case, starts, SEED, threads=1) for case in cases]
    comparisons = [
        Comparison(h.dnc.high, "<", RARE, what=f"upper end of P(collapse) at width {h.case.width}") for h in counts
    ]
    if not quick:
        # Gradient descent at this width takes some ten seconds a start.
        counts.append(persistence(replace(MANY, width=WIDE), WIDE_STARTS, SEED, threads=1))
        what = f"P(collapse) at width {cases[-1].width} (upper end) and {WIDE} (lower end)"
        comparisons.append(Comparison(counts[-2].dnc.high, "<", counts[-1].dnc.low, what=what))
    details = {"seed": SEED, "counts": [_told(h) for h in counts]}
    ended = ", ".join(f"{h.dnc.k}/{h.dnc.n} at width {h.case.width}" for h in counts)
    if not all(c.holds for c in comparisons):
        return Verdict(Status.UNDECIDED, f"the 95 % intervals do not decide: {ended}", details=details)
    return Verdict(Status.SUPPORTED, f"Descent ended in collapse {ended}.", tuple(comparisons), details=details)


def _relu(budget: Budget) -> Verdict:
    quick = budget.name != "full"
    restarts = 50 if quick else 2000
    comparisons, told = [], {}
    for K, L in RELU_COLLAPSE + RELU_LOW:
        for lam in RELU_STRENGTHS[: 1 if quick else None]:
            problem = Problem.of(K, L, lam, K, loss="ce", activation="relu")
            found = relu_search(problem, restarts, SEED, threads=1)
            found.raise_if_interrupted()
            what = f"best found and collapse with relu, K = {K}, L = {L}, lambda = {lam}"
            if (K, L) in RELU_LOW:
                comparisons.append(Comparison(found.loss, "<", found.collapse, what=what))
            else:
                # Both are sums over the entries of the factors, each rounded.
                slack = sum(w.size for w in found.weights) * float(np.spacing(found.collapse))
                comparisons.append(Comparison(found.loss, ">=", found.collapse, slack, what))
                # A search that does not come to collapse could not have gone below it either.
                comparisons.append(
                    Comparison(found.loss, "<=", found.collapse * (1 + float(NEAR)), what=f"{what} reached")
                )
            told[f"K={K}, L={L}, lambda={lam}"] = [found.loss / found.collapse, list(found.ranks), found.hits]
    failed = [str(c) for c in comparisons if not c.holds]
    details = {"seed": SEED, "restarts": restarts, "ratio, ranks, hits": told}
    if failed:
        # A search that misses a minimum, or a better one where none was known: neither settles anything.
        return Verdict(Status.UNDECIDED, f"not as stated: {'; '.join(failed)}", details=details)
    sentence = f"{restarts} restarts a case; low rank won in {len(RELU_LOW)} of (K, L), collapse in the others."
    return Verdict(Status.SUPPORTED, sentence, tuple(comparisons), details=details)


def _listed(values: Iterable[object]) -> str:
    return ", ".join(map(str, values))


def _case(case: DescentCase, widths: Iterable[int], more: Iterable[int] = ()) -> str:
    full = f" (budget full: also {_listed(more)})" if more else ""
    at = f"K = {case.K}, L = {case.L}, lambda = {case.lam}, width {_listed(widths)}{full}"
    return f"{at}, step {case.rate:g}, standard random weights; {LINEAR}"


def _cells(cells: Iterable[tuple[int, int]]) -> str:
    return _listed(f"({K}, {L})" for K, L in cells)


RELU_REGIME = (
    f"cross-entropy, relu layers; low rank at (K, L) = {_cells(RELU_LOW)}, nothing below collapse at "
    f"{_cells(RELU_COLLAPSE)}; lambda = {RELU_STRENGTHS[0]} (budget full: also {_listed(RELU_STRENGTHS[1:])}), width K"
)

CE_SEARCHED = (
    Claim(
        "ce-search-table",
        "The shipped table holds the least losses known under cross-entropy with linear layers; searches over all "
        "factors go below no row of it.",
        "K = 3..10, L = 1..8, lambda = 1/10, 1/100, 1/1000, 1/10000, n = 1, width K",
        "ours",
        (derivations.ce_reduction,),
        _table,
        Expected(Status.SUPPORTED),
    ),
    Claim(
        "ce-search-margins",
        "The shipped table holds the least sums of sigma^(2/(L+1)) known at margin 1, the limit of weak "
        "regularisation; for K = 7, 9, 10 some belong to rank-3 codes without closed form.",
        "K = 3..10, L = 1..8; linear layers",
        "ours",
        (derivations.ce_reduction, ASYMPTOTICS),
        _margins,
        Expected(Status.SUPPORTED),
    ),
    Claim(
        "ce-search-persistence",
        "Collapse persists although low rank is better: the wider the layers, the more often gradient descent ends "
        "in it.",
        _case(FEW, WIDTHS),
        "searches ours; effect: Garrod and Keating (2410.23169), Theorem 5",
        (ORBIT,),
        _persistence,
        Expected(Status.SUPPORTED),
    ),
    Claim(
        "ce-search-absence",
        "For ten classes collapse does not persist at moderate widths, though its Hessian is positive semidefinite "
        "there: gradient descent ends in it less than once in ten times; it returns at widths of several hundred.",
        _case(MANY, (MANY.width,), (*OTHER_WIDTHS, WIDE)),
        "ours",
        (PSD,),
        _absence,
        Expected(Status.SUPPORTED),
    ),
    Claim(
        "ce-search-relu",
        "With relu layers too low rank beats collapse once there are four layers; at two layers, and at three for four "
        "classes, searches find nothing below collapse.",
        RELU_REGIME,
        "suboptimality with relu: Garrod and Keating (2410.23169), Theorem 7; searches ours",
        (),
        _relu,
        Expected(Status.SUPPORTED),
    ),
)
