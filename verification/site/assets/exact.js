// Exact numbers for the checkers: JSON read with whole integers, fractions of BigInts, decimals cut as a division cuts.
//
// JSON.parse rounds integers beyond 2^53 and forgets keys that occur twice, so text is read here by hand. An integer
// becomes a BigInt; any other number becomes NOT_WHOLE; an object becomes an instance of Pairs, which keeps repetitions.
"use strict";
(function (root) {
  class Refused extends Error {}
  class Pairs {
    constructor(list) { this.list = list; }
  }
  const NOT_WHOLE = { whole: false };
  const MAX_DEPTH = 900;
  const ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
  const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
  const BLANK = /[ \t\n\r]*/y;

  /** Read JSON text. An integer of more than maxDigits characters, NaN and Infinity are refused, as is anything else. */
  function readJson(text, maxDigits) {
    let at = 0;
    const stop = (why) => { throw new Refused(`not JSON: ${why} at character ${at}`); };

    function blank() {
      BLANK.lastIndex = at;
      BLANK.exec(text);
      at = BLANK.lastIndex;
    }

    function string() {
      let out = "";
      for (at += 1; ; ) {
        const c = text[at];
        if (c === undefined) stop("a string without its end");
        if (c === '"') { at += 1; return out; }
        if (c < " ") stop("a control character in a string");
        if (c !== "\\") { out += c; at += 1; continue; }
        const code = text[at + 1];
        if (code === "u") {
          const hex = text.slice(at + 2, at + 6);
          if (!/^[0-9a-fA-F]{4}$/.test(hex)) stop("a broken escape");
          out += String.fromCharCode(parseInt(hex, 16));
          at += 6;
        } else {
          if (!(code in ESCAPES)) stop("a broken escape");
          out += ESCAPES[code];
          at += 2;
        }
      }
    }

    function number() {
      for (const word of ["NaN", "Infinity", "-Infinity"]) {
        if (text.startsWith(word, at)) throw new Refused(`invalid literal for int() with base 10: '${word}'`);
      }
      NUMBER.lastIndex = at;
      const found = NUMBER.exec(text);
      if (!found) stop("no value");
      at = NUMBER.lastIndex;
      if (found[1] !== undefined || found[2] !== undefined) return NOT_WHOLE;
      const length = found[0].length;
      if (length > maxDigits) throw new Refused(`invalid literal for int() with base 10: '${length} digits'`);
      return BigInt(found[0]);
    }

    // What stands between brackets, each read by `item`, with commas between.
    function many(close, item) {
      const found = [];
      at += 1;
      blank();
      if (text[at] === close) { at += 1; return found; }
      for (;;) {
        found.push(item());
        blank();
        if (text[at] === close) { at += 1; return found; }
        if (text[at] !== ",") stop(`no comma and no ${close}`);
        at += 1;
        blank();
      }
    }

    function value(depth) {
      if (depth > MAX_DEPTH) stop("too deep");
      const c = text[at];
      if (c === '"') return string();
      if (c === "[") return many("]", () => value(depth + 1));
      if (c === "{") {
        return new Pairs(many("}", () => {
          if (text[at] !== '"') stop("no name of a member");
          const key = string();
          blank();
          if (text[at] !== ":") stop("no colon");
          at += 1;
          blank();
          return [key, value(depth + 1)];
        }));
      }
      for (const [word, meaning] of [["true", true], ["false", false], ["null", null]]) {
        if (text.startsWith(word, at)) { at += word.length; return meaning; }
      }
      return number();
    }

    blank();
    const found = value(0);
    blank();
    if (at < text.length) stop("more text behind the end");
    return found;
  }

  const abs = (a) => (a < 0n ? -a : a);
  const floorDiv = (a, b) => (a % b !== 0n && a < 0n !== b < 0n ? a / b - 1n : a / b);

  function bitLength(a) {
    const digits = abs(a).toString(16);
    return a === 0n ? 0 : 4 * (digits.length - 1) + (32 - Math.clz32(parseInt(digits[0], 16)));
  }

  function gcd(a, b) {
    for (a = abs(a), b = abs(b); b !== 0n; ) [a, b] = [b, a % b];
    return a;
  }

  /** A fraction with den > 0; in lowest terms only where `reduced` is called. */
  class Fraction {
    constructor(num, den = 1n) { this.num = num; this.den = den; }
    plus(other) {
      if (this.den === other.den) return new Fraction(this.num + other.num, this.den);
      return new Fraction(this.num * other.den + other.num * this.den, this.den * other.den);
    }
    minus(other) { return this.plus(new Fraction(-other.num, other.den)); }
    times(other) { return new Fraction(this.num * other.num, this.den * other.den); }
    over(other) {
      const sign = other.num < 0n ? -1n : 1n;
      return new Fraction(sign * this.num * other.den, sign * this.den * other.num);
    }
    power(n) { return new Fraction(this.num ** BigInt(n), this.den ** BigInt(n)); }
    compare(other) {
      const left = this.num * other.den, right = other.num * this.den;
      return left < right ? -1 : left > right ? 1 : 0;
    }
    reduced() {
      const g = gcd(this.num, this.den);
      return new Fraction(this.num / g, this.den / g);
    }
    toString() {
      const { num, den } = this.reduced();
      return den === 1n ? `${num}` : `${num}/${den}`;
    }
  }

  /** A fraction >= 0 with so many digits, the rest cut off, written as the General Decimal Arithmetic writes it. */
  function decimal(x, digits) {
    const { num, den } = x.reduced();
    if (num === 0n) return "0";
    const sign = num < 0n ? "-" : "";
    const size = abs(num), length = (a) => a.toString().length;
    let exponent = length(size) - length(den) - digits - 1;
    let found = exponent <= 0 ? size * 10n ** BigInt(-exponent) : size;
    const divisor = exponent <= 0 ? den : den * 10n ** BigInt(exponent);
    const exact = found % divisor === 0n;
    found /= divisor;
    // An exact quotient is written as shortly as possible, but not with an exponent above 0.
    while (exact && exponent < 0 && found % 10n === 0n) { found /= 10n; exponent += 1; }
    const cut = length(found) - digits;
    if (cut > 0) { found /= 10n ** BigInt(cut); exponent += cut; }
    return sign + written(found.toString(), exponent);
  }

  function written(digits, exponent) {
    const point = digits.length + exponent;
    if (exponent > 0 || point < -5) {
      const shown = point - 1;
      const rest = digits.length > 1 ? `.${digits.slice(1)}` : "";
      return `${digits[0]}${rest}E${shown < 0 ? "-" : "+"}${Math.abs(shown)}`;
    }
    if (exponent === 0) return digits;
    return point > 0 ? `${digits.slice(0, point)}.${digits.slice(point)}` : `0.${"0".repeat(-point)}${digits}`;
  }

  /** A float with so many digits, zeros at the end left out; an exponent where it is large or small. */
  function general(value, digits) {
    const [mantissa, power] = value.toExponential(digits - 1).split("e"), exponent = Number(power);
    if (exponent >= -4 && exponent < digits) return String(Number(value.toPrecision(digits)));
    const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
    return `${short}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }

  /** The integer part of the square root. */
  function isqrt(a) {
    if (a < 2n) return a;
    let found = 1n << BigInt((bitLength(a) + 1) >> 1);
    for (;;) {
      const next = (found + a / found) >> 1n;
      if (next >= found) return found;
      found = next;
    }
  }

  root.dufm = Object.assign(root.dufm || {}, {
    exact: { readJson, Refused, Pairs, NOT_WHOLE, Fraction, decimal, floorDiv, bitLength, general, isqrt },
  });
})(globalThis);
