"""Writes `rocq/Certificates.v`, the certificates of the headline theorems: `python -m verification.formal.headline`."""

import json
import sys
from fractions import Fraction
from math import lcm

from flint import fmpq_mat

from dufm.theory.rational import matrix, to_lists
from dufm.theory.squared.cuts import neurons
from dufm.theory.squared.halves import half_weights
from dufm.theory.squared.srg import incidence
from dufm.verification.base.certificate import Certificate, entries, interval_certificate
from dufm.verification.claims import claim_named
from dufm.verification.claims.base.claim import BUDGETS
from dufm.verification.claims.ce.relu import FOUND, SHIPPED, certificate
from dufm.verification.claims.squared.lower_bounds import HALF, shipped
from dufm.verification.claims.squared.thresholds import LEAST, witness
from dufm.verification.formal.export import Matrix, certificate_term, unit_term
from dufm.verification.formal.term import HEADER, Term

TITLE = "(* The certificates behind the headline theorems: {}. Written by verification/formal/headline.py. *)\n"
HEADS = ("four-layers", "three-layers")
HALVES_NC2 = next(case for case in SHIPPED if (case.rival, case.L) == ("nc2", 2))
NEAR = 1 + Fraction(1, 10**6)  # the weights of a threshold, for the kernel on an interval from its x to this multiple
FEWER = (26, 27)  # of the 28 classes of halves, that beat NC2 alone too; 27 with more classes beside them
LOWER = {"loss_two": (10, 2, HALF[2]), "loss_three": (10, 3, HALF[3]),
         "cost_two": (4, 2, Fraction(0)), "cost_three": (4, 3, Fraction(0))}  # fmt: skip
ORDER = 6  # the halvings of six vertices: the first of their family below DNC


def headline_file() -> str:
    """The text of `rocq/Certificates.v`."""
    terms: dict[str, Term] = {label.replace("-", "_"): certificate_term(_certificate(label)) for label in HEADS}
    for (L, K), (x, _) in LEAST.items():
        cuts = [Fraction(x) / K, Fraction(x) / K * NEAR]
        terms[f"near_{L}_{K}"] = certificate_term(
            interval_certificate(K, L, cuts, [entries(witness(K, L))], "thresholds", {})
        )
    for case in (*SHIPPED, *FOUND):
        if case != HALVES_NC2:
            terms[f"{case.rival}_{case.L}_{case.K}"] = certificate_term(certificate(case))
    for K in FEWER:
        terms[f"nc2_2_{K}"] = certificate_term(
            first_classes(certificate(HALVES_NC2), K, ["classes"] * (K == FEWER[-1]))
        )
    for name, cell in LOWER.items():
        terms[name] = certificate_term(shipped(*cell))
    terms["halves"] = unit_term(ORDER * (ORDER - 1) // 2, halves_factors(ORDER))
    names = ", ".join(terms)
    return TITLE.format(names) + HEADER + "".join(f"\n{term.accepted(name)}" for name, term in terms.items())


def halves_factors(order: int) -> list[Matrix]:
    """H_1 = (I - J/r) M / 2, the signs W_1 and the read-out W_2 of the halves, integers over a denominator each."""
    M = matrix(incidence(order))
    centre = matrix([[Fraction(int(i == j)) - Fraction(1, order) for j in range(order)] for i in range(order)])
    return [_integers(x) for x in (centre * M / 2, neurons(order, order // 2), half_weights(order // 2)[1])]


def first_classes(original: Certificate, K: int, more: list[str]) -> Certificate:
    """A certificate of kind "margin" of K of its classes only: as many columns of H_1 and rows of W_L."""
    part = json.loads(json.dumps(original))
    first, *_, final = part["witness"]
    part["problem"] |= {"K": K, "more": more}
    first["rows"], final["rows"] = [row[:K] for row in first["rows"]], final["rows"][:K]
    return part


def _certificate(label: str) -> Certificate:
    return claim_named(label).check(BUDGETS["quick"]).certificates[0]


def _integers(x: fmpq_mat) -> Matrix:
    rows = to_lists(x)
    den = lcm(*(entry.denominator for row in rows for entry in row))
    return [[int(entry * den) for entry in row] for row in rows], den


if __name__ == "__main__":
    sys.stdout.write(headline_file())
