"""Check certificates that deep neural collapse (DNC) is not optimal: exact, standard library only, this file alone.

    python -S -I verification/checker.py [--exact] FILE...     exit 0: all accepted, 1: some rejected, 2: usage, no file

K classes, n samples a class, L weight layers, p = L + 1 factors H_1, W_1, ..., W_L of any hidden widths; the loss is
    1/(2K) ||W_L relu(... W_2 relu(W_1 H_1)) - I||^2 + 1/2 (n lambda_H ||H_1||^2 + sum_l lambda_l ||W_l||^2)
in Frobenius norms (H_1 has one column a class, which its n samples share). DNC means output t I at the least cost; its
best loss is bounded in `dnc_lower_bound`. A matrix is integer "rows" over a positive integer "den"; "found_by" is never
read, so it alone may hold floats; "claim" is not judged. Zero padding carries a witness to larger hidden widths.

kind "point": weights with a loss strictly below DNC's infimum.
kind "head": A (q x r), B (r x K), W (m x q), U (K x m) with V = A B >= 0 and U relu(W V) = I. Then H_1 = B, W_1 = A,
L - 3 middle layers I_q, W and U give output I. By AM-GM over rescaled factors, outputs t I then cost what DNC's would
with K replaced by C, C^(L+1) = h q^(L-3), h = ||A||^2 ||B||^2 ||W||^2 ||U||^2, for any n and lambdas. The best loss
rises strictly with C up to 1/2, that of zero weights, so C < K beats DNC wherever DNC is not zero. A layer more
multiplies C^(L+1) / K^(L+1) by q/K: C < K at L = L_from together with q <= K means C < K at every L >= L_from. The
direct sum with DNC on K' - K classes turns a win at K into one at any K' >= K with equal K (n prod lambda)^(1/p).
"""

import json
import math
import sys
from decimal import ROUND_DOWN, Context, Decimal
from fractions import Fraction
from operator import mul
from typing import Any, NamedTuple

MAX_BYTES, MAX_DIGITS, MAX_SIDE, MAX_L, MAX_L_FROM, MAX_LAMBDA = 8 << 20, 1000, 1000, 32, 1000, 10**30
MAX_WORK = 2 * 10**9  # roughly nanoseconds of integer arithmetic, estimated before any of it is done
Matrix = tuple[list[list[int]], int]  # rows and their common denominator
Finding = tuple[Fraction, str, dict[str, Fraction | int]]  # margin, what it shows if positive, facts


class Result(NamedTuple):
    """`sentence` says what is certified or why nothing is; `margin` is by how much the inequality holds, > 0 iff ok."""

    ok: bool
    sentence: str
    margin: Fraction | None = None
    kind: str = ""
    facts: dict[str, str] = {}


def need(condition: bool, reason: str) -> None:
    if not condition:
        raise ValueError(reason)


def integer(value: Any, name: str, least: int, most: float) -> int:
    need(type(value) is int and least <= value <= most, f"{name} must be an integer from {least} to {most}")
    return value


def members(value: Any, name: str, keys: str, optional: str = "") -> list[Any]:
    found = dict(value) if type(value) is tuple else {}  # JSON objects arrive as tuples of pairs
    fits = set(keys.split()) <= set(found) <= {*keys.split(), optional} and len(found) == len(value)
    need(fits, f"{name} must be an object with exactly the keys {keys}, each once")
    return [found[key] for key in keys.split()]


def read_matrices(witness: Any, names: list[str], K: int) -> list[Matrix]:
    """The matrices named, in this order, once their sizes and the arithmetic they ask for are known to be small."""
    need(type(witness) is list and len(witness) == len(names), f"witness must list {len(names)} matrices")
    matrices, bits, work = [], 0, 0
    for item, name in zip(witness, names, strict=True):
        found, den, rows = members(item, f"matrix {name}", "name den rows")
        need(found == name, f"witness must list {', '.join(names)}; {name} is misnamed or misplaced")
        fits = type(rows) is list and len(rows) <= MAX_SIDE and all(type(row) is list for row in rows)
        fits = fits and len({len(row) for row in rows}) == 1 and 0 < len(rows[0]) <= MAX_SIDE
        need(fits, f"rows of {name} must be 1 to {MAX_SIDE} lists of one length, 1 to {MAX_SIDE}")
        need(all(type(x) is int for row in rows for x in row), f"{name} holds an entry that is not an integer")
        matrices.append((rows, integer(den, f"den of {name}", 1, math.inf)))
        own = max(den.bit_length(), *(x.bit_length() for row in rows for x in row))
        bits += own + len(rows[0]).bit_length()
        work += len(rows) * len(rows[0]) * K * (40 + own * bits // 900)
    work += (K * K + len(names)) * bits * bits // 125
    need(work <= MAX_WORK, f"too much arithmetic: about {work / 1e9:.3g} s estimated, {MAX_WORK / 1e9:.3g} s allowed")
    return matrices


def squared_norm(matrix: Matrix) -> Fraction:
    return Fraction(sum(x * x for row in matrix[0] for x in row), matrix[1] ** 2)


def forward(factors: list[Matrix], K: int) -> Matrix:
    """W_L relu(... relu(W_1 H_1)); relu may act on numerators, as denominators are positive."""
    output, den = factors[0]
    need(len(output[0]) == K == len(factors[-1][0]), f"the first factor needs K = {K} columns, the last K rows")
    for i, (rows, own) in enumerate(factors[1:]):
        need(len(rows[0]) == len(output), f"factor {i + 2} of {len(factors)} needs {len(output)} columns")
        columns = list(zip(*(output if i == 0 else [[max(x, 0) for x in row] for row in output]), strict=True))
        output, den = [[sum(map(mul, row, column)) for column in columns] for row in rows], den * own
    return output, den


def dnc_lower_bound(K: int, strengths: list[Fraction]) -> Fraction:
    """A rational below, by 1e-32 or so, DNC's infimum: the least over u >= 0 (its output is u^p I) of
        f(u) = 1/2 (1 - u^p)^2 + (p/2) x u^2,    x = K (prod strengths)^(1/p),    p = number of strengths >= 2.
    f' = p u (x - g), g(u) = u^(p-2) (1 - u^p): on [0, 1] g rises until u^p = (p-2)/(2p-2), then falls; beyond 1, g < 0.
    Call u right if it lies at or past that peak and g(u) <= x: then so does all above it, and u = 1 is right.
    Bisection keeps b right, and a = 0 or a not right, with a < b:
      u >= b:       f' >= 0, hence f(u) >= f(b);
      u <= a:       if a is not right, x - g changes sign once at most, from + to -, hence f(u) >= min(f(0), f(a));
      a <= u <= b:  f(u) >= 1/2 (1 - b^p)^2 + (p/2) g(b) a^2 term by term, which covers f(a) and f(b) too.
    So f is nowhere below the smaller of that number and f(0) = 1/2.
    """
    p, a, b = len(strengths), Fraction(0), Fraction(1)
    x_power = math.prod(strengths, start=Fraction(K) ** p)
    while b - a > Fraction(1, 2**128):
        u = (a + b) / 2
        right = u**p >= Fraction(p - 2, 2 * p - 2) and (u ** (p - 2) * (1 - u**p)) ** p <= x_power
        a, b = (a, u) if right else (u, b)
    return min(Fraction(1, 2), (1 - b**p) ** 2 / 2 + p * b ** (p - 2) * (1 - b**p) * a**2 / 2)


def check_point(problem: Any, witness: Any) -> Finding:
    K, L, n, pairs = members(problem, "problem", "K L n lambdas")
    K, L, n = integer(K, "K", 2, MAX_SIDE), integer(L, "L", 1, MAX_L), integer(n, "n", 1, MAX_LAMBDA)
    fits = type(pairs) is list and len(pairs) == L + 1 and all(type(x) is list and len(x) == 2 for x in pairs)
    need(fits, f"lambdas must list L + 1 = {L + 1} pairs [numerator, denominator]")
    strengths = [Fraction(*(integer(x, "a lambda's part", 1, MAX_LAMBDA) for x in pair)) for pair in pairs]
    strengths[0] *= n
    factors = read_matrices(witness, ["H_1", *(f"W_{i}" for i in range(1, L + 1))], K)
    output, den = forward(factors, K)
    miss = sum((x - den * (i == j)) ** 2 for i, row in enumerate(output) for j, x in enumerate(row))
    regulariser = sum((x * squared_norm(factor) for x, factor in zip(strengths, factors, strict=True)), Fraction(0))
    loss, bound = Fraction(miss, 2 * K * den**2) + regulariser / 2, dnc_lower_bound(K, strengths)
    width = max(K, *(len(rows) for rows, _ in factors))
    sentence = f"DNC is not optimal for K={K}, L={L}, n={n} at these strengths and all hidden widths >= {width}"
    return bound - loss, sentence, {"loss": loss, "dnc_bound": bound, "ratio": loss / bound}


def check_head(problem: Any, witness: Any) -> Finding:
    K, L = members(problem, "problem", "K L_from")
    K, L = integer(K, "K", 2, MAX_SIDE), integer(L, "L_from", 3, MAX_L_FROM)
    A, B, W, U = read_matrices(witness, ["A", "B", "W", "U"], K)
    output, den = forward([B, A, W, U], K)
    q, width = len(A[0]), max(K, *(len(rows) for rows, _ in (A, B, W)))
    need(q <= K, f"q = {q} must be at most K = {K}, or DNC wins again at large L")
    need(min(sum(map(mul, x, y)) for x in A[0] for y in zip(*B[0], strict=True)) >= 0, "V = A B has a negative entry")
    need(all(x == den * (i == j) for i, row in enumerate(output) for j, x in enumerate(row)), "U relu(W V) is not I")
    h = math.prod(map(squared_norm, (A, B, W, U)), start=Fraction(1))
    sentence = f"DNC is not optimal for K={K}, L >= {L}, any n, hidden widths >= {width}, strengths where DNC is not 0"
    sentence += f"; nor, by direct sums, for any K' >= K at hidden widths >= {width} + K' - K"
    return K ** (L + 1) - h * q ** (L - 3), sentence, {"h": h, "q": q}


def decimal(x: Fraction, digits: int) -> str:
    return str(Context(prec=digits, rounding=ROUND_DOWN).divide(Decimal(x.numerator), Decimal(x.denominator)))


def parse_int(text: str) -> int:
    need(len(text) <= MAX_DIGITS, f"an integer has {len(text)} digits, {MAX_DIGITS} are allowed")
    return int(text)  # refuses NaN and Infinity, which Python's JSON reader takes for constants


def check(certificate: str | bytes) -> Result:
    """Judge the text of one certificate; whatever it holds, the answer is a Result and never an exception."""
    try:
        need(len(certificate) <= MAX_BYTES, f"longer than {MAX_BYTES} bytes")
        text = certificate.decode() if isinstance(certificate, bytes) else certificate
        data = json.loads(text, parse_int=parse_int, parse_constant=parse_int, object_pairs_hook=tuple)
        keys = "format version kind claim problem witness"
        form, version, kind, claim, problem, witness = members(data, "certificate", keys, optional="found_by")
        need(form == "dufm-certificate" and integer(version, "version", 1, 1) == 1, "format must be dufm-certificate")
        need(type(claim) is str and len(claim) <= 200, "claim must be a string of up to 200 characters")
        need(kind in ("point", "head"), "kind must be point or head")
        margin, sentence, facts = (check_point if kind == "point" else check_head)(problem, witness)
    except (ValueError, RecursionError, MemoryError) as error:
        return Result(False, str(error)[:300] or type(error).__name__)
    told = {name: decimal(Fraction(value), 17) for name, value in facts.items()}
    listed = ", ".join(f"{name} = {value}" for name, value in told.items())
    return Result(margin > 0, f"{sentence if margin > 0 else 'inequality fails'} ({listed})", margin, kind, told)


def main(arguments: list[str]) -> int:
    sys.set_int_max_str_digits(0)
    exact, names, code = "--exact" in arguments, [x for x in arguments if x != "--exact"], 0
    if not names or any(x.startswith("-") for x in names):
        print("usage: python -S -I checker.py [--exact] FILE...", file=sys.stderr)
        return 2
    for name in names:
        try:
            with open(name, "rb") as file:
                result = check(file.read(MAX_BYTES + 1))
        except OSError as error:
            print(f"cannot read {ascii(name)}: {error.strerror}", file=sys.stderr)
            code = code or 2
            continue
        tail = "" if result.margin is None else f"; margin {result.margin}"
        if result.margin is not None and len(tail) > 130 and not exact:
            tail = f"; margin {decimal(result.margin, 30)}... (--exact: a fraction of {len(tail) - 9} characters)"
        print(f"{'ACCEPTED' if result.ok else 'REJECTED'} {ascii(name)[1:-1]}: {result.sentence}{tail}")
        code = code if result.ok else 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
