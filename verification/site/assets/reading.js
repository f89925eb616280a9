// What the checkers share: reasons for refusal, reading of members and integers, a heap. See exact.js for the numbers.
"use strict";
if (typeof require === "function" && !globalThis.dufm) require("./exact.js");
(function (root) {
  const { readJson, Refused, Pairs } = root.dufm.exact;

  function need(condition, reason) {
    if (!condition) throw new Refused(typeof reason === "function" ? reason() : reason);
  }

  /** A BigInt between two ends; "inf" for no upper one. */
  function integer(value, name, least, most) {
    const fits = typeof value === "bigint" && value >= BigInt(least) && (most === "inf" || value <= BigInt(most));
    need(fits, () => `${name} must be an integer from ${least} to ${most}`);
    return value;
  }

  /** The members of an object, which has these keys, each once, and at most those that are optional beside them. */
  function members(value, name, keys, optional = []) {
    const list = value instanceof Pairs ? value.list : [];
    const found = new Map(list);
    const fits = keys.every((key) => found.has(key)) && found.size === list.length &&
      list.every(([key]) => keys.includes(key) || optional.includes(key));
    need(fits, () => `${name} must be an object with exactly the keys ${keys.join(" ")}, each once`);
    return keys.map((key) => found.get(key));
  }

  function listed(value, name, length) {
    need(Array.isArray(value) && value.length === length, () => `${name} must be a list of ${length}`);
    return value;
  }

  const least = (...values) => values.reduce((a, b) => (b < a ? b : a));
  const largest = (...values) => values.reduce((a, b) => (b > a ? b : a));

  /** The smallest first: a heap of lists of one length, compared entry by entry. */
  class Heap {
    constructor(...items) { this.items = []; items.forEach((item) => this.push(item)); }
    get top() { return this.items[0]; }
    static before(a, b) {
      for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return a[i] < b[i];
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

  const asItIs = (data) => data;
  /** Without "found_by", which the checkers of bounds do not read however often it stands there. */
  const unsigned = (data) => (data instanceof Pairs ? new Pairs(data.list.filter(([key]) => key !== "found_by")) : data);

  /** What `judge` says of the parts of a file of one kind: its members besides the first four, in the order of `keys`. It
   *  gives [margin, sentence, facts]; `holds` says whether a margin is enough. */
  function judged(text, kind, keys, limits, judge, holds) {
    try {
      need(new TextEncoder().encode(text).length <= limits.bytes, `longer than ${limits.bytes} bytes`);
      const all = ["format", "version", "kind", "claim", ...keys];
      const [format, version, found, claim, ...rest] = members(limits.prepare(readJson(text, limits.digits)), "file", all, ["found_by"]);
      const named = format === "dufm-certificate" && version === 1n && found === kind;
      const said = typeof claim === "string" && [...claim].length <= 200;
      need(named && said, `not a dufm-certificate 1 of kind ${kind} with a claim`);
      const [margin, sentence, facts = {}] = judge(...rest);
      return { ok: holds(margin), sentence, margin, kind, facts };
    } catch (error) {
      if (!(error instanceof Refused) && !(error instanceof RangeError)) throw error;
      return { ok: false, sentence: [...error.message].slice(0, 300).join(""), margin: null, kind: "", facts: {} };
    }
  }

  root.dufm.reading = { asItIs, unsigned, need, integer, members, listed, least, largest, Heap, judged };
})(globalThis);
