"""A union's own back end, and the phone of one of its members: python client.py URL NAME SECRET HOLDER.

It prints a live pass, and what the phone shows of its bound pass; then it revokes both. (requests, cbor2, base45, cryptography)
"""

import base64
import sys
import time
import uuid

import base45
import cbor2
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Server:
    """The issuing API, for as long as a token holds; a real back end asks for the next one in time."""

    def __init__(self, url: str, name: str, secret: str) -> None:
        self.url = url
        answer = requests.post(f"{url}/v1/token", {"grant_type": "client_credentials"}, auth=(name, secret), timeout=20)
        answer.raise_for_status()
        self.token = answer.json()["access_token"]

    def order(self, path: str, **body: object) -> dict:
        """An order; where no answer comes it is sent again under the same key, and carried out once."""
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": str(uuid.uuid4())}
        for wait in (1, 2, 4):
            try:
                answer = requests.post(f"{self.url}/v1{path}", json=body, headers=headers, timeout=20)
            except requests.ConnectionError:
                time.sleep(wait)
                continue
            if answer.status_code in {409, 429, 503} and "Retry-After" in answer.headers:
                time.sleep(float(answer.headers["Retry-After"]))
                continue
            if not answer.ok:
                raise SystemExit(answer.text)
            return answer.json()
        raise SystemExit("no answer")


def shown(bound: str, key: Ed25519PrivateKey, now: int) -> str:
    """What a phone shows of its bound pass: signed by its own key, at its own time."""
    protected = cbor2.dumps({1: -8})
    payload = cbor2.dumps({6: now, -70010: base45.b45decode(bound.removeprefix("YZ1:").encode())})
    signature = key.sign(cbor2.dumps(["Signature1", protected, b"", payload]))
    return "YZ2:" + base45.b45encode(cbor2.dumps([protected, {}, payload, signature])).decode()


if __name__ == "__main__":
    url, name, secret, holder = sys.argv[1:]
    server, key = Server(url, name, secret), Ed25519PrivateKey.generate()
    server.order("/holders", holder=holder, until=time.time() + 60 * 86400)
    print(server.order(f"/holders/{holder}/live", seconds=120)["code"])
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    bound = server.order(f"/holders/{holder}/bound", public_key=public)
    print(shown(bound["code"], key, int(time.time())))
    print(server.order(f"/holders/{holder}/revoke", reason="the example is over")["state"])
