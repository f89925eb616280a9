"""The cross-entropy figures show the theory's own numbers."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from dufm.paper_figs.ce import ce_codes, ce_hessian, ce_loss, ce_orbits, ce_spectra, ce_winner_map
from dufm.theory.ce.hessian import orbit_dimension, psd_threshold, spectrum
from dufm.theory.ce.numbers import working
from dufm.theory.ce.structure import cost_ball
from dufm.theory.ce.structures import cheapest_at_margin

Table = list[dict[str, Any]]


@pytest.fixture(scope="module")
def cells() -> dict[tuple[str, int, int], dict[str, Any]]:
    return {(row["lambda"], row["K"], row["L"]): row for row in ce_winner_map.data("quick")}


def test_winner_map_is_whole_and_never_above_the_listed_structures(cells) -> None:
    assert set(cells) == {(lam, K, L) for lam in ("0", "1/1000", "close") for K in range(3, 31) for L in range(1, 9)}
    for (lam, K, L), row in cells.items():
        assert 0 < row["ratio"] <= 1 and row["of"] >= K
        if L == 1:
            assert row["structure"] == "dnc"
        if lam == "0":
            with working(20):
                listed = float(cost_ball(cheapest_at_margin(K, L), K, L)) / (K - 1)
            assert row["ratio"] <= listed * (1 + 1e-12)
        if K >= 6 and L >= 2 or K in (4, 5) and L >= 3 or lam == "close" and L >= 2:
            assert row["ratio"] < 1, "collapse is proved not to be optimal there"


def test_winners_that_can_be_named(cells) -> None:
    assert cells["0", 11, 4]["structure"] == "icosahedron" and cells["0", 11, 4]["of"] == 12
    assert cells["0", 10, 3]["structure"] == "johnson(5,2)"
    assert all(cells["close", 3, L]["structure"] == "undecided" for L in range(2, 9))
    assert {cells["0", 3, L]["structure"] for L in range(1, 9)} == {"dnc"}
    assert ce_winner_map.kind("icosahedron(12)+2 pair(2)") == "sum" and ce_winner_map.kind("pairs+1") == "pairs+1"
    assert ce_winner_map.kind("pair+singles") == "other" and ce_winner_map.kind("cube") == "code"


def test_losses_cross_where_they_are_known_to() -> None:
    table = ce_loss.data("quick")
    marks = {(r["K"], r["L"]): r["lambda"] for r in table if r["curve"] == "crossing" and r["lambda"] < 0.05}
    assert marks[4, 2] == pytest.approx(0.0117604980793, rel=2e-6)
    assert marks[6, 4] == pytest.approx(7.02941e-4, rel=1e-5)
    for K, L in ((4, 2), (10, 4)):
        (found,) = [r["lambda"] for r in table if (r["K"], r["L"], r["curve"]) == (K, L, "lambda_PSD")]
        assert found == pytest.approx(float(psd_threshold(K, L)), rel=1e-14)
    for row in table:
        if row["curve"] == "best known":
            # Not above any closed form drawn at the same strength.
            rivals = [r["ratio"] for r in table if (r["K"], r["L"], r["lambda"]) == (row["K"], row["L"], row["lambda"])]
            assert row["ratio"] <= min(rivals) * (1 + 1e-9) and len(rivals) > 1
    collapse = [r for r in table if r["curve"] == "dnc"]
    assert all(r["ratio"] == 1 for r in collapse) and {r["K"] for r in collapse} == {3, 4, 6, 10}
    assert min(r["ratio"] for r in table if r["curve"] == "undecided" and r["K"] == 3) < 0.99


def test_predicted_eigenvalues_count_all_parameters_and_meet_the_measured() -> None:
    table = ce_hessian.data("quick")
    for case in ce_hessian.CASES:
        own = [r for r in table if (r["K"], r["L"], r["width"]) == case]
        size = case[2] * case[0] * 2 + (case[1] - 1) * case[2] ** 2
        for lam in {r["lambda"] for r in own if r["kind"] == "measured"}:
            predicted: list[float] = []
            for row in own:
                if row["kind"] == "predicted" and row["lambda"] == lam:
                    predicted += [row["value"]] * row["count"]
            measured = sorted(r["value"] for r in own if r["kind"] == "measured" and r["lambda"] == lam)
            assert len(predicted) == len(measured) == size
            assert np.max(np.abs(np.array(measured) - sorted(predicted))) < 1e-8
    assert {r["level"] for r in table if r["level"]} <= {level.name for level in spectrum()}


def test_singular_values_add_up_to_the_rank() -> None:
    for row in ce_spectra.data("quick"):
        assert row["sigma"] > 0 and 1 <= row["count"] <= row["rank"] < row["K"]
    best = {(r["K"], r["L"]): r for r in ce_spectra.data("quick") if r["best"]}
    assert best[6, 10]["rank"] == 2 and best[10, 3]["rank"] == 4 and best[12, 3]["structure"] == "icosahedron"


def test_orbits_and_descents() -> None:
    table = ce_orbits.data("quick")
    for row in table:
        if row["kind"] == "orbit":
            assert row["dimension"] == orbit_dimension(row["width"], row["L"], row["rank"])
        else:
            assert 0 <= row["low"] <= row["hits"] / row["starts"] <= row["high"] <= 1 and row["width"] >= row["K"]
            assert Fraction(row["lambda"]) > 0


def test_pictures_keep_the_distances_of_the_codes() -> None:
    rows = ce_codes.data("quick")
    degrees = {(r["structure"], r["K"]): len(str(r["neighbours"]).split()) for r in rows}
    known = {("polygon", 7): 2, ("pairs", 6): 4, ("antiprism", 8): 4, ("icosahedron", 12): 5}
    assert known.items() <= degrees.items()
    assert all(1 <= degrees[ce_codes.SEARCHED, K] < K and (ce_codes.SEARCHED, K) in degrees for K in (7, 9))
    own = np.array([[r["x"], r["y"], r["z"]] for r in rows if r["structure"] == "icosahedron"])
    products = np.unique(np.round(own @ own.T / np.sum(own[0] ** 2), 9))
    assert products == pytest.approx([-1, -(5**-0.5), 5**-0.5, 1], abs=1e-9)
    with pytest.raises(ValueError, match="rank 2 or 3"):
        ce_codes.points("dnc", 5, 2, np.eye(5) - 0.2, 4, 4.0)
