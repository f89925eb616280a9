"""The registry: every claim, in the order of the story."""

from fnmatch import fnmatchcase

from theory.problem import ProblemError
from verification.claim import Claim
from verification.claims.algebra import ALGEBRA
from verification.claims.bounds import BOUNDS
from verification.claims.ce import CE, CE_CROSSINGS
from verification.claims.ce_hessian import CE_HESSIAN
from verification.claims.ce_regimes import CE_REGIMES
from verification.claims.ce_searched import CE_SEARCHED
from verification.claims.frontier import FRONTIER
from verification.claims.heads import HEADS
from verification.claims.intervals import INTERVALS
from verification.claims.jumps import JUMPS
from verification.claims.jumps_chains import JUMPS_CHAINS
from verification.claims.networks import NETWORKS
from verification.claims.rank_two import RANK_TWO
from verification.claims.rank_two_dynamics import RANK_TWO_DYNAMICS
from verification.claims.rank_two_measured import RANK_TWO_MEASURED
from verification.claims.rfm import RFM
from verification.claims.rfm_limits import RFM_LIMITS
from verification.claims.rfm_measured import RFM_MEASURED
from verification.claims.searched import SEARCHED
from verification.claims.strips import STRIPS
from verification.claims.strong import STRONG
from verification.claims.training import TRAINING
from verification.claims.witnesses import WITNESSES

CLAIMS: tuple[Claim, ...] = (
    *ALGEBRA,
    *BOUNDS,
    *HEADS,
    *FRONTIER,
    *WITNESSES,
    *STRONG,
    *STRIPS,
    *INTERVALS,
    *SEARCHED,
    *CE,
    *CE_HESSIAN,
    *CE_CROSSINGS,
    *CE_REGIMES,
    *CE_SEARCHED,
    *TRAINING,
    *JUMPS,
    *JUMPS_CHAINS,
    *RANK_TWO,
    *RANK_TWO_MEASURED,
    *RANK_TWO_DYNAMICS,
    *RFM,
    *RFM_LIMITS,
    *RFM_MEASURED,
    *NETWORKS,
)


def claim_named(label: str) -> Claim:
    """The claim of that label.

    Raises:
        ProblemError: for a label that is not registered, with those that are.
    """
    for claim in CLAIMS:
        if claim.label == label:
            return claim
    raise ProblemError(f"claim must be one of {', '.join(c.label for c in CLAIMS)}, got {label!r}")


def select(patterns: str | None) -> tuple[Claim, ...]:
    """Claims whose label matches any of the comma-separated patterns (shell wildcards); all of them for None.

    Raises:
        ProblemError: if a pattern matches no claim.
    """
    if patterns is None:
        return CLAIMS
    wanted = [p.strip() for p in patterns.split(",")]
    for pattern in wanted:
        if not any(fnmatchcase(c.label, pattern) for c in CLAIMS):
            raise ProblemError(
                f"--only must match a claim label ({', '.join(c.label for c in CLAIMS)}), got {pattern!r}"
            )
    return tuple(c for c in CLAIMS if any(fnmatchcase(c.label, pattern) for pattern in wanted))
