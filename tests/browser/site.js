// Drives Chromium over the site from disk: node site.js FOLDER CHROMIUM -> JSON, each scenario's name with null or what
// went wrong.
"use strict";
const assert = require("node:assert/strict");
const { pathToFileURL } = require("node:url");
const { chromium } = require("playwright-core");

const [folder, executablePath] = process.argv.slice(2);
const at = (page) => pathToFileURL(`${folder}/${page}`).href;
const CELL = "cells/K06_L4_0.0005.html";
// One page of each sort, with the widest formulas, tables and certificates.
const PAGES = ["index.html", "open.html", "claims.html", CELL, "cells/K15_L7_0.0002.html", "cells/K04_L2_0.00075.html",
  "cells/K02_L2_0.0015.html", "claims/srg-wins.html", "derivations/four-classes.html", "derivations/srg.html",
  "certificates/head-k06_q3.html", "certificates/lower-l3_k15_weak.html", "certificates/witness-strip_l2_k14.html"];

/** The contrast of two CSS colours as WCAG has it; a canvas turns any notation into bytes. */
function contrastIn(page, selector) {
  return page.$$eval(selector, (nodes) => {
    const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const light = (colours) => {
      for (const colour of colours) { context.fillStyle = colour; context.fillRect(0, 0, 1, 1); }
      const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    return nodes.filter((node) => node.offsetParent).map((node) => {
      const behind = [];
      for (let n = node; n; n = n.parentElement) behind.unshift(getComputedStyle(n).backgroundColor);
      const [a, b] = [light([...behind, getComputedStyle(node).color]), light(behind)].sort((x, y) => y - x);
      return { ratio: (a + 0.05) / (b + 0.05), what: node.getAttribute("aria-label") || node.textContent.slice(0, 60) };
    });
  });
}

const SCENARIOS = {
  async "a square is clicked and its certificate is re-checked, spoiled and refused"(page) {
    await page.goto(at("index.html"));
    await page.getByRole("radio", { name: "x = 0.01", exact: true }).check();
    await page.getByRole("radio", { name: "x = 0.003", exact: true }).check();
    assert.equal(await page.locator("table.phase:visible").count(), 1);
    await page.locator('.square:visible[aria-label^="6 classes, 4 layers"]').click();
    assert.equal(await page.locator("h1").innerText(), "6 classes, 4 layers, x = 0.003");
    const python = await page.locator(".verdict.ok .heard").first().innerText();
    await page.locator("button.check").click();
    await page.locator(".result .verdict.ok").waitFor();
    assert.equal(await page.locator(".result .heard").innerText(), python);
    await page.locator("button.spoil").click();
    await page.locator("button.check").click();
    await page.locator(".result .verdict.bad").waitFor();
    assert.match(await page.locator(".result").innerText(), /refused it: inequality fails/);
    await page.locator("button.restore").click();
    await page.locator("button.check").click();
    await page.locator(".result .verdict.ok").waitFor();
    // By hand: another number of classes is another cell.
    const text = await page.locator("textarea").inputValue();
    await page.locator("textarea").fill(text.replace('"K":6', '"K":7'));
    await page.locator("button.check").click();
    await page.locator(".result .verdict.bad").waitFor();
    await page.locator("textarea").fill(text.replaceAll("[1,2000]", "[1,2001]"));
    await page.locator("button.check").click();
    await page.locator(".result .verdict.bad", { hasText: "not what the claim needs" }).waitFor();
  },

  async "heads, intervals, bounds and margins are re-checked on pages of their own"(page) {
    const names = ["head-k06_q3", "witness-strip_l2_k14", "threshold-l2_k04", "lower-l3_k15_weak", "lower-l4_k15_weak", "margin-dnc_l2_k15"];
    for (const name of names) {
      await page.goto(at(`certificates/${name}.html`));
      const python = await page.locator(".verdict.ok .heard").first().innerText();
      await page.locator("button.check").click();
      await page.locator(".result .verdict").waitFor();
      assert.equal(await page.locator(".result .heard").innerText(), python, name);
      await page.locator("button.spoil").click();
      await page.locator("button.check").click();
      await page.locator(".result .verdict.bad").waitFor();
    }
  },

  async "at 360 pixels nothing scrolls sideways"(page) {
    await page.setViewportSize({ width: 360, height: 740 });
    for (const name of PAGES) {
      await page.goto(at(name));
      for (const fold of await page.$$("details")) await fold.evaluate((node) => { node.open = true; });
      const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
      assert.ok(wide <= 360, `${name} is ${wide} wide`);
    }
    await page.goto(at("index.html"));
    const box = await page.locator(".square:visible").nth(5).boundingBox();
    assert.ok(box.width >= 20 && box.height >= 20, JSON.stringify(box));
  },

  async "light and dark both have contrast"(page) {
    const words = "p, dt, dd, li, th, td, label, .square b, .square i, figcaption, caption, a, button, .status, summary";
    const papers = [];
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      for (const name of ["index.html", "open.html", CELL, "claims/srg-wins.html"]) {
        await page.goto(at(name));
        for (const i of name === "index.html" ? [0, 4] : [0]) {
          if (name === "index.html") await page.locator(".strengths label").nth(i).click();
          const low = (await contrastIn(page, words)).filter((one) => one.ratio < 4.5);
          assert.deepEqual(low.slice(0, 3), [], `${name}, ${colorScheme}`);
        }
      }
      papers.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
    }
    assert.notEqual(papers[0], papers[1]);
  },

  async "the keyboard reaches everything"(page) {
    await page.goto(at("index.html"));
    const label = () => page.evaluate(() => document.activeElement.getAttribute("aria-label") || document.activeElement.textContent);
    await page.keyboard.press("Tab");
    assert.equal(await label(), "Skip to the content");
    for (let i = 0; i < 12 && !/classes/.test(await label()); i += 1) await page.keyboard.press("Tab");
    assert.match(await label(), /^2 classes, 2 layers, x = 0\.003/);
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(outline, "solid");
    for (const [key, words] of [["ArrowRight", /^3 classes, 2 layers/], ["ArrowDown", /^3 classes, 3 layers/], ["End", /^15 classes, 3 layers/],
      ["Home", /^2 classes, 3 layers/], ["PageDown", /^2 classes, 3 layers, x = 0\.01/], ["ArrowUp", /^2 classes, 2 layers, x = 0\.01/]]) {
      await page.keyboard.press(key);
      assert.match(await label(), words, key);
      assert.equal(await page.locator(".told").innerText(), await label());
    }
    await page.keyboard.press("Enter");
    await page.waitForURL(/cells/);
    await page.keyboard.press("ArrowRight");
    await page.locator("h1", { hasText: "3 classes, 2 layers, x = 0.01" }).waitFor();
    await page.keyboard.press("-");
    await page.locator("h1", { hasText: "3 classes, 2 layers, x = 0.003" }).waitFor();
    await page.goBack();
    await page.locator("h1", { hasText: "x = 0.01" }).waitFor();
  },

  async "going back shows the strength that was chosen"(page) {
    await page.goto(at("index.html"));
    await page.getByRole("radio", { name: "x = 0.1", exact: true }).check();
    await page.locator('.square:visible[aria-label^="7 classes, 3 layers"]').click();
    await page.goBack();
    assert.equal(await page.locator("table.phase:visible caption").textContent(), "x = 0.1");
  },

  async "reduced motion moves nothing"(page) {
    await page.emulateMedia({ reducedMotion: "reduce" });
    await page.goto(at("index.html"));
    assert.equal(await page.locator(".square:visible").first().evaluate((node) => getComputedStyle(node).transitionDuration), "0s");
  },

  async "the list of claims is narrowed"(page) {
    await page.goto(at("claims.html"));
    const all = await page.locator("ul.claims > li:visible").count();
    await page.locator("#filter").fill("three-layers");
    const few = await page.locator("ul.claims > li:visible").count();
    assert.ok(few > 0 && few < all, `${few} of ${all}`);
  },

  async "formulas are drawn without scripts, and squares are links"(_, browser) {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(at("derivations/srg.html"));
    const box = await page.locator(".steps math").first().boundingBox();
    assert.ok(box.width > 5 && box.height > 5);
    await page.goto(at("index.html"));
    assert.equal(await page.locator("table.phase:visible").count(), 5);
    await page.locator(".square:visible").nth(40).click();
    assert.ok(/classes/.test(await page.locator("h1").innerText()));
    await context.close();
  },
};

(async () => {
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  const found = {};
  for (const [name, run] of Object.entries(SCENARIOS)) {
    const context = await browser.newContext({ viewport: { width: 1200, height: 900 } });
    const page = await context.newPage();
    page.setDefaultTimeout(20000);
    const faults = [];
    page.on("console", (message) => { if (message.type() === "error") faults.push(message.text()); });
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("request", (request) => { if (!/^(file|data):/.test(request.url())) faults.push(`asks for ${request.url()}`); });
    try {
      await run(page, browser);
      assert.deepEqual(faults, []);
      found[name] = null;
    } catch (error) {
      found[name] = String(error.stack || error).slice(0, 1500);
    }
    await context.close();
  }
  await browser.close();
  console.log(JSON.stringify(found));
})();
