/** Make elements. Every text becomes a text node: names of files and models are strangers' texts. */

const FLOOR_DB = -60; // of meters

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

/** Return a button with a text. */
export function button(label, onclick, properties = {}) {
  return h("button", { type: "button", onclick, ...properties }, label);
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
