/** The comparison of two sounds: one clock for both, a switch without a gap, equal loudness, blind with a tally. */

import { button, h } from "/ui/dom.js";
import { at } from "./api.js";
import { drawOutline } from "./parts.js";

const SWITCH_SECONDS = 0.01; // of the cross-fade: short, and without a click
const QUIETEST = 1e-6; // of an RMS

/** Build the comparison; `put(side, entry)` chooses a sound. */
export function buildComparison(shared) {
  const context = { audio: null };
  const sides = { A: null, B: null };
  const wanted = { A: null, B: null }; // chosen last, on its way perhaps
  const state = { heard: "A", loop: true, matched: true, blind: false, hidden: "AB", better: { A: 0, B: 0 }, from: 0, began: 0, nodes: null };
  const names = { A: h("span", { className: "grow name" }, "choose A in the history"), B: h("span", { className: "grow name" }, "choose B in the history") };
  const waves = { A: h("canvas", { className: "wave" }), B: h("canvas", { className: "wave" }) };
  const tally = h("span", { className: "muted", role: "status" });
  const play = button("▶ Play", () => (state.nodes ? stop() : start()), { className: "play", title: "Space" });
  const other = button("Switch (X)", () => turn(), { title: "The other sound, at the same place" });
  const loop = toggle("loop", "Loop", true, (before) => turnLoop(before));
  const matched = toggle("matched", "Same loudness", true, () => gains());
  const blind = toggle("blind", "Blind", false, () => mix());
  const votes = ["first", "second"].map((word, index) => button(`${index + 1}: ${word} is better`, () => vote(index), { hidden: true }));
  const element = h(
    "div", { className: "comparison", tabIndex: 0, role: "group", "aria-label": "Compare two sounds: space plays, X switches, 1 and 2 vote" },
    h("div", { className: "head wrap" }, h("h2", {}, "Compare"), play, other, ...votes, tally, h("span", { className: "grow" }), loop, matched, blind),
    ...["A", "B"].map((side) => h("div", { className: "line", "data-side": side }, h("b", { className: "letter" }, side), names[side], waves[side])),
  );

  function toggle(name, text, on, after = () => {}) {
    const made = button(text, () => {
      const before = place();
      state[name] = !state[name];
      made.setAttribute("aria-pressed", state[name]);
      after(before);
      show();
    }, { "aria-pressed": on });
    return made;
  }

  /** Return where in the sound the clock stands, in seconds. */
  const place = () => {
    if (!state.nodes) return state.from;
    const length = Math.max(...Object.values(sides).map((one) => one?.buffer.duration ?? 0));
    const gone = state.from + context.audio.currentTime - state.began;
    return state.loop ? gone % length : Math.min(gone, length);
  };
  /** Return the side that a listener calls A or B: in a blind test they may be exchanged. */
  const real = (shown) => (state.blind ? state.hidden["AB".indexOf(shown)] : shown);

  const put = async (side, entry) => {
    wanted[side] = entry;
    try {
      context.audio ??= new AudioContext();
      const data = await (await fetch(`${at("/api/renders", entry.id)}/audio`)).arrayBuffer();
      const buffer = await context.audio.decodeAudioData(data);
      if (wanted[side] !== entry) return; // another one was chosen meanwhile
      stop();
      sides[side] = { entry, buffer, rms: rms(buffer), lufs: entry.made.figures?.quality?.lufs };
      state.better = { A: 0, B: 0 };
      mix();
      show();
    } catch {
      shared.say(`${entry.title} cannot be decoded by this browser: render it as WAV or FLAC.`, "error");
    }
  };
  const start = () => {
    if (!sides.A || !sides.B) return;
    context.audio.resume();
    const length = Math.max(sides.A.buffer.duration, sides.B.buffer.duration);
    state.from = state.from >= length ? 0 : state.from;
    state.nodes = {};
    for (const side of ["A", "B"]) {
      const source = new AudioBufferSourceNode(context.audio, { buffer: fitted(context.audio, sides[side].buffer, length), loop: state.loop });
      const gain = new GainNode(context.audio, { gain: 0 });
      source.connect(gain).connect(context.audio.destination);
      source.start(0, state.from);
      state.nodes[side] = { source, gain };
    }
    state.nodes.A.source.onended = () => stop();
    state.began = context.audio.currentTime;
    gains(true);
    show();
    requestAnimationFrame(draw);
  };
  const stop = () => {
    if (!state.nodes) return;
    state.from = place();
    for (const { source } of Object.values(state.nodes)) {
      source.onended = null;
      source.stop();
    }
    state.nodes = null;
    show();
  };
  /** Set both gains: the sound that is heard at its loudness, the other one silent. */
  const gains = (atOnce = false) => {
    if (!state.nodes) return;
    const levels = loudnesses(sides);
    const quieter = Math.min(levels.A, levels.B);
    for (const side of ["A", "B"]) {
      const loudness = state.matched ? 10 ** ((quieter - levels[side]) / 20) : 1;
      const target = side === real(state.heard) ? loudness : 0;
      const { gain } = state.nodes[side].gain;
      if (atOnce) gain.value = target;
      else gain.setTargetAtTime(target, context.audio.currentTime, SWITCH_SECONDS / 3);
    }
  };
  /** Loop or not from here on, also what sounds now; `before` is where the clock stood. */
  const turnLoop = (before) => {
    if (!state.nodes) return;
    [state.from, state.began] = [before, context.audio.currentTime];
    for (const { source } of Object.values(state.nodes)) source.loop = state.loop;
  };
  const turn = () => {
    state.heard = state.heard === "A" ? "B" : "A";
    gains();
    show();
  };
  /** Exchange the two, or not, unseen. */
  const mix = () => {
    state.hidden = Math.random() < 0.5 ? "AB" : "BA";
    state.heard = "A";
    gains();
  };
  const vote = (index) => {
    if (!state.blind || !sides.A || !sides.B) return;
    state.better[real("AB"[index])] += 1;
    mix();
    show();
  };
  const show = () => {
    for (const side of ["A", "B"]) {
      names[side].textContent = !sides[side] ? `choose ${side} in the history` : state.blind ? "hidden" : sides[side].entry.title;
      element.querySelector(`[data-side=${side}]`).classList.toggle("heard", side === state.heard);
      waves[side].hidden = state.blind;
    }
    play.disabled = other.disabled = !sides.A || !sides.B;
    play.textContent = state.nodes ? "■ Stop" : "▶ Play";
    votes.forEach((one) => (one.hidden = !state.blind));
    const { A, B } = state.better;
    const count = A + B;
    tally.textContent = !count ? "" : state.blind ? `${count} vote${count === 1 ? "" : "s"} so far; turn Blind off to see them` : `better: ${sides.A.entry.title} ${A}, ${sides.B.entry.title} ${B}`;
    drawAll();
  };
  const drawAll = () => {
    if (state.blind) return;
    const longest = Math.max(...Object.values(sides).map((one) => one?.buffer.duration ?? 0), 1e-3);
    for (const side of ["A", "B"]) if (sides[side]) drawOutline(waves[side], sides[side].outline ??= outline(sides[side].buffer), place() / longest);
  };
  const draw = () => {
    drawAll();
    if (state.nodes) requestAnimationFrame(draw);
  };
  for (const side of ["A", "B"]) {
    waves[side].addEventListener("click", (event) => {
      const longest = Math.max(...Object.values(sides).map((one) => one?.buffer.duration ?? 0));
      const going = Boolean(state.nodes);
      stop();
      state.from = (event.offsetX / waves[side].clientWidth) * longest;
      if (going) start();
      else show();
    });
  }
  element.addEventListener("keydown", (event) => {
    const keys = { " ": () => play.click(), x: turn, X: turn, 1: () => vote(0), 2: () => vote(1) };
    if (!keys[event.key] || (event.key === " " && event.target.tagName === "BUTTON")) return;
    event.preventDefault();
    keys[event.key]();
  });
  show();
  return { element, put, state, context };
}

/** Return a buffer that is as long as the other: both run on one clock, so both must loop alike. */
function fitted(audio, buffer, seconds) {
  const frames = Math.round(seconds * buffer.sampleRate);
  if (buffer.length >= frames) return buffer;
  const longer = audio.createBuffer(buffer.numberOfChannels, frames, buffer.sampleRate);
  for (let channel = 0; channel < buffer.numberOfChannels; channel += 1) longer.copyToChannel(buffer.getChannelData(channel), channel);
  return longer;
}

/** Return how loud both sounds are: in LUFS, as measured when they were kept (ITU-R BS.1770-5); in dB RMS if one was not. */
function loudnesses({ A, B }) {
  const measured = [A, B].every(({ lufs }) => Number.isFinite(lufs));
  return Object.fromEntries(Object.entries({ A, B }).map(([side, { lufs, rms }]) => [side, measured ? lufs : 20 * Math.log10(rms)]));
}

/** Return the RMS of all channels. */
function rms(buffer) {
  let sum = 0;
  for (let channel = 0; channel < buffer.numberOfChannels; channel += 1) for (const sample of buffer.getChannelData(channel)) sum += sample * sample;
  return Math.max(Math.sqrt(sum / (buffer.length * buffer.numberOfChannels)), QUIETEST);
}

function outline(buffer, columns = 400) {
  const samples = buffer.getChannelData(0);
  const [low, high] = [[], []];
  for (let column = 0; column < columns; column += 1) {
    const part = samples.subarray(Math.floor((column * samples.length) / columns), Math.floor(((column + 1) * samples.length) / columns));
    low.push(127 * part.reduce((a, b) => Math.min(a, b), 0));
    high.push(127 * part.reduce((a, b) => Math.max(a, b), 0));
  }
  return [low, high];
}
