"""Every derivation of the project, by name; each is a function of no arguments that builds it."""

from dufm.theory.derivations.ce.dnc import ce_dnc
from dufm.theory.derivations.ce.hessian import ce_hessian
from dufm.theory.derivations.ce.last_bias import ce_last_bias
from dufm.theory.derivations.ce.low_rank import ce_low_rank
from dufm.theory.derivations.ce.reduction import ce_reduction
from dufm.theory.derivations.ce.relu_collapse import ce_relu_collapse
from dufm.theory.derivations.ce.relu_margins import ce_relu_margins
from dufm.theory.derivations.ce.relu_nc2 import ce_relu_nc2
from dufm.theory.derivations.ce.relu_nc2_structures import ce_relu_nc2_structures
from dufm.theory.derivations.ce.relu_structures import ce_relu_structures
from dufm.theory.derivations.ce.relu_sums import ce_relu_sums
from dufm.theory.derivations.ce.sums import ce_sums
from dufm.theory.derivations.ce.three import ce_three
from dufm.theory.derivations.ce.undecided import ce_undecided
from dufm.theory.derivations.ce.zero import ce_zero
from dufm.theory.derivations.jumps.absorbing import absorbing_set
from dufm.theory.derivations.jumps.objective import schatten_objective
from dufm.theory.derivations.jumps.scalar import scalar_chain
from dufm.theory.derivations.rank_two.orthogonal_inputs import orthogonal_inputs
from dufm.theory.derivations.rank_two.rank_three import rank_three
from dufm.theory.derivations.rank_two.rank_two import rank_two
from dufm.theory.derivations.rfm.collapse import rfm_collapse
from dufm.theory.derivations.rfm.descent import rfm_descent
from dufm.theory.derivations.rfm.kernel import rfm_kernel
from dufm.theory.derivations.rfm.linear_map import rfm_linear_map
from dufm.theory.derivations.rfm.rates import rfm_rates
from dufm.theory.derivations.rfm.recursion import rfm_recursion
from dufm.theory.derivations.squared.beyond import beyond
from dufm.theory.derivations.squared.carried import carried
from dufm.theory.derivations.squared.chord import chord
from dufm.theory.derivations.squared.cuts import cuts
from dufm.theory.derivations.squared.deep_spectra import deep_spectra
from dufm.theory.derivations.squared.direct_sum import direct_sum
from dufm.theory.derivations.squared.dnc import dnc
from dufm.theory.derivations.squared.envelope import envelope
from dufm.theory.derivations.squared.exponents import exponents
from dufm.theory.derivations.squared.four_classes import four_classes
from dufm.theory.derivations.squared.halves import halves
from dufm.theory.derivations.squared.head import head
from dufm.theory.derivations.squared.last_bias import last_bias
from dufm.theory.derivations.squared.leaky import leaky_layers
from dufm.theory.derivations.squared.leaky_heads import leaky_heads
from dufm.theory.derivations.squared.linear_network import linear_network
from dufm.theory.derivations.squared.lower_bound import lower_bound
from dufm.theory.derivations.squared.optimal_three import optimal_three
from dufm.theory.derivations.squared.pairs import pairs
from dufm.theory.derivations.squared.reductions import reductions
from dufm.theory.derivations.squared.skips import skips
from dufm.theory.derivations.squared.spectra import spectra
from dufm.theory.derivations.squared.srg import srg
from dufm.theory.derivations.squared.three_layers import three_layers
from dufm.theory.derivations.squared.three_layers_nu import three_layers_nu
from dufm.theory.derivations.squared.three_layers_optimal import three_layers_optimal
from dufm.theory.derivations.squared.three_layers_value import three_layers_value
from dufm.theory.derivations.squared.threshold import threshold
from dufm.theory.derivations.squared.two_classes import two_classes
from dufm.theory.derivations.squared.two_layers import two_layers
from dufm.theory.derivations.squared.unequal_classes import unequal_classes
from dufm.theory.derivations.squared.weak_decay import weak_decay
from dufm.theory.derivations.squared.within_class import within_class
from dufm.theory.derivations.squared.z_test import z_test
from dufm.theory.derivations.squared.zero_weights import zero_weights
from dufm.theory.proof.derivation import Derivation, name_of
from dufm.theory.stated import ProblemError, listed

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
    threshold,
    beyond,
    carried,
    zero_weights,
    z_test,
    spectra,
    deep_spectra,
    optimal_three,
    three_layers_nu,
    three_layers_value,
    three_layers,
    three_layers_optimal,
    weak_decay,
    exponents,
    four_classes,
    unequal_classes,
    last_bias,
    leaky_layers,
    leaky_heads,
    within_class,
    skips,
    ce_reduction,
    ce_dnc,
    ce_low_rank,
    ce_last_bias,
    ce_hessian,
    ce_undecided,
    ce_three,
    ce_zero,
    ce_sums,
    ce_relu_collapse,
    ce_relu_nc2,
    ce_relu_margins,
    ce_relu_sums,
    ce_relu_structures,
    ce_relu_nc2_structures,
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
    return [name_of(d) for d in DERIVATIONS]


def derivation(name: str) -> Derivation:
    """The derivation of that name.

    Raises:
        ProblemError: for a name that is not listed, with those that are.
    """
    for builder, known in zip(DERIVATIONS, names(), strict=True):
        if known == name:
            return builder()
    accepted, found = listed(name, names(), "dufm derive")
    raise ProblemError(f"derivation must be {accepted}, got {found}")
