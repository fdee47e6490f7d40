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

// A class chosen hides what is about others.
const of_class = document.getElementById("class");
const fits_class = (element) => !of_class?.value || element.dataset.labels.split("\n").includes(of_class.value);
of_class?.addEventListener("input", () => {
  let shown = 0;
  for (const card of document.querySelectorAll(".card")) {
    card.hidden = !fits_class(card);
    shown += !card.hidden;
  }
  document.getElementById("class-count").textContent = of_class.value ? `${shown} cards shown` : "";
  document.getElementById("filter")?.form.dispatchEvent(new Event("input"));
});

// A click shows an image larger, with a link to its file.
const large = document.getElementById("large");
document.addEventListener("click", (event) => {
  const image = event.target.closest(".shot img");
  if (!image || event.ctrlKey || event.metaKey || event.shiftKey || !large.showModal) return;
  event.preventDefault();
  const [shown, link] = [large.querySelector("img"), large.querySelector("a")];
  [shown.src, shown.alt] = [image.src, image.alt];
  const original = image.closest("a.open");
  link.parentElement.hidden = !original;
  if (original) link.href = original.href;
  large.showModal();
});
large.addEventListener("click", (event) => { if (event.target === large) large.close(); });

// What is decided and accepted here is saved as the files that commands read.
const bar = document.getElementById("bar");
const decided = () => [...document.querySelectorAll(".decide")].filter((select) => select.value);
const accepted = () => [...document.querySelectorAll(".accept:checked")];
const csv = (lines) => lines.map((cells) => cells.map((cell) => /[",;\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell).join(",") + "\n").join("");
const save = (name, text) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};
const told = () => {
  const [labels, findings] = [decided(), accepted()];
  bar.hidden = !labels.length && !findings.length;
  document.getElementById("bar-count").textContent = `${labels.length} labels decided, ${findings.length} findings accepted`;
  document.getElementById("save-decisions").hidden = !labels.length;
  document.getElementById("save-baseline").hidden = !findings.length;
  document.getElementById("bar-reason").parentElement.hidden = !findings.length;
  const commands = [];
  if (labels.length) commands.push("splitlint apply REPORT --decisions decisions.csv");
  if (findings.length) commands.push("splitlint scan DATASET --baseline accepted.csv");
  const command = document.getElementById("bar-command");
  command.textContent = commands.join(" && ");
  command.nextElementSibling.dataset.text = command.textContent;
};
document.addEventListener("change", (event) => {
  if (!event.target.matches(".decide, .accept")) return;
  // One sample may be asked about twice.
  if (event.target.matches(".decide")) {
    for (const other of document.querySelectorAll(".decide")) {
      const { sample, content } = event.target.dataset;
      if (other.dataset.sample === sample && other.dataset.content === content && other !== event.target) other.value = "";
    }
  }
  told();
});
document.getElementById("save-decisions").addEventListener("click", () => {
  const line = ({ value, dataset: { sample, given, suggested, content } }) => [sample, given, suggested, value, content];
  save("decisions.csv", csv([["sample", "given", "suggested", "decision", "content"], ...decided().map(line)]));
});
document.getElementById("save-baseline").addEventListener("click", () => {
  const reason = document.getElementById("bar-reason").value;
  const line = ({ dataset: { code, id, about } }) => [code, id, reason, "", "", about];
  save("accepted.csv", csv([["code", "id", "reason", "who", "expires", "about"], ...accepted().map(line)]));
});

const rows = [...document.querySelectorAll("#rows tbody tr")].map((row) => ({ row, text: row.textContent.toLowerCase() }));
const filter = document.getElementById("filter");
if (filter) {
  const boxes = [...document.querySelectorAll(".severity")];
  const apply = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    let shown = 0;
    for (const { row, text } of rows) {
      const fits = wanted.has(row.dataset.severity) && fits_class(row) && words.every((word) => text.includes(word));
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
