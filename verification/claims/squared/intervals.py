"""Low rank beats DNC on whole intervals of Lambda, above DNC's collapse too: a line a piece, checked at both ends."""

from fractions import Fraction

from dufm.solvers.intervals.intervals import envelope
from dufm.solvers.intervals.options import LEAST_X
from dufm.theory import derivations
from dufm.theory.problem import Problem
from dufm.theory.rational import matrix, squared_norm
from dufm.theory.squared.phi import collapse_ends, phi
from dufm.verification.base.certificate import Certificate, entries, interval_certificate
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.regime import Only, Part, Regime, Wide, stretch
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict

# (K, L) -> hidden width.
CASES = {(3, 4): 4, (6, 4): 13, (7, 3): 7, (10, 3): 10}
REGIME = Regime(
    tuple(
        Part(Only((K,)), Only((L,)), stretch(str(LEAST_X)), Wide(str(width), lambda K, width=width: width))
        for (K, L), width in CASES.items()
    ),
    "and on beyond DNC's collapse",
)
BITS = 30


def exact_lines(certificate: Certificate) -> list[tuple[Fraction, Fraction]]:
    """(a, b) of every piece of an interval certificate, by the theory's arithmetic."""
    K, L = certificate["problem"]["K"], certificate["problem"]["L"]
    model, p = Problem.of(K, L, 1), L + 1
    weights = entries(certificate)
    pieces = [weights[i : i + p] for i in range(0, len(weights), p)]
    return [(model.split(w)[0], sum((squared_norm(matrix(m)) for m in w), Fraction(0)) / 2) for w in pieces]


def at_ends(certificate: Certificate) -> list[Comparison]:
    """Every piece's line against DNC's infimum at both its ends, by the theory's arithmetic."""
    K, L = certificate["problem"]["K"], certificate["problem"]["L"]
    cuts = [K * Fraction(a, b) for a, b in certificate["problem"]["cuts"]]
    return [
        Comparison(a + b * x / K, "<", phi(L, x)[0], what=f"line and DNC at x = {float(x):.5g}, K = {K}, L = {L}")
        for (a, b), *ends in zip(exact_lines(certificate), cuts[:-1], cuts[1:], strict=True)
        for x in ends
    ]


def _intervals(budget: Budget) -> Verdict:
    comparisons, certificates, words, details = [], [], [], {}
    for K, L in CASES:
        found = envelope(K, L)
        if found.gaps:
            return Verdict(Status.UNDECIDED, f"K = {K}, L = {L}: no line found for x in {found.gaps[0]}")
        cover = found.covers[0]
        certificate = interval_certificate(
            K,
            L,
            found.cuts(cover),
            [piece.weights for piece in cover],
            "intervals",
            {
                "rays": ", ".join(dict.fromkeys(piece.ray for piece in cover)),
                "by": "solvers.intervals.intervals, no search",
            },
            BITS,
        )
        certificates.append(certificate)
        comparisons += at_ends(certificate)
        last, collapse = cover[-1].x_to, collapse_ends(L)[1]
        comparisons.append(Comparison(last, ">", collapse, what=f"last x and x*_{L}, K = {K}"))
        words.append(f"({K}, {L}) to {float(last / collapse):.4f} x*_{L}")
        details[f"K{K}_L{L}"] = {
            "x": [str(found.x[0]), str(last)],
            "pieces": len(cover),
            "ratios": [float(found.ratios.min()), float(found.ratios.max())],
        }
    if not all(c.holds for c in comparisons):
        return Verdict(Status.UNDECIDED, "a line found is not below DNC at both ends", tuple(comparisons))
    sentence = f"x from {LEAST_X} without a gap: (K, L) = {', '.join(words)}, beyond DNC's collapse at x*_L."
    return Verdict(Status.CERTIFIED, sentence, tuple(comparisons), tuple(certificates), details)


INTERVALS = (
    Claim(
        "intervals",
        "Low rank beats DNC on a whole interval of Lambda, up to strengths where DNC has collapsed and low rank has "
        "not.",
        REGIME,
        "ours",
        (derivations.envelope, derivations.dnc),
        _intervals,
        Expected(Status.CERTIFIED),
        says="low rank",
        needs=REGIME.intervals(),
    ),
)
