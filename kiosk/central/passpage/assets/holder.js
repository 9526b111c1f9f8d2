// The holder's side of a pass: enrolled once with a code, renewed before it ends, and left again.
import {forget, keep, kept, same} from "./kept.js";
import {newKey, signer} from "./keys.js";
import {Refused, ask, open, proven, unheard} from "./server.js";
import {shown} from "./shown.js";

const RIGHT_ENOUGH = 60;
// Seconds by which a clock may be wrong and is taken for right: stations take five minutes. A clock that was set right while the
// phone was offline would be made wrong by what was measured before; most clocks are right.

const RENEW_AFTER = 3600;
// Seconds after which a pass is renewed when there is a network: so soon the phone hears that another has its place.

const GONE = new Set(["elsewhere", "unknown", "lost"]);
const ENDED = new Set([...GONE, "revoked", "suspended", "ended"]);
// What the server says for good, and what may change again: all of it is kept, so that it is told without a network, too.

const PENDING = {pending: true, pass: "", holder: "", expires: 0, offset: 0, renewed: 0, refused: ""};
// Kept with a new key before the server hears of it: where its answer is lost, the server has bound this key and no other.

export class Holder {
  constructor(record) {
    this.record = record;
    this.apart = apart();
    this.unsure = false;
  }

  // Whoever is enrolled on this phone, or nobody. Throws where nothing can be kept.
  static async here(found = kept()) {
    return new Holder(await found);
  }

  get enrolled() {
    return Boolean(this.record) && !this.record.pending;
  }

  // By how many seconds the phone's clock is behind; 0 where it is right enough, or was set right: what was measured would
  // make it earlier than the last answer of the server's, and it is not so by itself.
  get clockWrong() {
    const {offset, renewed} = this.record || PENDING;
    const phone = Date.now() / 1000, least = renewed - RIGHT_ENOUGH;
    return Math.abs(offset) > RIGHT_ENOUGH && !(phone + offset < least && least <= phone) ? offset : 0;
  }

  // The time of the server, as far as it is known here.
  now() {
    return Date.now() / 1000 + this.clockWrong;
  }

  // The time is known to be wrong, and no station takes a code of it.
  get astray() {
    return this.now() < this.record.renewed - RIGHT_ENOUGH;
  }

  // Whether the phone's clock was set since this was asked last, or the phone has slept: it may be wrong until the server tells.
  jumped() {
    const before = this.apart;
    this.apart = apart();
    const jumped = Math.abs(this.apart - before) > RIGHT_ENOUGH;
    if (jumped) this.unsure = true;
    return jumped;
  }

  get over() {
    return this.now() >= this.record.expires;
  }

  // Whether the server is to be asked. Where an answer was lost or the clock found wrong, whenever somebody has just `come`.
  due(come) {
    if (!this.record || GONE.has(this.record.refused)) return false;
    const {pending, refused, offset, renewed} = this.record;
    if (pending || (come && Math.abs(offset) > RIGHT_ENOUGH)) return come;
    return Boolean(refused) || this.unsure || this.astray || this.now() - renewed > RENEW_AFTER;
  }

  // What another tab may have changed. Whether it did.
  async reread() {
    const before = this.record, found = await kept();
    if (this.record !== before) return false;
    this.record = found;
    return !same(before, found) || found?.pass !== before?.pass || found?.refused !== before?.refused;
  }

  // A key with which a pass can be asked for; whether it is that of an earlier try, whose answer may be lost.
  async prepare() {
    await this.reread();
    const again = Boolean(this.record?.pending);
    if (!this.record || this.record.refused) await this.put(this.record, {...PENDING, key: await newKey()});
    return again;
  }

  // Where to log in elsewhere; what comes back from there counts with a number that is kept here alone.
  async away() {
    await this.prepare();
    if (!this.record?.pending) return location.href;
    await this.put(this.record, {...this.record, token: unheard()});
    return (await ask("login", {token: this.record.token})).address;
  }

  // Back from there, in the browser that went; in another there is no such number.
  async back(state, code) {
    const tried = this.record;
    if (this.enrolled && !tried.refused) return;
    if (!tried?.token || !state || !code) throw new Refused("login");
    await this.take(tried, await proven("back", tried.key, signer(tried.key), {token: tried.token, state, code}));
    persist();
  }

  // No code is used up when another tab has a pass meanwhile.
  async enrol(code) {
    const again = await this.prepare();
    const tried = this.record;
    if (!tried?.pending) return;
    try {
      await this.take(tried, await proven("enrol", tried.key, signer(tried.key), {code}));
    } catch (error) {
      if (!again || error.kind !== "code") throw error;
      await this.renew().catch((other) => { throw other.kind === "unknown" ? error : other; });
    }
    persist();
  }

  // A newer pass for the same key.
  async renew() {
    const tried = this.record;
    try {
      await this.take(tried, await proven("renew", tried.key, signer(tried.key)));
    } catch (error) {
      const ended = ENDED.has(error.kind) && !(tried.pending && error.kind === "unknown");
      if (ended) await this.put(tried, {...tried, pending: false, pass: "", refused: error.kind});
      throw error;
    }
  }

  async take(tried, said) {
    const {pass, holder, expires, offset} = said;
    await this.put(tried, {key: tried.key, pass, holder, expires, offset, renewed: Date.now() / 1000 + offset, refused: ""});
    this.unsure = false;
  }

  // In the place of `before`; where that is gone, whatever is there counts.
  async put(before, record) {
    const now = await keep(before, record);
    if (same(this.record, before)) this.record = now;
  }

  // The key goes first, whoever closes the page meanwhile; the server is told where it can be.
  async leave(gone) {
    const {key} = this.record;
    this.record = undefined;
    await forget();
    gone();
    await proven("leave", key, signer(key)).catch(() => {});
  }

  // What became of asking for the door whose display shows this.
  open(text) {
    return open(text, this.record.key, signer(this.record.key));
  }

  // The text of the next code; none where the browser has lost the key, or gives back another record than was kept, nor where
  // what signs is not here now.
  async code() {
    const tried = this.record;
    try {
      return await shown(tried.pass, signer(tried.key), Math.floor(this.now()));
    } catch (error) {
      if (error.kind !== "away") await this.put(tried, {...tried, pass: "", refused: "lost"});
      return "";
    }
  }
}

// The browser keeps it also when it needs room.
function persist() {
  if (navigator.storage && navigator.storage.persist) navigator.storage.persist();
}

// What lies between the phone's clock, which can be set, and the one that runs since the page was opened, in seconds.
function apart() {
  return (Date.now() - performance.now()) / 1000;
}
