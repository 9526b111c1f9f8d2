"""What a station would decide, judged from its files while its program is not running."""

from __future__ import annotations

import sqlite3
import time

import msgspec

from kiosk.core import services
from kiosk.core.clock import Instant
from kiosk.core.step import judge
from kiosk.local import boot_time
from kiosk.logbook.cold import read_cold
from kiosk.logbook.reader import FILE, read_back
from kiosk.logbook.services import read_services
from kiosk.logbook.stops import read_stops
from kiosk.settings import Settings
from kiosk.station.start import initial_state, read_root, restore_documents, with_stops
from kiosk.wire import Explained


def explain_from_files(settings: Settings, text: str, door: str) -> Explained:
    """As the station's own answer, but for replay, which only the running program knows."""
    try:
        documents, floor = read_cold(settings.kept)
    except sqlite3.Error:
        documents, floor = {}, 0.0
    now = Instant(boot_time(), time.time())
    state = initial_state(settings, read_root(settings.data), floor, now.boot)
    state = restore_documents(state, documents, now.boot)
    state = services.restore(state, read_services(settings.kept), now.boot)
    state = with_stops(state, read_back(settings.kept / FILE, "services"), read_stops(settings.kept))
    verdict = judge(state, text, door or state.entrances[0], now)
    return Explained(str(verdict.reason or ""), msgspec.to_builtins(verdict.claims) if verdict.claims else {})
