/** The source: what moves the sound, with its own parameters alone. */

import { learnableBar, toggle } from "./bar.js";
import { button, h, inDecibels, put, share } from "./dom.js";

const LARGEST_SEED = 2 ** 31;
const SOURCES = {
  walk: ["Walk", ["source/leaps", "source/reach"]],
  drift: ["Drift", ["source/rate", "source/range", "source/grip", "source/grain", "source/reach"]],
  hold: ["Hold", ["source/grip", "source/grain", "source/reach"]],
  corpus: ["Corpus", ["source/position", "source/speed", "source/length", "source/jitter", "source/loop"]],
  input: ["Input", ["source/input_gain", "source/own", "source/reach"]],
  codes: ["Codes", ["codes/rate", "codes/position", "codes/repeat", ...[0, 1, 2, 3].flatMap((level) => [`codes/level/${level}`, `codes/shift/${level}`])]],
  prior: ["Prior", ["prior/temperature", "prior/top_p", "prior/novelty", "prior/rate", "prior/hold"]],
};
const LABELS = { top_p: "top p", input_gain: "input gain", own: "own sound" };

/** Build the card; it is built again for every model, because models differ in their sources. */
export function buildSource(instrument, root) {
  instrument.onModel((facts) => {
    const list = h("div", { className: "list" });
    const choices = Object.entries(SOURCES).map(([name, [label]]) => {
      const there = (facts.sources ?? Object.keys(SOURCES)).includes(name);
      const title = there ? "" : "this model cannot play it: see below";
      return [name, button(label, () => instrument.set("/distill/source", name), { disabled: !there, title })];
    });
    const missing = choices.filter(([, element]) => element.disabled).map(([name]) => name);
    const reason = missing.length ? h("p", { className: "hint" }, `Not in this model: ${missing.join(", ")}.`) : null;
    root.replaceChildren(
      h("div", { className: "choices", role: "group", "aria-label": "Source" }, ...choices.map(([, element]) => element),
        button("Again", () => instrument.send("/distill/source/trigger"), { className: "again", title: "Start the source again from its position" })),
      list,
    );
    let shown = "";
    instrument.watch("/distill/source", list, (name) => {
      for (const [other, element] of choices) element.setAttribute("aria-pressed", other === name);
      if (name === shown || !SOURCES[name]) return;
      shown = name;
      const level = name === "input" ? [inputMeter(instrument)] : [];
      list.replaceChildren(...level, ...parameters(instrument, [...SOURCES[name][1], "source/freeze"]), seedRow(instrument), ...(reason ? [reason] : []));
      instrument.prune();
    });
  });
}

function parameters(instrument, names) {
  return names.map((name) => `/distill/${name}`).filter((address) => instrument.nodes.has(address)).map((address) => {
    const [kind, index] = address.split("/").slice(-2);
    const label = Number.isInteger(Number(index)) ? `${kind} ${index}` : LABELS[index];
    if (instrument.nodes.get(address).TYPE === "i") return toggle(instrument, address, label);
    return learnableBar(instrument, address, label ? { label } : {});
  });
}

/** Show how loud the live input is, before its gain. */
function inputMeter(instrument) {
  const fill = h("i");
  const words = h("output", { "aria-live": "off" });
  instrument.watch("/distill/input/level", fill, (level) => {
    fill.style.transform = `scaleX(${share(level)})`;
    put(words, level <= -119 ? "silent" : inDecibels(level));
  });
  return h("div", { className: "meter" }, h("span", {}, "input"), h("b", {}, fill), words);
}

function seedRow(instrument) {
  const seed = h("input", { type: "text", inputMode: "numeric", size: 7, "aria-label": "Seed: starts everything random again from there" });
  const send = (value) => instrument.set("/distill/seed", value);
  seed.addEventListener("change", () => {
    const value = Number.parseInt(seed.value, 10);
    value >= 0 && value < LARGEST_SEED ? send(value) : (seed.value = instrument.values.get("/distill/seed"));
  });
  const element = h("div", { className: "line" },
    h("label", { className: "labelled grow" }, h("span", {}, "seed"), seed),
    button("Dice", () => send(Math.floor(Math.random() * 100000)), { title: "Another seed" }));
  instrument.watch("/distill/seed", seed, (value) => (seed.value = Math.round(value)));
  return element;
}
