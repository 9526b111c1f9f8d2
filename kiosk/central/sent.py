"""The commands that were sent to a station, and what became of each: sent, taken, done."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, convert

from kiosk.central.store import CentralStore
from kiosk.central.store.entries import Held
from kiosk.trust.cose import read_cbor, read_sign1
from kiosk.trust.documents import CommandDocument


class SentCommand(Struct, frozen=True):
    """A command, and what became of it: waiting, taken, expired, or as the station told."""

    id: str
    number: int
    verb: str
    door: str
    sent: float
    expires: float
    state: str
    started: float | None = None
    ended: float | None = None


def sent_commands(store: CentralStore, station: str, held: int, count: int, now: float) -> list[SentCommand]:
    """The newest commands, with what the station told of each; `held`: the number that it says it has."""
    sent = [
        convert(read_cbor(read_sign1(each.body).payload), CommandDocument) for each in store.commands(station, count)
    ]
    told = list(store.told_of_commands(station, min((each.issued_at for each in sent), default=0)))
    started, ended = (_by_command(told, kind) for kind in ("command_started", "command_ended"))
    return [_became(each, started.get(each.id), ended.get(each.id), held, now) for each in sent]


def _by_command(told: Iterable[Held], kind: str) -> dict[str, Held]:
    """Those of that kind, the last of each command; a station may have sent anything under its name."""
    of_kind = [each for each in told if each.entry["kind"] == kind]
    return {name: each for each in of_kind if isinstance(name := each.entry.get("command"), str)}


def _became(sent: CommandDocument, started: Held | None, ended: Held | None, held: int, now: float) -> SentCommand:
    state = "sent"
    if ended:
        state = str(ended.entry.get("outcome", "done"))
    elif started or held >= sent.version:
        state = "taken"
    elif sent.expires <= now:
        state = "expired"
    return SentCommand(
        sent.id,
        sent.version,
        sent.verb,
        sent.door,
        sent.issued_at,
        sent.expires,
        state,
        started.entry["wall"] if started else None,
        ended.entry["wall"] if ended else None,
    )
