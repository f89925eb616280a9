"""Identity skips do not save collapse: classes on a line of rank two cost less, in enough blocks."""

from fractions import Fraction

import sympy as sp

from dufm.theory.derivations.squared.lemmas import active
from dufm.theory.derivations.squared.unequal_classes import bessel, contracts
from dufm.theory.problem import Problem, Variant
from dufm.theory.proof.checks import all_of, every, identical, inference, instances, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import AM_GM, CAUCHY_SCHWARZ, SCHATTEN_HOELDER, TRIANGLE, not_negative, quoted
from dufm.theory.proof.words import letters, same_words
from dufm.theory.rational import identity, matrix, squared_norm
from dufm.theory.squared.line import AROUND_ONE, AROUND_TWO, AT_EVERY_STRENGTH, LEAST_X, Line, collapse_around_one
from dufm.theory.squared.phi import objective

K, x, c, c_next, t, a, b, s, rho, B, D, C_0 = sp.symbols("K x c c_next t a b s rho B D C_0", positive=True)
m, k, j = sp.symbols("m k j", positive=True, integer=True)
gap, over = sp.symbols("d u", nonnegative=True)
S, N = letters("S N")


def _is_unit(line: Line) -> bool:
    problem = Problem.of(line.classes, line.L, 1, line.classes + 2, variant=Variant(skip=f"block{line.around}"))
    weights = line.weights()
    half = sum(squared_norm(matrix(w)) for w in weights) / 2
    return problem.output(weights) == identity(line.classes) and half == line.cost()


def _small() -> list[Line]:
    scales = Fraction(1, 3), Fraction(2, 5), Fraction(3, 4)
    return [Line(around, classes, blocks, *scales) for around in (1, 2) for classes, blocks in ((3, 2), (4, 3), (6, 2))]


def skips() -> Derivation:
    """Collapse in every block, both kinds; classes on a line of rank two; sums and numbers."""
    point, centre = (2 * k - m - 1) / m, (2 * k - m - 3) / m
    spread = (m**2 - 1) / (3 * m)
    both = (a**2 + b**2) / 2
    rest = t / rho + sp.log(rho) - t
    line = C_0 * x / K + (K - m) / K * D
    return Derivation(
        name="skips",
        title="Identity skips: collapse in every block, and classes on a line, which cost less",
        source="ours; collapse with many residual blocks and layer norm: Sukenik, Lampert and Mondelli (2505.15239)",
        states="Squared loss, relu, equal strengths n lambda_H = lambda_1 = ... = lambda_L, x = K lambda <= 1, class "
        "features orthogonal and of equal norms in H_1 and after every block. Skips around two layers: the least loss "
        "is phi_1(x) = x - x^2/2 at every depth, blocks unused. Skips around one layer, B = L - 1: it is at least x "
        "min over y >= 1 of y^(-B) - x y^(-2B)/2 + B (y-1)^2/2. For hidden width >= K + 2 features of rank two in "
        "front of the last block go below: around two layers for every K >= 88, 43, 29, 24 at every odd L >= 11, 17, "
        "33, 65 and x <= 1/20, and for every K >= 136, 78, 62 at every odd L >= 17, 33, 65 and x <= 1; around one "
        "layer for every K >= 50, 31, 25, 17 at L = 17, 25, 33, 65 and x <= 1/20.",
        steps=(
            Step(
                "Let F^T F = c I before a block and F'^T F' = c' I after it, rho^2 = c'/c; with c or c' zero the "
                "output is 0. F' - F has nuclear norm at least K (sqrt c' - sqrt c) = K sqrt c (rho - 1), and ||W F|| "
                "<= sqrt c ||W||.",
                (),
                all_of(
                    quoted(TRIANGLE),
                    bessel(),
                    identical(K * sp.sqrt(sp.UnevaluatedExpr(rho**2 * c)) - K * sp.sqrt(c), K * sp.sqrt(c) * (rho - 1)),
                ),
                "growth",
            ),
            Step(
                "Around two layers F' - F = W' relu(W F) has nuclear norm at most ||W'|| ||W|| sqrt c: the block pays "
                "(||W||^2 + ||W'||^2)/2 >= K (rho - 1) >= K log rho. Around one layer it is relu(W F), of rank at most "
                "K: nuclear norm at most sqrt K ||W|| sqrt c, so ||W||^2/2 >= K (rho - 1)^2/2 for rho >= 1.",
                (),
                all_of(
                    quoted(SCHATTEN_HOELDER),
                    quoted(CAUCHY_SCHWARZ),
                    contracts(),
                    identical(both - a * b, (a - b) ** 2 / 2),
                    identical(sp.diff(rho - 1 - sp.log(rho), rho), (rho - 1) / rho),
                    identical(sp.UnevaluatedExpr(K * (rho - 1)) ** 2 / K, K * (rho - 1) ** 2),
                    inference("||act(Q)|| <= ||Q||", "growth"),
                ),
                "blocks",
            ),
            Step(
                "The ends: ||H_1||^2 = K c_1, and with t = tr Z / K the last layer has ||W_L||^2 >= ||Z||^2 / c_B >= K "
                "t^2 / c_B. The fit is at least (1-t)^2/2, and with |t| in the place of t no more. By AM-GM the two "
                "pay at least x t / rho, rho^2 = c_B / c_1 the product of all blocks' rho^2.",
                (),
                all_of(
                    quoted(AM_GM, not_negative(c)),
                    quoted(CAUCHY_SCHWARZ),
                    bessel(),
                    identical(sp.sqrt(sp.UnevaluatedExpr(c) * (t**2 / (rho**2 * c))), t / rho),
                    identical(K * (t - 1) ** 2 / (2 * K), objective(t, 0, 2)),
                    identical((1 + t) ** 2 - (1 - t) ** 2, 4 * t),
                    inference("the product of the two", "growth"),
                ),
                "ends",
            ),
            Step(
                "Around two layers: a block with rho < 1 may count as rho = 1. Then t/rho + log rho >= t for t <= 1 <= "
                "rho, since its slope in rho is (rho - t)/rho^2, and it is at least 1 for t >= 1, since t/rho >= "
                "1/rho. So the loss is at least (1-t)^2/2 + x t, or x: at least phi_1(x). H_1 = W_L^T = sqrt(t) I and "
                "zero blocks have it.",
                (),
                all_of(
                    identical(sp.diff(rest, rho), (rho - t) / rho**2),
                    signed((gap + over) / (1 + over) ** 2, "rho = 1 + u, t = 1 - d"),
                    identical((1 + over - (1 - gap)) / (1 + over) ** 2, (gap + over) / (1 + over) ** 2),
                    identical(rest.subs(rho, 1), 0),
                    identical(objective(t, x, 2), (1 - t) ** 2 / 2 + x * t),
                    identical(objective(1 - x, x, 2), x - x**2 / 2),
                    identical(x - sp.UnevaluatedExpr(x - x**2 / 2), x**2 / 2),
                    inference("sums of logarithms", "blocks", "ends"),
                ),
                "around two",
            ),
            Step(
                "Around one layer: with y the mean of the B numbers rho, those below 1 counted as 1, their product is "
                "at most y^B and the sum of (rho - 1)^2 at least B (y-1)^2. With a = y^(-B) the least of (1-t)^2/2 + x "
                "a t is x a - x^2 a^2/2, at t = 1 - x a. H_1, W_L^T and each W_l a multiple of I, rho = y, have it.",
                (),
                all_of(
                    quoted(AM_GM, not_negative(rho)),
                    quoted(CAUCHY_SCHWARZ),
                    identical(
                        (1 - t) ** 2 / 2 + x * a * t - (x * a - x**2 * a**2 / 2),
                        (t - 1 + sp.UnevaluatedExpr(x * a)) ** 2 / 2,
                    ),
                    inference("Cauchy-Schwarz and AM-GM over the blocks", "blocks", "ends"),
                ),
                "around one",
            ),
            Step(
                "The line: m classes at s_k = (2k - m - 1)/m, columns (1 + s_k, 1 - s_k) >= 0. A neuron with row ((1 - "
                "c)/2, -(1 + c)/2) gives s - c, and s_k - s_j + 2/m = 2 (k - j + 1)/m: 2/m times k - j + 1 for k >= j, "
                "not above 0 for k < j. That matrix is N^2, N = (1 - S)^(-1) the upper triangle of ones, S the shift: "
                "(1 - S)^2 reads it out to I. Blocks that act on the two rows of F alone scale it.",
                (),
                all_of(
                    identical((1 - c) / 2 * (1 + s) - (1 + c) / 2 * (1 - s), s - c),
                    identical(point - centre.subs(k, j), 2 * (k - j + 1) / m),
                    identical(active(over), over),
                    same_words((1 - S) * (1 - S) * N * N, sp.Integer(1), {S * N: N - 1}),
                    spots=[instances(_small(), _is_unit, "m = 3, 4, 6, exact weights, both kinds of skips")],
                ),
                "line",
            ),
            Step(
                "Its squared norms: F has 2m + 2(m^2-1)/(3m), the neurons (m + (m^2-1)/(3m) + 4/m)/2, 1 - S has 2m - 1 "
                "and (1 - S)^2 has 6m - 6, three entries 1, -2, 1 a row but for the ends.",
                (),
                all_of(
                    identical(sp.Sum(point**2, (k, 1, m)), spread),
                    identical(sp.Sum((1 + point) ** 2 + (1 - point) ** 2, (k, 1, m)), 2 * m + 2 * spread),
                    identical(
                        sp.Sum((1 - centre) ** 2 / 4 + (1 + centre) ** 2 / 4, (k, 1, m)), (m + spread + 4 / m) / 2
                    ),
                    identical(sp.UnevaluatedExpr(m) + (m - 1), 2 * m - 1),
                    identical(m + 4 * sp.UnevaluatedExpr(m - 1) + (m - 2), 6 * m - 6),
                    inference("sums over rows", "line"),
                ),
                "norms",
            ),
            Step(
                "Let C_0 be half the sum of the squared norms of weights for m classes with output I, and D the least "
                "loss of collapse, a function of x and the blocks alone. Beside K - m classes with diagonal weights "
                "the loss is x C_0 / K + (K - m) D / K: below D iff x C_0 < m D. For fixed weights the loss is affine "
                "in x and not negative at 0, so D is concave and D / x does not rise: what holds at one x holds at "
                "every smaller one. More blocks around two layers: zero, D is the same.",
                (),
                all_of(
                    identical(D - line, (m * D - x * C_0) / K),
                    identical(line - sp.UnevaluatedExpr(x * C_0 / K), (K - m) * D / K),
                    inference("blocks beside each other, relu entry by entry", "line", "around two", "around one"),
                ),
                "sums",
            ),
            Step(
                "Around two layers D / x = 1 - x/2: C_0 < m (1 - x/2) at x = 1/20, and at x = 1, for the m, B and "
                "scales of the tables, L = 2B + 1.",
                (),
                all_of(
                    every(AROUND_TWO, lambda n: n.cost() < n.classes * (1 - LEAST_X / 2), "m = 88, 43, 29, 24"),
                    every(AT_EVERY_STRENGTH, lambda n: 2 * n.cost() < n.classes, "m = 136, 78, 62"),
                    inference("the costs of the line", "norms", "sums"),
                ),
            ),
            Step(
                "Around one layer the least over y is bounded below interval by interval, a at the upper end and (y - "
                "1)^2 at the lower: C_0 < m D / x at x = 1/20, L = B + 1.",
                (),
                all_of(
                    identical(sp.diff(a - x * a**2 / 2, a), 1 - x * a),
                    every(
                        AROUND_ONE,
                        lambda n: n.cost() < n.classes * collapse_around_one(n.blocks, LEAST_X),
                        "m = 50, 31, 25, 17",
                    ),
                    inference("a rises with 1/y and x a <= 1", "norms", "sums"),
                ),
            ),
        ),
    )
