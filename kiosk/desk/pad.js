// A number of at most four digits, by touch or by the four keys; nothing stands there before it.
import { choice, make } from "./dom.js";
import { unseen } from "./language.js";

const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"], MOST = 4;

// A view that asks for it, under these words, and what is done with it then.
export const pad = (words, then, back) => {
  let digits = "";
  const stands = make("b", { class: "digits", dir: "ltr" }), done = choice("main", "yes", unseen("enter"), () => then(Number(digits)));
  const put = (all) => {
    digits = all.slice(0, MOST);
    stands.textContent = digits || "–";
    done.disabled = !digits;
  };
  const keys = DIGITS.map((each) => choice("tile", "", each, () => put(digits + each)));
  const erase = choice("", "erase", unseen("erase"), () => put(digits.slice(0, -1)));
  put("");
  return () => ({ title: make("span", {}, words(), " ", stands), kind: "grid pad", back, inside: keys, tools: [erase, done] });
};
