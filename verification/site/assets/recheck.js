// The box with a certificate: judged at a button's press, spoiled in one number at another's, or by hand.
"use strict";
(function (root) {
  /** The text with one number ten times as large, and what was changed where; null if it has none: of a bound the bound
   *  itself, of weights the longest entry. */
  function spoiled(text) {
    let longest = null;
    for (const part of text.matchAll(/"lower":\s*\[\s*[1-9]\d*|"rows":\s*\[\[[^"]*?\]\s*\]/g)) {
      for (const entry of part[0].matchAll(/[1-9]\d*/g)) {
        if (!longest || entry[0].length > longest.before.length) longest = { at: part.index + entry.index, before: entry[0] };
      }
    }
    if (!longest) return null;
    const { at, before } = longest, end = at + before.length;
    return { text: `${text.slice(0, end)}0${text.slice(end)}`, at, before, now: `${before}0` };
  }

  root.dufm = Object.assign(root.dufm || {}, { spoiled });
  if (typeof document === "undefined") return;
  for (const section of document.querySelectorAll("section.recheck")) {
    const box = section.querySelector("textarea"), result = section.querySelector(".result");
    const button = section.querySelector("button.check");
    const expect = JSON.parse(section.dataset.expect);

    function show() {
      const began = performance.now();
      const found = root.dufm[section.dataset.judge](box.value, expect);
      const spent = performance.now() - began;
      const word = found.ok ? "accepted" : "refused";
      const line = document.createElement("p");
      line.className = `verdict ${found.ok ? "ok" : "bad"}`;
      const bold = document.createElement("b");
      bold.textContent = `This browser ${word} it: `;
      const said = document.createElement("q");
      said.className = "heard";
      said.textContent = found.sentence;
      const time = document.createElement("small");
      time.textContent = ` ${box.value === box.defaultValue ? "The certificate as shipped" : "The text as edited"}, ${Math.max(1, Math.round(spent))} ms.`;
      line.append(bold, said, time);
      result.replaceChildren(line);
      button.disabled = false;
    }

    button.addEventListener("click", () => {
      button.disabled = true;
      result.textContent = "Computing …";
      // The browser paints before it computes.
      setTimeout(show, 30);
    });

    section.querySelector("button.spoil").addEventListener("click", () => {
      const found = root.dufm.spoiled(box.value);
      if (!found) { result.textContent = "No number left to spoil."; return; }
      box.value = found.text;
      box.focus();
      box.setSelectionRange(found.at, found.at + found.now.length);
      result.textContent = `Changed ${found.before} into ${found.now}. Now re-check.`;
    });

    section.querySelector("button.restore").addEventListener("click", () => {
      box.value = box.defaultValue;
      result.textContent = "";
    });
  }
})(globalThis);
