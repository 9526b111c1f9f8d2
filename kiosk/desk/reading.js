// What is there to be read: notices, events, and what became of what people said. A list moves under the finger, or by two buttons.
import { choice, icon, make } from "./dom.js";
import { said, told, unseen } from "./language.js";
import { shown } from "./station.js";
import { show } from "./views.js";

const list = (title, cards) => () => {
  const sheet = make("div", { class: "sheet", tabindex: "0", role: "region", "aria-labelledby": "title" }, ...cards());
  const move = (by) => () => sheet.scrollBy({ top: by * sheet.clientHeight * 0.8 });
  const buttons = [choice("", "down", unseen("down"), move(1)), choice("", "up", unseen("up"), move(-1))];
  return { title, kind: "list", inside: [sheet, make("div", { class: "moves" }, ...buttons)] };
};

const notice = ({ texts, urgent }) => make("article", { class: urgent ? "urgent" : "" }, make("p", {}, told(texts)));

// What has expired stands there for whoever would use it.
const expired = (texts) => make("article", { class: "late" }, make("p", {}, told(texts)), make("p", { class: "state" }, icon("late"), said("ends_over")));

// A picture that is not there yet is left out: the words alone say what it is.
const event = ({ texts, when, picture }) => {
  const image = picture ? make("img", { src: `picture/${picture}`, alt: "" }) : undefined;
  image?.addEventListener("error", () => image.remove());
  return make("article", {}, make("h2", {}, when), image, make("p", {}, told(texts)));
};

const standing = ({ since, state, due, late }) => [
  ...(late ? [icon("late"), said("overdue")] : [said(state)]), " · ", said("since"), ` ${since}`, ...(due ? [" · ", said("due"), ` ${due}`] : []),
];

const answer = (one) => make("article", { class: one.late ? "late" : "" },
  make("h2", {}, icon(one.place), said(one.place), "：", said(one.what)), make("p", { class: "state" }, ...standing(one)),
  Object.keys(one.words).length ? make("p", {}, told(one.words)) : undefined);

const urgentFirst = () => shown.notices.toSorted((one, other) => other.urgent - one.urgent);
const lateFirst = () => shown.answers.toSorted((one, other) => other.late - one.late);

const tile = (picture, many, view) => many
  ? choice("tile", picture, make("span", {}, said(picture), make("span", { class: "count" }, ` ${many}`)), () => show(view)) : undefined;

export const urgentNotices = () => shown.notices.filter((each) => each.urgent).map(notice);
const hung = () => [...urgentFirst().map(notice), ...shown.expired.map(expired), ...shown.events.map(event)];
const answers = () => lateFirst().map(answer);

export const noticesTile = () => tile("notices", hung().length, list("notices", hung));
export const answersTile = () => tile("answers", answers().length, list("answers", answers));

// Both in one, where there are more tiles than stand in a row.
export const bothTile = () => tile("reading", hung().length + answers().length, list("reading", () => [...hung(), ...answers()]));
