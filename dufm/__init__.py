"""When is deep neural collapse optimal, and when does low-rank bias win? Exact theory, search, certificates.

    import dufm

    dufm.search(K=6, L=4, lam=0.002)        # the global minimum of one problem, certified where it beats collapse
    dufm.threshold(K=4, L=2)                # up to which strength collapse is optimal
    dufm.certify("weights.pt", lam=0.002)   # weights of your own against collapse and the record

Names below are loaded when they are first used; docs/library.md is a tutorial. Everything else stands one floor lower:
`dufm.theory`, `dufm.solvers`, `dufm.verification`, `dufm.paper_figs`, folders at the top of the repository that are
linked here. A wheel holds them below this one name.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dufm.solvers.base.threads import limit_blas

if TYPE_CHECKING:
    from dufm.library.atlas import records as records
    from dufm.library.bounds import bound as bound
    from dufm.library.bounds import threshold as threshold
    from dufm.library.checking import check as check
    from dufm.library.claims import claims as claims
    from dufm.library.claims import verify as verify
    from dufm.library.derive import derivations as derivations
    from dufm.library.derive import derive as derive
    from dufm.library.figures import figure as figure
    from dufm.library.figures import figures as figures
    from dufm.library.finding import search as search
    from dufm.library.scoring import evaluator as evaluator
    from dufm.library.structures import compare as compare
    from dufm.library.structures import structures as structures
    from dufm.library.training import train as train
    from dufm.library.weights import certify as certify
    from dufm.library.weights import read_weights as read_weights
    from dufm.theory.problem import Problem as Problem
    from dufm.theory.stated import ProblemError as ProblemError

    __version__: str

# Before anything loads NumPy: libraries read their number of threads once.
limit_blas()

# Where each public name is; nothing of it is loaded before it is asked for.
PLACES = {
    "Problem": "dufm.theory.problem",
    "ProblemError": "dufm.theory.stated",
    "bound": "dufm.library.bounds",
    "certify": "dufm.library.weights",
    "check": "dufm.library.checking",
    "claims": "dufm.library.claims",
    "compare": "dufm.library.structures",
    "derivations": "dufm.library.derive",
    "derive": "dufm.library.derive",
    "evaluator": "dufm.library.scoring",
    "figure": "dufm.library.figures",
    "figures": "dufm.library.figures",
    "read_weights": "dufm.library.weights",
    "records": "dufm.library.atlas",
    "search": "dufm.library.finding",
    "structures": "dufm.library.structures",
    "threshold": "dufm.library.bounds",
    "train": "dufm.library.training",
    "verify": "dufm.library.claims",
}
__all__ = [
    "Problem",
    "ProblemError",
    "bound",
    "certify",
    "check",
    "claims",
    "compare",
    "derivations",
    "derive",
    "evaluator",
    "figure",
    "figures",
    "read_weights",
    "records",
    "search",
    "structures",
    "threshold",
    "train",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        found: Any = _version()
    elif name in PLACES:
        found = getattr(import_module(PLACES[name]), name)
    else:
        raise AttributeError(f"module 'dufm' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__, "__version__"])


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("dufm")
    except PackageNotFoundError:
        return "0+checkout"
