// What a steward's pass opens: views of which none stays when the station ends the session.
import { tell } from "./station.js";
import { home, isAt, show } from "./views.js";

let mine;

export const turn = (view) => {
  mine = view;
  show(view);
};

export const isMine = () => isAt(mine);

export const leave = () => {
  tell("left");
  home();
};
