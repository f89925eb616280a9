"""The shipped cross-entropy tables: rigorous upper bounds, spoiled rows caught, filling that resumes."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from flint import arb

from dufm.solvers.ce import margin_records, margins, records
from dufm.solvers.ce.margins import cost_of, margin_search, minima_from, take_down
from dufm.solvers.ce.records import LossRecord, best_known, bound, holds, record_at
from dufm.solvers.ce.rows import rational
from dufm.solvers.ce.starts import structure_logits
from dufm.solvers.objectives.cross_entropy import balanced_factors, least_margin
from dufm.theory.ce.margins import cost_power_bound
from dufm.theory.ce.margins import least_margin as exact_margin
from dufm.theory.ce.numbers import working
from dufm.theory.ce.structure import cost_ball
from dufm.theory.ce.structures import CE_STRUCTURES, cheapest_at_margin
from dufm.theory.problem import Problem
from dufm.theory.squared.structure import as_fraction_ball
from dufm.theory.stated import ProblemError

# Global minima of an independent prototype: all L + 1 factors by another L-BFGS, 40 to 80 restarts.
PROTOTYPE = {
    (3, 2, "1/100"): ("dnc", 0.1009977160),
    (3, 6, "1/10000"): ("dnc", 0.0014220885),
    (4, 2, "1/100"): ("dnc", 0.1514456921),
    (4, 3, "1/10000"): ("polygon", 0.0018796415),
    (5, 2, "1/100"): ("pyramid", 0.1986253150),
    (5, 2, "1/10000"): ("dnc", 0.0029664891),
    (5, 4, "1/100"): ("polygon", 0.1725771518),
    (6, 2, "1/10000"): ("pairs", 0.0034930548),
    (6, 4, "1/100"): ("polygon", 0.2080712050),
    (6, 4, "1/10000"): ("pairs", 0.0026440484),
    (8, 2, "1/100"): ("pairs", 0.3181232883),
    (8, 3, "1/100"): ("antiprism(A,B)", 0.2803420998),
    (8, 5, "1/10000"): ("antiprism(A,B)", 0.0031228624),
    (8, 6, "1/100"): ("polygon", 0.2473716229),
}
MARGINS = {
    (5, 3): ("pairs+1", 3.77416873),
    (6, 4): ("pairs", 3.95852373),
    (7, 3): ("free", 5.14693602),
    (7, 4): ("free", 4.61979083),
    (7, 6): ("polygon", 3.78167892),
    (10, 2): ("pairs", 7.93700526),
    (10, 3): ("johnson(5,2)", 6.92820323),
    (10, 4): ("free", 5.95846796),
    (10, 5): ("free", 5.31429850),
    (10, 6): ("free", 4.89732018),
    (10, 8): ("polygon", 4.13176501),
}


def test_the_table_is_whole_and_small() -> None:
    places = {r.place for r in best_known()}
    strengths = [Fraction(1, 10**k) for k in (1, 2, 3, 4)]
    assert places == {(K, L, lam) for K in range(3, 11) for L in range(1, 9) for lam in strengths}
    sizes = [path.stat().st_size for path in (records.TABLE, margin_records.TABLE)]
    assert sum(sizes) < 200_000
    assert {(r.K, r.L) for r in margin_records.best_margins()} == {(K, L) for K in range(3, 11) for L in range(1, 9)}


def test_every_row_is_an_upper_bound_close_to_its_witness() -> None:
    for record in best_known():
        ball = as_fraction_ball(bound(record))
        stated = Fraction(record.stated)
        assert ball[1] <= stated <= ball[1] * (1 + Fraction(1, 10**14)), record.place


def test_rows_are_those_of_an_independent_prototype() -> None:
    for (K, L, lam), (name, loss) in PROTOTYPE.items():
        record = record_at(K, L, lam)
        assert record is not None and record.structure == name
        assert record.loss == pytest.approx(loss, abs=6e-11)
    assert record_at(4, 3, "0.0123") is None


def test_no_listed_structure_is_below_its_row() -> None:
    for record in best_known():
        if record.K in (6, 9) and record.lam < Fraction(1, 50):
            for structure in CE_STRUCTURES:
                if structure.valid(record.K):
                    other = records.least_loss(structure, record.problem)
                    assert not arb(record.loss) * (1 - arb(10) ** -13) > other, (record.place, structure.name)


def test_spoiled_rows_are_caught() -> None:
    named = next(r for r in best_known() if r.structure == "pairs")
    free = next(r for r in best_known() if r.structure == "free" and r.K == 7)
    for record in (named, free):
        assert holds(record)
        assert not holds(replace(record, stated=str(Fraction(record.loss * (1 - 1e-12)).limit_denominator(10**30))))
    assert free.logits is not None
    turned = tuple(tuple(-x for x in row) for row in free.logits)
    assert not holds(replace(free, logits=turned))
    assert not holds(replace(named, structure="dnc"))
    with pytest.raises(ProblemError, match="a free row needs logits"):
        holds(replace(free, logits=None))
    with pytest.raises(ProblemError, match="structure must be one of"):
        holds(replace(named, structure="nonsense"))
    margin = next(r for r in margin_records.best_margins() if r.structure == "free")
    assert margin_records.holds(margin)
    assert not margin_records.holds(replace(margin, stated=str(margin.cost * (1 - 1e-10))))


def test_filling_resumes_and_never_gets_worse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, lam = tmp_path / "t.json", Fraction(1, 100)
    places = [(4, 2, lam), (4, 3, lam)]
    rows = records.fill(places, path, 40, threads=1)
    assert [r.structure for r in rows] == ["dnc", "polygon"] and records.read(path) == rows
    calls: list[LossRecord] = []
    monkeypatch.setattr(records, "find", lambda *a: calls.append(a) or replace(rows[0], stated="9", restarts=80))
    assert records.fill(places, path, 40) == rows and not calls
    again = records.fill(places[:1], path, 80)[0]
    assert again == replace(rows[0], restarts=80, hits=0) and len(calls) == 1
    path.write_text('{"format":"other","version":1,"rows":[]}')
    with pytest.raises(ProblemError, match="dufm-ce-table file must be readable"):
        records.read(path)


def test_margin_rows_hold_and_are_those_of_the_prototype() -> None:
    table = {(r.K, r.L): r for r in margin_records.best_margins()}
    assert all(margin_records.holds(r) for r in table.values())
    for place, (name, cost) in MARGINS.items():
        assert table[place].structure == name and table[place].cost == pytest.approx(cost, abs=6e-9)
    for (K, L), row in table.items():
        with working(20):
            assert not cost_ball(cheapest_at_margin(K, L), K, L) < arb(row.stated) * (1 - arb(10) ** -13)


def test_the_exact_margin_bound_is_the_cost_of_balanced_factors() -> None:
    logits = 3 * dict(structure_logits(6))["pairs"]
    problem = Problem.of(6, 3, 1, 6, loss="ce")
    factors = [rational(w) for w in balanced_factors(logits, problem, 3)]
    assert float(cost_power_bound(factors, 6)) == pytest.approx((3 * 2**0.5) ** 4, rel=1e-13)
    uneven = [
        [[2 * x for x in row] for row in factors[0]],
        *factors[1:-1],
        [[x / 2 for x in row] for row in factors[-1]],
    ]
    assert float(cost_power_bound(uneven, 6)) == pytest.approx((3 * 2**0.5) ** 4, rel=1e-13)
    assert exact_margin([[1, 0], [Fraction(1, 3), 1]]) == Fraction(2, 3)
    with pytest.raises(ProblemError, match="every margin above 0"):
        cost_power_bound([rational(np.eye(3)), rational(-np.eye(3))], 3)


@pytest.mark.parametrize(("K", "L", "cost", "rank"), [(4, 3, 8**0.5, 2), (5, 2, 4.0, 4), (6, 2, 4.76220316, 3)])
def test_the_margin_search_finds_the_known_minima(K: int, L: int, cost: float, rank: int) -> None:
    best = margin_search(K, L, 60, seed=0, threads=1)[0]
    assert best.cost == pytest.approx(cost, abs=6e-9) and best.rank == rank
    assert best.residual < 1e-11 and least_margin(best.logits) == pytest.approx(1, abs=1e-13)
    assert cost_of(best.logits, rank, L) == pytest.approx(best.cost, rel=1e-13)


def test_the_non_symmetric_code_is_reached_from_nearby() -> None:
    row = next(r for r in margin_records.best_margins() if (r.K, r.L) == (7, 3))
    logits = np.array(row.logits)
    found = take_down(logits * 2, 3, 3)
    assert found is not None and found.cost == pytest.approx(row.cost, rel=1e-10) and found.active == 24
    assert minima_from([-logits], 3) == []
    assert cost_of(-logits, 3, 3) == float("inf")
    assert margins.ACTIVE > 0
