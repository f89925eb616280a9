"""The average gradient outer product of a kernel regression, in the cheaper of two forms.

With slopes w (see `solvers.rfm.kernels`), W_ij = w(x_i, x_j), W_ii = 0 and s = W alpha, output o has the gradient
g_io = sum_j W_ij alpha_jo (x_j - x_i) at x_i, and AGOP = sum_i sum_o g_io g_io^T (d x d; not divided by n).
    form G   AGOP = sum_o G_o^T G_o,  G_o = W (alpha_o o X) - s_o o X                    c (2 n^2 d + 2 n d^2) flops
    form H   AGOP = X^T H X,  H = (W W) o (alpha alpha^T) - B - B^T + diag(||s_i||^2),
             B = W o (s alpha^T); its rows sum to 0                             n^3 + 2 n^2 d + 2 n d^2 + 4 n^2 c flops
Form H (ours) costs the same for one output as for a thousand; it needs a W that is symmetric to the last bit. Both are
evaluated in blocks of rows; neither builds the n x c x d gradients. For samples at distance e from their neighbours and
1 from the origin the relative error of both is about 1e-16 / e^2, which comes from the distances.
"""

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.rfm.kernels import Kernel, squared_distances
from dufm.theory.stated import ProblemError

FORMS = ("auto", "G", "H")
BLOCK = 512
COLUMNS = 512


def cheaper_form(n: int, d: int, c: int) -> str:
    """ "G" or "H", by flops, for n samples, d features and c outputs."""
    form_G = c * (2 * n**2 * d + 2 * n * d**2)
    form_H = n**3 + 2 * n**2 * d + 2 * n * d**2 + 4 * n**2 * c
    return "G" if form_G <= form_H else "H"


def agop(
    kernel: Kernel,
    X: Array,
    alpha: Array,
    form: str = "auto",
    slopes: Array | None = None,
    block: int = BLOCK,
) -> Array:
    """AGOP at the samples of a kernel regression.

    Args:
        kernel: k.
        X: samples, n x d.
        alpha: coefficients, n x c.
        form: "G", "H", or "auto": the one with fewer flops.
        slopes: W, n x n, if known already (kernel and distances are not looked at then).
        block: rows worked on at a time.

    Returns:
        d x d, exactly symmetric.

    Raises:
        ProblemError: for a form not in `FORMS`.
    """
    if form not in FORMS:
        raise ProblemError(f"form must be one of {', '.join(FORMS)}, got {form!r}")
    W = slopes
    if W is None:
        squared = squared_distances(X)
        W = kernel.slopes(squared, squared)
    # Gradients are differences of samples: the mean can go, and with it much of the rounding.
    centred = X - X.mean(axis=0)
    s = W @ alpha
    chosen = cheaper_form(len(X), X.shape[1], alpha.shape[1]) if form == "auto" else form
    return (_form_G if chosen == "G" else _form_H)(W, centred, alpha, s, block)


def _form_G(W: Array, X: Array, alpha: Array, s: Array, block: int) -> Array:
    n, d = X.shape
    total = np.zeros((d, d))
    # Several outputs at once where samples are short: products of narrow matrices are slow.
    together = max(1, COLUMNS // d)
    for first in range(0, alpha.shape[1], together):
        some = slice(first, first + together)
        weighted = (alpha[:, some, None] * X[:, None, :]).reshape(n, -1)
        for start in range(0, n, block):
            rows = slice(start, start + block)
            gradients = (W[rows] @ weighted).reshape(-1, d)
            gradients -= (s[rows, some, None] * X[rows, None, :]).reshape(-1, d)
            total += gradients.T @ gradients
    return total


def _form_H(W: Array, X: Array, alpha: Array, s: Array, block: int) -> Array:
    total = np.zeros((X.shape[1],) * 2)
    for start in range(0, len(X), block):
        here, rest = slice(start, start + block), slice(start + block, None)
        # H is symmetric: the block on the diagonal, then twice what is right of it.
        corner = W[here] @ W[here].T
        corner *= alpha[here] @ alpha[here].T
        cross = s[here] @ alpha[here].T
        cross += cross.T
        cross *= W[here, here]
        corner -= cross
        corner.flat[:: len(corner) + 1] += (s[here] ** 2).sum(axis=1)
        product = X[here].T @ (corner @ X[here])
        total += 0.5 * (product + product.T)
        if start + block < len(X):
            strip = W[here] @ W[rest].T
            strip *= alpha[here] @ alpha[rest].T
            strip -= (s[here] @ alpha[rest].T + alpha[here] @ s[rest].T) * W[here, rest]
            product = X[here].T @ (strip @ X[rest])
            total += product + product.T
    return total
