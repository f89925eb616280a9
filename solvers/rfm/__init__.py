"""Deep recursive feature machines: a kernel machine that makes its features collapse, layer by layer.

Beaglehole, Sukenik, Mondelli and Belkin, arXiv 2402.13728. One layer takes rows x_i of length 1, fits kernel ridge
regression f to the labels, forms the average gradient outer product (AGOP) M = sum_i J f(x_i)^T J f(x_i), and passes
Phi(M^(1/2) x_i) on, Phi a random feature map.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dufm.solvers.rfm.estimator import DeepRFM

__all__ = ["DeepRFM"]


def __getattr__(name: str) -> Any:
    # Only who asks for the estimator pays for scikit-learn.
    if name == "DeepRFM":
        from dufm.solvers.rfm.estimator import DeepRFM

        return DeepRFM
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
