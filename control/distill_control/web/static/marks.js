/** The player's own map: marks that are placed by hand, what lies between them, and ways that are drawn and repeated. */

import { bar } from "./bar.js";
import { asksToDelete, asksToReplace, button, choice, h, locked } from "./dom.js";
import { Plane, write } from "./map.js";

const ADDRESS = "/distill/marks";
const GRAB = 6; // pixels that a pointer moves before a mark goes with it
const COLOURS = { clip: "#8db4f0", moment: "#f2bd5c", controls: "#d59bf0" };
const MOMENT_SECONDS = 0;

/** Return the parts of the marks: `stage`, `foot`, `tools()` for the head, `show(whether)`. `view` is the corpus's map. */
export function buildMarks(instrument, view, said) {
  const canvas = h("canvas", { tabIndex: 0, role: "application", "aria-label": "Marks: drag or use the arrow keys to move between them, Enter takes the nearest, then arrows move it and Delete takes it away" });
  const empty = h("p", { className: "hint middle" }, "No marks yet: drag sounds here from the map, or place a moment or the controls.");
  const stage = h("div", { className: "stage", hidden: true }, canvas, empty);
  const foot = h("div", { className: "line edit", hidden: true });
  const marks = new MarksView(instrument, canvas, said, foot);
  marks.onCount = (count) => (empty.hidden = count > 0);
  view.carry = (event, sound, done) => marks.receive(event, sound, done);
  const saved = savedRow(instrument, stage, () => marks.fill(null));
  const tools = () => [
    bar(instrument, `${ADDRESS}/amount`, { label: "amount", text: (value) => value.toFixed(1) }),
    ...(locked() ? [] : placeButtons(marks)),
    ...wayButtons(instrument, marks),
    ...(locked() ? [] : [button("Save…", () => marks.fill(saved.element), { title: "Save marks, or load saved ones" })]),
  ];
  const show = (own) => {
    stage.hidden = !own;
    if (!own) marks.fill(null);
  };
  return { stage, foot, tools, show };
}

function placeButtons(marks) {
  return [
    button("Moment", () => marks.place("moment", MOMENT_SECONDS), { title: "Place what has just sounded, where the ring is" }),
    button("Controls", () => marks.place("controls"), { title: "Place the present controls, where the ring is" }),
  ];
}

function wayButtons(instrument, marks) {
  const draw = button("Draw", () => marks.arm(!marks.armed), { className: "toggle" });
  const repeat = button("Repeat", () => instrument.send(`${ADDRESS}/repeat`, way === "repeating" ? 0 : 1), { className: "toggle" });
  let way = "none";
  const dress = () => {
    const recording = way === "recording";
    draw.textContent = recording ? "■ End" : "Draw";
    draw.setAttribute("aria-pressed", marks.armed || recording);
    draw.title = "Draw a way with finger or mouse: it is repeated when you let go";
    repeat.setAttribute("aria-pressed", way === "repeating");
    repeat.disabled = way === "none" || recording;
    repeat.title = repeat.disabled ? "Draw a way first" : "Repeat the way that was drawn, or stand still";
  };
  marks.onArmed = dress;
  instrument.watch(`${ADDRESS}/way`, repeat, (value) => {
    way = value;
    dress();
  });
  dress();
  return [draw, repeat];
}

/** `stage` is always on the page, the row only while it is open. */
function savedRow(instrument, stage, close) {
  const list = choice("Saved marks", (name) => name && instrument.send(`${ADDRESS}/load`, name), "saved …");
  const name = h("input", { type: "text", maxLength: 64, className: "grow", "aria-label": "Name to save the marks under", placeholder: "name" });
  const saver = h("button", { type: "submit" }, "Save");
  const save = h("form", { className: "line grow" }, name, saver);
  const replacing = asksToReplace(saver, name, (marks) => `${marks} are there already: press again to replace them`);
  save.addEventListener("submit", (event) => {
    event.preventDefault();
    const wanted = name.value.trim();
    const others = [...list.element.options].some((one) => one.value === wanted) && wanted !== instrument.values.get(`${ADDRESS}/playing`);
    if (!wanted) return;
    if (others && !replacing.agreed(wanted)) return;
    replacing.cancel();
    instrument.send(`${ADDRESS}/save`, wanted);
  });
  const { element: remove, calm } = asksToDelete(() => list.element.value, (name) => instrument.send(`${ADDRESS}/delete`, name));
  list.element.addEventListener("change", calm);
  instrument.watch(`${ADDRESS}/playing`, stage, (playing) => {
    list.show(playing);
    if (document.activeElement !== name) name.value = playing;
    calm();
  });
  instrument.on(`${ADDRESS}/saved.reply`, (...names) => {
    list.fill([["", names.length ? "choose saved marks" : "nothing saved yet"], ...names.map((saved) => [saved, saved])]);
    remove.disabled = !names.length;
  });
  const element = h("div", { className: "line grow" }, list.element, save, remove, button("Close", close));
  return { element };
}

class MarksView extends Plane {
  armed = false;
  onArmed = () => {};
  onCount = () => {};
  #marks = []; // [name, x, y, kind]
  #chosen = -1;
  #grabbed = -1;
  #start = null;
  #moved = false;
  #carried = null;
  #drawn = []; // the way that is drawn now
  #foot;

  constructor(instrument, canvas, said, foot) {
    super(instrument, canvas, said, ADDRESS);
    this.#foot = foot;
    const list = () => ["list", "saved"].forEach((which) => instrument.ask(`${ADDRESS}/${which}`));
    instrument.on(`${ADDRESS}/changed`, list);
    instrument.onModel(list);
    instrument.on(`${ADDRESS}/list.reply`, (...all) => {
      this.#marks = [];
      for (let i = 0; i + 3 < all.length; i += 4) this.#marks.push(all.slice(i, i + 4));
      this.choose(this.#chosen < this.#marks.length ? this.#chosen : -1);
      this.onCount(this.#marks.length);
    });
  }

  arm(armed) {
    if (armed && this.instrument.values.get(`${ADDRESS}/way`) === "recording") return this.instrument.send(`${ADDRESS}/record`, 0);
    this.armed = armed;
    this.said.textContent = armed ? "Draw a way on the marks now: it is repeated when you let go." : "";
    this.onArmed();
  }

  /** Place a moment, or the controls, where the ring is. */
  place(what, ...given) {
    this.instrument.send(`${ADDRESS}/${what}`, ...given, this.value("x"), this.value("y"));
  }

  /** Take a sound that is dragged from the map; without a pointer it is placed where the ring is. */
  receive(event, { name, second }, done) {
    if (locked()) return;
    const [x, y] = event ? this.placeOf(event) : [this.value("x"), this.value("y")];
    const box = this.canvas.getBoundingClientRect();
    const inside = !event || (event.clientX > box.left && event.clientX < box.right && event.clientY > box.top && event.clientY < box.bottom);
    this.#carried = done || !inside ? null : [x, y];
    if (done && inside) this.instrument.send(`${ADDRESS}/clip`, name, second, x, y);
    this.said.textContent = done ? "" : inside ? `${name}: let go to place it here` : `${name}: drag it to the marks`;
    this.draw();
  }

  press(event) {
    this.#start = [event.clientX, event.clientY];
    this.#moved = false;
    this.#grabbed = this.armed || locked() ? -1 : this.nearest(event, this.#places());
    if (this.#grabbed >= 0) return;
    this.#drawn = [];
    if (this.armed) this.instrument.send(`${ADDRESS}/record`, 1);
    super.press(event);
  }

  drag(event) {
    if (this.#grabbed < 0) {
      if (this.armed) this.#drawn.push(this.placeOf(event));
      return super.drag(event);
    }
    if (!this.#moved && Math.hypot(event.clientX - this.#start[0], event.clientY - this.#start[1]) < GRAB) return;
    this.#moved = true;
    const mark = this.#marks[this.#grabbed];
    if (!mark) return;
    [mark[1], mark[2]] = this.placeOf(event);
    this.draw();
  }

  release(event) {
    if (this.armed) {
      this.instrument.send(`${ADDRESS}/record`, 0);
      this.arm(false);
      this.said.textContent = "The way is repeated until a hand moves the ring.";
    } else if (this.#grabbed >= 0 && this.#moved) {
      this.instrument.send(`${ADDRESS}/move`, this.#grabbed, ...this.placeOf(event));
      this.choose(this.#grabbed);
    } else if (this.#grabbed >= 0) {
      const [, x, y] = this.#marks[this.#grabbed];
      this.choose(this.#grabbed);
      this.move(x, y);
    }
    this.#grabbed = -1;
  }

  /** Take a mark in hand: its name can be changed, arrows move it, Delete takes it away. -1: none. */
  choose(number) {
    if (locked() && number >= 0) return;
    this.#chosen = number;
    const form = number < 0 ? null : this.#editor(number);
    if (form || this.#foot.dataset.holds === "mark") this.fill(form, "mark");
    this.draw();
  }

  /** Show a row below the canvas in place of the hint; null shows the hint again. */
  fill(row, holds = "saved") {
    if (this.#foot.contains(document.activeElement) && holds === "mark" && row) return;
    const again = row !== null && this.#foot.contains(row);
    if (this.#foot.contains(document.activeElement) && (!row || again)) this.canvas.focus();
    this.#foot.dataset.holds = row && !again ? holds : "";
    this.#foot.replaceChildren(...(row && !again ? [row] : []));
    this.#foot.hidden = !row || again;
    this.said.hidden = !this.#foot.hidden;
  }

  key(event) {
    const mark = this.#marks[this.#chosen];
    const to = mark && this.step(event, mark[1], mark[2]);
    if (event.key === "Enter") {
      const near = this.nearestTo(...this.pixel(this.value("x"), this.value("y")), Infinity, this.#places());
      this.choose(mark ? -1 : near);
    } else if (mark && (event.key === "Delete" || event.key === "Backspace")) this.#remove(this.#chosen);
    else if (to) this.instrument.send(`${ADDRESS}/move`, this.#chosen, ...to.map((value) => Math.min(Math.max(value, -1), 1)));
    else return super.key(event);
    event.preventDefault();
    event.stopPropagation();
  }

  #remove(number) {
    this.choose(-1);
    this.instrument.send(`${ADDRESS}/remove`, number);
  }

  #editor(number) {
    const [name, , , kind] = this.#marks[number];
    const field = h("input", { type: "text", value: name, maxLength: 64, className: "grow", "aria-label": "Name of the mark" });
    const form = h("form", { className: "line grow" }, h("span", { className: "muted" }, kind), field, h("button", { type: "submit" }, "Rename"),
      button("Take away", () => this.#remove(number)), button("Close", () => this.choose(-1)));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      field.blur();
      if (field.value.trim()) this.instrument.send(`${ADDRESS}/name`, number, field.value.trim());
    });
    return form;
  }

  #places() {
    return this.#marks.map(([, x, y]) => [x, y]);
  }

  paint() {
    const pen = this.begin();
    if (!pen) return;
    this.#paintWay(pen);
    this.#marks.forEach(([, x, y, kind], index) => this.#paintMark(pen, x, y, kind, index === this.#chosen));
    if (this.#carried) this.#paintMark(pen, ...this.#carried, "clip", true);
    this.#paintNames(pen);
    this.paintTarget(pen);
  }

  #paintWay(pen) {
    pen.strokeStyle = "rgb(232 236 241 / 0.35)";
    pen.lineWidth = 2;
    pen.beginPath();
    this.#drawn.forEach(([x, y], index) => (index ? pen.lineTo(...this.pixel(x, y)) : pen.moveTo(...this.pixel(x, y))));
    pen.stroke();
  }

  /** Shapes tell the kinds apart, not colours alone: a disc, a square, a triangle. */
  #paintMark(pen, x, y, kind, chosen) {
    const [left, top] = this.pixel(x, y);
    const size = chosen ? 10 : 8;
    pen.fillStyle = COLOURS[kind] ?? COLOURS.clip;
    pen.beginPath();
    if (kind === "moment") pen.rect(left - size, top - size, 2 * size, 2 * size);
    else if (kind === "controls") [[0, -size], [size, size], [-size, size]].forEach(([dx, dy], i) => (i ? pen.lineTo(left + dx, top + dy) : pen.moveTo(left + dx, top + dy)));
    else pen.arc(left, top, size, 0, 7);
    pen.closePath();
    pen.fill();
    pen.strokeStyle = chosen ? "#fff" : "#0e1115";
    pen.lineWidth = 2;
    pen.stroke();
  }

  /** Write the names where no other name is; that of the mark in hand first. */
  #paintNames(pen) {
    pen.font = "15px system-ui, sans-serif";
    const room = this.width;
    const taken = [];
    const order = this.#marks.map((_, index) => index).sort((a, b) => (b === this.#chosen) - (a === this.#chosen));
    for (const index of order) {
      const [name, x, y] = this.#marks[index];
      const [left, top] = this.pixel(x, y);
      const long = pen.measureText(name).width;
      const free = ([at, line]) => at >= 2 && at + long <= room - 2 && !taken.some(([l, t, w]) => Math.abs(t - line) < 18 && at < l + w + 6 && l < at + long + 6);
      const middle = left - long / 2;
      const at = [[left + 16, top], [left - 16 - long, top], [middle, top + 22], [middle, top - 22]].find(free);
      if (!at) continue;
      taken.push([...at, long]);
      write(pen, name, at[0], at[1] + 5);
    }
  }
}
