"""One threshold a cell: the theorem, and shipped weights at the least x known, each a win from there to collapse."""

import json
from fractions import Fraction

from dufm.theory import derivations
from dufm.theory.derivations.squared import four_classes, three_layers_optimal
from dufm.theory.derivations.squared.optimal_three import SCALE, STRENGTH
from dufm.theory.squared.boxes import boxes_closed
from dufm.theory.squared.crossed_three import crossed_boxes
from dufm.verification.base.certificate import Certificate
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.regime import EVERY, From, Only, Part, Regime, Strengths, stretch
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict
from dufm.verification.claims.squared.witnesses import FOLDER, measured

# (L, K) with a shipped file -> the x of its weights and the neurons of its widest layer beyond K.
LEAST = {
    (2, 4): ("0.395198", 0),
    (2, 5): ("0.37049", 0),
    (2, 6): ("0.364404", 0),
    (2, 7): ("0.358189", 3),
    (2, 8): ("0.326218", 2),
    (2, 9): ("0.317368", 3),
    (2, 10): ("0.285204", 3),
    (2, 11): ("0.189462", 3),
    (2, 13): ("0.176405", 6),
    (2, 14): ("0.034761", 6),
    (3, 4): ("0.253874", 2),
    (3, 5): ("0.195624", 11),
    (3, 6): ("0.063102", 6),
}
REGIME = Regime(tuple(Part(From(K), Only((L,)), stretch(x), wider) for (L, K), (x, wider) in LEAST.items()))


def witness(K: int, L: int) -> Certificate:
    """The shipped certificate at the least x of a cell of LEAST."""
    return json.loads((FOLDER / "thresholds" / f"l{L}_k{K:02d}.json").read_text())


def _one_threshold(budget: Budget) -> Verdict:
    return by_derivation("A win at one x is a win up to collapse; optimality at one x is optimality below it.")


def _thresholds(budget: Budget) -> Verdict:
    comparisons, certificates, details = [], [], {}
    for (L, K), (x, _) in LEAST.items():
        certificate = witness(K, L)
        problem, loss, below = measured(certificate)
        comparisons.append(Comparison(problem.x_power, "==", Fraction(x) ** (L + 1), what=f"x^{L + 1}, ({K}, {L})"))
        comparisons.append(Comparison(loss, "<", below, what=f"loss of the weights and DNC, ({K}, {L}), x = {x}"))
        certificates.append(certificate)
        details[f"K{K}_L{L}"] = {"x": x, "ratio": float(loss / below)}
    cells = ", ".join(f"({K}, {L}) from {x}" for (L, K), (x, _) in LEAST.items())
    return by_derivation(f"Low rank wins, and for all larger K, at {cells}.", comparisons, certificates, details)


def _three_classes(budget: Budget) -> Verdict:
    boxes = boxes_closed(SCALE)
    words = (
        f"No network is below DNC at x = {float(STRENGTH):.6f}, so at no smaller x; {boxes} boxes of singular values."
    )
    return by_derivation(words, details={"boxes": boxes})


def _three_layers(budget: Budget) -> Verdict:
    boxes = crossed_boxes(three_layers_optimal.SCALE)
    words = (
        f"No network is below DNC at x = {float(three_layers_optimal.STRENGTH):.6f}, so at no smaller x; {boxes} boxes."
    )
    return by_derivation(words, details={"boxes": boxes})


def _four_classes(budget: Budget) -> Verdict:
    words = f"A path with a loop, in closed form, is below DNC from x = {float(four_classes.STRENGTH):.6f} to collapse."
    return by_derivation(words)


# What carries one strength to others.
ONE_THRESHOLD = (
    derivations.dnc,
    derivations.reductions,
    derivations.head,
    derivations.direct_sum,
    derivations.threshold,
)

THRESHOLDS = (
    Claim(
        "one-threshold",
        "For every K and L there are x_c <= x* <= x_e: DNC is optimal below x_c, some network wins between x_c and "
        "x_e, zero weights are optimal beyond.",
        Regime((Part(From(2), From(1), EVERY),)),
        "ours",
        ONE_THRESHOLD,
        _one_threshold,
        Expected(Status.PROVED),
    ),
    Claim(
        "thresholds",
        "At two layers for every K >= 4 and at three for every K >= 4 DNC is not optimal near its collapse: x_c is at "
        "most the x listed.",
        REGIME,
        "ours",
        ONE_THRESHOLD,
        _thresholds,
        Expected(Status.PROVED),
        says="low rank",
        needs=tuple(
            need
            for part, (x, _) in zip(REGIME.parts, LEAST.values(), strict=True)
            for need in Regime((part,)).points(x)
        ),
    ),
    Claim(
        "three-classes-optimal",
        "For three classes and two relu layers DNC is globally optimal up to 0.9115 of its collapse, whatever the "
        "output.",
        Regime((Part(Only((3,)), Only((2,)), Strengths(high=STRENGTH)),)),
        "ours; Tirer and Bruna (2202.08087) have it for every K under a further hypothesis, see two-layers-low-rank",
        (
            *ONE_THRESHOLD,
            derivations.z_test,
            derivations.optimal_three,
        ),
        _three_classes,
        Expected(Status.PROVED),
        says="dnc",
    ),
    Claim(
        "three-classes-optimal-three-layers",
        "For three classes and three relu layers DNC is globally optimal up to 0.2257 of its collapse, whatever the "
        "output.",
        Regime((Part(Only((3,)), Only((3,)), Strengths(high=three_layers_optimal.STRENGTH)),)),
        "ours",
        (
            *ONE_THRESHOLD,
            derivations.z_test,
            derivations.three_layers_nu,
            derivations.three_layers_value,
            derivations.three_layers,
            derivations.three_layers_optimal,
        ),
        _three_layers,
        Expected(Status.PROVED),
        says="dnc",
    ),
    Claim(
        "four-classes-two-layers",
        "At two layers and four classes a network in closed form, a weighted path with a loop, beats DNC near its "
        "collapse.",
        Regime((Part(Only((4,)), Only((2,)), Strengths(four_classes.STRENGTH, "collapse")),)),
        "ours",
        (
            *ONE_THRESHOLD,
            derivations.four_classes,
        ),
        _four_classes,
        Expected(Status.PROVED),
    ),
)
