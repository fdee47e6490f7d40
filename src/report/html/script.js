// Filters, sorts, slides and copies. The page reads the same without it.
"use strict";
for (const tool of document.querySelectorAll(".js, .copy")) tool.hidden = false;

document.addEventListener("input", (event) => {
  if (event.target.classList.contains("cut")) {
    event.target.closest(".pair").style.setProperty("--cut", event.target.value + "%");
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest(".copy");
  if (!button) return;
  const done = () => { button.textContent = "copied"; setTimeout(() => { button.textContent = "copy"; }, 1500); };
  const select = () => getSelection().selectAllChildren(button.previousElementSibling);
  if (navigator.clipboard) navigator.clipboard.writeText(button.dataset.text).then(done, select);
  else select();
});

// A link to a check opens its explanation.
function open_target() {
  let place = null;
  try { place = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch { return; }
  for (let inside = place; inside; inside = inside.parentElement) if (inside.tagName === "DETAILS") inside.open = true;
}
addEventListener("hashchange", open_target);
open_target();

const rows = [...document.querySelectorAll("#rows tbody tr")].map((row) => ({ row, text: row.textContent.toLowerCase() }));
const filter = document.getElementById("filter");
if (filter) {
  const boxes = [...document.querySelectorAll(".severity")];
  const apply = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    let shown = 0;
    for (const { row, text } of rows) {
      const fits = wanted.has(row.dataset.severity) && words.every((word) => text.includes(word));
      row.hidden = !fits;
      shown += fits;
    }
    document.getElementById("count").textContent = `${shown} of ${rows.length} shown`;
  };
  filter.form.addEventListener("submit", (event) => event.preventDefault());
  filter.form.addEventListener("input", apply);
  apply();
}

for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
      const compare = (a, b) => {
        const [x, y] = [parseFloat(a[0]), parseFloat(b[0])];
        const numbers = !Number.isNaN(x) && !Number.isNaN(y);
        return numbers ? x - y : a[0].localeCompare(b[0]);
      };
      const sorted = [...body.rows].map((row) => [value(row), row]).sort(compare);
      if (down) sorted.reverse();
      body.append(...sorted.map(([, row]) => row));
    });
  });
}
