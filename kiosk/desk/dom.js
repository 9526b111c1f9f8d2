// Parts of the page, made from words and pictures. No text becomes markup.
import { icons } from "./icons.js";

export const part = (id) => document.getElementById(id);

export const make = (tag, given = {}, ...inside) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name === "onclick") made.addEventListener("click", value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...inside.filter((each) => each !== undefined));
  return made;
};

const SVG = "http://www.w3.org/2000/svg";

const drawing = (size, path, given) => {
  const picture = document.createElementNS(SVG, "svg"), line = document.createElementNS(SVG, "path");
  for (const [name, value] of Object.entries({ viewBox: `0 0 ${size} ${size}`, ...given })) picture.setAttribute(name, value);
  line.setAttribute("d", path);
  picture.append(line);
  return picture;
};

export const icon = (name) => drawing(48, icons[name] ?? icons.other, { "aria-hidden": "true" });

// A QR symbol, for a telephone that somebody holds before it.
export const symbol = ({ size, path }) => drawing(size, path, { class: "symbol", role: "img", "aria-label": "QR" });

// A choice: a picture, words below or beside it, and what a touch does.
export const choice = (kind, picture, words, onclick, more = {}) =>
  make("button", { type: "button", class: kind, onclick, ...more }, picture ? icon(picture) : undefined, words);
