"""Strong regularisation at two and three layers: shipped interval witnesses, re-checked in exact arithmetic every time.

A piece of such a witness is one set of weights; its loss is a line in Lambda, DNC's infimum is concave (derivation
`envelope`), so two comparisons a piece settle all strengths between.
"""

import json
from fractions import Fraction

from dufm.theory import derivations
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.regime import Only, Part, Regime, Wide, stretch
from dufm.verification.claims.base.verdict import Status, Verdict
from dufm.verification.claims.squared.intervals import at_ends
from dufm.verification.claims.squared.witnesses import FOLDER

# (K, L) with a shipped file: x from, x to, hidden width.
STRETCHES = {
    (4, 3): ("0.25797", "0.27379", 6),
    (5, 3): ("0.20208", "0.27773", 9),
    (6, 3): ("0.068465", "0.28135", 9),
    (7, 2): ("0.3651", "0.40516", 8),
    (8, 2): ("0.34357", "0.40585", 10),
    (9, 2): ("0.35029", "0.40525", 13),
    (10, 2): ("0.34182", "0.40374", 12),
    (11, 2): ("0.21564", "0.41169", 14),
    (12, 2): ("0.19276", "0.40814", 15),
    (13, 2): ("0.2159", "0.41222", 16),
    (14, 2): ("0.17824", "0.41044", 18),
}
CASES = tuple(STRETCHES)
REGIME = Regime(
    tuple(
        Part(Only((K,)), Only((L,)), stretch(low, high), Wide(str(width), lambda K, width=width: width))
        for (K, L), (low, high, width) in STRETCHES.items()
    )
)


def _strips(budget: Budget) -> Verdict:
    comparisons, certificates, words, details = [], [], [], {}
    for K, L in CASES:
        certificate = json.loads((FOLDER / f"strip_l{L}_k{K:02d}.json").read_text())
        cuts = [K * Fraction(a, b) for a, b in certificate["problem"]["cuts"]]
        comparisons += at_ends(certificate)
        certificates.append(certificate)
        words.append(f"({K}, {L}): [{float(cuts[0]):.4f}, {float(cuts[-1]):.4f}]")
        details[f"K{K}_L{L}"] = {"x": [str(cuts[0]), str(cuts[-1])], "found_by": certificate["found_by"]}
    if not all(c.holds for c in comparisons):
        failed = next(c for c in comparisons if not c.holds)
        return Verdict(Status.REFUTED, f"a shipped witness fails: {failed.what}", tuple(comparisons), details=details)
    sentence = f"x without a gap for (K, L) = {', '.join(words)}."
    return Verdict(Status.CERTIFIED, sentence, tuple(comparisons), tuple(certificates), details)


STRIPS = (
    Claim(
        "strips",
        "At two and three layers low rank beats DNC on whole intervals of strong regularisation, also where it is not "
        "known to at weak.",
        REGIME,
        "ours; for L = 2 see two-layers-low-rank on Tirer and Bruna (2202.08087)",
        (derivations.envelope, derivations.dnc),
        _strips,
        Expected(Status.CERTIFIED),
        says="low rank",
        needs=REGIME.intervals(),
    ),
)
