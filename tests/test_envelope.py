"""Rays are lines, their envelope is what the derivation says, covers are gap-free and certified, gaps are told."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from dufm.solvers.intervals.intervals import (
    Envelope,
    best_scales,
    envelope,
    envelope_of,
    known_rays,
    ray_of,
)
from dufm.solvers.intervals.options import EnvelopeOptions
from dufm.solvers.objectives.squared import split
from dufm.theory.derivations.squared.envelope import envelope as proof
from dufm.theory.problem import Problem
from dufm.theory.proof.derivation import proved
from dufm.theory.squared.phi import collapse_threshold, phi
from dufm.theory.squared.structure import total_cost
from dufm.theory.squared.structures import CheapestSum
from dufm.theory.stated import ProblemError
from dufm.verification.base.certificate import interval_certificate
from dufm.verification.checker import check
from dufm.verification.claims.base.claim import Budget
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.squared.intervals import CASES, INTERVALS
from dufm.verification.cli.intervals import run_envelope, x_range


def certify(found: Envelope):
    for cover in found.covers:
        pieces = [piece.weights for piece in cover]
        yield check(json.dumps(interval_certificate(found.K, found.L, found.cuts(cover), pieces, "t", {}, bits=30)))


def test_every_step_of_the_derivation_checks() -> None:
    assert proved(proof().check())


@pytest.mark.parametrize("L", [2, 3, 4, 7])
def test_the_float_phi_agrees_with_the_exact_one(L: int) -> None:
    x = np.array([1e-4, 0.01, 0.1, 0.2, 0.5])
    values, scales = best_scales(L, x)
    for v, s, value in zip(x, scales, values, strict=True):
        low, high = phi(L, Fraction(v))
        assert float(low) - 1e-14 <= value <= float(high) + 1e-14
        assert (s == 0) == (value == 0.5)


@pytest.mark.parametrize("seed", range(5))
def test_a_ray_has_the_lines_and_the_envelope_of_its_weights(seed: int) -> None:
    rng = np.random.default_rng(seed)
    K, L = 3, 3
    problem = Problem.of(K, L, "0.02", width=4)
    weights = [np.abs(rng.normal(size=shape)) for shape in problem.shapes]
    ray = ray_of(problem, weights, "random")
    best = []
    for s in np.linspace(0.05, 1.2, 400):
        scaled = [w * s ** (1 / (L + 1)) for w in ray.weights]
        fit, size = split(problem, scaled)
        a, b = ray.line(L, float(s))
        assert fit == pytest.approx(a, rel=1e-12) and size == pytest.approx(b * 0.02, rel=1e-12)
        best.append(fit + size)
    stated = (1 - ray.kappa) / 2 + ray.kappa * best_scales(L, np.array([ray.cost * 0.02]))[0][0]
    assert stated <= min(*best, 0.5) * (1 + 1e-12) and stated == pytest.approx(min(*best, 0.5), rel=1e-4)


def test_known_structures_have_their_cost_and_leave_out_what_does_not_fit() -> None:
    for K, L in CASES:
        ray = known_rays(K, L)[0]
        assert ray.kappa == pytest.approx(1, rel=1e-12)
        assert ray.cost == pytest.approx(float(total_cost(CheapestSum(), K, L)), rel=1e-9)
    assert [round(ray.kappa, 9) for ray in known_rays(4, 4)] == [1, 0.75], "three of four classes cost less a class"
    assert known_rays(3, 3) == [] and known_rays(6, 4, width=10) == []
    with pytest.raises(ProblemError, match="positive trace"):
        ray_of(Problem.of(2, 1, 1), [np.eye(2), -np.eye(2)], "negative")


@pytest.mark.parametrize(("K", "L"), [*CASES, (4, 4)])
def test_a_winning_structure_covers_everything_without_a_search(K: int, L: int) -> None:
    found = envelope(K, L)
    (result,) = certify(found)
    assert result.ok and not found.gaps and len(found.covers) == 1 and not found.searched
    cover = found.covers[0]
    assert cover[0].x_from == Fraction(1, 10**4) and cover[-1].x_to == found.x[-1]
    assert all(p.x_to == q.x_from for p, q in zip(cover, cover[1:], strict=False))
    least = min(ray.cost for ray in found.rays)
    assert float(cover[-1].x_to) == pytest.approx(float(collapse_threshold(L)) * K / least, rel=2e-3)
    assert float(cover[-1].x_to) > float(collapse_threshold(L)), "beyond DNC's collapse"
    worst = max(r for p in cover for r in p.ratios)
    assert float(result.facts["worst_ratio"]) == pytest.approx(worst, abs=1e-6) and worst < 1


def test_searches_lower_the_envelope_widen_the_strip_and_repeat_bit_for_bit() -> None:
    before = envelope(3, 4)
    found, again = (envelope(3, 4, EnvelopeOptions(searches=2, restarts=24, seed=3, threads=t)) for t in (1, 2))
    assert [s[1] for s in found.searched] == [3, 4]
    assert found.x[-1] > before.x[-1] and found.ratios.min() < before.ratios.min() - 0.01
    assert found.x == again.x and np.array_equal(found.ratios, again.ratios)
    assert all(result.ok for result in certify(found)) and not found.gaps


def test_gaps_are_told() -> None:
    nothing = envelope(3, 3)
    assert nothing.covers == () and nothing.gaps == ((nothing.x[0], nothing.x[-1]),)
    assert (nothing.ratios == 1).all()
    beyond = envelope(3, 4, EnvelopeOptions(x_to="1"))
    (gap,) = beyond.gaps
    assert gap == (beyond.covers[0][-1].x_to, 1) and float(gap[0]) == pytest.approx(0.2148, abs=2e-4)
    alone = envelope_of(4, 4, known_rays(4, 4)[1:], Fraction(1, 10), None)
    assert len(alone.gaps) == 1 and alone.gaps[0][0] == Fraction(1, 10), "three of four classes win near collapse only"
    assert [result.ok for result in certify(alone)] == [True]


def test_the_claim_is_certified() -> None:
    (claim,) = INTERVALS
    verdict = claim.check(Budget("test", 1))
    assert verdict.status is Status.CERTIFIED and len(verdict.certificates) == len(CASES)
    for certificate in verdict.certificates:
        assert check(json.dumps(certificate)).ok
        certificate["problem"]["cuts"][-1][0] *= 2
        assert not check(json.dumps(certificate)).ok


def test_the_command_tells_writes_and_rechecks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(width=120)
    first, last = x_range("1e-4:1")
    options = EnvelopeOptions(x_from=first, x_to=last)
    assert run_envelope(6, 4, options, tmp_path, False, console) == 0
    told = capsys.readouterr().out
    assert "certified: x = K Lambda in [0.0001, 0.2306" in told and "not covered: x in [0.2306" in told
    assert check((tmp_path / "K6_L4.json").read_bytes()).ok and "accepted by checker.py" in told
    assert run_envelope(3, 3, EnvelopeOptions(), tmp_path, True, console) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["covers"] == [] and record["worst"] is None and len(record["not_covered"]) == 1


@pytest.mark.parametrize("text", ["1", "a:b", "nan:1", "1:b", ":"])
def test_a_range_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ProblemError, match="--x must be"):
        x_range(text)


@pytest.mark.parametrize("options", [{"x_from": 0}, {"x_from": -1}, {"x_to": "1e-5"}, {"searches": -1}, {"width": 2}])
def test_options_that_make_no_sense_are_refused(options: dict) -> None:
    with pytest.raises(ProblemError, match="must"):
        envelope(3, 4, EnvelopeOptions(**options))
