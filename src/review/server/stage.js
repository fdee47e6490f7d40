// Images of a finding: alone, side by side, over each other, with boxes, as a whole.
"use strict";

import { address, ask, current, failed, is_pair, large, make, name_of, one, state } from "./page.js";

const SVG = "http://www.w3.org/2000/svg";

function drawn(sample) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${sample.width || 1} ${sample.height || 1}`);
  svg.setAttribute("preserveAspectRatio", "none");
  for (const box of sample.boxes) {
    const rect = document.createElementNS(SVG, "rect");
    for (const side of ["x", "y", "width", "height"]) rect.setAttribute(side, box[side]);
    if (box.flaws) rect.classList.add("odd");
    const title = document.createElementNS(SVG, "title");
    title.textContent = box.label + (box.flaws ? ": " + box.flaws : "");
    rect.append(title);
    svg.append(rect);
  }
  return svg;
}

// The object in question, cut out of the image by the browser.
function cut_out(sample) {
  const [x, y, width, height] = sample.crop;
  const svg = document.createElementNS(SVG, "svg");
  svg.classList.add("crop");
  svg.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", "the object in " + sample.key);
  const whole = document.createElementNS(SVG, "image");
  whole.setAttribute("href", address(sample));
  for (const [side, length] of [["width", sample.width], ["height", sample.height]]) whole.setAttribute(side, length);
  whole.setAttribute("preserveAspectRatio", "none");
  svg.append(whole);
  return svg;
}

function image(sample, side) {
  const img = make("img");
  img.alt = sample.key;
  img.decoding = "async";
  img.draggable = false;
  img.src = address(sample, side);
  state.images.push(img);
  return img;
}

function pane(sample, side) {
  const figure = make("figure", undefined, "pane" + (sample.in_doubt ? " doubted" : ""));
  const picture = make("div", undefined, "picture");
  if (sample.problem) picture.append(make("p", sample.problem, "problem"));
  else {
    const fit = make("div", undefined, "fit");
    fit.style.setProperty("--ratio", (sample.width || 1) / (sample.height || 1));
    const img = image(sample, side);
    img.addEventListener("error", async () => {
      // What is wrong with it, in the server's words.
      const why = await fetch(img.src).then((answer) => answer.text(), () => "the server does not answer");
      fit.replaceWith(make("p", why, "problem"));
    });
    fit.append(img);
    if (sample.boxes.length) fit.append(drawn(sample));
    picture.append(fit);
  }
  const caption = make("figcaption");
  if (sample.split) caption.append(chip(sample.split, "split"));
  if (sample.label) caption.append(chip(sample.label));
  if (sample.label_score !== null && sample.in_doubt) caption.append(make("span", `fits ${(100 * sample.label_score).toFixed(1)}%`, "dim"));
  if (sample.width) caption.append(make("span", `${sample.width} × ${sample.height}`, "dim"));
  const key = name_of(sample.key);
  key.classList.add("key");
  caption.append(key);
  figure.append(picture);
  if (sample.crop && !sample.problem) figure.append(cut_out(sample));
  figure.append(caption);
  return figure;
}

function chip(text, name) {
  const place = make("span", undefined, "chip " + (name ?? ""));
  place.append(make("bdi", text));
  return place;
}

const VIEWS = [
  ["side", "s", "side by side"], ["cut", "o", "overlay"], ["flicker", "f", "flicker"], ["difference", "d", "difference"], ["full", "z", "full size"],
];

export function stage() {
  const item = current();
  clearInterval(state.ticking);
  state.images = [];
  const place = one("stage");
  const rest = one("rest");
  rest.replaceChildren();
  const pair = is_pair(item);
  const overlaid = pair && ["cut", "flicker", "difference"].includes(state.view) && !item.samples[0].problem && !item.samples[1].problem;
  place.classList.toggle("full", state.view === "full");
  place.classList.toggle("no-boxes", !state.boxes);
  tools(item, pair);
  if (!item.samples.length) place.replaceChildren();
  else if (overlaid) place.replaceChildren(...over(item));
  else if (pair) {
    const panes = make("div", undefined, "side");
    panes.append(...item.samples.slice(0, 2).map((sample) => pane(sample)));
    scroll_together([...panes.querySelectorAll(".picture")]);
    place.replaceChildren(panes);
    if (item.samples.length > 2) members(rest, item.samples.slice(2), `${item.count - 2} more of this finding`, item.count - 2);
  } else if (item.kind === "label" && item.samples.length > 1) {
    const both = make("div", undefined, "beside");
    const near = make("div");
    near.append(make("h3", "its nearest images: " + (item.suggested ? "suggested class, then the class given" : "")), grid(item.samples.slice(1)));
    both.append(pane(item.samples[0]), near);
    place.replaceChildren(both);
  } else if (large(item)) {
    const alone = make("div", undefined, "alone");
    alone.append(pane(item.samples[0]));
    place.replaceChildren(alone);
  } else {
    place.replaceChildren(grid(item.samples));
    if (item.count > item.samples.length) whole_button(rest, "finding", `all ${item.count} images`);
  }
  if (item.copies > 2) whole_button(rest, "copies", `the whole group of ${item.copies} copies`);
  if (item.scene > 2) whole_button(rest, "scene", `all ${item.scene} images of the scene`);
}

function grid(samples) {
  const place = make("div", undefined, "grid");
  place.append(...samples.map((sample) => {
    const figure = pane(sample, 320);
    figure.querySelector(".picture").addEventListener("click", () => open_image(sample));
    return figure;
  }));
  return place;
}

function members(place, samples, title, count) {
  place.append(make("h3", title), grid(samples));
  if (count > samples.length) whole_button(place, "finding", `all ${current().count} images`);
}

function whole_button(place, whole, words) {
  const button = make("button");
  button.type = "button";
  button.append(make("kbd", "g"), " show " + words);
  button.dataset.whole = whole;
  button.addEventListener("click", () => show_whole(button, whole).catch(failed));
  place.append(" ", button);
}

/// A group as a whole, page by page.
async function show_whole(button, whole) {
  const item = current();
  let from = 0;
  const place = make("div");
  const more = make("button", "show more");
  more.type = "button";
  const load = async () => {
    const answer = await ask("members", { place: item.place, whole, from });
    if (item !== current()) return;
    from += answer.samples.length;
    place.append(grid(answer.samples));
    more.hidden = from >= answer.all || !answer.samples.length;
  };
  more.addEventListener("click", () => load().catch(failed));
  await load();
  button.replaceWith(make("h3", button.textContent.replace(/^g? ?show /, "")), place, more);
}

function open_image(sample) {
  window.open(address(sample), "_blank", "noopener");
}

/// Both images in the box of the first, the second laid over it as the pair's
/// transform says.
function over(item) {
  const [first, second] = item.samples;
  const ratio = (first.width || 1) / (first.height || 1);
  const box = make("div", undefined, "over " + state.view);
  box.style.setProperty("--ratio", ratio);
  box.style.setProperty("--cut", state.cut + "%");
  // The clip is of the box, not of the second image in its own place.
  const wrap = make("div", undefined, "wrap second");
  const laid = image(second);
  const m = item.pair?.matrix;
  if (m) {
    // The matrix is in shares of the sides, a style sheet's in pixels of the box.
    laid.style.transform = `translate(${100 * m[2]}%, ${100 * m[5]}%) matrix(${m[0]}, ${m[3] / ratio}, ${m[1] * ratio}, ${m[4]}, 0, 0)`;
  }
  wrap.append(laid);
  box.append(image(first), wrap);
  if (state.view === "cut") box.append(make("div", undefined, "line"));
  const caption = make("p", undefined, "under dim");
  const shown = make("span");
  const name = (sample) => [sample.split, sample.key].filter(Boolean).join(" ");
  if (state.view === "flicker") {
    const turn = () => {
      const on = box.classList.toggle("on");
      shown.replaceChildren(on ? "second: " : "first: ", name_of(name(on ? second : first)));
    };
    turn();
    state.turn = turn;
    // Two changes a second are below the three flashes that WCAG 2.3.1 allows.
    state.ticking = setInterval(turn, 500);
  } else shown.replaceChildren(name_of(name(first)), state.view === "cut" ? " | " : " − ", name_of(name(second)));
  caption.append(shown);
  if (!m) caption.append(make("span", " (fitted to each other: the report does not say how the two relate)"));
  return [box, caption];
}

function scroll_together(panes) {
  if (panes.length < 2) return;
  for (const [own, other] of [panes, [...panes].reverse()]) {
    own.addEventListener("scroll", () => {
      const share = (size, view, at) => (size > view ? at / (size - view) : 0);
      const x = share(own.scrollWidth, own.clientWidth, own.scrollLeft), y = share(own.scrollHeight, own.clientHeight, own.scrollTop);
      const to = [Math.round(x * (other.scrollWidth - other.clientWidth)), Math.round(y * (other.scrollHeight - other.clientHeight))];
      if (Math.abs(other.scrollLeft - to[0]) > 1) other.scrollLeft = to[0];
      if (Math.abs(other.scrollTop - to[1]) > 1) other.scrollTop = to[1];
    });
  }
}

function tools(item, pair) {
  const wanted = VIEWS.filter(([view]) => pair || ["side", "full"].includes(view));
  const buttons = !item.samples.length ? [] : wanted.map(([view, key, words]) => {
    const button = make("button");
    button.type = "button";
    button.append(make("kbd", key), " " + (pair || view !== "side" ? words : "fitted"));
    button.setAttribute("aria-pressed", String(state.view === view));
    button.addEventListener("click", () => set_view(view));
    return button;
  });
  if (pair && state.view === "cut") {
    const range = make("input");
    range.type = "range";
    range.min = 0; range.max = 100; range.value = state.cut;
    range.setAttribute("aria-label", "where the second image begins");
    range.addEventListener("input", () => {
      state.cut = range.value;
      one("stage").querySelector(".over")?.style.setProperty("--cut", state.cut + "%");
    });
    buttons.push(range);
  }
  if (item.samples.some((sample) => sample.boxes.length)) {
    const button = make("button");
    button.type = "button";
    button.append(make("kbd", "b"), " boxes");
    button.setAttribute("aria-pressed", String(state.boxes));
    button.addEventListener("click", toggle_boxes);
    buttons.push(button);
  }
  one("views").replaceChildren(...buttons);
}

export function set_view(view) {
  state.view = state.view === view && view !== "side" ? "side" : view;
  stage();
}
export function toggle_boxes() { state.boxes = !state.boxes; stage(); }
