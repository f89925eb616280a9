"""The options of a Deep RFM as one frozen record, checked once."""

from dataclasses import dataclass
from numbers import Integral

from dufm.solvers.rfm.agop import FORMS
from dufm.solvers.rfm.kernels import Kernel, is_number
from dufm.solvers.rfm.maps import FREQUENCIES, MAPS
from dufm.theory.stated import ProblemError

MATRICES = ("agop", "identity")
SCALES = ("max", "trace", "spectral")
TARGETS = ("signs", "one-hot")


@dataclass(frozen=True)
class DeepSettings:
    """Options of a Deep RFM; defaults are those under which the digits collapse.

    Attributes:
        depth: layers.
        kernel: k of the regressions, with its bandwidth.
        ridge: of the regressions, >= 0. The public code of arXiv 2402.13728 uses 1e-3 whatever it is told.
        map: one of `MAPS`, drawn anew in every layer.
        width: features after a relu or cosine map.
        sigma: scale of the cosine map's frequencies; must shrink as the width grows.
        frequencies: one of `FREQUENCIES`, for the cosine map.
        matrix: "agop", or "identity" to leave M = I (an ablation).
        scale: M is divided by its largest entry ("max", as in the paper's code), its trace or its largest eigenvalue.
            With relu maps it makes no difference.
        targets: +-1 ("signs") or "one-hot".
        form: of the AGOP, see `solvers.rfm.agop`.
        seed: of the maps; each layer has its own child.

    Raises:
        ProblemError: naming the option that makes no sense.
    """

    depth: int = 8
    kernel: Kernel = Kernel()
    ridge: float = 0.0
    map: str = "relu"
    width: int = 512
    sigma: float = 0.02
    frequencies: str = "cauchy"
    matrix: str = "agop"
    scale: str = "max"
    targets: str = "signs"
    form: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("depth", 1), ("width", 1), ("seed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
                raise ProblemError(f"{name} must be an integer >= {least}, got {value!r}")
        if not is_number(self.ridge) or not 0.0 <= self.ridge < float("inf"):
            raise ProblemError(f"ridge must be a finite number >= 0, got {self.ridge!r}")
        if not is_number(self.sigma) or not 0.0 < self.sigma < float("inf"):
            raise ProblemError(f"sigma must be a finite number > 0, got {self.sigma!r}")
        allowed = {"map": MAPS, "frequencies": FREQUENCIES, "matrix": MATRICES, "scale": SCALES, "targets": TARGETS}
        for name, values in (allowed | {"form": FORMS}).items():
            if (value := getattr(self, name)) not in values:
                raise ProblemError(f"{name} must be one of {', '.join(values)}, got {value!r}")
