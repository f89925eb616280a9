// Judges certificates of kind lower: numbers that the loss of no weights goes below, at two and three layers, or by pairs
// of classes at any depth. What is checked, and why it is enough, stands in the opening text of
// verification/lower_checker.py; this is a program of its own, written from that text.
// dufm.checkLower(text) -> {ok, sentence, margin, kind}; ok says that the margin is >= 0.
"use strict";
if (typeof require === "function" && !globalThis.dufm) require("./exact.js");
(function (root) {
  const { readJson, Refused, Pairs, Fraction, floorDiv, general, isqrt } = root.dufm.exact;
  const MAX_BYTES = 4 << 20, MAX_DIGITS = 300, MAX_PART = 10n ** 30n, MAX_PIECES = 1000000, MAX_CUT = 8;
  // A number below everything: what a piece shows where a root would be of a negative number.
  const NOTHING = -Infinity;
  const HALF = new Fraction(1n, 2n), ONE = new Fraction(1n);

  function need(condition, reason) {
    if (!condition) throw new Refused(typeof reason === "function" ? reason() : reason);
  }

  function integer(value, name, least, most) {
    const fits = typeof value === "bigint" && value >= BigInt(least) && value <= BigInt(most);
    need(fits, () => `${name} must be an integer from ${least} to ${most}`);
    return value;
  }

  function members(value, name, keys, optional = null) {
    const list = value instanceof Pairs ? value.list.filter(([key]) => key !== optional) : [];
    const fits = list.length === keys.length && keys.every((key) => list.some(([own]) => own === key));
    need(fits, () => `${name} must be an object with exactly the keys ${keys.join(" ")}, each once`);
    return keys.map((key) => list.find(([own]) => own === key)[1]);
  }

  function listed(value, name, length) {
    need(Array.isArray(value) && value.length === length, () => `${name} must be a list of ${length}`);
    return value;
  }

  /** Whether l (a - b l)^2 exceeds 1 somewhere on [u, v]; it turns at a/(3b) and at a/b, where it is 0. */
  function steep(N, u, v, [a, b]) {
    if (3n * b * u < a * N && a * N < 3n * b * v && 4n * a ** 3n > 27n * b * N ** 2n) return true;
    return [u, v].some((l) => l * (a * N - b * l) ** 2n > N ** 5n);
  }

  const least = (...values) => values.reduce((a, b) => (b < a ? b : a));
  const largest = (...values) => values.reduce((a, b) => (b > a ? b : a));

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

  /** The smallest first: a heap of [value, u, v]. */
  class Heap {
    constructor(first) { this.items = [first]; }
    get top() { return this.items[0]; }
    static before(a, b) {
      for (let i = 0; i < 3; i += 1) if (a[i] !== b[i]) return a[i] < b[i];
      return false;
    }
    push(item) {
      const { items } = this;
      let i = items.push(item) - 1;
      for (let up; i > 0 && Heap.before(item, items[(up = (i - 1) >> 1)]); i = up) [items[i], items[up]] = [items[up], item];
    }
    pop() {
      const { items } = this, found = items[0], item = items.pop();
      if (items.length === 0) return found;
      items[0] = item;
      for (let i = 0; ; ) {
        let down = 2 * i + 1;
        if (down >= items.length) return found;
        if (down + 1 < items.length && Heap.before(items[down + 1], items[down])) down += 1;
        if (!Heap.before(items[down], item)) return found;
        [items[i], items[down]] = [items[down], item];
        i = down;
      }
    }
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

  function checkLower(text) {
    try {
      need(new TextEncoder().encode(text).length <= MAX_BYTES, `longer than ${MAX_BYTES} bytes`);
      const keys = ["format", "version", "kind", "claim", "problem", "lower", "witness"];
      const [format, version, kind, claim, ...rest] = members(readJson(text, MAX_DIGITS), "file", keys, "found_by");
      const named = format === "dufm-certificate" && version === 1n && kind === "lower";
      const said = typeof claim === "string" && [...claim].length <= 200;
      need(named && said, "not a dufm-certificate 1 of kind lower with a claim");
      const [problem, lower, witness] = rest;
      const [margin, sentence] = checkBound(problem, lower, witness);
      const ok = margin.num >= 0n;
      return { ok, sentence: ok ? sentence : `inequality fails: ${sentence}`, margin, kind: "lower", facts: {} };
    } catch (error) {
      if (!(error instanceof Refused) && !(error instanceof RangeError)) throw error;
      return { ok: false, sentence: [...error.message].slice(0, 300).join(""), margin: null, kind: "", facts: {} };
    }
  }

  root.dufm.checkLower = checkLower;
})(globalThis);
