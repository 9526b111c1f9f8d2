"""Polls at the central server: published as the board made them, for the stations that they name. None can be changed here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Final

from kiosk.central.reach import meant
from kiosk.central.retention import DAY
from kiosk.central.scope import EVERYWHERE
from kiosk.central.service_file import Written
from kiosk.central.services import read_service
from kiosk.central.store import CentralStore
from kiosk.index.poll import FORMAT, MOST_BYTES, NotAPoll, Poll, poll_id, read_poll
from kiosk.language import _
from kiosk.settings.table import BadSettings
from kiosk.settings.text import read_bounded
from kiosk.trust.release import order
from kiosk.trust.service import POLL, PollBody, ServiceDocument, body_in, poll_name

SHOWN_AFTER: Final = 30 * DAY
"""Seconds for which stations hold a poll that is over: a slip that comes late is told so."""

REMARKS_SINCE: Final = "0.11.0"
"""The first version of a station that takes a poll with remarks."""


def head_of(data: bytes, now: float) -> ServiceDocument:
    """The head under which a poll's file is published: at once, since a slip that comes early is told so. Raises NotAPoll."""
    poll = read_poll(data)
    return ServiceDocument(1, poll_name(data), POLL, 0, int(now), poll.ends + int(SHOWN_AFTER), _shared(poll.stations))


def _shared(prefixes: Sequence[str]) -> str:
    """What all of them begin with; a station of another judges by the poll itself that it is not held there."""
    return "".join(
        first
        for first, _last in takewhile(lambda pair: pair[0] == pair[1], zip(min(prefixes), max(prefixes), strict=False))
    )


def poll_service(data: bytes, now: float) -> Written:
    """The poll of a file as a service. Raises NotAPoll with what is wrong with it."""
    head = head_of(data, now)
    if head.ends - SHOWN_AFTER <= now:
        raise NotAPoll(_("this poll is over already"))
    return Written(head, PollBody(data))


def read_poll_service(path: Path, now: float) -> Written | None:
    """The poll in a file as a service; None where the file is none of a poll. Raises BadSettings with what is wrong with it."""
    try:
        data = read_bounded(path, MOST_BYTES)
    except OSError:
        return None  # whoever reads it as another service says why
    if FORMAT.encode() not in data:
        return None
    try:
        return poll_service(data, now)
    except NotAPoll as error:
        raise BadSettings([f"{path}: {error}"]) from error


def too_old(store: CentralStore, data: bytes) -> list[str]:
    """The stations at which this poll is held, and whose version takes none like it; of those never heard nobody knows."""
    poll = read_poll(data)
    return [
        each.code
        for each in (store.bearings(EVERYWHERE) if poll.remarks else ())
        if each.version and order(each.version) < order(REMARKS_SINCE) and poll.is_held_at(each.code)
    ]


def published_polls(store: CentralStore) -> Iterator[tuple[str, Poll]]:
    """Those that are published, by their ids, also those that are over."""
    for each in store.services(POLL):
        body = body_in(*read_service(each.body))
        if isinstance(body, PollBody):
            try:
                yield poll_id(body.poll).hex(), read_poll(body.poll)
            except NotAPoll:
                continue


def missing_stations(store: CentralStore, poll: str) -> list[str]:
    """The stations at which a poll that is published is held, and whose urn has not come; one without a desk has none."""
    found = dict(published_polls(store)).get(poll)
    if found is None:
        return []
    heard = set(store.stations_of_poll(poll))
    return sorted(code for code in meant(store, "") if found.is_held_at(code) and code not in heard)
