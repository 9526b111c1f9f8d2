"""HTTP to the central server: each request signed with the station's key, with a deadline and a byte cap."""

from __future__ import annotations

import gzip
import time
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any, Final, TypeVar

import jwt
import msgspec
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from kiosk import __version__
from kiosk.contract.bodies import AUDIENCE, TOKEN_SECONDS, Problem

T = TypeVar("T")

MAX_ANSWER: Final = 1024 * 1024
JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
UNAUTHORISED: Final = (401, 403)


class NoAnswer(Exception):
    """The server was not reached, or what answered is not our server. `retry_after` is in seconds."""

    def __init__(self, why: str, retry_after: float = 0.0) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class Answer(Struct, frozen=True):
    """A status, the body, and the Retry-After in seconds."""

    status: int
    body: bytes
    retry_after: float = 0.0

    def problem(self) -> Problem:
        """The problem that the server tells. Raises NoAnswer when it is none."""
        return self.read(Problem)

    def read(self, kind: type[T]) -> T:
        """The body as `kind`. Raises NoAnswer when it is something else."""
        try:
            return msgspec.json.decode(self.body, type=kind)
        except msgspec.MsgspecError as error:
            raise NoAnswer(f"the answer is not the contract's: {error}") from error


class Client:
    """The station's voice. Not for more than one thread."""

    def __init__(
        self, url: str, station: str, key: Ed25519PrivateKey, ca_file: str | None = None, timeout: float = 20.0
    ) -> None:
        self._url = url.rstrip("/")
        self._station = station
        self._key = key
        self._timeout = timeout
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"yizhan-kiosk/{__version__}"
        self._session.trust_env = False
        if ca_file:
            self._session.verify = ca_file
        self.offset = 0.0
        """Server time less this machine's wall time, as last seen."""

    def post(self, path: str, body: Any) -> Answer:
        """Send a body as compressed JSON. Raises NoAnswer."""
        data = gzip.compress(msgspec.json.encode(body), 6)
        headers = {"Content-Type": JSON, "Content-Encoding": "gzip"}
        return self._ask("POST", path, {"data": data, "headers": headers}, self._timeout)

    def get(self, path: str, query: dict[str, str], wait: float = 0.0) -> Answer:
        """Ask for something, which the server may hold back for `wait` seconds. Raises NoAnswer."""
        return self._ask("GET", path, {"params": query}, self._timeout + wait)

    def _ask(self, method: str, path: str, parts: dict[str, Any], timeout: float) -> Answer:
        """One request; when the token is refused, one more with a token timed by the server's clock."""
        answer = self._once(method, path, parts, timeout)
        return self._once(method, path, parts, timeout) if answer.status in UNAUTHORISED else answer

    def _once(self, method: str, path: str, parts: dict[str, Any], timeout: float) -> Answer:
        headers = {**parts.get("headers", {}), "Authorization": f"Bearer {self._token()}"}
        deadline = monotonic() + timeout
        try:
            with self._session.request(
                method,
                self._url + path,
                **{**parts, "headers": headers},
                timeout=(min(5.0, timeout), timeout),
                stream=True,
                allow_redirects=False,
            ) as found:
                body = _read(found, deadline)
        except (requests.RequestException, OSError) as error:
            raise NoAnswer(_short(error)) from error
        if found.headers.get("Content-Type", "").split(";")[0] not in {JSON, PROBLEM}:
            raise NoAnswer(f"not our server: HTTP {found.status_code} with {found.headers.get('Content-Type')}")
        self._learn_time(found.headers.get("Date", ""))
        wait = _seconds(found.headers.get("Retry-After", ""), time.time() + self.offset)
        return Answer(found.status_code, body, wait)

    def _token(self) -> str:
        now = time.time() + self.offset
        claims = {"sub": self._station, "aud": AUDIENCE, "iat": int(now), "exp": int(now) + TOKEN_SECONDS}
        return jwt.encode(claims, self._key, algorithm="EdDSA")

    def _learn_time(self, date: str) -> None:
        try:
            self.offset = parsedate_to_datetime(date).timestamp() - time.time()
        except ValueError:
            return


def _read(found: requests.Response, deadline: float) -> bytes:
    """The whole body within the deadline and the cap: requests' own time-out holds for each read only."""
    body = b""
    for chunk in found.iter_content(16384):
        body += chunk
        if len(body) > MAX_ANSWER:
            raise NoAnswer(f"an answer of more than {MAX_ANSWER} bytes")
        if monotonic() > deadline:
            raise NoAnswer("the answer drips in too slowly")
    return body


def _seconds(value: str, now: float) -> float:
    """A Retry-After (RFC 9110, 10.2.3): seconds, or a date by the server's clock, which says `now`."""
    if value.isdigit():
        return float(value[:9])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except ValueError:
        return 0.0


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]
