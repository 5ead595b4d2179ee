/** Codes: a sound as a grid of levels and columns to select, change, hear, and send to the engine. */

import { button, h } from "/ui/dom.js";
import { ask, at } from "./api.js";
import { standing } from "./jobs.js";
import { clock, field, input, list, listen, refill } from "./parts.js";

const COLUMN_SECONDS = 4 * 512 / 44100;
const CELL = 26; // pixels of a column
const ROW = 84; // pixels of a level
const HEAD = 24; // pixels of the line with the times
const RANKS = ["most alike", "2nd most alike", "3rd most alike", "4th most alike", "5th most alike"];
const NAMES = { 2: ["Structure", "Detail"], 3: ["Structure", "Timbre", "Detail"], 4: ["Structure", "Timbre", "Detail", "Residue"] };

/** Build the screen. */
export function buildCodes(shared, root) {
  const state = { model: "", versions: [], index: -1, busy: false };
  const model = list("model", [], { "aria-label": "Model" });
  const corpus = list("corpus", [], { "aria-label": "Corpus", onchange: () => files() });
  const file = list("file", [], { "aria-label": "Sound" });
  const saved = list("saved", [], { "aria-label": "Saved codes", onchange: () => buttons() });
  const said = h("p", { className: "standing", role: "status" });
  const grid = new Grid();
  const tools = h("div", { className: "tools" });
  const usage = h("p", { className: "muted" });
  const heard = h("div", { className: "line wrap" });
  let rows = [];

  const current = () => state.versions[state.index];
  const busy = (text) => {
    state.busy = Boolean(text);
    said.className = "standing";
    said.textContent = text;
    buttons();
  };
  const run = async (kind, body, text) => {
    if (state.busy) return null;
    busy(text);
    try {
      const [id] = await shared.jobs.order(kind, body);
      const job = await shared.jobs.ended(id);
      busy("");
      if (job.state === "done") return { id, ...(await ask(at("/api/jobs", id, "result"))) };
      said.className = "standing failed";
      said.textContent = standing(job);
    } catch (error) {
      busy("");
      shared.fail(error);
    }
    return null;
  };
  const row = () => shared.models().find((one) => one.name === state.model);
  /** Return the names of the levels: those that the user gave, or the usual ones. */
  const called = () => {
    const count = current()?.levels.length ?? 0;
    return row()?.levels?.length === count ? row().levels : (NAMES[count] ?? []);
  };
  const show = () => {
    const now = current();
    grid.show(now?.levels ?? [], called());
    heard.replaceChildren();
    buttons();
    usage.textContent = now ? use(row(), now, called()) : "";
  };
  /** Begin with codes that were made by `of`: by now the list may show another model. */
  const begin = (found, name, of) => {
    state.model = of;
    state.versions = [{ id: found.id, levels: found.levels, name }];
    state.index = 0;
    grid.clear();
    show();
  };
  const encode = async () => {
    const [of, sound] = [model.value, file.value];
    const found = await run("encode", { model: of, corpus: corpus.value, file: sound }, `encoding ${sound} …`);
    if (found) begin(found, sound, of);
  };
  const open = async () => {
    const [of, name] = [model.value, saved.value];
    if (!name) return;
    busy(`reading ${name} …`);
    const found = await ask(`${at("/api/codes", name)}?model=${encodeURIComponent(of)}`).catch((error) => (shared.fail(error), null));
    busy("");
    if (found) begin({ id: name, levels: Object.values(found.levels) }, name, of);
  };
  const edit = async (...edits) => {
    if (!current()) return;
    const made = await run("edit", { model: state.model, codes: current().id, edits }, `${edits.join(", ")} …`);
    if (!made) return;
    state.versions = [...state.versions.slice(0, state.index + 1), { id: made.id, levels: made.levels, name: current().name }];
    state.index += 1;
    show();
  };
  const step = (by) => {
    state.index += by;
    show();
  };
  /** Decode the present codes and those of the beginning, and show both to listen to. */
  const hear = async () => {
    const versions = state.index ? [[0, "as it was"], [state.index, "as it is"]] : [[0, "as it is"]];
    const made = [];
    for (const [index, text] of versions) {
      const version = state.versions[index];
      const title = `${version.name}${index ? `, edit ${index}` : ", codes"}`;
      version.sound ??= (await run("decode", { model: state.model, codes: version.id, title }, `decoding ${title} …`))?.id;
      const entries = version.sound ? await ask("/api/renders").catch(() => []) : [];
      const entry = entries.find((one) => one.made?.job === version.sound);
      if (entry) made.push(listen(`${at("/api/renders", entry.id)}/audio`, `the sound ${text}`, `▶ ${text}`));
    }
    heard.replaceChildren(...made, made.length ? h("span", { className: "muted" }, "both are in the history, for A/B") : "");
  };
  /** Decode the selected columns, with the selected levels alone if asked, and play them. */
  const hearPart = async (alone) => {
    const version = current();
    const title = `${version.name}, columns ${grid.first} to ${grid.end - 1}${alone ? `, ${levels().map((level) => called()[level]).join(" and ")} alone` : ""}`;
    const made = await run("decode", { model: state.model, codes: version.id, title, columns: range(), ...(alone ? { levels: levels() } : {}) }, `decoding ${title} …`);
    const entry = made && (await ask("/api/renders").catch(() => [])).find((one) => one.made?.job === made.id);
    if (!entry) return;
    const player = listen(`${at("/api/renders", entry.id)}/audio`, title, `▶ ${title}`);
    heard.replaceChildren(player);
    player.click();
  };
  /** Ask for names of the levels; they are kept with the notes on the model. */
  const rename = () => {
    const fields = called().map((text, level) => input(`level-${level}`, { type: "text", value: text, maxLength: 24, required: true, "aria-label": `Name of level ${level}` }));
    const done = () => (naming.replaceChildren(), renamer.focus());
    const form = h("form", {}, h("div", { className: "line wrap" }, ...fields, h("button", { type: "submit" }, "Rename"), button("Keep", done)));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        await ask(at("/api/models", state.model), { method: "PATCH", body: { levels: fields.map((one) => one.value) } });
        await shared.reload();
        done();
        grid.show(current().levels, called());
        usage.textContent = use(row(), current(), called());
      } catch (error) {
        shared.fail(error);
      }
    });
    naming.replaceChildren(form);
    fields[0].select();
  };
  const naming = h("div");
  const renamer = button("Rename levels", rename);
  const part = button("Hear the selection", () => hearPart(false));
  const alone = button("Hear its levels alone", () => hearPart(true), { title: "The selected columns with the selected levels, without the others" });
  const nearest = list("nearest", [["", "nearest …"], ...RANKS.map((text, index) => [String(index + 1), text])], { "aria-label": "Replace the codes by those that sound alike", onchange: () => {
    const rank = nearest.value;
    nearest.value = "";
    if (rank) perLevel("nearest", rank);
  } });
  const name = input("name", { type: "text", placeholder: "name", maxLength: 80, "aria-label": "Name to save under" });
  const save = async (live) => {
    try {
      const kept = await ask(at("/api/codes", current().id), { method: "POST", body: { name: name.value.trim() } });
      shared.say(`Saved as ${kept.name}.`);
      if (live && shared.instrument.connected) {
        shared.instrument.send("/distill/codes/load", kept.name);
        shared.instrument.set("/distill/source", "codes");
      } else if (live) shared.say("No engine plays: start distill-engine.", "warning");
      lists();
    } catch (error) {
      shared.fail(error);
    }
  };
  const code = input("code", { value: 0, min: 0, max: 255, "aria-label": "Code" });
  const range = () => `${grid.first}:${grid.end}`;
  const levels = () => Array.from({ length: grid.bottom - grid.top + 1 }, (_, index) => grid.top + index);
  const perLevel = (word, ...rest) => edit(...levels().map((level) => [word, level, range(), ...rest].join(" ")));
  const made = {
    set: button("Set to", () => perLevel("set", Math.round(Number(code.value)))), down: button("− shift", () => perLevel("shift", -4), { title: "Towards quieter neighbours" }),
    up: button("+ shift", () => perLevel("shift", 4), { title: "Towards the other neighbours" }), dice: button("Dice", () => perLevel("random", Math.floor(Math.random() * 1e6)), { title: "Codes that your sounds have there" }),
    fill: button("From the prior", () => edit(`fill ${range()} ${Math.floor(Math.random() * 1e6)}`), { title: "All levels, drawn anew from what stands on both sides" }),
    reverse: button("Reverse", () => edit(`reverse ${range()}`)), twice: button("Twice", () => edit(`repeat ${range()} 2`)), cut: button("Cut", () => edit(`repeat ${range()} 0`)),
    head: button("Playhead here", () => grid.mark(grid.first), { title: "To the first selected column; also Enter, or Alt-click" }),
    copy: button("Copy to the playhead", () => edit(`copy ${range()} ${grid.head}`), { title: "Over what begins at the playhead" }),
  };
  const other = list("other", [["", "saved codes …"]], { "aria-label": "Other codes, to mix with", onchange: () => buttons() });
  const share = input("share", { value: 50, min: 0, max: 100, "aria-label": "Share of the other codes, in percent" });
  const mixed = {
    swap: button("Swap levels", () => perLevel("swap", other.value), { title: "The selected levels come from the other codes, at the same columns" }),
    blend: button("Blend", () => edit(`blend ${range()} ${Math.min(Math.max(Number(share.value), 0), 100) / 100} ${other.value}`), { title: "All levels, mixed with the other codes at the same columns" }),
    like: button("Sound like", () => edit(`like ${range()} ${other.value}`), { title: "The movement stays, the columns are those of the other codes" }),
  };
  const undo = button("Undo", () => step(-1));
  const redo = button("Redo", () => step(1));
  const decode = button("Decode and hear", hear, { className: "main" });
  const keep = button("Save", () => save(false));
  const live = button("Save and play live", () => save(true));
  const encoder = button("Encode", encode);
  const opener = button("Open", open);
  const buttons = () => {
    const none = state.busy || !current();
    encoder.disabled = state.busy || !model.value || !file.value;
    opener.disabled = state.busy || !model.value || !saved.value;
    for (const element of Object.values(made)) element.disabled = none || grid.end <= grid.first;
    for (const element of Object.values(mixed)) element.disabled = none || grid.end <= grid.first || !other.value;
    for (const element of [part, alone, nearest]) element.disabled = none || grid.end <= grid.first;
    renamer.disabled = none;
    undo.disabled = none || state.index < 1;
    redo.disabled = none || state.index >= state.versions.length - 1;
    decode.disabled = keep.disabled = live.disabled = none;
  };
  const files = () => {
    const names = rows.find((one) => one.name === corpus.value)?.files ?? [];
    refill(file, names.length ? names.map((one) => [one, one]) : [["", "no sounds yet"]]);
    buttons();
  };
  const lists = async () => {
    const [corpora, shelf] = await Promise.all([ask("/api/corpora"), ask("/api/shelf")].map((one) => one.catch(() => null)));
    rows = corpora ?? [];
    refill(corpus, rows.length ? rows.map((one) => [one.name, one.name]) : [["", "no corpora yet"]]);
    const names = [["", "saved codes …"], ...(shelf?.codes ?? []).map((one) => [one, one])];
    for (const element of [saved, other]) refill(element, names);
    files();
  };
  shared.onModels((all) => (refill(model, all.filter((row) => row.codes?.levels).map((row) => [row.name, row.name])), buttons()));
  grid.onSelect = buttons;
  tools.replaceChildren(made.set, code, nearest, made.down, made.up, made.dice, made.fill, made.reverse, made.twice, made.cut, made.head, made.copy);
  const mixing = h("div", { className: "tools" }, h("span", { className: "muted" }, "with"), other, mixed.swap, mixed.blend, share, h("span", { className: "muted" }, "%"), mixed.like);
  root.replaceChildren(
    h(
      "section", { className: "card", id: "code-grid", "aria-label": "Codes" },
      h("div", { className: "head wrap" }, h("h2", {}, "Codes"), field("model", model), corpus, file, encoder, saved, opener, h("span", { className: "grow" }), renamer, undo, redo),
      naming,
      grid.element, said, tools, mixing, h("div", { className: "line wrap" }, decode, part, alone, heard, h("span", { className: "grow" }), name, keep, live), usage,
    ),
  );
  buttons();
  return { open: () => (lists(), grid.draw()), grid };
}

/** Return how much of the codebook a sequence uses. */
function use(row, now, names) {
  const size = row?.codes?.size ?? 0;
  const used = now.levels.map((codes) => new Set(codes).size);
  const length = `${now.levels[0].length} columns, ${clock(now.levels[0].length * COLUMN_SECONDS)}`;
  return `${length}; codes used here: ${used.map((count, level) => `${names[level]} ${count}${size ? ` of ${size}` : ""}`).join(", ")}`;
}

/** The grid: only the columns that are seen are drawn, so its length does not matter. */
class Grid {
  first = 0;
  end = 0;
  top = 0;
  bottom = 0;
  head = 0;
  onSelect = () => {};
  #levels = [];
  #names = [];
  #offset = 0;
  #from = null;
  #frame = 0;

  constructor() {
    this.canvas = h("canvas", { className: "grid", tabIndex: 0, role: "application", "aria-label": "Grid of codes: arrows move, Shift and arrows select, Enter sets the playhead" });
    this.bar = h("input", { type: "range", min: 0, max: 0, value: 0, className: "scroll", hidden: true, "aria-label": "Which part is seen" });
    this.told = h("p", { className: "muted", "aria-live": "polite" });
    this.element = h("div", { className: "codes" }, this.canvas, this.bar, this.told);
    this.bar.addEventListener("input", () => this.#scroll(Number(this.bar.value)));
    this.canvas.addEventListener("wheel", (event) => (event.preventDefault(), this.#scroll(this.#offset + (event.deltaX + event.deltaY) / CELL)), { passive: false });
    this.canvas.addEventListener("pointerdown", (event) => this.#press(event));
    this.canvas.addEventListener("pointermove", (event) => this.#from && this.#drag(event));
    for (const end of ["pointerup", "pointercancel"]) this.canvas.addEventListener(end, () => (this.#from = null));
    this.canvas.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  get columns() {
    return this.#levels[0]?.length ?? 0;
  }

  /** Show these codes [levels][columns]. */
  show(levels, names) {
    this.#levels = levels;
    this.#names = names;
    [this.first, this.end] = [Math.min(this.first, this.columns), Math.min(this.end, this.columns)];
    this.bottom = Math.min(this.bottom, Math.max(levels.length - 1, 0));
    this.#scroll(this.#offset);
    this.#tell();
  }

  /** Select nothing, and go to the beginning. */
  clear() {
    this.first = this.end = this.head = this.#offset = 0;
  }

  #seen() {
    return Math.max(1, Math.floor((this.canvas.clientWidth - this.#margin()) / CELL));
  }

  #margin() {
    return 92;
  }

  #scroll(to) {
    const most = Math.max(0, this.columns - this.#seen());
    this.#offset = Math.min(Math.max(Math.round(to), 0), most);
    this.bar.max = most;
    this.bar.value = this.#offset;
    this.bar.hidden = !most;
    this.draw();
  }

  #place(event) {
    const column = Math.floor((event.offsetX - this.#margin()) / CELL) + this.#offset;
    return { column, level: Math.floor((event.offsetY - HEAD) / ROW) };
  }

  #press(event) {
    if (!this.columns) return;
    const { column, level } = this.#place(event);
    if (event.altKey) return this.mark(column);
    this.canvas.setPointerCapture(event.pointerId);
    if (event.offsetX < this.#margin()) return this.select(0, this.columns, Math.max(level, 0), Math.max(level, 0)); // a level's name: all of it
    this.#from = { column, level: level < 0 ? 0 : level, all: level < 0 };
    this.#drag(event);
  }

  #drag(event) {
    const { column, level } = this.#place(event);
    const from = this.#from;
    const last = this.#levels.length - 1;
    const [top, bottom] = from.all ? [0, last] : [Math.min(from.level, level), Math.max(from.level, level)];
    this.select(Math.min(from.column, column), Math.max(from.column, column) + 1, top, bottom);
  }

  /** Set the playhead. */
  mark(column) {
    this.head = Math.min(Math.max(column, 0), this.columns - 1);
    this.#tell();
  }

  /** Select columns from `first` to `end` (not included) on the levels from `top` to `bottom`. */
  select(first, end, top, bottom) {
    const bound = (value, most) => Math.min(Math.max(value, 0), most);
    [this.first, this.end] = [bound(first, this.columns), bound(end, this.columns)];
    [this.top, this.bottom] = [bound(top, this.#levels.length - 1), bound(bottom, this.#levels.length - 1)];
    this.#tell();
    this.onSelect();
  }

  #tell() {
    const names = this.#names.slice(this.top, this.bottom + 1);
    const seconds = ((this.end - this.first) * COLUMN_SECONDS).toFixed(2);
    this.told.textContent = this.end > this.first ? `selected: ${names.join(" to ").replace(/ to .* to /, " to ")}, columns ${this.first} to ${this.end - 1}, ${seconds} s; playhead at ${this.head}` : "";
    this.draw();
  }

  #key(event) {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!this.columns || (!by && event.key !== "Enter")) return;
    event.preventDefault();
    if (!by) return this.mark(this.first);
    const [x, y] = by;
    if (event.shiftKey) this.select(this.first, Math.max(this.end + x, this.first + 1), this.top, Math.max(this.bottom + y, this.top));
    else this.select(this.first + x, this.first + x + 1, this.top + y, this.top + y);
    if (this.end > this.#offset + this.#seen()) this.#scroll(this.end - this.#seen());
    if (this.first < this.#offset) this.#scroll(this.first);
  }

  /** Draw with the next picture of the screen. */
  draw() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#paint();
    });
  }

  #paint() {
    const { canvas } = this;
    const ratio = devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = HEAD + ROW * Math.max(this.#levels.length, 3);
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) [canvas.width, canvas.height] = [width * ratio, height * ratio];
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = "15px system-ui, sans-serif";
    context.textBaseline = "middle";
    const margin = this.#margin();
    if (!this.columns) {
      context.fillStyle = "#a3adb9";
      context.fillText("Choose a sound and press Encode: one column is 46 ms.", 12, height / 2);
      return;
    }
    const last = Math.min(this.columns, this.#offset + this.#seen() + 1);
    this.#levels.forEach((codes, level) => {
      const y = HEAD + level * ROW;
      context.fillStyle = "#a3adb9";
      context.textAlign = "left";
      context.fillText(this.#names[level], 4, y + ROW / 2, margin - 10);
      context.textAlign = "center";
      for (let column = this.#offset; column < last; column += 1) {
        const x = margin + (column - this.#offset) * CELL;
        const hue = 150 + ((codes[column] * 137) % 140);
        const chosen = column >= this.first && column < this.end && level >= this.top && level <= this.bottom;
        context.fillStyle = `hsl(${hue} 32% ${chosen ? 40 : 21}%)`;
        context.fillRect(x, y + 2, CELL - 2, ROW - 4);
        if (chosen) {
          context.strokeStyle = "#5ad1b8";
          context.strokeRect(x + 0.5, y + 2.5, CELL - 3, ROW - 5);
        }
        context.fillStyle = "#e8ecf1";
        context.fillText(codes[column], x + CELL / 2 - 1, y + ROW / 2, CELL - 4);
      }
    });
    context.fillStyle = "#a3adb9";
    for (let column = Math.ceil(this.#offset / 10) * 10; column < last; column += 10) context.fillText(`${(column * COLUMN_SECONDS).toFixed(1)} s`, margin + (column - this.#offset) * CELL + CELL / 2, HEAD / 2);
    if (this.head >= this.#offset && this.head < last) {
      context.fillStyle = "#f2bd5c";
      context.fillRect(margin + (this.head - this.#offset) * CELL - 2, 0, 2, height);
    }
  }
}
