/** The course of a training: losses as lines, each on a scale of its own, and figures of held-out sounds as dots. */

import { h } from "/ui/dom.js";

const COLOURS = ["#5ad1b8", "#f2bd5c", "#7fb2ff", "#ff9db0", "#c4a7ff", "#a3adb9"];
const DASHES = [[], [6, 3], [2, 3], [8, 3, 2, 3], [1, 2], [10, 4]];
const COUNTS = ["active", "training"]; // figures that are no losses
const WORDS = { mel: "mel", log_mel: "mel", stft: "spectrum", mr_stft: "spectrum", generator: "generator", discriminator: "discriminator", feature: "features" };

/** Return an element with the picture, and `show(job)`. */
export function curve() {
  const canvas = h("canvas", { className: "curve", role: "img" });
  const legend = h("ul", { className: "legend" });
  let last = null;
  const show = (job) => {
    last = job;
    const series = lines(job);
    const shown = series.map(({ name, points }, index) => entry(name, points.at(-1)[1], index));
    const held = job.validated.at(-1)?.[1] ?? {};
    for (const [name, value] of Object.entries(held)) if (!COUNTS.includes(name)) shown.push(h("li", {}, h("i", { className: "dot" }), `held-out ${WORDS[name] ?? name} ${round(value)}`));
    if (job.kind === "train-vocoder" && series.length && !series.some(({ name }) => name === "discriminator")) {
      shown.push(h("li", { className: "muted" }, "spectral stage: no discriminator yet"));
    }
    legend.replaceChildren(...shown);
    canvas.setAttribute("aria-label", `Course of the training: ${legend.textContent}`);
    draw(canvas, series, job.validated);
  };
  new ResizeObserver(() => last && show(last)).observe(canvas);
  return { element: h("div", { className: "course" }, canvas, legend), show };
}

function entry(name, value, index) {
  const item = h("li", {}, h("i", {}), `${WORDS[name] ?? name} ${round(value)}`);
  item.querySelector("i").style.background = COLOURS[index % COLOURS.length];
  return item;
}

function round(value) {
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(3);
}

/** Return [{name, points: [[step, value]]}] of all losses; those of a later stage begin later. */
function lines(job) {
  const found = new Map();
  for (const [step, losses] of job.curve) {
    for (const [name, value] of Object.entries(losses)) {
      if (!Number.isFinite(value) || COUNTS.includes(name)) continue;
      if (!found.has(name)) found.set(name, []);
      found.get(name).push([step, value]);
    }
  }
  return [...found].map(([name, points]) => ({ name, points })).filter(({ points }) => points.some(([, value]) => value));
}

function draw(canvas, series, validated) {
  const ratio = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  [canvas.width, canvas.height] = [width * ratio, height * ratio];
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const steps = [...series.flatMap(({ points }) => [points[0][0], points.at(-1)[0]]), ...validated.map(([step]) => step)];
  const [first, last] = [Math.min(...steps, 0), Math.max(...steps, 1)];
  const x = (step) => 6 + ((step - first) / (last - first || 1)) * (width - 12);
  series.forEach(({ points }, index) => {
    const y = scale(points.map(([, value]) => value), height);
    context.strokeStyle = context.fillStyle = COLOURS[index % COLOURS.length];
    context.lineWidth = 1.6;
    context.setLineDash(DASHES[index % DASHES.length]);
    context.beginPath();
    points.forEach(([step, value], number) => context[number ? "lineTo" : "moveTo"](x(step), y(value)));
    context.stroke();
    if (points.length === 1) context.fillRect(x(points[0][0]) - 2, y(points[0][1]) - 2, 4, 4);
  });
  const name = Object.keys(validated[0]?.[1] ?? {})[0];
  const held = validated.filter(([, figures]) => Number.isFinite(figures[name]));
  const y = scale(held.map(([, figures]) => figures[name]), height);
  context.fillStyle = "#e8ecf1";
  for (const [step, figures] of held) {
    context.beginPath();
    context.arc(x(step), y(figures[name]), 3, 0, 2 * Math.PI);
    context.fill();
  }
}

/** Return the place of a value between the lowest and the highest of its series; logarithmic where all are positive. */
function scale(all, height) {
  const turned = all.every((value) => value > 0) ? Math.log : (value) => value;
  const [low, high] = [turned(Math.min(...all)), turned(Math.max(...all))];
  return (value) => height - 8 - ((turned(value) - low) / (high - low || 1)) * (height - 16);
}
