// Goes through the queue: shows a finding, takes a decision by a key or a click,
// and sends it. What is shown comes from the server as text and stays text.
"use strict";

import { address, ask, banner, current, failed, is_pair, key_of, large, make, one, remember, remembered, state, ticked } from "./page.js";
import { set_view, stage, toggle_boxes } from "./stage.js";

const AHEAD = 8; // findings fetched before they are shown, with their images

// ---- the queue

async function fetch_from(place, backwards) {
  const answer = await ask("items", { filter: state.filter, from: place, count: backwards ? 1 : AHEAD, backwards: !!backwards });
  state.open = answer.open;
  state.fitting = answer.fitting;
  return answer.items;
}

/// Fills the queue from `place` on and shows what is first.
async function go(place) {
  state.generation = (state.generation ?? 0) + 1;
  const generation = state.generation;
  const items = await fetch_from(place);
  if (generation !== state.generation) return;
  state.queue = items.filter((item) => !(state.filter.state === "open" && state.gone.has(key_of(item))));
  show();
}

/// Makes sure that enough is there before it is wanted.
async function refill() {
  if (state.filling || state.queue.length > AHEAD / 2) return;
  state.filling = true;
  const generation = state.generation;
  try {
    const last = state.queue.at(-1);
    const items = await fetch_from(last ? last.place + 1 : state.from ?? 0);
    if (generation === state.generation) {
      const known = new Set(state.queue.map(key_of));
      const fresh = items.filter((item) => !known.has(key_of(item)) && !(state.filter.state === "open" && state.gone.has(key_of(item))));
      const was_empty = !state.queue.length;
      state.queue.push(...fresh);
      if (was_empty) show(); else prefetch();
    }
  } finally { state.filling = false; }
}

/// The images of what comes next, asked for while a person looks at this.
function prefetch() {
  for (const item of state.queue.slice(1, 4)) {
    for (const sample of item.samples.slice(0, 2)) if (!sample.problem) new Image().src = address(sample, large(item) ? 0 : 320);
  }
}

async function next() {
  const item = state.queue.shift();
  state.from = item ? item.place + 1 : state.from;
  if (!state.queue.length) await refill();
  show();
  refill().catch(failed);
}

async function back() {
  const place = current()?.place ?? state.from ?? 0;
  const [item] = await fetch_from(place, true);
  if (item) { state.queue.unshift(item); show(); } else banner("this is the first one", false);
}
// ---- one finding

function show() {
  const item = current();
  state.last = performance.now();
  one("card").hidden = one("dock").hidden = !item;
  one("empty").hidden = !!item;
  if (!item) { clearInterval(state.ticking); nothing_left(); progress(); return; }
  state.from = item.place;
  one("severity").textContent = item.severity;
  one("severity").className = "sev " + item.severity;
  one("code").textContent = item.code;
  one("name").textContent = item.name;
  one("score").textContent = item.score === null ? "" : "score " + item.score.toFixed(3);
  one("message").replaceChildren(...ticked(item.message));
  one("facts").textContent = facts(item);
  if (item.next_step) one("facts").append(make("span", (facts(item) ? " · " : "") + "next: " + item.next_step.replaceAll("`", ""), "advice"));
  one("note").value = item.decided?.note ?? "";
  one("whole").checked = false;
  one("whole-label").hidden = !item.beside;
  one("whole-words").textContent = `and ${item.beside} more of its group`;
  one("other-class").hidden = !item.takes_a_class;
  one("accepting").hidden = !item.choices.some((choice) => choice.name === "accept");
  one("decided").hidden = !item.decided;
  if (item.decided) {
    const { words, reviewer, note } = item.decided;
    one("decided").textContent = `decided: ${words}${reviewer ? ", by " + reviewer : ""}${note ? " (" + note + ")" : ""}`;
  }
  choices(item);
  stage();
  progress();
  prefetch();
}

function facts(item) {
  const parts = [];
  if (item.pair) {
    parts.push([item.pair.relation, item.pair.transform].filter(Boolean).join(", "));
    if (item.pair.similarity !== null) parts.push(`similarity ${(100 * item.pair.similarity).toFixed(1)}%`);
  }
  if (item.copies > 2) parts.push(`one of a group of ${item.copies} copies`);
  if (item.scene > 2) parts.push(`${item.scene} images of this scene`);
  return parts.join(" · ");
}

function choices(item) {
  const buttons = item.choices.map((choice, index) => {
    const button = make("button");
    button.type = "button";
    button.append(make("kbd", String(index + 1)), " ", make("bdi", choice.words));
    button.title = choice.does;
    button.classList.toggle("chosen", item.decided?.choice === choice.name);
    button.addEventListener("click", () => decide(choice.name, choice.words));
    return button;
  });
  if (item.decided) {
    const button = make("button");
    button.type = "button";
    button.append(make("kbd", "0"), " take the decision back");
    button.addEventListener("click", () => decide("", "taken back"));
    buttons.push(button);
  }
  one("choices").replaceChildren(...buttons);
}
// ---- decisions

/// Nobody decides on what is not shown yet.
const is_seen = () => state.images.every((img) => img.complete);

function decide(choice, words) {
  const item = current();
  if (!item) return;
  if (!is_seen()) { banner("the images are not all there yet: decide when they are", false); return; }
  const wish = {
    wishes: [{ code: item.code, id: item.id, choice, seen: item.seen }],
    whole_group: one("whole").checked, reviewer: one("reviewer").value,
    note: one("note").value, reason: one("reason").value, expires: one("expires").value,
  };
  const now = performance.now();
  // A pause is no part of the pace.
  state.times.push(Math.min(now - state.last, 60000));
  state.times = state.times.slice(-20);
  banner("");
  if (choice) state.gone.add(key_of(item)); else state.gone.delete(key_of(item));
  const was_open = !item.decided;
  if (was_open && choice) state.open -= 1;
  next().catch(failed);
  send(wish, item, words);
}

/// One after the other, so that what was decided last is written last.
function send(wish, item, words) {
  state.waiting += 1;
  state.sending = state.sending.then(() => ask("decide", wish)).then(
    (answer) => { taken(answer, item, words); },
    (error) => {
      state.gone.delete(key_of(item));
      banner(`not written: ${error.message}`, true, { words: "back to it", act: () => jump(item) });
    },
  ).finally(() => { state.waiting -= 1; progress(); });
}

function taken(answer, item, words) {
  const done = answer.outcomes.filter((outcome) => outcome.result === "done");
  const overtaken = answer.outcomes.filter((outcome) => outcome.result === "overtaken");
  if (done.length) state.done.push(done.map(({ code, id, place, before, now, seen }) => ({ code, id, place, before, now, seen })));
  for (const outcome of answer.outcomes) {
    const key = key_of(outcome);
    if (outcome.now) state.gone.add(key); else state.gone.delete(key);
    // What is fetched already may have been decided with it.
    const here = state.queue.find((other) => key_of(other) === key);
    if (here) { here.seen = outcome.seen; here.decided = outcome.now; }
  }
  if (done.length > 1 && state.filter.state === "open") state.queue = state.queue.filter((other, index) => index === 0 || !state.gone.has(key_of(other)));
  if (done.length > 1) banner(`${done.length} findings decided: ${words}`, false);
  if (overtaken.length) {
    const { now } = overtaken[0];
    const who = now?.reviewer || "somebody else";
    banner(now ? `${who} decided “${now.words}” on this finding while you looked at it; yours was not written` : `${who} took the decision on this finding back while you looked at it; yours was not written`, true, { words: "back to it", act: () => jump(item) });
  }
  taken_progress(answer.progress);
}

/// Shows one finding again, whatever the filter says.
async function jump(item) {
  banner("");
  const answer = await ask("items", { filter: { ...state.filter, check: "", class: "", split: "", least: 0, words: "", state: "all" }, from: item.place, count: 1, backwards: false });
  state.queue.unshift(...answer.items);
  show();
}

async function undo() {
  await state.sending;
  const last = state.done.pop();
  if (!last) { banner("nothing to undo: this page decided nothing yet", false); return; }
  const answer = await ask("decide", {
    wishes: last.map(({ code, id, before, seen }) => ({ code, id, choice: before && before.choice !== "mixed" ? before.choice : "", seen })),
    reviewer: one("reviewer").value, note: last[0].before?.note ?? "", reason: one("reason").value, expires: "", whole_group: false,
  });
  const overtaken = answer.outcomes.find((outcome) => outcome.result === "overtaken");
  for (const outcome of answer.outcomes) if (!outcome.now) state.gone.delete(key_of(outcome));
  taken_progress(answer.progress);
  state.times.pop();
  await jump(last[0]);
  const rest = state.queue.slice(1).filter((item) => key_of(item) !== key_of(last[0]));
  state.queue = [current(), ...rest];
  if (overtaken) banner(`${overtaken.now?.reviewer || "somebody else"} decided otherwise meanwhile, so nothing was undone`, true);
  else banner("undone", false);
}

// ---- progress

function taken_progress(of) {
  state.open_all = of.open;
  state.all = of.all;
  state.checks = of.checks;
  state.clock = of.clock;
  const body = one("checks");
  const percent = (share) => `${(100 * share).toFixed(1)}%`;
  body.replaceChildren(...of.checks.map((check) => {
    const row = make("tr");
    const head = make("th");
    head.scope = "row";
    head.append(`${check.code} ${check.name}`);
    head.title = check.summary;
    const cell = (text) => make("td", text, "num");
    const [share, low, high] = check.precision ?? [];
    row.append(head, cell(check.open), cell(check.all), cell(check.right), cell(check.wrong),
      cell(check.precision ? `${percent(share)} (${percent(low)} – ${percent(high)})` : "–"));
    return row;
  }));
  progress();
}

function pace() {
  if (state.times.length < 3) return null;
  const sorted = [...state.times].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function progress() {
  const decided = state.fitting - state.open;
  const share = state.fitting ? (100 * decided) / state.fitting : 100;
  one("done").setAttribute("aria-valuenow", Math.floor(share));
  one("done-fill").style.width = share + "%";
  const each = pace();
  const seconds = each === null ? null : (state.open * each) / 1000;
  const left = seconds === null ? "" : seconds < 90 ? `, about ${Math.max(1, Math.round(seconds))} s left` : seconds < 5400 ? `, about ${Math.round(seconds / 60)} min left` : `, about ${(seconds / 3600).toFixed(1)} h left`;
  const check = state.checks?.find((of) => of.code === current()?.code);
  const reviewed = check ? check.right + check.wrong : 0;
  const precision = reviewed ? ` · ${check.code}: ${check.right} of ${reviewed} reviewed are right` : "";
  const saving = state.waiting ? " · saving" : "";
  one("progress").textContent = `${decided.toLocaleString("en")} of ${state.fitting.toLocaleString("en")} decided${left}${precision}${saving}`;
}

function nothing_left() {
  const is_filtered = Object.entries(state.filter).some(([name, value]) => (name === "state" ? value !== "open" : !!value));
  one("empty-title").textContent = state.all === 0 ? "The report has no finding" : is_filtered ? "No finding fits the filter" : "All are decided or skipped";
  const place = one("empty-text");
  place.replaceChildren();
  if (state.open > 0 && state.filter.state === "open") {
    const button = make("button", `go through the ${state.open} open ones again`);
    button.type = "button";
    button.addEventListener("click", () => go(0).catch(failed));
    place.append(button);
  } else place.append(...ticked("`splitlint apply REPORT` acts on decisions.csv; a scan with the baseline reports what is left"));
}

// ---- filters

function set_filter() {
  state.filter = {
    check: one("by-check").value, class: one("by-class").value, split: one("by-split").value,
    least: Number(one("by-score").value) || 0, state: one("by-state").value, words: one("by-words").value.trim(),
  };
  const count = [state.filter.check, state.filter.class, state.filter.split, state.filter.least, state.filter.words, state.filter.state !== "open"].filter(Boolean).length;
  one("filtered").textContent = count ? ` (${count})` : "";
  state.gone.clear();
  state.sending.then(() => go(0)).catch(failed);
}
function show_filters(wanted) {
  const filters = one("filters");
  filters.hidden = wanted === undefined ? !filters.hidden : !wanted;
  one("show-filters").setAttribute("aria-expanded", String(!filters.hidden));
  if (!filters.hidden) one("by-check").focus();
}
one("filters").addEventListener("submit", (event) => event.preventDefault());
one("filters").addEventListener("change", set_filter);
one("filters").addEventListener("reset", () => setTimeout(set_filter));

// ---- another class

function other_class() {
  if (!current()?.takes_a_class) return;
  one("class-problem").textContent = "";
  one("class-name").value = "";
  one("classes").showModal();
  one("class-name").focus();
}
one("class-form").addEventListener("submit", (event) => {
  if (event.submitter?.value === "") return;
  const text = one("class-name").value.trim();
  const exact = state.classes.find((name) => name === text);
  const begun = state.classes.filter((name) => name.toLowerCase().startsWith(text.toLowerCase()));
  const name = exact ?? (text && begun.length === 1 ? begun[0] : undefined);
  if (!name) {
    event.preventDefault();
    one("class-problem").textContent = text ? `“${text}” is no class, or the beginning of several` : "name a class";
    return;
  }
  decide("class:" + name, "change to " + name);
});

// ---- keys

const KEYS = [
  ["1 – 9", "decide as the button of that number says, and go on"],
  ["0", "take the decision on this finding back"],
  ["→ j", "skip"], ["← k p", "back"], ["u", "undo your last decision"],
  ["c", "another class"], ["w", "decide on the whole group at once"], ["n", "write a note (Enter ends it)"],
  ["s o f d z", "side by side, overlay, flicker, difference, full size"], ["space", "in flicker: the other image"],
  ["b", "boxes on or off"], ["g", "show the whole group, cluster or scene"],
  ["/", "filters"], ["i", "precision so far"], ["r", "your name"], ["?", "these keys"], ["Esc", "leave a field"],
];
one("keys").replaceChildren(...KEYS.map(([keys, words]) => {
  const row = make("tr");
  const cell = make("td");
  for (const key of keys.split(" ")) cell.append(make("kbd", key), " ");
  row.append(cell, make("td", words));
  return row;
}));
const ACTIONS = {
  ArrowRight: () => next(), j: () => next(), ArrowLeft: () => back(), p: () => back(), k: () => back(),
  u: () => undo(), c: other_class, n: () => { more(true); one("note").focus(); }, r: () => one("reviewer").focus(),
  w: () => { if (!one("whole-label").hidden) one("whole").click(); },
  s: () => set_view("side"), z: () => set_view("full"), b: toggle_boxes,
  o: () => is_pair(current()) && set_view("cut"), f: () => is_pair(current()) && set_view("flicker"), d: () => is_pair(current()) && set_view("difference"),
  " ": () => { if (state.view === "flicker" && state.turn) { clearInterval(state.ticking); state.turn(); } },
  g: () => one("rest").querySelector("[data-whole]")?.click(),
  "/": () => show_filters(), i: () => one("precision").showModal(), "?": () => one("help").showModal(),
};
const NEEDS_ONE = new Set([..."cnwszbofdg "]);
addEventListener("keydown", (event) => {
  const field = event.target.closest("input, select, textarea, dialog[open]");
  if (field && (event.key === "Escape" || event.key === "Enter") && field.tagName === "INPUT" && !field.closest("dialog")) {
    event.preventDefault();
    field.blur();
    one("choices").focus({ preventScroll: true });
    return;
  }
  if (event.key === "Escape" && !field) { banner(""); return; }
  const is_typed = field && !(field.type === "checkbox" || field.type === "range");
  // A key that is held down is one decision.
  if (is_typed || document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.key >= "1" && event.key <= "9") {
    const choice = current()?.choices[Number(event.key) - 1];
    if (choice) { event.preventDefault(); decide(choice.name, choice.words); }
    return;
  }
  if (event.key === "0" && current()?.decided) { decide("", "taken back"); return; }
  const act = ACTIONS[event.key];
  // A space on a button presses it.
  if (!act || (event.key === " " && event.target.closest("button"))) return;
  if (NEEDS_ONE.has(event.key) && !current()) return;
  event.preventDefault();
  Promise.resolve(act()).catch(failed);
});

/// A telephone shows the fields for remarks when asked.
function more(wanted) {
  const is_open = one("remarks").classList.toggle("open", wanted);
  one("more").setAttribute("aria-expanded", String(is_open));
}
for (const [id, act] of [["more", () => more()], ["next", next], ["previous", back], ["undo", undo], ["other-class", other_class], ["show-filters", () => show_filters()], ["show-precision", () => one("precision").showModal()], ["show-help", () => one("help").showModal()]]) {
  one(id).addEventListener("click", () => Promise.resolve(act()).catch(failed));
}
for (const id of ["reviewer", "reason"]) {
  one(id).value = remembered(id);
  one(id).addEventListener("change", () => remember(id, one(id).value));
}

/// What others decide meanwhile leaves this queue, too.
async function look_around() {
  if (document.hidden || state.waiting) return;
  const of = await ask("progress", { clock: state.clock });
  if (of.news.length && state.filter.state === "open") {
    const others = new Set(of.news.map(key_of));
    const shown = current();
    if (shown && others.has(key_of(shown))) banner(`${of.news.find((news) => key_of(news) === key_of(shown)).reviewer || "somebody else"} has just decided on this finding`, false, { words: "look", act: () => jump(shown) });
    state.queue = state.queue.filter((item, index) => index === 0 || !others.has(key_of(item)));
    const answer = await ask("items", { filter: state.filter, from: 0, count: 1, backwards: false });
    [state.open, state.fitting] = [answer.open, answer.fitting];
  }
  taken_progress(of);
}

async function begin() {
  const start = await ask("start", {});
  one("dataset").textContent = start.dataset;
  document.title = "review " + start.dataset;
  state.classes = start.classes;
  const fill = (id, names, words) => one(id).append(...names.map((name, index) => { const option = make("option", words ? words[index] : name); option.value = name; return option; }));
  fill("by-check", start.checks.map((check) => check.code), start.checks.map((check) => `${check.code} ${check.name} (${check.all})`));
  fill("by-class", start.classes);
  fill("by-split", start.splits);
  fill("class-list", start.classes);
  taken_progress(start);
  if (start.notes.length) banner(start.notes.join("; "), true);
  await go(0);
  setInterval(() => look_around().catch(failed), 5000);
}
begin().catch(failed);
