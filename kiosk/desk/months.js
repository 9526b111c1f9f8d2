// Until when something is good, by its year and month: a touch each.
import { choice } from "./dom.js";

const YEARS = 5;

const pad = (number) => String(number).padStart(2, "0");

// `heading` makes the title; `none`: a choice for what has no month; `turn` shows a view, `then` takes the month.
export const year = (heading, none, turn, then) => () => {
  const now = new Date().getFullYear();
  const years = Array.from({ length: YEARS }, (_, at) => now + at);
  return { title: heading(), kind: "grid", inside: [...years.map((each) => choice("tile", "", `${each}`, () => turn(month(heading, each, then)))), none()] };
};

const month = (heading, of, then) => () => ({
  title: heading(), kind: "grid many",
  inside: Array.from({ length: 12 }, (_, at) => `${of}-${pad(at + 1)}`).map((each) => choice("tile", "", each, () => then(each))),
});
