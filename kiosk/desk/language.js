// Which language is chosen, and what is said in it. Our own words are there in Chinese and English; a document's in any.
import { words, languages } from "./words.js";
import { make } from "./dom.js";

const root = document.documentElement;
const OURS = ["zh", "en"];

export const chosen = () => root.lang;
export const choose = (language) => {
  root.lang = language;
};

const ours = () => (OURS.includes(chosen()) ? chosen() : "zh");
const span = (lang, text, kind) => make("span", { lang, class: kind, dir: "auto" }, text);

// A word that a newer centre sends is shown as it is.
const worded = (key, language) => words[key]?.[OURS.indexOf(language)] ?? key.replaceAll("_", " ");

// What is said in the chosen language; `unseen`: beside a picture, for whoever does not see; `both`: with the other one smaller beside it.
export const text = (key) => worded(key, ours());
export const said = (key) => span(ours(), text(key));
export const unseen = (key) => span(ours(), text(key), "unseen");
export const both = (key) => {
  const other = ours() === "zh" ? "en" : "zh";
  return make("span", { class: "both" }, said(key), " ", span(other, worded(key, other), "other"));
};

// Of a document's texts the chosen one; else Chinese; else what there is.
export const told = (texts) => {
  const short = chosen().split("-")[0];
  const lang = [chosen(), short, "zh"].find((each) => each in texts) ?? Object.keys(texts)[0];
  return span(lang, texts[lang] ?? "");
};

// In which languages something is said, ours first.
export const spoken = (documents) => [...new Set([...OURS, ...documents.flatMap((texts) => Object.keys(texts))])];

// How a language calls itself; by its tag where the browser does not take that for one, such as zh-yue.
export const called = (language) => {
  try {
    return languages[language] ?? new Intl.DisplayNames([language], { type: "language" }).of(language);
  } catch {
    return language;
  }
};
