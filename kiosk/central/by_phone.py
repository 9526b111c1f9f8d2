"""The other way in: a worker whose phone no camera can read scans the code at the display, and asks from the pass page.

What is judged here is the code and how often somebody asks; whether the door opens is the station's to judge, as of a pass.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from kiosk.central.figures import ZONE
from kiosk.central.issuer import Issuer
from kiosk.central.store import CentralStore
from kiosk.central.store.entries import Wanted
from kiosk.central.store.people import Credential
from kiosk.central.store.phone_openings import ASKED, Opening
from kiosk.trust.cose import public_key
from kiosk.trust.documents import CommandDocument
from kiosk.trust.door_code import DoorCode, is_good, read_door_code, vouches

MOST_A_DAY: Final = 3
"""Times that a holder may be let in so on a day: a video call passes a code on, so it is a way for an emergency."""

MOST_ASKED: Final = 20
"""Times that a holder may ask on a day, whatever becomes of it: a station that does not answer uses up no other."""

MOST_AT_STATION: Final = 12
"""Times that all together may ask at a station within a minute."""

HOLDS: Final = 15.0
"""Seconds within which the station must obey: whoever asked still stands there."""

HERE: Final = 120.0
"""Seconds: a station whose display shows a code asks for documents twice a minute, and that is written once a minute."""

UNDERWAY: Final = 1.0
"""Seconds more for what it tells of that."""

DONE: Final = "done"
NO_ANSWER: Final = "no_answer"
ENDED: Final = Wanted(("command_ended",))
OPENED: Final = frozenset({DONE, "interrupted", ASKED})
"""Outcomes after which the door may have opened, or while it still may."""


class NotAsked(Exception):
    """The station is not asked; `kind` says why, for the page."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind


class Waiting(Struct):
    """A command that was sent: what is held of its station's log by now tells where its outcome is looked for."""

    station: str
    command: str
    marks: dict[int, int]


def ask(store: CentralStore, issuer: Issuer, text: str, held: Credential, signed: bytes, now: float) -> Waiting:
    """Send the command for the door whose code this is. Raises NotAsked, CannotSign and StoreFailed.

    `held` is whose phone has `signed` this, which it does once.
    """
    code, proof = _proven(store, text, now), hashlib.sha256(signed).digest()
    with store.transaction():
        if store.is_asked(proof):
            raise NotAsked("used", "this was asked already")
        _seldom(store, held.index, code.station, now)
        marks = store.ends(code.station).get("access", {})
        sent = issuer.command(_admission(code, held), HOLDS)
        store.put_opening(Opening(proof, held.index, code.station, now, sent.id))
    return Waiting(code.station, sent.id, marks)


def outcome(store: CentralStore, waiting: Waiting) -> str:
    """What the station has told of it by now; empty while nothing is here."""
    for each in store.came(waiting.station, "access", ENDED, waiting.marks):
        if each.entry.get("command") == waiting.command:
            return str(each.entry.get("outcome", DONE))
    return ASKED


def _proven(store: CentralStore, text: str, now: float) -> DoorCode:
    """Which door shows this code now. Raises NotAsked."""
    found = read_door_code(text)
    raw = store.station_key(found.code.station) if found else None
    key = public_key(raw) if raw else None
    if found is None or key is None or not vouches(key, found):
        raise NotAsked("no_code", "no station of ours shows this code")
    if not is_good(found.code, now):
        raise NotAsked("stale", "the code is of another minute: scan the one that the display shows now")
    if now - store.phone_door_heard(found.code.station) > HERE:
        raise NotAsked("absent", "the station is not connected just now")
    return found.code


def _seldom(store: CentralStore, index: int, station: str, now: float) -> None:
    """Raises NotAsked for who asks too often."""
    asked = store.openings_of(index, _midnight(now))
    if len(asked) >= MOST_ASKED or store.count_openings_at(station, now - 60) >= MOST_AT_STATION:
        raise NotAsked("often", "asked too often; wait a minute")
    if _opened(store, asked, now) >= MOST_A_DAY:
        raise NotAsked("enough", f"{MOST_A_DAY} times a day, and no more")


def _opened(store: CentralStore, asked: Sequence[Opening], now: float) -> int:
    """After how many of these the door may have opened: also where its station told so later than anybody waited for it."""
    unheard = [each for each in asked if each.outcome in {ASKED, NO_ANSWER} and each.at + HOLDS + UNDERWAY <= now]
    late: dict[str, str] = {}
    for station in {each.station for each in unheard}:
        for told in store.told_of_commands(station, min(each.at for each in unheard)):
            begun = told.entry["kind"] == "command_started"
            late[f"{told.entry.get('command')}"] = "interrupted" if begun else f"{told.entry.get('outcome', DONE)}"
    by_now = [late.get(each.command, NO_ANSWER) if each in unheard else each.outcome for each in asked]
    return sum(each in OPENED for each in by_now)


def _midnight(now: float) -> float:
    there = datetime.fromtimestamp(now, UTC).astimezone(ZONE)
    return there.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


def _admission(code: DoorCode, held: Credential) -> CommandDocument:
    """Number, id and times are the issuer's to give."""
    facts = held.facts
    return CommandDocument(
        1,
        "x",
        code.station,
        "admit",
        0,
        0,
        code.door,
        index=held.index,
        pass_class=facts.pass_class,
        scope=facts.scope or None,
    )
