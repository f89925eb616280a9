"""Certificates: the JSON that `checker.py` judges. Made and stored here, never judged here.

The format is written down in the docstring of `checker.py`. Floats are turned into dyadic rationals, rationals are
kept exactly; `found_by` says where a witness came from, as strings, since a certificate holds no floats.
"""

import json
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from dufm.solvers.base.whole import write_whole
from dufm.theory.ce.relu import MarginLayers, Rival
from dufm.theory.problem import Problem
from dufm.theory.rational import matrix, to_lists
from dufm.theory.stated import ProblemError, exact_number

Certificate = dict[str, Any]
Named = tuple[str, list[list[Fraction]]]


class CertificateError(OSError):
    """A certificate that could not be written or read; the message names the path and the cause."""


def point_certificate(
    problem: Problem, weights: Sequence[Any], claim: str, found_by: Mapping[str, Any], bits: int = 40
) -> Certificate:
    """A witness that DNC is not optimal for one problem.

    Args:
        problem: the problem; only K, L, n and the lambdas enter, `width` does not bind the witness.
        weights: H_1 (d_1 x K), W_1, ..., W_L (K x d_L), each of floats (rounded to the nearest multiple of 2^-bits, a
            matrix holding one float counts as floats) or of exact rationals (kept).
        claim: label of the claim this supports.
        found_by: anything worth remembering (engine, version, seed), stored as strings.
        bits: binary digits kept behind the point.

    Raises:
        ProblemError: for shapes that do not fit the problem and entries that are not finite numbers.
    """
    problem.require_loss("mse", "a point certificate")
    witness = _weights(problem, weights, bits)
    content = {
        "K": problem.K,
        "L": problem.L,
        "n": problem.n,
        "lambdas": [[x.numerator, x.denominator] for x in problem.lambdas],
    }
    return _certificate("point", claim, content, witness, found_by)


def entries(certificate: Mapping[str, Any]) -> list[list[list[Fraction]]]:
    """The exact matrices of a witness: (H_1, W_1, ..., W_L) of weights; of an interval, those of all its pieces."""
    return [[[Fraction(x, m["den"]) for x in row] for row in m["rows"]] for m in certificate["witness"]]


def interval_certificate(
    K: int,
    L: int,
    cuts: Sequence[Any],
    pieces: Sequence[Sequence[Any]],
    claim: str,
    found_by: Mapping[str, Any],
    bits: int = 40,
) -> Certificate:
    """A witness that DNC is not optimal on a whole interval of Lambda, for any n and strengths with that Lambda.

    Args:
        K: number of classes.
        L: number of weight layers.
        cuts: m + 1 >= 2 rising values of Lambda > 0, exact (Fractions, or decimals as a person types them).
        pieces: m times weights (H_1, W_1, ..., W_L), the j-th for [cuts[j], cuts[j + 1]]; entries as in
            `point_certificate`. Factors of one squared norm are best: the checker charges their mean.
        claim: label of the claim this supports.
        found_by: anything worth remembering, stored as strings.
        bits: binary digits kept behind the point.

    Raises:
        ProblemError: for cuts that do not rise, a wrong number of pieces, and weights as in `point_certificate`.
    """
    values = [exact_number(x, "cuts") for x in cuts]
    if len(values) < 2 or values[0] <= 0 or any(x >= y for x, y in pairwise(values)):
        raise ProblemError(f"cuts must be at least two rising numbers > 0, got {', '.join(map(str, cuts)) or 'none'}")
    if len(pieces) != len(values) - 1:
        raise ProblemError(f"{len(values)} cuts need {len(values) - 1} pieces, got {len(pieces)}")
    problem = Problem.of(K, L, values[0], width=K)
    witness = [matrix for weights in pieces for matrix in _weights(problem, weights, bits)]
    content = {"K": K, "L": L, "cuts": [[x.numerator, x.denominator] for x in values]}
    return _certificate("interval", claim, content, witness, found_by)


def head_certificate(
    K: int, L_from: int, A: Any, B: Any, W: Any, U: Any, claim: str, found_by: Mapping[str, Any]
) -> Certificate:
    """A witness that a low-rank head beats DNC at every L >= L_from: V = A B >= 0 with U relu(W V) = I_K.

    Args:
        K: number of classes.
        L_from: the least depth claimed, >= 3.
        A: q x r, exact rationals. With B it factors the neck V; the closer both are to balanced, the better h.
        B: r x K, exact rationals.
        W: m x q, exact rationals.
        U: K x m, exact rationals.
        claim: label of the claim this supports.
        found_by: anything worth remembering, stored as strings.

    Raises:
        ProblemError: for floats (the head must be exact) and for malformed matrices.
    """
    witness = [(name, _entries(m, None, name)) for name, m in (("A", A), ("B", B), ("W", W), ("U", U))]
    return _certificate("head", claim, {"K": K, "L_from": L_from}, witness, found_by)


def symmetric_certificate(
    problem: Problem, sides: Sequence[int], weights: Sequence[Any], claim: str, found_by: Mapping[str, Any]
) -> Certificate:
    """A witness that DNC is not optimal whose weights no permutation of a grid of classes changes.

    Args:
        problem: only K, L, n and the lambdas enter.
        sides: of the grid; the classes left over, K / prod(sides), stand at every point.
        weights: H_1, W_1, ..., W_L, each its 2^len(sides) parts (see `symmetric_checker.py`): (2^g, b, a) floats.
        claim: label of the claim this supports.
        found_by: anything worth remembering, stored as strings.
    """
    problem.require_loss("mse", "a symmetric certificate")
    # What many entries add up to stays as exact as one.
    bits = 40 + math.prod(sides).bit_length()
    witness = []
    for i, parts in enumerate(weights):
        name = f"W_{i}" if i else "H_1"
        rounded = [_entries(part, bits, name) for part in parts]
        integers = [[[int(x * 2**bits) for x in row] for row in rows] for rows in rounded]
        witness.append({"name": name, "den": 2**bits, "parts": integers})
    content = {"K": problem.K, "L": problem.L, "n": problem.n, "sides": list(sides)}
    content |= {"free": problem.K // math.prod(sides)}
    content |= {"lambdas": [[x.numerator, x.denominator] for x in problem.lambdas]}
    return _filed("symmetric", claim, content, witness, found_by)


def margin_certificate(
    layers: MarginLayers, rival: Rival, more: Sequence[str], claim: str, found_by: Mapping[str, Any]
) -> Certificate:
    """A witness that under cross-entropy with relu layers margins are had for less than collapse pays.

    Args:
        layers: exact factors with positive margins.
        rival: "dnc" (narrow or broad), or "nc2".
        more: "classes", "layers": claimed at all larger K, L too.
        claim: label of the claim this supports.
        found_by: anything worth remembering, stored as strings.
    """
    names = ["H_1", *(f"W_{i}" for i in range(1, layers.L + 1))]
    witness = [(name, to_lists(factor)) for name, factor in zip(names, layers.factors, strict=True)]
    problem = {"K": layers.K, "L": layers.L, "rival": rival, "more": list(more)}
    return _certificate("margin", claim, problem, witness, found_by)


def write(certificate: Certificate, path: str | Path) -> None:
    """Write compact JSON with sorted keys, all of it or nothing: equal certificates give equal bytes.

    Raises:
        CertificateError: naming the path, e.g. for a full disk or a folder that is missing or not writable.
    """
    try:
        text = json.dumps(certificate, sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise CertificateError(f"cannot write certificate {path}: {error}") from None
    try:
        write_whole(path, text.encode("ascii"))
    except OSError as error:
        raise CertificateError(str(error)) from error


def read(path: str | Path) -> Certificate:
    """Read a certificate back; whether it holds is for `checker.py` to say.

    Raises:
        CertificateError: naming the path, if the file cannot be read or is not a JSON object.
    """
    if Path(path).exists() and not Path(path).is_file():
        raise CertificateError(f"cannot read certificate {path}: not a plain file")
    try:
        content = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise CertificateError(f"cannot read certificate {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise CertificateError(f"cannot read certificate {path}: not JSON ({error})") from None
    if not isinstance(content, dict):
        raise CertificateError(f"cannot read certificate {path}: not a JSON object")
    return content


def _weights(problem: Problem, weights: Sequence[Any], bits: int) -> list[Named]:
    """(H_1, W_1, ..., W_L) with their names, once they chain up."""
    L = problem.L
    if len(weights) != L + 1:
        raise ProblemError(f"L = {L} needs {L + 1} factors (H_1, W_1, ..., W_{L}), got {len(weights)}")
    names = ["H_1", *(f"W_{i}" for i in range(1, L + 1))]
    factors = [_entries(w, bits, name) for w, name in zip(weights, names, strict=True)]
    problem.check_shapes([(len(f), len(f[0])) for f in factors])
    return list(zip(names, factors, strict=True))


def _entries(weight: Any, bits: int | None, name: str) -> list[list[Fraction]]:
    """Rows of exact entries; floats are rounded to multiples of 2^-bits, or refused if bits is None."""
    try:
        return to_lists(matrix(weight))
    except ValueError as error:
        raise ProblemError(f"{name}: {error}") from None
    except TypeError as error:
        if bits is None:
            raise ProblemError(f"{name}: {error}") from None
    try:
        table = np.asarray(weight, dtype=np.float64)
    except (TypeError, ValueError):
        raise ProblemError(f"{name} must be a matrix of numbers") from None
    if table.ndim != 2 or not table.size or not np.isfinite(table).all():
        raise ProblemError(f"{name} must be a non-empty matrix of finite numbers, got shape {table.shape}")
    with np.errstate(over="ignore"):
        scaled = np.rint(np.ldexp(table, bits))
    if np.isfinite(scaled).all():
        return [[Fraction(int(x), 2**bits) for x in row] for row in scaled.tolist()]
    return [[Fraction(round(Fraction(x) * 2**bits), 2**bits) for x in row] for row in table.tolist()]


def _certificate(
    kind: str,
    claim: str,
    problem: Mapping[str, Any],
    witness: Sequence[Named],
    found_by: Mapping[str, Any],
) -> Certificate:
    matrices = []
    for name, rows in witness:
        den = math.lcm(*(x.denominator for row in rows for x in row))
        integers = [[x.numerator * (den // x.denominator) for x in row] for row in rows]
        matrices.append({"name": name, "den": den, "rows": integers})
    return _filed(kind, claim, problem, matrices, found_by)


def _filed(
    kind: str, claim: str, problem: Mapping[str, Any], matrices: list[dict[str, Any]], found_by: Mapping[str, Any]
) -> Certificate:
    return {
        "format": "dufm-certificate",
        "version": 1,
        "kind": kind,
        "claim": claim,
        "problem": dict(problem),
        "witness": matrices,
        "found_by": {str(key): str(value) for key, value in found_by.items()},
    }
