/** Presets: pads to recall with a glide, saving, order, and morphing between two. */

import { bar } from "./bar.js";
import { asksToDelete, asksToReplace, button, choice, h, locked, number } from "./dom.js";
import { learnButton } from "./midi.js";

const LONGEST_GLIDE = 20;
const MORPH = "/distill/morph";
const NEVER = new Set(
  ["gain", "morph", "model", "vocoder", "voices", "follow", "note/bend", ...["input_gain", "tempo", "phase", "gate", "fade"].map((name) => `source/${name}`)].map((name) => `/distill/${name}`),
); // what presets never hold

/** Return the panel; `recall(number)` of the result recalls the pad of a key. */
export function presetsPanel(instrument) {
  const state = { names: [], glide: 1, chosen: "" };
  const pads = h("div", { className: "pads" });
  const edit = h("div", { className: "line edit", hidden: true });
  const name = h("input", { type: "text", placeholder: "name of a new preset", maxLength: 64, className: "grow", "aria-label": "Name of a new preset" });
  const change = button("Edit", () => change.setAttribute("aria-pressed", change.ariaPressed !== "true"), { "aria-pressed": false, title: "The next pad that is pressed can be renamed, moved or deleted" });
  const saver = h("button", { type: "submit" }, "Save");
  const save = h("form", { className: "line" }, name, saver, change);
  let saving = ""; // sent, and not in the list yet
  const replacing = asksToReplace(saver, name, (preset) => `${preset} is there already: press again to replace it`, "panic");
  const recall = (preset) => instrument.send("/distill/preset/recall", preset, state.glide);
  const press = (preset) => (change.ariaPressed === "true" ? open(preset) : recall(preset));
  save.addEventListener("submit", (event) => {
    event.preventDefault();
    const wanted = name.value.trim();
    if (!wanted) return;
    if (state.names.includes(wanted) && !replacing.agreed(wanted)) return;
    replacing.cancel();
    saving = wanted;
    instrument.send("/distill/preset/save", wanted);
  });
  instrument.on("/distill/error", (address) => address === "/distill/preset/save" && (saving = "")); // the name stays, to be mended
  const close = () => {
    const pad = edit.contains(document.activeElement) && pads.children[Math.max(state.names.indexOf(state.chosen), 0)];
    state.chosen = "";
    edit.hidden = true;
    if (pad) pad.focus();
  };
  const open = (preset) => {
    if (locked()) return;
    change.setAttribute("aria-pressed", false);
    state.chosen = preset;
    edit.replaceChildren(...editor(instrument, state, close));
    edit.hidden = false;
    edit.querySelector("input").focus({ preventScroll: true });
    edit.scrollIntoView({ block: "nearest" }); // all of it, not its first line alone
  };
  const glide = { label: "glide", min: 0, max: LONGEST_GLIDE, text: (v) => `${number(v)} s`, send: (v) => (state.glide = v), start: state.glide };
  const morph = morphRow(instrument);
  instrument.on("/distill/preset/list.reply", (...names) => {
    if (saving && names.includes(saving)) {
      if (name.value.trim() === saving) name.value = "";
      saving = "";
    }
    // A list that says the same again leaves the pads alone: a press would be lost with the pad under it.
    if (pads.children.length && JSON.stringify(names) === JSON.stringify(state.names)) return;
    state.names = names;
    const places = names.map((preset, index) => pad(instrument, preset, index, press, open));
    const focused = [...pads.children].indexOf(document.activeElement);
    pads.replaceChildren(...(places.length ? places : [h("p", { className: "hint" }, "No presets yet: give the present sound a name and save it.")]));
    if (focused >= 0) pads.children[Math.min(focused, pads.children.length - 1)].focus();
    change.disabled = !places.length;
    morph.fill(names);
    if (!names.includes(state.chosen)) close();
  });
  const list = () => ["list", "excluded"].forEach((which) => instrument.ask(`/distill/preset/${which}`));
  instrument.on("/distill/preset/changed", list);
  instrument.onModel(list);
  const making = locked() ? [] : [save, leftOut(instrument)];
  const element = h("div", { className: "pane" }, pads, edit, ...making, h("div", { className: "moves" }, bar(instrument, "", glide), ...morph.elements));
  return { element, close: () => replacing.cancel() || (!edit.hidden && (close(), true)), recall: (index) => state.names[index] !== undefined && recall(state.names[index]) };
}

/** What presets leave out: chosen from all parameters that they would hold, for all models. */
function leftOut(instrument) {
  const short = (address) => address.replace("/distill/", "");
  const send = (address, excluded) => instrument.send("/distill/preset/exclude", address, excluded);
  const list = h("ul", { className: "lines" });
  const head = h("summary", {}, "Left out of presets");
  const add = choice("Parameter that presets shall leave out", (address) => address && send(address, 1), "leave out …");
  const element = h("details", {}, head, list, add.element);
  instrument.on("/distill/preset/excluded.reply", (...addresses) => {
    head.textContent = addresses.length ? `Left out of presets: ${addresses.length}` : "Left out of presets: nothing";
    list.replaceChildren(...addresses.map((address) => h("li", {}, h("span", {}, short(address)), button("Take in", () => send(address, 0)))));
    const others = [...instrument.nodes.keys()].filter((address) => instrument.nodes.get(address).ACCESS === 3 && !NEVER.has(address) && !addresses.includes(address));
    add.fill([["", "leave out a parameter of all presets"], ...others.map((address) => [address, short(address)])]);
    add.show("");
  });
  return element;
}

/** A pad recalls; a right click, Edit or the key E opens what else can be done. Pads are ordered by dragging. */
function pad(instrument, preset, index, press, open) {
  const element = button("", () => press(preset), { className: "pad", draggable: !locked(), title: locked() ? preset : `${preset}: right-click or E to rename, move or delete` });
  element.append(h("small", {}, String(index + 1)), h("span", {}, preset));
  element.addEventListener("contextmenu", (event) => {
    event.preventDefault();
    open(preset);
  });
  element.addEventListener("keydown", (event) => event.key.toLowerCase() === "e" && (event.preventDefault(), open(preset)));
  element.addEventListener("dragstart", (event) => event.dataTransfer.setData("text/plain", preset));
  element.addEventListener("dragover", (event) => event.preventDefault());
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    instrument.send("/distill/preset/move", event.dataTransfer.getData("text/plain"), index);
  });
  return element;
}

function editor(instrument, state, close) {
  const preset = state.chosen;
  const name = h("input", { type: "text", value: preset, maxLength: 64, size: 6, className: "grow", "aria-label": "New name" });
  const move = (by) => instrument.send("/distill/preset/move", preset, Math.max(state.names.indexOf(preset) + by, 0));
  const remove = asksToDelete(() => preset, (name) => instrument.send("/distill/preset/delete", name)).element;
  const rename = () => {
    if (name.value.trim() && name.value !== preset) instrument.send("/distill/preset/rename", preset, name.value.trim());
    close();
  };
  name.addEventListener("keydown", (event) => event.key === "Enter" && rename());
  return [name, button("OK", rename), button("◀", () => move(-1), { "aria-label": "Move to the left" }),
    button("▶", () => move(1), { "aria-label": "Move to the right" }), remove];
}

function morphRow(instrument) {
  const ends = ["first", "second"].map((end) => choice(`Morph: ${end} preset`, () => send(at)));
  let at = 0;
  const send = (x) => {
    at = x;
    const [a, b] = ends.map((end) => end.element.value);
    a && b ? instrument.set("/distill/preset/morph", a, b, x) : instrument.set(MORPH, x);
  };
  const slider = h("div", { className: "row", hidden: true });
  const pair = h("div", { className: "line morph", hidden: true }, ...ends.map((end) => end.element));
  instrument.onModel(() => {
    const shown = bar(instrument, MORPH, { text: (x) => `${Math.round(100 * x)} %`, send });
    instrument.watch(MORPH, shown, (x) => (at = x));
    slider.replaceChildren(shown, learnButton(instrument, MORPH));
  });
  const fill = (names) => {
    slider.hidden = pair.hidden = names.length < 2;
    if (pair.hidden) return;
    ends.forEach((end, index) => {
      const before = end.element.value;
      end.fill(names.map((name) => [name, name]));
      end.show(names.includes(before) ? before : names[index]);
    });
  };
  return { elements: [slider, pair], fill };
}
