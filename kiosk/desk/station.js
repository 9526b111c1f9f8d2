// What the program tells, and what it is told. The page holds nothing of a touch once it is answered.
const PATIENCE = 8000, HERE_EVERY = 10000, AGAIN_AFTER = 1000;
const { made, token } = document.documentElement.dataset;
const NOTHING = {
  there: false, notices: [], events: [], questions: [], answers: [], supplies: [], expired: [],
  round: null, ballot: null, holder: false, shown: 0, handing: null, doctor: null, medicine: null, told: "", nobody: false, extended: false,
};

export let shown = NOTHING;
let listeners = [];
export const whenTold = (listener) => listeners.push(listener);

const take = (news) => {
  const before = shown;
  shown = news;
  for (const each of listeners) each(shown, before);
};

// Whoever has shown a pass has gone: news of that come a moment later.
export const holderGone = () => {
  shown = { ...shown, holder: false };
};

const post = (path, body) => fetch(path, {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token, ...body }), signal: AbortSignal.timeout(PATIENCE),
});

// "saved", or why not.
export const tell = (path, body = {}) => post(path, body).then(({ status }) => ({ 204: "saved", 409: "refused", 429: "too_many" })[status] ?? "not_saved", () => "not_saved");

const listen = () => {
  const events = new EventSource("events");
  events.onmessage = ({ data, lastEventId }) => {
    if (lastEventId !== made) location.reload();
    take(JSON.parse(data));
  };
  events.onerror = () => {
    take({ ...NOTHING, notices: shown.notices });
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN_AFTER);
  };
};

// Whoever watches over the browser is told that this page is drawn: a frame is counted when the display has taken one.
let frames = 0;
const here = () => {
  requestAnimationFrame(() => {
    frames += 1;
  });
  post("here", { made, frames, width: innerWidth, height: innerHeight }).catch(() => {});
};

export const begin = () => {
  listen();
  requestAnimationFrame(here);
  setInterval(here, HERE_EVERY);
};
