// Shows the face that the last event brought. While there are no events nothing is known, and the page says what it said at first.
"use strict";
const part = (id) => document.getElementById(id);
const body = document.body;
const away = { sign: "away", words: { zh: part("zh").textContent, en: part("en").textContent } };

let shown = away;

// Sizes in hundredths of the page's shorter side. LEGIBLE: 9 mm on the panel of 7 inches.
const LEGIBLE = 11.7, LARGEST = 24, SMALLEST = 1.6, FINE = 0.1;
const TURN_AFTER = 8000, REMEMBERED = 50;

// What the font reserves above and below its glyphs may stand over; the lines themselves may not.
const holds = (box, inner) => inner.offsetHeight <= box.clientHeight && inner.scrollWidth <= box.clientWidth;

// The largest size from least to most at which this is true, within FINE; it is set, and returned.
const grow = (name, least, most, fits) => {
  const tried = (size) => {
    body.style.setProperty(name, size);
    return fits();
  };
  if (tried(most)) return most;
  while (most - least > FINE) {
    const middle = (least + most) / 2;
    if (tried(middle)) least = middle;
    else most = middle;
  }
  tried(least);
  return least;
};

// The words take the room that is left: Chinese first, and then English as large as still fits.
const growWords = () => {
  const fits = () => holds(document.querySelector("main"), part("room"));
  body.style.setProperty("--english", "calc(var(--words) / 2)");
  const words = grow("--words", SMALLEST, LARGEST, fits);
  grow("--english", words / 2, words * 0.8, fits);
  return words;
};

const growNotice = () => grow("--notice", 5, 7, () => part("notice").scrollWidth <= part("notice").clientWidth);

const fitAnew = (notice, aside) => {
  sizeCode(shown.modules ?? 0);
  aside.className = notice.textContent ? "" : "gone";
  grow("--name", SMALLEST, 4.8, () => holds(document.querySelector("header"), part("name")));
  grow("--call", SMALLEST, 14.6, () => holds(document.querySelector("footer"), part("call")));
  growNotice();
  const nearby = Object.keys(shown.nearby ?? {}).length, urgent = (shown.notices ?? []).some((each) => each.urgent);
  if (growWords() < LEGIBLE) { // it gives way to what is to be read from afar; where the next station is stays, in turns
    aside.className = nearby || urgent ? "brief" : "gone";
    growNotice();
    if (growWords() < LEGIBLE && !nearby) { // also what is urgent, where even less room is not enough
      aside.className = "gone";
      growWords();
    }
  }
};

// What was measured of a face holds for the next time: somebody who comes in on a slow Pi waits for no measuring.
const measured = new Map();
const fit = () => {
  const notice = part("notice"), aside = notice.parentElement, face = JSON.stringify(shown);
  if (!measured.has(face)) {
    fitAnew(notice, aside);
    if (measured.size >= REMEMBERED) measured.clear();
    measured.set(face, [body.style.cssText, aside.className]);
  }
  [body.style.cssText, aside.className] = measured.get(face);
  turn(0);
};

// A notice of several pages: the next one.
let page = 0;
const turn = (to) => {
  const notice = part("notice"), { width } = notice.getBoundingClientRect(); // clientWidth is rounded: pages would drift
  const pages = Math.max(1, Math.round(notice.scrollWidth / width));
  page = to % pages;
  notice.scrollLeft = page * width;
};
setInterval(() => turn(page + 1), TURN_AFTER);

// Chinese is broken between words, but neither beside a number nor before a word of one character; the page's style forbids it elsewhere.
const segmenter = new Intl.Segmenter("zh", { granularity: "word" });
const phrased = (text) => {
  let found = "";
  for (const { segment, isWordLike } of segmenter.segment(text)) {
    const bound = !isWordLike || /\d$/.test(found) || /^\d/.test(segment) || segment.length === 1;
    found += bound ? segment : `\u200b${segment}`;
  }
  return found;
};

const paragraphs = (texts) => texts.map(([lang, text]) => {
  const line = document.createElement("p");
  line.lang = lang.replace("!", "");
  line.textContent = text;
  return line;
});

// What is said in some languages; on one page where it has room there.
const told = (texts, kind = "") => {
  const block = document.createElement("div");
  block.className = kind;
  block.append(...paragraphs(Object.entries(texts ?? {})));
  return block;
};

// The code for phones, of which another comes every half minute; it is drawn in whole pixels, or a camera would see moire.
const draw = (phone) => {
  if (!phone) return;
  part("code").setAttribute("viewBox", `0 0 ${phone.size} ${phone.size}`);
  part("dots").setAttribute("d", phone.path);
};
const sizeCode = (modules) => {
  const share = shown.sign === "away" ? 0.46 : 0.34;
  body.style.setProperty("--modules", modules);
  body.style.setProperty("--module", Math.max(1, Math.floor(share * Math.min(innerWidth, innerHeight) / modules)));
};

// What stands below: where the next station is, what is urgent, what the policy says, and the other notices.
const below = ({ nearby, notice, notices }) => {
  const each = (wanted) => (notices ?? []).filter(({ urgent }) => urgent === wanted).map(({ texts }) => told(texts, wanted ? "urgent" : ""));
  return [told(nearby), ...each(true), told(notice), ...each(false)];
};

const show = ({ clock, phone, ...rest }) => {
  part("clock").textContent = clock ?? "";
  draw(phone);
  const face = { ...rest, modules: phone?.size ?? 0 };
  if (JSON.stringify(face) === JSON.stringify(shown)) return; // a minute has passed: a notice goes on where it is
  shown = face;
  body.className = `${face.sign} ${face.modules ? "coded" : ""}`;
  part("scan").replaceChildren(...paragraphs(Object.entries(face.scan ?? {})));
  part("zh").textContent = phrased(face.words.zh);
  part("en").textContent = face.words.en;
  part("doubt").textContent = Object.values(face.doubt ?? {}).join(" ");
  part("facts").replaceChildren(...paragraphs((face.facts ?? []).map((text) => ["en", text])));
  part("notice").replaceChildren(...below(face));
  fit();
};

const listen = () => {
  const events = new EventSource("events");
  events.onmessage = (event) => {
    if (event.lastEventId !== document.documentElement.dataset.made) location.reload();
    show(JSON.parse(event.data));
  };
  events.onerror = () => {
    show(away);
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 1000);
  };
};

// Whoever watches over the browser is told that this page works. A program that is away is asked again next time.
const here = () => fetch("here", { method: "POST", signal: AbortSignal.timeout(4000) }).catch(() => {});

addEventListener("resize", () => {
  measured.clear();
  fit();
});
fit();
listen();
setInterval(here, 5000);
here();
