"""The head frontier: exact gradient, restarts that find the known least heads, certificates, depths, the command."""

import json
from fractions import Fraction
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from dufm.solvers.heads.kernel import log_head
from dufm.solvers.heads.moves import direct_sum, fresh, kick
from dufm.solvers.heads.search import Pool, descend_head, head_value, polish_head, search_heads, slim
from dufm.theory.squared.head32 import least_head
from dufm.theory.stated import ProblemError
from dufm.verification.atlas.head_words import describe_head
from dufm.verification.atlas.heads import ATLAS, certify, envelope, least_depth, least_depths, load_folder, shipped_head
from dufm.verification.base.certificate import write
from dufm.verification.base.number_lists import read_integers
from dufm.verification.checker import check
from dufm.verification.claims.base.claim import BUDGETS
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.squared.shipped_heads import FRONTIER
from dufm.verification.cli.frontier import run_frontier, seeded_pool


@pytest.fixture(scope="module")
def three() -> Pool:
    pool = Pool()
    search_heads([(3, 2)], pool, 0, lambda K, q, count: count >= 60)
    return pool


def test_the_gradient_is_that_of_the_value() -> None:
    q, K, m, eps = 3, 4, 6, 1e-2
    x = np.random.default_rng(0).normal(size=q * K + m * q)
    gradient, unused = np.zeros_like(x), np.zeros_like(x)
    value = log_head.py_func
    assert np.isfinite(value(x, gradient, q, K, m, eps))
    step = 1e-5
    for i in range(len(x)):
        ends = []
        for sign in (1, -1):
            y = x.copy()
            y[i] += sign * step
            ends.append(value(y, unused, q, K, m, eps))
        # Central differences err by step^2 times a third derivative, at most of the order 1/eps^2.
        assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(gradient[i], abs=1e-3 * np.abs(gradient).max())


def test_the_search_finds_the_exact_least_head_of_three_classes(three: Pool) -> None:
    assert three.best(3, 2) == pytest.approx(float(least_head().mid()), rel=1e-7)


def test_the_same_seed_gives_the_same_pool(three: Pool) -> None:
    again = Pool()
    search_heads([(3, 2)], again, 0, lambda K, q, count: count >= 60)
    assert [h for h, _ in again.heads[3, 2]] == [h for h, _ in three.heads[3, 2]]


def test_records_are_told_and_only_fall(three: Pool) -> None:
    told: list[float] = []
    search_heads([(4, 3)], Pool(), 1, lambda K, q, count: count >= 30, lambda record: told.append(record.h))
    assert told == sorted(told, reverse=True) and told
    assert three.best(5, 4) == float("inf")


def test_direct_sums_cost_what_hoelder_says(three: Pool) -> None:
    h, pair = three.heads[3, 2][0]
    # With blocks scaled by positive numbers h = (sum x_b)^2 (sum y_b) (sum z_b) for x_b^2 y_b z_b = h_b.
    for other, size in ((pair, h), ((np.eye(1), np.eye(1)), 1.0)):
        assert head_value(*direct_sum(pair, other)) == pytest.approx((h**0.25 + size**0.25) ** 4, rel=1e-9)


def test_slim_merges_and_polish_never_raises(three: Pool) -> None:
    h, (V, W) = three.heads[3, 2][0]
    split = V, np.vstack([W[:-1], 0.6 * W[-1:], 0.8 * W[-1:], 1e-9 * W[:1]])
    assert len(slim(split)[1]) == len(slim((V, W))[1])
    assert head_value(*slim(split)) == pytest.approx(h, rel=1e-9)
    value, pair = polish_head((V, W), 0)
    assert value <= h * (1 + 1e-7)
    assert value == pytest.approx(head_value(*pair), rel=1e-12)


def test_a_neck_that_cannot_be_read_out_costs_infinity() -> None:
    flat = np.ones((2, 3)), np.eye(2)
    assert head_value(*flat) == float("inf")
    assert not Pool().add(float("nan"), flat)


def test_starts_have_the_right_shape() -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        move = fresh(rng, 6, 4)
        for V, W in (move.start, kick(rng, move.start).start):
            assert V.shape == (4, 6) and W.shape[1] == 4 and len(W) >= 1 and (V >= 0).all()
            assert not np.isnan(descend_head((V, W), limit=1.0)[0])


def test_a_certificate_is_accepted_short_and_just_above_what_was_found(three: Pool) -> None:
    h, pair = three.heads[3, 2][0]
    certificate = certify(pair, {"seed": 0})
    head = shipped_head(certificate)
    assert (head.K, head.q, head.L_from) == (3, 2, 4)
    assert h * (1 - 1e-7) < float(head.h) < h * (1 + 3e-5)
    assert len(json.dumps(certificate)) < 2000
    assert head_value(*head.pair) <= float(head.h) * (1 + 1e-12)


def test_spoiled_certificates_are_refused(three: Pool) -> None:
    certificate = certify(three.heads[3, 2][0][1], {})
    for change in ({"L_from": 3}, {"L_from": 5}, {"K": 4}):
        with pytest.raises(ProblemError):
            shipped_head(certificate | {"problem": certificate["problem"] | change})
    spoiled = json.loads(json.dumps(certificate))
    spoiled["witness"][3]["rows"][0][0] += 1
    with pytest.raises(ProblemError, match="not I"):
        shipped_head(spoiled)
    with pytest.raises(ProblemError, match="at no depth"):
        certify((np.eye(3), np.eye(3)), {})


def test_least_depth_is_the_first_win() -> None:
    assert least_depth(Fraction(80), 3, 2) == 3
    assert least_depth(Fraction(81), 3, 2) == 4
    assert least_depth(Fraction(81), 3, 3) is None
    assert least_depth(Fraction(243, 2), 3, 2) == 5


def test_every_shipped_head_is_accepted_and_needed() -> None:
    heads = load_folder(ATLAS)
    assert {head.K for head in heads} == set(range(3, 17))
    assert [(h.K, h.q) for h in envelope(heads)] == [(h.K, h.q) for h in heads]
    depths = least_depths(heads)
    assert all(depths[K + 1] <= depths[K] for K in range(3, 16))
    for head in heads:
        assert check(json.dumps(head.certificate)).ok
        assert head.power(head.L_from) < head.K ** (head.L_from + 1)
        assert head.L_from == 3 or head.power(head.L_from - 1) >= head.K**head.L_from


def test_the_claim_holds_and_a_missing_atlas_is_no_proof(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (claim,) = FRONTIER
    verdict = claim.check(BUDGETS["quick"])
    assert verdict.status is Status.PROVED
    assert claim.settles(6, 3) is None and claim.settles(7, 3) == "low rank" and claim.settles(3, 4) == "low rank"
    monkeypatch.setattr("dufm.verification.claims.squared.shipped_heads.ATLAS", tmp_path)
    assert claim.check(BUDGETS["quick"]).status is Status.UNDECIDED
    (tmp_path / "k03_q2.json").write_text("{}")
    assert claim.check(BUDGETS["quick"]).status is Status.REFUTED


def test_looks_of_a_known_head(three: Pool) -> None:
    words = describe_head(shipped_head(certify(three.heads[3, 2][0][1], {})))
    assert words["known"] == "head32" and words["symmetry"] == "S_2" and words["blocks"] == [3]
    both = direct_sum(three.heads[3, 2][0][1], (np.eye(1), np.eye(1)))
    assert describe_head(shipped_head(certify(both, {})))["blocks"] == [3, 1]


def test_the_command_keeps_only_improvements(tmp_path: Path, capsys: pytest.CaptureFixture[str], three: Pool) -> None:
    console = Console(file=StringIO(), width=160)
    run_frontier("3", "2", "1s", 0, tmp_path, False, True, console)
    first = json.loads(capsys.readouterr().out)
    assert first["heads"][0]["improved"] and first["never_optimal_from"] == {"3": 4}
    with pytest.raises(ProblemError, match="--resume"):
        run_frontier("3", "2", "1s", 0, tmp_path, False, True, console)
    better = certify(three.heads[3, 2][0][1], {})
    write(better, tmp_path / "k03_q2.json")
    run_frontier("3", "2", "1s", 0, tmp_path, True, False, console)
    assert load_folder(tmp_path)[0].h <= shipped_head(better).h
    assert "from L = 4 on" in console.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
    assert seeded_pool(load_folder(tmp_path)).best(3, 2) < 109


def test_bad_options_are_one_line() -> None:
    assert read_integers("3:5,7", "--K", 3, 9) == [3, 4, 5, 7]
    for text in ("", "2", "x", "3:", "5:3", "99"):
        with pytest.raises(ProblemError, match="--K"):
            read_integers(text, "--K", 3, 9)
