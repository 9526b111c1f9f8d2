// The page inside: what it shows first, and what it does when the station tells something.
import { voting } from "./ballot.js";
import { consulting, doctorTile } from "./doctor.js";
import { make, part } from "./dom.js";
import * as idle from "./idle.js";
import * as keys from "./keys.js";
import { both } from "./language.js";
import { handing } from "./handing.js";
import { isLarge, medicine } from "./medicine.js";
import { questionTile, rating } from "./rating.js";
import { answersTile, bothTile, noticesTile, urgentNotices } from "./reading.js";
import * as station from "./station.js";
import { steward, stewardTile } from "./steward.js";
import { supplies, suppliesTile } from "./supplies.js";
import { beginAt, draw, goBack, isHome } from "./views.js";
import { sayTile } from "./voice.js";

// Beside the faces, in this order; what is not there now makes no tile. A steward's stands before those that fit into a row.
const APART = [suppliesTile, doctorTile, sayTile, noticesTile, answersTile, questionTile];
const TOGETHER = [suppliesTile, doctorTile, sayTile, bothTile, questionTile];
const IN_A_ROW = 5;

const made = (all) => all.map((tile) => tile()).filter(Boolean);
const tiles = () => {
  const apart = made(APART);
  return [...made([stewardTile]), ...(apart.length > IN_A_ROW ? made(TOGETHER) : apart)];
};

const start = () => ({
  title: station.shown.there ? "ask" : "away", kind: urgentNotices().length ? "home urgent" : "home",
  inside: [...urgentNotices(), rating(), make("div", { id: "tiles" }, ...tiles())],
});

const saysOfCode = ({ told }) => {
  const bar = told && !isLarge(told);
  part("told").hidden = !bar;
  part("told").replaceChildren(...(bar ? [both(`told_${told}`)] : []));
};

const news = (now, before) => {
  steward(now, before);
  supplies(now, before);
  handing(now, before);
  voting(now);
  consulting(now, before);
  medicine(now, before);
  saysOfCode(now);
  if (isHome() && JSON.stringify(now) !== JSON.stringify(before)) draw();
};

part("back").addEventListener("click", goBack);
addEventListener("contextmenu", (event) => event.preventDefault());
station.whenTold(news);
idle.begin();
keys.begin();
beginAt(start);
station.begin();
