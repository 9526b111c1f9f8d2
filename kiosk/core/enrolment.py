"""Enrolment by a code shown at the door: `YZE1:STATION:CLAIM`, for a technician without a keyboard.

Only a station that trusts nobody yet takes one, and only while it is armed: its housing stands open, or maintenance is on.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.documents import offered
from kiosk.core.entries import Entry
from kiosk.core.events import Command, Enrol
from kiosk.core.state import State, Stepped
from kiosk.trust.cose import public_key
from kiosk.trust.reasons import Reason

PREFIX: Final = "YZE1:"
TAMPER: Final = "tamper"
HOLDS: Final = 120.0
"""Seconds within which the answer to a shown code must come."""


def enrolment_code(station: str, claim: str) -> str:
    """The text for the QR code: alphanumeric, so that it is small."""
    return f"{PREFIX}{station.upper()}:{claim.upper()}"


def shown(state: State, text: str, now: float) -> Reason | Stepped:
    """A code was shown: the claim to enrol with, or why not."""
    station, _, claim = text.removeprefix(PREFIX).partition(":")
    if state.root:
        return Reason.ALREADY_ENROLLED
    if not armed(state, now):
        return Reason.NOT_ARMED
    if station != state.trust.station.upper() or not (claim.isascii() and claim.isalnum() and len(claim) <= 64):
        return Reason.WRONG_STATION
    return replace(state, enrolling_until=now + HOLDS), (Enrol(claim), fact.EnrolmentShown())


def armed(state: State, now: float) -> bool:
    """Whether somebody with the right to it stands before the station."""
    return TAMPER in state.faults or now < state.maintenance_until


def may_enrol(state: State, now: float) -> bool:
    """Whether a root key would be taken now: a code was shown lately, and nobody is trusted yet."""
    return not state.root and now < state.enrolling_until


def enrolled(state: State, root: bytes, documents: tuple[bytes, ...], words: str, now: float) -> Stepped:
    """Trust this root key from now on, and take the documents that it vouches for."""
    if not may_enrol(state, now) or public_key(root) is None:
        return state, ()
    state = replace(state, root=root, enrolling_until=0.0)
    outcomes: list[Command | Entry] = [fact.Enrolled(words)]
    for body in documents:
        state, more = offered(state, body, now)
        outcomes += more
    return state, tuple(outcomes)
