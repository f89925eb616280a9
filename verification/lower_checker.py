"""Check certificates of kind "lower", bounds of every network from below: exact, Python 3.9 with its library, no more.
    python3 -S -I verification/lower_checker.py FILE...    exit 0: all accepted, 1: some rejected, 2: no such file
K classes, n samples a class, L weight layers, any hidden widths, p = L + 1 factors H_1, W_1, ..., W_L; the loss is
    1/(2K) |W_L relu(... W_2 relu(W_1 H_1)) - I|^2 + 1/2 (n lambda_H |H_1|^2 + sum_l lambda_l |W_l|^2)
in Frobenius norms, x = K (n lambda_H prod lambda_l)^(1/p). The best sample of each class and rescaled factors leave n =
1 and all strengths x/K. F_l are the hidden features, A_l = F_l^T F_l >= 0 entry by entry, |.|_* is the sum of singular
values. The best W_L costs x tr (A_(L-1) + x)^(-1), and |H_1|^2 + |W_1|^2 >= 2 |W_1 H_1|_*. So 2K loss >= x f,
    f = tr (A_(L-1) + x)^(-1) + 2 |P|_* + sum over 1 < l < L of |W_l|^2,    P = W_1 H_1.
Output I takes |W_L|^2 >= tr A_(L-1)^(-1), so there f at x = 0 is at most the sum of the balanced squared norms, p C if
their product is C^p. "lower" is a bound of f: loss >= lower x/(2K); at x = 0, C >= lower/p for outputs I.
Z-test. M = a I - b A with b >= 0 has off-diagonal entries <= 0. For F = relu(P), A = F^T F: F and F - P are >= 0 with
no common support, so <F - P, F M> <= 0, <P, F M> >= <F, F M> = tr M A, whatever Gram matrix >= 0 is put for A in M.
(1) If |F M| <= 1, that is l (a - b l)^2 <= 1 at every eigenvalue l of A, then |P|_* >= <P, F M> >= tr M A.
(2) With P = W F, R = relu(P), S = R^T R, G = R M F^T: |W|^2 >= 2 <W, G> - |G|^2 >= tr (2M - M A M) S by <P, R M> again.
(3) For D >= 0 and B = S + x: tr B^(-1) + tr D S >= 2 tr D^(1/2) - x tr D, by the square |B^(-1/2) - B^(1/2) D^(1/2)|^2.
So f >= sum of c(l) over the eigenvalues l_1 >= ... >= l_K >= 0 of A_1: for L = 2 by (1) c = 2 l p + 1/(l + x), p = a -
b l; for L = 3 by (1), (2), (3) c = 2 l p + 2 sqrt(d) - x d, d = 2 q - q^2 l >= 0, q another such line.
What is checked. f >= 2 |F_1| >= 2 sqrt(l_1): l_1 <= (lower/2)^2 =: top is left. "nodes" is a tree in order, a node
before its parts. At a node l_1, ..., l_k lie in known intervals, the others in [0, last end]; at first k = 1 and [0,
top]. [i, cut] cuts the interval of l_i, or, for i = k + 1, [0, last end] for l_(k+1); order shortens intervals. A leaf
holds its lines [a, b]: conditions are checked on all intervals, the least c of each, times K - k for the others, must
add up to lower. On a piece [u, v] of an interval c is at least
    L = 2: 2 l p + 2/m - (l + x)/m^2, m = (u + v)/2 + x, by a square: concave, least at an end; or 2 l p + 1/(v + x);
    L = 3: 2 l p + (2/(r + w) - x) d + 2 r w/(r + w), if w <= sqrt(d) <= r, as (sqrt(d) - w)(r - sqrt(d)) >= 0: a cubic,
           at least its least Bernstein coefficient on the piece; so are d >= w^2 and d <= r^2 found. The piece where
most is open is halved until "lower" is reached, or points say it will not. All are integers over 2^bits, rounded down;
x up, as f falls in x. Method "pairs", any L: DNC is optimal for two classes, the mean over pairs (derivations
two-classes, pairs) says loss >= phi_L(y), y^p = (2/K)^(p-2) x^p, phi_L as below; with output I, C^p >= 2^(p-2) K^2"""

import heapq
import json
import math
import os
import sys
from collections import namedtuple
from fractions import Fraction
from typing import Any

_ = sys.version_info >= (3, 9) or sys.exit(print("lower_checker.py needs Python 3.9 or newer", file=sys.stderr) or 2)
MAX_BYTES, MAX_DIGITS, MAX_PART, MAX_PIECES, MAX_CUT = 4 << 20, 300, 10**30, 10**6, 8
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


def steep(N: int, u: int, v: int, a: int, b: int) -> bool:
    """Whether l (a - b l)^2 > 1 for some l in [u, v]; it turns at a/b, where it is 0, and at a/(3b)."""
    turn = 3 * b * u < a * N < 3 * b * v and 4 * a**3 > 27 * b * N**2
    return turn or any(t * (a * N - b * t) ** 2 > N**5 for t in (u, v))


def piece(lines: list[list[int]], N: int, x: int, u: int, v: int) -> float:
    """A number below c on [u, v], the nearer the shorter the piece; all are integers over N."""
    (a, b), h, m = lines[0], v - u, u + v + 2 * x  # m is twice the m of the text
    at_u, at_v = 2 * u * (a * N - b * u), 2 * v * (a * N - b * v)  # N^3 times 2 l p
    if len(lines) == 1:
        here, there, four = at_u // N**2, at_v // N**2, 4 * N**2
        tangent = min(here + four * (m - u - x) // m**2, there + four * (m - v - x) // m**2)
        return max(tangent, min(here, there) + N**2 // (v + x))
    (e, g), cube, most = lines[1], N**3, 3 * N**5
    p, q = e * N - g * u, e * N - g * v
    first, last = 3 * p * (2 * cube - p * u), 3 * q * (2 * cube - q * v)  # d: 3 N^5 times its Bernstein coefficients
    d = first, first + (2 * g * (p * u - cube) - p * p) * h, last - (2 * g * (q * v - cube) - q * q) * h, last
    if min(d) < 0:
        return -math.inf
    w, r = math.isqrt(min(d) // (3 * cube)), math.isqrt(max(d) // (3 * cube)) + 1
    rise, slope = cube * (r + w), 2 * N**2 - x * (r + w)
    left = min(3 * rise * at_u + slope * d[0], rise * (3 * at_u + (2 * a * N - 4 * b * u) * h) + slope * d[1])
    right = min(rise * (3 * at_v - (2 * a * N - 4 * b * v) * h) + slope * d[2], 3 * rise * at_v + slope * d[3])
    return (min(left, right) + 2 * r * w * most) // (most * (r + w))


def shown(lines: list[list[int]], N: int, x: int, parts: list[Any], wanted: int, pieces: int) -> tuple[Any, int, Any]:
    """(a number below the sum of count * least c over parts (count, low, high), `pieces` more, one below each c)."""
    heaps = [[(piece(lines, N, x, low, high), low, high)] for _, low, high in parts]
    best = [piece(lines, N, x, high, high) for _, _, high in parts]
    pieces, every = pieces + len(parts), range(len(parts))
    while True:
        total = sum(parts[j][0] * heaps[j][0][0] for j in every)
        if total >= wanted or sum(parts[j][0] * best[j] for j in every) < wanted:
            return total, pieces, [heap[0][0] for heap in heaps]
        i = max(every, key=lambda j: parts[j][0] * (best[j] - heaps[j][0][0]))
        (_, u, v), pieces = heapq.heappop(heaps[i]), pieces + 2
        need(v - u > 1 and pieces < MAX_PIECES, f"more than {MAX_PIECES} pieces")
        best[i] = min(best[i], piece(lines, N, x, (u + v) // 2, (u + v) // 2))
        for a, b in ((u, (u + v) // 2), ((u + v) // 2, v)):
            heapq.heappush(heaps[i], (piece(lines, N, x, a, b), a, b))


def check_tree(K: int, L: int, x: Fraction, lower: Fraction, bits: int, nodes: Any) -> tuple[int, int, int]:
    """(leaves, pieces, what is left over in the worst leaf), or ValueError."""
    N, leaves, pieces, spare = 1 << bits, 0, 0, math.inf
    strength, wanted, top = (-(-value * N // 1) for value in (x, lower, (lower / 2) ** 2))
    waiting: list[list[tuple[int, int]]] = [[(0, top)]]
    for node in nodes if type(nodes) is list else []:
        need(bool(waiting) and type(node) is list and node != [], "a node must be a list, for a part not yet covered")
        known = waiting.pop()
        if type(node[0]) is int:
            i = integer(listed(node, "a cut", 2)[0], "i of a cut", 1, min(K, MAX_CUT, len(known) + 1)) - 1
            known += [(0, known[-1][1])] * (i == len(known))
            cut = integer(node[1], f"a cut of l_{i + 1}", known[i][0] + 1, known[i][1] - 1)
            waiting.append([(max(a, cut), b) if j <= i else (a, b) for j, (a, b) in enumerate(known)])
            waiting.append([(a, min(b, cut)) if j >= i else (a, b) for j, (a, b) in enumerate(known)])
            continue
        lines = [listed(line, "a line", 2) for line in listed(node, "a leaf", L - 1)]
        _ = [integer(value, "a or b of a line", 0, N << 40) for line in lines for value in line]
        parts, leaves = [(1, u, v) for u, v in known], leaves + 1
        parts += [(K - len(known), 0, known[-1][1])] * (len(known) < K)
        need(not any(steep(N, u, v, *lines[0]) for _, u, v in parts), f"leaf {leaves}: |F M| may be above 1")
        total, pieces, _ = shown(lines, N, strength, parts, wanted, pieces)
        need(total >= wanted, f"leaf {leaves}: only {total / N:.8g} is shown, less than {float(lower):.8g}")
        spare = min(spare, total - wanted)
    need(not waiting, f"{len(waiting)} parts are not covered")
    return leaves, pieces, int(spare)


def least_of_pairs(L: int, power: Fraction) -> Fraction:
    """A number below phi_L(y) = min over u >= 0 of f(u) = 1/2 (1 - u^p)^2 + (p/2) y u^2, y^p = power: f' = p u (y - g),
    g = u^(p-2) (1 - u^p), rising up to u^p = (p-2)/(2p-2), then falling. Let b lie at or past there with g(b) <= y, and
    a not, or 0: f >= f(b) beyond b, f >= f(0) or f(a) below a; between, >= 1/2 (1 - b^p)^2 + (p/2) g(b) a^2."""
    p, a, b = L + 1, Fraction(0), Fraction(1)
    while b - a > Fraction(1, 2**64):
        u = (a + b) / 2
        right = u**p >= Fraction(p - 2, 2 * p - 2) and (u ** (p - 2) * (1 - u**p)) ** p <= power
        a, b = (a, u) if right else (u, b)
    return min(Fraction(1, 2), (1 - b**p) ** 2 / 2 + p * b ** (p - 2) * (1 - b**p) * a**2 / 2)


def check_lower(problem: Any, bound: Any, witness: Any) -> tuple[Fraction, str]:
    K, L, strength = members(problem, "problem", "K L x")
    parts = [integer(v, "a part of x, lower", 0, MAX_PART) for pair in (strength, bound) for v in listed(pair, "x", 2)]
    x, lower = Fraction(*parts[:2]), Fraction(*parts[2:])
    need(min(integer(K, "K", 2, 10**6), integer(L, "L", 1, 64), lower) > 0, "lower must be > 0")
    if witness == (("method", "pairs"),):
        power, by = Fraction(2, K) ** (L - 1) * (x or Fraction(K)) ** (L + 1), "pairs"
        margin = least_of_pairs(L, power) - lower * x / (2 * K) if x > 0 else power - (lower / (L + 1)) ** (L + 1)
    else:
        method, bits, nodes = members(witness, "witness", "method bits nodes")
        need(method == "spectrum" and L in (2, 3), "method must be pairs, or at L = 2 and 3 spectrum")
        leaves, pieces, spare = check_tree(K, L, x, lower, integer(bits, "bits", 24, 64), nodes)
        margin, by = Fraction(spare, 1 << bits), f"{leaves} box{'es' * (leaves > 1)} of eigenvalues, {pieces} pieces"
    said = f"have 2K loss / x below {lower}" if x > 0 else f"with output I cost less than C = {lower / (L + 1)}"
    return margin, f"for K={K}, L={L}, any n and widths, x = K Lambda = {x}, no weights {said} ({by})"


def check(certificate: Any, expect: Any = None) -> Result:
    """Judge a certificate, str or bytes: always a Result; `expect` binds it to a claim: kind, all of problem, lower."""
    try:
        need(len(certificate) <= MAX_BYTES, f"longer than {MAX_BYTES} bytes")
        text, keys = certificate if type(certificate) is str else certificate.decode(), "format version kind claim "
        data = json.loads(text, object_pairs_hook=tuple, **JSON)  # refuses NaN, Infinity and huge integers
        form, version, kind, claim, *rest = members(data, "file", keys + "problem lower witness", "found_by")
        named = type(version) is int and (form, version, kind) == ("dufm-certificate", 1, "lower")
        need(named and type(claim) is str and len(claim) <= 200, "not a dufm-certificate 1 of kind lower with a claim")
        margin, said = check_lower(*rest)
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
