"""margin_checker.py: spoiled twins are refused, each condition of the proof can be broken, hostile files end."""

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_checker_hostile import HOSTILE

from dufm.theory.ce.relu import block_power, rival_power
from dufm.verification import margin_checker
from dufm.verification.base.certificate import write
from dufm.verification.base.checkers import checker_of
from dufm.verification.claims.base.filed import judge
from dufm.verification.claims.ce.relu import CE_RELU, FOLDER, FOUND, SHIPPED, Shipped, certificate
from tests.guard import hang_guard

CHECKER = Path("verification/margin_checker.py").resolve()
HALVES, EDGES, FIVE, THREE, *_ = SHIPPED


def said(content: Any) -> margin_checker.Result:
    return margin_checker.check(json.dumps(content))


def spoil(case: Shipped, change: Callable[[dict[str, Any]], Any]) -> margin_checker.Result:
    twin = copy.deepcopy(certificate(case))
    change(twin)
    assert json.dumps(twin) != json.dumps(certificate(case))
    return said(twin)


def rows(twin: dict[str, Any], i: int) -> list[list[Any]]:
    return twin["witness"][i]["rows"]


@pytest.mark.parametrize("case", [*SHIPPED, *FOUND], ids=lambda c: c.name)
def test_a_shipped_file_is_accepted_made_again_and_bound_to_its_claim(case: Shipped, tmp_path: Path) -> None:
    text = (FOLDER / case.name).read_bytes()
    if case in SHIPPED:
        write(case.made(), tmp_path / "again.json")
        assert text == (tmp_path / "again.json").read_bytes()
    assert checker_of(text) is margin_checker and margin_checker.check(text, case.need).ok
    # Without equal samples a class the bound for NC2 is not shown.
    assert (case.rival == "nc2") == ("equal features in a class" in margin_checker.check(text).sentence)
    claim = next(c for c in CE_RELU if c.label == certificate(case)["claim"])
    result, shows = judge(text, claim.needs)
    assert result.ok and shows is not None and claim.needs[shows] == case.need
    assert len(list(FOLDER.glob("*.json"))) == len(SHIPPED) + len(FOUND)
    for other in ({"K": case.K + 1}, {"L": case.L + 1}, {"more": []}, {"width": case.width - 1}, {"kind": "head"}):
        assert "not what the claim needs" in margin_checker.check(text, case.need | other).sentence


def push(twin: dict[str, Any], i: int, amount: int) -> None:
    """Add a number to every entry of a matrix."""
    twin["witness"][i]["rows"] = [[x + amount for x in row] for row in rows(twin, i)]


def wasteful(twin: dict[str, Any]) -> None:
    """A feature that no layer reads: only a norm grows. Nothing more is claimed."""
    twin["problem"]["more"] = []
    rows(twin, 0).append([twin["witness"][0]["den"]] * len(rows(twin, 0)[0]))
    for row in rows(twin, 1):
        row.append(0)


def nearer(above: int, below: int) -> Callable[[dict[str, Any]], None]:
    """Logit `above` of class `below` comes near to its own, and no other margin falls."""

    def change(twin: dict[str, Any]) -> None:
        twin["problem"]["more"] = []
        twin["witness"][-1]["rows"][above] = [
            a + 9 * b // 10 for a, b in zip(rows(twin, -1)[above], rows(twin, -1)[below], strict=True)
        ]

    return change


SPOILED: dict[str, tuple[Shipped, Callable[[dict[str, Any]], Any], str]] = {
    "norms too large": (EDGES, wasteful, "inequality fails"),
    "logits of another sign": (
        EDGES,
        lambda c: c["witness"][-1].update(rows=[[-x for x in row] for row in rows(c, -1)]),
        "a margin is not positive",
    ),
    "a class like another": (FIVE, lambda c: rows(c, -1).__setitem__(1, rows(c, -1)[0]), "a margin is not positive"),
    "a close pair": (FIVE, nearer(1, 3), "inequality fails"),
    "the same the other way": (FIVE, nearer(3, 1), "inequality fails"),
    "the other rival": (EDGES, lambda c: c["problem"].update(rival="nc2"), "more classes need a product"),
    "the other rival, here alone": (
        EDGES,
        lambda c: c["problem"].update(rival="nc2", more=[]),
        "inequality fails",
    ),
    "deeper, too wide": (HALVES, lambda c: c["problem"].update(more=["classes", "layers"]), "15 neurons at most"),
    "fewer layers": (FIVE, lambda c: c["problem"].update(L=3), "witness must list 4 matrices"),
    "another K": (FIVE, lambda c: c["problem"].update(K=4), "K = 4"),
    "a matrix less": (FIVE, lambda c: c["witness"].pop(), "witness must list"),
    "misnamed": (FIVE, lambda c: c["witness"][1].update(name="W_2"), "misnamed"),
    "a float": (FIVE, lambda c: rows(c, 1)[0].__setitem__(0, 1.0), "not an integer"),
    "true": (FIVE, lambda c: rows(c, 1)[0].__setitem__(0, True), "not an integer"),
    "den zero": (FIVE, lambda c: c["witness"][1].update(den=0), "den of W_1"),
    "ragged": (FIVE, lambda c: rows(c, 1)[0].pop(), "lists of one length"),
    "no chain": (FIVE, lambda c: [row.append(0) for row in rows(c, 1)], "columns"),
    "another kind": (FIVE, lambda c: c.update(kind="head"), "not a dufm-certificate 1 of kind margin"),
    "another key": (FIVE, lambda c: c["problem"].update(n=1), "exactly the keys"),
    "rival unknown": (FIVE, lambda c: c["problem"].update(rival="all"), "rival must be"),
    "rival a list": (FIVE, lambda c: c["problem"].update(rival=["dnc"]), "rival must be"),
    "more unknown": (FIVE, lambda c: c["problem"].update(more=["strengths"]), "more: classes, layers"),
    "one layer": (FIVE, lambda c: c["problem"].update(L=1), "L must be an integer from 2"),
    "one class": (FIVE, lambda c: c["problem"].update(K=1), "K must be an integer from 2"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_twin_is_refused(name: str) -> None:
    case, change, words = SPOILED[name]
    result = spoil(case, change)
    assert not result.ok and words in result.sentence


@pytest.mark.parametrize(
    ("share", "words"),
    [(Fraction(-1, 1000), "Z_kk >= the least margin"), (Fraction(1), "the last factor as it is")],
)
def test_more_classes_need_large_diagonals_and_a_small_product_as_it_is(share: Fraction, words: str) -> None:
    # The same number taken from all logits of a sample changes no margin and not the centred readout.
    def shifted(twin: dict[str, Any]) -> None:
        push(twin, -1, int(share * twin["witness"][-1]["den"]))

    def alone(twin: dict[str, Any]) -> None:
        shifted(twin)
        twin["problem"]["more"] = []

    assert words in spoil(FIVE, shifted).sentence
    result = spoil(FIVE, alone)
    assert result.ok and result.margin == said(certificate(FIVE)).margin


def test_scales_of_factors_do_not_count() -> None:
    def scaled(twin: dict[str, Any]) -> None:
        for i, matrix in enumerate(twin["witness"]):
            matrix.update(den=matrix["den"] * (3 + i), rows=[[(7 - i) * x for x in row] for row in matrix["rows"]])

    assert spoil(FIVE, scaled).margin == said(certificate(FIVE)).margin


def test_logits_are_those_of_the_network() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        sides = [4, *rng.integers(2, 6, size=3), 4]
        factors = [rng.integers(-5, 6, size=(b, a)) for a, b in zip(sides[:-1], sides[1:], strict=True)]
        own = [(factor.tolist(), i + 1) for i, factor in enumerate(factors)]
        values, den = margin_checker.logits(own, 4)
        output = factors[0]
        for i, factor in enumerate(factors[1:]):
            output = factor @ (output if i == 0 else np.maximum(output, 0))
        assert np.array(values).tolist() == output.tolist() and den == 24


@pytest.mark.parametrize("rival", ["dnc", "nc2"])
def test_the_bounds_are_those_of_the_derivations(rival: Any) -> None:
    # Identities: product K^(L+1), with the readout centred K^L (K-1).
    for K, L in ((2, 2), (3, 4), (7, 3)):
        eye = [[int(i == j) for j in range(K)] for i in range(K)]
        witness = [{"name": f"{'W' if i else 'H'}_{i or 1}", "den": 1, "rows": eye} for i in range(L + 1)]
        problem = {"K": K, "L": L, "rival": rival, "more": []}
        content = certificate(FIVE) | {"problem": problem, "witness": witness}
        result = said(content)
        assert not result.ok and result.margin == rival_power(rival, K, L) - K**L * (K - 1)
        assert block_power(rival, K, L) == (K if rival == "dnc" else K - 1) ** (L + 1)


def test_a_tie_is_no_win() -> None:
    eye = [[int(i == j) for j in range(4)] for i in range(4)]
    witness = [{"name": name, "den": 1, "rows": eye} for name in ("H_1", "W_1", "W_2")]
    result = said(certificate(FIVE) | {"problem": {"K": 4, "L": 2, "rival": "dnc", "more": []}, "witness": witness})
    assert not result.ok and result.margin == 0


def test_it_runs_alone_and_says_what_is_proved(tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(certificate(EDGES) | {"kind": "head"}))
    command = [sys.executable, "-S", "-I", str(CHECKER), str(FOLDER / EDGES.name), str(bad), "no such file"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, cwd="/")
    first, second = done.stdout.splitlines()
    assert done.returncode == 1 and "no such file" in done.stderr
    assert first.startswith("ACCEPTED") and "K >= 6, L >= 3" in first and "hidden widths >= 4 plus" in first
    assert second.startswith("REJECTED")


def big(entry: int, side: int = 5, den: int = 1) -> str:
    witness = [{"name": name, "den": den, "rows": [[entry] * side] * side} for name in ("H_1", "W_1", "W_2")]
    return json.dumps(
        certificate(FIVE) | {"problem": {"K": side, "L": 2, "rival": "dnc", "more": []}, "witness": witness}
    )


OWN_HOSTILE = {
    "huge entries": lambda: big(10**998),
    "large matrices": lambda: big(10**500, 60),
    "wide": lambda: big(1, 600),
    "deep": lambda: json.dumps(certificate(FIVE) | {"problem": {"K": 5, "L": 10**9, "rival": "dnc", "more": []}}),
    "a twin key": lambda: json.dumps(certificate(FIVE)).replace('"K": 5', '"K": 5, "K": 5'),
    "far out": lambda: json.dumps(certificate(FIVE)).replace('"rows": [[', '"rows": [[' + "9" * 900, 1),
}


@pytest.mark.parametrize("name", [*HOSTILE, *OWN_HOSTILE])
def test_a_hostile_file_is_refused_soon(name: str) -> None:
    data = (HOSTILE | OWN_HOSTILE)[name]()
    with hang_guard():
        result = margin_checker.check(data)
    assert not result.ok and result.sentence and "\n" not in result.sentence


def test_the_shares_told_are_those_of_the_files() -> None:
    assert said(certificate(HALVES)).margin == Fraction(150)
    assert 1074.83 < float(said(certificate(EDGES)).facts["B"]) < 1080
