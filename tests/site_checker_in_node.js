// Judges certificates with the site's checker: a line of JSON {text, expect} in, a line {ok, sentence, margin} out; with
// {spoil: text} in, what the site's button makes of the text is judged.
"use strict";
require(process.argv[2] + "/checker.js");
require(process.argv[2] + "/recheck.js");
const { createInterface } = require("node:readline");
createInterface({ input: process.stdin }).on("line", (line) => {
  const { text, expect, spoil } = JSON.parse(line);
  const found = globalThis.dufm.check(spoil === undefined ? text : globalThis.dufm.spoiled(spoil).text, expect || {});
  const margin = found.margin === null ? null : String(found.margin);
  console.log(JSON.stringify({ ok: found.ok, sentence: found.sentence, margin }));
});
