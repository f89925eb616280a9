"""Every derivation of the project, by name; each is a function of no arguments that builds it."""

from theory.derivations.ce.dnc import ce_dnc
from theory.derivations.ce.hessian import ce_hessian
from theory.derivations.ce.low_rank import ce_low_rank
from theory.derivations.ce.reduction import ce_reduction
from theory.derivations.ce.sums import ce_sums
from theory.derivations.ce.three import ce_three
from theory.derivations.ce.undecided import ce_undecided
from theory.derivations.ce.zero import ce_zero
from theory.derivations.jumps.absorbing import absorbing_set
from theory.derivations.jumps.objective import schatten_objective
from theory.derivations.jumps.scalar import scalar_chain
from theory.derivations.rank_two.orthogonal_inputs import orthogonal_inputs
from theory.derivations.rank_two.rank_three import rank_three
from theory.derivations.rank_two.rank_two import rank_two
from theory.derivations.rfm.collapse import rfm_collapse
from theory.derivations.rfm.descent import rfm_descent
from theory.derivations.rfm.kernel import rfm_kernel
from theory.derivations.rfm.linear_map import rfm_linear_map
from theory.derivations.rfm.rates import rfm_rates
from theory.derivations.rfm.recursion import rfm_recursion
from theory.derivations.squared.chord import chord
from theory.derivations.squared.cuts import cuts
from theory.derivations.squared.direct_sum import direct_sum
from theory.derivations.squared.dnc import dnc
from theory.derivations.squared.envelope import envelope
from theory.derivations.squared.halves import halves
from theory.derivations.squared.head import head
from theory.derivations.squared.linear_network import linear_network
from theory.derivations.squared.lower_bound import lower_bound
from theory.derivations.squared.pairs import pairs
from theory.derivations.squared.reductions import reductions
from theory.derivations.squared.srg import srg
from theory.derivations.squared.two_classes import two_classes
from theory.derivations.squared.two_layers import two_layers
from theory.problem import ProblemError
from theory.proof.derivation import Derivation

DERIVATIONS = (
    reductions,
    dnc,
    lower_bound,
    linear_network,
    two_classes,
    pairs,
    srg,
    head,
    cuts,
    direct_sum,
    two_layers,
    halves,
    chord,
    envelope,
    ce_reduction,
    ce_dnc,
    ce_low_rank,
    ce_hessian,
    ce_undecided,
    ce_three,
    ce_zero,
    ce_sums,
    rfm_recursion,
    rfm_rates,
    rfm_collapse,
    rfm_descent,
    rfm_linear_map,
    rfm_kernel,
    schatten_objective,
    absorbing_set,
    scalar_chain,
    rank_two,
    orthogonal_inputs,
    rank_three,
)


def names() -> list[str]:
    """Names that `dufm derive` accepts."""
    return [d.__name__.replace("_", "-") for d in DERIVATIONS]


def derivation(name: str) -> Derivation:
    """The derivation of that name.

    Raises:
        ProblemError: for a name that is not listed, with those that are.
    """
    for builder, known in zip(DERIVATIONS, names(), strict=True):
        if known == name:
            return builder()
    raise ProblemError(f"derivation must be one of {', '.join(names())}, got {name!r}")
