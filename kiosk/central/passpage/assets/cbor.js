// The few shapes of CBOR (RFC 8949) that a pass has, each in its shortest form; and Base45 (RFC 9285).

const UTF8 = new TextEncoder();
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

// Numbers (whole), texts, bytes, arrays and Maps, a Map in the order in which it was filled.
export function encoded(value) {
  if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === "string") return together(head(3, UTF8.encode(value).length), UTF8.encode(value));
  if (value instanceof Uint8Array) return together(head(2, value.length), value);
  if (value instanceof Map) return together(head(5, value.size), ...[...value].flat().map(encoded));
  return together(head(4, value.length), ...value.map(encoded));
}

function head(major, number) {
  const sizes = [[24, 0], [0x100, 1], [0x10000, 2], [0x100000000, 4], [Number.MAX_SAFE_INTEGER, 8]];
  const size = sizes.find(([limit]) => number < limit)[1];
  const digits = Uint8Array.from({length: size}, (_, place) => Math.floor(number / 256 ** (size - 1 - place)) % 256);
  return together([major << 5 | (size ? 24 + Math.log2(size) : number)], digits);
}

function together(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}

export function base45(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 2) {
    const pair = at + 1 < bytes.length;
    const value = pair ? bytes[at] * 256 + bytes[at + 1] : bytes[at];
    text += DIGITS[value % 45] + DIGITS[Math.floor(value / 45) % 45] + (pair ? DIGITS[Math.floor(value / 2025)] : "");
  }
  return text;
}

export function fromBase45(text) {
  const bytes = [];
  for (let at = 0; at < text.length; at += 3) {
    const some = [...text.slice(at, at + 3)].map((digit) => DIGITS.indexOf(digit));
    const value = some.reduce((sum, digit, place) => sum + digit * 45 ** place, 0);
    if (some.length < 2 || some.includes(-1) || value >= (some.length === 3 ? 0x10000 : 0x100)) throw new Error("no Base45");
    bytes.push(...(some.length === 3 ? [value >> 8, value & 255] : [value]));
  }
  return Uint8Array.from(bytes);
}
