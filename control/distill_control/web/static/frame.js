/** The frame: model, vocoder, transport, recording, level, figures. */

import { bar } from "./bar.js";
import { atReading, button, choice, h, inDecibels, put, share } from "./dom.js";

const HOLD_MS = 1500;
const LIMITER_DB = -0.3;
const STATUS_MS = 500;

/** Put the frame into the page; `drawer` opens at a click on figures or messages. */
export function buildFrame(instrument, root, drawer) {
  const rows = [
    h("div", { className: "line" }, h("h1", {}, "Distill"), ...choices(instrument), h("span", { className: "grow" }), connection(instrument), drawer.bell),
    h("div", { className: "line" }, ...transport(instrument), recorder(instrument), h("span", { className: "levels" }), meters(instrument), figures(instrument, drawer)),
  ];
  root.replaceChildren(...rows);
  instrument.onModel(() => {
    const gain = bar(instrument, "/distill/gain", { text: inDecibels });
    root.querySelector(".levels").replaceChildren(gain, bar(instrument, "/distill/width"));
  });
}

function pairs(list, text) {
  const found = [];
  for (let i = 0; i + 1 < list.length; i += 2) found.push([list[i], text(list[i], list[i + 1])]);
  return found;
}

function choices(instrument) {
  const model = choice("Model", (name) => instrument.set("/distill/model", name));
  const vocoder = choice("Vocoder", (name) => instrument.set("/distill/vocoder", name));
  const about = h("p", { className: "reason" }, "loading the model …");
  const playing = { vocoder: "", reason: "", loading: "" };
  const tell = () => {
    about.textContent = playing.loading ? `loading ${playing.loading} …` : playing.reason || playing.vocoder;
    about.title = `${playing.vocoder}: ${playing.reason}`;
    about.classList.toggle("active", Boolean(playing.loading));
  };
  const lists = () => ["model", "vocoder"].forEach((kind) => instrument.ask(`/distill/${kind}/list`));
  instrument.on("/distill/model/list.reply", (...list) => model.fill(pairs(list, (name, of) => (of ? `${name} (${of})` : name))));
  instrument.on("/distill/vocoder/list.reply", (...list) => vocoder.fill(pairs(list, (name, of) => `${name}: ${of}`)));
  instrument.onState((connected) => connected && lists());
  instrument.watch("/distill/model", model.element, model.show);
  instrument.watch("/distill/vocoder", vocoder.element, vocoder.show);
  for (const [name, address] of [["vocoder", "vocoder/playing"], ["reason", "vocoder/reason"], ["loading", "loading"]]) {
    instrument.watch(`/distill/${address}`, about, (value) => {
      playing[name] = value;
      tell();
    });
  }
  return [labelled("model", model.element), labelled("vocoder", vocoder.element), about];
}

function labelled(text, element) {
  return h("label", { className: "labelled" }, h("span", {}, text), element);
}

function connection(instrument) {
  const state = h("span", { className: "connection" }, "connecting …");
  instrument.onState((connected) => {
    state.textContent = connected ? "● connected" : "○ not connected";
    state.classList.toggle("active", connected);
  });
  return state;
}

function transport(instrument) {
  const play = button("▶ Play", () => instrument.send("/distill/play"), { className: "play" });
  const stop = button("■ Stop", () => instrument.send("/distill/stop"));
  const panic = button("Panic", () => instrument.send("/distill/panic"), { className: "panic", title: "Silence at once (Esc twice)" });
  instrument.watch("/distill/playing", play, (on) => {
    play.setAttribute("aria-pressed", Boolean(on));
    stop.setAttribute("aria-pressed", !on);
    play.textContent = on ? "▶ Playing" : "▶ Play";
    stop.textContent = on ? "■ Stop" : "■ Stopped";
  });
  return [play, stop, panic];
}

function recorder(instrument) {
  const name = h("input", { type: "text", value: "take-01", maxLength: 64, spellcheck: false, "aria-label": "Name of the take" });
  const record = button("● Rec", () => instrument.send("/distill/record", on ? "stop" : name.value.trim() || "take-01"), { className: "record" });
  let on = false;
  let began = 0;
  const clock = () => {
    const seconds = Math.floor((performance.now() - began) / 1000);
    put(record, on ? `■ ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` : "● Rec");
    record.title = on ? "Stop recording" : "Record a take under this name";
  };
  setInterval(clock, 1000);
  instrument.watch("/distill/recording", record, (value) => {
    if (value && !on) began = performance.now();
    on = Boolean(value);
    record.setAttribute("aria-pressed", on);
    name.disabled = on;
    clock();
    if (!on && instrument.connected) instrument.ask("/distill/take/list");
  });
  instrument.on("/distill/take/list.reply", (...list) => {
    const taken = pairs(list, () => "").map(([take]) => take);
    for (let next = taken.length + 1; taken.includes(name.value); next += 1) name.value = `take-${String(next).padStart(2, "0")}`;
  });
  return h("span", { className: "joined" }, name, record);
}

function meters(instrument) {
  const held = h("i", { className: "held" });
  const label = h("span", {}, "peak");
  const parts = ["peak", "rms"].map((name) => {
    const fill = h("i");
    const value = h("output", { "aria-live": "off" });
    let latest = -120;
    const spell = () => put(value, latest <= -119 ? "−∞ dB" : inDecibels(latest));
    instrument.watch(`/distill/level/${name}`, fill, (level) => {
      latest = level;
      fill.style.transform = `scaleX(${share(level)})`;
      atReading(spell);
      if (name === "peak") hold(level);
    });
    return h("div", { className: "meter" }, name === "peak" ? label : h("span", {}, name), h("b", {}, fill, name === "peak" ? held : null), value);
  });
  let highest = -120;
  let until = 0;
  const hold = (level) => {
    if (level >= highest || performance.now() > until) [highest, until] = [level, performance.now() + HOLD_MS];
    held.style.transform = `translateX(${100 * share(highest)}%)`;
    if (level > LIMITER_DB) limited(true);
  };
  const limited = (on) => {
    put(label, on ? "limit" : "peak");
    label.className = on ? "danger" : "";
  };
  return h("button", { type: "button", className: "meters", title: "Level of the output; `limit` says that the limiter has worked, a click forgets it", onclick: () => limited(false) }, ...parts);
}

function figures(instrument, drawer) {
  const latency = h("span", {}, "– ms");
  const underruns = h("span", {}, "– underruns");
  const load = h("span", { className: "load" }, "load –");
  const midi = h("span", { className: "lamp", title: "MIDI: lights when a controller moves" }, "MIDI");
  const element = button("", () => drawer.open(), { className: "figures", title: "Latency, underruns, load: details" });
  element.append(latency, underruns, load, midi);
  let messages = null;
  instrument.on("/distill/status.reply", (...list) => {
    const status = Object.fromEntries(pairs(list, (_, value) => value));
    if (status.latency_ms === undefined) return; // nothing has been played yet
    put(latency, `${Math.round(status.latency_ms)} ms`);
    put(underruns, `${status.underruns} underrun${status.underruns === 1 ? "" : "s"}`);
    underruns.classList.toggle("warning", status.underruns > 0);
    put(load, `load ${Math.round(100 * status.load)} %`);
    midi.classList.toggle("active", messages !== null && status.midi_messages !== messages);
    messages = status.midi_messages ?? null;
    midi.hidden = !status.midi_ports;
    drawer.show(table(status));
  });
  setInterval(() => instrument.connected && !document.hidden && instrument.ask("/distill/status"), STATUS_MS);
  return element;
}

function table(status) {
  const of = (name, digits = 0) => Number(status[name] ?? 0).toFixed(digits);
  return [
    ["Sound goes to", status.device_connected ? status.device : "no device"],
    ["From a control to the loudspeaker", `${of("latency_ms", 1)} ms`],
    ["A hop takes (half, 99 of 100, longest)", `${of("hop_p50_ms", 1)}, ${of("hop_p99_ms", 1)}, ${of("hop_max_ms", 1)} ms of 11.6`],
    ["Underruns: the model was too slow", of("underruns_model")],
    ["Underruns: the machine stood still", of("underruns_stall")],
    ["Underruns: the device skipped", of("underruns_device")],
    ["Lost devices", of("device_losses")],
    ["Processor, memory", `${of("cpu_percent")} %, ${of("memory_mb")} MB`],
    ["MIDI ports, messages", `${of("midi_ports")}, ${of("midi_messages")}`],
    ["Clients that listen", of("subscribers")],
  ];
}
