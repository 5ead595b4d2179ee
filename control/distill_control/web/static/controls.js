/** The named controls with what was measured of them, the latents, and strain. */

import { learnableBar } from "./bar.js";
import { button, h, number, put, tabs } from "./dom.js";

const DICE_SECONDS = 1;
const MOST_ALSO = 3; // other features named that a control moves too

/** Build the card; it is built again for every model. */
export function buildControls(instrument, root) {
  const info = h("p", { className: "info" });
  const strain = strainMeter(instrument);
  let shown = "controls";
  instrument.onModel((facts) => {
    const lists = { controls: controlList(instrument, facts, info), latents: latentList(instrument, facts) };
    const list = h("div", { className: "list" });
    const heads = tabs({ controls: "Controls", latents: "Latents" }, list, (name) => {
      shown = name;
      list.replaceChildren(...lists[name]);
    });
    root.replaceChildren(
      h("div", { className: "head" }, heads.element,
        button("Centre all", () => centre(instrument, facts)), button("Dice", () => dice(instrument, facts), { title: "Random values inside the safe ranges" })),
      list, h("div", { className: "foot" }, info, strain),
    );
    heads.select(shown);
    describe(info, null);
  });
}

function controlList(instrument, facts, info) {
  const offered = (facts.controls ?? []).map((name) => controlRow(instrument, name, facts.analysis?.[name], info));
  const withheld = Object.entries(facts.withheld ?? {}).map(([name, reason]) =>
    h("div", { className: "withheld" }, h("span", {}, name), h("span", {}, reason.startsWith(`${name}: `) ? reason.slice(name.length + 2) : reason)),
  );
  if (offered.length) return [...offered, ...withheld];
  return [h("p", { className: "hint" }, "This model has no controls: `distill analyse MODEL CORPUS` finds them."), ...withheld];
}

function controlRow(instrument, name, facts, info) {
  const measured = Boolean(facts?.measured && facts.high !== facts.low);
  const options = { label: name, min: -1, max: 1, safe: facts?.safe };
  if (measured) options.text = (value) => `${number(between(facts, value))} ${facts.unit}`;
  const row = learnableBar(instrument, `/distill/control/${name}`, options);
  row.classList.add("control");
  row.prepend(h("span", { className: "end" }, measured ? number(facts.low) : "−1"));
  row.lastElementChild.before(
    h("span", { className: "end" }, measured ? number(facts.high) : "1"),
    h("span", { className: "rho", title: "How reliably the sound follows: rank correlation" }, measured ? `ρ ${facts.rho.toFixed(2)}` : ""),
  );
  for (const event of ["pointerenter", "focusin"]) row.addEventListener(event, () => describe(info, name, facts, measured));
  return row;
}

function between(facts, value) {
  return value < 0 ? facts.centre + value * (facts.centre - facts.low) : facts.centre + value * (facts.high - facts.centre);
}

function describe(info, name, facts, measured) {
  if (name === null) {
    info.textContent = "Point at a control to read what it does. Double-click centres it, a right click or L learns a controller.";
    return;
  }
  const also = Object.entries(facts?.leakage ?? {}).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).filter(([, much]) => Math.abs(much) > 0.3);
  const moved = also.slice(0, MOST_ALSO).map(([other]) => other).join(", ");
  const reliable = measured ? `, ρ ${facts.rho.toFixed(2)}` : "";
  info.textContent = `${name}: ${facts?.description ?? "not measured"}${reliable}${moved ? `; also moves ${moved}` : ""}`;
}

function latentList(instrument, facts) {
  const count = Math.min(facts.latents ?? 0, 64);
  if (!count) return [h("p", { className: "hint" }, "This model has no latents with addresses.")];
  return [...Array(count).keys()].map((index) => learnableBar(instrument, `/distill/latent/${index}`, { label: `latent ${index}` }));
}

function strainMeter(instrument) {
  const fill = h("i");
  const words = h("output", { "aria-live": "off" }, "inside");
  instrument.watch("/distill/strain", fill, (value) => {
    fill.style.transform = `scaleX(${Math.min(value, 1)})`;
    put(words, value >= 1 ? "at the limit" : value > 0 ? "beyond what was learned" : "inside what was learned");
    words.className = value >= 1 ? "danger" : value > 0 ? "warning" : "muted";
  });
  return h("div", { className: "meter" }, h("span", {}, "strain"), h("b", {}, fill), words);
}

function centre(instrument, facts) {
  for (const name of facts.controls ?? []) instrument.set(`/distill/control/${name}`, 0);
}

function dice(instrument, facts) {
  for (const name of facts.controls ?? []) {
    const [low, high] = facts.analysis?.[name]?.safe ?? [-1, 1];
    instrument.set(`/distill/control/${name}`, low + Math.random() * (high - low), DICE_SECONDS);
  }
}
