// Four faces with words, of one size and colour; and the questions that are asked for some weeks.
import { choice, make } from "./dom.js";
import { both, said, told } from "./language.js";
import { send, thank } from "./sending.js";
import { shown } from "./station.js";
import { show } from "./views.js";
import { places } from "./voice.js";

const ANSWERS = [0, 1, 2, 3];

const faces = (enabled, answer) => make("div", { id: "faces" }, ...ANSWERS.map((each) =>
  choice("face", `face${each}`, both(`answer${each}`), () => answer(each), { disabled: !enabled })));

export const rating = () => faces(shown.there, (answer) => send("touched", { answer }, { saved: () => thank(about) }));

// In one touch: the place alone.
const about = () => places((place) => send("said", { place, what: "something_else" }));

// The first of those that are left; behind the last one are the thanks.
const asking = ([question, ...others]) => () => ({
  title: told(question.texts),
  inside: [faces(true, (answer) => send("touched", { answer, question: question.id }, others.length ? { saved: () => show(asking(others)) } : {}))],
});

export const questionTile = () => shown.questions.length
  ? choice("tile", "question", said("question"), () => show(asking(shown.questions))) : undefined;
