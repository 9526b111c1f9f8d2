// A union's own back end, and the phone of one of its members: node client.mjs URL NAME SECRET HOLDER
// It prints the text of a live pass, and that which the phone shows of its bound pass; then it revokes both.
// Node 20 or later, or a browser: fetch and WebCrypto, no packages.
import { webcrypto as crypto } from "node:crypto";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"; // RFC 9285
const base45 = (bytes) => {
  let text = "";
  for (let i = 0; i < bytes.length; i += 2) {
    const two = i + 1 < bytes.length;
    let value = two ? bytes[i] * 256 + bytes[i + 1] : bytes[i];
    for (let n = two ? 3 : 2; n > 0; n--, value = Math.floor(value / 45)) text += ALPHABET[value % 45];
  }
  return text;
};
const unbase45 = (text) => {
  const bytes = [];
  for (let i = 0; i < text.length; i += 3) {
    const value = [...text.slice(i, i + 3)].reduceRight((sum, each) => sum * 45 + ALPHABET.indexOf(each), 0);
    bytes.push(...(i + 2 < text.length ? [value >> 8, value & 255] : [value]));
  }
  return Uint8Array.from(bytes);
};
// CBOR (RFC 8949), as far as a phone needs it.
const head = (major, n) =>
  n < 24 ? [major | n] : n < 256 ? [major | 24, n] : n < 65536 ? [major | 25, n >> 8, n & 255]
    : [major | 26, ...[24, 16, 8, 0].map((shift) => Math.floor(n / 2 ** shift) % 256)];
const int = (n) => (n < 0 ? head(0x20, -1 - n) : head(0, n));
const bytes = (b) => [...head(0x40, b.length), ...b];
const words = (t) => [...head(0x60, t.length), ...new TextEncoder().encode(t)];
const list = (...items) => [...head(0x80, items.length), ...items.flat()];
const map = (...pairs) => [...head(0xa0, pairs.length), ...pairs.flat(2)];

async function shown(bound, key, now) { // what a phone shows: signed by its own key, at its own time
  const header = map([int(1), int(-8)]);
  const payload = map([int(6), int(now)], [int(-70010), bytes(unbase45(bound.slice(4)))]);
  const signed = Uint8Array.from(list(words("Signature1"), bytes(header), bytes([]), bytes(payload)));
  const signature = new Uint8Array(await crypto.subtle.sign("Ed25519", key, signed));
  return "YZ2:" + base45(list(bytes(header), map(), bytes(payload), bytes(signature)));
}

const [url, name, secret, holder] = process.argv.slice(2);
const form = new URLSearchParams({ grant_type: "client_credentials", client_id: name, client_secret: secret });
const { access_token } = await (await fetch(`${url}/v1/token`, { method: "POST", body: form })).json();
async function order(path, body) { // a real one repeats it with the same key where no answer comes
  const headers = { Authorization: `Bearer ${access_token}`, "Idempotency-Key": crypto.randomUUID() };
  const answer = await fetch(`${url}/v1${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}
await order("/holders", { holder, until: Date.now() / 1000 + 60 * 86400 });
console.log((await order(`/holders/${holder}/live`, { seconds: 120 })).code);
const { privateKey, publicKey } = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
const raw = Buffer.from(await crypto.subtle.exportKey("raw", publicKey)).toString("base64");
const bound = await order(`/holders/${holder}/bound`, { public_key: raw });
console.log(await shown(bound.code, privateKey, Math.floor(Date.now() / 1000)));
console.log((await order(`/holders/${holder}/revoke`, { reason: "the example is over" })).state);
