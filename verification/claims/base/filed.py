"""Certificates bound to the claim that files them: each shows something the claim needs, and nothing is missing."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from dufm.verification.base.checkers import checker_of
from dufm.verification.checker import Result
from dufm.verification.claims.base.regime import Expect


def judge(certificate: bytes, needs: Sequence[Expect]) -> tuple[Result, int | None]:
    """What the checker says of a certificate that must show one of `needs`, and which of them it shows.

    A certificate of something else is checked against the first need, so that its rejection says what was wanted.
    """
    check = checker_of(certificate).check
    near = [i for i, need in enumerate(needs) if _alike(certificate, need)] or list(range(len(needs)))[:1]
    if not near:
        return check(certificate)._replace(ok=False, sentence="the claim states no certificate"), None
    result = check(certificate, needs[near[0]])
    return result, near[0] if result.ok else None


def missing(needs: Sequence[Expect], shown: Iterable[int | None]) -> tuple[str, ...]:
    """The needs that no certificate shows, in words."""
    found = set(shown)
    return tuple(words(need) for i, need in enumerate(needs) if i not in found)


def words(need: Expect) -> str:
    """A need in words: kind, K and L."""
    named = {"K": "K", "L": "L", "L_from": "L >="}
    cell = ", ".join(f"{word} {'' if '>' in word else '= '}{need[key]}" for key, word in named.items() if key in need)
    return f"{need.get('kind', 'certificate')} for {cell or 'any K'}"


def _alike(certificate: bytes, need: Expect) -> bool:
    """Whether kind, K, L and strengths stand in the file as needed; what they mean is for the checker to say."""
    try:
        data: Any = json.loads(certificate)
        own = {"kind": data["kind"], **data["problem"], "lower": data.get("lower")}
    except (ValueError, LookupError, TypeError):
        return False
    # A width and a stretch of x are covered; the x of a bound from below is one number.
    free = ("width",) if need.get("kind") in ("lower", "deep") else ("width", "x")
    return all(own.get(key) == value for key, value in need.items() if key not in free)
