"""Cross-entropy: leaving classes out never costs more, blocks add, and so c*/(K-1) tends to 0 at every L >= 2."""

from fractions import Fraction
from random import Random

import sympy as sp

from dufm.theory.ce.structure import least_margin_is_one, singular_values, verify
from dufm.theory.ce.structures import ce_structure_named
from dufm.theory.ce.sums import PAIR, CodeSum
from dufm.theory.derivations.squared.lemmas import random_matrix
from dufm.theory.proof.checks import Check, all_of, identical, inference, instances, positive_beyond, seeded, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import INTERLACING, quoted
from dufm.theory.rational import fraction, squared_norm

K, L, c, s, r, t = sp.symbols("K L c s r t", positive=True)
x, y = sp.symbols("x y", positive=True)
m = sp.Symbol("m", integer=True, positive=True)
SUMS = (
    (("icosahedron", 12), ("pair", 2)),
    (("johnson(5,2)", 10), ("icosahedron", 12)),
    (("polygon", 5), ("polygon", 4), ("pair", 2)),
    (("clebsch", 16), ("pair", 2), ("pair", 2)),
    (("antiprism", 8), ("antiprism", 10)),
)


def interlacing() -> Check:
    """A submatrix has singular values below those of the whole: a row (a, b) of a 2 x 2 matrix, sigma = |(a, b)|."""

    def holds(rng: Random) -> bool:
        whole = random_matrix(rng, 2, 2)
        part = fraction(whole[0, 0]) ** 2 + fraction(whole[0, 1]) ** 2
        far, det = squared_norm(whole), fraction(whole.det()) ** 2
        # part <= the larger root of z^2 - far z + det, and the rank cannot grow.
        return part**2 - far * part + det <= 0 or 2 * part <= far

    return quoted(INTERLACING, spots=[seeded(holds)])


def _dropping_lowers_the_fit() -> Check:
    """Mean over classes of log(1 + sum of terms): without the class that loses most, and fewer terms for the others."""

    def holds(rng: Random) -> bool:
        size = rng.randint(3, 6)
        terms = [[Fraction(rng.randint(1, 30), rng.randint(1, 9)) for _ in range(size - 1)] for _ in range(size)]
        totals = [1 + sum(row) for row in terms]
        worst = max(range(size), key=lambda i: totals[i])
        kept = [totals[i] - terms[i][0] for i in range(size) if i != worst]
        # Mean logs compare as powers of products: (prod kept)^size <= (prod totals)^(size - 1).
        left, right = Fraction(1), Fraction(1)
        for value in kept:
            left *= value**size
        for value in totals:
            right *= value ** (size - 1)
        return left <= right

    total, gap, size = sp.symbols("T d n", positive=True)
    # n members add up to T; the one left out is at least their mean, by d: the mean of the rest is lower.
    rest = (total - (total / size + gap)) / (size - 1)
    return all_of(
        identical(total / size - sp.UnevaluatedExpr(rest), gap / (size - 1)),
        signed((gap / (size - 1)).subs(size, 1 + sp.Symbol("m", positive=True)), "n > 1"),
        spots=[seeded(holds)],
    )


def _sum(parts: tuple[tuple[str, int], ...]) -> CodeSum:
    return CodeSum(tuple((PAIR if name == "pair" else ce_structure_named(name), size) for name, size in parts))


def _exact(parts: tuple[tuple[str, int], ...]) -> bool:
    return verify(_sum(parts), _sum(parts).K)


def _cube(size: int) -> bool:
    """2^r classes, rank r, sigma = 2^(r-1), exactly."""
    cube, order = ce_structure_named("cube"), size.bit_length() - 1
    return (
        verify(cube, size)
        and least_margin_is_one(cube, size)
        and singular_values(cube, size) == ((sp.Integer(size // 2), order),)
    )


def _diagonal(size: int) -> bool:
    """Z_ii = (1/K) sum_j (Z_ii - Z_ji) when columns sum to zero."""
    free = sp.symbols(f"z1:{size}")
    column = [-sum(free), *free]
    return sp.expand(column[0] - sum(column[0] - v for v in column) / size) == 0


def ce_sums() -> Derivation:
    """Truncation, direct sums, and cubes cut down to K classes."""
    p = 2 / (L + 1)
    return Derivation(
        name="ce-sums",
        title="Cross-entropy: leaving classes out, direct sums, cubes",
        source="ours",
        states="The least loss at given Lambda and L, and c*, never fall when K grows. Blocks with Z_ii >= 1 at least "
        "margin 1 (pairs, polygons of 4 or more, antiprisms, tight codes of largest cosine >= 0) form direct sums "
        "whose costs c add: an upper bound of c* for all classes together, not c* itself (at L = 1, c* of two pairs "
        "is 3, the costs add to 4). For every K >= 2 and L >= 1, c* <= ceil(log2 K) K^p at rank ceil(log2 K), p = "
        "2/(L+1): for every L >= 2 collapse is arbitrarily bad for many classes, c*/(K-1) -> 0.",
        steps=(
            Step(
                "Leave out row and column k of Z (K x K), k the class with the largest log(1 + sum_j e^(-margin)). "
                "Every other class loses a positive term, and a mean without its largest member falls: so does CE.",
                (),
                all_of(_dropping_lowers_the_fit(), inference("a class that loses a term", "derivation ce-reduction")),
                "fit",
            ),
            Step(
                "No singular value of the submatrix exceeds that of the whole, in order, so sum sigma^p does not grow; "
                "least margins do not fall. So neither the least loss (Lambda fixed) nor c* is smaller for K than for "
                "K - 1 classes.",
                (),
                all_of(interlacing(), inference("fit and penalty both fall", "fit")),
                "monotone",
            ),
            Step(
                "Direct sum: towards another block the margin of class i is Z_ii - 0. Columns of a block sum to zero, "
                "so Z_ii is the mean of the class's margins in its block of m, its own 0 included.",
                (),
                # The margins of a class add up to m Z_ii less the sum of the column, which is 0.
                all_of(
                    identical(sp.UnevaluatedExpr(m * x - 0) / m, x),
                    identical(sp.UnevaluatedExpr(0 + (m - 1) * 1) / m, (m - 1) / m),
                    inference("columns that sum to zero", "derivation ce-reduction"),
                    spots=[instances(range(2, 7), _diagonal, "symbolic columns, m = 2, ..., 6")],
                ),
                "diagonal",
            ),
            Step(
                "Where Z_ii >= 1 the sum has least margin 1 and the singular values of its blocks: c adds. A tight "
                "code has Z_ii = 1/(1-s) >= 1 iff s >= 0; pairs have 1, an m-gon 1/(1 - cos(2 pi/m)).",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(1 / (1 - s)) - 1, s / (1 - s)),
                    inference("margins to other blocks are Z_ii, singular values those of the blocks", "diagonal"),
                    spots=[instances(SUMS, _exact, f"{len(SUMS)} sums of codes, exact matrices")],
                ),
            ),
            Step(
                "The cube of 2^r classes: sign vectors, cosines 1 - 2 d/r, s = 1 - 2/r, so sigma = 2^r/(r (1-s)) = "
                "2^(r-1), r times: c = r 2^((r-1) p). Orthogonality of the coordinates makes it tight.",
                (),
                all_of(
                    identical(2**r / sp.UnevaluatedExpr(r * (2 / r)), 2 ** (r - 1)),
                    inference("a tight code has sigma = K / (r (1 - s)), r times", "derivation ce-low-rank"),
                    spots=[instances((8, 16, 32), _cube, "exact matrices, K = 8, 16, 32")],
                ),
                "cube",
            ),
            Step(
                "For K classes take r = ceil(log2 K), 2^(r-1) < K <= 2^r (r = 1, 2 are a pair and a square), and leave "
                "classes out: c* <= r 2^((r-1) p) <= r K^p, and r < 1 + log2 K. Over K - 1 >= K/2 that is at most the "
                "quotient shown, which tends to 0 for p < 1.",
                (),
                all_of(
                    identical(sp.Limit(2 * (1 + sp.log(y) / sp.log(2)) * y ** (-x), y, sp.oo), 0),
                    positive_beyond(2 * (K - 1), K, 2, strict=False, than=K),
                    identical(1 - sp.UnevaluatedExpr(p), (L - 1) / (L + 1)),
                    inference("r is the least with K <= 2^r", "monotone", "cube"),
                    spots=[
                        instances(
                            range(2, 1025),
                            lambda k: 2 ** ((k - 1).bit_length() - 1) < k <= 2 ** (k - 1).bit_length(),
                            "2^(r-1) < K <= 2^r, K = 2, ..., 1024",
                        )
                    ],
                ),
            ),
        ),
    )
