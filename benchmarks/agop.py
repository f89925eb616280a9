"""The AGOP of a kernel regression: `solvers.rfm.agop` against form G alone and against keeping all gradients in memory.

The plain peer is what one writes first, in its fastest NumPy: one product W [alpha_1 o X, ..., alpha_c o X], from it
the n x c x d gradients, and one product of those with themselves. All get the same samples, coefficients and slopes W.
"""

import numpy as np

from benchmarks.tables import interleaved
from dufm.solvers.base.arrays import Array
from dufm.solvers.rfm.agop import BLOCK, COLUMNS, agop, cheaper_form
from dufm.solvers.rfm.kernels import Kernel, squared_distances
from dufm.solvers.rfm.solve import solve

OUTPUTS = 10
SIZES = (250, 500, 1000, 2000, 4000)
FEATURES = (64, 256, 512, 784)


def plain(X: Array, alpha: Array, W: Array) -> Array:
    """AGOP from the gradients of all samples and outputs: n c d numbers, twice over."""
    n, d = X.shape
    products = W @ (alpha[:, :, None] * X[:, None, :]).reshape(n, -1)
    gradients = products.reshape(n, -1, d) - (W @ alpha)[:, :, None] * X[:, None, :]
    flat = gradients.reshape(-1, d)
    return flat.T @ flat


def case(n: int, d: int) -> tuple[Kernel, Array, Array, Array]:
    """Kernel, samples on the sphere, coefficients and slopes of a regression of ten classes."""
    generator = np.random.default_rng(n + d)
    X = generator.normal(size=(n, d))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    Y = 2.0 * np.eye(OUTPUTS)[generator.integers(OUTPUTS, size=n)] - 1.0
    kernel = Kernel()
    squared = squared_distances(X)
    alpha = solve(kernel, squared, Y).alpha
    return kernel, X, alpha, kernel.slopes(squared, squared)


def table(quick: bool) -> None:
    """CPU time of each, ratios, memory, and the exponent p of time ~ n^p over the sizes for each d."""
    print(f"\n(d) AGOP of {OUTPUTS} outputs: CPU time; form G and the plain peer over ours; memory beside W")
    sizes = SIZES[:-1] if quick else SIZES
    for d in FEATURES[:3] if quick else FEATURES:
        times = []
        for n in sizes:
            kernel, X, alpha, W = case(n, d)
            found = interleaved(
                lambda k=kernel, X=X, a=alpha, W=W: agop(k, X, a, "auto", W),
                lambda k=kernel, X=X, a=alpha, W=W: agop(k, X, a, "G", W),
                lambda X=X, a=alpha, W=W: plain(X, a, W),
                rounds=3,
            )
            times.append(found)
            form, expected = cheaper_form(n, d, OUTPUTS), plain(X, alpha, W)
            gap = np.abs(agop(kernel, X, alpha, "auto", W) - expected).max() / np.abs(expected).max()
            ours, theirs = found[0], 16e-6 * n * d * OUTPUTS
            print(
                f"d {d:3} n {n:4}: form {form} {ours * 1e3:7.1f} ms; form G {found[1] / ours:4.1f}x, "
                f"plain {found[2] / ours:4.1f}x; {strips(form, n, d):6.1f} MB, plain {theirs:6.1f} MB; "
                f"relative difference {gap:.0e}",
                flush=True,
            )
        powers = [np.polyfit(np.log(sizes[-3:]), np.log(column[-3:]), 1)[0] for column in np.array(times).T]
        words = ", ".join(f"{name} {p:.2f}" for name, p in zip(("ours", "form G", "plain"), powers, strict=True))
        print(f"d {d:3}: time ~ n^p over the three largest n, p: {words}")


def strips(form: str, n: int, d: int) -> float:
    """Megabytes that a form holds at once: blocks of rows, and the samples scaled by what they are multiplied with."""
    rows = min(n, BLOCK)
    return 8e-6 * (n * d + 3 * rows * n if form == "H" else max(1, COLUMNS // d) * d * (n + 2 * rows))
