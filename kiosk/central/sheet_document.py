"""What the register knows of a station, as the sheet that is signed for it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from kiosk.central.coordinates import Point
from kiosk.central.services import read_service
from kiosk.central.sheets import Sheet
from kiosk.central.store.services import StoredService
from kiosk.central.store.sightings import StationLine
from kiosk.trust.service import LONGEST_LINE, Place, ServiceDocument, body_in
from kiosk.trust.service import Sheet as SignedSheet

HOLDS: Final = 10 * 366 * 86_400
"""Seconds: it is withdrawn, or replaced, long before."""


def id_of(station: str) -> str:
    """Under which it is published."""
    return f"sheet-{station.lower()}"


def sheet_document(
    line: StationLine, known: Sheet, at: Point | None, also: Collection[str], now: float
) -> tuple[ServiceDocument, SignedSheet]:
    """Head and body; version and time are given when it is published. A name that is too long for a line is cut."""
    names = {"zh": line.name or line.code, "en": known.name_en}
    texts = {language: name[:LONGEST_LINE] for language, name in names.items() if name}
    begins = int(now)
    head = ServiceDocument(1, id_of(line.code), "sheet", 0, begins, begins + HOLDS, line.code)
    place = Place(at.latitude, at.longitude) if at else None
    return head, SignedSheet(texts, known.facilities or (), tuple(sorted(set(also))), place)


def also_of(found: StoredService | None, now: float) -> tuple[str, ...]:
    """The further prefixes of the sheet that is published; none where it is over."""
    body = body_in(*read_service(found.body)) if found and found.ends > now else None
    return body.also if isinstance(body, SignedSheet) else ()
