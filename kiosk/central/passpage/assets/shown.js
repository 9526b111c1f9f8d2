// What a phone shows of a bound pass: docs/wire.md, "The pass". kiosk/trust/passes.py makes the same bytes.
import {base45, encoded, fromBase45} from "./cbor.js";

const ALGORITHM = 1, EDDSA = -8, ISSUED_AT = 6, INNER = -70010;

// `text`: the pass (YZ1:); `sign`: gives the signature of bytes; `now`: whole seconds since 1970.
export async function shown(text, sign, now) {
  const header = encoded(new Map([[ALGORITHM, EDDSA]]));
  const payload = encoded(new Map([[ISSUED_AT, now], [INNER, fromBase45(text.slice("YZ1:".length))]]));
  const signature = await sign(encoded(["Signature1", header, new Uint8Array(), payload]));
  return "YZ2:" + base45(encoded([header, new Map(), payload, signature]));
}
