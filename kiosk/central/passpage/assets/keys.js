// The phone's key (Ed25519). The browser makes and keeps it, and gives it to no script; where the browser knows no Ed25519 a
// library signs (nacl), and its seed lies sealed under a key that the browser gives to no script.
import {Refused} from "./server.js";

const NAME = {name: "Ed25519"};
const SEAL = {name: "AES-GCM", length: 256};

// A new key: what signs with it can be kept in IndexedDB, `public` are its 32 bytes.
export async function newKey() {
  try {
    const pair = await crypto.subtle.generateKey(NAME, false, ["sign", "verify"]);
    return {own: pair.privateKey, public: new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey))};
  } catch (error) {
    return sealedKey();
  }
}

// The library, which is not loaded where nobody needs it.
async function library() {
  if (!globalThis.nacl) await import("./nacl.js").catch(() => { throw new Refused("away"); });
  return globalThis.nacl.sign;
}

export async function sealedKey() {
  const {keyPair} = await library();
  const seed = crypto.getRandomValues(new Uint8Array(32));
  const pair = keyPair.fromSeed(seed);
  const under = await crypto.subtle.generateKey(SEAL, false, ["encrypt", "decrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({name: SEAL.name, iv}, under, seed);
  seed.fill(0);
  pair.secretKey.fill(0);
  return {sealed, iv, under, public: pair.publicKey};
}

export function signer(key) {
  return async (bytes) => {
    if (key.own) return new Uint8Array(await crypto.subtle.sign(NAME, key.own, bytes));
    const {keyPair, detached} = await library();
    const seed = new Uint8Array(await crypto.subtle.decrypt({name: SEAL.name, iv: key.iv}, key.under, key.sealed));
    const pair = keyPair.fromSeed(seed);
    const signature = detached(bytes, pair.secretKey);
    seed.fill(0);
    pair.secretKey.fill(0);
    return signature;
  };
}

// Whether there is a way to make keys here at all, and to sign with this one, if there is one.
export async function capable(key) {
  if (!globalThis.crypto?.subtle) return false;
  return !key?.sealed || library().then(() => true, () => false);
}
