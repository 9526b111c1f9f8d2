// Whoever goes away leaves nothing: after a while the page asks whether somebody is there, and then loads itself anew.
import { leave } from "./ballot.js";
import * as doctor from "./doctor.js";
import { part } from "./dom.js";
import { choose, said } from "./language.js";
import { shown, tell, whenTold } from "./station.js";
import * as supplies from "./supplies.js";
import { home, whenShown } from "./views.js";
import { cards } from "./words.js";

const IDLE = 45000, WARNED = 20000;
let touched = false, timer;

const times = () => (shown.extended ? 2 : 1);

const wake = () => {
  if (part("warning").open) return; // which its own button closes
  touched = true;
  rest();
};

const rest = () => {
  clearTimeout(timer);
  timer = setTimeout(warn, IDLE * times());
};

// What a pass or a slip has opened is left, too, where nobody touches it; and who shows one is there.
const opened = () => {
  if (part("warning").open) part("warning").close();
  rest();
};

export const warn = () => {
  part("still").replaceChildren(said("still_there"));
  part("continue").replaceChildren(said(cards && shown.ballot ? "continue_by_card" : "continue"));
  part("warning").showModal();
  timer = setTimeout(fresh, WARNED * times());
};

// As nobody had been here. A program that is away could give no page, so that this one has to do until it is back.
const fresh = async () => {
  clearTimeout(timer);
  if (shown.round ?? shown.handing) await tell("left");
  if (shown.holder) await supplies.leave();
  if (shown.ballot) await leave();
  if (shown.doctor?.link) await doctor.leave();
  await fetch("page.css", { cache: "no-store" }).then(() => location.reload(), wiped);
};

const wiped = () => {
  touched = false;
  part("warning").close();
  choose("zh");
  home();
};

export const begin = () => {
  history.scrollRestoration = "manual";
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, wake);
  whenShown(opened);
  part("continue").addEventListener("click", () => part("warning").close());
  part("warning").addEventListener("close", wake);
  whenTold((now, before) => {
    if (now.nobody && !before.nobody && touched) fresh();
  });
};
