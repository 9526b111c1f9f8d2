// What was touched goes to the program, and what became of it is said. Nothing of it stays here.
import { choice, icon, make, part } from "./dom.js";
import { both, said } from "./language.js";
import { tell } from "./station.js";
import { home, show } from "./views.js";

const SHOWN_FOR = 3000, ASKED_FOR = 8000, SLIPS = 1000;

// What is done where it was saved, or refused; else that is said, and then the page is as it was before anybody came.
export const send = async (path, body, { saved, refused } = {}) => {
  part("stage").inert = true;
  part("title").replaceChildren(both("saving"));
  const became = await tell(path, body);
  const then = { saved, refused }[became];
  if (then) then();
  else finish(became);
};

export const finish = (became) => show(ended(became), { guard: 0, homeAfter: SHOWN_FOR });

const ended = (became) => () => ({
  title: became, kind: "ended",
  inside: [make("p", { class: "big" }, icon(became === "saved" ? "yes" : "late"), both(became)), choice("main", "", said("finished"), home)],
});

// After a rating: thanks, and in one more touch what it was about.
export const thank = (places) => show(() => ({ title: "saved_what", kind: "grid many", inside: [...places(), choice("main", "", said("finished"), home)] }), {
  guard: SLIPS, homeAfter: ASKED_FOR,
});
