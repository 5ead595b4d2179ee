/** The map of the corpus: its sounds as points, the place that is sought, and where the sound is; beside it the marks. */

import { bar } from "./bar.js";
import { atPicture, atReading, button, h, number } from "./dom.js";

const MARGIN = 26;
const TRAIL_MS = 3000;
const FADE_MS = 100; // between two pictures of a trail that fades where nothing else paints
const NEAR = 24; // pixels within which a point is meant
const STEP = 0.02;
const LARGE_STEP = 0.1;
const LEAST_SECONDS = 1; // that a double click plays
const WORKSHOP_PORT = 9003;

/** Build the card; points and names are those of each model. `buildMarks` builds the player's own map beside it. */
export function buildMap(instrument, root, buildMarks) {
  const canvas = h("canvas", { tabIndex: 0, role: "application", "aria-label": "Map: drag or use the arrow keys to move, double-click or Enter to play a sound" });
  const said = h("p", { className: "said", role: "status" });
  const none = h("p", { className: "hint", hidden: true }, "This model has no map: `distill analyse MODEL CORPUS` makes one.");
  const head = h("div", { className: "head" });
  const view = new MapView(instrument, canvas, said);
  const marks = buildMarks(instrument, view, said);
  root.replaceChildren(head, h("div", { className: "stages" }, h("div", { className: "stage" }, canvas, none), marks.stage), said, marks.foot);
  const choose = (own) => {
    const focused = head.contains(document.activeElement);
    marks.show(own);
    root.classList.toggle("own", own);
    const turn = button("Marks", () => choose(!own), { className: "toggle", "aria-pressed": own, title: "Your own map: place sounds, moments and controls, and play what lies between them" });
    const shown = own
      ? marks.tools()
      : [bar(instrument, "/distill/map/amount", { label: "amount", text: (v) => v.toFixed(1) }), glideBar(view), switchOf("names", view, "names"), switchOf("trail", view, "trail"),
        switchOf("hear", view, "hear", "A touch of a point plays its recording in this browser alone, as Alt-click does")];
    head.replaceChildren(h("h2", { hidden: own }, "Map"), turn, ...shown);
    if (focused) turn.focus();
    view.choose(own);
  };
  instrument.onModel((facts) => {
    const there = Boolean(facts.has_map);
    choose(root.classList.contains("own"));
    none.hidden = there;
    canvas.hidden = !there;
    view.use((there && facts.map) || {});
  });
}

function glideBar(view) {
  const range = { label: "glide", min: 0, max: 10, text: (v) => `${v.toFixed(1)} s`, send: (v) => (view.glide = v), start: view.glide };
  return bar(view.instrument, "", range);
}

function switchOf(label, view, name, title = "") {
  const element = button(label, () => {
    view[name] = !view[name];
    element.setAttribute("aria-pressed", view[name]);
    view.refresh();
  }, { className: "toggle", "aria-pressed": view[name], title });
  return element;
}

/** A plane of x and y from -1 to 1 on a canvas: pixels and places, drag, arrow keys, pictures when something changes. */
export class Plane {
  glide = 0;
  held = false;
  width = 0; // of the canvas, in pixels of the page
  height = 0;
  drawing = () => this.paint();

  /** `address` is the group that moves the place; its parameters are `address/x`, `/y` and `/amount`. */
  constructor(instrument, canvas, said, address) {
    Object.assign(this, { instrument, canvas, said, address });
    for (const name of ["x", "y", "amount"]) instrument.watch(`${address}/${name}`, canvas, () => this.draw());
    new ResizeObserver(([{ contentRect }]) => {
      [this.width, this.height] = [contentRect.width, contentRect.height];
      this.refresh();
    }).observe(canvas);
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      this.held = true;
      canvas.setPointerCapture(event.pointerId);
      this.press(event);
    });
    canvas.addEventListener("pointermove", (event) => (this.held ? this.drag(event) : this.over(event)));
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, (event) => {
        if (this.held) this.release(event);
        this.held = false;
      });
    }
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  press(event) {
    this.move(...this.placeOf(event));
  }

  drag(event) {
    this.move(...this.placeOf(event));
  }

  release() {}

  over() {}

  refresh() {
    this.draw();
  }

  draw() {
    atPicture(this.drawing);
  }

  value(name) {
    return this.instrument.values.get(`${this.address}/${name}`) ?? 0;
  }

  /** Return the pixel of a place. */
  pixel(x, y) {
    return [MARGIN + ((x + 1) / 2) * (this.width - 2 * MARGIN), MARGIN + ((1 - y) / 2) * (this.height - 2 * MARGIN)];
  }

  /** Return the place of a pointer, within the plane. */
  placeOf(event) {
    const box = this.canvas.getBoundingClientRect();
    const across = (event.clientX - box.left - MARGIN) / (box.width - 2 * MARGIN);
    const down = (event.clientY - box.top - MARGIN) / (box.height - 2 * MARGIN);
    return [2 * across - 1, 1 - 2 * down].map(within);
  }

  move(x, y) {
    const [left, up] = [within(x), within(y)];
    this.instrument.values.set(`${this.address}/x`, left);
    this.instrument.values.set(`${this.address}/y`, up);
    this.instrument.set(this.address, left, up, ...(this.glide ? [this.glide] : []));
    this.draw();
  }

  /** Return the number of the place [x, y] nearest to a pointer's, -1 if none is near. */
  nearest(event, places) {
    const box = this.canvas.getBoundingClientRect();
    return this.nearestTo(event.clientX - box.left, event.clientY - box.top, NEAR, places);
  }

  nearestTo(left, top, limit, places) {
    let best = -1;
    places.forEach(([x, y], index) => {
      const [px, py] = this.pixel(x, y);
      const distance = Math.hypot(px - left, py - top);
      if (distance < limit) [best, limit] = [index, distance];
    });
    return best;
  }

  /** Return where an arrow key or 0 leads from a place; undefined for other keys. */
  step(event, x, y) {
    const step = event.shiftKey ? LARGE_STEP : STEP;
    return { ArrowLeft: [x - step, y], ArrowRight: [x + step, y], ArrowUp: [x, y + step], ArrowDown: [x, y - step], 0: [0, 0] }[event.key];
  }

  key(event) {
    const to = this.step(event, this.value("x"), this.value("y"));
    if (!to) return;
    this.move(...to);
    event.preventDefault();
    event.stopPropagation();
  }

  /** Return the pen of an empty canvas of `width` and `height`, or null where it is not shown. */
  begin(surface = this.canvas) {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(this.width * ratio), Math.round(this.height * ratio)];
    if (!width || !height) return null;
    if (surface.width !== width || surface.height !== height) [surface.width, surface.height] = [width, height];
    const pen = surface.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.scale(ratio, ratio);
    return pen;
  }

  paintTarget(pen) {
    const active = this.value("amount") > 0;
    pen.strokeStyle = active ? "#5ad1b8" : "#7d8896";
    pen.lineWidth = active ? 3 : 2;
    pen.setLineDash(active ? [] : [4, 4]);
    pen.beginPath();
    pen.arc(...this.pixel(this.value("x"), this.value("y")), 15, 0, 7);
    pen.stroke();
    pen.setLineDash([]);
  }
}

/** Write a text beside a place, with a dark edge, not beyond the right edge. */
export function write(pen, text, left, top) {
  pen.font = "15px system-ui, sans-serif";
  pen.fillStyle = "#dfe5ec";
  pen.strokeStyle = "#0e1115";
  pen.lineWidth = 4;
  pen.strokeText(text, left, top);
  pen.fillText(text, left, top);
}

function within(value) {
  return Math.min(Math.max(value, -1), 1);
}

class MapView extends Plane {
  names = false;
  trail = true;
  hear = false; // a point plays its recording in the browser, and the ring stays
  carry = () => {};
  #points = [];
  #clips = {};
  #path = [];
  #painted = 0; // when the trail was
  #fade = () => (performance.now() - this.#painted > FADE_MS ? this.paint() : atReading(this.#fade));
  #hovered = -1;
  #place = [0, 0];
  #palette = false; // the marks are shown beside it: a point is dragged there
  #carried = -1;
  #layer = document.createElement("canvas"); // points and names, painted again only when they change
  #stale = true;

  constructor(instrument, canvas, said) {
    super(instrument, canvas, said, "/distill/map");
    instrument.watch("/distill/place/x", canvas, (x) => this.#sound(x, this.#place[1]));
    instrument.watch("/distill/place/y", canvas, (y) => this.#sound(this.#place[0], y));
    canvas.addEventListener("pointerleave", () => this.#hover(-1));
    canvas.addEventListener("dblclick", (event) => this.#hears(event) || this.#play(this.nearest(event, this.#points)));
  }

  /** Serve as the place that sounds are dragged from, or as the map alone. */
  choose(palette) {
    this.#palette = palette;
    this.#hover(-1, true);
  }

  press(event) {
    this.#carried = this.#palette && !this.#hears(event) ? this.nearest(event, this.#points) : -1;
    if (this.#hears(event)) this.#listen(this.nearest(event, this.#points));
    else if (this.#carried < 0) super.press(event);
  }

  drag(event) {
    if (this.#hears(event)) return;
    if (this.#carried < 0) super.drag(event);
    else this.carry(event, this.#sounds(this.#carried), false);
  }

  #hears(event) {
    return event.altKey || (this.hear && !this.#palette);
  }

  release(event) {
    if (this.#carried >= 0) this.carry(event, this.#sounds(this.#carried), true);
    this.#carried = -1;
  }

  over(event) {
    this.#hover(this.nearest(event, this.#points));
  }

  /** Return name and second of a point. */
  #sounds(index) {
    const [, , clip, second] = this.#points[index];
    return { name: this.#clips[clip] ?? "", second };
  }

  use({ points = [], clips = {} }) {
    this.#points = points;
    this.#clips = clips;
    this.#path = [];
    this.#stale = true;
    this.#hover(-1, true);
  }

  /** Paint everything again, and say again what can be done. */
  refresh() {
    this.#stale = true;
    this.#hover(this.#hovered, true);
  }

  #sound(x, y) {
    this.#place = [x, y];
    this.draw();
  }

  #hover(index, again = false) {
    if (index !== this.#hovered) this.#stale = true;
    else if (!again) return;
    this.#hovered = index;
    const [, , clip, second] = this.#points[index] ?? [];
    const hint = this.#palette
      ? "Drag sounds from the map to the marks, or press Enter on them."
      : this.hear
        ? "Press a point to hear its recording in this browser alone."
        : "Drag to move. Double-click plays a point, Alt-click hears it here.";
    this.said.textContent = !this.#points.length ? "" : index < 0 ? hint : `${this.#name(clip)}, ${number(second)} s`;
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

  /** Play the recording itself in this browser, through the workshop, which knows where the recordings are. */
  #listen(index) {
    if (index < 0) return;
    const { name } = this.#sounds(index);
    const model = encodeURIComponent(this.instrument.values.get("/distill/model") ?? "");
    const sound = new Audio(`${workshop()}/api/models/${model}/clip?name=${encodeURIComponent(name)}`);
    sound.currentTime = this.#points[index][3];
    const failed = () => (this.said.textContent = `${name}: the recordings are not at hand. Start \`distill ui\` on the machine that has them.`);
    sound.play().then(() => (this.said.textContent = `${name}, in this browser alone`), failed);
  }

  key(event) {
    const [x, y] = [this.value("x"), this.value("y")];
    if (event.key !== "Enter") return super.key(event);
    const index = this.nearestTo(...this.pixel(x, y), Infinity, this.#points);
    if (index < 0) return;
    if (this.#hears(event)) this.#listen(index);
    else this.#palette ? this.carry(null, this.#sounds(index), true) : this.#play(index);
    event.preventDefault();
    event.stopPropagation();
  }

  paint() {
    if (this.#stale) {
      const pen = this.begin(this.#layer);
      if (!pen) return;
      this.#paintPoints(pen);
      if (this.names) this.#paintNames(pen);
      this.#stale = false;
    }
    const pen = this.begin();
    if (!pen) return;
    pen.drawImage(this.#layer, 0, 0, this.width, this.height);
    if (this.trail) this.#paintTrail(pen);
    this.paintTarget(pen);
  }

  #paintPoints(pen) {
    const chosen = this.#points[this.#hovered]?.[2];
    for (const [x, y, clip] of this.#points) {
      pen.fillStyle = `hsl(${(clip * 137.5) % 360} 45% ${clip === chosen ? 75 : 58}% / ${chosen === undefined || clip === chosen ? 0.9 : 0.3})`;
      pen.beginPath();
      pen.arc(...this.pixel(x, y), clip === chosen ? 6 : 4.5, 0, 7);
      pen.fill();
    }
  }

  /** Write the name of each clip beside its first point, where no other name is. */
  #paintNames(pen) {
    const { width } = this;
    pen.font = "15px system-ui, sans-serif";
    const taken = [];
    const done = new Set();
    for (const [x, y, clip] of this.#points) {
      if (done.has(clip)) continue;
      const name = this.#name(clip).replace(/\.\w+$/, "");
      const long = pen.measureText(name).width;
      const [px, py] = this.pixel(x, y);
      const left = Math.min(px + 9, width - long - 6);
      if (taken.some(([l, t, w]) => Math.abs(t - py) < 18 && left < l + w + 8 && l < left + long + 8)) continue;
      done.add(clip);
      taken.push([left, py, long]);
      write(pen, name, left, py + 5);
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
      pen.moveTo(...this.pixel(before[0], before[1]));
      pen.lineTo(...this.pixel(after[0], after[1]));
      pen.stroke();
    }
    if (this.instrument.values.get("/distill/playing")) {
      pen.fillStyle = "#fff";
      pen.beginPath();
      pen.arc(...this.pixel(...this.#place), 5, 0, 7);
      pen.fill();
    }
    this.#painted = now;
    if (this.#path.length > 1) atReading(this.#fade);
  }
}

/** Return where the workshop is: it gives its port to the pages that it opens, else its usual one. */
function workshop() {
  return `${location.protocol}//${location.hostname}:${new URLSearchParams(location.search).get("workshop") ?? WORKSHOP_PORT}`;
}
