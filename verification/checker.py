"""Check certificates that deep neural collapse (DNC) is not optimal: exact, Python 3.9 with its library, no more.
    python3 -S -I verification/checker.py [--exact] FILE...    exit 0: all accepted, 1: some rejected, 2: usage, no file
K classes, n samples a class, L weight layers, p = L + 1 factors H_1, W_1, ..., W_L of any hidden widths; the loss is
    1/(2K) |W_L relu(... W_2 relu(W_1 H_1)) - I|^2 + 1/2 (n lambda_H |H_1|^2 + sum_l lambda_l |W_l|^2)
in Frobenius norms (H_1 has one column a class, for its n samples). DNC means that in every hidden layer 2 .. L the
samples of a class share one feature and the K class features are pairwise orthogonal, of equal norms or not. Call d_li
their squared norms, q_li the units along them, d_(L+1)i = t_i^2, t_i = max(Z_ii, 0), Z the output. By Bessel and the
relu, |W_l|^2 >= sum_i d_(l+1)i / d_li and |H_1| |W_1| >= <W_1 H_1, (q_2i)_i> = sum_i sqrt(d_2i) (L = 1: q_2i = e_i if
t_i > 0, else 0). AM-GM over the p terms of class i: the regulariser is at least (p/2) Lambda sum_i t_i^(2/p), Lambda =
(n lambda_H prod lambda_l)^(1/p); the fit, sum_i (1 - t_i)^2 / (2K). So DNC's loss is at least a mean of f(t_i^(1/p)), f
of `dnc_lower_bound`, whose infimum outputs t I reach. Matrices are integer "rows" over an integer "den" > 0; "found_by"
is never read. Zero rows widen a witness. "point": weights with a loss strictly below DNC's infimum.
"interval": rising "cuts", values of Lambda, and weights for each piece between two. Rescaled by numbers > 0 of product
1, factors keep Z; by AM-GM their least loss, for any n and lambdas, is a + (p/2) Lambda prod |factor|^(2/p) <= a + b
Lambda, a = |Z - I|^2 / (2K), b = sum |factor|^2 / 2. DNC's infimum D, a minimum over t of functions affine in Lambda,
is concave, so c D - a - b Lambda, if positive at a piece's ends, is so on it: c = 1 or above the worst ratio.
"head": A (q x r), B (r x K), W (m x q), U (K x m) with V = A B >= 0 and U relu(W V) = I. L - 3 middle layers I_q make
the output I. By AM-GM over rescaled factors, outputs t I then cost what DNC's would with K replaced by C, C^p = h
q^(L-3), h = |A|^2 |B|^2 |W|^2 |U|^2, for any n and lambdas. The best loss rises strictly with C up to 1/2, that of zero
weights, so C < K beats DNC wherever DNC is not zero. A layer more multiplies (C/K)^p by q/K: C < K at L_from and q <= K
mean C < K from there up. The direct sum with DNC on K' - K classes wins at K' with equal K Lambda"""

import json
import math
import os
import sys
from collections import namedtuple
from decimal import ROUND_DOWN, Context, Decimal
from fractions import Fraction
from operator import eq, le, lt, mul
from typing import Any

_ = sys.version_info >= (3, 9) or sys.exit(print("checker.py needs Python 3.9 or newer", file=sys.stderr) or 2)
MAX_BYTES, MAX_DIGITS, MAX_SIDE, MAX_PART, MAX_L, MAX_WORK = 8 << 20, 1000, 1000, 10**30, 32, 2 * 10**9
LIMITS = {"K": (2, MAX_SIDE), "L": (1, MAX_L), "L_from": (3, 1000), "n": (1, MAX_PART), "version": (1, 1)}
NAMES = ["H_1", *(f"W_{i}" for i in range(1, MAX_L + 1))]
JSON: Any = {"parse_int": lambda x: int(x if len(x) <= MAX_DIGITS else f"{len(x)} digits"), "parse_constant": int}
FITS = {"width": le, "x": lambda own, x: own[0] <= x[0] and x[1] <= own[1]}  # how `expect` binds, if not by equality
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
    return [integer(found[key], key, *LIMITS[key]) if key in LIMITS else found[key] for key in keys.split()]


def rationals(value: Any, name: str, least: int, most: int) -> list[Fraction]:
    fits = type(value) is list and least <= len(value) <= most and all(type(x) is list and len(x) == 2 for x in value)
    need(fits, f"{name} must list {least} to {most} pairs [numerator, denominator]")
    return [Fraction(*(integer(x, f"a part of {name}", 1, MAX_PART) for x in pair)) for pair in value]


def read_matrices(witness: Any, names: list[str], K: int, work: int = 0) -> list[Any]:
    """(rows, den) of each matrix named, once sizes and arithmetic, in nanoseconds or so, are known to be small."""
    need(type(witness) is list and len(witness) == len(names), f"witness must list {len(names)} matrices")
    matrices, bits = [], 0
    for item, name in zip(witness, names):
        found, den, rows = members(item, f"matrix {name}", "name den rows")
        need(found == name, f"{name} is misnamed or misplaced: witness must list {', '.join(dict.fromkeys(names))}")
        short = rows if type(rows) is list and len(rows) <= MAX_SIDE else [0]
        fits = len(sizes := {len(row) if type(row) is list else 0 for row in short}) == 1 and 0 < max(sizes) <= MAX_SIDE
        need(fits, f"rows of {name} must be 1 to {MAX_SIDE} lists of one length, 1 to {MAX_SIDE}")
        need(all(type(x) is int for row in rows for x in row), f"{name} holds an entry that is not an integer")
        matrices.append((rows, integer(den, f"den of {name}", 1, math.inf)))
        own = max(den.bit_length(), *(x.bit_length() for row in rows for x in row))
        bits = own + len(rows[0]).bit_length() + (bits if name != names[0] else 0)  # those of the product so far
        work += len(rows) * len(rows[0]) * K * (40 + own * bits // 900) + (K * K + MAX_L) * bits * bits // 125
    need(work <= MAX_WORK, f"too much arithmetic: about {work / 1e9:.3g} s estimated, {MAX_WORK / 1e9:.3g} s allowed")
    return matrices


def measure(factors: list[Any], K: int) -> tuple[Fraction, list[Fraction], int]:
    """||Z - I||^2 / (2K) for Z = W_L relu(... relu(W_1 H_1)), the squared norms, the least hidden width with room."""
    output, den = factors[0]
    need(len(output[0]) == K == len(factors[-1][0]), f"the first factor needs K = {K} columns, the last K rows")
    for i, (rows, own) in enumerate(factors[1:]):
        need(len(rows[0]) == len(output), f"factor {i + 2} of {len(factors)} needs {len(output)} columns")
        columns = list(zip(*(output if i == 0 else [[max(x, 0) for x in row] for row in output])))
        output, den = [[sum(map(mul, row, column)) for column in columns] for row in rows], den * own
    miss = sum((x - den * (i == j)) ** 2 for i, row in enumerate(output) for j, x in enumerate(row))
    norms = [Fraction(sum(x * x for row in rows for x in row), own**2) for rows, own in factors]
    return Fraction(miss, 2 * K * den**2), norms, max(K, *(len(rows) for rows, _ in factors))


def dnc_lower_bound(K: int, strengths: list[Fraction]) -> Fraction:
    """A rational below, by 1e-32 or so, DNC's infimum: the least over u >= 0 (its output is u^p I) of
        f(u) = 1/2 (1 - u^p)^2 + (p/2) x u^2,    x = K (prod strengths)^(1/p),    p = number of strengths >= 2.
    f' = p u (x - g), g(u) = u^(p-2) (1 - u^p): on [0, 1] g rises until u^p = (p-2)/(2p-2), then falls; beyond 1, g < 0.
    Call u right if it lies at or past that peak and g(u) <= x: then so does all above it, and u = 1 is right.
    Bisection keeps b right, and a = 0 or a not right, with a < b. For u >= b, f' >= 0, hence f(u) >= f(b). For u <= a,
    if a is not right, x - g changes sign once at most, from + to -, hence f(u) >= min(f(0), f(a)). For a <= u <= b,
    f(u) >= 1/2 (1 - b^p)^2 + (p/2) g(b) a^2 term by term, a and b included. So f >= this number or f(0) = 1/2."""
    p, a, b, x_power = len(strengths), Fraction(0), Fraction(1), math.prod(K * x for x in strengths)
    while b - a > Fraction(1, 2**128):
        u = (a + b) / 2
        right = u**p >= Fraction(p - 2, 2 * p - 2) and (u ** (p - 2) * (1 - u**p)) ** p <= x_power
        a, b = (a, u) if right else (u, b)
    return min(Fraction(1, 2), (1 - b**p) ** 2 / 2 + p * b ** (p - 2) * (1 - b**p) * a**2 / 2)


def check_point(problem: Any, witness: Any) -> tuple[Any, ...]:
    K, L, n, pairs = members(problem, "problem", "K L n lambdas")
    strengths = rationals(pairs, "lambdas", L + 1, L + 1)
    strengths[0] *= n
    fit, norms, width = measure(read_matrices(witness, NAMES[: L + 1], K), K)
    loss, bound = fit + sum(map(mul, strengths, norms), Fraction(0)) / 2, dnc_lower_bound(K, strengths)
    sentence = f"DNC is not optimal for K={K}, L={L}, n={n} at these strengths and all hidden widths >= {width}"
    return bound - loss, sentence, {"width": width}, {"loss": loss, "dnc_bound": bound, "ratio": loss / bound}


def check_interval(problem: Any, witness: Any) -> tuple[Any, ...]:
    K, L, pairs = members(problem, "problem", "K L cuts")
    cuts, p = rationals(pairs, "cuts", 2, MAX_SIDE), L + 1
    need(all(map(lt, cuts, cuts[1:])), "cuts must rise")
    factors = read_matrices(witness, NAMES[:p] * (len(cuts) - 1), K, (len(cuts) - 1) * (6 * 10**6 + 26000 * p**3))
    lines = [measure(factors[i : i + p], K) for i in range(0, len(factors), p)]
    pieces, width = zip(lines, cuts, cuts[1:]), max(width for _, _, width in lines)
    ends = [(a + x * sum(b) / 2, dnc_lower_bound(K, [x] * p)) for (a, b, _), *piece in pieces for x in piece]
    sentence = f"DNC is not optimal for K={K}, L={L}, any n, hidden widths >= {width}, strengths with Lambda in "
    sentence += f"[{cuts[0]}, {cuts[-1]}], that is x = K Lambda in [{K * cuts[0]}, {K * cuts[-1]}]"
    worst = max(loss / bound for loss, bound in ends)
    scope = {"width": width, "x": [K * cuts[0], K * cuts[-1]]}
    return min(bound - loss for loss, bound in ends), sentence, scope, {"pieces": len(cuts) - 1, "worst_ratio": worst}


def check_head(problem: Any, witness: Any) -> tuple[Any, ...]:
    K, L = members(problem, "problem", "K L_from")
    A, B, W, U = read_matrices(witness, ["A", "B", "W", "U"], K)
    fit, norms, width = measure([B, A, W, U], K)
    h, q = math.prod(norms), len(A[0])
    need(q <= K, f"q = {q} must be at most K = {K}, or DNC wins again at large L")
    need(min(sum(map(mul, x, y)) for x in A[0] for y in zip(*B[0])) >= 0, "V = A B has a negative entry")
    need(fit == 0, "U relu(W V) is not I")
    sentence = f"DNC is not optimal for K={K}, L >= {L}, any n, hidden widths >= {width}, strengths where DNC is not 0"
    sentence += f"; nor, by direct sums, for any K' >= K at hidden widths >= {width} + K' - K"
    return K ** (L + 1) - h * q ** (L - 3), sentence, {"width": width}, {"h": h, "q": q}


def decimal(x: Fraction, digits: int) -> str:
    return str(Context(prec=digits, rounding=ROUND_DOWN).divide(Decimal(x.numerator), Decimal(x.denominator)))


def check(certificate: Any, expect: Any = None) -> Result:
    """Judge a certificate, str or bytes: always a Result; margin > 0 if and only if it is ok, the inequality holds.
    Values of `expect` bind it to a claim: kind, all of problem, the greatest width, x = (low, high) to be covered."""
    try:
        need(len(certificate) <= MAX_BYTES, f"longer than {MAX_BYTES} bytes")
        text = certificate.decode() if isinstance(certificate, bytes) else certificate
        data = json.loads(text, object_pairs_hook=tuple, **JSON)  # refuses NaN, Infinity and huge integers
        form, _, kind, claim, *rest = members(data, "file", "format version kind claim problem witness", "found_by")
        need(form == "dufm-certificate", "format must be dufm-certificate")
        need(type(claim) is str and len(claim) <= 200, "claim must be a string of up to 200 characters")
        need(kind in ("point", "interval", "head"), "kind must be point, interval or head")
        margin, said, scope, facts = {"point": check_point, "interval": check_interval, "head": check_head}[kind](*rest)
        found = {"kind": kind, **dict(rest[0]), **scope}
        wrong = [x for x in expect or {} if not (x in found and FITS.get(x, eq)(found[x], expect[x]))]
        need(not wrong, f"not what the claim needs, which is {', '.join(f'{x} = {expect[x]}' for x in wrong)}")
    except (ValueError, RecursionError, MemoryError) as error:
        return Result(False, str(error)[:300] or type(error).__name__)
    told = {name: decimal(Fraction(value), 17) for name, value in facts.items()}
    sentence = f"{said if margin > 0 else 'inequality fails'} ({', '.join(map(' = '.join, told.items()))})"
    return Result(margin > 0, sentence, margin, kind, told)


def main(arguments: list[str]) -> int:
    getattr(sys, "set_int_max_str_digits", int)(0)  # of newer Pythons: margins may be longer
    names, code = [x for x in arguments if x != "--exact"], 0
    if not names or any(x.startswith("-") for x in names):
        return print("usage: python -S -I checker.py [--exact] FILE...", file=sys.stderr) or 2
    for name in names:
        try:
            need(os.path.isfile(name), "no such file, or not a plain one")  # a pipe would hang
            with open(name, "rb") as file:
                result = check(file.read(MAX_BYTES + 1))
        except (OSError, ValueError) as e:
            code = print(f"cannot read {ascii(name)}: {getattr(e, 'strerror', e)}", file=sys.stderr) or code or 2
            continue
        tail = "" if result.margin is None else f"; margin {result.margin}"
        if result.margin is not None and len(tail) > 130 and "--exact" not in arguments:
            tail = f"; margin {decimal(result.margin, 30)}... (--exact: a fraction of {len(tail) - 9} characters)"
        print(f"{'ACCEPTED' if result.ok else 'REJECTED'} {ascii(name)[1:-1]}: {result.sentence}{tail}")
        code = code if result.ok else 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
