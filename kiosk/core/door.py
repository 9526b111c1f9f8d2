"""The door: four orthogonal values, each of which can be unknown, and the tables that move them.

Names are those of ONVIF Door Control and IEC 60839-11-1. *Claims* say what somebody wants of the lock and until when;
the highest active claim wins (PRECEDENCE), so no order of events can leave a lower one in force over a higher one:

    fire > exit > evacuation > lock down > hold > programme > pass

- mode   follows from the highest claim that has a mode of its own (MODES).
- lock   is moved by LOCK: (state, signal) -> state, where the signal follows from the winning claim.
- door   is what the contact says: DOOR.
- alarm  is moved by ALARM: opened asked or unasked, open too long, closed, excused, contact lost.

Every table is total over its states and signals: a door can do anything, so no pair is an error. A claim ends by its
time alone; the claim of a passage (pass, exit) also ends when the door that it opened closes.
"""

from __future__ import annotations

import enum
import math
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.entries import Entry
from kiosk.core.events import Lamp, SetLock, Show


class Claim(enum.StrEnum):
    """What the lock may be wanted for, highest first."""

    FIRE = "fire"
    EXIT = "exit"
    EVACUATION = "evacuation"
    LOCKDOWN = "lockdown"
    HOLD = "hold"
    PROGRAMME = "programme"
    PASS = "pass"


PRECEDENCE: Final = tuple(Claim)


class DoorMode(enum.StrEnum):
    """How the door is run at the moment."""

    UNKNOWN = "unknown"
    NORMAL = "normal"
    HELD_OPEN = "held_open"
    LOCKED_DOWN = "locked_down"
    EMERGENCY = "emergency"


MODES: Final = {
    Claim.FIRE: DoorMode.EMERGENCY,
    Claim.EVACUATION: DoorMode.EMERGENCY,
    Claim.LOCKDOWN: DoorMode.LOCKED_DOWN,
    Claim.HOLD: DoorMode.HELD_OPEN,
    Claim.PROGRAMME: DoorMode.HELD_OPEN,
}


class LockState(enum.StrEnum):
    """The lock, as driven."""

    UNKNOWN = "unknown"
    LOCKED = "locked"
    UNLOCKED = "unlocked"
    FAULT = "fault"


class LockSignal(enum.StrEnum):
    """`wait`: at start-up the door is open or unknown, so the lock stays as the power-on left it."""

    RELEASE = "release"
    SECURE = "secure"
    WAIT = "wait"
    FAIL = "fail"


LOCK: Final = {
    (LockState.UNKNOWN, LockSignal.RELEASE): LockState.UNLOCKED,
    (LockState.UNKNOWN, LockSignal.SECURE): LockState.LOCKED,
    (LockState.UNKNOWN, LockSignal.WAIT): LockState.UNKNOWN,
    (LockState.UNKNOWN, LockSignal.FAIL): LockState.FAULT,
    (LockState.LOCKED, LockSignal.RELEASE): LockState.UNLOCKED,
    (LockState.LOCKED, LockSignal.SECURE): LockState.LOCKED,
    (LockState.LOCKED, LockSignal.WAIT): LockState.LOCKED,
    (LockState.LOCKED, LockSignal.FAIL): LockState.FAULT,
    (LockState.UNLOCKED, LockSignal.RELEASE): LockState.UNLOCKED,
    (LockState.UNLOCKED, LockSignal.SECURE): LockState.LOCKED,
    (LockState.UNLOCKED, LockSignal.WAIT): LockState.UNLOCKED,
    (LockState.UNLOCKED, LockSignal.FAIL): LockState.FAULT,
    (LockState.FAULT, LockSignal.RELEASE): LockState.UNLOCKED,
    (LockState.FAULT, LockSignal.SECURE): LockState.LOCKED,
    (LockState.FAULT, LockSignal.WAIT): LockState.FAULT,
    (LockState.FAULT, LockSignal.FAIL): LockState.FAULT,
}


class DoorState(enum.StrEnum):
    """The leaf, as its contact tells."""

    UNKNOWN = "unknown"
    OPEN = "open"
    CLOSED = "closed"


class ContactSignal(enum.StrEnum):
    """What the debounced contact says."""

    OPENED = "opened"
    CLOSED = "closed"
    LOST = "lost"


DOOR: Final = {
    (DoorState.UNKNOWN, ContactSignal.OPENED): DoorState.OPEN,
    (DoorState.UNKNOWN, ContactSignal.CLOSED): DoorState.CLOSED,
    (DoorState.UNKNOWN, ContactSignal.LOST): DoorState.UNKNOWN,
    (DoorState.OPEN, ContactSignal.OPENED): DoorState.OPEN,
    (DoorState.OPEN, ContactSignal.CLOSED): DoorState.CLOSED,
    (DoorState.OPEN, ContactSignal.LOST): DoorState.UNKNOWN,
    (DoorState.CLOSED, ContactSignal.OPENED): DoorState.OPEN,
    (DoorState.CLOSED, ContactSignal.CLOSED): DoorState.CLOSED,
    (DoorState.CLOSED, ContactSignal.LOST): DoorState.UNKNOWN,
}


class AlarmState(enum.StrEnum):
    """What is wrong with the door, if the contact can tell."""

    UNKNOWN = "unknown"
    NONE = "none"
    PRE_ALARM = "pre_alarm"
    HELD_OPEN = "held_open"
    FORCED_OPEN = "forced_open"


class AlarmSignal(enum.StrEnum):
    """`excused`: somebody with the right to it keeps the door open, or it is an emergency."""

    OPENED_ASKED = "opened_asked"
    OPENED_UNASKED = "opened_unasked"
    CLOSED = "closed"
    OPEN_LONG = "open_long"
    OPEN_TOO_LONG = "open_too_long"
    EXCUSED = "excused"
    LOST = "lost"


ALARM: Final = {
    (AlarmState.UNKNOWN, AlarmSignal.OPENED_ASKED): AlarmState.NONE,
    (AlarmState.UNKNOWN, AlarmSignal.OPENED_UNASKED): AlarmState.UNKNOWN,
    (AlarmState.UNKNOWN, AlarmSignal.CLOSED): AlarmState.NONE,
    (AlarmState.UNKNOWN, AlarmSignal.OPEN_LONG): AlarmState.PRE_ALARM,
    (AlarmState.UNKNOWN, AlarmSignal.OPEN_TOO_LONG): AlarmState.HELD_OPEN,
    (AlarmState.UNKNOWN, AlarmSignal.EXCUSED): AlarmState.UNKNOWN,
    (AlarmState.UNKNOWN, AlarmSignal.LOST): AlarmState.UNKNOWN,
    (AlarmState.NONE, AlarmSignal.OPENED_ASKED): AlarmState.NONE,
    (AlarmState.NONE, AlarmSignal.OPENED_UNASKED): AlarmState.FORCED_OPEN,
    (AlarmState.NONE, AlarmSignal.CLOSED): AlarmState.NONE,
    (AlarmState.NONE, AlarmSignal.OPEN_LONG): AlarmState.PRE_ALARM,
    (AlarmState.NONE, AlarmSignal.OPEN_TOO_LONG): AlarmState.HELD_OPEN,
    (AlarmState.NONE, AlarmSignal.EXCUSED): AlarmState.NONE,
    (AlarmState.NONE, AlarmSignal.LOST): AlarmState.UNKNOWN,
    (AlarmState.PRE_ALARM, AlarmSignal.OPENED_ASKED): AlarmState.PRE_ALARM,
    (AlarmState.PRE_ALARM, AlarmSignal.OPENED_UNASKED): AlarmState.FORCED_OPEN,
    (AlarmState.PRE_ALARM, AlarmSignal.CLOSED): AlarmState.NONE,
    (AlarmState.PRE_ALARM, AlarmSignal.OPEN_LONG): AlarmState.PRE_ALARM,
    (AlarmState.PRE_ALARM, AlarmSignal.OPEN_TOO_LONG): AlarmState.HELD_OPEN,
    (AlarmState.PRE_ALARM, AlarmSignal.EXCUSED): AlarmState.NONE,
    (AlarmState.PRE_ALARM, AlarmSignal.LOST): AlarmState.UNKNOWN,
    (AlarmState.HELD_OPEN, AlarmSignal.OPENED_ASKED): AlarmState.HELD_OPEN,
    (AlarmState.HELD_OPEN, AlarmSignal.OPENED_UNASKED): AlarmState.FORCED_OPEN,
    (AlarmState.HELD_OPEN, AlarmSignal.CLOSED): AlarmState.NONE,
    (AlarmState.HELD_OPEN, AlarmSignal.OPEN_LONG): AlarmState.HELD_OPEN,
    (AlarmState.HELD_OPEN, AlarmSignal.OPEN_TOO_LONG): AlarmState.HELD_OPEN,
    (AlarmState.HELD_OPEN, AlarmSignal.EXCUSED): AlarmState.NONE,
    (AlarmState.HELD_OPEN, AlarmSignal.LOST): AlarmState.UNKNOWN,
    (AlarmState.FORCED_OPEN, AlarmSignal.OPENED_ASKED): AlarmState.FORCED_OPEN,
    (AlarmState.FORCED_OPEN, AlarmSignal.OPENED_UNASKED): AlarmState.FORCED_OPEN,
    (AlarmState.FORCED_OPEN, AlarmSignal.CLOSED): AlarmState.NONE,
    (AlarmState.FORCED_OPEN, AlarmSignal.OPEN_LONG): AlarmState.FORCED_OPEN,
    (AlarmState.FORCED_OPEN, AlarmSignal.OPEN_TOO_LONG): AlarmState.FORCED_OPEN,
    (AlarmState.FORCED_OPEN, AlarmSignal.EXCUSED): AlarmState.NONE,
    (AlarmState.FORCED_OPEN, AlarmSignal.LOST): AlarmState.UNKNOWN,
}

EXCUSES: Final = {Claim.FIRE, Claim.EVACUATION, Claim.HOLD, Claim.PROGRAMME}
PASSAGES: Final = {Claim.EXIT, Claim.PASS}
GRACE: Final = 1.0
"""Seconds after a relock in which an opening still counts as asked: the leaf moved before its contact did."""


JAMMED_AFTER: Final = 0.9
"""Seconds that a bolt has to follow its lock, or the leaf: less than the shortest pulse, so that each is judged."""


class DoorRules(Struct, frozen=True):
    """What the settings say of one door. Seconds."""

    pulse: float = 5.0
    extended_pulse: float = 15.0
    pre_alarm_after: float = 20.0
    alarm_after: float = 30.0
    has_contact: bool = True
    has_bolt: bool = False
    classes: frozenset[int] = frozenset({0, 1, 2, 3})


class Door(Struct, frozen=True):
    """One door.

    `claims` holds the boot time at which each claim ends, `claimed_at` when somebody last asked to pass; `awaited`: a grant
    that nobody has taken yet. `bolt`: whether it is thrown, as its own contact says; `moved_at`: when lock, leaf or bolt did
    last; `jammed`: the bolt was told to be astray, and has not been right since.
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


Outcome = Entry | SetLock | Show
Moved = tuple[Door, tuple[Outcome, ...]]


def winner(door: Door) -> Claim | None:
    """The highest active claim."""
    return next((claim for claim in PRECEDENCE if claim in door.claims), None)


def claim(door: Door, kind: Claim, until: float, now: float, seen: float | None = None) -> Moved:
    """Somebody wants something of the lock until boot time `until` (infinite: while an input is active)."""
    claimed_at = now if kind in PASSAGES else door.claimed_at
    moved = replace(door, claims={**door.claims, kind: until}, claimed_at=claimed_at)
    if kind is not Claim.PASS:
        return _settle(moved, now, ())
    if door.door is DoorState.OPEN:
        return _settle(moved, now, (fact.Taken(door.name),), seen)
    return _settle(replace(moved, awaited=True), now, (), seen)


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
            outcomes += (fact.LockFault(door.name, jammed=True), Show(door.name, Lamp.ALARM))
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
        return replace(door, awaited=False), (fact.Taken(door.name), *outcomes)
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
    lamp = Show(door.name, Lamp.READY if after is AlarmState.NONE else Lamp.ALARM)
    outcomes = (fact.DoorAlarm(door.name, after), lamp) if told else ()
    return replace(door, alarm=after), outcomes


def _settle(door: Door, now: float, outcomes: tuple[Outcome, ...], seen: float | None = None) -> Moved:
    """Bring mode and lock to where the claims want them."""
    if door.awaited and Claim.PASS not in door.claims:
        door = replace(door, awaited=False)
        outcomes += (fact.NotTaken(door.name),)
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
    return replace(door, locked_at=now), (SetLock(door.name, False), Show(door.name, Lamp.READY), *entries, *mended)
