// The questions to the server. Each answer tells its time, by which a wrong clock of the phone's is found.

const WITHIN = 10000;
const OPEN_WITHIN = 20000;
const UTF8 = new TextEncoder();

// Why not: `kind` is the last part of the problem's type, or "away" where no answer came.
export class Refused extends Error {
  constructor(kind, detail = "") {
    super(detail || kind);
    this.kind = kind;
  }
}

export async function ask(what, body = {}, within = WITHIN) {
  const ended = new AbortController();
  const timer = setTimeout(() => ended.abort(), within);
  try {
    const answer = await fetch(`/pass/v1/${what}`, {
      method: "POST", body: JSON.stringify(body), headers: {"Content-Type": "application/json"},
      credentials: "omit", redirect: "error", cache: "no-store", signal: ended.signal,
    });
    const said = answer.status === 204 ? {} : await answer.json();
    if (!answer.ok) throw new Refused((said.type || "").split(":").pop() || "refused", said.detail);
    return said;
  } catch (error) {
    throw error instanceof Refused ? error : new Refused("away");
  } finally {
    clearTimeout(timer);
  }
}

// A question that only who holds the key can ask: it signs the server's challenge, which counts once and for a minute.
export async function proven(what, key, sign, more = {}) {
  const began = Date.now();
  const {challenge, server_time} = await ask("challenge");
  const offset = server_time - (began + Date.now()) / 2000;
  const signature = await sign(UTF8.encode(`yizhan-pass\n${what}\n${challenge}`));
  const said = await ask(what, {...more, challenge, public_key: base64(key.public), signature: base64(signature)});
  return {...said, offset};
}

// Let me in, by the code that a door's display shows: with a number that nobody has used, so that it counts once.
export async function open(text, key, sign) {
  const challenge = unheard();
  const signature = await sign(UTF8.encode(`yizhan-pass\nopen\n${challenge}\n${text}`));
  return ask("open", {text, challenge, public_key: base64(key.public), signature: base64(signature)}, OPEN_WITHIN);
}

// A number that nobody has used.
export function unheard() {
  return base64(crypto.getRandomValues(new Uint8Array(24))).replaceAll("+", "-").replaceAll("/", "_");
}

function base64(bytes) {
  return btoa(String.fromCharCode(...bytes));
}
