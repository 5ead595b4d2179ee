/** Make elements. Every text becomes a text node: names of files and models are strangers' texts. */

const FLOOR_DB = -60; // of meters
const READ_MS = 125; // between two texts of a value that moves: nobody reads faster

const drawings = new Set(); // of the next picture
let texts = new Set(); // that wait for their turn
let picture = 0;
let turn = 0;
let turned = -Infinity;

/** Call `draw()` at the next picture, once however often it is asked for; while the page is hidden there is none. */
export function atPicture(draw) {
  drawings.add(draw);
  picture ||= requestAnimationFrame(paint);
}

/** Call `write()` at a picture eight times a second at most, all of them together: texts cost a layout. */
export function atReading(write) {
  texts.add(write);
  turn ||= setTimeout(() => {
    turned = -Infinity;
    picture ||= requestAnimationFrame(paint); // for want of another one
  }, READ_MS);
}

function paint() {
  carryOut(drawings);
  if (texts.size && performance.now() - turned >= READ_MS) {
    clearTimeout(turn);
    turn = 0;
    turned = performance.now();
    const due = texts;
    texts = new Set();
    carryOut(due);
  }
  picture = drawings.size ? requestAnimationFrame(paint) : 0;
}

/** Call and take out all of a set, and what they add to it. */
function carryOut(calls) {
  for (const call of calls) {
    calls.delete(call);
    try {
      call();
    } catch (error) {
      reportError(error); // a part that fails takes no other with it
    }
  }
}

/** Set the text of an element that holds nothing else, if it is another one. */
export function put(element, text) {
  if (!element.firstChild) element.append(text);
  else if (element.firstChild.data !== text) element.firstChild.data = text;
}

/** Return an element: properties, `on` handlers, `aria-`/`data-` attributes, then children. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name.includes("-") || name === "role" || name === "for") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Whether the page is locked for the stage (`?lock=1`): nothing on it can be changed for good. */
export const locked = () => document.body.classList.contains("locked");

/**
 * Make a Save button ask before it replaces what has the name in a field: a second press replaces it.
 * `agreed(wanted)` tells whether it was asked for that name, and asks; `cancel()` tells whether anything was asked.
 */
export function asksToReplace(saver, name, said, className = "") {
  let replacing = "";
  const ask = (wanted) => {
    replacing = wanted;
    saver.textContent = wanted ? "Replace" : "Save";
    saver.className = wanted ? className : "";
    saver.title = wanted ? said(wanted) : "";
  };
  const cancel = () => Boolean(replacing) && (ask(""), true);
  const agreed = (wanted) => replacing === wanted || (ask(wanted), false);
  name.addEventListener("input", cancel);
  return { agreed, cancel };
}

/**
 * Return a Delete button that asks first: a second press for the same name deletes it.
 * `chosen()` returns the name, `act(name)` deletes; `calm()` takes the question back.
 */
export function asksToDelete(chosen, act) {
  let asked = "";
  const calm = () => {
    asked = remove.className = "";
    remove.textContent = "Delete";
  };
  const remove = button("Delete", () => {
    const name = chosen();
    if (!name) return;
    if (asked === name) return calm(), act(name);
    asked = name; // another page may choose another before the second press
    remove.textContent = "Really delete";
    remove.className = "panic";
  });
  return { element: remove, calm };
}

/** Return a button with a text. */
export function button(label, onclick, properties = {}) {
  return h("button", { type: "button", onclick, ...properties }, label);
}

/** Return a row of tabs over `panel`: `open(name)` fills it. Arrow keys go from tab to tab; `select(name)` opens one. */
export function tabs(names, panel, open) {
  const heads = Object.entries(names).map(([name, label]) => button(label, () => select(name), { role: "tab", "data-tab": name }));
  const select = (name) => {
    for (const head of heads) {
      head.setAttribute("aria-selected", head.dataset.tab === name);
      head.tabIndex = head.dataset.tab === name ? 0 : -1;
    }
    panel.setAttribute("aria-label", names[name]);
    open(name);
  };
  const element = h("div", { role: "tablist", className: "heads" }, ...heads);
  element.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const live = heads.filter((head) => !head.inert);
    if (!by) return;
    const next = live[(live.indexOf(event.target) + by + live.length) % live.length];
    select(next.dataset.tab);
    next.focus();
    event.preventDefault();
  });
  panel.setAttribute("role", "tabpanel");
  return { element, select };
}

/**
 * Return a list to choose from: `choose(value)` is called, `fill(pairs)` sets [value, text], `show(value)` selects.
 * Texts are long only while the list is open: closed, it shows the value, or `none` for an empty one.
 */
export function choice(label, choose, none = "empty") {
  const element = h("select", { "aria-label": label, onchange: () => choose(element.value) });
  let shown = "";
  const spell = (long) => {
    for (const option of element.options) option.textContent = (long && option.title) || option.value || none;
  };
  element.addEventListener("pointerdown", () => spell(true));
  for (const end of ["change", "blur"]) element.addEventListener(end, () => spell(false));
  const show = (value) => {
    shown = value;
    if (![...element.options].some((option) => option.value === value)) element.append(h("option", { value, title: value }, value || none));
    element.value = value;
  };
  const fill = (pairs) => {
    const before = [...element.options].map((option) => option.title);
    if (before.join("\n") !== pairs.map(([, text]) => text).join("\n")) {
      element.replaceChildren(...pairs.map(([value, text]) => h("option", { value, title: text }, value || none)));
    }
    show(shown);
  };
  return { element, fill, show };
}

/** Return a number with as many decimals as its size needs. */
export function number(value) {
  const size = Math.abs(value);
  const text = value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
  return text.replace(/^-(0\.?0*)$/, "$1").replace("-", "−");
}

/** Return a level as a text. */
export function inDecibels(level) {
  return `${level.toFixed(1).replace("-", "−")} dB`;
}

/** Return which share of a meter a level fills, 0 to 1. */
export function share(level) {
  return Math.min(Math.max(1 - level / FLOOR_DB, 0), 1);
}

/** Return an address in words: `source/input_gain` as `input gain`. */
export function inWords(address) {
  return address.split("/").pop().replaceAll("_", " ");
}
