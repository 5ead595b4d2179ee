/** The drawer: figures of the engine, and every message, the newest on top. */

import { button, h } from "./dom.js";

const MOST_LINES = 200;
const TOAST_MS = 8000;

/** Return the drawer: `bell` opens it, `show(rows)` fills the figures, `say(text, level)` adds a line. */
export function buildDrawer(instrument, root, toast) {
  const figures = h("dl");
  const lines = h("ol", { className: "log" }, h("li", { className: "muted" }, "No messages so far."));
  const bell = button("Messages", () => (root.hidden ? open() : close()), { className: "bell", "aria-expanded": false });
  let unread = 0;
  let count = 0;
  let hiding = 0;
  const mark = () => (bell.textContent = unread ? `Messages (${unread})` : "Messages");
  const open = () => {
    root.hidden = false;
    unread = 0;
    toast.hidden = true;
    bell.setAttribute("aria-expanded", true);
    mark();
  };
  const close = () => {
    if (root.hidden) return false;
    root.hidden = true;
    bell.setAttribute("aria-expanded", false);
    return true;
  };
  const say = (text, level = "info") => {
    if (!count) lines.replaceChildren();
    count += 1;
    const time = new Date().toTimeString().slice(0, 8);
    lines.prepend(h("li", { className: level }, h("time", {}, time), h("b", {}, level), h("span", {}, text)));
    while (lines.childElementCount > MOST_LINES) lines.lastElementChild.remove();
    if (root.hidden) unread += 1;
    mark();
  };
  const hint = (text, level = "info") => {
    if (!root.hidden) return;
    toast.textContent = text;
    toast.className = level;
    toast.hidden = false;
    clearTimeout(hiding);
    hiding = setTimeout(() => (toast.hidden = true), TOAST_MS);
  };
  instrument.on("/distill/error", (address, reason) => {
    say(`${address}: ${reason}`, "error");
    hint(reason, "error");
  });
  instrument.on("/distill/notice", (level, text) => say(text, level));
  toast.addEventListener("click", open);
  root.replaceChildren(
    h("div", { className: "head" }, h("h2", {}, "Engine"), h("span", { className: "grow" }), button("Close", close)),
    figures, h("h2", {}, "Messages"), lines,
  );
  const show = (rows) => root.hidden || figures.replaceChildren(...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
  const sayAndHint = (text) => {
    say(text);
    hint(text);
  };
  return { bell, open, close, show, hint, say: sayAndHint };
}
