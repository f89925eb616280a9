"""The greatest lower bound known: carried as the theorem says, below what is known, told with its source."""

import json
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from dufm.theory.squared.carrying import below_collapse, between, bound_of, excess
from dufm.theory.squared.phi import collapse_threshold, phi, power_root
from dufm.verification.base import shipped_bounds
from dufm.verification.base.shipped_bounds import TABLE, rows, stated
from dufm.verification.claims import CLAIMS, claim_named
from dufm.verification.claims.base.claim import BUDGETS
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.best_bound import best_bound, best_cost_bound, over_dnc, recheck
from dufm.verification.claims.best_known import best_cost, best_loss
from dufm.verification.claims.squared import carried
from dufm.verification.cli.app import app
from dufm.verification.cli.records_table import cells_table

STATED = {c.label: c.expected.quick for c in CLAIMS}


def known(label: str) -> Status:
    return STATED[label]


def at(share: str, L: int) -> Fraction:
    """A share of x*, rounded down."""
    return Fraction(share) * Fraction(int(float(collapse_threshold(L)) * 10**9), 10**9)


def scaled(L: int, x: Fraction, q: float, r: float, S: float) -> float:
    """The least loss of one network over its scales, from the numbers of the derivation `threshold`."""
    k, p = np.linspace(0, 2, 60_001), L + 1
    return float(np.min((q * k**2 - 2 * r * k + 1) / 2 + p / 2 * S * float(x) * k ** (2 / p)))


@pytest.mark.parametrize("L", [2, 3, 5])
def test_what_one_network_leaves_open_is_carried_down_and_between(L: int) -> None:
    rng, near = np.random.default_rng(L), 0.0
    places = [at(share, L) for share in ("0.02", "0.2", "0.5", "0.8", "1")]
    for _ in range(16):
        r = rng.uniform(0.85, 1.02)
        q, S = r**2 + rng.exponential(0.02), rng.uniform(0.7, 1.0)
        # Scaled copies of one network, and DNC: what the theorem says of all networks it says of these.
        v = [min(scaled(L, x, q, r, S), float(phi(L, x)[0])) for x in places]
        e = [excess(L, x, Fraction(value)) for x, value in zip(places, v, strict=True)]
        assert all(a <= b + Fraction(1, 10**8) for a, b in zip(e, e[1:], strict=False)), "it does not fall with x"
        for i, x in enumerate(places[:-1]):
            assert float(bound_of(L, x, e[i + 1])) <= v[i] + 1e-8
            near = max(near, float(bound_of(L, x, e[i + 1])) / v[i])
        for i in (1, 2, 3):
            ends = (places[i - 1], e[i - 1]), (places[i + 1], e[i + 1])
            carried_here = between(L, places[i], *ends)
            assert e[i] - Fraction(1, 10**7) <= carried_here <= e[i + 1]
    assert near > 0.99, "little is lost"


def test_carrying_is_refused_where_it_says_nothing() -> None:
    assert below_collapse(2, at("1", 2)) and not below_collapse(2, Fraction(2, 5))
    for L, x in ((2, Fraction(2, 5)), (1, Fraction(1, 10))):
        with pytest.raises(ValueError, match="L >= 2 and x up to"):
            excess(L, x, Fraction(1, 10))
    with pytest.raises(ValueError, match="between"):
        between(2, Fraction(1, 2), (Fraction(1, 10), Fraction(0)), (Fraction(1, 5), Fraction(0)))


@pytest.mark.parametrize("L", [2, 3, 4])
@pytest.mark.parametrize("K", [2, 3, 5, 10, 14, 15, 18])
def test_no_bound_is_above_what_is_known_and_none_below_that_of_pairs(K: int, L: int) -> None:
    for share in ("0.01", "0.3", "0.55", "0.9", "0.999", "1.02", "1.4"):
        x = at(share, L)
        bound = best_bound(K, L, x, known)
        assert float(bound.value) <= best_loss(K, L, x)[0] * (1 + 1e-12)
        pairs = best_bound(K, L, x, lambda label: Status.PROVED if label == "pair-bound" else Status.UNDECIDED)
        assert pairs.value <= bound.value and pairs.by == "pairs of classes"
        assert 0 < over_dnc(bound, L, x) <= 1
    cost = best_cost_bound(K, L, known)
    assert float(cost.value) <= best_cost(K, L)[0] * (1 + 1e-12)


def test_carried_bounds_lose_little_beside_certificates_of_the_place() -> None:
    near = {cell: row for cell, row in rows().items() if below_collapse(cell[1], cell[2])}
    for (K, L, x), row in near.items():
        others = {cell: r for cell, r in near.items() if cell[0] == K and cell[1] == L and cell[2] > x}
        if not others or x == 0:
            continue
        ((_, _, next_x), next_row) = next(iter(others.items()))
        e = excess(L, next_x, next_row.lower * next_x / (2 * K))
        own = row.lower * x / (2 * K)
        assert own * Fraction(90, 100) < bound_of(L, x, e) < own
        assert best_bound(K, L, x, known).value == pytest.approx(float(own), rel=1e-12) or (K, L) == (3, 2)


def test_a_bound_is_used_at_a_larger_x_only_as_the_least_loss_rises(monkeypatch: pytest.MonkeyPatch) -> None:
    x, far = Fraction("0.198"), Fraction("0.38")
    half = {cell: row for cell, row in rows().items() if cell == (10, 2, x)}
    monkeypatch.setattr("dufm.verification.claims.best_bound.rows", lambda: half)
    # Another status, so that nothing kept from before is found.
    bound = best_bound(10, 2, far, lambda label: known(label))
    own, empty = half[10, 2, x].lower * x / 20, float(collapse_threshold(2)) * 5 ** (1 / 3)
    chord = float(own) + (0.5 - float(own)) * float(far - x) / (empty - float(x))
    pairs = best_bound(10, 2, far, lambda label: Status.UNDECIDED)
    assert float(bound.value) == pytest.approx(max(chord, float(pairs.value)), rel=1e-9)
    assert over_dnc(bound, 2, far) < 0.72 < over_dnc(best_bound(10, 2, x, lambda label: known(label)), 2, x)


def test_theorems_come_first_and_name_their_claims() -> None:
    x = Fraction("0.36")
    assert best_bound(3, 2, x, known).claims == ("three-classes-optimal",)
    assert over_dnc(best_bound(3, 2, x, known), 2, x) == 1
    fallen = STATED | {"three-classes-optimal": Status.UNDECIDED}
    assert 0.98 < over_dnc(best_bound(3, 2, x, fallen.__getitem__), 2, x) < 1
    above = best_bound(3, 2, Fraction("0.38"), known)
    assert "three-classes-optimal" in above.claims and above.files == ("l2_k03_collapse.json",)
    assert best_cost_bound(3, 3, known).value == 3 and best_cost_bound(3, 4, known).value < 3
    assert best_cost_bound(2, 9, known).value == 2 and best_bound(7, 1, x, known).by == "DNC is optimal"


def test_fewer_classes_bound_more_as_their_mean_does() -> None:
    x, L = Fraction(1, 10), 2
    bound = best_bound(40, L, x, known)
    smaller = power_root(x ** (L + 1) * Fraction(15, 40) ** (L - 1), L + 1)[0]
    assert bound.value == best_bound(15, L, smaller, known).value and bound.by.startswith("15 of the classes")
    own, fewer = best_cost_bound(40, L, known), best_cost_bound(15, L, known)
    assert float(own.value / 40) == pytest.approx(float(fewer.value / 15) * (15 / 40) ** (1 / 3))


def test_the_claims_are_proved_and_a_bound_near_collapse_is_made_anew() -> None:
    assert claim_named("carried-bounds").check(BUDGETS["quick"]).status is Status.PROVED
    verdict = claim_named("collapse-bounds").check(BUDGETS["quick"])
    assert verdict.status is Status.PROVED and len(verdict.certificates) == 26
    found = carried.made(4, 2)
    assert Fraction(*found["lower"]) == pytest.approx(float(rows()[4, 2, carried.NEAR[2]].lower), rel=2e-3)


def test_the_table_says_what_the_files_say_and_nothing_is_parsed_at_the_start() -> None:
    assert json.loads(TABLE.read_text()) == stated() and len(rows()) == len(stated())
    words = "from dufm.verification.claims import CLAIMS; from dufm.verification.base import shipped_bounds as b"
    done = subprocess.run(
        [sys.executable, "-c", f"{words}; assert CLAIMS; print(b.certificate.cache_info().currsize)"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    assert done.stdout.strip() == "0", done.stderr


def test_a_certificate_that_states_less_than_the_table_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    bound = best_bound(4, 2, Fraction("0.198"), known)
    assert bound.files and recheck(bound) == []
    weaker = json.loads(json.dumps(shipped_bounds.certificate(bound.files[0])))
    weaker["lower"] = [1, 1]
    monkeypatch.setattr("dufm.verification.claims.best_bound.certificate", lambda file: weaker)
    assert len(recheck(bound)) == 1


def invoke(*arguments: str) -> str:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == 0, done.output
    return done.stdout


def test_records_print_the_bound_and_the_gap_in_lists_and_grids() -> None:
    told = json.loads(invoke("records", "--K", "4", "--L", "2", "--json"))["records"]
    for row in told:
        assert row["gap"] == pytest.approx((row["ratio"] - row["lower"]) / row["ratio"])
        assert row["lower"] > 0.97 and "carried-bounds" in row["lower_claims"] and row["lower_by"]
    shown = invoke("records", "--K", "4", "--L", "2")
    assert f"{100 * told[0]['gap']:.2f} %" in shown and "0.9869" in shown and "gap = (best - low) / best" in shown
    many = [row | {"K": row["K"] + i} for row in told for i in range(20)]
    table, legend = cells_table(many, 200)
    words = [str(cell) for column in table.columns for cell in column.cells]
    assert "[0.9869, 1] ?" in words and legend.startswith("[low, high]") and len(table.rows) == 20


def test_search_and_bound_tell_the_best_bound_known(tmp_path: Path) -> None:
    words = ["search", "--K", "3", "--L", "2", "--lam", "0.05", "--restarts", "2", "--out", str(tmp_path), "--json"]
    found = json.loads(invoke(*words))
    assert found["gap"] < 1e-9 and found["lower"]["claims"] == ["three-classes-optimal"]
    told = json.loads(invoke("bound", "--K", "3", "--L", "2", "--x", "0.15", "--json"))
    assert told["lower"] < told["best_lower"] == pytest.approx(told["dnc"]) and told["gap"] < 1e-9
    assert told["best_lower_claims"] == ["three-classes-optimal"]


def test_what_rests_on_a_claim_that_fell_is_not_used() -> None:
    x = Fraction("0.05")
    fallen = {"deep-lower-bounds": Status.REFUTED}
    whole, less = best_bound(10, 4, x, known), best_bound(10, 4, x, (STATED | fallen).__getitem__)
    assert "deep-lower-bounds" in whole.claims and less.claims == ("pair-bound",) and less.value < whole.value
    nothing = best_bound(10, 4, x, lambda label: Status.UNDECIDED)
    assert nothing.value == 0 and nothing.claims == ()
    assert best_cost_bound(10, 4, lambda label: Status.UNDECIDED).value == 0


@pytest.mark.parametrize("x", [Fraction(1, 10**20), Fraction(1, 10**30)])
def test_a_share_of_dnc_is_rounded_down_at_any_strength(x: Fraction) -> None:
    bound = best_bound(10, 2, x, known)
    assert 0 < over_dnc(bound, 2, x) < 0.93 and bound.value > 0


def test_threshold_refuses_a_table_that_its_files_do_not_bear(monkeypatch: pytest.MonkeyPatch) -> None:
    row = rows()[10, 4, Fraction(0)]
    monkeypatch.setitem(rows(), (10, 4, Fraction(0)), replace(row, lower=row.lower * Fraction(11, 10)))
    done = CliRunner().invoke(app, ["threshold", "--K", "10", "--L", "4", "--json"])
    assert done.exit_code != 0 and "not what the claim needs" in str(done.exception)
