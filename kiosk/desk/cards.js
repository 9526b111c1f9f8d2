// At a display that is not touched, whoever votes shows cards with numbers. Each choice has a number that is drawn anew for each
// view and told to nobody: what the reader and the station see of a ballot is numbers that any ballot could have.
import { make, part } from "./dom.js";
import { cards } from "./words.js";

const NUMBERS = [1, 2, 3, 4, 5], BACK = 0;
let last = BACK;

const below = (most) => crypto.getRandomValues(new Uint32Array(1))[0] % most;

// All of them in any order; none where the display is touched.
export const drawn = () => {
  const left = cards ? [...NUMBERS] : [], found = [];
  while (left.length) found.push(...left.splice(below(left.length), 1));
  return found;
};

// For what nobody should do by a card that is still there: all but the last. Of answers that would tell something.
export const drawnAnew = () => drawn().filter((each) => each !== last);

export const numbered = (number, words) => (number ? make("span", { class: "numbered" }, make("b", { class: "card" }, `${number}`), " ", words) : words);

// A card touches the choice that has its number; where the page asks whether somebody is there, any card says so.
export const shownCard = (card) => {
  last = card;
  if (part("warning").open) part("warning").close();
  else if (part("stage").inert) return;
  else if (card !== BACK) part("stage").querySelector(`[data-card="${card}"]`)?.click();
  else if (!part("back").hidden) part("back").click();
};
