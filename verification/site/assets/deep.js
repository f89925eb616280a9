// Judges certificates of kind deep: numbers that the loss of no weights of four layers and more goes below. What is checked,
// and why it is enough, stands in the opening text of verification/deep_checker.py; this is a program of its own, written
// from that text. dufm.checkDeep(text) -> {ok, sentence, margin, kind}; ok says that the margin is >= 0.
"use strict";
if (typeof require === "function" && !(globalThis.dufm && globalThis.dufm.reading)) require("./reading.js");
(function (root) {
  const { Refused, Fraction, floorDiv, bitLength, general, isqrt } = root.dufm.exact;
  const { need, integer, members, listed, least, largest, Heap, judged, unsigned } = root.dufm.reading;
  const MAX_PART = 10n ** 30n, MAX_PIECES = 1000000;
  const LIMITS = { bytes: 4 << 20, digits: 300, prepare: unsigned };
  const NOTHING = -Infinity;
  const ceiling = (a, b) => -floorDiv(-a, b);

  /** The integer part of N (value/N)^(1/p), by Newton's steps from above. */
  function rootOf(value, N, p) {
    const whole = value * N ** (p - 1n);
    let found = 1n << ceiling(BigInt(bitLength(whole)), p);
    while (found ** p > whole) found = ((p - 1n) * found + whole / found ** (p - 1n)) / p;
    return found;
  }

  /** A number below tilt l + c(d) on [u, v], d = 2q - q^2 l for q = e - g l; all over N. */
  function piece(N, x, u, v, tilt, [e, g]) {
    const p = e * N - g * u, q = e * N - g * v, h = v - u, cube = N ** 3n, whole = 3n * N ** 5n;
    const first = 3n * p * (2n * cube - p * u), last = 3n * q * (2n * cube - q * v);
    const d = [first, first + (2n * p * g * u - 2n * g * cube - p * p) * h, last - (2n * q * g * v - 2n * g * cube - q * q) * h, last];
    const low = least(...d), high = largest(...d);
    if (low < 0n) return NOTHING;
    const w = isqrt(low / (3n * cube)), s = isqrt(high / (3n * cube)) + 1n, both = s + w;
    const rise = both * tilt * N ** 4n, slope = 2n * N ** 2n - x * both;
    const lengths = [3n * u, 2n * u + v, u + 2n * v, 3n * v];
    const cubic = lengths.map((length, i) => length * rise + slope * d[i]);
    return floorDiv(least(...cubic) + 2n * s * w * whole, whole * both);
  }

  /** A number below the sum of count (tilt l + c(d)), and the pieces it took: halved where most is open. */
  function shown(parts, N, x, wanted) {
    const heaps = parts.map(([, tilt, lines, a, b]) => new Heap(...lines.map((q) => [piece(N, x, a, b, tilt, q), a, b, ...q])));
    const best = parts.map(([, tilt, lines, , b]) => least(...lines.map((q) => piece(N, x, b, b, tilt, q))));
    const sum = (values) => (values.includes(NOTHING) ? NOTHING : values.reduce((all, value, j) => all + parts[j][0] * value, 0n));
    let pieces = heaps.reduce((all, heap) => all + heap.items.length, 0);
    for (;;) {
      const total = sum(heaps.map((heap) => heap.top[0]));
      if (total >= wanted || sum(best) < wanted) return [total, pieces];
      const open = heaps.map((heap, j) => (heap.top[0] === NOTHING ? Infinity : parts[j][0] * (best[j] - heap.top[0])));
      const i = open.indexOf(largest(...open));
      const [, u, v, ...q] = heaps[i].pop();
      pieces += 2;
      need(v - u > 1n && pieces < MAX_PIECES, "a leaf needs too many pieces");
      const tilt = parts[i][1], middle = (u + v) / 2n;
      best[i] = least(best[i], piece(N, x, middle, middle, tilt, q));
      for (const [a, b] of [[u, middle], [middle, v]]) heaps[i].push([piece(N, x, a, b, tilt, q), a, b, ...q]);
    }
  }

  /** What a leaf shows: the two largest eigenvalues in `known`, the line q through (0, e) and (l_1, k). */
  function checkLeaf(K, p, x, N, known, e, k, wanted) {
    const [[a, b], [low, end]] = known;
    need(2n * e * x ** 2n <= N ** 3n, "e is more than 1/(2 x^2)");
    need(a > 0n || k === e, "where l_1 may be 0 the line must be flat");
    const most = (K - 2n) * end, tilts = [];
    let total = 0n, rise = 0n;
    for (const [u, v] of known) {
      const begin = rootOf(u, N, p), here = rootOf(v, N, p), beyond = rootOf(v + 2n * most, N, p);
      need(v > u, "integer division or modulo by zero");
      const tilt = floorDiv(p * (here - begin) * N, v - u);
      tilts.push(tilt);
      total += p * begin + floorDiv(-tilt * u, N);
      rise += floorDiv(p * largest(beyond - here - 1n, 0n) * N, most);
    }
    const ends = [[e, floorDiv((e - k) * N, b)], [e, ceiling((e - k) * N, largest(a, 1n))]];
    const parts = [[1n, tilts[0], [[k, 0n]], a, b], [1n, tilts[1], ends, low, end], [K - 2n, rise, ends, 0n, end]];
    const [value, pieces] = shown(parts, N, x, wanted - total);
    return [value === NOTHING ? NOTHING : total + value, pieces];
  }

  /** Walk the tree of boxes for (l_1, l_2): [leaves, pieces, what is left over in the worst leaf]. */
  function checkTree(K, L, x, lower, bits, nodes) {
    const N = 1n << bits, over = (value) => ceiling(value.num * N, value.den);
    const strength = over(x), wanted = over(lower), top = over(lower.over(new Fraction(L - 1n)).power(L - 1n));
    let leaves = 0, pieces = 0, spare = null;
    const waiting = [[[0n, top], [0n, top]]];
    for (const node of Array.isArray(nodes) ? nodes : []) {
      const fits = waiting.length > 0 && Array.isArray(node) && node.length > 0;
      need(fits, "a node must be a list, for a part not yet covered");
      const known = waiting.pop();
      if (typeof node[0] === "bigint") {
        const i = Number(integer(listed(node, "a cut", 2)[0], "i of a cut", 1, 2)) - 1;
        const cut = integer(node[1], `a cut of l_${i + 1}`, known[i][0] + 1n, known[i][1] - 1n);
        waiting.push(known.map(([a, b], j) => (j <= i ? [largest(a, cut), b] : [a, b])));
        waiting.push(known.map(([a, b], j) => (j >= i ? [a, least(b, cut)] : [a, b])));
        continue;
      }
      const line = listed(listed(node, "a leaf", 1)[0], "a line", 2);
      const e = integer(line[0], "e of a line", 0, N << 40n), k = integer(line[1], "k of a line", 0, e);
      const [total, used] = checkLeaf(K, L - 1n, strength, N, known, e, k, wanted);
      leaves += 1;
      pieces += used;
      need(pieces <= MAX_PIECES, `more than ${MAX_PIECES} pieces`);
      const reached = () => (total === NOTHING ? "-inf" : general(Number(total) / Number(N), 8));
      const asked = () => general(Number(lower.num) / Number(lower.den), 8);
      need(total >= wanted, () => `leaf ${leaves}: only ${reached()} is shown, less than ${asked()}`);
      if (spare === null || total - wanted < spare) spare = total - wanted;
    }
    need(waiting.length === 0, `${waiting.length} parts are not covered`);
    return [leaves, pieces, spare];
  }

  function checkDeep(problem, bound, witness) {
    const [K, L, strength] = members(problem, "problem", ["K", "L", "x"]);
    const pairs = [strength, bound].map((pair) => listed(pair, "x", 2).map((v) => integer(v, "a part of x, lower", 0, MAX_PART)));
    const [x, lower] = pairs.map(([num, den]) => {
      if (den === 0n) throw new Refused(`Fraction(${num}, 0)`);
      return new Fraction(num, den).reduced();
    });
    integer(K, "K", 3, 10 ** 6);
    integer(L, "L", 4, 64);
    need(lower.num > 0n, "lower must be > 0");
    const inner = new Fraction(1n, L + 1n), scale = x.compare(inner) > 0 ? x : inner;
    need(lower.times(scale).compare(new Fraction(K)) <= 0, "lower must be at most that of DNC or of zero weights");
    const [method, bits, nodes] = members(witness, "witness", ["method", "bits", "nodes"]);
    need(method === "chain", "method must be chain");
    const [leaves, pieces, spare] = checkTree(K, L, x, lower, integer(bits, "bits", 24, 64), nodes);
    const cost = lower.over(new Fraction(L + 1n));
    const said = x.num > 0n ? `have 2K loss / x below ${lower}` : `with output I cost less than C = ${cost}`;
    const boxes = `${leaves} box${leaves > 1 ? "es" : ""} of eigenvalues, ${pieces} pieces`;
    const sentence = `for K=${K}, L=${L}, any n and widths, x = K Lambda = ${x}, no weights ${said} (${boxes})`;
    return [new Fraction(spare, 1n << bits), sentence];
  }

  root.dufm.checkDeep = (text) => judged(text, "deep", ["problem", "lower", "witness"], LIMITS, checkDeep, (margin) => margin.num >= 0n);
})(globalThis);
