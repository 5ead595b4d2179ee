/** Corpus & Train: choose and judge sounds, train a model on them, then its vocoder. */

import { button, h } from "/ui/dom.js";
import { FINAL } from "./api.js";
import { buildCorpora } from "./corpus.js";
import { trainingCard } from "./jobs.js";
import { check, field, input, list, question, refill, values } from "./parts.js";

const LENGTHS = [["auto", "auto: by the corpus"], ["minutes", "minutes"], ["epochs", "epochs"]];
const TRAININGS = ["train", "train-vocoder"];

/** Build the screen. */
export function buildTrain(shared, root) {
  const side = h("section", { className: "card", id: "corpora", "aria-label": "Corpora" });
  const middle = h("section", { className: "card", id: "sounds", "aria-label": "Sounds of the corpus" });
  const course = h("section", { className: "card", id: "course", "aria-label": "Training" });
  const forms = h("section", { className: "card", id: "forms", "aria-label": "Train" });
  root.replaceChildren(side, middle, course, forms);
  const show = trainingCard(shared, course);
  const model = modelForm(shared);
  const vocoder = vocoderForm(shared);
  forms.replaceChildren(model.element, vocoder.element);
  const corpora = buildCorpora(shared, side, middle, (name) => {
    model.use(name);
    vocoder.use(name);
  });
  const draw = () => {
    const active = shared.jobs.latest((job) => TRAININGS.includes(job.kind) && !FINAL.includes(job.state) && job.state !== "queued");
    show(active ?? shared.jobs.latest((job) => TRAININGS.includes(job.kind)));
    const busy = Boolean(shared.jobs.latest((job) => TRAININGS.includes(job.kind) && !FINAL.includes(job.state)));
    model.busy(busy);
    vocoder.busy(busy);
  };
  shared.jobs.watch((news) => news.some((job) => TRAININGS.includes(job.kind) || job.state === "gone") && draw());
  shared.onModels(() => {
    model.show();
    vocoder.show();
  });
  corpora.load().then(async (rows) => {
    await shared.jobs.known; // the checks of before
    if (rows.length && !corpora.chosen()) corpora.choose(rows[0].name);
  });
  return { open: draw, corpora };
}

/** Return the options of how long a training goes on. */
function length(kinds) {
  const kind = list("length", LENGTHS.filter(([name]) => kinds.includes(name)));
  const number = input("amount", { value: 20, min: 0.1, "aria-label": "How many" });
  const show = () => (number.hidden = !["minutes", "epochs"].includes(kind.value));
  kind.addEventListener("change", show);
  show();
  const read = () => (["minutes", "epochs"].includes(kind.value) ? { [kind.value]: Number(number.value) } : { preset: kind.value });
  return { kind, number, read, element: h("span", { className: "line" }, kind, number) };
}

/** Return settings that are rarely changed, folded. */
function more(...fields) {
  return h("details", {}, h("summary", {}, "More settings"), ...fields);
}

function modelForm(shared) {
  const name = input("model", { type: "text", placeholder: "name of the model", maxLength: 80, required: true });
  const time = length(["auto", "minutes", "epochs"]);
  const form = h(
    "form", { id: "model-form" }, h("h2", {}, "Train a model"),
    field("name", name), field("length", time.element), check("with_vocoder", "its own vocoder too (5 minutes or more)"),
    more(h("div", { className: "pair" }, field("seed", input("seed", { placeholder: "0", min: 0 })), field("device", list("device", ["auto", "cpu", "cuda", "mps"].map((one) => [one, one]))))),
  );
  const start = h("button", { type: "submit", className: "main" }, "Train");
  const why = h("p", { className: "hint" });
  const asked = h("div");
  form.append(start, why, asked);
  let corpus = "";
  let running = false;
  const show = () => {
    start.disabled = !corpus || running;
    why.textContent = !corpus ? "Make or choose a corpus first." : running ? "A training is running: stop it first, or wait." : "It plays after some seconds, and gets better while it trains.";
  };
  const order = async (more = {}) => {
    const given = values(form);
    const body = { model: given.model, corpus, seed: given.seed, device: given.device, with_vocoder: given.with_vocoder, ...time.read(), ...more };
    if (more.resume) delete body.seed;
    await shared.jobs.order("train", body).catch(shared.fail);
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await shared.reload().catch(shared.fail); // what the files hold now decides what is asked
    const known = shared.models().find((row) => row.name === name.value.trim());
    const begun = known?.begun?.["training/model"];
    if (!known) return order();
    const fresh = ["Start fresh", () => order({ fresh: true })];
    if (begun && !begun.completed) return question(asked, `${known.name} holds a training at step ${begun.step}. Resume it, or start fresh?`, [["Keep as it is", null], ["Resume", () => order({ resume: true })], fresh]);
    if (begun) return question(asked, `${known.name} is trained already. Go on with it, or replace it?`, [["Keep as it is", null], ["Go on", () => order({ resume: true })], ["Replace it", fresh[1]]]);
    return question(asked, `${known.name} exists already, without a training to resume. Replace it?`, [["Keep as it is", null], ["Replace it", fresh[1]]]);
  });
  const use = (chosen) => {
    if (chosen && (!name.value || name.value === corpus)) name.value = chosen;
    corpus = chosen;
    show();
  };
  show();
  return { element: form, use, show, busy: (on) => ((running = on), show()) };
}

function vocoderForm(shared) {
  const model = list("model", []);
  const kind = list("kind", [["vocos", "vocos"], ["hifigan", "hifigan"]]);
  const time = length(["minutes", "epochs"]);
  const form = h(
    "form", { id: "vocoder-form" }, h("h2", {}, "Train its vocoder"), field("model", model),
    field("kind", kind), field("length", time.element),
    more(
      h("div", { className: "pair" }, field("learning rate", input("lr", { placeholder: "0.0002", min: 0 })), field("batch size", input("batch_size", { placeholder: "4", min: 1 }))),
      h("div", { className: "pair" }, field("checkpoint (s)", input("checkpoint_interval", { placeholder: "120", min: 1 })), field("preview (epochs)", input("preview_interval", { placeholder: "25", min: 1 }))),
      check("from_scratch", "do not begin with the shipped vocoder"),
    ),
  );
  const start = h("button", { type: "submit", className: "main" }, "Train vocoder");
  const why = h("p", { className: "hint", id: "vocoder-why" });
  const asked = h("div");
  form.append(start, why, asked);
  let corpus = "";
  let running = false;
  const chosen = () => shared.models().find((row) => row.name === model.value);
  /** Return why the vocoder cannot be trained now; "" if it can. */
  const reason = () => {
    const row = chosen();
    if (!row) return "No model of your own yet: train one first.";
    if (row.fault) return row.fault;
    if (!row.training?.model?.completed) return `The model ${row.name} is not trained yet: train it to its end first.`;
    if (!corpus) return "Choose the corpus with its sounds.";
    return running ? "A training is running: stop it first, or wait." : "";
  };
  const show = () => {
    const own = shared.models().filter((row) => !row.built_in).map((row) => [row.name, row.name]);
    refill(model, own.length ? own : [["", "none yet"]]);
    update();
  };
  const update = () => {
    const text = reason();
    start.disabled = Boolean(text);
    const row = chosen();
    const trained = row && !text ? row.vocoders?.[kind.value] : null;
    why.textContent = text || (trained ? `${kind.value}: ${trained.reason ?? "trained"}` : "Its own vocoder sounds nearer to your recordings.");
  };
  let touched = false; // a choice made by hand stays
  model.addEventListener("change", () => ((touched = true), update()));
  kind.addEventListener("change", update);
  const order = (more = {}) => {
    const { lr, batch_size, checkpoint_interval, preview_interval, from_scratch } = values(form);
    const given = more.resume ? {} : { lr, batch_size, from_scratch };
    return shared.jobs.order("train-vocoder", { model: model.value, corpus, kind: kind.value, checkpoint_interval, preview_interval, ...given, ...time.read(), ...more }).catch(shared.fail);
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await shared.reload().catch(shared.fail);
    const row = chosen();
    const begun = row.begun?.[`training/vocoder/${kind.value}`];
    const trained = row.vocoders?.[kind.value];
    if (begun && !begun.completed) return question(asked, `A training of this vocoder stands at step ${begun.step}. Resume it, or start fresh?`, [["Keep as it is", null], ["Resume", () => order({ resume: true })], ["Start fresh", () => order({ fresh: true, force: true })]]);
    if (!trained) return order();
    const text = `This model already has a trained ${kind.value} vocoder (${trained.epochs ?? 0} epochs). Replace it?`;
    return question(asked, text, [["Keep", null], ["Go on with it", () => order({ resume: true })], ["Replace", () => order({ force: true, fresh: true })]]);
  });
  const use = (name) => {
    corpus = name;
    if (!touched && shared.models().some((row) => row.name === name)) model.value = name;
    update();
  };
  show();
  return { element: form, use, show, busy: (on) => ((running = on), update()) };
}
