"""checker.py says word for word what a certificate shows, and refuses one of something else than a claim needs."""

import json
from fractions import Fraction

import pytest
from test_checker import certified_head, judge, point32
from test_checker_interval import interval32

from dufm.verification import checker

INTERVAL = [Fraction(1, 100), Fraction(213, 1000)]
SENTENCES = [
    (
        certified_head,
        "DNC is not optimal for K=3, L >= 4, any n, hidden widths >= 3, strengths where DNC is not 0; nor, by direct "
        "sums, for any K' >= K at hidden widths >= 3 + K' - K",
    ),
    (point32, "DNC is not optimal for K=3, L=4, n=1 at these strengths and all hidden widths >= 3"),
    (
        interval32,
        "DNC is not optimal for K=3, L=4, any n, hidden widths >= 3, strengths with Lambda in [1/300, 71/1000], that "
        "is x = K Lambda in [1/100, 213/1000]",
    ),
]


@pytest.mark.parametrize(("make", "words"), SENTENCES)
def test_an_accepted_sentence_is_word_for_word_what_the_data_show(make, words):
    certificate = make()
    result = judge(certificate)
    numbers = ", ".join(f"{name} = {value}" for name, value in result.facts.items())
    assert result.sentence == f"{words} ({numbers})"
    # Two dead neurons more in the last hidden layer: the sentence asks for that much room.
    before, last = certificate["witness"][-2]["rows"], certificate["witness"][-1]["rows"]
    before += [[0] * len(before[0])] * 2
    for row in last:
        row += [0, 0]
    assert judge(certificate).sentence == f"{words.replace('widths >= 3', 'widths >= 5')} ({numbers})"


@pytest.mark.parametrize(("make", "words"), SENTENCES)
def test_a_rejected_sentence_claims_nothing(make, words):
    certificate = make()
    certificate["witness"][0]["rows"] = [[0] * len(row) for row in certificate["witness"][0]["rows"]]
    result = judge(certificate)
    assert not result.ok and "not optimal" not in result.sentence


@pytest.mark.parametrize(
    ("make", "fits", "wrong"),
    [
        (
            certified_head,
            {"kind": "head", "K": 3, "L_from": 4, "width": 3},
            [("kind", "point"), ("K", 4), ("L_from", 3), ("L_from", 5), ("width", 2), ("L", 4), ("x", INTERVAL)],
        ),
        (
            point32,
            {"kind": "point", "K": 3, "L": 4, "n": 1, "lambdas": [[1, 500]] * 5, "width": 4},
            [("n", 2), ("L", 5), ("lambdas", [[1, 500]] * 4), ("lambdas", [[1, 400]] + [[1, 500]] * 4), ("cuts", [])],
        ),
        (
            interval32,
            {"kind": "interval", "K": 3, "L": 4, "width": 3, "x": INTERVAL},
            [("x", [Fraction(99, 10000), Fraction(1, 10)]), ("x", [Fraction(1, 50), Fraction(2131, 10000)]), ("L", 3)],
        ),
    ],
)
def test_a_certificate_is_bound_to_what_a_claim_needs(make, fits, wrong):
    text = json.dumps(make())
    assert checker.check(text, fits).ok
    for key, value in wrong:
        result = checker.check(text, fits | {key: value})
        assert not result.ok and result.margin is None and f"{key} = {value}" in result.sentence, key


def test_less_width_and_a_smaller_interval_may_be_claimed():
    assert checker.check(json.dumps(certified_head()), {"width": 30}).ok
    assert checker.check(json.dumps(interval32()), {"x": [Fraction(1, 50), Fraction(1, 10)]}).ok
    assert not checker.check(json.dumps(point32()), {"x": [Fraction(1, 50), Fraction(1, 10)]}).ok
