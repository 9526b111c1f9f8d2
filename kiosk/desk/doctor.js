// A doctor by the worker's own phone: one touch, and a link that works once stands there as a symbol. The ambulance's number stands
// there always, also where no doctor is, and where the station's program does not answer.
import { choice, icon, make, symbol } from "./dom.js";
import { said, told } from "./language.js";
import { finish, send } from "./sending.js";
import { shown, tell } from "./station.js";
import { draw, isAt, show } from "./views.js";

const AMBULANCE = "120";
let phase = "", greeted = false; // "", "asked", "linked" or "over"

const number = (of, key) => make("p", { class: "number" }, make("span", {}, said(key)), " ", make("b", { dir: "ltr" }, of));

const here = () => make("p", { class: "where" }, said("you_are_at"), " ", make("b", { lang: "zh" }, document.title));

const numbers = () => make("div", { class: "numbers" }, number(AMBULANCE, "ambulance"), phase === "linked" ? undefined : here(),
  shown.doctor ? number(shown.doctor.call, "or_call") : undefined);

const sentence = (picture, ...words) => make("p", { class: "state" }, icon(picture), make("span", {}, ...words));

// Whether one can be asked now; else since when not, or from when on.
const standing = ({ reachable, since, opens }) => {
  if (reachable) return choice("main", "phone", said("ask_doctor"), ask);
  const [key, time] = opens ? ["doctor_opens", opens] : ["away_since", since];
  return sentence("late", said("doctor_away"), ...(time ? [make("br"), said(key), " ", make("span", { class: "time" }, time)] : []));
};

const touched = () => ({
  asked: () => [sentence("late", said("saving")), numbers()],
  linked: () => [symbol(shown.doctor.link), make("div", { class: "beside" }, make("p", {}, said("scan_this")), numbers())],
  over: () => [sentence("late", said("link_over")), standing(shown.doctor), numbers()],
})[shown.doctor && phase]?.() ?? [shown.doctor ? standing(shown.doctor) : undefined, numbers()];

const doctor = () => ({ title: shown.doctor ? told(shown.doctor.texts) : "emergency", kind: "doctor", inside: touched().filter(Boolean) });

const ask = () => send("consult", {}, { saved: asked, refused: () => finish("doctor_away") });

const asked = () => {
  phase = shown.doctor?.link ? "linked" : "asked"; // it may be there before the answer is
  show(doctor, { after: away });
};

const away = () => {
  if (phase) leave();
};

// Nobody is at the link any longer.
export const leave = async () => {
  phase = "";
  await tell("consult-left");
};

// A link that nobody has asked for at this page was somebody else's.
export const consulting = (now, before) => {
  const link = now.doctor?.link;
  if (now.there && link && !greeted) leave();
  greeted ||= now.there;
  if (phase === "asked" && link) phase = "linked";
  if (phase === "linked" && !link) phase = "over";
  if (isAt(doctor) && JSON.stringify(now.doctor) !== JSON.stringify(before.doctor)) draw();
};

export const doctorTile = () => choice("tile", "doctor", said(shown.doctor ? "doctor" : "emergency"), () => show(doctor, { after: away }));
