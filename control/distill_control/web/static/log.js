/** The drawer: figures of the engine, and every message, the newest on top. */

import { button, h } from "./dom.js";

const MOST_LINES = 200;
const TOAST_MS = 8000;
const STAMP = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d /; // that the terminal needs

/** Return the drawer: `bell` opens it, `show(rows)` fills the figures, `say(text, level)` adds a line. */
export function buildDrawer(instrument, root, toast) {
  const figures = h("dl");
  const lines = h("ol", { className: "log" }, h("li", { className: "muted" }, "No messages so far."));
  const bell = button("Messages", () => (root.hidden ? open() : close()), { className: "bell", "aria-expanded": false });
  const spoken = h("p", { className: "unseen", role: "status" }); // notices are read out, though the drawer is closed
  let unread = 0;
  let count = 0;
  let hiding = 0;
  let before = null; // what had the focus
  const mark = () => (bell.textContent = unread ? `Messages (${unread})` : "Messages");
  const open = () => {
    if (root.hidden) before = document.activeElement;
    root.hidden = false;
    unread = 0;
    toast.textContent = "";
    bell.setAttribute("aria-expanded", true);
    mark();
    closer.focus();
  };
  const close = () => {
    if (root.hidden) return false;
    root.hidden = true;
    bell.setAttribute("aria-expanded", false);
    before?.focus();
    return true;
  };
  const closer = button("Close", close);
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
    clearTimeout(hiding);
    hiding = setTimeout(() => (toast.textContent = ""), TOAST_MS);
  };
  instrument.on("/distill/error", (address, reason) => {
    say(`${address}: ${reason}`, "error");
    hint(reason, "error");
  });
  let spoke = -TOAST_MS;
  instrument.on("/distill/notice", (level, said) => {
    const text = said.replace(STAMP, ""); // the line has a time already
    say(text, level);
    if (performance.now() - spoke < TOAST_MS) return; // all of them are in the log
    spoke = performance.now();
    spoken.textContent = text;
  });
  root.after(spoken);
  toast.addEventListener("click", open);
  root.replaceChildren(
    h("div", { className: "head" }, h("h2", {}, "Engine"), h("span", { className: "grow" }), closer),
    figures, h("h2", {}, "Messages"), lines,
  );
  const show = (rows) => root.hidden || figures.replaceChildren(...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
  const sayAndHint = (text) => {
    say(text);
    hint(text);
  };
  return { bell, open, close, show, hint, say: sayAndHint };
}
