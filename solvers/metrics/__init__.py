"""How collapsed features are: the one place where neural-collapse metrics are defined.

X is n x d, one sample a row; y holds n labels of any kind, K of them distinct. With n_c samples in class c,
    mu_c   = mean of the rows of class c,                    mu_G = (1/K) sum_c mu_c   (unweighted),
    S_W    = (1/n) sum_i (x_i - mu_(y_i)) (x_i - mu_(y_i))^T,
    S_B    = (1/K) sum_c (mu_c - mu_G) (mu_c - mu_G)^T,
    S_T    = (1/n) sum_i (x_i - mu_G) (x_i - mu_G)^T         (= S_W + S_B when all n_c are equal).
NC1 to NC4 are Papyan, Han and Donoho's (arXiv 2008.08186); which variant each function takes is said there. The names
"trace" and "authors" tell two scalings of NC1 apart: Beaglehole, Sukenik, Mondelli and Belkin (arXiv 2402.13728; their
code) divide S_W and S_T by K n where this module divides by n.
"""

from dufm.solvers.metrics.alignment import gram_picture, nfa, psd_sqrt
from dufm.solvers.metrics.classes import Classes, Scatter, class_means, finite_rows, scatter, scatter_traces
from dufm.solvers.metrics.collapse import (
    SCALINGS,
    dnc1,
    frame_condition,
    nc1,
    nc2,
    nc2_lengths,
    nc3,
    nc3_cosine,
    nc4,
    nearest_centre,
    simplex_gap,
)

__all__ = [
    "SCALINGS",
    "Classes",
    "Scatter",
    "class_means",
    "dnc1",
    "finite_rows",
    "frame_condition",
    "gram_picture",
    "nc1",
    "nc2",
    "nc2_lengths",
    "nc3",
    "nc3_cosine",
    "nc4",
    "nearest_centre",
    "nfa",
    "psd_sqrt",
    "scatter",
    "scatter_traces",
    "simplex_gap",
]
