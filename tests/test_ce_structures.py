"""Cross-entropy structures: closed forms equal the logits exactly; enclosures give the known digits; clear refusals."""

from fractions import Fraction

import pytest
import sympy as sp
from flint import arb

from dufm.theory.ce.codes import CodeStructure, TightCode, johnson, rational_cosines
from dufm.theory.ce.crossing import crossing, loss_gap
from dufm.theory.ce.enclosure import best_scale, least_loss, loss_at, objective_ball
from dufm.theory.ce.families import CE_FAMILIES, FreeAntiprism, Member, PentagonAndPairs, Pyramid, ce_family_named
from dufm.theory.ce.newton import best_member, family_loss_at
from dufm.theory.ce.numbers import Balls, Field, Symbols
from dufm.theory.ce.polygons import DNC_LOGITS, PAIRS, POLYGON, Blocks, PolygonSum
from dufm.theory.ce.structure import CeStructure, agrees, cross_entropy, hard_margin_cost, rank, require_ce, verify
from dufm.theory.ce.structures import CE_STRUCTURES, ce_structure_named, cheapest_at_margin
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError

SMALL = [(s, K) for s in CE_STRUCTURES for K in (3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 20, 24, 27, 56) if s.valid(K)]


def ce(K: int, L: int, lam: object, **more) -> Problem:
    return Problem.of(K, L, lam, loss="ce", **more)


@pytest.mark.parametrize(("structure", "K"), SMALL, ids=lambda v: getattr(v, "name", str(v)))
def test_closed_forms_are_those_of_the_logits(structure: CeStructure, K: int) -> None:
    assert isinstance(structure, CeStructure)
    assert verify(structure, K)


@pytest.mark.parametrize(("name", "K"), [("600-cell", 120), ("e8", 240)])
def test_large_codes(name: str, K: int) -> None:
    assert verify(ce_structure_named(name), K)


def test_wrong_closed_forms_are_caught() -> None:
    class Wrong(PolygonSum):
        def squares(self, K, numbers):
            return [(value, count + 1) for value, count in super().squares(K, numbers)]

    class Loose(PolygonSum):
        def margins(self, K, numbers):
            return [(many, [(2 * m, c) for m, c in row]) for many, row in super().margins(K, numbers)]

    blocks = lambda K: Blocks((K,))  # noqa: E731
    assert not verify(Wrong("wrong", "", blocks), 5)
    assert not verify(Loose("loose", "", blocks), 5)
    wrong_code = TightCode(4, rational_cosines((1, 6, 5), (-2, 3, 4)), lambda: johnson(5, 2))
    assert not verify(CodeStructure("wrong", "", lambda K: wrong_code), 10)


def test_three_arithmetics_agree() -> None:
    for N in (5, 7, 12):
        for k in range(N):
            value = Symbols().cosine(k, N)
            assert Balls().cosine(k, N).overlaps(arb(str(sp.N(value, 20))) + arb(0, 1e-15))
    five = Field(5)
    assert (five.cosine(1, 5) * 4 + 1) ** 2 == 5
    assert (1 / five.cosine(1, 5)) * five.cosine(1, 5) == 1
    with pytest.raises(ValueError, match="Q\\(zeta_5\\)"):
        five.cosine(1, 7)


# Best closed forms at least margin 1, from an independent computation with SciPy.
TABLE = {
    4: "dnc 3, pairs 2.82842712, pairs 2.63901582, pairs 2.51984210, pairs 2.43802731, pairs 2.37841423",
    5: "dnc 4, pairs+1 3.77416873, polygon 3.34517662, polygon 3.07034758, polygon 2.88797619, polygon 2.75834228",
    6: "pairs 4.76220316, pairs 4.24264069, pairs 3.95852373, polygon 3.63424119, polygon 3.33702088",
    7: "pairs+1 5.71211741, -, -, polygon 4.20526881, polygon 3.78167892, polygon 3.49222985, polygon 3.28250836",
    10: "pairs 7.93700526, johnson(5,2) 6.92820323, -, -, -, polygon 4.52401270, polygon 4.13176501",
    12: "pairs 9.52440631, icosahedron 8.06998214, icosahedron 6.62098052, icosahedron 5.80259332",
    16: "clebsch 12.59921050, clebsch 10, clebsch 8.70550563",
    20: "pairs 15.87401052, johnson(6,3) 12.24744871, johnson(6,3) 10.23836256",
    27: "schlaefli 19.81156349, schlaefli 14.69693846",
    240: "e8 122.60950918",
}


@pytest.mark.parametrize("K", TABLE)
def test_hard_margin_costs(K: int) -> None:
    for L, entry in enumerate(TABLE[K].split(", "), 2):
        if entry == "-":
            continue
        name, value = entry.split()
        found = cheapest_at_margin(K, L)
        # At K = 4 the polygon is the square, which is two pairs.
        assert found.name == name or (K == 4 and found.name == "polygon")
        assert abs(sp.N(hard_margin_cost(found, K, L), 20) - sp.Rational(value)) < sp.Rational(6, 10**9)


EXPECTED = [
    (4, 2, "0.01", "dnc", "0.151445692067804", "5.13284583610288"),
    (4, 2, "0.01", "pairs", "0.151703348147484", "4.64547769538697"),
    (4, 3, "0.01", "dnc", "0.152877278124426", "5.43902290034949"),
    (4, 3, "0.01", "pairs", "0.139898750828786", "5.06330120790884"),
    (5, 3, "0.01", "polygon", "0.182979570621395", "4.72192253617533"),
    (6, 2, "0.01", "dnc", "0.252238665564112", "5.12012429527972"),
    (6, 5, "0.01", "polygon", "0.199786559999639", "5.07907884388863"),
    (10, 3, "0.001", "dnc", "0.0539211401434831", "7.94054740509776"),
    (10, 3, "0.001", "johnson(5,2)", "0.0411545703150166", "7.78814497647986"),
]


@pytest.mark.parametrize(("K", "L", "lam", "name", "loss", "alpha"), EXPECTED)
def test_known_digits(K: int, L: int, lam: str, name: str, loss: str, alpha: str) -> None:
    found = best_scale(ce_structure_named(name), ce(K, L, lam))
    assert found is not None
    assert found.loss.rad() < 1e-25 and found.alpha.rad() < 1e-25
    assert abs(found.loss - arb(loss)) < 2e-15 and abs(found.alpha - arb(alpha)) < 2e-14


def test_strengths_and_samples_enter_through_lambda_alone() -> None:
    one = least_loss(DNC_LOGITS, ce(4, 2, "1/50"))
    many = least_loss(DNC_LOGITS, ce(4, 2, ["1/100", "1/25", "1/100"], n=2))
    assert one.overlaps(many)


def test_collapse_is_told_rigorously() -> None:
    assert best_scale(DNC_LOGITS, ce(4, 1, "0.25")) is None
    assert best_scale(DNC_LOGITS, ce(4, 1, "0.249")) is not None
    assert best_scale(DNC_LOGITS, ce(4, 3, "0.1749")) is not None
    assert best_scale(DNC_LOGITS, ce(4, 3, "0.175")) is None
    # A stationary scale may be worse than nothing: log K is the least loss there.
    assert least_loss(DNC_LOGITS, ce(4, 3, "0.15")).overlaps(arb(4).log())
    assert least_loss(DNC_LOGITS, ce(4, 3, "0.12")) < arb(4).log()


def test_one_layer_has_a_closed_form() -> None:
    found = best_scale(DNC_LOGITS, ce(4, 1, "0.2"))
    assert found is not None and found.alpha.overlaps(arb(2).log())


def test_the_objective_of_balanced_factors_is_the_loss() -> None:
    problem = ce(4, 1, "1/10", width=4)
    p = [[Fraction(4 * int(i == j) - 1, 4) for j in range(4)] for i in range(4)]
    scaled = [[2 * x for x in row] for row in p]
    found = objective_ball(problem, [scaled, scaled])
    assert found.overlaps(loss_at(DNC_LOGITS, problem, Fraction(4)))
    assert not found.overlaps(loss_at(DNC_LOGITS, problem, Fraction(401, 100)))
    assert float(cross_entropy(DNC_LOGITS, 4, sp.Integer(4))) == pytest.approx(float((1 + 3 * arb(-4).exp()).log()))


def test_families_are_exact_and_contain_their_limit() -> None:
    members = [(Pyramid(), ((1, 1), (1, 3), (5, 4)), 7), (FreeAntiprism(), ((4, 1), (1, 1)), 8)]
    for family, weights, K in [*members, (PentagonAndPairs(), ((2, 1), (1, 1)), 9)]:
        assert agrees(Member(family, weights), K)
    for family, K, L in ((Pyramid(), 5, 2), (FreeAntiprism(), 8, 3), (PentagonAndPairs(), 7, 3)):
        problem = ce(K, L, "1/100")
        best = best_member(family, problem)
        assert best is not None and best.loss < least_loss(family.limit, problem)
        theta = [Fraction(x.str(15, radius=False)) for x in best.theta]
        assert family_loss_at(family, problem, theta) - best.loss < 1e-20
        worse = [x + Fraction(1, 100) for x in theta]
        assert family_loss_at(family, problem, worse) > best.loss


def test_pyramid_and_antiprism_digits() -> None:
    best = best_member(ce_family_named("pyramid"), ce(5, 2, "0.01"))
    assert best is not None and abs(best.loss - arb("0.1986253150304")) < 6e-14
    for x, known in zip(best.theta, ("4.608988249", "0.8391364224", "5.040086744"), strict=True):
        assert abs(x - arb(known)) < 6e-10
    anti = best_member(ce_family_named("antiprism(A,B)"), ce(8, 3, "0.01"))
    assert anti is not None and abs(anti.loss - arb("0.2803420998")) < 6e-11


def test_crossing_needs_a_change_of_sign() -> None:
    tight = crossing(DNC_LOGITS, PAIRS, 4, 2, (Fraction("0.01"), Fraction("0.02")), Fraction(1, 10**6))
    assert tight.low < Fraction("0.0117604980793") < tight.high
    assert loss_gap(DNC_LOGITS, PAIRS, 4, 2, tight.high) > 0
    with pytest.raises(ProblemError, match="no crossing between"):
        crossing(DNC_LOGITS, PAIRS, 4, 3, (Fraction("0.01"), Fraction("0.02")), Fraction(1, 10))


def test_clear_refusals() -> None:
    with pytest.raises(ProblemError, match="'pairs' needs K even"):
        require_ce(PAIRS, 5)
    with pytest.raises(
        ProblemError, match="structure must be one of the 19 names that `dufm structures --loss ce` lists"
    ):
        ce_structure_named("nonsense")
    with pytest.raises(ProblemError, match="family must be one of"):
        ce_family_named("nonsense")
    with pytest.raises(ProblemError, match="needs loss 'ce'"):
        best_scale(POLYGON, Problem.of(4, 2, 1))
    with pytest.raises(ProblemError, match="'pyramid' needs K odd"):
        best_member(Pyramid(), ce(6, 2, 1))
    with pytest.raises(ProblemError, match="needs loss 'mse'"):
        ce(3, 1, 1).objective([[[0] * 3] * 3] * 2)
    with pytest.raises(ProblemError, match="loss must be one of 'mse', 'ce'"):
        Problem.of(3, 1, 1, loss="hinge")


def test_linear_layers_have_no_relu() -> None:
    weights = [[[-1, 0], [0, 1]], [[1, 0], [0, 1]], [[1, 0], [0, 1]]]
    assert ce(2, 2, 1, width=2).output(weights)[0, 0] == -1
    assert Problem.of(2, 2, 1, width=2).output(weights)[0, 0] == 0


def test_names_are_unique_and_ranks_known() -> None:
    assert len({s.name for s in CE_STRUCTURES} | {f.name for f in CE_FAMILIES}) == len(CE_STRUCTURES) + len(CE_FAMILIES)
    assert [rank(ce_structure_named(n), K) for n, K in (("dnc", 5), ("polygon", 9), ("pairs", 8), ("e7", 56))] == [
        4,
        2,
        4,
        7,
    ]
