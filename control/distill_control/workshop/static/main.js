/** Put the screens together: the frame, the messages, the jobs, and which screen is open. */

import { button, h } from "/ui/dom.js";
import { Instrument } from "/ui/instrument.js";
import { ask, FINAL, Jobs } from "./api.js";
import { buildCodes } from "./codes.js";
import { jobRow } from "./jobs.js";
import { buildLibrary } from "./library.js";
import { silence } from "./parts.js";
import { buildRender } from "./render.js";
import { buildTrain } from "./train.js";

const TWICE_MS = 600; // between two Esc that mean panic
const TOAST_MS = 8000;
const STATUS_MS = 2000;
const HIGH_LOAD = 0.8; // of a hop's time, from which a training may disturb what plays
const ENGINE_MS = 3000; // between two looks for an engine
const SCREENS = { train: "Corpus & Train", render: "Render", library: "Library", codes: "Codes" };
const id = (name) => document.getElementById(name);

const engine = await ask("/api/engine").catch(() => ({ port: 9001, running: false, home: "" }));
const place = `http://${location.hostname}:${engine.port}`;
const instrument = new Instrument(place);
const jobs = new Jobs();
const models = { rows: [], watchers: [] };

/** What the screens share. */
const shared = {
  instrument,
  jobs,
  home: engine.home,
  models: () => models.rows,
  onModels: (show) => models.watchers.push(show),
  reload: async () => {
    models.rows = await ask("/api/models");
    models.watchers.forEach((show) => show(models.rows));
  },
  open: (screen) => (location.hash = screen),
  say,
  fail: (error) => say(error.message, "error"),
};

const screens = { train: buildTrain(shared, id("train")), render: buildRender(shared, id("render")), library: buildLibrary(shared, id("library")), codes: buildCodes(shared, id("codes")) };
shared.screens = screens;
buildFrame();
buildDrawer();

function buildFrame() {
  const tabs = Object.entries(SCREENS).map(([name, text]) => h("a", { href: `#${name}`, className: "tab", "data-screen": name }, text));
  const play = h("a", { href: `${place}/ui/?workshop=${location.port}`, className: "tab", target: "distill-play" }, "Play ↗");
  const heard = h("span", { className: "connection" }, "no engine");
  const panic = button("Panic", () => instrument.send("/distill/panic"), { className: "panic", title: "Silence the engine at once (Esc twice)" });
  const running = h("button", { type: "button", className: "now", onclick: () => toggle(true), hidden: true });
  const bell = button("Jobs", () => toggle(), { className: "bell", "aria-expanded": false });
  instrument.onState((connected) => {
    heard.textContent = connected ? "● engine plays" : "○ no engine";
    heard.classList.toggle("active", connected);
    panic.disabled = !connected;
  });
  panic.disabled = true;
  id("frame").replaceChildren(h("nav", { className: "line", "aria-label": "Screens" }, h("h1", {}, "Distill"), play, ...tabs, h("span", { className: "grow" }), running, heard, panic, bell));
  jobs.watch(() => {
    const active = [...jobs.all.values()].filter((job) => !FINAL.includes(job.state));
    const job = active.find((one) => one.heavy && one.state !== "queued") ?? active[0];
    running.hidden = !job;
    if (!job) return;
    const { done, total } = job.progress;
    running.title = job.title;
    running.textContent = `${total ? `${Math.round((100 * done) / total)} % ` : ""}${job.title}${active.length > 1 ? ` +${active.length - 1}` : ""}`;
  });
}

let before = null; // what had the focus when the drawer opened
function toggle(open = id("drawer").hidden) {
  if (open !== id("drawer").hidden) return;
  if (open) before = document.activeElement;
  id("drawer").hidden = !open;
  document.querySelector(".bell").setAttribute("aria-expanded", open);
  (open ? id("drawer").querySelector("button") : before)?.focus();
}

function buildDrawer() {
  const rows = h("ul", { className: "lines", "data-list": "jobs" });
  const log = h("ol", { className: "log" });
  id("drawer").replaceChildren(
    h("div", { className: "head" }, h("h2", {}, "Jobs"), h("span", { className: "grow" }), button("Close", () => toggle(false))),
    rows, h("h2", {}, "Messages"), log,
  );
  const known = new Map();
  jobs.watch((news) => {
    for (const job of news) {
      if (job.state === "gone") {
        known.get(job.id)?.element.remove();
        known.delete(job.id);
        continue;
      }
      if (!known.has(job.id)) {
        known.set(job.id, jobRow(shared, job.id));
        const after = [...known.keys()].sort().reverse();
        rows.insertBefore(known.get(job.id).element, known.get(after[after.indexOf(job.id) + 1])?.element ?? null);
      }
      known.get(job.id).show(jobs.all.get(job.id));
    }
  });
  instrument.on("/distill/error", (address, reason) => say(`${address}: ${reason}`, "error"));
}

let hiding = 0;
function say(text, level = "info") {
  const toast = id("toast");
  toast.textContent = text;
  toast.className = level;
  clearTimeout(hiding);
  hiding = setTimeout(() => (toast.textContent = ""), TOAST_MS);
  id("drawer").querySelector(".log").prepend(h("li", { className: level }, h("time", {}, new Date().toTimeString().slice(0, 8)), h("b", {}, level), h("span", {}, text)));
}
id("toast").addEventListener("click", () => (id("toast").textContent = ""));

function show() {
  const name = SCREENS[location.hash.slice(1)] ? location.hash.slice(1) : "train";
  silence();
  for (const screen of Object.keys(SCREENS)) id(screen).hidden = screen !== name;
  for (const tab of document.querySelectorAll("[data-screen]")) tab.toggleAttribute("aria-current", tab.dataset.screen === name);
  screens[name].open?.();
}
window.addEventListener("hashchange", show);

/** Models change when jobs end, and with each checkpoint. */
const stamps = new Map();
jobs.watch((news) => {
  const before = [...stamps.values()].join();
  for (const job of news) stamps.set(job.id, `${job.saved ?? ""}${FINAL.includes(job.state)}`);
  if ([...stamps.values()].join() !== before) shared.reload().catch(() => {});
});
jobs.onState((connected) => {
  id("gone").hidden = connected;
  id("gone").textContent = "The workshop is gone. Trying again. Is distill ui running? Jobs go on without it.";
  document.body.classList.toggle("lost", !connected);
});

/** A file that is dropped beside its target must not take the place of the page: it is told where it goes. */
const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
document.addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
document.addEventListener("drop", (event) => {
  if (event.defaultPrevented || !holdsFiles(event)) return;
  say("Drop sounds on the middle of Corpus & Train, and model files on the list of the Library.", "warning");
  event.preventDefault();
});

let escaped = -Infinity;
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (performance.now() - escaped < TWICE_MS) instrument.send("/distill/panic");
  escaped = performance.now();
  toggle(false);
  silence();
});

/** Offer a pause where the engine is short of time while a job runs; nothing is paused by itself. */
let underruns = null;
instrument.on("/distill/status.reply", (...pairs) => {
  const status = Object.fromEntries(pairs.flatMap((value, index) => (index % 2 ? [] : [[value, pairs[index + 1]]])));
  const more = underruns !== null && status.underruns > underruns;
  underruns = status.underruns;
  const job = jobs.latest((one) => one.heavy && one.state === "running");
  if (more && status.load > HIGH_LOAD && job) say(`The engine had an underrun at ${Math.round(100 * status.load)} % load. ${job.title} can be paused: Pause on its card.`, "warning");
});
setInterval(() => instrument.connected && !document.hidden && instrument.ask("/distill/status"), STATUS_MS);

/** Connect to the engine once there is one. */
let joined = false;
async function join(running) {
  if (!joined && running) {
    joined = true;
    instrument.open();
  } else if (!joined) {
    setTimeout(() => ask("/api/engine").then((found) => join(found.running), () => join(false)), ENGINE_MS);
  }
}

await shared.reload().catch(shared.fail);
jobs.open();
show();
join(engine.running);
