// A steward's round by a checklist: what a sensor proves is filled in; the rest is one touch an item.
import { choice, icon, make } from "./dom.js";
import { said, text, told } from "./language.js";
import { year } from "./months.js";
import { send } from "./sending.js";
import { turn } from "./session.js";
import { shown } from "./station.js";

let results = {}, version = 0;

// What sensors prove is answered already.
export const begin = () => {
  results = Object.fromEntries(shown.round.items.filter((each) => each.proven).map(({ key, value }) => [key, value]));
  ({ version } = shown.round);
  next();
};

export const forget = () => {
  results = {};
};

// The first item that nobody has answered; behind the last one is all of it, to be sent.
const next = () => {
  const item = shown.round.items.find(({ key }) => !(key in results));
  turn(item ? asked(item) : whole);
};

const found = (item, value) => {
  results[item.key] = value;
  next();
};

// Of what has a month: the one that was noted last, and that it ends or has ended.
const noted = ({ kind, value, ends }) => kind === "month" && value
  ? [" ", make("span", { class: "count" }, said("noted"), ` ${value}`, ...(ends ? [" · ", said(`ends_${ends}`)] : []))] : [];

const heading = (item) => {
  const { items } = shown.round;
  return make("span", {}, make("span", { class: "count" }, `${items.indexOf(item) + 1}/${items.length} `), told(item.texts), ...noted(item));
};

const none = (item) => () => choice("tile", "no", said("none_or_expired"), () => found(item, "no"));

const asked = (item) => (item.kind === "month" ? year(() => heading(item), none(item), turn, (value) => found(item, value)) : () => ({
  title: heading(item), kind: "pair",
  inside: ["yes", "no"].map((each) => choice("tile", each, said(each), () => found(item, each))),
}));

const line = (item) => make("li", {}, icon({ yes: "yes", no: "no" }[results[item.key]] ?? "month"), told(item.texts),
  make("b", {}, ` ${results[item.key] in { yes: 1, no: 1 } ? text(results[item.key]) : results[item.key]} `),
  item.proven ? said("measured") : "");

const whole = () => ({
  title: "check_again", kind: "list",
  inside: [
    make("ul", { class: "sheet", tabindex: "0", "aria-labelledby": "title" }, ...shown.round.items.map(line)),
    make("div", { class: "moves" }, choice("main", "", said("send"), () => send("round", { results, version })), choice("", "", said("again"), begin)),
  ],
});
