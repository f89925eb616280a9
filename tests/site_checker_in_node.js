// Judges certificates with the site's checkers: a line of JSON {judge, text, expect} in, {ok, sentence, margin} out; with
// {judge, spoil: text} in, what the site's button makes of the text is judged.
"use strict";
for (const name of ["checker", "lower", "deep", "margin", "recheck"]) require(`${process.argv[2]}/${name}.js`);
const { createInterface } = require("node:readline");
createInterface({ input: process.stdin }).on("line", (line) => {
  const { judge, text, expect, spoil } = JSON.parse(line);
  const found = globalThis.dufm[judge](spoil === undefined ? text : globalThis.dufm.spoiled(spoil).text, expect || {});
  const margin = found.margin === null ? null : String(found.margin);
  console.log(JSON.stringify({ ok: found.ok, sentence: found.sentence, margin }));
});
