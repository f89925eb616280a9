// The phase diagram: one strength at a time, arrow keys from square to square, a sentence about the square in focus.
"use strict";
(function () {
  const section = document.querySelector(".diagram");
  const panels = [...section.querySelectorAll("table.phase")];
  const choices = [...section.querySelectorAll('input[name="x"]')];
  const told = section.querySelector(".told");
  const first = told.textContent;
  let at = [0, 0];

  const squares = (panel) => [...panel.tBodies[0].rows].map((row) => [...row.querySelectorAll("td")].map((cell) => cell.firstElementChild));
  const grids = panels.map(squares);
  const shown = () => choices.findIndex((choice) => choice.checked);

  // One square of a panel is reached with Tab; the arrow keys lead to the others.
  function settle() {
    grids.forEach((grid, i) => grid.forEach((row, r) => row.forEach((square, c) => {
      if (square) square.tabIndex = i === shown() && r === at[0] && c === at[1] ? 0 : -1;
    })));
  }

  function show() {
    panels.forEach((panel, i) => { panel.hidden = i !== shown(); });
    location.replace("#x" + shown());
    settle();
  }

  function move(event) {
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const grid = grids[shown()];
    let [r, c] = at;
    if (event.key in steps) {
      [r, c] = [r + steps[event.key][0], c + steps[event.key][1]];
    } else if (event.key === "Home") {
      c = 0;
    } else if (event.key === "End") {
      c = grid[r].length - 1;
    } else if (event.key === "PageUp" || event.key === "PageDown") {
      const next = shown() + (event.key === "PageDown" ? 1 : -1);
      if (choices[next]) { choices[next].checked = true; show(); }
    } else {
      return;
    }
    event.preventDefault();
    const square = grids[shown()][r] && grids[shown()][r][c];
    if (square) { at = [r, c]; settle(); square.focus(); }
  }

  grids.forEach((grid) => grid.forEach((row, r) => row.forEach((square, c) => {
    if (!square) return;
    square.addEventListener("focus", () => { at = [r, c]; settle(); told.textContent = square.getAttribute("aria-label"); });
    square.addEventListener("mouseenter", () => { told.textContent = square.getAttribute("aria-label"); });
  })));
  section.addEventListener("mouseleave", () => { told.textContent = first; });
  panels.forEach((panel) => panel.addEventListener("keydown", move));
  choices.forEach((choice) => choice.addEventListener("change", show));
  const wanted = /^#x(\d+)$/.exec(location.hash);
  if (wanted && choices[wanted[1]]) choices[wanted[1]].checked = true;
  section.classList.add("live");
  panels.forEach((panel, i) => { panel.hidden = i !== shown(); });
  settle();
})();
