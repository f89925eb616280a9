// Judges certificates of kind lower: numbers that the loss of no weights goes below, at two and three layers, or by pairs
// of classes at any depth. What is checked, and why it is enough, stands in the opening text of
// verification/lower_checker.py; this is a program of its own, written from that text.
// dufm.checkLower(text) -> {ok, sentence, margin, kind}; ok says that the margin is >= 0.
"use strict";
if (typeof require === "function" && !(globalThis.dufm && globalThis.dufm.reading)) require("./reading.js");
(function (root) {
  const { Pairs, Fraction, floorDiv, general, isqrt } = root.dufm.exact;
  const { need, integer, members, listed, least, largest, Heap, judged, unsigned } = root.dufm.reading;
  const MAX_BYTES = 4 << 20, MAX_DIGITS = 300, MAX_PART = 10n ** 30n, MAX_PIECES = 1000000, MAX_CUT = 8;
  // A number below everything: what a piece shows where a root would be of a negative number.
  const NOTHING = -Infinity;
  const HALF = new Fraction(1n, 2n), ONE = new Fraction(1n);

  /** Whether l (a - b l)^2 exceeds 1 somewhere on [u, v]; it turns at a/(3b) and at a/b, where it is 0. */
  function steep(N, u, v, [a, b]) {
    if (3n * b * u < a * N && a * N < 3n * b * v && 4n * a ** 3n > 27n * b * N ** 2n) return true;
    return [u, v].some((l) => l * (a * N - b * l) ** 2n > N ** 5n);
  }

  /** A number below c(l) on [u, v], over N: by the tangent of 1/(l + x) at the middle, or its value at the end. */
  function pieceOfTwo(N, x, u, v, [[a, b]]) {
    const squared = N ** 2n, middle = u + v + 2n * x;
    const atU = floorDiv(2n * u * (a * N - b * u), squared), atV = floorDiv(2n * v * (a * N - b * v), squared);
    const tangent = (at, l) => at + floorDiv(4n * squared * (middle - l - x), middle ** 2n);
    return largest(least(tangent(atU, u), tangent(atV, v)), least(atU, atV) + floorDiv(squared, v + x));
  }

  /** The same at three layers: d and the cubic by their Bernstein coefficients, all over 3 N^5 before the last division. */
  function pieceOfThree(N, x, u, v, [[a, b], [e, g]]) {
    const h = v - u, cube = N ** 3n, whole = 3n * N ** 5n;
    const p = e * N - g * u, q = e * N - g * v;
    const first = 3n * p * (2n * cube - p * u), last = 3n * q * (2n * cube - q * v);
    const d = [first, first + (2n * g * (p * u - cube) - p * p) * h, last - (2n * g * (q * v - cube) - q * q) * h, last];
    if (least(...d) < 0n) return NOTHING;
    const low = isqrt(floorDiv(least(...d), 3n * cube)), high = isqrt(floorDiv(largest(...d), 3n * cube)) + 1n;
    const both = high + low, rise = cube * both, slope = 2n * N ** 2n - x * both;
    const atU = 2n * u * (a * N - b * u), atV = 2n * v * (a * N - b * v);
    const cubic = [
      3n * rise * atU + slope * d[0],
      rise * (3n * atU + (2n * a * N - 4n * b * u) * h) + slope * d[1],
      rise * (3n * atV - (2n * a * N - 4n * b * v) * h) + slope * d[2],
      3n * rise * atV + slope * d[3],
    ];
    return floorDiv(least(...cubic) + 2n * high * low * whole, whole * both);
  }

  /** Halve pieces, always where most is open, until the sum of counted least values reaches what is wanted, or points
   *  say that it will not. */
  function shown(piece, parts, wanted, before) {
    const heaps = parts.map(([, u, v]) => new Heap([piece(u, v), u, v])), best = parts.map(([, , v]) => piece(v, v));
    const sum = (values) => (values.includes(NOTHING) ? NOTHING : values.reduce((all, x, j) => all + parts[j][0] * x, 0n));
    let pieces = before + parts.length;
    for (;;) {
      const total = sum(heaps.map((heap) => heap.top[0]));
      if (total >= wanted || sum(best) < wanted) return [total, pieces];
      const open = heaps.map((heap, j) => (heap.top[0] === NOTHING ? Infinity : parts[j][0] * (best[j] - heap.top[0])));
      const i = open.indexOf(largest(...open));
      const [, u, v] = heaps[i].pop(), middle = (u + v) / 2n, point = piece(middle, middle);
      pieces += 2;
      need(v - u > 1n && pieces < MAX_PIECES, `more than ${MAX_PIECES} pieces`);
      if (point < best[i]) best[i] = point;
      for (const [a, b] of [[u, middle], [middle, v]]) heaps[i].push([piece(a, b), a, b]);
    }
  }

  const ceiling = (value, N) => -floorDiv(-value.num * N, value.den);

  /** Walk the tree of boxes of eigenvalues: [leaves, pieces, what is left over in the worst leaf]. */
  function checkTree(K, L, x, lower, bits, nodes) {
    const N = 1n << bits, half = lower.over(new Fraction(2n));
    const strength = ceiling(x, N), wanted = ceiling(lower, N), top = ceiling(half.power(2), N);
    const formula = L === 2n ? pieceOfTwo : pieceOfThree;
    let leaves = 0, pieces = 0, spare = null;
    const waiting = [[[0n, top]]];
    for (const node of Array.isArray(nodes) ? nodes : []) {
      const fits = waiting.length > 0 && Array.isArray(node) && node.length > 0;
      need(fits, "a node must be a list, for a part not yet covered");
      const known = waiting.pop(), end = () => known[known.length - 1][1];
      if (typeof node[0] === "bigint") {
        const most = Math.min(Number(K), MAX_CUT, known.length + 1);
        const i = Number(integer(listed(node, "a cut", 2)[0], "i of a cut", 1, most)) - 1;
        if (i === known.length) known.push([0n, end()]);
        const cut = integer(node[1], `a cut of l_${i + 1}`, known[i][0] + 1n, known[i][1] - 1n);
        // The larger eigenvalues lie above what l_i lies above, the smaller ones below what it lies below.
        waiting.push(known.map(([a, b], j) => (j <= i ? [largest(a, cut), b] : [a, b])));
        waiting.push(known.map(([a, b], j) => (j >= i ? [a, least(b, cut)] : [a, b])));
        continue;
      }
      const lines = listed(node, "a leaf", Number(L) - 1).map((line) => listed(line, "a line", 2));
      lines.forEach((line) => line.forEach((value) => integer(value, "a or b of a line", 0, N << 40n)));
      leaves += 1;
      const parts = known.map(([u, v]) => [1n, u, v]);
      if (BigInt(known.length) < K) parts.push([K - BigInt(known.length), 0n, end()]);
      need(!parts.some(([, u, v]) => steep(N, u, v, lines[0])), `leaf ${leaves}: |F M| may be above 1`);
      const [total, used] = shown((u, v) => formula(N, strength, u, v, lines), parts, wanted, pieces);
      pieces = used;
      const reached = () => (total === NOTHING ? "-inf" : general(Number(total) / Number(N), 8));
      const asked = () => general(Number(lower.num) / Number(lower.den), 8);
      need(total >= wanted, () => `leaf ${leaves}: only ${reached()} is shown, less than ${asked()}`);
      if (spare === null || total - wanted < spare) spare = total - wanted;
    }
    need(waiting.length === 0, `${waiting.length} parts are not covered`);
    return [leaves, pieces, new Fraction(spare, N)];
  }

  /** A number below phi_L(y), y^(L+1) = power, by bisection on u = a / 2^s. */
  function leastOfPairs(L, power) {
    const p = L + 1n, peak = new Fraction(p - 2n, 2n * p - 2n);
    let low = 0n, high = 1n, s = 0n;
    while (s < 64n) {
      const u = new Fraction(low + high, 1n << (s + 1n)), rest = ONE.minus(u.power(p));
      const right = u.power(p).compare(peak) >= 0 && u.power(p - 2n).times(rest).power(p).compare(power) <= 0;
      [low, high] = right ? [2n * low, low + high] : [low + high, 2n * high];
      s += 1n;
    }
    const a = new Fraction(low, 1n << s), b = new Fraction(high, 1n << s), rest = ONE.minus(b.power(p));
    const decay = new Fraction(p).times(b.power(p - 2n)).times(rest).times(a.power(2)).times(HALF);
    const found = rest.power(2).times(HALF).plus(decay);
    return found.compare(HALF) < 0 ? found : HALF;
  }

  function checkBound(problem, bound, witness) {
    const [K, L, strength] = members(problem, "problem", ["K", "L", "x"]);
    const [x, lower] = [strength, bound].map((pair) => listed(pair, "x", 2).map((v) => integer(v, "a part of x, lower", 0, MAX_PART)))
      .map(([num, den]) => { need(den > 0n, `Fraction(${num}, 0)`); return new Fraction(num, den).reduced(); });
    integer(K, "K", 2, 10 ** 6);
    integer(L, "L", 1, 64);
    need(lower.num > 0n, "lower must be > 0");
    const cost = lower.over(new Fraction(L + 1n));
    let margin, by;
    if (witness instanceof Pairs && witness.list.length === 1 && witness.list[0][0] === "method" && witness.list[0][1] === "pairs") {
      const y = x.num > 0n ? x : new Fraction(K);
      const power = new Fraction(2n, K).power(L - 1n).times(y.power(L + 1n)).reduced();
      const loss = lower.times(x).over(new Fraction(2n * K));
      margin = x.num > 0n ? leastOfPairs(L, power).minus(loss) : power.minus(cost.power(L + 1n));
      by = "pairs";
    } else {
      const [method, bits, nodes] = members(witness, "witness", ["method", "bits", "nodes"]);
      need(method === "spectrum" && (L === 2n || L === 3n), "method must be pairs, or at L = 2 and 3 spectrum");
      const [leaves, pieces, spare] = checkTree(K, L, x, lower, integer(bits, "bits", 24, 64), nodes);
      margin = spare;
      by = `${leaves} box${leaves > 1 ? "es" : ""} of eigenvalues, ${pieces} pieces`;
    }
    const said = x.num > 0n ? `have 2K loss / x below ${lower}` : `with output I cost less than C = ${cost}`;
    return [margin, `for K=${K}, L=${L}, any n and widths, x = K Lambda = ${x}, no weights ${said} (${by})`];
  }

  const LIMITS = { bytes: MAX_BYTES, digits: MAX_DIGITS, prepare: unsigned }, enough = (margin) => margin.num >= 0n;

  function told(...rest) {
    const [margin, sentence] = checkBound(...rest);
    return [margin, enough(margin) ? sentence : `inequality fails: ${sentence}`];
  }

  root.dufm.checkLower = (text) => judged(text, "lower", ["problem", "lower", "witness"], LIMITS, told, enough);
})(globalThis);
