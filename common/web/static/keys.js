// Keys on pages with a list or with samples: / searches, j and k move, Enter opens,
// n and p turn pages. Without this file everything works by mouse and Tab.
"use strict";

(() => {
  const rows = [...document.querySelectorAll("[data-row]")];
  const search = document.querySelector("[data-search]");
  let place = -1;

  function move(step) {
    if (!rows.length) return;
    place = Math.min(Math.max(place + step, 0), rows.length - 1);
    for (const row of rows) row.classList.toggle("at", row === rows[place]);
    rows[place].querySelector("a")?.focus();
    rows[place].scrollIntoView({ block: "nearest" });
  }

  function turn(rel) {
    document.querySelector(`a[rel="${rel}"]`)?.click();
  }

  const keys = {
    "/": () => { search?.focus(); search?.select(); },
    j: () => move(1),
    k: () => move(-1),
    n: () => turn("next"),
    p: () => turn("prev"),
    Enter: () => rows[place]?.querySelector("a")?.click(),
  };

  document.addEventListener("keydown", (event) => {
    const writing = event.target.closest("input, select, textarea, [contenteditable]");
    if (writing && event.key === "Escape") writing.blur();
    if (writing || event.ctrlKey || event.altKey || event.metaKey) return;
    // A focused link or button has its own Enter.
    if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
    if (keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    }
  });
})();
