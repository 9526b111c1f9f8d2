// An anonymous ballot: seven pages of one touch after a slip was shown, a remark if the poll asks for one and somebody wants to,
// all of it once more, and then it is cast. Until then it is in this module alone, and nothing of it is kept: who goes away has not voted, and the slip is as it was.
import { drawn, drawnAnew, numbered, shownCard } from "./cards.js";
import { choice, icon, make } from "./dom.js";
import { both, called, choose, said, spoken, told } from "./language.js";
import { shown, tell } from "./station.js";
import { home, show } from "./views.js";
import { cards, keyboard, longest } from "./words.js";

const ANSWERS = [0, 1, 2, 3, 4], THANKS_FOR = 6000, WORDS_FOR = 15000;
const NOTHING = 0;
let ballot = null, answers = [], remark, own = "", greeted = false, done = 0, taken = 0;

// The program goes on telling of it for a moment.
const forget = () => {
  done = (ballot ?? shown.ballot)?.number ?? done;
  ballot = null;
  begun();
};

const begun = () => {
  answers = [];
  remark = undefined;
  own = "";
};

// Nobody is at it any longer.
export const leave = async () => {
  forget();
  if (done) await tell("ballot-left", { number: done });
};

const away = () => {
  leave();
  show(ended("ballot_left", "back"), { homeAfter: WORDS_FOR });
};

const words = () => make("p", { class: "six" }, make("span", {}, said("six_words")), " ", make("b", { lang: "en", dir: "ltr" }, ballot.words));
const byCard = () => (cards ? make("p", { class: "six" }, said("show_card")) : undefined);

// Where the row of languages is not touched.
const tongues = () => {
  const numbers = drawn(), all = spoken(ballot.questions).slice(0, numbers.length);
  const tile = (each, at) => choice("tile", "", numbered(numbers[at], make("span", { lang: each }, called(each))), () => {
    choose(each);
    ask(0);
  }, { "data-card": numbers[at] });
  return () => ({ title: "languages", kind: "ballot", back: away, inside: [make("div", { id: "choices" }, ...all.map(tile)), byCard()] });
};

const heading = (at) => make("span", {}, make("span", { class: "count" }, `${at + 1}/${ballot.questions.length} `), told(ballot.questions[at]));

const asked = (at, back, then, numbers = drawn()) => () => ({
  title: heading(at), kind: "ballot", back,
  inside: [
    make("div", { id: "choices" }, ...ANSWERS.map((each) => choice("tile", "", numbered(numbers[each], said(`ballot${each}`)), () => {
      answers[at] = each;
      then();
    }, { "aria-pressed": answers[at] === undefined ? undefined : String(answers[at] === each), "data-card": numbers[each] }))),
    byCard(), words(),
  ].filter(Boolean),
});

const ask = (at) => {
  if (at < 0) away();
  else if (at < ballot.questions.length) show(asked(at, () => ask(at - 1), () => ask(at + 1)));
  else if (ballot.remarks.length && at === ballot.questions.length) show(asking());
  else show(whole());
};
const lastPage = () => ballot.questions.length - (ballot.remarks.length ? 0 : 1);

// What is said beside the answers: nothing, which is the first choice; what the board has prepared; or somebody's own words.
const say = (chosen, words = "") => {
  remark = chosen;
  own = words;
  show(whole());
};
const remarkWords = () => (own ? own : remark ? told(ballot.remarks[remark - 1]) : said("no_remark"));

// The first is to say nothing, and the last to write: in a room without a keyboard nobody is asked to.
const remarks = () => [
  [said("no_remark"), () => say(NOTHING), remark === NOTHING && !own],
  ...ballot.remarks.map((texts, at) => [told(texts), () => say(at + 1), remark === at + 1]),
  ...(keyboard ? [[said("own_words"), write, own !== ""]] : []),
];

const asking = (numbers = drawn()) => () => ({
  title: "remark", kind: "remark", back: () => ask(ballot.questions.length - 1),
  inside: [
    make("div", { id: "choices" }, ...remarks().map(([inside, onclick, pressed], at) => choice("tile", "", numbered(numbers[at], inside), onclick, {
      "aria-pressed": remark === undefined ? undefined : String(pressed), "data-card": numbers[at],
    }))),
    byCard(), words(),
  ].filter(Boolean),
});

// What is typed is not looked up, completed or remembered by the browser.
const write = () => {
  const field = make("textarea", { autocomplete: "off", autocapitalize: "off", autocorrect: "off", spellcheck: "false", "aria-labelledby": "title" });
  field.value = own;
  show(() => {
    const room = make("span"), done = choice("main", "yes", said("finished"), () => say(NOTHING, field.value.trim()));
    field.oninput = () => {
      const left = longest - new TextEncoder().encode(field.value.trim()).length;
      room.replaceChildren(said("room_left"), ` ${left}`);
      done.disabled = left < 0;
    };
    field.oninput();
    const about = make("p", { class: "state" }, said("name_nobody"), " ", room);
    return { title: "own_words", kind: "ballot", back: () => show(asking()), inside: [field, make("div", { class: "writing" }, about, done)] };
  });
};

const line = (answer, at) => make("li", {}, make("span", { class: "count" }, `${at + 1} `), said(`dimension${at}`), " ", make("b", {}, said(`ballot${answer}`)));

const remarkLine = () => (ballot.remarks.length ? make("li", {}, said("remark_is"), " ", make("b", {}, remarkWords())) : undefined);

const whole = (numbers = drawnAnew()) => () => ({
  title: "check_ballot", kind: "list", back: () => ask(lastPage()),
  inside: [
    make("ul", { class: "sheet brief", tabindex: "0", "aria-labelledby": "title" }, ...answers.map(line), remarkLine(), make("li", {}, words())),
    make("div", { class: "moves" },
      choice("main", "yes", numbered(numbers[0], said("cast")), cast, { "data-card": numbers[0] }),
      choice("", "", numbered(numbers[1], said("change")), () => ask(0), { "data-card": numbers[1] })),
  ],
});

const cast = async () => {
  const given = { number: ballot.number, answers, ...(own ? { words: own } : remark ? { remark } : {}) };
  forget();
  show(() => ({ title: "saving", kind: "ended", inside: [] }));
  const became = await tell("cast", given);
  if (became !== "saved") leave();
  const word = { saved: "cast_done", refused: "cast_refused" }[became] ?? "cast_unknown";
  show(ended(word, became === "saved" ? "yes" : "warning"), { homeAfter: became === "saved" ? THANKS_FOR : WORDS_FOR });
};

const ended = (became, picture) => () => ({
  title: became, kind: "ended", inside: [make("p", { class: "big" }, icon(picture), both(became)), choice("main", "", said("finished"), home)],
});

// A slip opens it at whatever is shown; one that was open before this page was made was somebody else's.
export const voting = (now) => {
  if (!now.there) return;
  if (!greeted && now.ballot) leave();
  else if (now.ballot && now.ballot.number > done && now.ballot.number !== ballot?.number) {
    begun();
    ballot = now.ballot;
    taken = ballot.cards;
    if (cards) show(tongues());
    else ask(0);
  } else if (cards && ballot && now.ballot?.number === ballot.number && now.ballot.cards > taken) {
    taken = now.ballot.cards;
    shownCard(now.ballot.card);
  } else if (!now.ballot && ballot) {
    forget();
    show(ended("ballot_over", "late"), { homeAfter: WORDS_FOR });
  }
  greeted = true;
};
