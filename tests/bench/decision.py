"""From a code's text to the decision: verify, status, replay and rules, without the commit."""

from __future__ import annotations

import statistics
from time import perf_counter

from kiosk import BUILD_TIME
from kiosk.core.clock import Clock, Instant
from kiosk.core.door.access import Trust
from kiosk.core.door.door import Door, DoorRules
from kiosk.core.events import Committed, Offered, Record, Scanned
from kiosk.core.state import State
from kiosk.core.step import step
from kiosk.trust.passes import show_bound
from kiosk.trust.status import NO_STATUS, Status
from tests.bench.road import Report
from tests.keys import KEYSET, NOW, PHONE, ROOT, bound, claims, public, signed, status_document

COUNT = 6000
HOLDERS = 1_500_000


def measure() -> Report:
    """The table."""
    doors = {"main": Door("main", DoorRules())}
    state = State(public(ROOT), Clock(lo=BUILD_TIME, lo_at=0.0), Trust("37081101", KEYSET, NO_STATUS), doors)
    revoked = dict.fromkeys(range(0, HOLDERS, 100), Status.REVOKED)
    state, _ = step(state, Offered(status_document(1, revoked, HOLDERS)), Instant(0.5, NOW))
    times, granted, boot = [], 0, 1.0
    phones = [show_bound(bound(index + 1), PHONE, NOW) for index in range(COUNT)]
    for index in range(COUNT):
        text = phones[index] if index % 2 else signed(claims(index + 1))
        boot += 0.05
        began = perf_counter()
        state, commands = step(state, Scanned("main", text, boot), Instant(boot, NOW))
        times.append((perf_counter() - began) * 1000)
        for command in commands:
            if isinstance(command, Record) and command.ticket:
                granted += 1
                state, _ = step(state, Committed(command.ticket), Instant(boot, NOW))
    cuts = statistics.quantiles(times, n=100)
    rows = [
        ["median", f"{statistics.median(times):.2f} ms", ""],
        ["99 %", f"{cuts[98]:.2f} ms", "1 ms"],
        ["99.9 %", f"{statistics.quantiles(times, n=1000)[998]:.2f} ms", ""],
        ["granted / refused as revoked", f"{granted} / {COUNT - granted}", ""],
    ]
    title = f"Code text to decision, cards and bound passes, {HOLDERS:,} credentials with 1 % revoked"
    return title, ["", "kiosk", "bound"], rows
