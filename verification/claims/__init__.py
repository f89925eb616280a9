"""The registry: every claim, in the order of the story."""

from fnmatch import fnmatchcase

from dufm.theory.stated import ProblemError, listed
from dufm.verification.claims.base.claim import Claim
from dufm.verification.claims.ce.hessian import CE_HESSIAN
from dufm.verification.claims.ce.last_bias import CE_LAST_BIAS
from dufm.verification.claims.ce.regimes import CE_REGIMES
from dufm.verification.claims.ce.relu import CE_RELU
from dufm.verification.claims.ce.searched import CE_SEARCHED
from dufm.verification.claims.ce.structures import CE, CE_CROSSINGS
from dufm.verification.claims.jumps.chains import JUMPS_CHAINS
from dufm.verification.claims.jumps.exact import JUMPS
from dufm.verification.claims.rank_two.dynamics import RANK_TWO_DYNAMICS
from dufm.verification.claims.rank_two.exact import RANK_TWO
from dufm.verification.claims.rank_two.measured import RANK_TWO_MEASURED
from dufm.verification.claims.rfm.exact import RFM
from dufm.verification.claims.rfm.limits import RFM_LIMITS
from dufm.verification.claims.rfm.measured import RFM_MEASURED
from dufm.verification.claims.squared.algebra import ALGEBRA
from dufm.verification.claims.squared.beyond import BEYOND
from dufm.verification.claims.squared.bounds import BOUNDS
from dufm.verification.claims.squared.carried import CARRIED
from dufm.verification.claims.squared.heads import HEADS
from dufm.verification.claims.squared.intervals import INTERVALS
from dufm.verification.claims.squared.leaky_heads import LEAKY_HEADS
from dufm.verification.claims.squared.lower_bounds import LOWER_BOUNDS
from dufm.verification.claims.squared.near_collapse import STRONG
from dufm.verification.claims.squared.searched import SEARCHED
from dufm.verification.claims.squared.shipped_heads import FRONTIER
from dufm.verification.claims.squared.skips import SKIPS
from dufm.verification.claims.squared.strips import STRIPS
from dufm.verification.claims.squared.thresholds import THRESHOLDS
from dufm.verification.claims.squared.variants import VARIANTS
from dufm.verification.claims.squared.variants_searched import VARIANTS_SEARCHED
from dufm.verification.claims.squared.within_class import WITHIN_CLASS
from dufm.verification.claims.squared.witnesses import WITNESSES
from dufm.verification.claims.squared.zero_weights import ZERO_WEIGHTS
from dufm.verification.claims.training.descent import TRAINING
from dufm.verification.claims.training.networks import NETWORKS

CLAIMS: tuple[Claim, ...] = (
    *ALGEBRA,
    *BOUNDS,
    *HEADS,
    *FRONTIER,
    *WITNESSES,
    *STRONG,
    *THRESHOLDS,
    *BEYOND,
    *LOWER_BOUNDS,
    *CARRIED,
    *ZERO_WEIGHTS,
    *STRIPS,
    *INTERVALS,
    *SEARCHED,
    *VARIANTS,
    *LEAKY_HEADS,
    *WITHIN_CLASS,
    *SKIPS,
    *VARIANTS_SEARCHED,
    *CE,
    *CE_LAST_BIAS,
    *CE_HESSIAN,
    *CE_CROSSINGS,
    *CE_REGIMES,
    *CE_RELU,
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
    accepted, found = listed(label, (c.label for c in CLAIMS), "dufm claims")
    raise ProblemError(f"claim must be {accepted}, got {found}")


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
            accepted, found = listed(pattern, (c.label for c in CLAIMS), "dufm claims")
            raise ProblemError(f"--only must match a claim label, {accepted}, got {found}")
    return tuple(c for c in CLAIMS if any(fnmatchcase(c.label, pattern) for pattern in wanted))
