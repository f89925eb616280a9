// On the page of a cell the arrow keys, + and - lead to its neighbours, as the links on top say.
"use strict";
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("textarea, input, .wide, .formula")) return;
  const link = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  // Up and down scroll a page; only with shift do they change the depth.
  if (!link || (/^Arrow(Up|Down)$/.test(event.key) && !event.shiftKey)) return;
  event.preventDefault();
  link.click();
});
