// Supplies, each once: what there is for whoever has shown a pass, and what to do next. When they go away, nothing of theirs stays
// to be taken.
import { choice, icon, make } from "./dom.js";
import { both, said, text, told } from "./language.js";
import { send } from "./sending.js";
import { holderGone, shown, tell } from "./station.js";
import { draw, home, isAt, isHome, show } from "./views.js";

const PICTURES = {
  show_pass: "pass", yours: "take", open: "take", steward: "steward", unsure: "steward", granted: "open", taken: "yes", had: "yes", elsewhere: "yes",
  not_for_you: "no", empty: "supplies", not_taken: "warning", slot_fault: "warning", disk: "warning", unclear: "warning",
};
const THANKS_FOR = 6000;
let chosen = "", given = 0, greeted = false;

const offered = (all = shown.supplies) => all.filter(({ state }) => state !== "closed");
const picture = ({ state }) => icon(PICTURES[state] ?? "late");

const away = () => {
  if (shown.holder) leave();
  chosen = "";
  given = 0;
};

// Nothing is theirs to take any longer.
export const leave = async () => {
  await tell("supplies-left");
  holderGone();
};

const turn = (view, more = {}) => show(view, { after: away, ...more });

const at = (id) => {
  chosen = id;
  turn(one);
};

const all = () => ({
  title: "supplies", kind: "grid words",
  inside: offered().map((each) => choice("tile", PICTURES[each.state] ?? "late", make("span", { class: "both" }, told(each.texts), " ",
    make("span", { class: "other" }, said(`supply_${each.state}`))), () => at(each.campaign))),
});

const nearest = ({ texts, left, minutes, km }) => make("p", { class: "nearest" }, said("nearest"), " ", told(texts), ...(km ? [` · ${km} `, said("km")] : []),
  " · ", said("left_there"), ` ${left} · `, ...ago(minutes));

const ago = (minutes) => (minutes < 120 ? [`${minutes} `, said("minutes_ago")] : [`${Math.floor(minutes / 60)} `, said("hours_ago")]);

const slot = (name) => make("p", { class: "slot" }, said("slot"), " ", make("b", { dir: "ltr" }, name));

const number = (key, value) => make("p", { class: "slot" }, said(key), ` ${value}`);

// Whose pass it was that the page spoke of: nothing is another's who has come since.
const mine = ({ campaign }) => ({ campaign, shown: shown.shown });

const TOUCHES = {
  take: (supply) => send("take", mine(supply), { saved: again, refused: again }),
  give: (supply) => send("give", mine(supply), { saved: again, refused: again }),
  one: ({ campaign }) => send("one", { campaign }, { saved: counted, refused: again }),
};

const again = () => turn(one);
const counted = () => {
  given += 1;
  turn(one);
};

const one = () => {
  const supply = shown.supplies.find(({ campaign }) => campaign === chosen);
  return {
    title: told(supply.texts), kind: "ended", back: offered().length > 1 ? () => turn(all) : home,
    inside: [
      make("p", { class: "big" }, picture(supply), both(`supply_${supply.state}`)),
      supply.slot ? slot(supply.slot) : undefined,
      supply.nearest ? nearest(supply.nearest) : undefined,
      supply.left === null ? undefined : number("left_here", supply.left),
      given ? number("given_now", given) : undefined,
      supply.touch ? choice("main", "", text(`do_${supply.touch}`), () => TOUCHES[supply.touch](supply)) : undefined,
    ].filter(Boolean),
  };
};

const open = () => (offered().length === 1 ? at(offered()[0].campaign) : turn(all));

const isHere = () => isAt(one) || isAt(all);

const changed = (now, before) => JSON.stringify(now.supplies) !== JSON.stringify(before.supplies);
const isTaken = ({ supplies }) => supplies.some(({ campaign, state }) => campaign === chosen && state === "taken");

// Whoever shows a pass sees what is theirs; a pass that was shown before this page was made was somebody else's, and a steward's
// own opens what is a steward's. Whoever has left, and shows one again before the next news, has come anew.
export const supplies = (now, before) => {
  const comes = now.holder && (!before.holder || (now.shown !== before.shown && isHome()));
  if (!now.there && isHere()) home();
  else if (comes && (!greeted || beginsSession(now, before))) leave();
  else if (comes && offered().length) open();
  else if (isHere() && changed(now, before)) follow(now, before);
  greeted ||= now.there;
};

const beginsSession = (now, before) => Boolean(now.handing ?? now.round) && !(before.handing ?? before.round);

const follow = (now, before) => {
  if (!offered().length || (isAt(one) && !shown.supplies.some(({ campaign }) => campaign === chosen))) home();
  else if (isAt(one) && isTaken(now) && !isTaken(before)) turn(one, { homeAfter: THANKS_FOR });
  else draw();
};

export const suppliesTile = () => (offered().length ? choice("tile", "supplies", said("supplies"), open) : undefined);
