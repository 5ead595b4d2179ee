/** How a job stands: a row of the drawer, and the card of a training with its course. */

import { button, h } from "/ui/dom.js";
import { ask, at, FINAL } from "./api.js";
import { curve } from "./curve.js";
import { clock, listen, question } from "./parts.js";

const KILL_MS = 10000; // after a stop, until ending it at once is offered
const WORDS = { queued: "waits for its turn", running: "running", paused: "paused", stopping: "stopping", done: "done", failed: "failed", cancelled: "stopped", lost: "lost" };

/** Return what a job says now, in one line. */
export function standing(job) {
  if (job.state === "failed" || job.state === "cancelled") return job.said.replace(/^.*?(error|cancelled): /, "").replace(" (--resume)", ""); // here a button does it
  if (job.state === "lost") return "It ended without a word: it was killed, or the machine went down. Files stay as last saved.";
  if (job.state === "done") return job.said ? `done, but ${job.said}` : "";
  const { stage, text, eta_seconds: left } = job.progress;
  return [stage, text, left != null && job.state === "running" ? `${clock(left)} left` : ""].filter(Boolean).join(" · ");
}

/** Return the share of a job that is done, 0 to 1; null if unknown. */
function share(job) {
  if (job.state === "done") return 1;
  const { done, total } = job.progress;
  return total ? Math.min(done / total, 1) : null;
}

/** Stop a job as Ctrl-C does. */
export function stop(shared, id, kill = false) {
  return ask(at("/api/jobs", id, "stop"), { method: "POST", body: { kill } }).catch(shared.fail);
}

/** Return a stop button that, pressed again after ten seconds, ends the job at once. */
function stopper(shared, id, place) {
  let pressed = 0;
  const element = button("Stop", () => {
    if (pressed && performance.now() - pressed > KILL_MS) {
      const text = "It has not stopped yet. End it at once? Files stay as last saved.";
      return question(place, text, [["Wait", null], ["End at once", () => stop(shared, id, true)]]);
    }
    pressed ||= performance.now();
    return stop(shared, id);
  });
  return element;
}

/** Return a row for the drawer: title, state, bar, line, stop or delete. */
export function jobRow(shared, id) {
  const title = h("b", {});
  const state = h("span", { className: "state" });
  const bar = h("progress", { max: 1 });
  const line = h("p", { className: "muted" });
  const asked = h("div");
  const halt = stopper(shared, id, asked);
  const forget = button("Forget", () => ask(at("/api/jobs", id), { method: "DELETE", body: {} }).catch(shared.fail));
  const element = h("li", { className: "job", "data-job": id }, h("div", { className: "line" }, title, h("span", { className: "grow" }), state, halt, forget), bar, line, asked);
  const show = (job) => {
    const over = FINAL.includes(job.state);
    title.textContent = job.title;
    state.textContent = WORDS[job.state];
    state.className = `state ${job.state}`;
    const part = share(job);
    bar.hidden = over || job.state === "queued";
    if (part === null) bar.removeAttribute("value");
    else bar.value = part;
    line.textContent = standing(job);
    line.hidden = !line.textContent;
    halt.hidden = over;
    forget.hidden = !over;
  };
  return { element, show };
}

/** Return the card of a training: where it stands, its course, previews, notes, stop; `show(job)` fills it. */
export function trainingCard(shared, root) {
  const title = h("h2", {});
  const state = h("span", { className: "state" });
  const bar = h("progress", { max: 1 });
  const line = h("p", { className: "standing", role: "status" });
  const course = curve();
  const previews = h("div", { className: "line wrap previews" });
  const notes = h("ul", { className: "notes muted" });
  const asked = h("div");
  const buttons = h("div", { className: "line" });
  const play = button("Play it on the engine", () => shared.instrument.set("/distill/model", current.about.model));
  const follow = button("Follow the training", () => shared.instrument.set("/distill/follow", shared.instrument.values.get("/distill/follow") ? 0 : 1), { title: "The engine takes each new version with a fade" });
  const pause = button("Pause", () => ask(at("/api/jobs", current.id, "pause"), { method: "POST", body: { paused: current.state !== "paused" } }).catch(shared.fail), { title: "Leave the processor to what plays; it goes on where it was" });
  let current = null;
  let halt = null;
  let heard = "";
  root.replaceChildren(
    h("div", { className: "head wrap" }, title, state, h("span", { className: "grow" }), buttons), bar, line, asked, course.element, previews, notes,
  );
  root.hidden = true;
  shared.instrument.watch("/distill/follow", root, (on) => {
    follow.setAttribute("aria-pressed", Boolean(on));
    follow.textContent = on ? "Following the training" : "Follow the training";
  });
  const ready = () => {
    play.disabled = !shared.models().some((row) => row.name === current?.about.model && !row.fault);
    play.textContent = play.disabled ? "Plays in some seconds …" : "Play it on the engine";
    play.hidden = !shared.instrument.connected || (play.disabled && FINAL.includes(current?.state));
  };
  shared.onModels(ready);
  const show = (job) => {
    if (!job) return void (root.hidden = true);
    root.hidden = false;
    if (current?.id !== job.id) {
      halt = stopper(shared, job.id, asked);
      halt.textContent = "Stop: saves a checkpoint";
      buttons.replaceChildren(play, follow, pause, halt);
      asked.replaceChildren();
      heard = null; // previews of the job before are none of this one
    }
    current = job;
    const over = FINAL.includes(job.state);
    title.textContent = job.title;
    state.textContent = WORDS[job.state];
    state.className = `state ${job.state}`;
    const part = share(job);
    bar.hidden = over;
    if (part === null) bar.removeAttribute("value");
    else bar.value = part;
    const verdict = job.validated.at(-1)?.[2] ?? "";
    line.textContent = [standing(job), verdict].filter(Boolean).join(" · ") || WORDS[job.state];
    line.className = `standing ${job.state}`;
    halt.hidden = over;
    pause.hidden = !["running", "paused"].includes(job.state);
    pause.textContent = job.state === "paused" ? "Go on" : "Pause";
    follow.hidden = !shared.instrument.connected;
    ready();
    course.show(job);
    course.element.hidden = !job.curve.length;
    if (heard !== job.previews.join()) {
      heard = job.previews.join();
      const name = (epoch) => (epoch === "original" ? "original" : `epoch ${epoch}`);
      const made = job.previews.map((epoch, index) => listen(at("/api/jobs", job.id, "previews", index), `the preview: ${name(epoch)}`, `▶ ${name(epoch)}`));
      previews.replaceChildren(...(made.length ? [h("span", { className: "muted" }, "previews of a sound that was kept aside"), ...made] : []));
    }
    notes.replaceChildren(...job.notes.slice(-4).map((note) => h("li", {}, note)));
  };
  return show;
}
