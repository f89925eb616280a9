"""Check certificates of kind "margin", relu layers under cross-entropy: exact, Python 3.9 with its library alone.
    python3 -S -I verification/margin_checker.py FILE...    exit 0: all accepted, 1: some rejected, 2: no such file
K classes, n samples a class, L >= 2 weight layers, factors H_1, W_1, ..., W_L of any hidden widths; the loss is the
mean over samples of CE(column of Z) + 1/2 (lambda_H |H_1|^2 + sum_l lambda_l |W_l|^2), Z = W_L relu(... W_2 relu(W_1
H_1)), CE of class k = log sum_j exp(Z_jk - Z_kk), Frobenius norms. C = I - J/K centres, J is all ones, alpha = tr(C
Z)/(K-1).
"dnc", collapse, narrow or broad: F_l = relu(W_(l-1) F_(l-1)), 2 <= l <= L, has one column m_k for all samples of a
class, M^T M = c I + b J, M = (m_1 ... m_K). "nc2": only C M^T M C = c C is asked for. A: the product of the L + 1
squared norms.
(1) Fit. alpha is the mean of the margins Z_kk - Z_jk over j != k. exp(-x) and log(1 + (K-1) exp(-x)) are convex: the
fit is >= log(1 + (K-1) exp(-alpha)), >= log K, that of zero weights, if alpha <= 0. Let alpha > 0; then every c > 0.
(2) dnc. With t^2 = c, s^2 = c + K b >= c (b >= 0, as M >= 0), S = C/t + J/(K s), Q = M S has orthonormal columns and
is <= 0 where M is 0. P = W_1 H_1 is M - N in each sample, N >= 0 where M is 0, so sqrt(n) |H_1| |W_1| >= <P, Q> >= n
tr S M^T M = n ((K-1) t + s). A row w of W_l, x = w^T M: |w|^2 >= |x S|^2 >= |relu(x) S|^2, for S^2 has entries <= 0
off its diagonal; summed, |W_l|^2 >= (K-1) t'^2/t^2 + s'^2/s^2 (' is layer l + 1). |W_L|^2 >= |Z C|^2/t^2 >= (K-1)
alpha^2/t^2. By Bernoulli K - 1 + x >= K x^(1/K), the t and s cancel from layer to layer: A >= n K^L (K-1) alpha^2.
(3) nc2. With Q = M C/t, Q^T Q = C, and since relu rises with slopes up to 1 (pairs of samples) <P, Q> >= n (K-1) t,
|W_l|^2 >= (K-1) t'^2/t^2, |W_L|^2 >= (K-1) alpha^2/t^2: A >= n (K-1)^(L+1) alpha^2.
(4) Margins suffice. Witness factors, one column of H_1 a class, with margins >= m > 0. B = prod |factor|^2/m^2 with C
W_L for W_L, which changes no margin: |C W_L|^2 = |W_L|^2 - |1^T W_L|^2/K. Scaled to the squared norms of the collapsed
weights, the first to rho times that, they have margins >= alpha for rho = n alpha^2 B/A. So B < K^L (K-1), for nc2 B <
(K-1)^(L+1), means rho < 1, a fit no larger and less regularisation: no such configuration but zero weights is a global
minimiser, at any n, strengths > 0 and widths >= the witness's.
"more" says what else is claimed. "classes": all K' >= K at L, by the direct sum with identities for K' - K classes;
needs Z_kk >= m (margins to other blocks) and B' <= K^(L+1), for nc2 (K-1)^(L+1), B' with W_L as it is. dnc: with
shares K/K' and (K'-K)/K' of the collapsed squared norms (A lowered to its bound) both blocks have output alpha if rho
= (B' - (B' - B) K/K')/(K^(L+1) (1 - 1/K')) < 1, linear in 1/K': true at K' = K and, with <=, at 1/K' = 0. nc2: shares
(K-1)/(K'-1) and (K'-K)/(K'-1), where the last identity, centred, needs less. "layers": all L' >= L; an identity behind
a hidden layer of q neurons, 2 .. L, changes nothing, as features are >= 0, and multiplies B and B' by q, the bounds by
K, for nc2 by K - 1: needs q <= that. Matrices are integer "rows" over an integer "den" > 0; "found_by" is not read."""

import json
import math
import os
import sys
from collections import namedtuple
from fractions import Fraction
from operator import mul
from typing import Any

_ = sys.version_info >= (3, 9) or sys.exit(print("margin_checker.py needs Python 3.9 or newer", file=sys.stderr) or 2)
MAX_BYTES, MAX_DIGITS, MAX_SIDE, MAX_L, MAX_WORK = 4 << 20, 1000, 500, 32, 2 * 10**9
JSON: Any = {"parse_int": lambda x: int(x if len(x) <= MAX_DIGITS else f"{len(x)} digits"), "parse_constant": int}
RIVALS = {"dnc": "DNC, narrow or broad,", "nc2": "NC1 with NC2 alone, equal features in a class, centred on a simplex,"}
Result = namedtuple("Result", "ok sentence margin kind facts", defaults=(None, "", {}))  # pyright: ignore


def need(condition: bool, reason: str) -> None:
    if not condition:
        raise ValueError(reason)


def integer(value: Any, name: str, least: int, most: float) -> int:
    need(type(value) is int and least <= value <= most, f"{name} must be an integer from {least} to {most}")
    return value


def members(value: Any, name: str, keys: str, optional: str = "") -> list[Any]:
    found = dict(value) if type(value) is tuple else {}  # JSON objects arrive as tuples of pairs
    fits = set(keys.split()) <= set(found) <= {*keys.split(), *optional.split()} and len(found) == len(value)
    need(fits, f"{name} must be an object with exactly the keys {keys}, each once")
    return [found[key] for key in keys.split()]


def read_matrices(witness: Any, names: list[str], K: int) -> list[Any]:
    """(rows, den) of each matrix named, once sizes and arithmetic, in nanoseconds or so, are known to be small."""
    need(type(witness) is list and len(witness) == len(names), f"witness must list {len(names)} matrices")
    matrices, bits, work = [], 0, 0
    for item, name in zip(witness, names):
        found, den, rows = members(item, f"matrix {name}", "name den rows")
        need(found == name, f"{name} is misnamed or misplaced: witness must list {', '.join(names)}")
        short = rows if type(rows) is list and len(rows) <= MAX_SIDE else [0]
        fits = len(sizes := {len(row) if type(row) is list else 0 for row in short}) == 1 and 0 < max(sizes) <= MAX_SIDE
        need(fits, f"rows of {name} must be 1 to {MAX_SIDE} lists of one length, 1 to {MAX_SIDE}")
        need(all(type(x) is int for row in rows for x in row), f"{name} holds an entry that is not an integer")
        matrices.append((rows, integer(den, f"den of {name}", 1, math.inf)))
        own = max(den.bit_length(), *(x.bit_length() for row in rows for x in row))
        bits += own + len(rows[0]).bit_length()  # of the product so far
        work += len(rows) * len(rows[0]) * K * (40 + own * bits // 900) + K * K * bits * bits // 125
        need(work <= MAX_WORK, f"too much arithmetic: {work / 1e9:.3g} s or so, {MAX_WORK / 1e9:.3g} s allowed")
    return matrices


def logits(factors: list[Any], K: int) -> tuple[list[Any], int]:
    """(rows, den) of W_L relu(... relu(W_1 H_1)), exactly."""
    output, den = factors[0]
    need(len(output[0]) == K == len(factors[-1][0]), f"H_1 needs K = {K} columns, the last factor K rows")
    for i, (rows, own) in enumerate(factors[1:]):
        need(len(rows[0]) == len(output), f"factor {i + 2} of {len(factors)} needs {len(output)} columns")
        columns = list(zip(*(output if i == 0 else [[max(x, 0) for x in row] for row in output])))
        output, den = [[sum(map(mul, row, column)) for column in columns] for row in rows], den * own
    return output, den


def check_margin(problem: Any, witness: Any) -> tuple[Any, ...]:
    K, L, rival, more = members(problem, "problem", "K L rival more")
    integer(K, "K", 2, MAX_SIDE)
    need(type(rival) is str and rival in RIVALS, "rival must be dnc or nc2")
    need(type(more) is list and more in ([], ["classes"], ["layers"], ["classes", "layers"]), "more: classes, layers")
    factors = read_matrices(witness, ["H_1", *(f"W_{i}" for i in range(1, integer(L, "L", 2, MAX_L) + 1))], K)
    output, den = logits(factors, K)
    least = Fraction(min(output[k][k] - output[j][k] for k in range(K) for j in range(K) if j != k), den)
    need(least > 0, "a margin is not positive")
    before = Fraction(1) / least**2
    for rows, own in factors[:-1]:
        before *= Fraction(sum(x * x for row in rows for x in row), own**2)
    rows, own = factors[-1]
    last = Fraction(sum(x * x for row in rows for x in row), own**2)
    centred = last - Fraction(sum(sum(column) ** 2 for column in zip(*rows)), K * own**2)
    each = K if rival == "dnc" else K - 1
    bound, block = each**L * (K - 1), each ** (L + 1)
    if "classes" in more:
        need(all(Fraction(output[k][k], den) >= least for k in range(K)), "more classes need Z_kk >= the least margin")
        need(before * last <= block, "more classes need a product within the bound with the last factor as it is")
    narrowest, width = min(len(rows) for rows, _ in factors[1:-1]), max(len(rows) for rows, _ in factors[:-1])
    need("layers" not in more or narrowest <= each, f"more layers need a hidden layer 2 .. L of {each} neurons at most")
    where = f"K {'>=' if 'classes' in more else '='} {K}, L {'>=' if 'layers' in more else '='} {L}"
    sentence = (
        f"under cross-entropy with relu layers no {RIVALS[rival]} but zero weights is globally optimal for {where}, "
    )
    sentence += f"any n, any strengths, hidden widths >= {width}" + " plus the classes added" * ("classes" in more)
    return bound - before * centred, sentence, {"width": width}, {"B": before * centred, "bound": Fraction(bound)}


def check(certificate: Any, expect: Any = None) -> Result:
    """Judge a certificate, str or bytes: always a Result; `expect` binds it to a claim: kind, all of problem, width."""
    try:
        need(len(certificate) <= MAX_BYTES, f"longer than {MAX_BYTES} bytes")
        text = certificate if type(certificate) is str else certificate.decode()
        data = json.loads(text, object_pairs_hook=tuple, **JSON)  # refuses NaN, Infinity and huge integers
        keys = "format version kind claim problem witness"
        form, version, kind, claim, *rest = members(data, "file", keys, "found_by")
        named = type(version) is int and (form, version, kind) == ("dufm-certificate", 1, "margin")
        need(named and type(claim) is str and len(claim) <= 200, "not a dufm-certificate 1 of kind margin with a claim")
        margin, said, scope, facts = check_margin(*rest)
        told = {name: f"{float(value):.8g}" for name, value in facts.items()}
        own = {"kind": kind, **dict(rest[0])}
        fits = all(
            scope[key] <= value if key in scope else own.get(key) == value for key, value in (expect or {}).items()
        )
        need(fits, f"not what the claim needs, which is {expect}")
    except (ValueError, TypeError, AttributeError, ArithmeticError, RecursionError, MemoryError) as error:
        return Result(False, str(error)[:300] or type(error).__name__)
    sentence = f"{said if margin > 0 else 'inequality fails'} ({', '.join(map(' = '.join, told.items()))})"
    return Result(margin > 0, sentence, margin, kind, told)


def main(arguments: list[str]) -> int:
    code = 0
    for name in arguments or ["FILE"]:
        try:
            need(os.path.isfile(name), "no such file, or not a plain one")  # a pipe would hang
            with open(name, "rb") as file:
                result = check(file.read(MAX_BYTES + 1))
            print(f"{'ACCEPTED' if result.ok else 'REJECTED'} {ascii(name)[1:-1]}: {result.sentence}")
            code = code if result.ok else 1
        except (OSError, ValueError) as e:
            code = print(f"cannot read {ascii(name)}: {getattr(e, 'strerror', e)}", file=sys.stderr) or code or 2
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
