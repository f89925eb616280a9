"""A regime is data: its words, its cells in the table, what certificates must show; derivations must reach it."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from dufm.solvers.ce import margin_records, records
from dufm.theory import derivations
from dufm.theory.derivations import derivation
from dufm.theory.problem import Problem
from dufm.theory.proof.checks import Checked, Method
from dufm.verification.claims import CLAIMS, claim_named
from dufm.verification.claims import entry as report
from dufm.verification.claims.base.claim import BUDGETS, Budget, Claim, Known, support_name
from dufm.verification.claims.base.conclusions import CONCLUSIONS
from dufm.verification.claims.base.filed import judge, missing
from dufm.verification.claims.base.regime import (
    BELOW,
    EVERY,
    Between,
    Edges,
    From,
    Only,
    Part,
    Regime,
    Wide,
    at,
    stretch,
)
from dufm.verification.claims.base.verdict import Status, Verdict
from dufm.verification.claims.squared.heads import head_witness
from dufm.verification.claims.squared.strips import STRETCHES
from dufm.verification.claims.squared.witnesses import FOLDER

ONE = Budget("test", 1)
HOLDS = (Checked(True, Method.SYMBOLIC),)
STRUCTURED = [c for c in CLAIMS if isinstance(c.regime, Regime)]


def regime_of(claim: Claim) -> Regime:
    """The regime, which is a record."""
    assert isinstance(claim.regime, Regime)
    return claim.regime


def names_of(claim: Claim) -> list[str]:
    """The derivations a claim rests on."""
    return [support_name(s) for s in claim.rests_on if not isinstance(s, Claim)]


def shipped(name: str) -> dict[str, Any]:
    """A shipped witness."""
    return json.loads((FOLDER / name).read_text())


def test_sets_of_numbers() -> None:
    assert [K for K in range(2, 40) if K in Edges(4)] == [6, 10, 15, 21, 28, 36]
    assert [K for K in range(2, 60) if K in Edges(6, even=True)] == [15, 28, 45]
    assert 3 in From(3) and 2 not in From(3) and 4 in Only((2, 4)) and 3 not in Only((2, 4))
    assert str(Part(Edges(5), From(3), BELOW)) == (
        "K = r(r-1)/2 for every r >= 5, every L >= 3, every n, hidden width >= K, every Lambda below collapse"
    )
    assert str(Part(From(5), Only((2,)), stretch("0.372"), 1, 1)) == (
        "every K >= 5, L = 2, n = 1, hidden width >= K + 1, x = K Lambda from 0.372 to DNC's collapse"
    )
    assert str(at("0.05", "0.39")) == "x = K Lambda = 0.05, 0.39 only" and str(EVERY) == "all positive strengths"


def test_a_regime_contains_exactly_its_problems() -> None:
    regime = Regime((Part(From(5), Only((2,)), stretch("0.372"), 1),))
    inside = Problem.of(5, 2, Fraction("0.372") / 5, width=6)
    assert regime.contains(inside) and regime.contains(Problem.of(9, 2, Fraction("0.396") / 9, width=10, n=1))
    for other in (
        Problem.of(5, 2, Fraction("0.3719") / 5, width=6),
        Problem.of(5, 2, Fraction("0.397") / 5, width=6),
        Problem.of(5, 2, Fraction("0.38") / 5, width=5),
        Problem.of(4, 2, Fraction("0.38") / 4, width=9),
        Problem.of(5, 3, Fraction("0.26") / 5, width=9),
    ):
        assert not regime.contains(other), other
    assert Regime((Part(Only((3,)), Only((2,)), at("0.05"), n=1),)).contains(Problem.of(3, 2, Fraction("0.05") / 3))
    assert not Regime((Part(From(2), From(1), None),)).contains(inside)


def test_one_strength_never_settles_a_cell() -> None:
    for claim in STRUCTURED:
        for K in range(2, 22):
            for L in range(1, 9):
                said = claim.settles(K, L)
                assert (said in ("low rank", "dnc")) == (claim.says is not None and regime_of(claim).whole(K, L))
    assert claim_named("depth3-K7").settles(7, 3) == "low rank at some x"
    assert claim_named("intervals").settles(3, 4) == "low rank at some x"
    assert claim_named("two-layers").settles(3, 2) == "dnc at some x"
    assert [c.label for c in CLAIMS if c.settles(3, 2) == "dnc" or c.settles(3, 3) == "dnc"] == []


def test_nothing_is_settled_at_a_problem_that_another_claim_contradicts() -> None:
    for K, L, x in [(K, L, x) for K in range(2, 22) for L in range(1, 6) for x in ("0.015", "0.05", "0.2", "0.38")]:
        problem = Problem.of(K, L, Fraction(x) / K, width=400)
        spoken = {c.says for c in STRUCTURED if c.says and regime_of(c).contains(problem)}
        assert len(spoken) <= 1, (K, L, x)


# What the claims state, written down once more: (label, K, L) inside and (label, K, L) outside at the edges.
EDGES = [
    ("one-layer", (2, 1), (2, 2)),
    ("two-classes", (2, 9), (3, 1)),
    ("srg-wins", (6, 4), (6, 3)),
    ("srg-wins", (10, 7), (7, 4)),
    ("three-classes", (3, 4), (4, 4)),
    ("four-layers", (3, 4), (3, 3)),
    ("three-layers", (7, 3), (6, 3)),
    ("three-layers", (8, 9), (7, 2)),
    ("cuts-win-at-3", (10, 3), (6, 3)),
    ("frontier", (7, 3), (6, 3)),
    ("frontier", (3, 4), (2, 4)),
    ("two-layers-low-rank", (15, 2), (14, 2)),
    ("two-layers-strong", (5, 2), (4, 2)),
    ("strips", (14, 2), (15, 2)),
    ("strips", (4, 3), (7, 3)),
]


@pytest.mark.parametrize(("label", "inside", "outside"), EDGES)
def test_the_edges_of_what_is_claimed(label: str, inside: tuple[int, int], outside: tuple[int, int]) -> None:
    claim = claim_named(label)
    assert claim.settles(*inside) and not claim.settles(*outside)


@pytest.mark.parametrize("claim", [c for c in STRUCTURED if c.expected.quick is Status.PROVED], ids=lambda c: c.label)
def test_the_derivations_reach_the_whole_regime(claim: Claim) -> None:
    assert claim.beyond(names_of(claim)) == ""


@pytest.mark.parametrize(
    ("label", "wider"),
    [
        ("three-layers", Part(From(6), From(3))),
        ("three-layers", Part(From(7), From(2))),
        ("four-layers", Part(From(2), From(4))),
        ("four-layers", Part(From(3), From(3))),
        ("three-classes", Part(Only((3, 4)), From(4))),
        ("cuts-win-at-3", Part(Edges(4), From(3))),
        ("two-layers-low-rank", Part(From(14), Only((2,)))),
        ("srg-wins", Part(Edges(4), From(3))),
        ("one-layer", Part(From(2), Only((1, 2)), EVERY)),
        ("two-classes", Part(Only((2, 3)), From(1), EVERY)),
        ("two-layers-strong", Part(From(4), Only((2,)), stretch("0.372"))),
        ("two-layers-strong", Part(From(5), Only((2,)), BELOW)),
        ("srg-cost", Part(Edges(3), From(3), None)),
        ("cuts-vanish", Part(Edges(5), From(2), None)),
        ("ce-suboptimal", Part(From(5), From(2), EVERY)),
        ("ce-near-collapse", Part(From(2), From(2), None)),
        ("ce-one-layer", Part(From(2), From(1), EVERY)),
        ("ce-three-classes", Part(Only((3, 4)), From(1), None)),
        ("ce-polygon", Part(From(4), From(4), EVERY)),
        ("ce-polygon", Part(Between(4, 44), Only((4,)), EVERY)),
        ("ce-polygon", Part(Between(4, 7), Only((3,)), EVERY)),
        ("ce-codes", Part(From(8), From(3), EVERY)),
        ("ce-codes", Part(Only((8, 10)), From(2), EVERY)),
        ("ce-hessian", Part(From(2), From(2), EVERY)),
        ("ce-psd", Part(From(3), From(2), EVERY)),
        ("ce-psd", Part(From(4), From(1), EVERY)),
        ("ce-gap", Part(From(2), From(2), EVERY)),
        ("ce-gap", Part(From(3), From(1), EVERY)),
        ("ce-saddle-window", Part(From(5), Between(2, 36), None)),
        ("ce-saddle-window", Part(From(6), Between(2, 37), None)),
        ("ce-three-weak", Part(Only((3, 4)), From(1), None)),
    ],
)
def test_a_regime_beyond_the_derivations_is_refused(label: str, wider: Part) -> None:
    claim = replace(claim_named(label), regime=Regime((wider,)), work=lambda budget: Verdict(Status.PROVED, "w"))
    assert claim.beyond(names_of(claim))
    below = {s.label: Status.PROVED for s in claim.rests_on if isinstance(s, Claim)}
    verdict = claim.check(ONE, Known(dict.fromkeys(names_of(claim), HOLDS), below))
    assert verdict.status is Status.UNDECIDED and "do not reach K = " in verdict.sentence


@pytest.mark.parametrize(
    ("label", "dropped"),
    [
        ("three-layers", derivations.direct_sum),
        ("three-layers", derivations.head),
        ("two-layers-strong", derivations.chord),
        ("two-layers-low-rank", derivations.halves),
        ("one-layer", derivations.lower_bound),
        ("two-classes", derivations.two_classes),
        ("ce-psd", derivations.ce_hessian),
        ("ce-polygon", derivations.ce_low_rank),
        ("ce-zero", derivations.ce_zero),
        ("ce-vanish", derivations.ce_sums),
    ],
)
def test_a_derivation_taken_away_is_missed(label: str, dropped: Any) -> None:
    claim = claim_named(label)
    left = tuple(s for s in claim.rests_on if s is not dropped)
    assert len(left) < len(claim.rests_on)
    assert claim.beyond(names_of(replace(claim, rests_on=left)))


def test_conclusions_are_what_the_derivations_state() -> None:
    repeats = {c.label: c.repeats for c in CLAIMS if c.repeats}
    for label, said in repeats.items():
        assert said.words in " ".join(derivation(said.by).states.split()), label
    assert repeats.keys() >= {
        c.label for c in CLAIMS if c.label.startswith("ce-") and c.expected.quick is Status.PROVED
    }
    for name, conclusion in CONCLUSIONS.items():
        states = " ".join(derivation(name).states.split())
        assert conclusion.words and all(words in states for words in conclusion.words), name


def _filed(claim: Claim, certificates: list[dict[str, Any]], tmp_path: Path) -> report.Entry:
    (tmp_path / "certificates").mkdir(exist_ok=True)
    return report._file(claim, "PROVED", Verdict(Status.CERTIFIED, "w", (), tuple(certificates)), tmp_path)


def test_a_head_of_other_classes_is_refused(tmp_path: Path) -> None:
    from dufm.theory.squared.looped import complete_head

    six = head_witness(complete_head(3), 4, "four-layers")[0]
    own = claim_named("four-layers").work(ONE).certificates[0]
    assert _filed(claim_named("four-layers"), [own], tmp_path).sound
    entry = _filed(claim_named("four-layers"), [six], tmp_path)
    assert not entry.sound and "K = 3" in entry.certificates[0][2] and entry.missing == ("head for K = 3, L >= 4",)
    assert not _filed(claim_named("four-layers"), [], tmp_path).sound
    assert not _filed(claim_named("reductions"), [own], tmp_path).sound


def test_strips_cannot_all_read_one_file_nor_swap(tmp_path: Path) -> None:
    claim, names = claim_named("strips"), [f"strip_l{L}_k{K:02d}.json" for K, L in STRETCHES]
    some = replace(claim, needs=claim.needs[:3])
    files = [shipped(name) for name in names[:3]]
    assert _filed(some, files, tmp_path).sound and _filed(some, files[::-1], tmp_path).sound
    same = _filed(some, files[:1] * 3, tmp_path)
    assert not same.sound and same.missing == ("interval for K = 5, L = 3", "interval for K = 6, L = 3")
    # A file of other classes in the place of one of these.
    assert not _filed(some, [*files[:2], shipped(names[3])], tmp_path).sound
    # Shorter than stated: the certificate holds, but not on the interval that the claim names.
    wide = [dict(need, x=[need["x"][0], need["x"][1] + Fraction(1, 100)]) for need in some.needs]
    assert not _filed(replace(some, needs=tuple(wide)), files, tmp_path).sound


@pytest.mark.parametrize("label", ["depth3-K7", "depth3-K9"])
def test_a_witness_at_another_strength_is_refused(label: str, tmp_path: Path) -> None:
    claim = claim_named(label)
    own = claim.work(ONE).certificates[0]
    weaker = json.loads(json.dumps(own))
    weaker["problem"]["lambdas"] = [[a * 9, b * 10] for a, b in own["problem"]["lambdas"]]
    assert _filed(claim, [own], tmp_path).sound
    assert report.judge(json.dumps(weaker).encode(), ({},))[0].ok
    assert not _filed(claim, [weaker], tmp_path).sound


def test_what_claims_need_fits_what_they_claim() -> None:
    for claim in CLAIMS:
        for need in claim.needs:
            if isinstance(claim.regime, Regime) and claim.says and "K" in need:
                assert claim.regime.has(need["K"], need["L"] if "L" in need else need["L_from"]), claim.label
    assert missing(({"kind": "head"},), []) == ("head for any K",)
    assert not judge(b"{", ({"kind": "head"},))[0].ok and not judge(b"{", ())[0].ok


def test_wide_bounds_say_what_they_are() -> None:
    part = Part(Only((6,)), From(4), None, Wide("thirteen", lambda K: 13))
    assert part.room(6) == 13 and "hidden width >= thirteen" in str(part)
    assert Part(Only((6,)), From(4), None, None).room(6) is None
    assert BUDGETS["quick"].name == "quick"


@pytest.mark.parametrize("label", ["ce-search-table", "ce-search-margins"])
def test_the_regime_of_a_shipped_table_is_its_rows(label: str) -> None:
    rows = records.best_known() if label == "ce-search-table" else margin_records.best_margins()
    words = [
        f"{name} = {min(found)}..{max(found)}" for name in ("K", "L") for found in [{getattr(r, name) for r in rows}]
    ]
    if label == "ce-search-table":
        strengths = sorted({r.lam for r in records.best_known()}, reverse=True)
        words.append(f"lambda = {', '.join(map(str, strengths))}")
    assert str(claim_named(label).regime).startswith(", ".join(words))


def test_the_regime_of_runs_names_every_value_that_is_run() -> None:
    width = claim_named("dyn-gd-width").regime
    assert width == (
        "L = 4, K = 10, lambda = 0.004, n = 1, width 15, 20, 30, 40, 50, 64 (quick: 15, 64), learning rate 0.5, "
        "normal starts of size 1"
    )
    relu = str(claim_named("ce-search-relu").regime)
    assert "low rank at (K, L) = (4, 4), (6, 4)" in relu and "lambda = 1/100 (budget full: also 1/1000)" in relu
