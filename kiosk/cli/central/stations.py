"""`kiosk central stations`, `station`, `claim`, `claims`: the register, who has been heard, and who may enrol."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

import click
from msgspec import Struct
from rich.cells import cell_len

from kiosk.central.coordinates import given
from kiosk.central.scope import EVERYWHERE
from kiosk.central.station_words import heard, lacking, version, waiting
from kiosk.central.store.registers import Registered
from kiosk.central.store.sightings import State, StationLine
from kiosk.cli.central.folder import (
    SCOPE,
    STATION,
    TEXT,
    fingerprints,
    folder_option,
    known_or_exit,
    looked_into,
    opened,
)
from kiosk.cli.common import MISUSED, answer, as_json, echo, fail, json_too, print_json, style
from kiosk.cli.files import PICTURE
from kiosk.foreign import visible
from kiosk.language import _
from kiosk.wording.words import listed, when, word

if TYPE_CHECKING:
    from kiosk.central.published import Published
    from kiosk.central.store.registers import End

PAGE: Final = 50
reason_option = click.option("--reason", type=TEXT, default="", help="Why, for whoever looks at it later.")


class Chosen(Struct, frozen=True):
    """Which stations are shown; empty or False for any."""

    prefix: str
    state: str | None
    silent: bool
    faulty: bool

    def __call__(self, each: StationLine, now: float) -> bool:
        """Whether it is one of them."""
        of_state = self.state in {None, each.state} and each.code.startswith(self.prefix)
        return of_state and (each.faults > 0 or not self.faulty) and (each.silent(now) or not self.silent)

    def typed(self) -> str:
        """The verb with these options."""
        state = f"--state {self.state}" if self.state else ""
        flags = ("--silent" if self.silent else "", "--faulty" if self.faulty else "")
        return " ".join(filter(None, ("kiosk central stations", self.prefix, state, *flags)))


@click.command()
@click.argument("prefix", type=SCOPE, default="")
@click.option("--state", type=click.Choice(get_args(State)), help="Only those.")
@click.option("--silent", is_flag=True, help="Only enrolled ones that were not heard for a quarter of an hour.")
@click.option("--faulty", is_flag=True, help="Only those with faults.")
@click.option("-n", "count", type=click.IntRange(1), help="How many; without it 50, and with --json all.")
@click.option("--after", type=SCOPE, default="", help="Only codes behind this one, such as the last that was shown.")
@folder_option
@as_json
def stations(count: int | None, after: str, folder: Path, as_json: bool, **chosen: Any) -> None:
    """List the stations whose code begins with PREFIX: when heard, version, faults, and the words to compare at enrolment."""
    store, now, wanted = looked_into(folder), time.time(), Chosen(**chosen)
    found = [each for each in store.register(EVERYWHERE) if wanted(each, now)]
    rest = [each for each in found if each.code > after]
    shown = rest[: count or (None if as_json else PAGE)]
    published, words, queues = store.published(), fingerprints(folder, store), store.queues()
    if as_json:
        print_json([facts(each, now, published, words, queues) for each in shown])
        return
    for each in shown:
        echo(_line(each, now, published, words, queues.get(each.code)))
    if not found:
        echo(_("No such stations. Next: kiosk central station add CODE"))
    elif len(rest) > len(shown):
        next_ = f"{wanted.typed()} --after {shown[-1].code}"
        echo(_("{count} more. Next: {command}", count=len(rest) - len(shown), command=next_))
    else:
        echo(_sum(found, now))
    if alarms := len(store.alarms()):
        echo(style(_("{count} alarms. Next: kiosk central alarms", count=alarms), fg="red"), err=True)


def _line(
    each: StationLine, now: float, published: Published, words: Callable[[str, bytes], str], queue: int | None
) -> str:
    wrong = _("{count} faults", count=each.faults) if each.faults else "–"
    lacks = lacking(each, published)
    columns = [
        (each.code, 12), (word(each.state), 9), (heard(each, now), 19), (version(each), 8), (wrong, 9),
        (waiting(queue), 8), (_("lacks {documents}", documents=listed(map(word, lacks))) if lacks else "", 14),
        (visible(each.name), 20),
    ]  # fmt: skip
    fingerprint = words(each.code, each.public_key) if each.public_key else ""
    return "  ".join([*(text + " " * (width - cell_len(text)) for text, width in columns), fingerprint]).rstrip()


def facts(
    each: StationLine, now: float, published: Published, words: Callable[[str, bytes], str], queues: dict[str, int]
) -> dict[str, Any]:
    """For machines."""
    return {
        "station": each.code,
        "state": each.state,
        "name": each.name,
        "address": each.address,
        "enrolled": each.enrolled,
        "fingerprint": words(each.code, each.public_key) if each.public_key else "",
        "silent": each.silent(now),
        "heard": each.seen and each.seen.at,
        "version": each.seen.version if each.seen else "",
        "network": each.seen.address if each.seen else "",
        "documents": each.seen.documents if each.seen else None,
        "lacks": lacking(each, published),
        "queue": queues.get(each.code),
        "faults": each.faults,
    }


def _sum(found: list[StationLine], now: float) -> str:
    return _(
        "{count} stations, {enrolled} enrolled, {silent} silent, {faulty} with faults",
        count=len(found),
        enrolled=sum(each.state == "enrolled" for each in found),
        silent=sum(each.silent(now) for each in found),
        faulty=sum(each.faults > 0 for each in found),
    )


@click.group()
def station() -> None:
    """Add stations to the register, or end them: retired, or stolen."""


@station.command()
@click.argument("station", type=STATION)
@click.option("--name", type=TEXT, default="", help="What people call it.")
@click.option("--address", type=TEXT, default="", help="Where it stands.")
@folder_option
@json_too
def add(station: str, name: str, address: str, folder: Path) -> None:
    """Add STATION to the register before it enrols; of one that is there already, correct name and address."""
    new = opened(folder)[0].add_stations([Registered(station, name, address)], time.time())
    done = _("{station}: added. Next: kiosk central claim {station}", station=station)
    answer(
        done if new else _("{station}: name and address are corrected", station=station), station=station, new=bool(new)
    )


@station.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@folder_option
@json_too
def import_(file: Path, folder: Path) -> None:
    """Add the stations of a CSV FILE with the columns code, name, address; all of them, or where a line is wrong none.

    With latitude and longitude (degrees, WGS 84) they are on the office's map. Coordinates that are none are told; the
    station is added all the same. An empty cell leaves what is there.
    """
    from kiosk.central.register_file import read_register  # noqa: PLC0415
    from kiosk.settings.table import BadSettings  # noqa: PLC0415

    try:
        found = read_register(file)
    except BadSettings as error:
        lines = [visible(line) for line in error.errors]
        fail("\n".join([*lines, _("{count} wrong in the file; nothing was added.", count=len(lines))]), MISUSED, lines)
    new = opened(folder)[0].add_stations(found, time.time())
    placeless = [each for each in found if each.placeless]
    for each in placeless:
        at = given(each.latitude, each.longitude)
        echo(_("{code}: {at}: is no place in China, so it is not on the map", code=each.code, at=at), err=True)
    words = _("{count} stations, {new} of them new", count=len(found), new=new)
    answer(words, stations=len(found), new=new, placeless=[each.code for each in placeless])


@station.command()
@click.argument("station", type=STATION)
@reason_option
@folder_option
@json_too
def retire(station: str, reason: str, folder: Path) -> None:
    """End STATION, which stands no longer: its key is let go of, its claims and commands are dropped."""
    _end(station, "retired", reason, folder)


@station.command()
@click.argument("station", type=STATION)
@reason_option
@folder_option
@json_too
def stolen(station: str, reason: str, folder: Path) -> None:
    """End STATION, whose computer somebody else has: as for a retired one, and its key never enrols again."""
    _end(station, "stolen", reason, folder)


def _end(station: str, end: End, reason: str, folder: Path) -> None:
    store = looked_into(folder)
    known_or_exit(store, station)
    if not reason.strip():
        verb = "retire" if end == "retired" else end
        next_ = _("Next: kiosk central station {verb} {station} --reason TEXT", verb=verb, station=station)
        fail(_("This asks for a reason. {next}", next=next_), MISUSED)
    had_key = store.end_station(station, end, reason, time.time()) is not None
    lines = [_("{station}: {end}", station=station, end=word(end))]
    if had_key:
        lines.append(_("every server refuses it from now on; its claims and commands are dropped"))
    if end == "stolen":
        lines.append(_("change what else its card holds: the password of its Wi-Fi, of its SIM and of its cameras"))
    lines.append(_("Next, for another one in its place: kiosk central claim {station} --reason TEXT", station=station))
    answer("\n".join(lines), station=station, state=end, had_key=had_key)


@click.command()
@click.argument("station", type=STATION)
@click.option("--out", type=PICTURE, help="Write it as a QR for the station's camera: .png, .svg or .pdf.")
@click.option("--show", is_flag=True, help="Print the QR in the terminal.")
@click.option(
    "--reason", type=TEXT, default="", help="Of a station that was enrolled: why another key takes its place."
)
@folder_option
@json_too
def claim(station: str, folder: Path, out: Path | None, show: bool, reason: str) -> None:
    """Print a single-use code with which STATION enrols within 72 hours.

    Typed at the station (`kiosk enrol`), or shown to its camera as a QR while its housing stands open.
    """
    from kiosk.cli.trial.passes import qr, save  # noqa: PLC0415
    from kiosk.core.enrolment import enrolment_code  # noqa: PLC0415

    store = opened(folder)[0]
    if not reason.strip():
        _not_enrolled_or_exit(station, folder)
    code = store.make_claim(station, time.time(), reason.strip())
    answer(code, station=station, claim=code)
    picture = qr(enrolment_code(station, code), "card")
    if out:
        save(picture, out)
    if show:
        picture.terminal(compact=True)


def _not_enrolled_or_exit(station: str, folder: Path) -> None:
    """Whoever takes the place of a key that is there, or was, says why."""
    store = looked_into(folder)
    found = next(iter(store.register(EVERYWHERE, station)), None)
    next_ = _("Next: kiosk central claim {station} --reason TEXT", station=station)
    if found and found.public_key and found.enrolled is not None:
        words = fingerprints(folder, store)(station, found.public_key)
        told = _("{station} is enrolled since {when}: {words}", station=station, when=when(found.enrolled), words=words)
        fail(told + "\n" + _("A claim for another key in its place asks for a reason. {next}", next=next_), MISUSED)
    if found and found.state in {"retired", "stolen"}:
        ended = _("{station}: {end}", station=station, end=word(found.state))
        fail(ended + "\n" + _("A claim for it asks for a reason. {next}", next=next_), MISUSED)


@click.group(invoke_without_command=True)
@folder_option
@as_json
@click.pass_context
def claims(ctx: click.Context, folder: Path, as_json: bool) -> None:
    """List the claims that are open: for which station, and until when."""
    if ctx.invoked_subcommand is not None:
        return
    found = looked_into(folder).open_claims(time.time())
    if as_json:
        print_json(found)
        return
    for each in found:
        why = f"{_(': ')}{visible(each.reason)}" if each.reason else ""
        echo(f"{each.station:<12}  " + _("made {made}, until {ends}", made=when(each.made), ends=when(each.ends)) + why)
    if not found:
        echo(_("No open claims."))


@claims.command()
@click.argument("station", type=STATION)
@folder_option
@json_too
def withdraw(station: str, folder: Path) -> None:
    """Withdraw the open claims of STATION: nobody enrols with them any longer."""
    count = looked_into(folder).withdraw_claims(station, time.time())
    answer(_("{station}: {count} claims are withdrawn", station=station, count=count), station=station, withdrawn=count)
