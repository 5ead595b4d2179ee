/** OSC 1.0 packets of one message: what the page sends and gets over its WebSocket. */

const text = new TextEncoder();
const words = new TextDecoder();

function padded(value) {
  const bytes = text.encode(value);
  const whole = new Uint8Array((Math.floor(bytes.length / 4) + 1) * 4);
  whole.set(bytes);
  return whole;
}

/** Return the packet of a message. Whole numbers go as integers, so that large seeds stay exact. */
export function encode(address, args) {
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

/** Return [address, arguments] of a packet; arguments of other types are left out. */
export function decode(buffer) {
  const view = new DataView(buffer);
  let at = 0;
  const string = () => {
    let end = at;
    while (view.getUint8(end)) end += 1;
    const value = words.decode(new Uint8Array(buffer, at, end - at));
    at = end + 4 - (end % 4);
    return value;
  };
  const address = string();
  const args = [];
  for (const tag of string().slice(1)) {
    if (tag === "f") args.push(view.getFloat32((at += 4) - 4));
    else if (tag === "i") args.push(view.getInt32((at += 4) - 4));
    else if (tag === "d") args.push(view.getFloat64((at += 8) - 8));
    else if (tag === "h") args.push(Number(view.getBigInt64((at += 8) - 8)));
    else if (tag === "s") args.push(string());
    else if (tag === "T" || tag === "F") args.push(tag === "T" ? 1 : 0);
  }
  return [address, args];
}
