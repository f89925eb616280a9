"""Certificates as Rocq terms: the same integers, and a theorem in the words of `rocq/Model.v` for the kernel to check.

Nothing here has to be believed: what it writes is either accepted by the kernel or not. The one thing added to a
certificate is a rational b for each bound of DNC's loss (`rocq/LowerBound.v`), found by bisection.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from dufm.verification import checker, margin_checker
from dufm.verification.formal.lower import lower_term
from dufm.verification.formal.term import HEADER, NoTermError, Term, fraction, fractions, integer

PRECISIONS = (12, 24, 48, 128)  # binary digits of b: as few as show the inequality, since the kernel computes with them
# Rows of integers and their common denominator, as `checker.read_matrices` gives them.
Matrix = tuple[list[list[int]], int]


def identifier(name: str) -> str:
    """A Rocq name for a file's stem: three-layers-strong-1 becomes three_layers_strong_1."""
    return re.sub(r"\W", "_", name)


def certificate_term(certificate: Mapping[str, Any]) -> Term:
    """A certificate in memory as a term; NoTermError as in `term`."""
    return term(json.dumps(certificate))


def unit_term(K: int, factors: Sequence[Matrix]) -> Term:
    """A unit structure H_1, W_1, ..., W_L: its output is I_K, and its squared norms multiply to less than K^(L+1)."""
    L, width = len(factors) - 1, max(len(rows) for rows, _ in factors[:-1])
    return Term(
        "unit",
        lambda data: f"Definition {data} : structure := Structure {K}\n  {_factors(factors)}.",
        lambda data: f"forall K, ({K} <= K)%N -> low_rank_wins K {L} ({width} + (K - {K}))",
        lambda ok: f"(check_unit_sound {ok})",
    )


def term(text: str | bytes) -> Term:
    """Read a certificate's text.

    Raises:
        NoTermError: for a certificate that its checker in Python does not find well formed either.
    """
    try:
        data = json.loads(text, object_pairs_hook=tuple, **checker.JSON)
        kind = dict(data)["kind"]
        keys = "format version kind claim problem witness" + " lower" * (kind == "lower")
        _, _, _, _, problem, witness, *bound = checker.members(data, "file", keys, "found_by")[: len(keys.split())]
        return lower_term(problem, bound[0], witness) if bound else READERS[kind](problem, witness)
    except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError) as error:
        raise NoTermError(str(error) or type(error).__name__) from None


def dnc_point(p: int, enough: Callable[[Fraction, Fraction], bool], margin: Callable[[Fraction], Fraction]) -> Fraction:
    """The least dyadic b of its precision with b^p from (p - 2) / (p - 1) to 1 and a slope b^(p-2) (1 - b^p) `enough`.

    Args:
        p: L + 1, at least 2.
        enough: whether the slope g(b), given b and g(b), is at most x.
        margin: by how much the bound that b gives exceeds the witness's loss; more digits are taken until it is > 0.
    """
    b = Fraction(1)
    for bits in PRECISIONS:
        low, high = 0, 2**bits
        while high - low > 1:
            middle = (low + high) // 2
            u = Fraction(middle, 2**bits)
            right = (p - 1) * u**p >= p - 2 and enough(u, u ** (p - 2) * (1 - u**p))
            low, high = (low, middle) if right else (middle, high)
        b = Fraction(high, 2**bits)
        if margin(dnc_value(p, b)) > 0:
            break
    return b


def dnc_value(p: int, b: Fraction) -> Fraction:
    """The lower bound of DNC's loss that b gives."""
    t = b**p
    return ((1 - t) ** 2 + p * t * (1 - t)) / 2


def _head(problem: Any, witness: Any) -> Term:
    K, L = checker.members(problem, "problem", "K L_from")
    matrices = checker.read_matrices(witness, ["A", "B", "W", "U"], K)
    width = max(len(rows) for rows, _ in matrices[:3])
    body = "\n  ".join(_layer(m) for m in matrices)
    return Term(
        "head",
        lambda data: f"Definition {data} : head := Head {K} {L}\n  {body}.",
        lambda data: f"forall K L, ({K} <= K)%N -> ({L} <= L)%N -> low_rank_wins K L ({width} + (K - {K}))",
        lambda ok: f"(check_head_sound {ok})",
    )


def _point(problem: Any, witness: Any) -> Term:
    K, L, n, pairs = checker.members(problem, "problem", "K L n lambdas")
    strengths = checker.rationals(pairs, "lambdas", L + 1, L + 1)
    matrices = checker.read_matrices(witness, checker.NAMES[: L + 1], K)
    p, x_power = L + 1, Fraction(K) ** (L + 1) * n
    for x in strengths:
        x_power *= x
    fit, norms, width = _measured(matrices, K)
    loss = fit + sum((x * y for x, y in zip([strengths[0] * n, *strengths[1:]], norms, strict=True)), Fraction()) / 2
    b = dnc_point(p, lambda u, slope: slope**p <= x_power, lambda bound: bound - loss)
    body = f"Point {K} {n} {fractions(strengths)}\n  {_factors(matrices)}\n  {fraction(b)}"
    return Term(
        "point",
        lambda data: f"Definition {data} : point := {body}.",
        lambda data: (
            f"forall (R : rcfType) d (th : weights R {K} {L} {n} d), (forall l, (l < {L})%N -> ({width} <= d l)%N) ->\n"
            f"  is_dnc th -> ~ global_minimiser (fun l => fR R (nth (fnat 1) {fractions(strengths)} l)) th"
        ),
        lambda ok: f"(fun R => @check_point_sound R _ {ok})",
    )


def _interval(problem: Any, witness: Any) -> Term:
    K, L, pairs = checker.members(problem, "problem", "K L cuts")
    cuts, p = checker.rationals(pairs, "cuts", 2, checker.MAX_SIDE), L + 1
    matrices = checker.read_matrices(witness, checker.NAMES[:p] * (len(cuts) - 1), K)
    parts, names, width = [], [], 0
    for i in range(len(cuts) - 1):
        own = matrices[p * i : p * i + p]
        fit, norms, wide = _measured(own, K)
        width = max(width, wide)
        ends = []
        for x in cuts[i : i + 2]:
            loss = fit + x * sum(norms) / 2
            ends.append(dnc_point(p, lambda u, slope, x=x: slope <= K * x, lambda bound, loss=loss: bound - loss))
        low, high, *bs = map(fraction, [*cuts[i : i + 2], *ends])
        parts.append(f"Piece {low} {high}\n  {_factors(own)}\n  {' '.join(bs)}")
        names.append(i)
    return Term(
        "interval",
        lambda data: (
            "\n".join(f"Definition {data}_{i} : piece := {body}." for i, body in zip(names, parts, strict=True))
            + f"\nDefinition {data} : interval := Interval {K} {L} [:: {'; '.join(f'{data}_{i}' for i in names)}]."
        ),
        lambda data: (
            f"forall (R : rcfType) n d (lam : nat -> R) (th : weights R {K} {L} n d), (1 <= n)%N ->\n"
            f"  (forall l, (l < {L})%N -> ({width} <= d l)%N) -> (forall l, (l <= {L})%N -> (0 < lam l)%R) ->\n"
            f"  (fR R {fraction(cuts[0])} ^+ {p} <= strengths {L} n lam <= fR R {fraction(cuts[-1])} ^+ {p})%R ->\n"
            "  is_dnc th -> ~ global_minimiser lam th"
        ),
        lambda ok: f"(check_interval_sound {ok})",
    )


def _margin(problem: Any, witness: Any) -> Term:
    K, L, rival, more = margin_checker.members(problem, "problem", "K L rival more")
    margin_checker.integer(K, "K", 2, margin_checker.MAX_SIDE)
    margin_checker.integer(L, "L", 2, margin_checker.MAX_L)
    name, collapsed = {"dnc": ("Dnc", "is_broad_dnc"), "nc2": ("Nc2", "is_nc2")}[rival]
    margin_checker.need(more in ([], ["classes"], ["layers"], ["classes", "layers"]), "more: classes, layers")
    matrices = margin_checker.read_matrices(witness, ["H_1", *(f"W_{i}" for i in range(1, L + 1))], K)
    width = max(len(rows) for rows, _ in matrices[:-1])
    flags = " ".join("true" if key in more else "false" for key in ("classes", "layers"))
    where = [f"({least} <= {x})%N" if key in more else f"{x} == {least}"
             for x, least, key in (("K", K, "classes"), ("L", L, "layers"))]  # fmt: skip
    return Term(
        "margin",
        lambda data: f"Definition {data} : margin := Margin {name} {K} {flags}\n  {_factors(matrices)}.",
        lambda data: f"forall K L, {where[0]} -> {where[1]} -> margins_win (@{collapsed}) K L ({width} + (K - {K}))",
        lambda ok: f"(check_margin_sound {ok})",
    )


READERS: dict[str, Callable[[Any, Any], Term]] = {
    "head": _head,
    "point": _point,
    "interval": _interval,
    "margin": _margin,
}


def _measured(matrices: Sequence[Matrix], K: int) -> tuple[Fraction, list[Fraction], int]:
    """As `checker.measure`, and zeros where the sizes do not fit: the kernel then refuses."""
    try:
        fit, norms, _ = checker.measure(list(matrices), K)
    except ValueError:
        fit, norms = Fraction(), [Fraction()] * len(matrices)
    return fit, norms, max(len(rows) for rows, _ in matrices[:-1])


def _layer(m: Matrix) -> str:
    rows, den = m
    lists = "; ".join(f"[:: {'; '.join(map(integer, row))}]" for row in rows)
    return f"({integer(den)}, [:: {lists}])%I"


def _factors(matrices: Sequence[Matrix]) -> str:
    first, *middle, final = map(_layer, matrices)
    between = ";\n  ".join(middle)
    return f"(Factors {first}\n  [:: {between}]\n  {final})"


def export(path: Path) -> str:
    """The `.v` text of one certificate file: definitions, computation, theorem, assumptions."""
    return HEADER + term(path.read_bytes()).theorem(identifier(path.stem))
