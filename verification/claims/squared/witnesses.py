"""Three layers: shipped witnesses, re-checked in exact arithmetic every time."""

import json
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from dufm.solvers.base.shipped import shipped
from dufm.theory import derivations
from dufm.theory.problem import Problem
from dufm.theory.squared.phi import phi_of_power
from dufm.verification.base.certificate import entries
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.regime import Only, Part, Regime, at
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict

FOLDER = shipped("verification/witnesses")
# Classes -> neurons of the widest layer beyond K.
CLASSES = {7: 0, 8: 3, 9: 1, 10: 0, 12: 5, 15: 5}
REGIMES = {K: Regime((Part(Only((K,)), Only((3,)), at("0.015"), wider),)) for K, wider in CLASSES.items()}


def _file(K: int) -> Path:
    return FOLDER / f"l3_k{K:02d}.json"


def measured(certificate: dict[str, Any]) -> tuple[Problem, Fraction, Fraction]:
    """The problem of a point certificate, the loss of its weights, exact, and a lower bound of DNC's."""
    stated = certificate["problem"]
    strengths = tuple(Fraction(a, b) for a, b in stated["lambdas"])
    problem = Problem(stated["K"], stated["L"], strengths, width=stated["K"], n=stated["n"])
    return problem, problem.objective(entries(certificate)), phi_of_power(problem.L, problem.x_power)[0]


def _witness(K: int, budget: Budget) -> Verdict:
    certificate = json.loads(_file(K).read_text())
    problem, loss, below = measured(certificate)
    comparison = Comparison(loss, "<", below, what="witness loss, DNC infimum (exact rationals)")
    details = {"loss": float(loss), "dnc": float(below), "ratio": float(loss / below)}
    details["found_by"] = certificate.get("found_by", {})
    if not comparison.holds:
        return Verdict(Status.REFUTED, "the shipped witness is not below DNC", (comparison,), details=details)
    sentence = f"A witness has {details['ratio']:.5f} of DNC's loss at x = {float(problem.x):.4g}."
    return Verdict(Status.CERTIFIED, sentence, (comparison,), (certificate,), details)


WITNESSES = tuple(
    Claim(
        f"depth3-K{K}",
        f"At three layers low rank beats DNC for K = {K}, with finite-strength loss well below the exact heads'.",
        REGIMES[K],
        "ours",
        (derivations.dnc, derivations.reductions),
        partial(_witness, K),
        Expected(Status.CERTIFIED),
        says="low rank",
        needs=REGIMES[K].points(),
    )
    for K in CLASSES
)
