/** The card with tabs: presets, blend, notes, MIDI, takes. */

import { bar, learnableBar, toggle } from "./bar.js";
import { choice, h, tabs } from "./dom.js";
import { midiPanel } from "./midi.js";

const SLOTS = 4;

/** Build the card around the panel of presets. */
export function buildTabs(instrument, root, presets) {
  const panels = { Presets: presets, Blend: h("div", { className: "pane" }), Notes: h("div", { className: "pane" }), MIDI: midiPanel(instrument), Takes: takesPanel(instrument) };
  const place = h("div", { className: "list" });
  const names = Object.fromEntries(Object.keys(panels).map((name) => [name, name]));
  const heads = tabs(names, place, (name) => {
    for (const [other, panel] of Object.entries(panels)) panel.hidden = other !== name;
  });
  place.append(...Object.values(panels));
  root.replaceChildren(heads.element, place);
  instrument.onModel(() => {
    if (panels.Blend.childElementCount) return;
    panels.Blend.replaceChildren(...blend(instrument));
    panels.Notes.replaceChildren(...notes(instrument));
  });
  heads.select("Presets");
}

function blend(instrument) {
  const space = h("p", { className: "hint" });
  const said = {
    one: "One model plays. Choose others to play with it.", latents: "Blended in latents: they share decoder and vocoder.",
    mel: "Blended in the mel: they share a vocoder.",
    sound: "Blended in sound.", both: "Some are blended in latents, others in sound.",
  };
  const lists = [...Array(SLOTS).keys()].map((slot) => {
    const list = choice(`Model of slot ${slot + 1}`, (name) => instrument.send("/distill/blend/model", slot, name));
    instrument.watch(`/distill/blend/model/${slot}`, list.element, list.show);
    return list;
  });
  instrument.on("/distill/model/list.reply", (...names) => {
    const models = names.filter((_, index) => index % 2 === 0).map((name) => [name, name]);
    lists.forEach((list, slot) => list.fill(slot ? [["", "empty"], ...models] : models));
  });
  instrument.on("/distill/error", (address) => {
    if (address === "/distill/blend/model") lists.forEach((list, slot) => list.show(instrument.values.get(`/distill/blend/model/${slot}`) ?? ""));
  });
  instrument.watch("/distill/blend/space", space, (name) => (space.textContent = said[name] ?? ""));
  const rows = lists.map((list, slot) => h("div", { className: "line halves" }, list.element, learnableBar(instrument, `/distill/blend/${slot}`, { label: "weight" })));
  return [...rows, space, bar(instrument, "/distill/source/fade", { label: "cross-fade" })];
}

function notes(instrument) {
  const { MIN: least, MAX: most } = instrument.nodes.get("/distill/voices")?.RANGE?.[0] ?? { MIN: 1, MAX: 1 };
  const voices = choice("Voices: notes that sound at once", (count) => instrument.set("/distill/voices", Number(count)));
  voices.fill([...Array(most - least + 1).keys()].map((index) => [String(least + index), `${least + index} at once`]));
  instrument.watch("/distill/voices", voices.element, (count) => voices.show(String(count)));
  const rows = [["/distill/pitch", "pitch"], ["/distill/note/bend", "bend"], ["/distill/note/release", "release"], ["/distill/source/tempo", "tempo"]];
  return [
    ...rows.map(([address, label]) => learnableBar(instrument, address, { label })),
    h("div", { className: "line" }, h("label", { className: "labelled grow" }, h("span", {}, "voices"), voices.element), toggle(instrument, "/distill/note/hold", "hold notes")),
    h("p", { className: "hint" }, "A MIDI keyboard plays notes. Play lets the instrument go on by itself."),
  ];
}

function takesPanel(instrument) {
  const list = h("ul", { className: "lines" });
  instrument.on("/distill/take/list.reply", (...pairs) => {
    const takes = [];
    for (let i = 0; i < pairs.length; i += 2) takes.push(h("li", {}, h("span", {}, pairs[i]), h("span", { className: "muted" }, pairs[i + 1])));
    list.replaceChildren(...(takes.length ? takes : [h("li", { className: "muted" }, "No takes yet. Rec records what you do.")]));
  });
  instrument.onState((connected) => connected && instrument.ask("/distill/take/list"));
  return h("div", { className: "pane" }, list, h("p", { className: "hint" }, "distill render MODEL --take NAME.take -o OUT.wav makes sound of one."));
}
