// What every part of the page needs: elements, texts, the server, the state.
"use strict";

export const one = (id) => document.getElementById(id);
export const make = (tag, text, name) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (name) element.className = name;
  return element;
};
export const name_of = (text) => { const code = make("code"); code.append(make("bdi", text)); return code; };
// What stands between back-quotes is a name, and turns none of its neighbours round.
export const ticked = (text) => text.split("`").map((part, index, all) => (index % 2 && index < all.length - 1 ? name_of(part) : document.createTextNode((index % 2 ? "`" : "") + part)));

export async function ask(path, body) {
  let answer;
  try {
    answer = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  } catch {
    throw new Error("the server does not answer: was `splitlint review` ended?");
  }
  if (answer.ok || answer.status === 409) return answer.json();
  throw new Error(await answer.text());
}

export const state = {
  filter: { check: "", class: "", split: "", least: 0, state: "open", words: "" },
  queue: [], // what comes next, the first of it is shown
  open: 0, fitting: 0,
  done: [], // what this page decided, for undo
  sending: Promise.resolve(), waiting: 0,
  clock: 0, classes: [],
  view: "side", cut: 50, boxes: true, images: [],
  gone: new Set(), // decided here, and perhaps not yet at the server
  times: [], last: performance.now(),
};
export const current = () => state.queue[0];
export const key_of = (item) => item.code + " " + item.id;

// ---- what is remembered between two visits, in this browser only

export const remembered = (name) => { try { return localStorage.getItem("splitlint-" + name) ?? ""; } catch { return ""; } };
export const remember = (name, value) => { try { localStorage.setItem("splitlint-" + name, value); } catch { /* a private window */ } };

// ---- messages

export function banner(text, is_bad, action) {
  const place = one("banner");
  place.hidden = !text;
  place.className = is_bad ? "bad" : "";
  place.replaceChildren(...ticked(text || ""));
  if (action) {
    const button = make("button", action.words);
    button.type = "button";
    button.addEventListener("click", action.act);
    place.append(" ", button);
  }
}

export function failed(error) { banner(error.message, true); }

export const address = (sample, side) => "image/" + sample.image + (side ? "/" + side : "");
export const large = (item) => ["pair", "conflict"].includes(item.kind) || item.samples.length === 1;
export const is_pair = (item) => ["pair", "conflict"].includes(item.kind) && item.samples.length > 1;
