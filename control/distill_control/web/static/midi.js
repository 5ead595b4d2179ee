/** MIDI learn by click, and the list of what steers what. */

import { button, h, inWords, locked } from "./dom.js";

const buttons = new Map(); // learn buttons on the page, by address
let bindings = new Map(); // controllers by address
let learning = "";
let lists = [];
let hint = () => {};

/** Wait for a controller that shall steer an address; again cancels, `forget` removes what steers it. */
export function learn(instrument, address, forget = false) {
  if (!address || locked()) return;
  if (forget) instrument.send("/distill/midi/forget", address);
  else if (learning === address) cancel(instrument);
  else {
    learning = address;
    instrument.send("/distill/midi/learn", address);
    hint(`${inWords(address)}: move a controller now. Esc cancels.`);
    refresh();
  }
  if (forget) instrument.ask("/distill/midi/list");
}

/** Stop waiting; return whether anything was being learned. */
export function cancel(instrument) {
  if (!learning) return false;
  learning = "";
  instrument.send("/distill/midi/cancel");
  refresh();
  return true;
}

/** Return the button that learns an address; it says what steers it. */
export function learnButton(instrument, address) {
  const element = button("L", (event) => learn(instrument, address, event.shiftKey), { className: "learn", disabled: locked() });
  buttons.set(element, address);
  dress(element, address);
  return element;
}

function dress(element, address) {
  const waits = learning === address;
  const bound = bindings.get(address);
  const says = waits ? "waits for a controller: click again to cancel" : bound ? `${bound} steers it; Shift-click forgets` : "learn a MIDI controller";
  element.setAttribute("aria-pressed", waits);
  element.classList.toggle("bound", Boolean(bound));
  element.textContent = waits ? "…" : bound ? "L•" : "L";
  element.title = says;
  element.setAttribute("aria-label", `${inWords(address)}: ${says}`);
}

function refresh() {
  for (const [element, address] of buttons) element.isConnected ? dress(element, address) : buttons.delete(element);
  lists.forEach((fill) => fill());
}

/** Return the list of what steers what, with what is being learned. */
export function midiPanel(instrument) {
  const waits = h("p", { className: "hint" });
  const list = h("ul", { className: "lines" });
  const fill = () => {
    waits.replaceChildren(
      ...(learning
        ? [`${inWords(learning)}: move a controller now. `, button("Cancel", () => cancel(instrument))]
        : ["Click L beside a parameter, then move a controller."]),
    );
    const lines = [...bindings].map(([address, controller]) =>
      h("li", {}, h("span", {}, address.replace("/distill/", "")), h("span", { className: "muted" }, controller), button("Forget", () => learn(instrument, address, true))),
    );
    list.replaceChildren(...(lines.length ? lines : [h("li", { className: "muted" }, "No controller steers anything yet.")]));
  };
  lists = [fill];
  fill();
  return h("div", { className: "pane" }, waits, list);
}

/** Follow what the engine says of controllers. */
export function startMidi(instrument, drawer) {
  hint = drawer.hint;
  instrument.on("/distill/midi/list.reply", (...pairs) => {
    bindings = new Map();
    for (let i = 0; i < pairs.length; i += 2) bindings.set(pairs[i], pairs[i + 1]);
    refresh();
  });
  instrument.on("/distill/midi/learned", (address, controller) => {
    learning = ""; // one at a time is learned: what this page waited for, another one has given up
    drawer.say(`learned: ${controller} steers ${inWords(address)}`);
    instrument.ask("/distill/midi/list");
  });
  instrument.on("/distill/error", (address) => {
    if (address !== "/distill/midi/learn") return;
    learning = "";
    refresh();
  });
  instrument.onState((connected) => connected && instrument.ask("/distill/midi/list"));
}
