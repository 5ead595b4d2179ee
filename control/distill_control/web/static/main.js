/** Put the parts together: panels, keys, stage views, the state of the connection. */

import { buildControls } from "./controls.js";
import { h, locked } from "./dom.js";
import { buildFrame } from "./frame.js";
import { Instrument } from "./instrument.js";
import { buildDrawer } from "./log.js";
import { buildMap } from "./map.js";
import { buildMarks } from "./marks.js";
import { cancel, startMidi } from "./midi.js";
import { presetsPanel } from "./presets.js";
import { buildSource } from "./source.js";
import { buildTabs } from "./tabs.js";

const TWICE_MS = 600; // between two Esc that mean panic
const id = (name) => document.getElementById(name);

/** On stage: `?view=presets` shows map and presets alone, `?lock=1` lets nothing else react but panic. */
const asked = new URLSearchParams(location.search);
document.body.classList.toggle("stage-view", asked.get("view") === "presets");
document.body.classList.toggle("locked", asked.get("lock") === "1");

const instrument = new Instrument();
const drawer = buildDrawer(instrument, id("drawer"), id("toast"));
const presets = presetsPanel(instrument);
startMidi(instrument, drawer);
buildFrame(instrument, id("frame"), drawer);
buildControls(instrument, id("controls"));
buildMap(instrument, id("map"), buildMarks);
buildSource(instrument, id("source"));
buildTabs(instrument, id("tabs"), presets.element);

/** Say for how long the engine has been gone. */
let since = 0;
let counting = 0;
instrument.onState((connected) => {
  document.body.classList.toggle("lost", !connected);
  id("gone").hidden = connected;
  if (connected) {
    clearInterval(counting);
    counting = 0;
  } else if (!counting) {
    since = performance.now();
    const seconds = h("span", { "aria-hidden": "true" }); // counted for the eyes alone: an alert is read out once
    id("gone").replaceChildren("The instrument is gone: is distill-engine running? Trying to reach it", seconds);
    const tell = () => (seconds.textContent = ` for ${Math.round((performance.now() - since) / 1000)} s`);
    tell();
    counting = setInterval(tell, 1000);
  }
});

/** A file that is dropped beside its target must not take the place of the page. */
for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());

let escaped = -Infinity;
document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input[type=text], select");
  if (event.key === "Escape") {
    if (performance.now() - escaped < TWICE_MS) instrument.send("/distill/panic");
    escaped = performance.now();
    cancel(instrument) || presets.close() || drawer.close();
  } else if (!typing && /^[1-9]$/.test(event.key) && !event.ctrlKey && !event.altKey && !event.metaKey) {
    presets.recall(Number(event.key) - 1);
  } else if (event.key === " " && !locked() && !event.target.matches("input, select, button")) {
    event.preventDefault();
    instrument.send(instrument.values.get("/distill/playing") ? "/distill/stop" : "/distill/play");
  }
});

if (locked()) {
  for (const name of ["controls", "source"]) id(name).inert = true;
  for (const element of id("frame").querySelectorAll("button, input, select")) if (!element.matches(".panic, .bell, .figures")) element.inert = true;
  instrument.onModel(() => (id("frame").querySelector(".levels").inert = true));
  for (const head of id("tabs").querySelectorAll("[role=tab]")) head.inert = head.textContent !== "Presets";
}
const awake = () => navigator.wakeLock?.request("screen").catch(() => {});
document.addEventListener("visibilitychange", () => document.hidden || awake());
awake();
instrument.open();
