"""One threshold a cell: the theorem on real weights, the Z-test on random networks, the boxes, and the command."""

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from typer.testing import CliRunner

from dufm.theory.derivations.squared.optimal_three import SCALE, STRENGTH
from dufm.theory.problem import Problem
from dufm.theory.proof.derivation import name_of
from dufm.theory.squared.boxes import ONE, Bounds, boxes_closed
from dufm.theory.squared.phi import phi_of_power
from dufm.theory.stated import ProblemError
from dufm.verification.base.exact import rational
from dufm.verification.claims import CLAIMS, claim_named
from dufm.verification.claims.base.claim import BUDGETS
from dufm.verification.claims.base.conclusions import uncovered
from dufm.verification.claims.base.regime import BELOW, EVERY, Only, Part, Regime, Strengths, stretch
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.brackets import thresholds
from dufm.verification.claims.squared.thresholds import LEAST
from dufm.verification.claims.squared.witnesses import FOLDER
from dufm.verification.cli.app import app


def random_weights(rng: np.random.Generator, columns: int) -> np.ndarray:
    P = rng.normal(size=(rng.integers(columns, 7), columns)) * np.exp(rng.normal(size=columns))
    if rng.random() < 0.3:
        P = P[:2]
    return P + rng.choice([0, 0.5, 2]) * np.abs(rng.normal(size=P.shape))


def bounds(s: np.ndarray) -> tuple[float, float]:
    a, b, c = s
    chord = a + b + (c**2 * (1 / b + (b**2 - c**2) / (a * b * (a + b))) if c > 0 else 0.0)
    return b + 2 * np.sqrt(a * c), chord


def test_the_nuclear_norm_is_above_both_bounds_of_the_z_test() -> None:
    rng = np.random.default_rng(0)
    least = [np.inf, np.inf]
    for _ in range(4000):
        P = random_weights(rng, 3)
        s = np.zeros(3)
        values = np.linalg.svd(np.maximum(P, 0), compute_uv=False)
        s[: len(values)] = values
        if s[1] < 1e-9:
            continue
        nuclear = np.linalg.norm(P, "nuc")
        least = [min(old, nuclear / bound) for old, bound in zip(least, bounds(s), strict=True)]
    assert min(least) >= 1 - 1e-12
    assert max(bounds(np.ones(3))) == pytest.approx(3), "both are the norm itself at the identity"


def test_no_random_network_of_three_classes_is_below_dnc_where_it_is_proved_optimal() -> None:
    rng, x = np.random.default_rng(1), float(STRENGTH)
    u = float(SCALE)
    ratios = []
    for _ in range(4000):
        P = random_weights(rng, 3)
        F = np.maximum(P, 0)
        for scale in (0.3, 0.6, 0.83, 1.0):
            A = scale**2 * F.T @ F / max(np.linalg.norm(F, 2) ** 2, 1e-12)
            norm = scale * np.linalg.norm(P, "nuc") / max(np.linalg.norm(F, 2), 1e-6)
            ratios.append((np.trace(np.linalg.inv(A + x * np.eye(3))) + 2 * norm) / (3 / u + 6 * u**2))
    assert min(ratios) >= 1


def test_boxes_close_below_the_strength_of_the_theorem_and_not_everywhere() -> None:
    counts = [boxes_closed(Fraction(u)) for u in ("99/100", "9/10", "17/20")]
    assert all(counts) and counts == sorted(counts)  # pyright: ignore[reportArgumentType]
    assert boxes_closed(Fraction(163, 200)) is None, "the two bounds do not suffice up to the collapse"
    with pytest.raises(ValueError, match="u must have"):
        boxes_closed(Fraction(3, 4))


def test_a_box_closes_only_if_a_bound_holds_at_its_points_and_nearly_always_then() -> None:
    # So close to the collapse that both bounds fail somewhere, near the point below.
    rng, u = np.random.default_rng(2), 0.8
    x, wanted, exact = u - u**4, 3 / u + 6 * u**2, Bounds(Fraction(4, 5))
    both_fail = np.array([0.906, 0.7, 0.331])

    def phi(s: float) -> float:
        return 1 / (s**2 + x) + 2 * s

    outcomes = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
    for _ in range(4000):
        near = both_fail + rng.uniform(-0.1, 0.1, size=3)
        s = np.sort(near if rng.random() < 0.5 else rng.uniform(0.02, 1.5, size=3))[::-1]
        wide = rng.choice([1e-9, 1e-3, 0.05])
        box = [(round(v * ONE), round(v * (1 + wide) * ONE)) for v in s]
        points = [rng.uniform(low, high, size=8) / ONE for low, high in box]
        a, b, c = (np.array(p) for p in points)
        first = phi(b) + 1 / (a**2 + x) + 1 / (c**2 + x) + 4 * np.sqrt(a * c)
        chord = c**2 * (1 / b + (b**2 - c**2) / (a * b * (a + b)))
        second = phi(a) + phi(b) + 1 / (c**2 + x) + 2 * chord
        held = bool(np.maximum(first, second).min() >= wanted)
        closes = exact.closes((box[0], box[1], box[2]))
        assert held or not closes
        assert not exact.far((box[0], box[1], box[2])) or (a * c).min() >= x
        if wide < 1e-6:
            outcomes[held, closes] += 1
    assert outcomes[True, False] <= 1 and min(outcomes[True, True], outcomes[False, False]) > 20


@pytest.mark.parametrize("cell", [(2, 4), (2, 14), (3, 6)], ids=str)
def test_weights_below_dnc_are_below_it_at_every_larger_x_when_scaled_as_the_theorem_says(
    cell: tuple[int, int],
) -> None:
    L, K = cell
    certificate = json.loads((FOLDER / "thresholds" / f"l{L}_k{K:02d}.json").read_text())
    weights = [np.array([[x / m["den"] for x in row] for row in m["rows"]]) for m in certificate["witness"]]
    x_1, p = float(Fraction(LEAST[cell][0])), L + 1

    def output_of_dnc(x: float) -> float:
        """The largest T with x = T^(1 - 2/p) (1 - T)."""
        low, high = (p - 2) / (p - 1), 1.0
        for _ in range(100):
            middle = (low + high) / 2
            low, high = (middle, high) if middle ** (1 - 2 / p) * (1 - middle) > x else (low, middle)
        return low

    before = 0.0
    for share in np.linspace(0, 1, 9):
        collapse = (1 / L) * ((L - 1) / L) ** ((L - 1) / (L + 1))
        x = x_1 + share * (collapse - x_1)
        scale = (output_of_dnc(x) / output_of_dnc(x_1)) ** (1 / p)
        problem = Problem.of(K, L, Fraction(x) / K, width=K)
        loss = float(problem.objective([rational(scale * w) for w in weights]))
        dnc = float(phi_of_power(L, Fraction(x) ** p)[1])
        assert loss < dnc
        gap = (dnc - loss) / output_of_dnc(x)
        assert gap > before, "G(T) falls as T does"
        before = gap


def test_brackets_rest_on_claims_that_hold() -> None:
    def proved(label: str) -> Status:
        return claim_named(label).expected.quick

    t = thresholds(4, 2, CLAIMS, proved)
    assert [end.x for end in t.critical] == [0, Fraction("0.395198")] and not t.settled
    assert t.critical[1].claim == "thresholds" and t.empty[1].claim == "zero-optimal"
    t = thresholds(3, 2, CLAIMS, proved)
    assert t.critical[0].x == STRENGTH and t.critical[1].x >= t.collapse[0]
    assert thresholds(20, 2, CLAIMS, proved).critical[1].x == 0
    assert thresholds(5, 7, CLAIMS, proved).settled and thresholds(2, 9, CLAIMS, proved).shares() == (1, 1)
    assert thresholds(12, 2, CLAIMS, proved).critical[1].x == Fraction("0.189462"), "eleven classes and one of DNC"
    for broken in ("thresholds", "one-threshold"):
        t = thresholds(4, 2, CLAIMS, lambda c, b=broken: Status.UNDECIDED if c == b else proved(c))
        assert t.critical[1].claim != "thresholds"
    with pytest.raises(ProblemError):
        thresholds(1, 2, CLAIMS, proved)


def test_the_claims_are_proved_and_a_worse_witness_is_not() -> None:
    for label in ("one-threshold", "thresholds"):
        assert claim_named(label).check(BUDGETS["quick"]).status is Status.PROVED


def test_a_regime_beyond_what_is_proved_is_refused() -> None:
    def beyond(label: str, parts: tuple[Part, ...]) -> str:
        claim = claim_named(label)
        return uncovered(Regime(parts), claim.says, [name_of(s) for s in claim.rests_on], claim.needs)  # pyright: ignore

    three = Part(Only((3,)), Only((2,)), Strengths(high=STRENGTH))
    assert not beyond("three-classes-optimal", (three,))
    for x in (BELOW, EVERY, Strengths(high=STRENGTH + Fraction(1, 1000))):
        assert beyond("three-classes-optimal", (replace(three, x=x),)) == "K = 3, L = 2"
    regime = claim_named("thresholds").regime
    assert isinstance(regime, Regime) and not beyond("thresholds", regime.parts)
    first, *others = regime.parts
    assert beyond("thresholds", (replace(first, x=stretch("0.39")), *others)) == "K = 4, L = 2"
    assert beyond("thresholds", tuple(replace(part, width=0) for part in regime.parts)).startswith("K = 4, L = 3")
    assert "0.361749" in str(claim_named("three-classes-optimal").regime)


def test_the_command_prints_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    done = CliRunner().invoke(app, ["threshold", "--K", "2,15", "--L", "2", "--json"])
    first, second = json.loads(done.stdout)
    assert first["settled"] and first["x_c_over_collapse"] == [1, 1] and first["x_c"][0]["claim"] == "two-classes"
    by = {"claim": "two-layers-low-rank", "also": [], "status": "PROVED"}
    assert second["x_c"][1] == {"x": "0", "value": 0.0, **by, "width": 20}
    assert second["x_e"][0]["also"] == ["beyond-collapse"] and second["x_e"][1]["claim"] == "zero-optimal"
    assert CliRunner().invoke(app, ["threshold", "--K", "1"]).exit_code != 0
