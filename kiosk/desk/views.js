// One view at a time. A view is a function that makes its parts anew, so that it can be drawn in another language:
// it gives { title, inside, kind, back, tools }. Wherever one leads, there is a way back: to the first, unless it says where. `tools`
// stand in the place of the languages.
import { choice, make, part } from "./dom.js";
import { both, called, choose, chosen, said, spoken } from "./language.js";
import { shown } from "./station.js";

const GUARD = 350; // milliseconds in which a new view takes no touch, so that a finger that slips counts once
let first, current, leads, ends, waiting = [], listener = () => {};

// Whoever wants to know that another view than the first is there.
export const whenShown = (wanted) => {
  listener = wanted;
};

export const isAt = (view) => current === view;
export const isHome = () => current === first;

const inLanguage = (language, then = draw) => make("button", {
  type: "button", lang: language, "aria-pressed": String(chosen() === language), onclick: () => {
    choose(language);
    then();
  },
}, called(language));

const texts = () => [...shown.notices, ...shown.events, ...shown.questions, ...shown.supplies, ...(shown.doctor ? [shown.doctor] : [])].map((each) => each.texts);

// Chinese, English and one more; where documents bring several, the third choice leads to all of them.
const languages = () => {
  const all = spoken(shown.ballot?.questions ?? texts());
  if (all.length <= 3) return all.map((each) => inLanguage(each));
  const from = current, every = () => ({ title: "languages", kind: "grid", inside: all.map((each) => inLanguage(each, () => show(from, { after: ends }))) });
  const more = choice("more", "language", make("span", { class: "unseen" }, "Language"), () => show(every, { after: ends }));
  return [...all.slice(0, 2).map((each) => inLanguage(each)), more];
};

export const draw = () => {
  const { title, inside, kind = "", back = home, tools = [] } = current(), words = isHome() ? both : said;
  part("title").replaceChildren(typeof title === "string" ? words(title) : title);
  part("back").hidden = part("foot").hidden = false;
  part(isHome() ? "back" : "foot").hidden = true;
  part("languages").hidden = tools.length > 0;
  part("languages").replaceChildren(...languages());
  part("tools").replaceChildren(...tools);
  document.body.className = kind;
  part("stage").replaceChildren(...inside);
  leads = back;
};

// `guard`, and `homeAfter` if nothing is touched: milliseconds. `after`: done once another view takes its place.
export const show = (view, { guard = GUARD, homeAfter = 0, after } = {}) => {
  if (ends !== after) ends?.();
  current = view;
  ends = after;
  draw();
  document.activeElement?.blur();
  scrollTo(0, 0);
  waiting.forEach(clearTimeout);
  part("stage").inert = true;
  waiting = [setTimeout(open, guard)];
  if (homeAfter) waiting.push(setTimeout(home, homeAfter));
  if (!isHome()) listener();
};
const open = () => {
  part("stage").inert = false;
};

export const home = () => show(first);
export const goBack = () => leads();
export const beginAt = (view) => {
  first = view;
  home();
};
