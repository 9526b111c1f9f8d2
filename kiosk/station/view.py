"""The station's state as others may see it: no key, nobody's code, no token."""

from __future__ import annotations

from collections import Counter

from kiosk import __version__
from kiosk.core.clock import Instant
from kiosk.core.documents import versions
from kiosk.core.door.door import Door
from kiosk.core.door.hours import opens_next
from kiosk.core.entries import Stream
from kiosk.core.events import Lamp
from kiosk.core.freshness import freshness, keys_until
from kiosk.core.held import notices
from kiosk.core.room.saving import empty
from kiosk.core.room.wheels import here, moving
from kiosk.core.state import State
from kiosk.logbook.reader import Heads
from kiosk.wire.views import DoorView, NoticeView, RoomView, SensorView, StreamView, TrustView, View


def view(
    state: State,
    now: Instant,
    epoch: str,
    boot_id: str,
    heads: dict[Stream, Heads],
    programs: dict[str, bool],
    rests: dict[Stream, float],
    phone_code: str = "",
    pictures: tuple[str, ...] = (),
) -> View:
    """The view at this moment.

    `rests`: until which boot time a stream rests; `phone_code`: the display's, for phones; `pictures`: those that are missing.
    """
    return View(
        station=state.trust.station,
        version=__version__,
        epoch=epoch,
        boot_id=boot_id,
        wall=state.clock.wall(now),
        quality=state.clock.quality(now.boot),
        documents=versions(state),
        trust=_trust(state, now.boot),
        doors={name: _door(state, each, now.boot) for name, each in state.doors.items()},
        sensors={name: SensorView(each.value, each.rules.unit, each.absent) for name, each in state.sensors.items()},
        streams={
            stream: StreamView(each.newest, each.acked, max(0.0, rests.get(stream, 0.0) - now.boot))
            for stream, each in heads.items()
        },
        programs=programs,
        faults=state.faults,
        room=_room(state, now.boot),
        maintenance=max(0.0, state.maintenance_until - now.boot),
        texts=state.policy.texts,
        nearby=_nearby(state),
        services=Counter(each.head.kind for each in state.services.held.values()),
        notices=_notices(state, now),
        phone_code=phone_code,
        pictures=pictures,
    )


def _notices(state: State, now: Instant) -> tuple[NoticeView, ...]:
    return tuple(NoticeView(each.texts, each.urgent) for each in notices(state.services, state.clock, now.boot))


def _door(state: State, door: Door, boot: float) -> DoorView:
    refused = door.refused if door.shown is Lamp.DENIED else ""
    opens = opens_next(door.rules.schedule, state.clock, boot)
    return DoorView(door.mode, door.lock, door.door, door.alarm, door.shown or "", refused, opens, door.rules.slot)


def _room(state: State, boot: float) -> RoomView:
    room = state.room
    raised = [each for each in room.alarms.values() if each.raised]
    return RoomView(
        alarms={each.name: state.sensors[each.rules.sensor].value for each in raised},
        off=room.off,
        occupancy="empty" if empty(state, boot) else "somebody",
        saving=room.phase,
        place=(room.place.latitude, room.place.longitude) if room.place.told_at > 0 else None,
        moving=moving(state, boot),
        stops=tuple(here(state, boot)),
    )


def _nearby(state: State) -> dict[str, str]:
    """One text for everybody is in Chinese."""
    nearby = state.policy.nearby
    return nearby if isinstance(nearby, dict) else {"zh": nearby} if nearby else {}


def _trust(state: State, boot: float) -> TrustView:
    status = state.trust.status
    age = max(0.0, state.clock.earliest(boot) - status.issued_at) if status.version else None
    return TrustView(age, freshness(state, boot), keys_until(state))
