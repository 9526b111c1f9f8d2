// Say what is wrong, in three touches: say something, where, what. Before what is told at once the page says so, and asks again.
import { choice, icon, make } from "./dom.js";
import { both, said } from "./language.js";
import { send } from "./sending.js";
import { shown } from "./station.js";
import { home, show } from "./views.js";
import { urgent, wheres } from "./words.js";

export const places = (then) => Object.keys(wheres).map((place) => choice("tile", place, said(place), () => then(place)));

const where = () => ({ title: "where", kind: "grid", inside: places((place) => show(what(place))) });

const what = (place) => () => ({
  title: place, kind: "grid words",
  inside: wheres[place].map((each) => choice("tile", urgent.includes(each) ? "warning" : "", said(each), () => say(place, each))),
});

const say = (place, each) => {
  if (urgent.includes(each)) show(sure(place, each));
  else send("said", { place, what: each });
};

const sure = (place, each) => () => ({
  title: each, kind: "ended",
  inside: [
    make("p", { class: "big" }, icon("warning"), both("urgent")),
    choice("main", "", said("send_now"), () => send("said", { place, what: each })),
    choice("", "", said("not_now"), home),
  ],
});

export const sayTile = () => choice("tile", "say", said("say"), () => show(where), { disabled: !shown.there });
