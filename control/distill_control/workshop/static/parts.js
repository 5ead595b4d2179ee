/** Parts that several screens use: questions, fields, times, listening, outlines. */

import { button, h } from "/ui/dom.js";

/** Return a time as 2:03 or 1:02:03. */
export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, String(whole % 60).padStart(2, "0")];
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** Return a size as 8 MB. */
export function size(bytes) {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : bytes >= 1e6 ? `${(bytes / 1e6).toFixed(0)} MB` : `${Math.ceil(bytes / 1e3)} kB`;
}

/** Return in words which vocoder plays and why. */
export function played(vocoder = "", reason = "") {
  const shipped = vocoder.startsWith("base ");
  const [name, why] = shipped ? ["the shipped vocoder", reason.replace(/: the base \w+$/, "")] : [vocoder, reason];
  return [name, why].filter(Boolean).join(": ");
}

/** Return how long ago something was. */
export function ago(seconds) {
  const past = Date.now() / 1000 - seconds;
  const steps = [[86400, "d"], [3600, "h"], [60, "min"]];
  const [unit, name] = steps.find(([length]) => past >= length) ?? [0, ""];
  return unit ? `${Math.floor(past / unit)} ${name} ago` : "just now";
}

/** Return a labelled field. */
export function field(label, element, hint = "") {
  return h("label", { className: "field", title: hint }, h("span", {}, label), element);
}

/** Return an input for a number or a text. */
export function input(name, { value = "", type = "number", placeholder = "", ...rest } = {}) {
  return h("input", { name, type, value, placeholder, step: "any", spellcheck: false, autocomplete: "off", ...rest });
}

/** Return a list of [value, text]. */
export function list(name, pairs, properties = {}) {
  return h("select", { name, ...properties }, ...pairs.map(([value, text]) => h("option", { value }, text)));
}

/** Fill a list anew and keep what is chosen, if it is still there. */
export function refill(element, pairs) {
  const before = element.value;
  element.replaceChildren(...pairs.map(([value, text]) => h("option", { value }, text)));
  if (pairs.some(([value]) => value === before)) element.value = before;
}

/** Return a check box with its text. */
export function check(name, text, checked = false) {
  return h("label", { className: "check" }, h("input", { type: "checkbox", name, checked }), h("span", {}, text));
}

/** Return the values of a form: numbers as numbers, empty fields left out. */
export function values(form) {
  const found = {};
  for (const element of form.elements) {
    if (!element.name || element.disabled) continue;
    if (element.type === "checkbox") found[element.name] = element.checked;
    else if (element.type === "number" && element.value !== "") found[element.name] = Number(element.value);
    else if (element.type !== "number" && element.value !== "") found[element.name] = element.value;
  }
  return found;
}

/** Ask inline: `answers` are [text, action]; the first one keeps everything as it is and has the focus. */
export function question(place, text, answers) {
  const asker = document.activeElement;
  const close = () => {
    place.replaceChildren();
    asker?.focus();
  };
  const buttons = answers.map(([label, act]) => button(label, () => (close(), act?.())));
  place.replaceChildren(h("div", { className: "question", role: "group", "aria-label": text }, h("p", {}, text), h("div", { className: "line wrap" }, ...buttons)));
  place.firstElementChild.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  buttons[0].focus();
}

const sound = new Audio();
let playing = null;

/** Return a button that plays a sound in the browser; one plays at a time. */
export function listen(url, label, text = "▶") {
  const element = button(text, () => {
    if (playing?.element === element) return silence();
    silence();
    const now = (playing = { element, text });
    sound.src = url;
    sound.play().catch(() => playing === now && silence()); // the one before fails too when another is chosen
    element.textContent = text.replace("▶", "■");
    element.setAttribute("aria-pressed", true);
  }, { className: "listen", "aria-label": `Listen to ${label}`, "aria-pressed": false });
  return element;
}

/** Stop what plays in the browser. */
export function silence() {
  sound.pause();
  if (!playing) return;
  playing.element.textContent = playing.text;
  playing.element.setAttribute("aria-pressed", false);
  playing = null;
}
sound.addEventListener("ended", silence);

/** Draw an outline of [lowest, highest] values into a canvas; `played` is the share in the accent's colour. */
export function drawOutline(canvas, [low, high], played = 0) {
  const ratio = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth * ratio, canvas.clientHeight * ratio];
  if (!width || !height || !low.length) return;
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  const style = getComputedStyle(canvas);
  const middle = height / 2;
  for (let x = 0; x < width; x += 1) {
    const index = Math.floor((x / width) * low.length);
    context.fillStyle = x < played * width ? style.getPropertyValue("--accent") : style.getPropertyValue("--wave");
    const [top, bottom] = [middle - (high[index] / 127) * middle, middle - (low[index] / 127) * middle];
    context.fillRect(x, Math.min(top, middle - 0.5), 1, Math.max(bottom - top, 1));
  }
}

const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    seen.unobserve(entry.target);
    fetch(entry.target.dataset.outline).then((answer) => (answer.ok ? answer.json() : [[], []])).then((outline) => drawOutline(entry.target, outline)).catch(() => {});
  }
});

/** Return a canvas that draws an outline as soon as it is seen. */
export function thumbnail(url) {
  const canvas = h("canvas", { className: "thumbnail", "data-outline": url, "aria-hidden": "true" });
  seen.observe(canvas);
  return canvas;
}
