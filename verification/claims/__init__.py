"""The registry: every claim, in the order of the story."""

from fnmatch import fnmatchcase

from theory.problem import ProblemError
from verification.claims.base.claim import Claim
from verification.claims.ce.hessian import CE_HESSIAN
from verification.claims.ce.regimes import CE_REGIMES
from verification.claims.ce.searched import CE_SEARCHED
from verification.claims.ce.structures import CE, CE_CROSSINGS
from verification.claims.jumps.chains import JUMPS_CHAINS
from verification.claims.jumps.exact import JUMPS
from verification.claims.rank_two.dynamics import RANK_TWO_DYNAMICS
from verification.claims.rank_two.exact import RANK_TWO
from verification.claims.rank_two.measured import RANK_TWO_MEASURED
from verification.claims.rfm.exact import RFM
from verification.claims.rfm.limits import RFM_LIMITS
from verification.claims.rfm.measured import RFM_MEASURED
from verification.claims.squared.algebra import ALGEBRA
from verification.claims.squared.bounds import BOUNDS
from verification.claims.squared.heads import HEADS
from verification.claims.squared.intervals import INTERVALS
from verification.claims.squared.near_collapse import STRONG
from verification.claims.squared.searched import SEARCHED
from verification.claims.squared.shipped_heads import FRONTIER
from verification.claims.squared.strips import STRIPS
from verification.claims.squared.witnesses import WITNESSES
from verification.claims.training.descent import TRAINING
from verification.claims.training.networks import NETWORKS

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
