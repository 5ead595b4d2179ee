/** Render: a form, the newest result, the history, and the comparison of two. */

import { button, h, number } from "/ui/dom.js";
import { buildComparison } from "./ab.js";
import { ask, at, FINAL } from "./api.js";
import { standing, stop } from "./jobs.js";
import { ago, check, clock, drawOutline, field, input, list, listen, played, question, refill, thumbnail, values } from "./parts.js";

const KINDS = ["render", "resynth", "compare"];
const FORMATS = [["wav", "WAV"], ["flac", "FLAC"], ["mp3", "MP3"], ["ogg", "Ogg Vorbis"], ["opus", "Opus"], ["aiff", "AIFF"]];
const SOURCES = ["auto", "walk", "codes", "prior", "corpus", "drift", "hold"];
const FROM = [["settings", "settings"], ["take", "a take"], ["recording", "a recording, re-synthesised"]];
const LIVE = { gain: "/distill/gain", width: "/distill/width", source: "/distill/source", seed: "/distill/seed" };
const OPTIONAL = ["source", "gain", "width", "format", "bit_depth", "sample_rate", "title"]; // an entry without them had none
const FEW_EPOCHS = 20; // below, the quality of a trained vocoder may be limited

/** Build the screen. */
export function buildRender(shared, root) {
  const form = new RenderForm(shared);
  const result = resultCard(shared);
  const comparison = buildComparison(shared);
  const history = new History(shared, { select: (entry) => result.show(entry), update: (entries) => result.update(entries), load: (entry) => form.load(entry), compare: comparison.put });
  root.replaceChildren(
    h("section", { className: "card", id: "render-form", "aria-label": "Render" }, form.element),
    h("section", { className: "card", id: "result", "aria-label": "Result" }, ...result.elements),
    h("section", { className: "card", id: "history", "aria-label": "History" }, ...history.elements),
    h("section", { className: "card", id: "comparison", "aria-label": "Comparison" }, comparison.element),
  );
  let waiting = new Set();
  shared.jobs.watch((news) => {
    for (const job of news) if (KINDS.includes(job.kind) && !FINAL.includes(job.state)) waiting.add(job.id);
    const over = news.filter((job) => waiting.has(job.id) && FINAL.includes(job.state));
    for (const job of over) {
      waiting.delete(job.id);
      if (job.state !== "done") shared.say(`${job.title}: ${standing(job)}`, job.state === "cancelled" ? "warning" : "error");
    }
    if (over.length) history.reload(true);
    form.progress();
  });
  shared.onModels(() => form.models());
  const open = () => {
    history.reload();
    form.open();
  };
  return { open, use: (model) => form.use(model), useTake: (take) => form.useTake(take), get: (name) => form.get(name) };
}

class RenderForm {
  constructor(shared) {
    this.shared = shared;
    this.vocoders = [];
    this.model = list("model", [], { onchange: () => this.#choices() });
    this.voices = h("div", { className: "options", role: "radiogroup", "aria-label": "Vocoder" });
    this.asked = h("div");
    this.from = list("from", FROM, { onchange: () => this.#kind() });
    this.take = list("take", []);
    this.corpus = list("corpus", [], { onchange: () => this.#files() });
    this.file = list("file", []);
    this.controls = h("div", { className: "sliders" });
    this.title = input("title", { type: "text", placeholder: "name of the render", maxLength: 120 });
    this.length = input("duration", { value: 10, min: 0.1 });
    this.seed = input("seed", { value: 0, min: 0 });
    this.source = list("source", SOURCES.map((name) => [name, name]));
    this.start = h("button", { type: "submit", className: "main" }, "Render");
    this.line = h("p", { className: "hint", role: "status" });
    this.bar = h("progress", { max: 1, hidden: true });
    this.halt = button("Stop", () => this.running && stop(shared, this.running.id), { hidden: true });
    const dice = button("Dice", () => (this.seed.value = Math.floor(Math.random() * 1e6)), { title: "Another seed" });
    this.parts = {
      settings: h(
        "div", { className: "part" },
        h("div", { className: "pair" }, field("source", this.source), field("seconds", this.length)),
        h("div", { className: "pair" }, field("seed", h("span", { className: "line" }, this.seed, dice)), field("how many", input("batch", { value: 1, min: 1, max: 50 }))),
        h("div", { className: "line" }, button("From the live state", () => this.#live(), { title: "Take over what the engine plays with now" }), button("Centre", () => this.#centre())),
        h("details", {}, h("summary", {}, "Controls"), this.controls),
      ),
      take: h("div", { className: "part" }, field("take", this.take)),
      recording: h("div", { className: "part" }, field("corpus", this.corpus), field("sound", this.file), check("mel_only", "through the vocoder alone")),
    };
    const more = h(
      "details", {}, h("summary", {}, "Sound file"),
      h("div", { className: "pair" }, field("format", list("format", FORMATS)), field("bits", list("bit_depth", [["", "auto"], ["16", "16"], ["24", "24"], ["32f", "32 float"]]))),
      h("div", { className: "pair" }, field("rate (Hz)", input("sample_rate", { placeholder: "44100", min: 8000 })), field("gain (dB)", input("gain", { placeholder: "0" }))),
      field("width", input("width", { placeholder: "auto", min: 0, max: 1 })),
    );
    this.element = h(
      "form", {}, h("h2", {}, "Render"), field("model", this.model), this.voices, this.asked, field("from", this.from), ...Object.values(this.parts),
      field("name", this.title), more, h("div", { className: "line stick" }, this.start, this.halt), this.bar, this.line,
    );
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#order();
    });
    this.#kind();
  }

  /** Fill what may have changed since the screen was last open. */
  async open() {
    const [shelf, corpora, vocoders] = await Promise.all([ask("/api/shelf"), ask("/api/corpora"), ask("/api/vocoders")].map((one) => one.catch((error) => (this.shared.fail(error), null))));
    if (shelf) refill(this.take, shelf.takes.length ? shelf.takes.map((take) => [take.name, take.name]) : [["", "no takes yet: record one on Play"]]);
    this.rows = corpora ?? [];
    refill(this.corpus, this.rows.length ? this.rows.map((row) => [row.name, row.name]) : [["", "no corpora yet"]]);
    this.vocoders = vocoders ?? this.vocoders;
    this.#files();
    this.models();
  }

  /** Fill the list of models. */
  models() {
    const usable = this.shared.models().filter((row) => !row.fault);
    refill(this.model, usable.map((row) => [row.name, row.name]));
    this.#choices();
  }

  /** Choose a model. */
  use(name) {
    this.model.value = name;
    this.#choices();
  }

  /** Choose a take, and the model that played when it began. */
  async useTake(name) {
    this.from.value = "take";
    this.#kind();
    refill(this.take, [[name, name]]); // the list of all takes follows
    this.start.disabled = true;
    const { models } = await ask(at("/api/takes", name)).finally(() => (this.start.disabled = false));
    if (models.length && !this.shared.models().some((row) => row.name === models[0])) this.shared.say(`${name} was played with ${models[0]}, which is not in the library: choose the model.`, "warning");
    else if (models.length) this.use(models[0]);
    this.start.focus();
  }

  /** Take the settings of an entry over. */
  load(entry) {
    const settings = entry.made.parameters ?? {};
    this.from.value = settings.take ? "take" : settings.file ? "recording" : "settings";
    this.#kind();
    if (this.shared.models().some((row) => row.name === settings.model)) this.use(settings.model);
    else this.shared.say(`The model ${settings.model} is no longer in the library.`, "warning");
    for (const element of this.element.elements) {
      const value = settings[element.name];
      if (!element.name || element.type === "radio" || element.name === "model" || element.name === "from") continue;
      if (element.type === "checkbox") element.checked = value === true;
      else if (value !== undefined) element.value = value;
      else if (OPTIONAL.includes(element.name)) element.value = element.options?.[0].value ?? "";
      if (element === this.corpus) this.#files(); // the sound is one of this corpus
    }
    for (const slider of this.controls.querySelectorAll("input")) this.#slide(slider, settings.controls?.[slider.dataset.control] ?? 0);
    this.parameters = settings.parameters;
    const voice = this.element.querySelector(`input[name=vocoder][value="${CSS.escape(settings.vocoder ?? "auto")}"]`);
    const there = voice && !voice.disabled;
    (there ? voice : this.voices.querySelector("input")).checked = true;
    if (there) this.shared.say(`The settings of ${entry.title} are in the form.`);
    else this.shared.say(`The settings of ${entry.title} are in the form, but its vocoder ${settings.vocoder} is not here: Auto is chosen.`, "warning");
  }

  /** Show how the orders of this form stand. */
  progress() {
    const active = [...this.shared.jobs.all.values()].filter((job) => KINDS.includes(job.kind) && !FINAL.includes(job.state)).sort((a, b) => a.id.localeCompare(b.id));
    this.running = active.find((job) => job.state !== "queued") ?? active[0];
    this.bar.hidden = this.halt.hidden = !this.running;
    const download = this.shared.jobs.latest((job) => job.kind === "download");
    this.#download(download);
    if (!this.running) return void (this.line.textContent = "");
    const { done, total } = this.running.progress;
    if (total) this.bar.value = done / total;
    else this.bar.removeAttribute("value");
    const waits = this.running.state === "queued" ? "waits for its turn: one heavy job at a time" : standing(this.running);
    this.line.textContent = [this.running.title, waits, active.length > 1 ? `${active.length - 1} more wait` : ""].filter(Boolean).join(" · ");
  }

  #kind() {
    for (const [name, part] of Object.entries(this.parts)) part.hidden = name !== this.from.value;
  }

  #files() {
    const row = this.rows?.find((one) => one.name === this.corpus.value);
    refill(this.file, (row?.files ?? []).map((name) => [name, name]));
  }

  #choices() {
    const row = this.shared.models().find((one) => one.name === this.model.value);
    const before = this.#vocoder();
    const options = [["auto", "Auto", row ? played(row.plays_through?.vocoder, row.plays_through?.reason) : "", true]];
    for (const kind of ["vocos", "hifigan"]) {
      const own = row?.vocoders?.[kind];
      const few = own && (own.epochs ?? 0) < FEW_EPOCHS ? `Trained for ${own.epochs ?? 0} epochs: quality may be limited` : (own?.reason ?? "");
      if (own) options.push([kind, `This model's ${kind}`, few, true]);
    }
    options.push(["base", "The shipped vocoder", "", true]);
    for (const one of this.vocoders) {
      if (one.state === "part of a model" || (one.name !== "bigvgan" && one.state !== "ready")) continue; // the library lists all
      options.push([one.name, one.name === "bigvgan" ? "BigVGAN" : one.name, one.state === "ready" ? one.about : one.state, one.state === "ready", one.state.startsWith("not here")]);
    }
    this.voices.replaceChildren(...options.map((option) => this.#option(...option)));
    const chosen = this.voices.querySelector(`input[value="${CSS.escape(before)}"]:not(:disabled)`) ?? this.voices.querySelector("input");
    chosen.checked = true;
    this.#sliders(row?.controls ?? []);
    this.progress();
  }

  #option(value, label, about, there, absent = false) {
    const radio = h("input", { type: "radio", name: "vocoder", value, disabled: !there });
    const words = h("span", { className: "what" }, h("span", {}, label), h("small", {}, about));
    const get = absent ? button("Download", () => this.get(value), { "aria-label": `Download ${label}` }) : null;
    return h("label", { className: "option", "data-vocoder": value }, radio, words, get);
  }

  /** Ask whether to download a published vocoder. */
  get(name) {
    const row = this.vocoders.find((one) => one.name === name);
    const text = `Download ${name} once from the Hugging Face hub? ${row?.state.replace("not here ", "") ?? ""} Later it works without the network.`;
    question(this.asked, text, [["Not now", null], ["Download", () => this.shared.jobs.order("download", { vocoder: name }).catch(this.shared.fail)]]);
  }

  #download(job) {
    const place = job && this.voices.querySelector(`[data-vocoder="${CSS.escape(job.about.vocoder)}"]`);
    if (!place) return;
    const small = place.querySelector("small");
    const active = !FINAL.includes(job.state);
    let halt = place.querySelector(".halt");
    place.querySelector("button:not(.halt)")?.toggleAttribute("hidden", active);
    if (active && !halt) place.append((halt = button("Stop", () => stop(this.shared, job.id), { className: "halt" })));
    if (!active) halt?.remove();
    if (!active && job.state !== "done" && small.dataset.job !== job.id) small.textContent = `${standing(job).replace(/[^.]$/, "$&.")} Download goes on where it stopped.`;
    if (active) {
      const { done, total, stage } = job.progress;
      small.dataset.job = "";
      small.textContent = stage === "converting" ? "converting, once" : total ? `${Math.round((100 * done) / total)} % of ${Math.round(total / 1e6)} MB · ${standing(job).split(" · ").at(-1)}` : "asking the hub …";
    } else if (job.state === "done" && place.querySelector("input").disabled && this.asked_for !== job.id) {
      this.asked_for = job.id;
      small.textContent = "downloaded";
      place.querySelector("button")?.remove();
      ask("/api/vocoders").then((rows) => ((this.vocoders = rows), this.#choices()), this.shared.fail);
    }
  }

  #vocoder() {
    return this.voices.querySelector("input:checked")?.value ?? "auto";
  }

  #sliders(controls) {
    const before = new Map([...this.controls.querySelectorAll("input")].map((slider) => [slider.dataset.control, slider.value]));
    this.controls.replaceChildren(...controls.map((control) => {
      const slider = h("input", { type: "range", min: -1, max: 1, step: 0.01, "data-control": control.name, "aria-label": control.name, title: control.description ?? "" });
      const shown = h("output", { "aria-hidden": "true" });
      const line = h("label", { className: "slider" }, h("span", {}, control.name), slider, shown);
      slider.addEventListener("input", () => this.#slide(slider, Number(slider.value)));
      slider.addEventListener("dblclick", () => this.#slide(slider, 0));
      this.#slide(slider, Number(before.get(control.name) ?? 0), shown);
      return line;
    }));
  }

  #slide(slider, value, shown = slider.nextElementSibling) {
    slider.value = value;
    shown.textContent = number(Number(slider.value));
  }

  #centre() {
    for (const slider of this.controls.querySelectorAll("input")) this.#slide(slider, 0);
    this.parameters = undefined;
  }

  /** Take over what the engine plays with now: model, source, seed, controls, and its source's parameters. */
  #live() {
    const { instrument } = this.shared;
    if (!instrument.connected) return this.shared.say("No engine plays: start distill-engine, or distill ui without --no-engine.", "warning");
    const live = instrument.values;
    if (this.shared.models().some((row) => row.name === live.get("/distill/model"))) this.use(live.get("/distill/model"));
    for (const [name, address] of Object.entries(LIVE)) {
      const element = this.element.elements[name];
      const value = live.get(address);
      if (value === undefined) continue;
      if (name === "source" && !SOURCES.includes(value)) this.shared.say(`The source ${value} cannot be rendered from settings: record a take.`, "warning");
      else element.value = value;
    }
    for (const slider of this.controls.querySelectorAll("input")) this.#slide(slider, live.get(`/distill/control/${slider.dataset.control}`) ?? 0);
    this.parameters = {};
    for (const [address, node] of instrument.nodes) {
      const value = live.get(address);
      if (/^\/distill\/(source|map|prior|pitch)\b/.test(address) && node.ACCESS === 3 && typeof value === "number") this.parameters[address.replace("/distill/", "")] = value;
    }
    this.shared.say("The live state is in the form.");
  }

  async #order() {
    const given = values(this.element);
    const sound = Object.fromEntries(["format", "bit_depth", "sample_rate"].filter((name) => given[name] !== undefined).map((name) => [name, given[name]]));
    const body = { model: given.model, vocoder: this.#vocoder(), title: given.title, ...sound };
    const orders = {
      settings: () => this.shared.jobs.order("render", {
        ...body, duration: given.duration, source: given.source, seed: given.seed ?? 0, batch: given.batch ?? 1, gain: given.gain, width: given.width, parameters: this.parameters,
        controls: Object.fromEntries([...this.controls.querySelectorAll("input")].map((slider) => [slider.dataset.control, Number(slider.value)]).filter(([, value]) => value)),
      }),
      take: () => this.shared.jobs.order("render", { ...body, vocoder: body.vocoder === "auto" ? undefined : body.vocoder, take: given.take }),
      recording: () => this.shared.jobs.order("resynth", { ...body, corpus: given.corpus, file: given.file, mel_only: given.mel_only }),
    };
    await orders[this.from.value]().catch(this.shared.fail);
  }
}

/** The newest sound, or the one that was chosen: waveform, spectrogram, badge, download. */
function resultCard(shared) {
  const title = h("h2", {}, "Result");
  const none = h("p", { className: "hint" }, "Nothing rendered yet. Choose a model and press Render.");
  const wave = h("canvas", { className: "wave", tabIndex: 0, role: "slider", "aria-label": "Place in the sound", "aria-valuemin": 0 });
  const picture = h("img", { className: "spectrogram", alt: "Spectrogram, low frequencies below" });
  const sound = h("audio", { preload: "auto" });
  const play = button("▶ Play", () => (sound.paused ? sound.play().catch(() => {}) : sound.pause()));
  const time = h("span", { className: "muted" });
  const badge = h("p", { className: "badge" });
  const save = h("a", { className: "tab", download: "" }, "Download");
  const live = button("Play live with these settings", () => playLive(shared, current));
  const box = h("div", { className: "result", hidden: true }, wave, h("div", { className: "line wrap" }, play, time, h("span", { className: "grow" }), live, save), badge, picture);
  let current = null;
  let outline = [[], []];
  const draw = () => {
    drawOutline(wave, outline, sound.duration ? sound.currentTime / sound.duration : 0);
    const length = current?.seconds ?? 0;
    time.textContent = `${clock(sound.currentTime)} / ${clock(length)}`;
    wave.setAttribute("aria-valuemax", length);
    wave.setAttribute("aria-valuenow", sound.currentTime.toFixed(1));
    if (!sound.paused) requestAnimationFrame(draw);
  };
  for (const event of ["play", "pause", "seeked", "ended", "loadedmetadata"]) sound.addEventListener(event, () => ((play.textContent = sound.paused ? "▶ Play" : "❚❚ Pause"), draw()));
  const seek = (event) => (sound.currentTime = (event.offsetX / wave.clientWidth) * (sound.duration || 0));
  wave.addEventListener("pointerdown", (event) => (wave.setPointerCapture(event.pointerId), seek(event)));
  wave.addEventListener("pointermove", (event) => event.buttons && seek(event));
  wave.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by) sound.currentTime = Math.max(0, sound.currentTime + by);
    else if (event.key === " ") play.click();
    else return;
    event.preventDefault();
  });
  const show = async (entry) => {
    if (!entry || entry.fault) return;
    current = entry;
    title.textContent = entry.title;
    none.hidden = true;
    box.hidden = false;
    const url = at("/api/renders", entry.id);
    sound.src = `${url}/audio`;
    picture.src = `${url}/spectrogram.png`;
    save.href = `${url}/audio?download`;
    save.hidden = play.hidden = !entry.sound;
    live.hidden = !shared.instrument.connected;
    badge.textContent = [...facts(entry), ...(entry.made.figures?.notes ?? [])].join(" · ");
    const found = await ask(`${url}/outline.json`).catch(() => [[], []]);
    if (current?.id !== entry.id) return; // another one is shown by now
    outline = found;
    draw();
  };
  /** Follow a change of the history: another title, or gone. */
  const update = (entries) => {
    const entry = current && entries.find((one) => one.id === current.id);
    if (entry) title.textContent = (current = entry).title;
    else if (current) {
      sound.pause();
      sound.removeAttribute("src");
      current = null;
      title.textContent = "Result";
      [none.hidden, box.hidden] = [false, true];
    }
  };
  return { elements: [h("div", { className: "head" }, title), none, box], show, update };
}

/** Return what an entry's figures say, in words. */
function facts(entry) {
  const { figures = {}, vocoder = {}, seed } = entry.made;
  return [
    played(vocoder.name, vocoder.reason), seed != null ? `seed ${seed}` : "",
    figures.sample_rate ? `${figures.sample_rate / 1000} kHz` : "", figures.encoding ?? "",
    figures.peak_db != null ? `peak ${figures.peak_db.toFixed(1)} dB` : "", figures.rms_db != null ? `RMS ${figures.rms_db.toFixed(1)} dB` : "",
    figures.speed ? `${figures.speed.toFixed(0)} × real time` : "", entry.sound ? "" : "the sound is no longer kept",
  ].filter(Boolean).map((text) => String(text).replace("-", "−"));
}

/** Set the engine to an entry's settings. */
function playLive(shared, entry) {
  const settings = entry.made.parameters ?? {};
  const send = (address, value) => value !== undefined && shared.instrument.send(address, value);
  send("/distill/model", settings.model);
  if (settings.source && settings.source !== "auto") send("/distill/source", settings.source);
  for (const name of ["seed", "gain", "width"]) send(`/distill/${name}`, settings[name]);
  for (const [name, value] of Object.entries(settings.controls ?? {})) send(`/distill/control/${name}`, value);
  for (const [name, value] of Object.entries(settings.parameters ?? {})) send(name.startsWith("/") ? name : `/distill/${name}`, value);
  shared.instrument.send("/distill/play");
}

/** All entries: star, rename, hear, compare, load back, delete. */
class History {
  constructor(shared, act) {
    this.shared = shared;
    this.act = act;
    this.entries = [];
    this.body = h("ul", { className: "entries" });
    this.find = input("find", { type: "search", placeholder: "search", "aria-label": "Search the history", oninput: () => this.#draw() });
    this.model = list("of", [["", "all models"]], { "aria-label": "Of which model", onchange: () => this.#draw() });
    this.starred = button("★ only", () => (this.starred.setAttribute("aria-pressed", this.starred.ariaPressed !== "true"), this.#draw()), { "aria-pressed": false });
    this.elements = [h("div", { className: "head" }, h("h2", {}, "History"), h("span", { className: "grow" }), this.find, this.model, this.starred), h("div", { className: "list" }, this.body)];
  }

  /** Read all entries; `show` shows the newest. */
  async reload(show = false) {
    this.entries = await ask("/api/renders").catch((error) => (this.shared.fail(error), this.entries));
    this.act.update(this.entries);
    const names = [...new Set(this.entries.map((entry) => entry.made?.model?.name).filter(Boolean))].sort();
    refill(this.model, [["", "all models"], ...names.map((name) => [name, name])]);
    this.#draw();
    if (show || !this.shown) this.act.select(this.entries[0]);
    this.shown ||= Boolean(this.entries[0]);
  }

  #draw() {
    const text = this.find.value.trim().toLowerCase();
    const wanted = this.entries.filter((entry) => (!this.model.value || entry.made?.model?.name === this.model.value) && (this.starred.ariaPressed !== "true" || entry.starred) && JSON.stringify([entry.title, entry.made]).toLowerCase().includes(text));
    this.body.replaceChildren(...(wanted.length ? wanted.map((entry) => this.#row(entry)) : [h("li", { className: "hint" }, this.entries.length ? "Nothing fits the search." : "What you render is kept here, with its settings.")]));
  }

  #row(entry) {
    const asked = h("div");
    const away = button("✕", () => question(asked, `Delete ${entry.title || entry.id} and its sound?`, [["Keep", null], ["Delete", () => this.#delete(entry)]]), { className: "small", "aria-label": `Delete ${entry.title}` });
    if (entry.fault) return h("li", { className: "entry" }, h("span", { className: "danger grow" }, entry.fault), away, asked);
    const url = at("/api/renders", entry.id);
    const star = button(entry.starred ? "★" : "☆", () => this.#change(entry, { starred: !entry.starred }), { className: "small", "aria-label": `Star ${entry.title}`, "aria-pressed": entry.starred });
    const name = button(entry.title, () => this.act.select(entry), { className: "title", title: "Show it" });
    const about = h("small", {}, [entry.made.model?.name, played(entry.made.vocoder?.name), `${entry.seconds.toFixed(1)} s`, ago(Date.parse(entry.created) / 1000)].filter(Boolean).join(" · "));
    const rename = button("✎", () => this.#rename(entry, asked), { className: "small", "aria-label": `Rename ${entry.title}` });
    const sides = ["A", "B"].map((side) => button(side, () => this.act.compare(side, entry), { className: "side", "aria-label": `Compare ${entry.title} as ${side}`, disabled: !entry.sound }));
    const load = button("Load", () => this.act.load(entry), { title: "Its settings back into the form" });
    return h("li", { className: "entry", "data-render": entry.id }, star, thumbnail(`${url}/outline.json`), h("span", { className: "what" }, name, about), entry.sound ? listen(`${url}/audio`, entry.title) : h("span"), ...sides, load, rename, away, asked);
  }

  #rename(entry, place) {
    const name = input("title", { type: "text", value: entry.title, maxLength: 200, "aria-label": "New name" });
    const form = h("form", { className: "line" }, name, h("button", { type: "submit" }, "Rename"), button("Keep", () => place.replaceChildren()));
    form.addEventListener("submit", (event) => (event.preventDefault(), this.#change(entry, { title: name.value })));
    place.replaceChildren(form);
    name.select();
  }

  async #change(entry, body) {
    await ask(at("/api/renders", entry.id), { method: "PATCH", body }).catch(this.shared.fail);
    this.reload();
  }

  async #delete(entry) {
    await ask(at("/api/renders", entry.id), { method: "DELETE", body: {} }).catch(this.shared.fail);
    this.reload();
  }
}
