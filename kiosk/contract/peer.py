"""Who asks in `kiosk central check`, and how an answer is looked at: what is not as promised raises Broken."""

from __future__ import annotations

import gzip
import secrets
import time
from typing import Any, Final, TypeVar

import jwt
import msgspec
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.contract.bodies import AUDIENCE, TOKEN_SECONDS, BatchAnswer, Problem

T = TypeVar("T")

TIMEOUT: Final = 30.0


class Broken(Exception):
    """A promise is not kept; the text says what was found."""


class Peer:
    """A station of no firmware: it can say anything. Raises requests.RequestException where nothing answers."""

    def __init__(self, url: str, station: str, claim: str, ca_file: str | None = None) -> None:
        self.url, self.station, self.claim = url.rstrip("/"), station, claim
        self.key = Ed25519PrivateKey.generate()
        self.root = b""
        self._verify: str | bool = ca_file or True

    def token(self, key: Ed25519PrivateKey | None = None, **claims: Any) -> str:
        """As the contract wants it, but for these claims."""
        now = int(time.time())
        usual = {"sub": self.station, "aud": AUDIENCE, "iat": now, "exp": now + TOKEN_SECONDS}
        return jwt.encode({**usual, **claims}, key or self.key, algorithm="EdDSA")

    def send(
        self, method: str, path: str, body: bytes | None = None, token: str | None = None, **headers: str
    ) -> requests.Response:
        """One request. The header's names have _ for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        bearer = {"Authorization": f"Bearer {self.token() if token is None else token}"}
        return requests.request(
            method, self.url + path, data=body, headers={**bearer, **named}, timeout=TIMEOUT, verify=self._verify
        )

    def post(self, path: str, body: Any, **headers: str) -> requests.Response:
        """A body as a station sends it."""
        data = gzip.compress(msgspec.json.encode(body), mtime=0)
        return self.send("POST", path, data, Content_Type="application/json", Content_Encoding="gzip", **headers)

    def documents(self, query: str = "") -> requests.Response:
        """What is newer than the query says."""
        return self.send("GET", f"/v1/stations/{self.station}/documents?{query}")


class Stream:
    """A new epoch of one of the station's streams."""

    def __init__(self, peer: Peer, stream: str = "access", epoch: str = "") -> None:
        self.peer, self.epoch = peer, epoch or secrets.token_hex(8)
        self.began = time.time()
        self.path = f"/v1/stations/{peer.station}/streams/{stream}/batches"

    def body(self, first: int, seqs: list[int], tombstones: tuple[int, ...] = (), **more: Any) -> dict[str, Any]:
        """A batch with such numbers; `more` goes into each entry."""
        entries = [entry(seq, **{"wall": self.began, **more}) for seq in seqs]
        sent = {"boot_id": "check", "sent_boot": 1.0, "sent_wall": time.time()}
        return {"epoch": self.epoch, "first": first, **sent, "entries": entries, "tombstones": list(tombstones)}

    def take(self, first: int, *seqs: int, tombstones: tuple[int, ...] = (), **more: Any) -> BatchAnswer:
        """Send a batch that must be taken."""
        return read(self.peer.post(self.path, self.body(first, list(seqs), tombstones, **more)), BatchAnswer)

    def up_to(self, mark: int, answer: BatchAnswer) -> None:
        """The answer must have this mark."""
        expect(answer.acked == mark, f"acked is {answer.acked}, and should be {mark}")


def entry(seq: int, **more: Any) -> dict[str, Any]:
    """An entry as stations make it."""
    clock = {"boot_id": "check", "boot": float(seq), "wall": time.time(), "quality": "synced"}
    return {"seq": seq, **clock, "kind": "locked", "door": "main", **more}


def expect(kept: object, otherwise: str) -> None:
    """Raise Broken with what was found instead."""
    if not kept:
        raise Broken(otherwise)


def read(response: requests.Response, kind: type[T]) -> T:
    """The 200 with such a body."""
    expect(response.status_code == 200, f"HTTP {response.status_code}: {response.text[:200]}")
    found = response.headers.get("Content-Type", "")
    expect(found.split(";")[0] == "application/json", f"Content-Type is {found}")
    try:
        return msgspec.json.decode(response.content, type=kind)
    except msgspec.MsgspecError as error:
        raise Broken(f"the body is not a {kind.__name__}: {error}") from error


def refused(response: requests.Response, *statuses: int) -> Problem:
    """The problem with one of these statuses."""
    wanted = " or ".join(map(str, statuses))
    expect(response.status_code in statuses, f"HTTP {response.status_code}, and should be {wanted}")
    found = response.headers.get("Content-Type", "")
    expect(found.split(";")[0] == "application/problem+json", f"{response.status_code} with Content-Type {found}")
    try:
        problem = msgspec.json.decode(response.content, type=Problem)
    except msgspec.MsgspecError as error:
        raise Broken(f"the body is no problem of RFC 9457: {error}") from error
    expect(problem.status == response.status_code, f"status in the body is {problem.status}")
    return problem
