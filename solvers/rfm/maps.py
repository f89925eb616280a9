"""Random feature maps Phi: drawn once a layer, then the same for training and test rows.

    relu       Phi(z) = max(0, V z),                 V_ij uniform in (-1/sqrt d, 1/sqrt d), no bias
    cosine     Phi(z) = sqrt(2/D) cos(V z + u),      u_i uniform in (0, 2 pi), rows of V by `frequencies`
    identity   Phi(z) = z
`frequencies` of the cosine map, each of scale sigma, with the kernel that E Phi(z) . Phi(z') is:
    cauchy       independent Cauchy entries                        exp(-sigma ||z - z'||_1)   (arXiv 2402.13728's code)
    cauchy-mv    g / |g_0|, g and g_0 standard normal              exp(-sigma ||z - z'||_2)
    gauss        standard normal entries                           exp(-sigma^2 ||z - z'||_2^2 / 2)
"""

from dataclasses import dataclass

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.theory.stated import ProblemError

MAPS = ("relu", "cosine", "identity")
FREQUENCIES = ("cauchy", "cauchy-mv", "gauss")


@dataclass(frozen=True)
class FeatureMap:
    """Phi with its draws.

    Attributes:
        kind: one of `MAPS`.
        V: D x d; empty for the identity.
        u: D phases; empty but for cosine.
    """

    kind: str
    V: Array
    u: Array

    def __call__(self, Z: Array) -> Array:
        """Features n x D of the rows of Z (n x d)."""
        if self.kind == "identity":
            return Z
        features = Z @ self.V.T
        if self.kind == "relu":
            return np.maximum(features, 0.0, out=features)
        features += self.u
        np.cos(features, out=features)
        features *= np.sqrt(2.0 / len(self.V))
        return features


def draw_map(
    kind: str, d: int, width: int, sigma: float, frequencies: str, generator: np.random.Generator
) -> FeatureMap:
    """A map from d to `width` features (to d, for the identity).

    Raises:
        ProblemError: for a kind or frequencies that do not exist.
    """
    if kind not in MAPS:
        raise ProblemError(f"map must be one of {', '.join(MAPS)}, got {kind!r}")
    if frequencies not in FREQUENCIES:
        raise ProblemError(f"frequencies must be one of {', '.join(FREQUENCIES)}, got {frequencies!r}")
    nothing = np.empty(0)
    if kind == "identity":
        return FeatureMap(kind, np.empty((0, d)), nothing)
    if kind == "relu":
        bound = 1.0 / np.sqrt(d)
        return FeatureMap(kind, generator.uniform(-bound, bound, size=(width, d)), nothing)
    if frequencies == "cauchy":
        V = generator.standard_cauchy(size=(width, d))
    else:
        V = generator.normal(size=(width, d))
        if frequencies == "cauchy-mv":
            V /= np.abs(generator.normal(size=(width, 1)))
    return FeatureMap(kind, sigma * V, generator.uniform(0.0, 2.0 * np.pi, size=width))
