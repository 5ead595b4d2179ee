/** The connection to the engine: addresses, values, messages. All that the page shows comes from here. */

import { atPicture } from "./dom.js";

const PING_MS = 1000;
const SILENCE_MS = 2000;
const RETRY_MS = [200, 400, 800, 1500, 2000];
const AGAIN_MS = 300; // after which a question is repeated that the engine had no time for
const BUSY = "too much at once";

export class Instrument {
  nodes = new Map();
  values = new Map();
  facts = {};
  connected = false;
  #watchers = new Map();
  #changed = new Set(); // addresses whose new values the next picture shows
  #messages = new Map();
  #models = [];
  #states = [];
  #pending = new Map();
  #questions = new Map(); // addresses without values that were asked, and the timers of those that wait
  #frame = 0;
  #socket = null;
  #heard = 0;
  #failures = 0;
  #reloading = 0;
  #loads = 0;

  #place;

  /** `place` is where the engine's pages are: this page's own, or another port of the same machine. */
  constructor(place = location.origin) {
    this.#place = place;
    setInterval(() => this.#ping(), PING_MS);
  }

  /** Call `show(value)` now, and at the next picture once the address has another value, while `element` is on the page. */
  watch(address, element, show) {
    if (!this.#watchers.has(address)) {
      this.#watchers.set(address, new Set());
      this.#command("LISTEN", address);
    }
    this.#watchers.get(address).add({ element, show });
    if (this.values.has(address)) show(this.values.get(address));
  }

  /** Call `handle(...arguments)` for every message to this address that is no value. */
  on(address, handle) {
    this.#messages.set(address, [...(this.#messages.get(address) ?? []), handle]);
  }

  /** Call `build(facts)` for the model that plays, and whenever there is another. */
  onModel(build) {
    this.#models.push(build);
  }

  /** Call `show(connected)` when the connection is lost or there again. */
  onState(show) {
    this.#states.push(show);
  }

  /** Set a value: the latest of each address is sent once a frame, and shown here at once. */
  set(address, ...args) {
    this.#pending.set(address, args);
    if (this.nodes.get(address)?.VALUE) this.#take(address, args[0]);
    if (!this.#frame) this.#frame = document.hidden ? setTimeout(() => this.#flush()) : requestAnimationFrame(() => this.#flush());
  }

  /** Send a message at once, behind the values that wait. */
  send(address, ...args) {
    this.#flush();
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(encode(address, args));
  }

  /** Ask for a list or figures: once a moment however often it is asked for, and again if the engine had no time. */
  ask(address, after = 0) {
    if (this.#questions.get(address)) return;
    this.#questions.set(address, setTimeout(() => {
      this.#questions.set(address, 0);
      this.send(address);
    }, after));
  }

  /** Connect, and stay connected. */
  open() {
    const socket = new WebSocket(`${this.#place.replace(/^http/, "ws")}/?BUNDLES`);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#heard = performance.now();
    socket.onopen = () => this.#begin(socket).catch(() => socket.close());
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = () => this.#lost(socket);
  }

  /** Forget the watchers of elements that are gone. */
  prune() {
    for (const [address, watchers] of this.#watchers) {
      for (const watcher of watchers) if (!watcher.element.isConnected) watchers.delete(watcher);
      if (!watchers.size) {
        this.#watchers.delete(address);
        this.#command("IGNORE", address);
      }
    }
  }

  async #begin(socket) {
    await this.#load();
    if (socket !== this.#socket) return;
    this.connected = true;
    this.#failures = 0;
    for (const address of this.#watchers.keys()) this.#command("LISTEN", address);
    this.#states.forEach((show) => show(true));
  }

  /** Read facts and tree; rebuild what depends on the model. */
  async #load() {
    const number = ++this.#loads;
    const read = async (path) => (await fetch(this.#place + path)).json();
    const facts = await read("/ui/model.json");
    if (!facts.name) return; // the engine loads its first model still, and says when it has
    const tree = await read("/");
    if (number !== this.#loads) return; // a later answer is here already, or on its way
    this.nodes = new Map();
    const walk = (node) => {
      if (node.TYPE) this.nodes.set(node.FULL_PATH, node);
      Object.values(node.CONTENTS ?? {}).forEach(walk);
    };
    walk(tree);
    for (const [address, node] of this.nodes) if (node.VALUE) this.#take(address, node.VALUE[0]);
    this.#show();
    this.facts = facts;
    for (const build of this.#models) {
      try {
        build(facts);
      } catch (error) {
        reportError(error); // a panel that fails takes no other with it
      }
    }
    this.prune();
  }

  #receive(data) {
    this.#heard = performance.now();
    if (typeof data === "string") {
      clearTimeout(this.#reloading);
      this.#reloading = setTimeout(() => this.#load().catch(() => this.#socket?.close()), 50);
      return;
    }
    for (const [address, args] of decode(new DataView(data))) this.#hear(address, args);
  }

  #hear(address, args) {
    if (address === "/distill/error" && this.#questions.has(args[0]) && args[1].startsWith(BUSY)) return this.ask(args[0], AGAIN_MS);
    if (this.nodes.get(address)?.VALUE && args.length) this.#take(address, args[0]);
    else (this.#messages.get(address) ?? []).forEach((handle) => handle(...args));
    // Refused, or carried out while a tree was read that did not hold it yet: show what holds.
    if (["/distill/error", "/distill/done"].includes(address) && this.nodes.get(args[0])?.VALUE) this.send(args[0]);
  }

  #take(address, value) {
    this.values.set(address, value);
    if (!this.#watchers.has(address)) return;
    this.#changed.add(address);
    atPicture(this.#show);
  }

  #show = () => {
    for (const address of this.#changed) {
      for (const watcher of this.#watchers.get(address) ?? []) watcher.show(this.values.get(address));
    }
    this.#changed.clear();
  };

  #flush() {
    clearTimeout(this.#frame);
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const pending = this.#pending;
    this.#pending = new Map();
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    for (const [address, args] of pending) this.#socket.send(encode(address, args));
  }

  #command(command, address) {
    if (this.connected && this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ COMMAND: command, DATA: address }));
  }

  #ping() {
    if (this.#socket?.readyState === WebSocket.OPEN) this.send("/distill/ping");
    if (performance.now() - this.#heard > SILENCE_MS) this.#lost(this.#socket);
  }

  #lost(socket) {
    if (socket === null || socket !== this.#socket) return;
    this.#socket = null;
    this.connected = false;
    socket.close();
    this.#states.forEach((show) => show(false));
    setTimeout(() => this.open(), RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)]);
  }
}

// OSC 1.0 packets of one message: what the page sends and gets over its WebSocket.
const text = new TextEncoder();
const words = new TextDecoder();

function padded(value) {
  const bytes = text.encode(value);
  const whole = new Uint8Array((Math.floor(bytes.length / 4) + 1) * 4);
  whole.set(bytes);
  return whole;
}

/** Return the packet of a message. Whole numbers go as integers, so that large seeds stay exact. */
function encode(address, args) {
  let tags = ",";
  const parts = [];
  for (const value of args) {
    if (typeof value === "string") {
      tags += "s";
      parts.push(padded(value));
      continue;
    }
    const view = new DataView(new ArrayBuffer(4));
    const whole = Number.isInteger(value) && Math.abs(value) < 2 ** 31;
    tags += whole ? "i" : "f";
    whole ? view.setInt32(0, value) : view.setFloat32(0, value);
    parts.push(new Uint8Array(view.buffer));
  }
  const all = [padded(address), padded(tags), ...parts];
  const packet = new Uint8Array(all.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of all) {
    packet.set(part, at);
    at += part.length;
  }
  return packet;
}

/** Return [address, arguments] of each message of a packet; arguments of other types are left out. */
function decode(view) {
  let at = 0;
  const string = () => {
    let end = at;
    while (view.getUint8(end)) end += 1;
    const value = words.decode(new Uint8Array(view.buffer, view.byteOffset + at, end - at));
    at = end + 4 - (end % 4);
    return value;
  };
  const address = string();
  if (address === "#bundle") {
    const found = [];
    for (at += 8; at < view.byteLength; ) {
      const size = view.getInt32(at);
      found.push(...decode(new DataView(view.buffer, view.byteOffset + at + 4, size)));
      at += 4 + size;
    }
    return found;
  }
  const args = [];
  for (const tag of string().slice(1)) {
    if (tag === "f") args.push(view.getFloat32((at += 4) - 4));
    else if (tag === "i") args.push(view.getInt32((at += 4) - 4));
    else if (tag === "d") args.push(view.getFloat64((at += 8) - 8));
    else if (tag === "h") args.push(Number(view.getBigInt64((at += 8) - 8)));
    else if (tag === "s") args.push(string());
    else if (tag === "T" || tag === "F") args.push(tag === "T" ? 1 : 0);
  }
  return [[address, args]];
}
