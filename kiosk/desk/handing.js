// What a steward does about supplies: count blind, fill slots, and open to everybody what needs no pass.
import { choice, icon, make } from "./dom.js";
import { both, said, text, told } from "./language.js";
import { year } from "./months.js";
import { pad } from "./pad.js";
import { send } from "./sending.js";
import { turn } from "./session.js";
import { shown } from "./station.js";
import { draw, home, isAt } from "./views.js";

const HOURS = [1, 2, 4, 8];

const named = (texts, name) => (Object.keys(texts).length ? told(texts) : make("span", {}, name));
const campaign = (id) => shown.supplies.find((each) => each.campaign === id);

// One of several, or the only one there is.
const pick = (title, all, then) => (all.length === 1 ? then(all[0].value) : turn(() => ({
  title, kind: "grid words", inside: all.map(({ words, value }) => choice("tile", "supplies", words(), () => then(value))),
})));

const items = () => shown.handing.items.map((each) => ({ words: () => named(each.texts, each.item), value: each }));

// What was expected is shown only once the count is kept.
const count = () => pick("count", items(), (item) => turn(pad(() => named(item.texts, item.item),
  (counted) => send("count", { item: item.item, counted }, { saved: () => turn(compared) }))));

const compared = () => {
  const { counted, expected } = shown.handing?.counted ?? {};
  const line = (key, value) => make("p", { class: "slot" }, said(key), " ", make("b", { dir: "ltr" }, `${value}`));
  const inside = counted === undefined ? [make("p", { class: "big" }, icon("late"), both("saving"))]
    : [line("counted", counted), expected === null ? undefined : line("expected", expected), choice("main", "", said("finished"), home)];
  return { title: "count", kind: "ended", inside: inside.filter(Boolean) };
};

const slots = () => [
  ...shown.handing.slots.map((each) => ({ words: () => make("span", {}, said("slot"), " ", make("b", { dir: "ltr" }, each.slot)), value: each })),
  { words: () => said("store"), value: { slot: "", item: "" } },
];

// What lies there already stands first.
const fill = () => pick("fill", slots(), ({ slot, item }) => {
  const likely = items().toSorted((one, other) => (other.value.item === item) - (one.value.item === item));
  pick("fill_what", likely, (chosen) => turn(pad(() => named(chosen.texts, chosen.item), (number) => until(chosen, slot, number))));
});

const until = (item, slot, number) => {
  const done = (month) => send("fill", { item: item.item, slot, count: number, month });
  const heading = () => make("span", {}, named(item.texts, item.item), " ", said("good_until"));
  turn(year(heading, () => choice("tile", "", said("no_date"), () => done("")), turn, done));
};

const opened = () => pick("open_campaign", shown.handing.campaigns.map((id) => ({ words: () => named(campaign(id)?.texts ?? {}, id), value: id })),
  (id) => turn(duration(id)));

// For hours, for a number, or not any longer.
const duration = (id) => () => ({
  title: "open_for", kind: "grid",
  inside: [
    ...HOURS.map((each) => choice("tile", "late", `${each} ${text("hours")}`, () => send("open", { campaign: id, seconds: each * 3600 }))),
    choice("tile", "supplies", said("by_number"), () => turn(pad(() => said("by_number"), (number) => send("open", { campaign: id, count: number })))),
    choice("tile", "no", said("close_campaign"), () => send("open", { campaign: id })),
  ],
});

export const handingTiles = (handing) => [
  ...(handing.items.length ? [choice("tile", "count", said("count"), count), choice("tile", "supplies", said("fill"), fill)] : []),
  ...(handing.campaigns.length ? [choice("tile", "open", said("open_campaign"), opened)] : []),
];

export const handing = (now, before) => {
  if (isAt(compared) && JSON.stringify(now.handing) !== JSON.stringify(before.handing)) draw();
};
