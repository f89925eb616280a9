// The list of claims, narrowed to those that hold every word in the box.
"use strict";
(function () {
  const box = document.getElementById("filter");
  const items = [...document.querySelectorAll("ul.claims > li")];
  const count = document.getElementById("count");
  box.addEventListener("input", () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const item of items) item.hidden = !words.every((word) => item.dataset.words.includes(word));
    count.textContent = words.length ? `${items.filter((item) => !item.hidden).length} of ${items.length}` : "";
  });
})();
