"""HTTP to the central server: each request signed with the station's key, bounded in bytes and in how slow it may be."""

from __future__ import annotations

import gzip
import http.client
import struct
import time
import zlib
from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy
from time import monotonic
from typing import Any, Final

import jwt
import msgspec
import requests
import urllib3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk import __version__
from kiosk.contract.bodies import AUDIENCE, CAPABILITIES, TOKEN_SECONDS, UNDERSTANDS_CONFLICT, UNDERSTANDS_RELEASE
from kiosk.contract.bounded import Adapter
from kiosk.contract.unanswered import why_unanswered
from kiosk.decoding import UNDECODABLE
from kiosk.local import boot_time
from kiosk.sync.answers import MAX_ANSWER, Answer, NoAnswer, date_of, seconds_of, text_of, unpacked
from kiosk.sync.server_clock import ServerClock

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
BYTES: Final = "application/octet-stream"
USUAL: Final = frozenset({JSON, PROBLEM})
"""Kinds of bodies of an answer."""

UNAUTHORISED: Final = (401, 403)

PIECE: Final = 1024
"""Bytes of a request that are handed to the kernel at a time."""

SEND_WITHIN: Final = TOKEN_SECONDS - 20.0
"""Seconds for a request's body, or its token would be over when it has arrived."""

RAISED: Final = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    EOFError,
    AssertionError,
    RuntimeError,
    StopIteration,
    struct.error,
    zlib.error,
    *UNDECODABLE,
)
"""All that the libraries raise for what a peer sends: not only what they document."""

UNCONNECTED: Final = (
    requests.exceptions.ConnectTimeout,
    requests.exceptions.SSLError,
    requests.exceptions.ProxyError,
    requests.exceptions.InvalidURL,
)


class Client:
    """The station's voice. Not for more than one thread."""

    def __init__(
        self,
        url: str,
        station: str,
        key: Ed25519PrivateKey,
        ca_file: str | None = None,
        timeout: float = 20.0,
        *,
        clock: ServerClock | None = None,
        progress: Callable[[], None] = lambda: None,
        understands: tuple[str, ...] = (UNDERSTANDS_CONFLICT,),
    ) -> None:
        """`timeout`: seconds without any progress; `progress` is called whenever there is some; `understands`: capabilities."""
        self._url = url.rstrip("/")
        self._station = station
        self._key = key
        self._timeout = timeout
        self._session = _session(ca_file, ", ".join(understands))
        self._progress = progress
        self.clock = clock or ServerClock()

    def post(self, path: str, body: Any) -> Answer:
        """Send a body as compressed JSON. Raises NoAnswer."""
        data = gzip.compress(msgspec.json.encode(body), 6)
        return self._ask(
            "POST", path, {"Content-Type": JSON, "Content-Encoding": "gzip"}, {"data": data}, self._timeout
        )

    def get(self, path: str, query: dict[str, str], wait: float = 0.0) -> Answer:
        """Ask for something, which the server may hold back for `wait` seconds. Raises NoAnswer."""
        return self._ask("GET", path, {}, {"params": query}, self._timeout + wait)

    def release(self, path: str, query: dict[str, str]) -> Answer:
        """Ask for a release, of which there may be none: an answer without a body. Raises NoAnswer."""
        headers = {CAPABILITIES: f"{UNDERSTANDS_CONFLICT}, {UNDERSTANDS_RELEASE}"}
        return self._ask("GET", path, headers, {"params": query}, self._timeout, USUAL | {""})

    def piece(self, path: str, first: int, last: int, tag: str) -> Answer:
        """Ask for these bytes of what has that entity tag. Raises NoAnswer."""
        headers = {"Range": f"bytes={first}-{last}", "If-Range": f'"{tag}"', "Accept-Encoding": "identity"}
        return self._ask("GET", path, headers, {}, self._timeout, USUAL | {BYTES})

    def _ask(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        parts: dict[str, Any],
        timeout: float,
        kinds: frozenset[str] = USUAL,
    ) -> Answer:
        """One request; when the token is refused, more of them with tokens of other times that it may be there."""

        def once(offset: float) -> Answer:
            self._progress()
            signed = {**headers, "Authorization": f"Bearer {self._token(offset)}"}
            return self._once(method, path, {**parts, "headers": signed}, timeout, kinds)

        answer = once(self.clock.offset)
        if answer.status not in UNAUTHORISED:
            return answer
        for offset in self.clock.others(answer.date, time.time(), boot_time()):
            answer = once(offset)
            if answer.status not in UNAUTHORISED:
                self.clock.offset = offset
                break
        return answer

    def _once(self, method: str, path: str, parts: dict[str, Any], timeout: float, kinds: frozenset[str]) -> Answer:
        began = monotonic()
        if "data" in parts:
            parts = {**parts, "data": _Pieces(parts["data"], self._progress)}
        waits = (self._timeout, timeout)
        try:
            with self._session.request(
                method, self._url + path, **parts, timeout=waits, stream=True, allow_redirects=False
            ) as found:
                self._progress()
                return self._answer(found, began, kinds)
        except RAISED as error:
            took = monotonic() - began
            raise NoAnswer(why_unanswered(error), connected=_connected(error), took=took) from error

    def _answer(self, found: requests.Response, began: float, kinds: frozenset[str]) -> Answer:
        """The contract's answer, if it is one."""
        date = date_of(text_of(found.headers, "Date"))
        now = time.time() + self.clock.offset if date is None else date
        wait = seconds_of(text_of(found.headers, "Retry-After"), now)
        kind = text_of(found.headers, "Content-Type")
        if kind.split(";")[0].strip().lower() not in kinds:
            why = f"not our server: HTTP {found.status_code} with {kind[:80] or 'no type'}"
            raise NoAnswer(why, wait, connected=True, took=monotonic() - began)
        body = unpacked(self._read(found), text_of(found.headers, "Content-Encoding"))
        place = text_of(found.headers, "Content-Range")
        return Answer(found.status_code, body, wait, date, monotonic() - began, place)

    def _read(self, found: requests.Response) -> bytes:
        """The whole body. Raises NoAnswer when it is too large."""
        body = b""
        while piece := found.raw.read1(16384, decode_content=False):
            body += piece
            self._progress()
            if len(body) > MAX_ANSWER:
                raise NoAnswer(f"an answer of more than {MAX_ANSWER} bytes", connected=True)
        return body

    def _token(self, offset: float) -> str:
        now = int(time.time() + offset)
        claims = {"sub": self._station, "aud": AUDIENCE, "iat": now, "exp": now + TOKEN_SECONDS}
        return jwt.encode(claims, self._key, algorithm="EdDSA")


class _Pieces:
    """A request's body that goes out in small pieces, each within the time-out, and all within SEND_WITHIN."""

    def __init__(self, data: bytes, progress: Callable[[], None]) -> None:
        self._data, self._at, self._progress = data, 0, progress
        self._deadline = monotonic() + SEND_WITHIN

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> _Pieces:
        """For requests, which takes for a body what can be gone through."""
        return self

    def read(self, _size: int = -1) -> bytes:
        """The next piece. Raises TimeoutError when it takes too long."""
        if monotonic() > self._deadline:
            raise TimeoutError("the request goes out too slowly")
        self._progress()
        piece = self._data[self._at : self._at + PIECE]
        self._at += len(piece)
        return piece


class _Session(requests.Session):
    """Follows nothing: requests would read the whole body of a redirect, however long, only to say where it leads."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002
        """Nowhere."""
        return


def _session(ca_file: str | None, capabilities: str) -> requests.Session:
    session = _Session()
    session.headers["User-Agent"] = f"yizhan-kiosk/{__version__}"
    session.headers["Accept-Encoding"] = "gzip"
    session.headers[CAPABILITIES] = capabilities
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(netscape=False, rfc2965=False))
    for scheme in ("http://", "https://"):
        session.mount(scheme, Adapter(MAX_ANSWER))
    if ca_file:
        session.verify = ca_file
    return session


def _connected(error: Exception) -> bool:
    """Whether a connection stood before that."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return not isinstance(error, UNCONNECTED) and not isinstance(reason, urllib3.exceptions.NewConnectionError)
