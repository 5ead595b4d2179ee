/** Library: models with their figures, published vocoders, takes, and whether this computer is ready. */

import { button, h } from "/ui/dom.js";
import { ask, at, FINAL } from "./api.js";
import { standing } from "./jobs.js";
import { ago, clock, field, input, list, played, question, size } from "./parts.js";

const changed = (row) => (row.fault ? Number.MAX_VALUE : (row.changed ?? 0)); // what is damaged is seen first
const SORTS = {
  changed: (a, b) => changed(b) - changed(a), name: (a, b) => a.name.localeCompare(b.name), size: (a, b) => (b.bytes ?? 0) - (a.bytes ?? 0),
  sound: (a, b) => (b.corpus?.seconds ?? 0) - (a.corpus?.seconds ?? 0),
};
const GRADES = { good: "● good", advice: "◐ could be better", fault: "○ does not work" };
const OURS = ["verify", "slim", "delete", "analyse", "renew", "import"];

/** Build the screen. */
export function buildLibrary(shared, root) {
  const state = { chosen: "" };
  const rows = h("ul", { className: "models" });
  const find = input("find", { type: "search", placeholder: "search", title: "Names, tags and notes", "aria-label": "Search models", oninput: () => draw() });
  const sort = list("sort", Object.keys(SORTS).map((name) => [name, `by ${name}`]), { "aria-label": "Order", onchange: () => draw() });
  const pick = h("input", { type: "file", accept: ".distillgan", multiple: true, hidden: true, onchange: () => (take([...pick.files]), (pick.value = "")) });
  const models = h(
    "section", { className: "card", id: "models", "aria-label": "Models" },
    h("div", { className: "head wrap" }, h("h2", {}, "Models"), h("span", { className: "grow" }), find, sort, button("Import", () => pick.click(), { title: "Or drop .distillgan files here" }), pick),
    h("div", { className: "list" }, rows),
  );
  const detail = h("section", { className: "card", id: "detail", "aria-label": "The model" });
  const others = h("section", { className: "card", id: "others", "aria-label": "Vocoders, takes, computer" });
  root.replaceChildren(models, detail, others);
  models.addEventListener("dragover", (event) => event.preventDefault());
  models.addEventListener("drop", (event) => (event.preventDefault(), take([...event.dataTransfer.files])));

  const take = async (files) => {
    for (const file of files) {
      try {
        if (!file.name.endsWith(".distillgan")) throw new Error("a model file is named NAME.distillgan; sounds go into a corpus");
        shared.say(`${file.name}: receiving …`);
        const { job } = await ask(at("/api/models", file.name), { method: "PUT", file });
        const done = await shared.jobs.ended(job);
        shared.say(done.state === "done" ? `${file.name}: verified, and in the library` : `${file.name}: not taken in: ${standing(done)}`, done.state === "done" ? "info" : "error");
      } catch (error) {
        shared.say(`${file.name}: ${error.message}`, "error");
      }
    }
  };
  const draw = () => {
    const text = find.value.trim().toLowerCase();
    const wanted = shared.models().filter((row) => [row.name, ...(row.tags ?? []), row.note ?? ""].join(" ").toLowerCase().includes(text)).sort(SORTS[sort.value]);
    rows.replaceChildren(...(wanted.length ? wanted.map(line) : [h("li", { className: "hint" }, "No model fits the search.")]));
  };
  const line = (row) => {
    const pressed = state.chosen === row.name;
    const about = row.fault ? h("small", { className: "danger" }, row.fault) : h("small", {}, facts(row).join(" · "));
    const pick = h("button", { type: "button", className: "model", "aria-pressed": pressed, "data-model": row.name, onclick: () => choose(row.name) }, h("span", { className: "what" }, h("b", {}, row.name), about), ...(row.tags ?? []).map((tag) => h("i", { className: "tag" }, tag)));
    return h("li", {}, pick);
  };
  const choose = (name) => {
    state.chosen = name;
    draw();
    showDetail();
  };
  const showDetail = () => {
    const row = shared.models().find((one) => one.name === state.chosen);
    if (row) detail.replaceChildren(...modelDetail(shared, row, (name) => (state.chosen = name)));
    else detail.replaceChildren(h("p", { className: "hint" }, "Choose a model to see its figures."));
  };
  shared.onModels(() => {
    draw();
    if (!detail.contains(document.activeElement) || !shared.models().some((row) => row.name === state.chosen)) showDetail();
  });
  shared.jobs.watch((news) => {
    for (const job of news) if (OURS.includes(job.kind) && job.kind !== "import" && FINAL.includes(job.state) && fresh(job)) shared.say(`${job.title}: ${standing(job) || "done"}`, job.state === "done" ? "info" : "error");
  });
  const open = () => {
    draw();
    showDetail();
    fillOthers(shared, others);
  };
  return { open, choose };
}

const told = new Set();
const began = Date.now() / 1000;
/** Return whether a job ended while this page was open, and was not told of yet. */
function fresh(job) {
  if (told.has(job.id) || job.created < began) return false;
  told.add(job.id);
  return true;
}

/** Return what a list shows of a model. */
function facts(row) {
  const kinds = Object.entries(row.vocoders ?? {}).map(([kind, one]) => `own ${kind}, ${one.epochs ?? 0} epochs${figures(one)}${one.usable ? "" : " (not good enough yet)"}`);
  const training = row.begun?.["training/model"];
  return [
    row.built_in ? "built in" : "", row.corpus?.files ? `${row.corpus.files} files, ${clock(row.corpus.seconds)}` : "", `${row.controls?.length ?? 0} controls`,
    kinds.join("; ") || "the shipped vocoder", training && !training.completed ? `training stands at step ${training.step}` : "", size(row.bytes), row.built_in ? "" : ago(row.changed),
  ].filter(Boolean);
}

/** Return the held-out figure of a vocoder against the shipped one. */
function figures(one) {
  const { log_mel: ours, base_log_mel: base } = one.validation ?? {};
  return Number.isFinite(ours) ? `, held-out ${ours.toFixed(2)}${Number.isFinite(base) ? ` (shipped ${base.toFixed(2)})` : ""}` : "";
}

/** `renamed(name)` is called before the list is read that has the new name. */
function modelDetail(shared, row, renamed) {
  const asked = h("div");
  const order = (kind, more = {}) => shared.jobs.order(kind, { model: row.name, ...more }).catch((error) => (shared.fail(error), shared.reload()));
  const change = async (body) => {
    const done = await ask(at("/api/models", row.name), { method: "PATCH", body }).catch(shared.fail);
    if (done && body.rename) renamed(done.name);
    shared.reload();
  };
  const named = (text, action) => {
    const name = input("name", { type: "text", value: row.name, maxLength: 80, "aria-label": "New name" });
    const form = h("form", { className: "line" }, name, h("button", { type: "submit" }, text), button("Keep", () => asked.replaceChildren()));
    form.addEventListener("submit", (event) => (event.preventDefault(), asked.replaceChildren(), change({ [action]: name.value.trim() })));
    asked.replaceChildren(form);
    name.select();
  };
  const remove = () => question(asked, `Delete ${row.name} from this machine? Its presets, takes and renders stay.`, [["Keep", null], ["Delete", () => order("delete")]]);
  if (row.fault) return [h("h2", {}, row.name), h("p", { className: "danger" }, row.fault), h("div", { className: "line wrap" }, button("Verify", () => order("verify")), button("Delete", remove)), asked];
  const own = !row.built_in;
  const buttons = [
    button("Play", () => (shared.instrument.connected ? shared.instrument.set("/distill/model", row.name) : shared.say("No engine plays: start distill-engine.", "warning")), { className: "main" }),
    button("Render", () => (shared.open("render"), shared.screens.render.use(row.name))),
    button("Verify", () => order("verify")), button("Copy", () => named("Copy", "copy")),
    own ? button("Rename", () => named("Rename", "rename")) : null, own ? button("Analyse", () => analyse(shared, row, asked)) : null,
    own ? button("Slim", () => question(asked, `Remove the training state of ${row.name}? The file gets smaller; its training cannot be resumed then.`, [["Keep", null], ["Slim", () => order("slim")]])) : null,
    own ? button("Delete", remove) : null,
  ].filter(Boolean);
  const lines = [
    ["corpus", row.corpus?.files ? `${row.corpus.files} files, ${clock(row.corpus.seconds)}` : "not in the file"], ["plays through", played(row.plays_through.vocoder, row.plays_through.reason)],
    ...Object.entries(row.vocoders ?? {}).map(([kind, one]) => [`own ${kind}`, `${one.epochs ?? 0} epochs, ${one.steps ?? 0} steps${figures(one)}. ${one.reason ?? ""}`]),
    ["training", Object.entries(row.begun ?? {}).map(([part, at]) => `${part.replace("training/", "")}: step ${at.step}, ${at.completed ? "complete" : "to be resumed"}`).join("; ") || "no state in the file"],
    ["made", (row.created ?? "").slice(0, 10)],
  ];
  return [
    h("div", { className: "head" }, h("h2", {}, row.name)), h("div", { className: "line wrap" }, ...buttons), asked,
    h("div", { className: "list" }, h("dl", { className: "facts" }, ...lines.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])), h("h3", {}, `${row.controls.length} controls`), controls(row), notes(row, change)),
  ];
}

function controls(row) {
  const cell = (control) => [
    h("td", { title: control.description ?? "" }, control.name), h("td", {}, control.measured === false ? "" : control.rho != null ? `rho ${control.rho.toFixed(2)}` : ""),
    h("td", {}, control.measured === false ? "not measured here" : control.low != null ? `${control.low.toFixed(1)} to ${control.high.toFixed(1)} ${control.unit ?? ""}`.replaceAll("-", "−") : (control.description ?? "")),
  ];
  return h("table", {}, h("tbody", {}, ...row.controls.map((control) => h("tr", {}, ...cell(control)))));
}

function notes(row, change) {
  const tags = input("tags", { type: "text", value: (row.tags ?? []).join(", "), placeholder: "tags, with commas between" });
  const note = h("textarea", { name: "note", value: row.note ?? "", rows: 3, maxLength: 10000, placeholder: "what you want to remember" });
  const form = h("form", {}, field("tags", tags), field("note", note), h("button", { type: "submit" }, "Save tags and note"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    document.activeElement.blur();
    change({ tags: tags.value.split(",").map((tag) => tag.trim()).filter(Boolean), note: note.value });
  });
  return form;
}

async function analyse(shared, row, place) {
  const corpora = await ask("/api/corpora").catch((error) => (shared.fail(error), []));
  const corpus = list("corpus", corpora.map((one) => [one.name, one.name]));
  const output = input("output", { type: "text", placeholder: "new name, or empty: this file", maxLength: 80 });
  const form = h("form", {}, field("on", corpus), field("into", output), h("div", { className: "line" }, h("button", { type: "submit" }, "Analyse"), button("Keep", () => place.replaceChildren())));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    place.replaceChildren();
    shared.jobs.order("analyse", { model: row.name, corpus: corpus.value, output: output.value.trim() || undefined }).catch(shared.fail);
  });
  place.replaceChildren(form);
}

async function fillOthers(shared, root) {
  const vocoders = h("ul", { className: "lines" }, h("li", { className: "muted" }, "looking …"));
  const takes = h("ul", { className: "lines" });
  const checks = h("ul", { className: "lines checks" });
  const doctor = button("Check this computer", async () => {
    doctor.disabled = true;
    checks.replaceChildren(h("li", { className: "muted" }, "measuring, some seconds …"));
    const found = await ask("/api/doctor").catch((error) => (shared.fail(error), []));
    checks.replaceChildren(...found.map((one) => h("li", { className: one.grade }, h("b", {}, GRADES[one.grade] ?? one.grade), h("span", { className: "what grow" }, h("span", {}, `${one.what}: ${one.found}`), one.way ? h("small", {}, one.way) : null))));
    doctor.disabled = false;
  });
  root.replaceChildren(
    h("div", { className: "list" }, h("h2", {}, "Published vocoders"), vocoders, h("h2", {}, "Takes"), takes, h("div", { className: "head" }, h("h2", {}, "Computer"), h("span", { className: "grow" }), doctor), checks),
  );
  ask("/api/vocoders").then((rows) => {
    const published = rows.filter((row) => row.state !== "part of a model");
    vocoders.replaceChildren(...published.map((row) => h("li", {}, h("span", { className: "what" }, h("b", {}, row.name), h("small", {}, row.state === "ready" ? row.about : row.state)), row.state.startsWith("not here") ? button("Download", () => (shared.open("render"), shared.screens.render.get(row.name))) : h("span", {}))));
  }, shared.fail);
  ask("/api/shelf").then((shelf) => {
    const rows = shelf.takes.map((take) => {
      const asked = h("div");
      const away = button("✕", () => question(asked, `Delete the take ${take.name}?`, [["Keep", null], ["Delete", () => ask(at("/api/takes", take.name), { method: "DELETE", body: {} }).then(() => fillOthers(shared, root), shared.fail)]]), { className: "small", "aria-label": `Delete ${take.name}` });
      const render = button("Render", () => (shared.open("render"), shared.screens.render.useTake(take.name).catch(shared.fail)), { "aria-label": `Render ${take.name}` });
      return h("li", { className: "take" }, h("span", { className: "what grow" }, h("b", {}, take.name), h("small", {}, `${size(take.bytes)} · ${ago(take.changed)}`)), render, away, asked);
    });
    takes.replaceChildren(...(rows.length ? rows : [h("li", { className: "muted" }, "No takes yet: Rec on Play records what you do.")]), h("li", { className: "muted" }, `${shelf.presets} presets, ${shelf.maps} MIDI maps`));
  }, shared.fail);
}
