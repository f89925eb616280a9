"""`dufm.search` and `dufm.train`: the global minimum of one problem, and what gradient descent ends in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from time import monotonic
from typing import Any

import numpy as np

from dufm.library.checking import check
from dufm.library.models import FoundWeights, Model, ModelResult, problem_of, search_model
from dufm.library.shown import Drawing, Told, empty_figure, for_callers
from dufm.solvers.search.devices import chosen_device, device_search
from dufm.solvers.search.options import SearchOptions
from dufm.solvers.search.solution import Outcome, Solution
from dufm.solvers.search.state import SearchState
from dufm.theory.squared.bounds import least_loss
from dufm.theory.stated import ProblemError
from dufm.verification.answers.search import certificate_found, polished_best, search_record
from dufm.verification.atlas.known_losses import known_losses


@dataclass(frozen=True)
class Layer:
    """One matrix of features: P_l before the relu, F_l after it, Z the output.

    Attributes:
        name: "P_2", "F_2", ..., "Z".
        rank: numerical.
        singular_values: largest first.
    """

    name: str
    rank: int
    singular_values: tuple[float, ...]


def layers_of(record: dict[str, Any]) -> tuple[Layer, ...]:
    """The layers of a record."""
    return tuple(Layer(row["name"], row["rank"], tuple(row["singular_values"])) for row in record["layers"])


def draw_layers(layers: tuple[Layer, ...], title: str) -> Drawing:
    """Singular values, layer by layer."""
    figure = empty_figure((7.0, 3.2))
    axes = figure.add_subplot()
    for i, layer in enumerate(layers):
        values = [value for value in layer.singular_values if value > 1e-9]
        axes.plot([i] * len(values), values, "o", color="#0072B2", markersize=5)
        axes.annotate(str(layer.rank), (i, max(values, default=0)), (0, 5), textcoords="offset points", ha="center")
    axes.set_xticks(range(len(layers)), [f"${layer.name}$" for layer in layers])
    axes.set_ylabel("singular values")
    axes.set_title(f"{title}; above each its rank")
    axes.margins(y=0.15)
    return Drawing(figure)


@dataclass(frozen=True, repr=False, eq=False)
class SearchResult(FoundWeights):
    """The best weights of a search, polished.

    Attributes:
        dnc: DNC's loss.
        best_known: the loss of the cheapest known structure, DNC's where none is known below it.
        layers: ranks and singular values.
        local_minimum: whether the polish shows that they are one.
        certificate: that DNC is not optimal here; None where they are not below it.
    """

    dnc: float
    best_known: float
    layers: tuple[Layer, ...]
    local_minimum: bool
    certificate: dict[str, Any] | None

    @property
    def ratio(self) -> float:
        """The loss over DNC's; below 1, DNC is not optimal."""
        return self.loss / self.dnc

    def plot(self) -> Drawing:
        """Singular values by layer."""
        p = self.problem
        return draw_layers(self.layers, f"K = {p.K}, L = {p.L}, {self.ratio:.4f} of DNC's loss")

    def told(self) -> Told:
        p = self.problem
        rows = [("found", self.loss, self.ratio), ("DNC", self.dnc, 1.0)]
        rows += [("cheapest known structure", self.best_known, self.best_known / self.dnc)]
        ranks = ", ".join(f"{layer.name} {layer.rank}" for layer in self.layers)
        lines = [f"Ranks: {ranks}." if ranks else "Zero weights."]
        lines += [f"{len(self.solution.losses)} restarts; {self.solution.outcome.value}."]
        lines += ["Certified: DNC is not optimal here."] if self.certificate else []
        return Told(f"K = {p.K}, L = {p.L}, x = {float(p.x):.6g}", ("loss", "value", "/ DNC"), rows, lines)


@for_callers
def search(
    K: int,
    L: int,
    lam: Any,
    *,
    width: int | None = None,
    n: int = 1,
    loss: str = "mse",
    activation: str | None = None,
    bias: str = "none",
    skip: str = "none",
    classes: Sequence[int] = (),
    target_matrix: Any = None,
    restarts: int = 240,
    seed: int = 0,
    seconds: float | None = None,
    target: float | None = None,
    patience: int | None = None,
    device: str = "auto",
    progress: Callable[[SearchState], None] | None = None,
) -> SearchResult | ModelResult:
    """Search for the global minimum of one problem; squared loss with relu layers is certified where it beats DNC.

    Args:
        K: classes, >= 2.
        L: weight layers, >= 1.
        lam: strength of all factors, or L + 1 of them: numbers or text such as "1/250".
        width: hidden width, >= K; K + 4 if not given.
        n: samples a class.
        loss: "mse", squared loss, or "ce", cross-entropy.
        activation: "relu" (with squared loss if not given), "linear" (with cross-entropy), or "leaky:0.1", any slope.
        bias: "none", or "last": one of the last layer that is not regularised; with squared loss.
        skip: "none", "block1" or "block2": the identity around each hidden layer, or two; with squared loss.
        classes: sizes of K classes, empty for equal ones; with squared loss.
        target_matrix: K rows of numbers to fit in place of the identity; with squared loss.
        restarts: each a knock-out among 16 starts.
        seed: fixes every start.
        seconds: stop after this long.
        target: stop at this loss or less.
        patience: stop after so many restarts without a lower loss.
        device: "auto", "cpu" or "cuda".
        progress: called with the state after every restart: `state.best.loss`, `len(state.losses)`.

    Raises:
        ProblemError: naming the argument that makes no sense.
        KeyboardInterrupt: for Ctrl-C before a restart has ended; later what was found is returned.

    Examples:
        >>> import dufm
        >>> dufm.search(K=4, L=4, lam=0.005, restarts=4).ratio < 1
        True
        >>> dufm.search(K=3, L=2, lam=0.05, classes=(5, 5, 1), restarts=2).record["learned"]  # collapse drops one
        [True, True, False]
    """
    problem = problem_of(K, L, lam, width, n, Model(loss, activation, bias, skip, classes, target_matrix))
    began = monotonic()
    stop = None if seconds is None else (lambda: monotonic() - began > seconds)
    options = SearchOptions(restarts, seed, target=target, patience=patience, progress=progress, stop=stop)
    if problem.loss == "ce" or not problem.is_plain:
        if device == "cuda":
            raise ProblemError("device must be auto or cpu beyond squared loss with relu layers, got 'cuda'")
        return search_model(problem, options)
    known = known_losses(problem)
    dnc = known["dnc"][1]
    best_known = min(known[name][1] for name in known if name != "bound")
    device = chosen_device(device)
    if least_loss(problem)[0] >= Fraction(1, 2):
        zeros = tuple(np.zeros(shape) for shape in problem.shapes)
        why = "none: zero weights are proved optimal"
        empty = Solution(problem, zeros, 0.5, np.zeros(0), why, {}, seed, {}, Outcome.FINISHED)
        return SearchResult(empty, dnc, best_known, (), True, None)
    solution, state = device_search(problem, device, options)
    if not solution.weights:
        solution.raise_if_interrupted()
        raise ProblemError(f"no restart finished: {solution.outcome.value}")
    solution, polished = polished_best(solution, state, stop)
    certificate = certificate_found(solution) if solution.loss < dnc else None
    accepted = certificate if isinstance(certificate, dict) and check(certificate).accepted else None
    record = search_record(problem, solution, polished, known)
    return SearchResult(solution, dnc, best_known, layers_of(record), bool(polished.is_local_minimum), accepted)
