"""Check certificates of kind "deep", bounds of every network of four layers and more: exact, Python 3.9, its library.
    python3 -S -I verification/deep_checker.py FILE...    exit 0: all accepted, 1: some rejected, 2: no such file
K >= 3 classes, n samples a class, L >= 4 weight layers, any hidden widths, P = W_1 H_1; the loss is
    1/(2K) |W_L relu(... W_2 relu(W_1 H_1)) - I|^2 + 1/2 (n lambda_H |H_1|^2 + sum_l lambda_l |W_l|^2)
in Frobenius norms, x = K (n lambda_H prod lambda_l)^(1/(L+1)). As in lower_checker.py, which has the reasons, n = 1
and strengths x/K are enough, 2K loss >= x f with f = tr (A_(L-1) + x)^(-1) + S_(L-1), S_j = |H_1|^2 + |W_1|^2 + ... +
|W_j|^2 without the squares of W_L, A_j = F_j^T F_j >= 0 entry by entry, F_j the features of layer j; output I at cost
C has (L + 1) C >= f at x = 0. "lower" is a bound of f. Further |P|_* >= sum of l p(l) over the eigenvalues of A_1 for
a falling line p with l p^2 <= 1 at them, and |W_(j+1)|^2 >= tr D A_(j+1), D = d(A_j), d = 2q - q^2 l for any falling
line q.
Chain. l_1 >= l_2 >= t_1 >= ... are the eigenvalues of A_j, r the sum of all t_i. S_j >= (j + 1) ((l_1 + w r)^(1/(j+1))
+ (l_2 + w r)^(1/(j+1))), w = 6/5 for j = 1 and 2 for j >= 2: for j = 1 by the chord p of l^(-1/2) through l_1 and l_2.
From j to j + 1, m_1 >= m_2 >= u_1 >= ... the eigenvalues of A_(j+1), R the sum of the u_i: with q the chord of 1/l
through l_1 and l_2 von Neumann's inequality has |W_(j+1)|^2 >= m_1/l_1 + m_2/l_2 + sum d(t_i) u_i, which is at least
(m_1 + 2R)/(l_1 + w r) + (m_2 + 2R)/(l_2 + w r): linear in m and u, d is convex, and what is left is a polynomial with
coefficients >= 0 (dufm derive deep-spectra). AM-GM of j + 1 numbers z^(1/(j+1)) and M/z ends the step.
Last. tr D A + tr (A + x)^(-1) >= 2 tr D^(1/2) - x tr D. So with A = A_(L-2), p = L - 1 and d >= 0 at its eigenvalues
    f >= p (l_1 + 2r)^(1/p) + p (l_2 + 2r)^(1/p) + sum of c(d(l_i)), c(d) = 2 sqrt(d) - x d.
What is checked. f >= p l_1^(1/p): l_1 <= (lower/p)^p =: top is left. "nodes" is a tree in order, a node before its
parts, for (l_1, l_2) in [0, top]^2; [i, cut] cuts the interval of l_i, order shortens intervals. A leaf [[e, k]], 0 <=
k <= e, has q = e - (e - k) l/l_1: k at l_1, so d = 2k - k^2 l there. For l <= l_2, l_1 in [a, b], q lies between its
values at l_1 = a and b; d is concave in q, d <= 2e <= 1/x^2, and c grows up to there: c(d) is least at one of the two.
Roots: on u <= l <= v, 0 <= r <= o = (K - 2) max l_2, (l + 2r)^(1/p) is at least h(u, 0) + (l - u) (h(v, 0) - h(u,
0))/(v - u) + r (h(v, o) - h(v, 0))/o, as it is concave, and so at the corners. So all is a sum over eigenvalues of
tilt l + c(d), the K - 2 others in [0, max l_2]. On a piece of an interval c(d) >= (2/(s + w) - x) d + 2 s w/(s + w)
for w <= sqrt(d) <= s, as (sqrt(d) - w)(s - sqrt(d)) >= 0: a cubic, at least its least Bernstein coefficient; so are d
>= w^2 and d <= s^2 found. The piece where most is open is halved until "lower" is reached, or points say that it will
not be. All are integers over 2^bits, rounded down; x is rounded up."""

import heapq
import json
import math
import os
import sys
from collections import namedtuple
from fractions import Fraction
from typing import Any

_ = sys.version_info >= (3, 9) or sys.exit(print("deep_checker.py needs Python 3.9 or newer", file=sys.stderr) or 2)
MAX_BYTES, MAX_DIGITS, MAX_PART, MAX_PIECES = 4 << 20, 300, 10**30, 10**6
JSON: Any = {"parse_int": lambda x: int(x if len(x) <= MAX_DIGITS else f"{len(x)} digits"), "parse_constant": int}
Result = namedtuple("Result", "ok sentence margin kind facts", defaults=(None, "", {}))  # pyright: ignore


def need(condition: bool, reason: str) -> None:
    if not condition:
        raise ValueError(reason)


def integer(value: Any, name: str, least: int, most: int) -> int:
    need(type(value) is int and least <= value <= most, f"{name} must be an integer from {least} to {most}")
    return value


def members(value: Any, name: str, keys: str, optional: Any = None) -> list[Any]:
    own = value if type(value) is tuple else ()  # objects arrive as pairs
    named = sorted(key for key, _ in own if key != optional)
    need(named == sorted(keys.split()), f"{name} must be an object with exactly the keys {keys}, each once")
    return [dict(own)[key] for key in keys.split()]


def listed(value: Any, name: str, length: int) -> list[Any]:
    need(type(value) is list and len(value) == length, f"{name} must be a list of {length}")
    return value


def root(value: int, N: int, p: int) -> int:
    """The integer part of N (value/N)^(1/p): Newton's steps from above."""
    whole = value * N ** (p - 1)
    found = 1 << -(-whole.bit_length() // p)
    while found**p > whole:
        found = ((p - 1) * found + whole // found ** (p - 1)) // p
    return found


def piece(N: int, x: int, u: int, v: int, tilt: int, e: int, g: int) -> float:
    """A number below tilt l + c(d) on [u, v] for q = e - g l, the nearer the shorter the piece; all over N."""
    p, q, cube, most = e * N - g * u, e * N - g * v, N**3, 3 * N**5
    first, last = 3 * p * (2 * cube - p * u), 3 * q * (2 * cube - q * v)  # 3 N^5 times the Bernstein coefficients of d
    second = first + (2 * p * g * u - 2 * g * cube - p * p) * (v - u)
    third = last - (2 * q * g * v - 2 * g * cube - q * q) * (v - u)
    low, high = min(first, second, third, last), max(first, second, third, last)
    if low < 0:
        return -math.inf
    w, s = math.isqrt(low // (3 * cube)), math.isqrt(high // (3 * cube)) + 1
    rise, slope = (s + w) * tilt * N**4, 2 * N**2 - x * (s + w)
    left = min(3 * u * rise + slope * first, (2 * u + v) * rise + slope * second)
    right = min((u + 2 * v) * rise + slope * third, 3 * v * rise + slope * last)
    return (min(left, right) + 2 * s * w * most) // (most * (s + w))


def shown(parts: list[tuple[int, int, Any, int, int]], N: int, x: int, wanted: int) -> tuple[Any, int]:
    """(a number below the sum of count * (tilt l + c(d)) over (count, tilt, lines, low, high), pieces it took)."""
    heaps: list[Any] = [sorted((piece(N, x, a, b, c, *q), a, b, q) for q in qs) for _, c, qs, a, b in parts]
    best = [min(piece(N, x, b, b, tilt, *q) for q in lines) for _, tilt, lines, _, b in parts]
    pieces, every = sum(map(len, heaps)), range(len(parts))
    while True:
        total = sum(parts[j][0] * heaps[j][0][0] for j in every)
        if total >= wanted or sum(parts[j][0] * best[j] for j in every) < wanted:
            return total, pieces
        i = max(every, key=lambda j: parts[j][0] * (best[j] - heaps[j][0][0]))
        (_, u, v, q), pieces = heapq.heappop(heaps[i]), pieces + 2
        need(v - u > 1 and pieces < MAX_PIECES, "a leaf needs too many pieces")
        tilt, middle = parts[i][1], (u + v) // 2
        best[i] = min(best[i], piece(N, x, middle, middle, tilt, *q))
        for a, b in ((u, middle), (middle, v)):
            heapq.heappush(heaps[i], (piece(N, x, a, b, tilt, *q), a, b, q))


def check_leaf(K: int, p: int, x: int, N: int, known: Any, e: int, k: int, wanted: int) -> tuple[Any, int]:
    """(what a leaf shows, pieces)."""
    (a, b), (low, end) = known
    need(2 * e * x**2 <= N**3, "e is more than 1/(2 x^2)")
    need(a > 0 or k == e, "where l_1 may be 0 the line must be flat")
    most, total, rise, tilts = (K - 2) * end, 0, 0, []
    for u, v in known:
        begin, here, beyond = (root(t, N, p) for t in (u, v, v + 2 * most))
        tilts.append(p * (here - begin) * N // (v - u))
        total += p * begin + -tilts[-1] * u // N
        rise += p * max(beyond - here - 1, 0) * N // most
    ends = [(e, (e - k) * N // b), (e, -(-(e - k) * N // max(a, 1)))]
    parts = [(1, tilts[0], [(k, 0)], a, b), (1, tilts[1], ends, low, end), (K - 2, rise, ends, 0, end)]
    value, pieces = shown(parts, N, x, wanted - total)
    return total + value, pieces


def check_tree(K: int, L: int, x: Fraction, lower: Fraction, bits: int, nodes: Any) -> tuple[int, int, int]:
    """(leaves, pieces, what is left over in the worst leaf), or ValueError."""
    N, leaves, pieces, spare = 1 << bits, 0, 0, math.inf
    strength, wanted, top = (-(-value * N // 1) for value in (x, lower, (lower / (L - 1)) ** (L - 1)))
    waiting: list[list[tuple[int, int]]] = [[(0, top), (0, top)]]
    for node in nodes if type(nodes) is list else []:
        need(bool(waiting) and type(node) is list and node != [], "a node must be a list, for a part not yet covered")
        known = waiting.pop()
        if type(node[0]) is int:
            i = integer(listed(node, "a cut", 2)[0], "i of a cut", 1, 2) - 1
            cut = integer(node[1], f"a cut of l_{i + 1}", known[i][0] + 1, known[i][1] - 1)
            waiting.append([(max(a, cut), b) if j <= i else (a, b) for j, (a, b) in enumerate(known)])
            waiting.append([(a, min(b, cut)) if j >= i else (a, b) for j, (a, b) in enumerate(known)])
            continue
        line = listed(listed(node, "a leaf", 1)[0], "a line", 2)
        e = integer(line[0], "e of a line", 0, N << 40)
        k = integer(line[1], "k of a line", 0, e)
        total, more = check_leaf(K, L - 1, strength, N, known, e, k, wanted)
        leaves, pieces = leaves + 1, pieces + more
        need(pieces <= MAX_PIECES, f"more than {MAX_PIECES} pieces")
        need(total >= wanted, f"leaf {leaves}: only {total / N:.8g} is shown, less than {float(lower):.8g}")
        spare = min(spare, total - wanted)
    need(not waiting, f"{len(waiting)} parts are not covered")
    return leaves, pieces, int(spare)


def check_deep(problem: Any, bound: Any, witness: Any) -> tuple[Fraction, str]:
    K, L, strength = members(problem, "problem", "K L x")
    parts = [integer(v, "a part of x, lower", 0, MAX_PART) for pair in (strength, bound) for v in listed(pair, "x", 2)]
    x, lower = Fraction(*parts[:2]), Fraction(*parts[2:])
    need(min(integer(K, "K", 3, 10**6), integer(L, "L", 4, 64), lower) > 0, "lower must be > 0")
    need(lower * max(x, Fraction(1, L + 1)) <= K, "lower must be at most that of DNC or of zero weights")
    method, bits, nodes = members(witness, "witness", "method bits nodes")
    need(method == "chain", "method must be chain")
    leaves, pieces, spare = check_tree(K, L, x, lower, integer(bits, "bits", 24, 64), nodes)
    said = f"have 2K loss / x below {lower}" if x > 0 else f"with output I cost less than C = {lower / (L + 1)}"
    said += f" ({leaves} box{'es' * (leaves > 1)} of eigenvalues, {pieces} pieces)"
    return Fraction(spare, 1 << bits), f"for K={K}, L={L}, any n and widths, x = K Lambda = {x}, no weights {said}"


def check(certificate: Any, expect: Any = None) -> Result:
    """Judge a certificate, str or bytes: always a Result; `expect` binds it to a claim: kind, all of problem, lower."""
    try:
        need(len(certificate) <= MAX_BYTES, f"longer than {MAX_BYTES} bytes")
        text, keys = certificate if type(certificate) is str else certificate.decode(), "format version kind claim "
        data = json.loads(text, object_pairs_hook=tuple, **JSON)  # refuses NaN, Infinity and huge integers
        form, version, kind, claim, *rest = members(data, "file", keys + "problem lower witness", "found_by")
        named = type(version) is int and (form, version, kind) == ("dufm-certificate", 1, "deep")
        need(named and type(claim) is str and len(claim) <= 200, "not a dufm-certificate 1 of kind deep with a claim")
        margin, said = check_deep(*rest)
        own = {"kind": kind, **dict(rest[0]), "lower": rest[1]}
        need(all(own.get(key) == expect[key] for key in expect or ()), f"not what the claim needs, which is {expect}")
    except (ValueError, TypeError, AttributeError, ArithmeticError, RecursionError, MemoryError) as error:
        return Result(False, str(error)[:300] or type(error).__name__)
    return Result(margin >= 0, said if margin >= 0 else f"inequality fails: {said}", margin, kind)


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
