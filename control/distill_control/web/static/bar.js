/** A parameter as a bar: name and value on it, the whole of it a slider for mouse, finger and keys. */

import { atPicture, atReading, h, inWords, number, put } from "./dom.js";
import { learn, learnButton } from "./midi.js";

const HAND_MS = 300; // a value that was just moved here is not moved by others
const VALUE_MS = 500; // between two values of a slider that others move: its thumb, unseen, costs as much as its text
const STEP = 0.01;
const LARGE_STEP = 0.1;

/** Return how values become places 0 to 1 and back: logarithmic or cubic where the range asks for it. */
export function scale(min, max) {
  const span = max - min;
  if (min > 0 && max / min >= 50) {
    const ratio = Math.log(max / min);
    return { place: (v) => Math.log(Math.max(v, min) / min) / ratio, value: (p) => min * Math.exp(p * ratio) };
  }
  if (min === 0 && max >= 60) return { place: (v) => Math.cbrt(v / max), value: (p) => max * p ** 3 };
  return { place: (v) => (v - min) / span, value: (p) => min + p * span };
}

/**
 * Return a bar for an address that has a value.
 * `options`: `label`; `text(value)`, what is shown; `safe` [from, to]; `learnable`; `send(value)` instead of setting.
 */
export function bar(instrument, address, options = {}) {
  const node = instrument.nodes.get(address) ?? {};
  const { MIN: min, MAX: max } = node.RANGE?.[0] ?? { MIN: options.min ?? 0, MAX: options.max ?? 1 };
  const unit = node.UNIT?.[0] ?? "";
  const label = options.label ?? inWords(address);
  const words = options.text ?? ((value) => `${number(value)}${unit ? ` ${unit}` : ""}`);
  const { place, value } = scale(min, max);
  const input = h("input", { type: "range", min: 0, max: 1, step: "any", "aria-label": label, title: node.DESCRIPTION ?? "" });
  const shown = h("output", { "aria-hidden": "true" }); // the slider says its value itself
  const [fill, mark] = ["fill", "mark"].map((className) => h("i", { className }));
  const element = h("div", { className: "bar", ...(address ? { "data-address": address } : {}) }, fill, mark, input, h("span", {}, label), shown);
  const resting = min < 0 && max > 0 ? 0 : null;
  const from = resting === null ? 0 : place(0);
  let latest = 0;
  let drawn = 0;
  let touched = -Infinity;
  let held = false;
  let waiting = 0;
  let set = -Infinity; // when the slider got its value
  let waits = 0; // timer of its next one

  // The bar moves by transforms alone at every picture; what costs a layout follows eight times a second.
  const paint = () => {
    const at = Math.min(Math.max(place(drawn), 0), 1);
    fill.style.transform = `translateX(${100 * Math.min(at, from)}%) scaleX(${Math.abs(at - from)})`;
    mark.style.transform = `translateX(${100 * at}%)`;
  };
  const spell = () => {
    const text = words(drawn);
    put(shown, text);
    input.setAttribute("aria-valuetext", text);
    const rest = VALUE_MS - (performance.now() - set);
    if (rest <= 0) setSlider();
    else waits ||= setTimeout(setSlider, rest);
  };
  const setSlider = () => {
    [set, waits] = [performance.now(), 0];
    input.value = Math.min(Math.max(place(drawn), 0), 1);
  };
  const draw = (v) => {
    drawn = v;
    atPicture(paint);
    atReading(spell);
  };
  const show = (v) => {
    latest = v;
    const rest = HAND_MS - (performance.now() - touched);
    if (!held && rest <= 0) return draw(v);
    clearTimeout(waiting);
    waiting = setTimeout(() => show(latest), Math.max(rest, 50));
  };
  const move = (v) => {
    const next = Math.min(Math.max(v, min), max);
    touched = performance.now();
    draw(next);
    options.send ? options.send(next) : instrument.set(address, next);
  };
  const moveTo = (at) => move(value(Math.min(Math.max(at, 0), 1)));

  input.addEventListener("input", () => move(value(Number(input.value))));
  input.addEventListener("pointerdown", () => (held = true));
  for (const end of ["pointerup", "pointercancel", "blur"]) input.addEventListener(end, () => (held = false));
  element.addEventListener("dblclick", () => resting !== null && move(0));
  element.addEventListener("contextmenu", (event) => {
    event.preventDefault();
    learn(instrument, address);
  });
  input.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? LARGE_STEP : STEP;
    const at = place(drawn);
    const moves = {
      ArrowRight: () => moveTo(at + step), ArrowUp: () => moveTo(at + step),
      ArrowLeft: () => moveTo(at - step), ArrowDown: () => moveTo(at - step),
      Home: () => moveTo(0), End: () => moveTo(1), 0: () => resting !== null && move(0),
      l: () => learn(instrument, address), L: () => learn(instrument, address, true),
    };
    if (!moves[event.key] || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    moves[event.key]();
  });
  if (options.safe) {
    element.classList.add("bounded");
    element.style.setProperty("--safe-from", place(options.safe[0]));
    element.style.setProperty("--safe-to", place(options.safe[1]));
  }
  if (options.send && !node.VALUE) draw(options.start ?? 0);
  if (node.VALUE) instrument.watch(address, element, show);
  return element;
}

/** Return a bar with a button that learns a controller for it. */
export function learnableBar(instrument, address, options = {}) {
  return h("div", { className: "row" }, bar(instrument, address, options), learnButton(instrument, address));
}

/** Return a switch for an address that is 0 or 1. */
export function toggle(instrument, address, label = inWords(address)) {
  const element = h("button", { type: "button", className: "toggle", title: instrument.nodes.get(address)?.DESCRIPTION ?? "" });
  element.addEventListener("click", () => instrument.set(address, instrument.values.get(address) ? 0 : 1));
  element.addEventListener("contextmenu", (event) => {
    event.preventDefault();
    learn(instrument, address);
  });
  instrument.watch(address, element, (on) => {
    element.setAttribute("aria-pressed", Boolean(on));
    element.textContent = `${label}: ${on ? "on" : "off"}`;
  });
  return element;
}
