"""The cross-entropy derivations: every step checks, nothing is only sampled, false variants are caught."""

import pytest

from dufm.theory.ce.numbers import working
from dufm.theory.ce.structures import ce_structure_named
from dufm.theory.derivations.ce.dnc import ce_dnc
from dufm.theory.derivations.ce.hessian import ce_hessian
from dufm.theory.derivations.ce.lemmas import CASES
from dufm.theory.derivations.ce.low_rank import CODE_CASES, ce_low_rank, code_wins, polygon_wins
from dufm.theory.derivations.ce.reduction import ce_reduction
from dufm.theory.proof.checks import Method
from dufm.theory.proof.derivation import FORMATS, proved

BUILDERS = (ce_reduction, ce_dnc, ce_low_rank, ce_hessian)


@pytest.mark.parametrize("builder", BUILDERS, ids=lambda b: b.__name__)
def test_every_step_checks_and_it_renders(builder) -> None:
    built = builder()
    checked = built.check()
    assert proved(checked), [(i, c) for i, c in enumerate(checked, 1) if not c.ok or c.method is Method.SAMPLED]
    assert built.name == builder.__name__.replace("_", "-")


def test_they_render() -> None:
    for form in FORMATS:
        assert "all 9 steps check" in ce_dnc().render(form)


def test_the_polygon_loses_where_it_is_said_to() -> None:
    assert [polygon_wins(K, 4) for K in (43, 44)] == [True, False]
    assert [polygon_wins(K, 3) for K in (6, 7)] == [True, False]
    assert polygon_wins(3, 2) is None, "the triangle is collapse itself"
    assert not any(polygon_wins(K, 2) for K in range(4, 60))
    assert all(polygon_wins(K, 5) for K in range(4, 200))


def test_integers_decide_codes_as_balls_do() -> None:
    known = {
        ("clebsch", 16): (5, 1, 5),
        ("johnson(5,2)", 10): (4, 1, 6),
        ("schlaefli", 27): (6, 1, 4),
        ("cube", 8): (3, 1, 3),
    }
    for (name, K), (r, a, b) in known.items():
        for L in range(1, 6):
            # s = a / b: r^(L-1) (K b)^2 < (K-1)^(L+1) (b-a)^2.
            exact = r ** (L - 1) * (K * b) ** 2 < (K - 1) ** (L + 1) * (b - a) ** 2
            assert code_wins(ce_structure_named(name), K, L) is exact  # pyright: ignore[reportArgumentType]


def test_least_depths_of_the_codes() -> None:
    with working(30):
        first = {(c.name, K): next(L for L in range(1, 9) if code_wins(c, K, L)) for c, K in CODE_CASES}
    assert {name for name, L in first.items() if L == 3} == {
        ("icosahedron", 12),
        ("cube", 8),
        ("cube", 16),
        ("cube", 32),
    }
    assert set(first.values()) == {2, 3}


def test_pairs_beat_collapse_in_integers() -> None:
    for K in range(4, 60, 2):
        for L in range(2, 9):
            wins = K ** (L + 1) < 2 ** (L - 1) * (K - 1) ** (L + 1)
            assert wins is (K >= 6 or L >= 3)


def test_hessian_cases_cover_samples_widths_and_depths() -> None:
    assert {case[1] for case in CASES} == {2, 3} and any(case[3] > 1 for case in CASES)
    assert any(case[2] > case[0] for case in CASES)
