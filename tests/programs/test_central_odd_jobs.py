"""What only an odd or hostile station tells keeps none of the server's jobs from its work, nor a page of the office."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, Final, get_args

import msgspec
import pytest

from kiosk.central.jobs import Jobs
from kiosk.central.sent import sent_commands
from kiosk.central.store.campaigns import StoredCampaign
from kiosk.contract.bodies import MAX_ENTRIES, Batch
from kiosk.core.entries import Stream, stream_of
from kiosk.trust.documents import CommandDocument
from tests.keys import public
from tests.programs.office import CODE, NOW, Office
from tests.programs.test_central_bounds import KEY
from tests.test_sentences import SAID

ODD: Final[tuple[Any, ...]] = (
    None,
    True,
    -1,
    2**63 - 1,
    1e300,
    "",
    "\0",
    "驿\u2028",
    [],
    [[]],
    {},
    {"a": []},
    ["main"],
    "2026-13",
)
TURNS: Final = 400
"""More than any job has steps here."""


def odd_entries(stream: Stream) -> Iterator[dict[str, Any]]:
    """Each kind of that stream, as it should be, and with each of its fields as it should not be."""
    for fact, _chinese, _english in SAID:
        if stream_of(fact) == stream:
            said = {"quality": "synced", **msgspec.to_builtins(fact)}
            yield said
            for name, odd in ((name, odd) for name in said if name != "kind" for odd in ODD):
                yield said | {name: odd}


def numbered(entries: Iterator[dict[str, Any]]) -> Iterator[Batch]:
    head = {"boot_id": "b", "boot": 1.0, "wall": NOW - 60.0}
    all_of_them = [each | head | {"seq": seq} for seq, each in enumerate(entries, 1)]
    for at in range(0, len(all_of_them), MAX_ENTRIES):
        yield Batch("00112233445566aa", at + 1, "b", 1.0, 1.0, all_of_them[at : at + MAX_ENTRIES])


@pytest.mark.parametrize("stream", get_args(Stream))
def test_no_job_stumbles_over_what_a_station_tells(stream: Stream, office: Office) -> None:
    office.store.enrol(CODE, office.store.make_claim(CODE, NOW), public(KEY), NOW)
    words = '{"texts":{"zh":"雨衣"},"item":"raincoat"}'
    for name in ("rain", "exam"):
        office.store.remember_campaign(StoredCampaign(name, 1, "3708", NOW - 86_400, NOW + 86_400, words))
    for batch in numbered(odd_entries(stream)):
        office.store.take(CODE, stream, batch, NOW)
    failed = list[Exception]()
    jobs = Jobs(office.store, office.issuer, failed.append)
    for turn in range(TURNS):
        jobs.turn(60.0 * turn)
    assert not failed
    assert not office.store.unread()
    assert not office.store.uncounted()


def test_what_became_of_a_command_is_told_whatever_else_a_station_says(office: Office) -> None:
    sent = office.issuer.command(CommandDocument(1, "x", CODE, "report", 0, 0), 300)
    started = ({"kind": "command_started", "command": each} for each in (sent.id, *ODD))
    ended = ({"kind": "command_ended", "command": each, "outcome": each} for each in (*ODD, sent.id))
    for batch in numbered(chain(started, ended)):
        office.store.take(CODE, "access", batch, NOW)
    (found,) = sent_commands(office.store, CODE, 0, 8, NOW)
    assert (found.id, found.state, found.started) == (sent.id, sent.id, NOW - 60.0)
