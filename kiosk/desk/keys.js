// Four keys do all: 1 to 4 touch the choices that have these numbers, and one that is held down gives the numbers to the next four.
import { part } from "./dom.js";

let group = 0, down = "";

const choices = () => {
  const where = part("warning").open ? part("warning") : document;
  const inside = part("stage").inert ? [] : [...part("stage").querySelectorAll("button")];
  const all = where === document ? [...inside, ...part("tools").children, part("back"), ...part("languages").children] : [...where.querySelectorAll("button")];
  return all.filter((each) => !each.disabled && each.checkVisibility());
};

const numbered = () => {
  const all = choices();
  if (group * 4 >= all.length) group = 0;
  return all.slice(group * 4, group * 4 + 4);
};

const number = () => {
  for (const each of document.querySelectorAll("[data-key]")) delete each.dataset.key;
  numbered().forEach((each, at) => {
    each.dataset.key = at + 1;
  });
};

const held = () => {
  group += 1;
  down = "";
  number();
};

// Where somebody writes, keys are letters.
const writes = ({ target }) => target instanceof HTMLTextAreaElement;

// What the browser itself does by a key: its tools, which could read along what the next one answers, another page, a file.
const ofBrowser = ({ key, ctrlKey, altKey, metaKey }) => ctrlKey || altKey || metaKey || /^F\d+$/.test(key);

const press = (event) => {
  const { key, repeat } = event;
  if (ofBrowser(event)) event.preventDefault();
  if (ofBrowser(event) || writes(event)) return;
  if (key === "Escape" && !part("back").hidden) part("back").click();
  if (!/^[1-4]$/.test(key)) return;
  if (!repeat) down = key;
  else if (down === key) held();
};

const release = ({ key }) => {
  if (down !== key) return;
  down = "";
  const [wanted] = numbered().slice(key - 1);
  group = 0;
  wanted?.click();
  number();
};

export const begin = () => {
  addEventListener("keydown", press);
  addEventListener("keyup", release);
};
