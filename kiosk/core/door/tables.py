"""The tables of a door: four orthogonal values, each of which can be unknown, and what moves them.

Names are those of ONVIF Door Control and IEC 60839-11-1. Every table is total over its states and signals: a door can do
anything, so no pair is an error. :mod:`kiosk.core.door.door` finds the signals.

- mode   follows from the highest claim that has a mode of its own (MODES).
- lock   is moved by LOCK: (state, signal) -> state.
- door   is what the contact says: DOOR.
- alarm  is moved by ALARM: opened asked or unasked, open too long, closed, excused, contact lost.
"""

from __future__ import annotations

import enum
from typing import Final

MAX_OVERRIDE: Final = 24 * 3600.0
"""Seconds after which whatever somebody wants of a door ends by itself."""


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
