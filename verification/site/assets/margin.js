// Judges certificates of kind margin: relu layers under cross-entropy, where collapse is never globally optimal. What is
// checked, and why it is enough, stands in the opening text of verification/margin_checker.py; this is a program of its
// own, written from that text. dufm.checkMargin(text) -> {ok, sentence, margin, kind, facts}; ok says margin > 0.
"use strict";
if (typeof require === "function" && !(globalThis.dufm && globalThis.dufm.reading)) require("./reading.js");
(function (root) {
  const { Refused, Fraction, bitLength, general } = root.dufm.exact;
  const { need, integer, members, asItIs, judged } = root.dufm.reading;
  const MAX_SIDE = 500, MAX_L = 32, MAX_WORK = 2000000000n, ZERO = new Fraction(0n);
  const LIMITS = { bytes: 4 << 20, digits: 1000, prepare: asItIs };
  const RIVALS = {
    dnc: "DNC, narrow or broad,",
    nc2: "NC1 with NC2 alone, equal features in a class, centred on a simplex,",
  };
  const MORE = ["", "classes", "layers", "classes layers"];

  /** The nearest float, or one beside it. */
  function float(x) {
    const { num, den } = x.reduced();
    const shift = 80 - (bitLength(num) - bitLength(den));
    if (bitLength(num) - bitLength(den) > 1024) throw new Refused("integer division result too large for a float");
    const scaled = shift > 0 ? (num << BigInt(shift)) / den : num / (den << BigInt(-shift));
    return shift > 1000 ? Number(scaled) * 2 ** -1000 * 2 ** (1000 - shift) : Number(scaled) * 2 ** -shift;
  }

  /** {rows, den} of each matrix named, once its arithmetic is known to end soon. */
  function readMatrices(witness, names, K) {
    need(Array.isArray(witness) && witness.length === names.length, () => `witness must list ${names.length} matrices`);
    let bits = 0n, work = 0n;
    return witness.map((item, i) => {
      const name = names[i];
      const [found, den, rows] = members(item, `matrix ${name}`, ["name", "den", "rows"]);
      need(found === name, () => `${name} is misnamed or misplaced: witness must list ${names.join(", ")}`);
      const lists = Array.isArray(rows) && rows.length > 0 && rows.length <= MAX_SIDE && rows.every(Array.isArray);
      const side = lists ? rows[0].length : 0;
      const fits = side > 0 && side <= MAX_SIDE && rows.every((row) => row.length === side);
      need(fits, () => `rows of ${name} must be 1 to ${MAX_SIDE} lists of one length, 1 to ${MAX_SIDE}`);
      const whole = rows.every((row) => row.every((x) => typeof x === "bigint"));
      need(whole, () => `${name} holds an entry that is not an integer`);
      integer(den, `den of ${name}`, 1, "inf");
      const own = BigInt(Math.max(bitLength(den), ...rows.map((row) => Math.max(...row.map(bitLength)))));
      bits += own + BigInt(bitLength(BigInt(side)));
      work += BigInt(rows.length * side) * K * (40n + (own * bits) / 900n) + (K * K * bits * bits) / 125n;
      const seconds = (value) => general(Number(value) / 1e9, 3);
      need(work <= MAX_WORK, () => `too much arithmetic: ${seconds(work)} s or so, ${seconds(MAX_WORK)} s allowed`);
      return { rows, den };
    });
  }

  /** {rows, den} of W_L relu(... relu(W_1 H_1)). */
  function logits(factors, K) {
    const top = factors[factors.length - 1];
    const fits = BigInt(factors[0].rows[0].length) === K && BigInt(top.rows.length) === K;
    need(fits, () => `H_1 needs K = ${K} columns, the last factor K rows`);
    return factors.slice(1).reduce((below, { rows, den }, i) => {
      const features = i === 0 ? below.rows : below.rows.map((row) => row.map((x) => (x > 0n ? x : 0n)));
      const place = () => `factor ${i + 2} of ${factors.length} needs ${features.length} columns`;
      need(rows[0].length === features.length, place);
      const dot = (row, j) => row.reduce((all, x, m) => all + x * features[m][j], 0n);
      return { rows: rows.map((row) => features[0].map((_, j) => dot(row, j))), den: below.den * den };
    }, factors[0]);
  }

  const squares = ({ rows, den }) => new Fraction(rows.flat().reduce((all, x) => all + x * x, 0n), den ** 2n);

  function checkMargin(problem, witness) {
    const [K, L, rival, more] = members(problem, "problem", ["K", "L", "rival", "more"]);
    integer(K, "K", 2, MAX_SIDE);
    need(typeof rival === "string" && Object.hasOwn(RIVALS, rival), "rival must be dnc or nc2");
    const words = Array.isArray(more) && more.every((word) => typeof word === "string") ? more.join(" ") : "?";
    need(MORE.includes(words) && more.length === words.split(" ").filter(Boolean).length, "more: classes, layers");
    integer(L, "L", 2, MAX_L);
    const names = ["H_1", ...Array.from({ length: Number(L) }, (_, i) => `W_${i + 1}`)];
    const factors = readMatrices(witness, names, K), output = logits(factors, K);
    const margins = output.rows.flatMap((_, k) => output.rows.map((row, j) => (j === k ? null : output.rows[k][k] - row[k])));
    const smallest = margins.reduce((a, b) => (a === null || (b !== null && b < a) ? b : a));
    const edge = new Fraction(smallest, output.den);
    need(smallest > 0n, "a margin is not positive");
    let before = new Fraction(1n).over(edge.power(2));
    for (const factor of factors.slice(0, -1)) before = before.times(squares(factor)).reduced();
    const top = factors[factors.length - 1], last = squares(top);
    const sums = top.rows[0].map((_, j) => top.rows.reduce((all, row) => all + row[j], 0n));
    const mean = new Fraction(sums.reduce((all, x) => all + x * x, 0n), K * top.den ** 2n);
    const own = before.times(last.minus(mean)).reduced();
    const each = rival === "dnc" ? K : K - 1n, bound = new Fraction(each ** L * (K - 1n)), block = new Fraction(each ** (L + 1n));
    if (more.includes("classes")) {
      const diagonal = output.rows.every((row, k) => row[k] >= smallest);
      need(diagonal, "more classes need Z_kk >= the least margin");
      need(before.times(last).compare(block) <= 0, "more classes need a product within the bound with the last factor as it is");
    }
    const sizes = factors.slice(0, -1).map(({ rows }) => rows.length), width = Math.max(...sizes);
    const narrow = BigInt(Math.min(...sizes.slice(1))) <= each;
    need(!more.includes("layers") || narrow, () => `more layers need a hidden layer 2 .. L of ${each} neurons at most`);
    const where = `K ${more.includes("classes") ? ">=" : "="} ${K}, L ${more.includes("layers") ? ">=" : "="} ${L}`;
    const added = more.includes("classes") ? " plus the classes added" : "";
    const said = `under cross-entropy with relu layers no ${RIVALS[rival]} but zero weights is globally optimal for ${where}, ` +
      `any n, any strengths, hidden widths >= ${width}${added}`;
    const margin = bound.minus(own), facts = { B: general(float(own), 8), bound: general(float(bound), 8) };
    const numbers = Object.entries(facts).map((pair) => pair.join(" = ")).join(", ");
    return [margin, `${margin.compare(ZERO) > 0 ? said : "inequality fails"} (${numbers})`, facts];
  }

  const holds = (margin) => margin.compare(ZERO) > 0;
  root.dufm.checkMargin = (text) => judged(text, "margin", ["problem", "witness"], LIMITS, checkMargin, holds);
})(globalThis);
