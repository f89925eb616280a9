"""What a network looks like in the middle of training, layer by layer.

Decomposition (arXiv 2402.13728, section on networks): with W = U S V^T, a layer takes Phi to S V^T Phi, then U rotates
and relu follows. NC1 does not see a rotation, so NC1(S V^T Phi) = NC1(W Phi) and no singular vectors are needed.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dufm.solvers.metrics import nc1, nc2, nfa
from dufm.solvers.networks.chain import Array, Loss, forward, input_gradients, loss_parts
from dufm.solvers.networks.plan import NetworkPlan

# Of the largest singular value. Weight decay empties a spectrum below a gap (`numerical_rank` gives it); steps of SGD
# keep some noise there, so the cut is far above it.
RANK_CUT = 0.05


@dataclass(frozen=True)
class NetworkLayer:
    """One layer at one moment.

    Attributes:
        nc1_in: NC1 of its input Phi.
        nc1_linear: NC1 of S V^T Phi, equal to that of W Phi.
        nc1_out: NC1 of what it hands on, relu(W Phi) (W Phi where there is no relu).
        nc2_out: NC2 of that.
        nfa: correlation of W^T W and AGOP^(1/2); NaN in a dead layer, None if not asked for.
        nfa_plain: the same with AGOP.
        values: singular values of W, largest first.
        means: singular values of the K x size matrix of class means handed on, largest first.
    """

    nc1_in: float
    nc1_linear: float
    nc1_out: float
    nc2_out: float
    nfa: float | None
    nfa_plain: float | None
    values: tuple[float, ...]
    means: tuple[float, ...]

    @property
    def rank(self) -> int:
        """Singular values of W above RANK_CUT times the largest."""
        return numerical_rank(self.values)[0]

    @property
    def share(self) -> float:
        """Share of the fall of log NC1 across the layer that is due to S V^T; NaN where NC1 does not fall."""
        if not 0 < self.nc1_out < self.nc1_in < float("inf"):
            return float("nan")
        return float(np.log(self.nc1_in / self.nc1_linear) / np.log(self.nc1_in / self.nc1_out))


@dataclass(frozen=True)
class Snapshot:
    """The whole network at the end of an epoch (0: at the start).

    Attributes:
        epoch: passes over the data so far.
        loss: parts of the objective on the training set.
        accuracy: share of training rows whose largest output is their class.
        test_accuracy: the same on test rows, NaN without any.
        layers: all m layers, first to last.
    """

    epoch: int
    loss: Loss
    accuracy: float
    test_accuracy: float
    layers: tuple[NetworkLayer, ...]

    def record(self) -> dict[str, Any]:
        """Plain fields for JSON."""
        return asdict(self)


def snapshot_from(record: dict[str, Any]) -> Snapshot:
    """The snapshot whose `record` this is, also after a way through JSON."""
    layers = []
    for fields in record["layers"]:
        spectra = {name: tuple(fields[name]) for name in ("values", "means")}
        layers.append(NetworkLayer(**fields | spectra))
    return Snapshot(**record | {"loss": Loss(**record["loss"]), "layers": tuple(layers)})


def numerical_rank(values: Sequence[float], cut: float = RANK_CUT) -> tuple[int, float]:
    """How many values exceed `cut` times the largest, and how clear that is.

    Returns:
        The rank (0 for all zeros), and the smallest kept over the largest left out: infinite if nothing is left out.
    """
    ordered = np.sort(np.asarray(values, dtype=float))[::-1]
    rank = int((ordered > cut * ordered[0]).sum())
    left = ordered[rank] if rank < len(ordered) else 0.0
    return rank, float(ordered[rank - 1] / left) if rank and left > 0 else float("inf")


def outer_products(weights: Sequence[Array], relu: Sequence[bool], before: Sequence[Array]) -> list[Array]:
    """AGOP of every layer: sum over rows and outputs of the outer product of the gradient at the layer's input.

    One backward pass for each output serves all layers.

    Args:
        weights, relu: the chain.
        before: pre-activations at the rows, from `forward`.
    """
    sums = [np.zeros((W.shape[1], W.shape[1])) for W in weights]
    for output in range(len(weights[-1])):
        for total, slope in zip(sums, input_gradients(weights, relu, before, output), strict=True):
            total += slope.T @ slope
    return sums


def take_snapshot(
    plan: NetworkPlan,
    weights: Sequence[Array],
    epoch: int,
    X: Array,
    Y: Array,
    labels: NDArray[np.int64],
    test: tuple[Array, NDArray[np.int64]] | None = None,
    ansatz: bool = False,
) -> Snapshot:
    """Measure a network on its training rows.

    Args:
        plan, weights, epoch: what is measured, and when.
        X, Y, labels: n training rows, targets and classes.
        test: test rows and classes.
        ansatz: also the neural feature ansatz, which costs K backward passes.
    """
    inputs, before = forward(weights, plan.relu, X)
    after = [*inputs[1:], before[-1]]
    ratios = [nc1(x, labels) for x in (X, *after)]
    agops = outer_products(weights, plan.relu, before) if ansatz else []
    layers = []
    for i, W in enumerate(weights):
        linear = nc1(before[i], labels) if plan.relu[i] else ratios[i + 1]
        pair = (_ansatz(W, agops[i], True), _ansatz(W, agops[i], False)) if ansatz else (None, None)
        means = np.stack([after[i][labels == c].mean(axis=0) for c in np.unique(labels)])
        spectra = [tuple(np.linalg.svd(M, compute_uv=False).tolist()) for M in (W, means)]
        layers.append(NetworkLayer(ratios[i], linear, ratios[i + 1], nc2(after[i], labels), *pair, *spectra))
    accuracy = float((before[-1].argmax(axis=1) == labels).mean())
    on_test = float("nan")
    if test is not None and len(test[0]):
        on_test = float((forward(weights, plan.relu, test[0])[1][-1].argmax(axis=1) == test[1]).mean())
    return Snapshot(epoch, loss_parts(plan, weights, before, Y, len(Y)), accuracy, on_test, tuple(layers))


def _ansatz(W: Array, agop: Array, root: bool) -> float:
    """The ansatz; NaN where weights or gradients are all zero, as in a network that died."""
    return nfa(W, agop, root) if W.any() and agop.any() else float("nan")
