// Shows the face that the last event brought. While there are no events nothing is known, and the page says what it said at first.
"use strict";
const part = (id) => document.getElementById(id);
const away = { sign: "away", words: { zh: part("zh").textContent, en: part("en").textContent }, notice: {} };
const show = (face) => {
  document.body.className = face.sign;
  part("zh").textContent = face.words.zh;
  part("en").textContent = face.words.en;
  part("notice").textContent = Object.values(face.notice ?? {}).join("\n");
};
const listen = () => {
  const events = new EventSource("events");
  events.onmessage = (event) => show(JSON.parse(event.data));
  events.onerror = () => {
    show(away);
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 1000);
  };
};
listen();

// Whoever watches over the browser is told that this page works. A program that is away is asked again next time.
const here = () => fetch("here", { method: "POST", signal: AbortSignal.timeout(4000) }).catch(() => {});
setInterval(here, 5000);
here();
