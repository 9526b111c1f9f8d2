// What a steward finds before them: open while the station says so, which is after a pass that was shown at the desk's reader.
import { choice } from "./dom.js";
import { handingTiles } from "./handing.js";
import { said, told } from "./language.js";
import { begin, forget } from "./round.js";
import { send } from "./sending.js";
import { isMine, leave, turn } from "./session.js";
import { shown } from "./station.js";
import { draw, home, isAt, isHome } from "./views.js";

const roundTiles = ({ items }) => [
  ...(items.length ? [choice("tile main", "round", said("inspect"), begin)] : []),
  choice("tile", "clean", said("cleaned"), () => send("cleaned")),
];

const desk = () => ({
  title: shown.round ? told(shown.round.texts) : "handing", kind: "grid words",
  inside: [
    ...(shown.round ? roundTiles(shown.round) : []), ...(shown.handing ? handingTiles(shown.handing) : []),
    choice("tile", "back", said("leave"), leave),
  ],
});

const isOpen = ({ round, handing }) => Boolean(round ?? handing);
const offers = ({ round, handing }) => JSON.stringify([Boolean(round), handing?.items.length, handing?.slots.length, handing?.campaigns.length]);

export const stewardTile = () => (isOpen(shown) ? choice("tile", "round", said("round"), () => turn(desk)) : undefined);

// Who shows the pass stands before the page as it was; when the station ends it, nothing of it stays.
export const steward = (now, before) => {
  if (isOpen(now) && !isOpen(before) && isHome()) turn(desk);
  else if (!isOpen(now) && isOpen(before)) {
    forget();
    if (isMine()) home();
  } else if (isAt(desk) && offers(now) !== offers(before)) draw();
};
