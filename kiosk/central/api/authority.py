"""Whose request it is: a station signs each with a token of its own key (RFC 7519), which it may send more than once."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

from kiosk.central.api.answers import in_turn, refuse
from kiosk.central.api.doubt import Doubt
from kiosk.central.remembered import remember
from kiosk.central.store import CentralStore
from kiosk.central.web.turns import Turns
from kiosk.contract.bodies import AUDIENCE, LONGEST_TOKEN
from kiosk.decoding import UNDECODABLE
from kiosk.trust.cose import public_key

LEEWAY: Final = 30
LONGEST: Final = 2048
"""Characters of a token: a station's have 250, and each is remembered."""

AT_ONCE: Final = 4
"""Keys that are looked for at once, for anybody who names a station: half of a process's connections to a database."""

WAITING: Final = 4096
"""Requests that may wait for that, as nearly all stations' do once a server has started."""


class Bearer(Struct, frozen=True):
    """A token that was proven: whose it is, and until when, in seconds since 1970."""

    code: str
    ends: float


class Authority:
    """Proves tokens, and remembers which it has proven, until they end or their station's key changes."""

    def __init__(self, store: CentralStore, doubt: Doubt) -> None:
        self._store, self._doubt = store, doubt
        self._keys: dict[str, bytes] = {}
        self._proven: dict[str, Bearer] = {}
        self._looking = Turns(AT_ONCE, WAITING)

    def forget(self, code: str) -> None:
        """The station's key may have changed: look again."""
        self._keys.pop(code, None)
        self._doubt.forget(code)
        for token in [token for token, bearer in self._proven.items() if bearer.code == code]:
            del self._proven[token]

    def forget_all(self) -> None:
        """Any station's key may have changed."""
        self._keys.clear()
        self._proven.clear()

    async def prove(self, code: str, header: str) -> None:
        """Refuses with 401 or 403 a request for station `code` whose `Authorization` is not its own."""
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            refuse(401, "an enrolled station's token is needed")
        if len(token) > LONGEST:
            refuse(401, f"a token of more than {LONGEST} characters")
        known = self._proven.get(token)
        if known and known.code == code and time.time() < known.ends:
            return
        claims = await self._read(code, token)
        ends = int(claims["exp"])
        if claims["sub"] != code:
            refuse(403, "the token is of another station")
        if ends > time.time() + LONGEST_TOKEN:
            refuse(401, f"a token that holds for more than {LONGEST_TOKEN} s")
        remember(self._proven, token, Bearer(code, ends + LEEWAY))

    async def _read(self, code: str, token: str) -> dict[str, Any]:
        """What a token says that the station's key has signed; the key may be newer than the one that is known."""
        if code in self._keys:
            with suppress(jwt.PyJWTError, *UNDECODABLE):
                return self._heard(code, token, self._keys[code])
        raw = await in_turn(self._looking, self._store.station_key, code)
        if raw is None or public_key(raw) is None:
            refuse(401, "an enrolled station's token is needed")
        remember(self._keys, code, raw)
        try:
            return self._heard(code, token, raw)
        except (jwt.PyJWTError, *UNDECODABLE) as error:
            refuse(401, f"{error}"[:200])

    def _heard(self, code: str, token: str, key: bytes) -> dict[str, Any]:
        """The claims; what the station's clock said is noted, also of an ended token. Raises as _claims and float do."""
        try:
            claims = _claims(token, key)
        except jwt.ExpiredSignatureError:
            self._note(code, _claims(token, key, over=True), taken=False)
            raise
        self._note(code, claims, taken=True)
        return claims

    def _note(self, code: str, claims: dict[str, Any], *, taken: bool) -> None:
        """What the station's clock said when it signed, if its token tells."""
        if claims["sub"] == code and "iat" in claims:
            self._doubt.heard(code, float(claims["iat"]), time.time(), time.monotonic(), taken=taken)


def _claims(token: str, key: bytes, *, over: bool = False) -> dict[str, Any]:
    """`over`: also of one that has ended."""
    return jwt.decode(
        token,
        Ed25519PublicKey.from_public_bytes(key),
        algorithms=["EdDSA"],
        audience=AUDIENCE,
        leeway=LEEWAY,
        options={"require": ["sub", "aud", "exp"], "verify_exp": not over},
    )
