"""What is trained and how: a chain of bias-free layers as one frozen record, and the two chains of the papers.

    f(x) = W_m a_(m-1)( ... a_1(W_1 x)),  a_l = relu or the identity,
    loss = 1/(2N) sum_i ||f(x_i) - y_i||^2 * scale + (lambda_H / 2) sum_i ||h(x_i)||^2 + sum_l (lambda_l / 2) ||W_l||^2,
with h the output of one chosen layer (the "features"; no relu there) or no such term.
"""

from dataclasses import asdict, dataclass
from typing import Any, TypedDict, Unpack

from dufm.theory.stated import ProblemError

OPTIMISERS = ("adam", "sgd")


class TrainingChoices(TypedDict, total=False):
    """How a chain is trained: the fields of `NetworkPlan` of these names; those left out are the network's own."""

    optimiser: str
    rate: float
    momentum: float
    batch: int
    epochs: int
    seed: int


PERCEPTRON_TRAINING: TrainingChoices = {
    "optimiser": "adam",
    "rate": 1e-3,
    "momentum": 0.0,
    "batch": 128,
    "epochs": 150,
    "seed": 0,
}
HEAD_TRAINING: TrainingChoices = PERCEPTRON_TRAINING | {"optimiser": "sgd", "rate": 0.05, "epochs": 200}


@dataclass(frozen=True)
class NetworkPlan:
    """A chain of m layers and its training.

    Attributes:
        widths: (d, d_1, ..., d_(m-1), K), the sizes between layers.
        relu: after which of the m layers a relu stands; never after the last.
        gains: hidden layers start uniform in +-gain sqrt(6 / (in + out)) (Glorot); None: +-1/sqrt(in), as the last.
        decay: lambda_l for each of the m layers.
        scale: of the fit; 1 gives 1/(2N) ||.||^2, 2/K the mean over all entries.
        features: number of layers before the features (their output is h), None for no penalty on features.
        feature_decay: lambda_H, for each sample: over the whole set the penalty is that of the DUFM's H_1.
        optimiser: "adam" (moments kept between epochs, 0.9, 0.999, 1e-8) or "sgd".
        rate: learning rate, constant.
        momentum: of "sgd".
        batch: samples a step; the last, smaller batch of an epoch counts as any other.
        epochs: passes over the data.
        seed: fixes the start and the order of samples.
    """

    widths: tuple[int, ...]
    relu: tuple[bool, ...]
    gains: tuple[float | None, ...]
    decay: tuple[float, ...]
    scale: float
    features: int | None
    feature_decay: float
    optimiser: str
    rate: float
    momentum: float
    batch: int
    epochs: int
    seed: int

    def __post_init__(self) -> None:
        m = len(self.widths) - 1
        if m > 1 and not all(type(w) is int and w > 0 for w in self.widths[1:-1]):
            raise ProblemError(f"--width must be an integer >= 1, got {min(self.widths[1:-1])}")
        if m < 1 or any(type(w) is not int or w < 1 for w in self.widths):
            raise ProblemError(f"widths must be at least two integers >= 1, got {self.widths}")
        for name in ("relu", "gains", "decay"):
            if len(getattr(self, name)) != m:
                raise ProblemError(f"{name} must hold {m} entries, one a layer, got {len(getattr(self, name))}")
        if self.relu[-1]:
            raise ProblemError("relu must not stand after the last layer")
        if self.features is not None and not (1 <= self.features < m and not self.relu[self.features - 1]):
            raise ProblemError(f"features must be a layer before the last without relu, got {self.features}")
        if self.optimiser not in OPTIMISERS:
            raise ProblemError(f"--optimiser must be one of {', '.join(OPTIMISERS)}, got {self.optimiser!r}")
        for name in ("batch", "epochs"):
            if type(getattr(self, name)) is not int or getattr(self, name) < 1:
                raise ProblemError(f"--{name} must be an integer >= 1, got {getattr(self, name)!r}")
        if type(self.seed) is not int or self.seed < 0:
            raise ProblemError(f"--seed must be an integer >= 0, got {self.seed!r}")
        positive = {"rate": (self.rate,), "scale": (self.scale,), "gain": [g for g in self.gains if g is not None]}
        for name, values in positive.items():
            if not all(0 < v < float("inf") for v in values):
                raise ProblemError(f"--{name} must be a finite number > 0, got {', '.join(map(str, values))}")
        for name, values in {"decay": self.decay, "feature-decay": (self.feature_decay,)}.items():
            if not all(0 <= v < float("inf") for v in values):
                raise ProblemError(f"--{name} must be a finite number >= 0, got {', '.join(map(str, values))}")
        if not 0 <= self.momentum < 1:
            raise ProblemError(f"--momentum must be in [0, 1), got {self.momentum}")

    @property
    def layers(self) -> int:
        """m, the number of weight matrices."""
        return len(self.widths) - 1

    def record(self) -> dict[str, Any]:
        """Plain fields for JSON."""
        return asdict(self)


def plan_from(record: dict[str, Any]) -> NetworkPlan:
    """The plan whose `record` this is, also after a way through JSON.

    Raises:
        ProblemError: for fields that make no plan.
    """
    try:
        fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in record.items()}
        return NetworkPlan(**fields)
    except TypeError as error:
        raise ProblemError(f"a plan must hold the fields of Plan ({error})") from None


def perceptron(
    d: int,
    K: int,
    depth: int = 5,
    width: int = 256,
    gain: float | None = 0.3,
    decay: float = 0.0,
    **training: Unpack[TrainingChoices],
) -> NetworkPlan:
    """The network of arXiv 2402.13728: `depth` hidden layers with relu, mean squared error over all entries.

    Raises:
        ProblemError: naming an option that makes no sense.
    """
    if type(depth) is not int or not 1 <= depth <= 64:
        raise ProblemError(f"--depth must be an integer from 1 to 64, got {depth!r}")
    widths = (d, *[width] * depth, K)
    relu, gains = (*[True] * depth, False), (*[gain] * depth, None)
    return NetworkPlan(
        widths=widths,
        relu=relu,
        gains=gains,
        decay=(decay,) * (depth + 1),
        scale=2.0 / K,
        features=None,
        feature_decay=0.0,
        **(PERCEPTRON_TRAINING | training),
    )


def head_on_backbone(
    d: int,
    K: int,
    L: int = 4,
    width: int = 64,
    backbone: tuple[int, ...] = (128,),
    gain: float | None = 1.4,
    decay: float = 0.005,
    feature_decay: float = 5e-6,
    **training: Unpack[TrainingChoices],
) -> NetworkPlan:
    """A head of L layers on features h that a small network makes of x, regularised like the DUFM of SML24.

    The backbone has the hidden widths given (relu) and a linear output of size `width`: h has any sign, as H_1 has.
    Its own weights are not regularised. The head is W_1 (on h), relu, ..., W_L with lambda_l = `decay`; the features
    have lambda_H = `feature_decay`, so (h, W_1, ..., W_L) has exactly the objective of the DUFM with L layers.

    Raises:
        ProblemError: naming an option that makes no sense.
    """
    _depth(L)
    b = len(backbone) + 1
    widths = (d, *backbone, *[width] * L, K)
    relu = (*[True] * (b - 1), False, *[True] * (L - 1), False)
    strengths = (*[0.0] * b, *[decay] * L)
    return NetworkPlan(
        widths=widths,
        relu=relu,
        gains=(gain,) * (b + L),
        decay=strengths,
        scale=1.0,
        features=b,
        feature_decay=feature_decay,
        **(HEAD_TRAINING | training),
    )


def head_only(
    K: int,
    L: int = 4,
    width: int = 64,
    gain: float | None = None,
    decay: float = 0.005,
    feature_decay: float = 5e-6,
    **training: Unpack[TrainingChoices],
) -> NetworkPlan:
    """The head of `head_on_backbone` alone, for a backbone of another kind: its input is h, of size `width`.

    `feature_decay` is kept for whoever trains the backbone; the chain itself has no features inside.

    Raises:
        ProblemError: naming an option that makes no sense.
    """
    _depth(L)
    relu = (*[True] * (L - 1), False)
    return NetworkPlan(
        widths=(*[width] * L, K),
        relu=relu,
        gains=(gain,) * L,
        decay=(decay,) * L,
        scale=1.0,
        features=None,
        feature_decay=feature_decay,
        **(HEAD_TRAINING | training),
    )


def _depth(L: int) -> None:
    if type(L) is not int or not 1 <= L <= 64:
        raise ProblemError(f"--L must be an integer from 1 to 64, got {L!r}")
