"""`kiosk central status`, `entries`, `commands`: what the centre knows of one station."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from kiosk.central.sent import sent_commands
from kiosk.central.station_words import heard, version, waiting
from kiosk.central.store.entries import Held, Wanted
from kiosk.cli.act.door import DAY, Duration
from kiosk.cli.central.folder import STATION, fingerprints, folder_option, known_or_exit, looked_into
from kiosk.cli.central.stations import facts
from kiosk.cli.common import as_json, echo, print_json, until_interrupted
from kiosk.cli.look.logbook import aside_of
from kiosk.contract.bodies import STREAMS
from kiosk.foreign import visible
from kiosk.language import _, told
from kiosk.wording.names import Names
from kiosk.wording.sentences import sentence
from kiosk.wording.words import legend, listed, stamped, when, word

if TYPE_CHECKING:
    from kiosk.central.store import CentralStore
    from kiosk.central.store.sightings import StationLine

LOOK_EVERY: Final = 1.0
"""Seconds between two looks at the database, with --follow."""


@click.command()
@click.argument("station", type=STATION)
@folder_option
@as_json
def status(station: str, folder: Path, as_json: bool) -> None:
    """Show what is known here of STATION: its key, when it was heard, its documents, faults, alarms, and what became of it."""
    store, now = looked_into(folder), time.time()
    line, words = known_or_exit(store, station), fingerprints(folder, store)
    history = [
        {"at": each.at, "what": each.what, "reason": each.reason}
        | {"fingerprint": words(station, each.public_key) if each.public_key else ""}
        for each in store.history(station)
    ]
    found = facts(line, now, store.published(), words, store.queues(station)) | {
        "policy": _policy_of(store, station),
        "doors": sorted(store.doors(station)),
        "slots": sorted(store.doors(station, slots=True)),
        "streams": {stream: [*logs.values()][-1] for stream, logs in sorted(store.ends(station).items())},
        "faults": store.faults(station),
        "alarms": [each for each in store.alarms() if each.station == station],
        "claims": [each for each in store.open_claims(now) if each.station == station],
        "history": history,
    }
    if as_json:
        print_json(found)
        return
    for text in _told(found, line, now):
        echo(text)


def _told(found: dict[str, Any], line: StationLine, now: float) -> Iterator[str]:
    """The station's status in words."""
    yield "  ".join(filter(None, (line.code, word(line.state), visible(line.name), visible(line.address))))
    if line.public_key:
        yield aside_of("words") + found["fingerprint"]
    yield aside_of("heard") + "  ".join(filter(None, (heard(line, now), version(line), visible(found["network"]))))
    held = (line.seen and line.seen.documents) or {}
    documents = [f"{word(kind)} {number}" for kind, number in held.items() if number]
    yield aside_of("documents") + (listed(documents) or _("not heard yet"))
    if found["lacks"]:
        yield aside_of("") + _("lacks {documents}", documents=listed(map(word, found["lacks"])))
    policy = found["policy"]
    yield aside_of("policy") + (_("none: its settings hold") if policy is None else policy or _("every station"))
    yield aside_of("logbook") + (
        listed(f"{word(name)} {seq}" for name, seq in found["streams"].items()) or _("none yet")
    )
    if found["queue"]:
        yield aside_of("") + waiting(found["queue"])
    for fault in found["faults"]:
        detail = f"{_(': ')}{told(visible(fault.detail))}" if fault.detail else ""
        yield aside_of("fault") + f"{when(fault.since)}  {visible(Names(None).fault(fault.what))}{detail}"
    for alarm in found["alarms"]:
        yield aside_of("alarm") + f"{when(alarm.last)}  {word(alarm.what)}{_(': ')}{told(visible(alarm.detail))}"
    for claim in found["claims"]:
        yield aside_of("claim") + _("open until {ends}", ends=when(claim.ends))
    for each in found["history"]:
        why = f"{_(': ')}{visible(each['reason'])}" if each["reason"] else ""
        yield (
            aside_of("history")
            + "  ".join(filter(None, (when(each["at"]), word(each["what"]), each["fingerprint"])))
            + why
        )


def _policy_of(store: CentralStore, station: str) -> str | None:
    """The prefix of the policy that is for it."""
    from kiosk.central.issuer import read_policy_document  # noqa: PLC0415

    found = store.published().policy(station)
    return read_policy_document(found[1]).station if found else None


@click.command()
@click.argument("station", type=STATION)
@click.option(
    "-n", "count", type=click.IntRange(1, 100_000), default=20, show_default=True, help="How many, the newest."
)
@click.option("--stream", type=click.Choice(STREAMS), default="access", show_default=True)
@click.option("--kind", "kinds", multiple=True, help="Only entries of this kind, such as denied; may be given again.")
@click.option("--since", type=Duration(366 * DAY), default="0s", help="Only entries of the last 15m, 2h, 3d.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@folder_option
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line, with when it came.")
def entries(
    station: str,
    count: int,
    stream: str,
    kinds: tuple[str, ...],
    since: float,
    follow: bool,
    folder: Path,
    as_json: bool,
) -> None:
    """Show what STATION told, the newest last."""
    store = looked_into(folder)
    known_or_exit(store, station)
    wanted = Wanted(kinds, time.time() - since if since else 0.0)
    marks = store.ends(station).get(stream, {})
    found = store.newest(station, stream, wanted, count)
    for each in found:
        _tell(each, as_json)
    for line in legend(str(each.entry.get("quality", "")) for each in found) if not as_json else ():
        echo(line)
    if not found and not as_json and not follow:
        echo(_("No such entries."))
    with until_interrupted():
        while follow:
            for each in store.came(station, stream, wanted, marks):
                _tell(each, as_json)
            time.sleep(LOOK_EVERY)


def _tell(each: Held, as_json: bool) -> None:
    if as_json:
        print_json(each.entry | {"received": each.received})
    else:
        at = stamped(each.entry["wall"], str(each.entry.get("quality", "")), None)
        echo(f"{at}  {sentence(each.entry, Names(None))}")


@click.command()
@click.argument("station", type=STATION)
@click.option(
    "-n", "count", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many, the newest."
)
@folder_option
@as_json
def commands(station: str, count: int, folder: Path, as_json: bool) -> None:
    """List the commands that were sent to STATION, the newest last, and what became of each."""
    store = looked_into(folder)
    line = known_or_exit(store, station)
    held = ((line.seen and line.seen.documents) or {}).get("command", 0)
    found = sent_commands(store, station, held, count, time.time())
    if as_json:
        print_json(found)
        return
    for each in found:
        what = word(each.verb) + (f" {visible(each.door)}" if each.door else "")
        ended = f" {when(each.ended)}" if each.ended else ""
        echo(f"{when(each.sent)}  {each.id}  {what}{_(': ')}{word(each.state)}{ended}")
    if not found:
        echo(_("No commands. Next: kiosk central command {station} report", station=station))
