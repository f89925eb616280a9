// The third checker: judges certificates of kinds point, interval and head in exact integers, in a browser or in Node.
//
// What a certificate is, and why an inequality between its numbers settles the case, stands in the opening text of
// verification/checker.py. This is a program of its own, written from that text; it shares no line with that one, nor
// with the checkers in Rocq. dufm.check(text, expect) -> {ok, sentence, margin, kind, facts}; margin is a Fraction, null
// where the text is no certificate; ok says that the margin is > 0 and that what `expect` asks for is shown.
"use strict";
if (typeof require === "function" && !(globalThis.dufm && globalThis.dufm.reading)) require("./reading.js");
(function (root) {
  const { readJson, Refused, Pairs, Fraction, decimal, bitLength, general } = root.dufm.exact, { reading } = root.dufm;
  const { need, integer } = reading;
  const MAX_BYTES = 8 << 20, MAX_DIGITS = 1000, MAX_SIDE = 1000, MAX_PART = 10n ** 30n, MAX_L = 32, MAX_WORK = 2000000000n;
  const LIMITS = { K: [2, MAX_SIDE], L: [1, MAX_L], L_from: [3, 1000], n: [1, MAX_PART], version: [1, 1] };
  const HALF = new Fraction(1n, 2n), ZERO = new Fraction(0n), ONE = new Fraction(1n);

  /** Members as for all kinds, those with limits of their own as integers. */
  function members(value, name, keys, optional = []) {
    const found = reading.members(value, name, keys, optional);
    return found.map((part, i) => (keys[i] in LIMITS ? integer(part, keys[i], ...LIMITS[keys[i]]) : part));
  }

  function rationals(value, name, least, most) {
    const pair = (x) => Array.isArray(x) && x.length === 2;
    const fits = Array.isArray(value) && value.length >= least && value.length <= most && value.every(pair);
    need(fits, () => `${name} must list ${least} to ${most} pairs [numerator, denominator]`);
    return value.map((x) => new Fraction(...x.map((part) => integer(part, `a part of ${name}`, 1, MAX_PART))).reduced());
  }

  const factorNames = (L) => ["H_1", ...Array.from({ length: L }, (_, i) => `W_${i + 1}`)];

  /** The matrices named, in this order, once their arithmetic is known to end soon; `work` counts what comes on top. */
  function readMatrices(witness, names, K, work = 0n) {
    need(Array.isArray(witness) && witness.length === names.length, () => `witness must list ${names.length} matrices`);
    const matrices = [];
    let bits = 0n;
    witness.forEach((item, i) => {
      const name = names[i];
      const [found, den, rows] = members(item, `matrix ${name}`, ["name", "den", "rows"]);
      const all = [...new Set(names)].join(", ");
      need(found === name, () => `${name} is misnamed or misplaced: witness must list ${all}`);
      const lists = Array.isArray(rows) && rows.length > 0 && rows.length <= MAX_SIDE && rows.every(Array.isArray);
      const side = lists ? rows[0].length : 0;
      const fits = side > 0 && side <= MAX_SIDE && rows.every((row) => row.length === side);
      need(fits, () => `rows of ${name} must be 1 to ${MAX_SIDE} lists of one length, 1 to ${MAX_SIDE}`);
      const whole = rows.every((row) => row.every((x) => typeof x === "bigint"));
      need(whole, () => `${name} holds an entry that is not an integer`);
      integer(den, `den of ${name}`, 1, "inf");
      matrices.push({ rows, den });
      const own = BigInt(Math.max(bitLength(den), ...rows.map((row) => Math.max(...row.map(bitLength)))));
      bits = own + BigInt(bitLength(BigInt(side))) + (name === names[0] ? 0n : bits);
      work += BigInt(rows.length * side) * K * (40n + (own * bits) / 900n) + ((K * K + BigInt(MAX_L)) * bits * bits) / 125n;
    });
    const seconds = (value) => general(Number(value) / 1e9, 3);
    need(work <= MAX_WORK, () => `too much arithmetic: about ${seconds(work)} s estimated, ${seconds(MAX_WORK)} s allowed`);
    return matrices;
  }

  const dot = (x, y) => x.reduce((sum, a, i) => sum + a * y[i], 0n);
  const transposed = (rows) => rows[0].map((_, j) => rows.map((row) => row[j]));
  const relu = (rows) => rows.map((row) => row.map((x) => (x > 0n ? x : 0n)));

  /** |Z - I|^2 / (2K) of the output Z of factors, their squared norms, and the least hidden width with room for them. */
  function measure(factors, K) {
    const [first, ...others] = factors, last = factors[factors.length - 1], k = Number(K);
    const ends = first.rows[0].length === k && last.rows.length === k;
    need(ends, () => `the first factor needs K = ${K} columns, the last K rows`);
    let output = first.rows, den = first.den;
    others.forEach((factor, i) => {
      const size = output.length;
      need(factor.rows[0].length === size, () => `factor ${i + 2} of ${factors.length} needs ${size} columns`);
      // Nothing is rectified before the second weight matrix.
      const columns = transposed(i === 0 ? output : relu(output));
      output = factor.rows.map((row) => columns.map((column) => dot(row, column)));
      den *= factor.den;
    });
    let miss = 0n;
    output.forEach((row, i) => row.forEach((x, j) => { miss += (x - (i === j ? den : 0n)) ** 2n; }));
    const norms = factors.map((f) => new Fraction(f.rows.reduce((sum, row) => sum + dot(row, row), 0n), f.den ** 2n).reduced());
    const width = Math.max(k, ...factors.map((factor) => factor.rows.length));
    return { fit: new Fraction(miss, 2n * K * den ** 2n).reduced(), norms, width };
  }

  /** A number a hair below the least loss of collapse: bisection on u = a / 2^s, as the opening text of
   *  `dnc_lower_bound` has it. */
  function collapseBound(K, strengths) {
    const p = strengths.length, P = BigInt(p);
    const product = strengths.reduce((all, x) => all.times(x), new Fraction(K ** P)).reduced();
    const peak = new Fraction(P - 2n, 2n * P - 2n);
    // Both ends are over 2^s; every step doubles what they are over.
    let low = 0n, high = 1n, s = 0n;
    while (s < 128n) {
      const middle = low + high, over = s + 1n;
      const unit = 1n << (over * P), power = middle ** P;
      const past = power * peak.den >= peak.num * unit;
      // g(u)^p <= x^p, g(u) = u^(p-2) (1 - u^p), in integers over 2^(over (2p - 2) p).
      const g = middle ** (P - 2n) * (unit - power);
      const right = past && g ** P * product.den <= product.num << (over * (2n * P - 2n) * P);
      [low, high] = right ? [2n * low, middle] : [middle, 2n * high];
      s = over;
    }
    const a = new Fraction(low, 1n << s), b = new Fraction(high, 1n << s);
    const rest = ONE.minus(b.power(p));
    const fit = rest.power(2).times(HALF);
    const decay = new Fraction(P, 2n).times(b.power(p - 2)).times(rest).times(a.power(2));
    const found = fit.plus(decay);
    return found.compare(HALF) < 0 ? found.reduced() : HALF;
  }

  const sum = (list) => list.reduce((total, x) => total.plus(x).reduced(), ZERO);

  function checkPoint(problem, witness) {
    const [K, L, n, pairs] = members(problem, "problem", ["K", "L", "n", "lambdas"]);
    const count = Number(L) + 1, strengths = rationals(pairs, "lambdas", count, count);
    strengths[0] = strengths[0].times(new Fraction(n)).reduced();
    const { fit, norms, width } = measure(readMatrices(witness, factorNames(count - 1), K), K);
    const loss = fit.plus(sum(norms.map((norm, i) => norm.times(strengths[i]))).times(HALF)).reduced();
    const bound = collapseBound(K, strengths);
    const said = `DNC is not optimal for K=${K}, L=${L}, n=${n} at these strengths and all hidden widths >= ${width}`;
    const facts = { loss, dnc_bound: bound, ratio: loss.over(bound) };
    return { margin: bound.minus(loss), said, scope: { K, L, n, lambdas: pairs, width }, facts };
  }

  function checkInterval(problem, witness) {
    const [K, L, pairs] = members(problem, "problem", ["K", "L", "cuts"]);
    const cuts = rationals(pairs, "cuts", 2, MAX_SIDE), p = Number(L) + 1, pieces = cuts.length - 1;
    need(cuts.every((x, i) => i === 0 || cuts[i - 1].compare(x) < 0), "cuts must rise");
    const names = Array.from({ length: pieces }, () => factorNames(p - 1)).flat();
    const work = BigInt(pieces) * (6000000n + 26000n * BigInt(p) ** 3n);
    const factors = readMatrices(witness, names, K, work);
    let margin = null, worst = null, width = 0;
    const collapse = cuts.map(() => null);
    // As they are met, so that misshapen factors are refused before anything is computed.
    const lines = cuts.slice(1).map((_, i) => measure(factors.slice(p * i, p * (i + 1)), K));
    lines.forEach(({ fit, norms, width: wide }, i) => {
      width = Math.max(width, wide);
      for (const j of [i, i + 1]) {
        collapse[j] = collapse[j] || collapseBound(K, Array(p).fill(cuts[j]));
        const loss = fit.plus(cuts[j].times(sum(norms)).times(HALF)).reduced();
        const left = collapse[j].minus(loss), share = loss.over(collapse[j]);
        if (margin === null || left.compare(margin) < 0) margin = left;
        if (worst === null || share.compare(worst) > 0) worst = share;
      }
    });
    const ends = [cuts[0], cuts[pieces]], x = ends.map((cut) => cut.times(new Fraction(K)));
    const said = `DNC is not optimal for K=${K}, L=${L}, any n, hidden widths >= ${width}, strengths with Lambda in ` +
      `[${ends.join(", ")}], that is x = K Lambda in [${x.join(", ")}]`;
    const facts = { pieces: new Fraction(BigInt(pieces)), worst_ratio: worst };
    return { margin, said, scope: { K, L, cuts: pairs, width, x }, facts };
  }

  function checkHead(problem, witness) {
    const [K, L] = members(problem, "problem", ["K", "L_from"]);
    const [A, B, W, U] = readMatrices(witness, ["A", "B", "W", "U"], K);
    const { fit, norms, width } = measure([B, A, W, U], K);
    const h = norms.reduce((all, norm) => all.times(norm), ONE).reduced(), q = A.rows.length;
    need(q <= Number(K), () => `q = ${q} must be at most K = ${K}, or DNC wins again at large L`);
    const columns = transposed(B.rows);
    need(A.rows.every((row) => columns.every((column) => dot(row, column) >= 0n)), "V = A B has a negative entry");
    need(fit.num === 0n, "U relu(W V) is not I");
    const said = `DNC is not optimal for K=${K}, L >= ${L}, any n, hidden widths >= ${width}, strengths where DNC is not 0` +
      `; nor, by direct sums, for any K' >= K at hidden widths >= ${width} + K' - K`;
    const margin = new Fraction(K ** (L + 1n)).minus(h.times(new Fraction(BigInt(q) ** (L - 3n))));
    return { margin, said, scope: { K, L_from: L, width }, facts: { h, q: new Fraction(BigInt(q)) } };
  }

  const CHECKS = new Map([["point", checkPoint], ["interval", checkInterval], ["head", checkHead]]);

  /** Numbers and lists as Python writes them. */
  const told = (value) => (Array.isArray(value) ? `[${value.map(told).join(", ")}]` : typeof value === "string" ? `'${value}'` : `${value}`);
  const same = (a, b) => told(a) === told(b);
  const within = (own, x) => own[0].compare(x[0]) <= 0 && x[1].compare(own[1]) <= 0;

  function shows(found, key, wanted) {
    if (!(key in found)) return false;
    if (key === "width") return found.width <= wanted;
    return key === "x" ? within(found.x, wanted) : same(found[key], wanted);
  }

  /** Judge the text of a certificate. `expect` maps kind, members of problem, the greatest width and x = [low, high]
   *  (Fractions) to what must be shown. */
  function check(text, expect = {}) {
    let result, kind;
    try {
      need(new TextEncoder().encode(text).length <= MAX_BYTES, `longer than ${MAX_BYTES} bytes`);
      const data = readJson(text, MAX_DIGITS);
      const keys = ["format", "version", "kind", "claim", "problem", "witness"];
      const [format, , named, claim, problem, witness] = members(data, "file", keys, ["found_by"]);
      need(format === "dufm-certificate", "format must be dufm-certificate");
      need(typeof claim === "string" && [...claim].length <= 200, "claim must be a string of up to 200 characters");
      need(CHECKS.has(named), "kind must be point, interval or head");
      kind = named;
      result = CHECKS.get(kind)(problem, witness);
      const wrong = Object.keys(expect).filter((key) => !shows({ kind, ...result.scope }, key, expect[key]));
      const asked = () => wrong.map((key) => `${key} = ${key === "kind" ? expect[key] : told(expect[key])}`).join(", ");
      need(wrong.length === 0, () => `not what the claim needs, which is ${asked()}`);
    } catch (error) {
      if (!(error instanceof Refused) && !(error instanceof RangeError)) throw error;
      return { ok: false, sentence: [...error.message].slice(0, 300).join(""), margin: null, kind: "", facts: {} };
    }
    const facts = {};
    for (const [name, value] of Object.entries(result.facts)) facts[name] = decimal(value, 17);
    const numbers = Object.entries(facts).map(([name, value]) => `${name} = ${value}`).join(", ");
    const ok = result.margin.num > 0n;
    return { ok, sentence: `${ok ? result.said : "inequality fails"} (${numbers})`, margin: result.margin, kind, facts };
  }

  root.dufm.check = check;
})(globalThis);
