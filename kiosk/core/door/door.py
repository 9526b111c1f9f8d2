"""The door: what people want of it are claims, and the highest claim moves the tables of :mod:`kiosk.core.door.tables`.

A *claim* says what somebody wants of the lock and until when; the highest active one wins (PRECEDENCE), so no order of
events can leave a lower one in force over a higher one:

    fire > exit > evacuation > lock down > hold > programme > pass

A claim ends by its time alone; the claim of a passage (pass, exit) also ends when the door that it opened closes.
"""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.door.hours import ALWAYS, Schedule
from kiosk.core.door.tables import (
    ALARM,
    DOOR,
    LOCK,
    MODES,
    PRECEDENCE,
    AlarmSignal,
    AlarmState,
    Claim,
    ContactSignal,
    DoorMode,
    DoorState,
    LockSignal,
    LockState,
)
from kiosk.core.entries import Entry
from kiosk.core.events import Lamp, SetLock

EXCUSES: Final = {Claim.FIRE, Claim.EVACUATION, Claim.HOLD, Claim.PROGRAMME}
PASSAGES: Final = {Claim.EXIT, Claim.PASS}
GRACE: Final = 1.0
"""Seconds after a relock in which an opening still counts as asked: the leaf moved before its contact did."""


JAMMED_AFTER: Final = 0.9
"""Seconds that a bolt has to follow its lock, or the leaf: less than the shortest pulse, so that each is judged."""


class DoorRules(Struct, frozen=True):
    """What the settings say of one door. Seconds.

    `rest`: after which the same card opens it again; `holders`: the credentials that may (None: any); `always`: the classes
    that its calendar does not bind; `interlock`: the doors that must be shut while it opens; `slot`: of a cupboard, no way in;
    `board`: the lock board that moves it, empty where a pin does.
    """

    pulse: float = 5.0
    extended_pulse: float = 15.0
    pre_alarm_after: float = 20.0
    alarm_after: float = 30.0
    rest: float = 90.0
    has_contact: bool = True
    has_bolt: bool = False
    classes: frozenset[int] = frozenset({0, 1, 2, 3})
    holders: frozenset[int] | None = None
    schedule: Schedule = ALWAYS
    always: frozenset[int] = frozenset({1, 2})
    interlock: frozenset[str] = frozenset()
    slot: bool = False
    board: str = ""


class Door(Struct, frozen=True):
    """One door.

    `claims` holds the boot time at which each claim ends, `claimed_at` when somebody last asked to pass; `awaited`: a grant
    that nobody has taken yet. `bolt`: whether it is thrown, as its own contact says; `moved_at`: when lock, leaf or bolt did
    last; `jammed`: the bolt was told to be astray, and has not been right since. `denied_until`: how long a refusal is shown;
    `refused`: its reason; `shown`: what the lamps show. `tried`: what a technician wants them to show until `tried_until`.
    """

    name: str
    rules: DoorRules
    mode: DoorMode = DoorMode.UNKNOWN
    lock: LockState = LockState.UNKNOWN
    door: DoorState = DoorState.UNKNOWN
    alarm: AlarmState = AlarmState.UNKNOWN
    claims: dict[Claim, float] = {}
    opened_at: float | None = None
    locked_at: float = -math.inf
    claimed_at: float = -math.inf
    awaited: bool = False
    bolt: bool | None = None
    moved_at: float = -math.inf
    jammed: bool = False
    denied_until: float = -math.inf
    refused: str = ""
    shown: Lamp | None = None
    tried: Lamp | None = None
    tried_until: float = -math.inf


Outcome = Entry | SetLock
Moved = tuple[Door, tuple[Outcome, ...]]


def winner(door: Door) -> Claim | None:
    """The highest active claim."""
    return next((claim for claim in PRECEDENCE if claim in door.claims), None)


def claim(door: Door, kind: Claim, until: float, now: float, seen: float | None = None) -> Moved:
    """Somebody wants something of the lock until boot time `until` (infinite: while an input is active).

    A lock down ends a grant, which must not come back when the lock down ends.
    """
    claimed_at = now if kind in PASSAGES else door.claimed_at
    kept = {other: end for other, end in door.claims.items() if (kind, other) != (Claim.LOCKDOWN, Claim.PASS)}
    moved = replace(door, claims={**kept, kind: until}, claimed_at=claimed_at)
    if kind is not Claim.PASS:
        return _settle(moved, now, ())
    if door.door is DoorState.OPEN:
        return _settle(moved, now, (fact.Taken(door.name, door.rules.slot),), seen)
    return _settle(replace(moved, awaited=door.rules.has_contact), now, (), seen)


def release(door: Door, kinds: set[Claim], now: float) -> Moved:
    """These claims end now."""
    kept = {kind: until for kind, until in door.claims.items() if kind not in kinds}
    return _settle(replace(door, claims=kept), now, ())


def contact(door: Door, signal: ContactSignal, now: float) -> Moved:
    """The door's contact changed."""
    before, after = door.door, DOOR[door.door, signal]
    if after is before:
        return door, ()
    door = replace(door, door=after, moved_at=now)
    match after:
        case DoorState.OPEN:
            return _opened(door, now)
        case DoorState.CLOSED:
            return _closed(door, now)
        case _:
            return _alarm(replace(door, opened_at=None), AlarmSignal.LOST)


def bolt(door: Door, thrown: bool, now: float) -> Moved:
    """The bolt's own contact changed. One that is at last where it should be ends the fault."""
    door = replace(door, bolt=thrown, moved_at=now)
    return _drive(door, _signal(door), now, None) if door.jammed and not _astray(door, _signal(door)) else (door, ())


def tick(door: Door, now: float) -> Moved:
    """Let claims end, the held-open times pass, and a bolt that did not follow its lock be a fault."""
    ended = {kind for kind, until in door.claims.items() if until <= now}
    door, outcomes = release(door, ended, now) if ended or door.mode is DoorMode.UNKNOWN else (door, ())
    if now >= _jam_due(door):
        if not door.jammed:
            outcomes += (fact.LockFault(door.name, jammed=True),)
        door = replace(door, lock=LOCK[door.lock, LockSignal.FAIL], jammed=True)
    opened_at = door.opened_at
    if opened_at is None or EXCUSES & door.claims.keys():
        return door, outcomes
    if now >= opened_at + door.rules.alarm_after:
        door, more = _alarm(door, AlarmSignal.OPEN_TOO_LONG)
    elif now >= opened_at + door.rules.pre_alarm_after:
        door, more = _alarm(door, AlarmSignal.OPEN_LONG)
    else:
        return door, outcomes
    return door, outcomes + more


def due(door: Door) -> float:
    """The next boot time at which a tick can change something; infinite if none."""
    times = [*door.claims.values(), _jam_due(door)]
    if door.opened_at is not None and not EXCUSES & door.claims.keys():
        if door.alarm in {AlarmState.NONE, AlarmState.UNKNOWN}:
            times.append(door.opened_at + door.rules.pre_alarm_after)
        elif door.alarm is AlarmState.PRE_ALARM:
            times.append(door.opened_at + door.rules.alarm_after)
    return min(times, default=math.inf)


def _jam_due(door: Door) -> float:
    """When a bolt that is not where it should be becomes a fault; infinite when it is, or when it is one already."""
    signal = {LockState.LOCKED: LockSignal.SECURE, LockState.UNLOCKED: LockSignal.RELEASE}.get(door.lock)
    return door.moved_at + JAMMED_AFTER if signal and _astray(door, signal) else math.inf


def _astray(door: Door, signal: LockSignal) -> bool:
    """Whether the bolt is where this signal does not want it. An open leaf may hold it back from being thrown."""
    if not door.rules.has_bolt or door.bolt is None:
        return False
    wanted = signal is LockSignal.SECURE
    return door.bolt is not wanted and not (wanted and door.door is DoorState.OPEN)


def _opened(door: Door, now: float) -> Moved:
    asked = door.lock is not LockState.LOCKED or now - door.locked_at <= GRACE
    door, outcomes = _alarm(
        replace(door, opened_at=now), AlarmSignal.OPENED_ASKED if asked else AlarmSignal.OPENED_UNASKED
    )
    if door.awaited:
        return replace(door, awaited=False), (fact.Taken(door.name, door.rules.slot), *outcomes)
    return door, outcomes


def _closed(door: Door, now: float) -> Moved:
    came_through = door.opened_at is not None and door.opened_at >= door.claimed_at
    door, outcomes = _alarm(replace(door, opened_at=None), AlarmSignal.CLOSED)
    if not came_through:  # it closed behind somebody else; whoever asked since is still outside
        return _settle(door, now, outcomes)
    passed = {kind for kind in PASSAGES & door.claims.keys() if door.claims[kind] < math.inf}
    door, more = release(door, passed, now)
    return door, outcomes + more


def _alarm(door: Door, signal: AlarmSignal) -> Moved:
    after = ALARM[door.alarm, signal]
    if after is door.alarm:
        return door, ()
    told = after not in {AlarmState.UNKNOWN, AlarmState.NONE} or door.alarm not in {AlarmState.UNKNOWN, AlarmState.NONE}
    return replace(door, alarm=after), (fact.DoorAlarm(door.name, after),) if told else ()


def _settle(door: Door, now: float, outcomes: tuple[Outcome, ...], seen: float | None = None) -> Moved:
    """Bring mode and lock to where the claims want them."""
    if door.awaited and Claim.PASS not in door.claims:
        door = replace(door, awaited=False)
        outcomes += (fact.NotTaken(door.name, door.rules.slot),)
    if EXCUSES & door.claims.keys():
        door, more = _alarm(door, AlarmSignal.EXCUSED)
        outcomes += more
    mode = next((MODES[kind] for kind in PRECEDENCE if kind in MODES and kind in door.claims), DoorMode.NORMAL)
    door, more = _drive(replace(door, mode=mode), _signal(door), now, seen)
    return door, outcomes + more


def _signal(door: Door) -> LockSignal:
    first = winner(door)
    if first not in {None, Claim.LOCKDOWN}:
        return LockSignal.RELEASE
    starting = door.lock is LockState.UNKNOWN and door.rules.has_contact and door.door is not DoorState.CLOSED
    return LockSignal.WAIT if starting else LockSignal.SECURE


def _drive(door: Door, signal: LockSignal, now: float, seen: float | None) -> Moved:
    before, after = door.lock, LOCK[door.lock, signal]
    mended: tuple[Outcome, ...] = ()
    if door.jammed and not _astray(door, signal):
        door, mended = replace(door, jammed=False), (fact.LockFault(door.name, jammed=False),)
    if after is before:
        return door, mended
    door = replace(door, lock=after, moved_at=now)
    if after is LockState.UNLOCKED:
        by = winner(door)
        return door, (SetLock(door.name, True, seen), fact.Unlocked(door.name, str(by)), *mended)
    entries: tuple[Outcome, ...] = (fact.Locked(door.name),) if before in {LockState.UNLOCKED, LockState.FAULT} else ()
    return replace(door, locked_at=now), (SetLock(door.name, False), *entries, *mended)
