"""Check certificates of kind "symmetric", relu layers with squared loss: exact, Python 3.9 with its library alone.
    python3 -S -I verification/symmetric_checker.py FILE...    exit 0: all accepted, 1: some rejected, 2: no such file
K classes, n samples a class, L weight layers, p = L + 1 factors H_1, W_1, ..., W_L of any hidden widths; the loss is
    1/(2K) |W_L relu(... W_2 relu(W_1 H_1)) - I|^2 + 1/2 (n lambda_H |H_1|^2 + sum_l lambda_l |W_l|^2)
in Frobenius norms (H_1 has one column a class, for its n samples). DNC means that in every hidden layer 2 .. L the
samples of a class share one feature and the K class features are pairwise orthogonal, of equal norms or not. Call d_li
their squared norms, q_li the units along them, d_(L+1)i = t_i^2, t_i = max(Z_ii, 0), Z the output. By Bessel and the
relu, |W_l|^2 >= sum_i d_(l+1)i / d_li and |H_1| |W_1| >= <W_1 H_1, (q_2i)_i> = sum_i sqrt(d_2i), L >= 2. AM-GM over
the p terms of class i: the regulariser is at least (p/2) Lambda sum_i t_i^(2/p), Lambda = (n lambda_H prod
lambda_l)^(1/p); the fit, sum_i (1 - t_i)^2 / (2K). So DNC's loss is at least a mean of f(t_i^(1/p)), f of
`dnc_lower_bound`, whose infimum outputs t I reach.
The witness. There is a grid of M = m_1 ... m_g points ("sides"), and r classes ("free") at each: K = M r. A hidden
layer of a neurons a point has M a neurons. A matrix between such spaces is listed as 2^g small ones: part s holds its
entries from every point to every point that differs from it in just the coordinates i whose bit is 1 in s (the first
coordinate has the highest bit). So each row of the whole matrix holds the entries of part s prod_(i in s) (m_i - 1)
times, and |matrix|^2 = M sum_s prod_(i in s) (m_i - 1) |part_s|^2. That is how norms and the fit are summed, I having
I_r as part 0 and else zero. The relu acts on entries, hence on parts. Products: for one coordinate, parts A (same) and
B (other) make I x (A - B) + J x B, J all ones, m x m. It multiplies what is constant along the coordinate by A + (m -
1) B and what sums to zero along it by A - B, and both kinds together are everything. So the product of two matrices
has as such "blocks" the products of theirs, and blocks X, Y are those of parts (X + (m - 1) Y) / m and (X - Y) / m.
With more coordinates this is done for each in turn. Small matrices are integer "parts" over one integer "den" > 0;
"found_by" is never read. Zero rows widen a witness. Accepted: the exact loss is strictly below DNC's infimum."""

import json
import math
import os
import sys
from collections import namedtuple
from fractions import Fraction
from operator import mul
from typing import Any

_ = sys.version_info >= (3, 9) or sys.exit(
    print("symmetric_checker.py needs Python 3.9 or newer", file=sys.stderr) or 2
)
MAX_BYTES, MAX_DIGITS, MAX_SIDE, MAX_PART, MAX_L, MAX_WORK = 8 << 20, 1000, 200, 10**30, 32, 5 * 10**9
JSON: Any = {"parse_int": lambda x: int(x if len(x) <= MAX_DIGITS else f"{len(x)} digits"), "parse_constant": int}
Result = namedtuple("Result", "ok sentence margin kind facts", defaults=(None, "", {}))  # pyright: ignore


def need(condition: bool, reason: str) -> None:
    if not condition:
        raise ValueError(reason)


def integer(value: Any, name: str, least: int, most: float) -> int:
    need(type(value) is int and least <= value <= most, f"{name} must be an integer from {least} to {most}")
    return value


def is_list(value: Any, least: int, most: int) -> bool:
    return type(value) is list and least <= len(value) <= most


def members(value: Any, name: str, keys: str, optional: str = "") -> list[Any]:
    found = dict(value) if type(value) is tuple else {}  # JSON objects arrive as tuples of pairs
    fits = set(keys.split()) <= set(found) <= {*keys.split(), *optional.split()} and len(found) == len(value)
    need(fits, f"{name} must be an object with exactly the keys {keys}, each once")
    return [found[key] for key in keys.split()]


def rationals(value: Any, name: str, many: int) -> list[Fraction]:
    fits = is_list(value, many, many) and all(is_list(x, 2, 2) for x in value)
    need(fits, f"{name} must list {many} pairs [numerator, denominator]")
    return [Fraction(*(integer(x, f"a part of {name}", 1, MAX_PART) for x in pair)) for pair in value]


def read_matrices(witness: Any, names: list[str], count: int, free: int, sides: list[int]) -> list[Any]:
    """(parts, den) of each matrix named, once sizes and arithmetic, in nanoseconds or so, are known to be small."""
    need(is_list(witness, len(names), len(names)), f"witness must list {len(names)} matrices")
    matrices, work, bits = [], 0, 0
    for item, name in zip(witness, names):
        found, den, parts = members(item, f"matrix {name}", "name den parts")
        need(found == name, f"{name} is misnamed or misplaced: witness must list {', '.join(names)}")
        need(is_list(parts, count, count), f"{name} must have {count} parts")
        need(all(is_list(rows, 1, MAX_SIDE) for rows in parts), f"{name} must have parts of 1 to {MAX_SIDE} rows")
        each = [row for rows in parts for row in rows]
        fits = all(is_list(row, 1, MAX_SIDE) and len(row) == len(each[0]) for row in each)
        need(fits and len({len(rows) for rows in parts}) == 1, f"parts of {name} must be matrices of one shape")
        need(all(type(x) is int for row in each for x in row), f"{name} holds an entry that is not an integer")
        integer(den, f"den of {name}", 1, math.inf)
        own = max(den.bit_length(), *(x.bit_length() for row in each for x in row)) + sum(m.bit_length() for m in sides)
        bits += own + len(each[0]).bit_length() + sum(m.bit_length() for m in sides)  # of the product so far
        rows, columns = len(parts[0]), len(each[0])
        work += count * rows * columns * free * (100 + own * bits // 900)
        work += count * rows * (columns + 2 * free) * (300 + bits) * 2 * len(sides) + bits * bits // 100
        need(work <= MAX_WORK, f"too much arithmetic: {work / 1e9:.3g} s or so, {MAX_WORK / 1e9:.3g} s allowed")
        matrices.append((parts, den))
    return matrices


def mixed(parts: list[Any], sides: list[int]) -> list[Any]:
    """Blocks from parts, and prod(sides) times the parts from blocks: (1, m - 1; 1, -1) squared is m times I."""
    for bit, m in enumerate(reversed(sides)):
        one, whole = 1 << bit, list(parts)
        for s in range(len(parts)):
            if not s & one:
                pairs = [list(zip(x, y)) for x, y in zip(parts[s], parts[s | one])]
                whole[s] = [[x + (m - 1) * y for x, y in row] for row in pairs]
                whole[s | one] = [[x - y for x, y in row] for row in pairs]
        parts = whole
    return parts


def squares(parts: list[Any], sides: list[int]) -> int:
    """The squared norm of the whole matrix."""
    total = 0
    for s, rows in enumerate(parts):
        times = math.prod(m - 1 for bit, m in enumerate(reversed(sides)) if s >> bit & 1)
        total += times * sum(x * x for row in rows for x in row)
    return math.prod(sides) * total


def measure(factors: list[Any], sides: list[int], free: int) -> tuple[Fraction, list[Fraction], int]:
    """|Z - I|^2 / (2K), the squared norms, and the least width with room for the witness and for DNC."""
    points, (output, den) = math.prod(sides), factors[0]
    need(len(output[0][0]) == free == len(factors[-1][0][0]), f"the first factor needs {free} columns, the last rows")
    for i, (parts, own) in enumerate(factors[1:]):
        need(len(parts[0][0]) == len(output[0]), f"factor {i + 2} of {len(factors)} needs {len(output[0])} columns")
        entering = output if i == 0 else [[[max(x, 0) for x in row] for row in rows] for rows in output]
        pairs = zip(mixed(parts, sides), [list(zip(*rows)) for rows in mixed(entering, sides)])
        blocks = [[[sum(map(mul, row, column)) for column in columns] for row in rows] for rows, columns in pairs]
        output, den = mixed(blocks, sides), den * own * points
    gap = [[[x - den * (s == 0 and i == j) for j, x in enumerate(row)] for i, row in enumerate(rows)]
           for s, rows in enumerate(output)]  # fmt: skip
    fit = Fraction(squares(gap, sides), 2 * points * free * den**2)
    norms = [Fraction(squares(parts, sides), own**2) for parts, own in factors]
    return fit, norms, points * max(free, *(len(parts[0]) for parts, _ in factors))


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


def check_symmetric(problem: Any, witness: Any) -> tuple[Any, ...]:
    K, L, n, pairs, sides, free = members(problem, "problem", "K L n lambdas sides free")
    for value, name, least, most in ((K, "K", 2, MAX_PART), (L, "L", 2, MAX_L), (n, "n", 1, MAX_PART)):
        integer(value, name, least, most)
    need(is_list(sides, 1, 8), "sides must list 1 to 8 integers")
    points = math.prod(integer(m, "a side", 2, MAX_PART) for m in sides)
    need(points * integer(free, "free", 1, MAX_SIDE) == K, f"K = {K} is not the product of the sides and of free")
    strengths = rationals(pairs, "lambdas", L + 1)
    strengths[0] *= n
    names = ["H_1", *(f"W_{i}" for i in range(1, L + 1))]
    fit, norms, width = measure(read_matrices(witness, names, 1 << len(sides), free, sides), sides, free)
    loss, bound = fit + sum(map(mul, strengths, norms), Fraction(0)) / 2, dnc_lower_bound(K, strengths)
    sentence = f"DNC is not optimal for K={K}, L={L}, n={n} at these strengths and all hidden widths >= {width}"
    return bound - loss, sentence, {"width": width}, {"loss": loss, "dnc_bound": bound, "ratio": loss / bound}


def check(certificate: Any, expect: Any = None) -> Result:
    """Judge a certificate, str or bytes: always a Result; `expect` binds it to a claim: kind, all of problem, width."""
    try:
        need(len(certificate) <= MAX_BYTES, f"longer than {MAX_BYTES} bytes")
        text = certificate if type(certificate) is str else certificate.decode()
        data = json.loads(text, object_pairs_hook=tuple, **JSON)  # refuses NaN, Infinity and huge integers
        keys = "format version kind claim problem witness"
        form, version, kind, claim, *rest = members(data, "file", keys, "found_by")
        named = type(version) is int and (form, version, kind) == ("dufm-certificate", 1, "symmetric")
        need(named and type(claim) is str and len(claim) <= 200, "not a dufm-certificate 1 of kind symmetric")
        margin, said, scope, facts = check_symmetric(*rest)
        own = {"kind": kind, **dict(rest[0])}
        fits = all(scope[x] <= y if x in scope else own.get(x) == y for x, y in (expect or {}).items())
        need(fits, f"not what the claim needs, which is {expect}")
    except (ValueError, TypeError, AttributeError, ArithmeticError, RecursionError, MemoryError) as error:
        return Result(False, str(error)[:300] or type(error).__name__)
    told = {name: f"{float(value):.15g}" for name, value in facts.items()}
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
