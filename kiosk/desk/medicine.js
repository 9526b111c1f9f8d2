// A medicine that a hospital has released: its code was shown, and now its holder's pass is wanted. What became of it stands there
// large: who reads it stands before the slot.
import { icon, make } from "./dom.js";
import { both, said } from "./language.js";
import { shown } from "./station.js";
import { draw, home, isAt, isHome, show } from "./views.js";

const RELEASE = "release_", READ_FOR = 12000, GOOD = ["release_opened", "release_taken"];
const PICTURES = { pass: "pass", wait: "late", take: "take" };
let became = "";

const large = (picture, key, ...more) => [make("p", { class: "big" }, icon(picture), both(key)), ...more];

const waits = () => {
  const { state, slot } = shown.medicine;
  const where = make("p", { class: "slot" }, said("slot"), " ", make("b", { dir: "ltr" }, slot));
  return { title: "medicine", kind: "ended", inside: large(PICTURES[state], `medicine_${state}`, where) };
};

const over = () => ({ title: "medicine", kind: "ended", inside: large(GOOD.includes(became) ? "yes" : "warning", `told_${became}`) });

// Whoever shows it stands there, whatever the page shows.
export const medicine = (now, before) => {
  if (now.told !== before.told && now.told.startsWith(RELEASE) && !now.medicine && (before.medicine || isHome() || isAt(over))) {
    became = now.told;
    show(over, { homeAfter: READ_FOR });
  } else if (now.medicine && !before.medicine) show(waits);
  else if (now.medicine && isAt(waits)) draw();
  else if (isAt(waits)) home();
};

// Whether it stands there already.
export const isLarge = (told) => told === "release_opened" || (isAt(over) && told === became);
