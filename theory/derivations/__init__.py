"""Every derivation of the project, by name; each is a function of no arguments that builds it."""

from theory.derivation import Derivation
from theory.derivations.cuts import cuts
from theory.derivations.direct_sum import direct_sum
from theory.derivations.dnc import dnc
from theory.derivations.head import head
from theory.derivations.lower_bound import lower_bound
from theory.derivations.reductions import reductions
from theory.derivations.srg import srg
from theory.problem import ProblemError

DERIVATIONS = (reductions, dnc, lower_bound, srg, head, cuts, direct_sum)


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
