// The page: one of four faces (enrol, pass, told, and help below), and a new code every few seconds.
import {awake} from "./awake.js";
import {Holder} from "./holder.js";
import {atFirst, whenChanged} from "./kept.js";
import {capable} from "./keys.js";
import {drawn} from "./qr.js";
import {LANGUAGES, amount, day, hour, preferred, say, speak, word, write} from "./words.js";

const EVERY = 5;
// Seconds for which a code is shown: stations take each once, and none of five minutes ago.

const SOON = 2 * 86400;
const RETRY = 60;
const RING = 119.4;
const AGAIN = new Set(["over", "suspended", "ended", "away"]);
const ANEW = new Set(["elsewhere", "unknown", "revoked", "lost"]);
const WRONG = {away: "away", code: "wrongCode", often: "often", revoked: "revokedTitle", suspended: "suspendedTitle", ended: "endedTitle", login: "loginFailed", nobody: "loginNobody"};

const DOOR = {no_code: "doorNoCode", stale: "doorStale", absent: "doorAbsent", used: "doorStale", enough: "doorEnough", often: "doorOften"};
const door = location.pathname.startsWith("/o/") ? location.pathname.slice(3) : "";
// The code at a display that led here, as it stands.

const back = location.pathname === "/pass/back" ? new URLSearchParams(location.search) : null;
// What a login elsewhere has sent, once.

const at = (id) => document.getElementById(id);
let holder, shownUntil = 0, triedAt = -Infinity, face = "";

function show(name) {
  if (name !== face) scrollTo(0, 0);
  face = name;
  for (const each of ["enrol", "pass", "door", "told"]) at(each).hidden = each !== name;
  at("leave").hidden = at("leave-hint").hidden = at("holder-line").hidden = !(holder && holder.enrolled);
  network();
  awake(name === "pass");
}

function tell(what, values = {}) {
  say(at("told-title"), `${what}Title`);
  say(at("told-words"), what, values);
  at("again").hidden = !AGAIN.has(what);
  at("anew").hidden = !ANEW.has(what);
  show("told");
}

// The face that fits what is known now.
function settle() {
  const {record} = holder;
  if (!holder.enrolled) {
    blank();
    return show("enrol");
  }
  if (record.refused) return tell(record.refused);
  if (door) return show("door");
  if (holder.over) return tell("over", {day: day(record.expires)});
  say(at("number"), "number", {holder: record.holder});
  at("holder").textContent = record.holder;
  say(at("until"), "until", {day: day(record.expires)});
  warn("stale", record.expires - holder.now() < SOON && !navigator.onLine, "endsSoon", {day: day(record.expires)});
  warn("clock", holder.clockWrong || holder.astray, holder.astray ? "astray" : "clock", {
    amount: amount(Math.abs(holder.clockWrong)), way: word(holder.clockWrong > 0 ? "behind" : "ahead"), time: hour(holder.now()),
  });
  at("mend").hidden = !holder.astray;
  show("pass");
}

function blank() {
  at("code").replaceChildren();
  delete at("code").dataset.text;
  shownUntil = 0;
}

function warn(id, when, what, values) {
  at(id).hidden = !when;
  if (when) say(at(id), what, values);
}

async function turn() {
  if (face !== "pass" || !holder.enrolled) return;
  if (holder.over) return settle();
  const left = shownUntil - performance.now() / 1000;
  if (left > 0) return count(left);
  shownUntil = performance.now() / 1000 + EVERY;
  const text = await holder.code();
  if (!text || !holder.enrolled) return settle();
  at("code").replaceChildren(drawn(text, pressed("cracked"), !at("code").dataset.text));
  at("code").dataset.text = text;
  count(EVERY);
}

function count(left) {
  at("seconds").textContent = Math.ceil(left);
  at("left").style.strokeDashoffset = RING * (1 - left / EVERY);
}

// When somebody asks for it, and else once a minute at the most. `come`: somebody looks at the page again, or a network is there.
async function renew({asked = false, come = false} = {}) {
  const now = performance.now() / 1000;
  if (holder.jumped()) {
    triedAt = -Infinity;
    if (face === "pass") settle();
  }
  if (!holder.record || (!asked && !wanted(come, now))) return;
  triedAt = now;
  try {
    await holder.renew();
  } catch (error) {
    if (!asked || error.kind !== "away") return settle();
    return tell("away");
  }
  shownUntil = 0;
  settle();
}

function wanted(come, now) {
  return holder.due(come) && now - triedAt >= RETRY && navigator.onLine;
}

// What another tab has changed counts here, too.
async function reread() {
  if (!await holder.reread().catch(() => false)) return;
  shownUntil = 0;
  settle();
}

// Somebody looks at the page again.
async function looked() {
  if (document.hidden || !holder) return;
  awake(face === "pass");
  await reread();
  renew({come: true});
}

async function enrol(event) {
  event.preventDefault();
  const button = at("enrol").querySelector("button");
  button.disabled = true;
  at("wrong").textContent = "";
  try {
    await holder.enrol(at("typed").value);
    at("typed").value = "";
    settle();
    await turn();
  } catch (error) {
    wrong(error);
  } finally {
    button.disabled = false;
  }
}

// To another server, where the holder proves who they are.
async function login() {
  at("login").disabled = true;
  at("wrong").textContent = "";
  try {
    location.assign(await holder.away());
  } catch (error) {
    wrong(error);
    at("login").disabled = false;
  }
}

async function come() {
  history.replaceState(null, "", "/pass");
  try {
    await holder.back(back.get("state"), back.get("code"));
  } catch (error) {
    wrong(error);
  }
}

function wrong(error) {
  say(at("wrong"), error.kind ? WRONG[error.kind] || "refused" : "nothing");
}

// Ask for the door whose code led here; what became of it is told in words, the station's or our own.
async function open() {
  at("open").disabled = true;
  became("", "doorAsking");
  try {
    const {outcome, words} = await holder.open(door);
    if (outcome === "done") became("good", "doorDone");
    else refused(words);
  } catch (error) {
    became("bad", DOOR[error.kind] || WRONG[error.kind] || "refused");
  } finally {
    at("open").disabled = false;
  }
}

function became(how, what) {
  say(at("opened"), what);
  at("opened").className = how;
  at("opened").scrollIntoView({block: "nearest"});
}

// The station says why in Chinese and in English.
function refused(words) {
  became("bad", "doorNoAnswer");
  const own = document.documentElement.lang.slice(0, 2);
  if (words.zh) write(at("opened"), words[own] || words.zh, words[own] ? own : "zh");
}

let sure = -Infinity;

async function leave() {
  if (performance.now() - sure > 8000) {
    sure = performance.now();
    say(at("leave-hint"), "leaveSure");
    return;
  }
  sure = -Infinity;
  await holder.leave(words);
}

function words() {
  for (const each of document.querySelectorAll("[data-say]")) say(each, each.dataset.say);
  for (const each of at("languages").children) current(each);
  if (holder) settle();
  else network();
}

function current(button) {
  if (button.lang === document.documentElement.lang) button.setAttribute("aria-current", "true");
  else button.removeAttribute("aria-current");
}

function network() {
  say(at("network"), navigator.onLine ? "online" : face === "pass" && !holder.astray ? "offline" : "cut");
}

function furnish() {
  for (const [name, language] of Object.entries(LANGUAGES)) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = language.name;
    button.lang = language.tag;
    button.onclick = () => { chosen("language", name); speak(name); words(); };
    at("languages").append(button);
  }
  at("large").onclick = () => enlarge(!pressed("large"));
  at("cracked").onclick = () => crack(!pressed("cracked"));
  at("helps").onclick = () => { at("help").hidden = !at("help").hidden; at("helps").setAttribute("aria-expanded", !at("help").hidden); };
  at("enrol").onsubmit = enrol;
  at("login").hidden = document.body.dataset.login !== "yes";
  at("login").onclick = login;
  addEventListener("pageshow", () => { at("login").disabled = false; });
  at("open").onclick = open;
  at("again").onclick = at("mend").onclick = () => renew({asked: true});
  at("anew").onclick = () => show("enrol");
  at("leave").onclick = leave;
  addEventListener("online", () => { words(); if (holder) renew({come: true}); });
  addEventListener("offline", () => words());
  document.addEventListener("visibilitychange", looked);
}

function enlarge(large) {
  document.documentElement.classList.toggle("large", large);
  press("large", large);
}

// The next code comes at once, and is another one to look at.
function crack(cracked) {
  press("cracked", cracked);
  shownUntil = 0;
}

function press(id, down) {
  at(id).setAttribute("aria-pressed", down);
  chosen(id, down ? "yes" : "");
}

const pressed = (id) => at(id).getAttribute("aria-pressed") === "true";

// What somebody has chosen is kept where anything can be.
function chosen(name, value) {
  try { localStorage.setItem(name, value); } catch { /* nothing can be kept */ }
}

function was(name) {
  try { return localStorage.getItem(name); } catch { return null; }
}

async function begin() {
  speak(was("language") || preferred());
  furnish();
  enlarge(was("large") === "yes");
  crack(was("cracked") === "yes");
  words();
  if (document.body.dataset.ready !== "yes") return tell("unready");
  try {
    holder = await Holder.here(atFirst);
  } catch {
    return tell("nothing");
  }
  if (!await capable(holder.record?.key)) return tell("incapable");
  if (back) await come();
  settle();
  await turn();
  document.body.dataset.open = Math.round(performance.now());
  reread();
  setInterval(turn, 250);
  setInterval(renew, 5000);
  whenChanged(reread);
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("/worker.js").catch(() => {});
  renew({come: true});
}

begin();
