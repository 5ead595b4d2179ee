/** The map of the corpus: its sounds as points, the place that is sought, and where the sound is. */

import { bar } from "./bar.js";
import { button, h, number } from "./dom.js";

const MARGIN = 26;
const TRAIL_MS = 3000;
const FADE_MS = 60; // between two pictures of a trail that only fades
const NEAR = 24; // pixels within which a point is meant
const STEP = 0.02;
const LARGE_STEP = 0.1;
const LEAST_SECONDS = 1; // that a double click plays

/** Build the card; points and names are those of each model. */
export function buildMap(instrument, root) {
  const canvas = h("canvas", { tabIndex: 0, role: "application", "aria-label": "Map: drag or use the arrow keys to move, double-click or Enter to play a sound" });
  const said = h("p", { className: "said", role: "status" });
  const none = h("p", { className: "hint", hidden: true }, "This model has no map: `distill analyse MODEL CORPUS` makes one.");
  const head = h("div", { className: "head" });
  root.replaceChildren(head, h("div", { className: "stage" }, canvas, none), said);
  const view = new MapView(instrument, canvas, said);
  instrument.onModel((facts) => {
    const there = Boolean(facts.has_map);
    const glide = glideBar(view);
    head.replaceChildren(
      h("h2", {}, "Map"), bar(instrument, "/distill/map/amount", { label: "amount" }), glide,
      switchOf("names", view, "names"), switchOf("trail", view, "trail"),
    );
    none.hidden = there;
    canvas.hidden = !there;
    view.use((there && facts.map) || {});
  });
}

function glideBar(view) {
  const range = { label: "glide", min: 0, max: 10, text: (v) => `${number(v)} s`, send: (v) => (view.glide = v), start: view.glide };
  return bar(view.instrument, "", range);
}

function switchOf(label, view, name) {
  const element = button(label, () => {
    view[name] = !view[name];
    element.setAttribute("aria-pressed", view[name]);
    view.refresh();
  }, { className: "toggle", "aria-pressed": view[name] });
  return element;
}

class MapView {
  glide = 0;
  names = false;
  trail = true;
  #points = [];
  #clips = {};
  #path = [];
  #hovered = -1;
  #drawing = 0;
  #fading = 0;
  #place = [0, 0];
  #held = false;
  #layer = document.createElement("canvas"); // points and names, painted again only when they change
  #stale = true;

  constructor(instrument, canvas, said) {
    Object.assign(this, { instrument, canvas, said });
    const redraw = () => this.draw();
    for (const name of ["map/x", "map/y", "map/amount"]) instrument.watch(`/distill/${name}`, canvas, redraw);
    instrument.watch("/distill/place/x", canvas, (x) => this.#sound(x, this.#place[1]));
    instrument.watch("/distill/place/y", canvas, (y) => this.#sound(this.#place[0], y));
    new ResizeObserver(() => this.refresh()).observe(canvas);
    canvas.addEventListener("pointerdown", (event) => {
      this.#held = true;
      canvas.setPointerCapture(event.pointerId);
      this.#goTo(event);
    });
    canvas.addEventListener("pointermove", (event) => (this.#held ? this.#goTo(event) : this.#hover(this.#nearest(event))));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (this.#held = false));
    canvas.addEventListener("pointerleave", () => this.#hover(-1));
    canvas.addEventListener("dblclick", (event) => this.#play(this.#nearest(event)));
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  use({ points = [], clips = {} }) {
    this.#points = points;
    this.#clips = clips;
    this.#path = [];
    this.#stale = true;
    this.#hover(-1);
  }

  /** Paint everything again. */
  refresh() {
    this.#stale = true;
    this.draw();
  }

  draw() {
    if (!this.#drawing) this.#drawing = requestAnimationFrame(() => this.#paint());
  }

  #value(name) {
    return this.instrument.values.get(`/distill/map/${name}`) ?? 0;
  }

  #sound(x, y) {
    this.#place = [x, y];
    this.draw();
  }

  /** Return the pixel of a place of the map. */
  #pixel(x, y) {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    return [MARGIN + ((x + 1) / 2) * (width - 2 * MARGIN), MARGIN + ((1 - y) / 2) * (height - 2 * MARGIN)];
  }

  #goTo(event) {
    const box = this.canvas.getBoundingClientRect();
    const across = (event.clientX - box.left - MARGIN) / (box.width - 2 * MARGIN);
    const down = (event.clientY - box.top - MARGIN) / (box.height - 2 * MARGIN);
    this.move(2 * across - 1, 1 - 2 * down);
  }

  move(x, y) {
    const [left, up] = [x, y].map((value) => Math.min(Math.max(value, -1), 1));
    this.instrument.values.set("/distill/map/x", left);
    this.instrument.values.set("/distill/map/y", up);
    this.instrument.set("/distill/map", left, up, ...(this.glide ? [this.glide] : []));
    this.draw();
  }

  #nearest(event) {
    const box = this.canvas.getBoundingClientRect();
    return this.#nearestTo(event.clientX - box.left, event.clientY - box.top, NEAR);
  }

  #nearestTo(left, top, limit) {
    let best = -1;
    this.#points.forEach(([x, y], index) => {
      const [px, py] = this.#pixel(x, y);
      const distance = Math.hypot(px - left, py - top);
      if (distance < limit) [best, limit] = [index, distance];
    });
    return best;
  }

  #hover(index) {
    if (index !== this.#hovered) this.#stale = true;
    this.#hovered = index;
    const [, , clip, second] = this.#points[index] ?? [];
    this.said.textContent = index < 0 ? "Drag to move. Double-click a point to play its sound from there." : `${this.#name(clip)}, ${number(second)} s`;
    this.draw();
  }

  #name(clip) {
    return this.#clips[clip] ?? `sound ${clip}`;
  }

  #play(index) {
    if (index < 0) return;
    const [x, y, clip, second, position, left] = this.#points[index];
    if (position === null) return this.move(x, y);
    const { instrument } = this;
    instrument.set("/distill/source/position", position);
    instrument.set("/distill/source/length", Math.max(left, LEAST_SECONDS));
    instrument.set("/distill/source", "corpus");
    instrument.send("/distill/source/trigger");
    this.said.textContent = `playing ${this.#name(clip)} from ${number(second)} s`;
  }

  #key(event) {
    const step = event.shiftKey ? LARGE_STEP : STEP;
    const [x, y] = [this.#value("x"), this.#value("y")];
    const moves = { ArrowLeft: [x - step, y], ArrowRight: [x + step, y], ArrowUp: [x, y + step], ArrowDown: [x, y - step], 0: [0, 0] };
    if (event.key === "Enter") this.#play(this.#nearestTo(...this.#pixel(x, y), Infinity));
    else if (moves[event.key]) this.move(...moves[event.key]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #paint() {
    this.#drawing = 0;
    const { canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width || !height) return;
    if (this.#stale) {
      for (const surface of [canvas, this.#layer]) [surface.width, surface.height] = [Math.round(width * ratio), Math.round(height * ratio)];
      const pen = this.#layer.getContext("2d");
      pen.scale(ratio, ratio);
      this.#paintPoints(pen);
      if (this.names) this.#paintNames(pen, width);
      this.#stale = false;
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(this.#layer, 0, 0);
    pen.scale(ratio, ratio);
    if (this.trail) this.#paintTrail(pen);
    this.#paintTarget(pen);
  }

  #paintPoints(pen) {
    const chosen = this.#points[this.#hovered]?.[2];
    for (const [x, y, clip] of this.#points) {
      pen.fillStyle = `hsl(${(clip * 137.5) % 360} 45% ${clip === chosen ? 75 : 58}% / ${chosen === undefined || clip === chosen ? 0.9 : 0.3})`;
      pen.beginPath();
      pen.arc(...this.#pixel(x, y), clip === chosen ? 6 : 4.5, 0, 7);
      pen.fill();
    }
  }

  /** Write the name of each clip beside its first point, where no other name is. */
  #paintNames(pen, width) {
    pen.font = "15px system-ui, sans-serif";
    pen.fillStyle = "#dfe5ec";
    pen.strokeStyle = "#0e1115";
    pen.lineWidth = 4;
    const taken = [];
    const done = new Set();
    for (const [x, y, clip] of this.#points) {
      if (done.has(clip)) continue;
      const name = this.#name(clip).replace(/\.\w+$/, "");
      const long = pen.measureText(name).width;
      const [px, py] = this.#pixel(x, y);
      const left = Math.min(px + 9, width - long - 6);
      if (taken.some(([l, t, w]) => Math.abs(t - py) < 18 && left < l + w + 8 && l < left + long + 8)) continue;
      done.add(clip);
      taken.push([left, py, long]);
      pen.strokeText(name, left, py + 5);
      pen.fillText(name, left, py + 5);
    }
  }

  #paintTrail(pen) {
    const now = performance.now();
    const [x, y] = this.#path.at(-1) ?? [];
    if (x !== this.#place[0] || y !== this.#place[1]) this.#path.push([...this.#place, now]);
    this.#path = this.#path.filter(([, , time]) => now - time < TRAIL_MS);
    pen.lineWidth = 2;
    pen.lineCap = "round";
    for (let i = 1; i < this.#path.length; i += 1) {
      const [before, after] = [this.#path[i - 1], this.#path[i]];
      pen.strokeStyle = `rgb(232 236 241 / ${0.55 * (1 - (now - after[2]) / TRAIL_MS)})`;
      pen.beginPath();
      pen.moveTo(...this.#pixel(before[0], before[1]));
      pen.lineTo(...this.#pixel(after[0], after[1]));
      pen.stroke();
    }
    if (this.instrument.values.get("/distill/playing")) {
      pen.fillStyle = "#fff";
      pen.beginPath();
      pen.arc(...this.#pixel(...this.#place), 5, 0, 7);
      pen.fill();
    }
    clearTimeout(this.#fading);
    if (this.#path.length > 1) this.#fading = setTimeout(() => this.draw(), FADE_MS);
  }

  #paintTarget(pen) {
    const active = this.#value("amount") > 0;
    pen.strokeStyle = active ? "#5ad1b8" : "#7d8896";
    pen.lineWidth = active ? 3 : 2;
    pen.setLineDash(active ? [] : [4, 4]);
    pen.beginPath();
    pen.arc(...this.#pixel(this.#value("x"), this.#value("y")), 15, 0, 7);
    pen.stroke();
    pen.setLineDash([]);
  }
}
