"""`kiosk central sheet`: what the public is told of a station beside whether it is open, from a spreadsheet and as one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.cli.central.folder import (
    SCOPE,
    STATION,
    acted,
    at_the_server,
    folder_option,
    known_or_exit,
    looked_into,
    opened,
)
from kiosk.cli.central.service import taken_words
from kiosk.cli.common import MISUSED, answer, echo, fail, json_too
from kiosk.cli.files import OutFile, why_not
from kiosk.foreign import visible
from kiosk.language import _
from kiosk.settings.text import read_bounded
from kiosk.wording.words import listed

if TYPE_CHECKING:
    from kiosk.central.sheet_file import Found
    from kiosk.central.store import CentralStore

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def sheet() -> None:
    """What the public page of a station says that it has, against the standard."""


@sheet.command("import")
@click.argument("file", type=FILE)
@click.option(
    "--only-right", is_flag=True, help="Take in the lines that are right, and leave out those that are wrong."
)
@click.option("--dry-run", is_flag=True, help="Only say what is wrong, and what would become of it.")
@folder_option
@json_too
def import_(file: Path, only_right: bool, dry_run: bool, folder: Path) -> None:
    """Take in sheets from FILE (CSV or XLSX): the column code, and those of what is known; an empty cell changes nothing."""
    from kiosk.central.people_table import MOST_BYTES  # noqa: PLC0415
    from kiosk.central.sheet_file import public_codes, read_sheets  # noqa: PLC0415

    try:
        data = read_bounded(file, MOST_BYTES)
    except OSError as error:
        fail(f"{file}: {why_not(error)}", MISUSED)
    store = opened(folder)[0]
    found = read_sheets(data, store.sheets(), public_codes(store.register(EVERYWHERE)))
    _tell_wrong(file, found, stops=not only_right and not dry_run)
    facts = {"taken": len(found.sheets), "wrong": found.wrong_lines}
    if dry_run:
        answer(_("It would take in {taken} sheets; nothing was taken in.", **facts), **facts)
        return
    _keep(store, found, file.name)
    answer(_("{taken} sheets were taken in; {wrong} lines were left out", **facts), **facts)


def _keep(store: CentralStore, found: Found, name: str) -> None:
    now = time.time()
    with store.transaction():
        store.add_stations(found.places.values(), now)
        store.put_sheets(found.sheets, at_the_server(), now)
        acted(store, "sheets taken in", f"{len(found.sheets)}", reason=name)


def _tell_wrong(file: Path, found: Found, *, stops: bool) -> None:
    lines = [visible(each.told(str(file))) for each in found.wrong]
    if lines and stops:
        count = _(
            "{count} lines are wrong; nothing was taken in. With --only-right the others are.", count=found.wrong_lines
        )
        fail("\n".join([*lines, count]), MISUSED, lines)
    for line in lines:
        echo(line, err=True)


@sheet.command()
@click.argument("station", type=STATION)
@folder_option
@json_too
def show(station: str, folder: Path) -> None:
    """What is known of STATION, and what it lacks of the standard."""
    from kiosk.central.sheet_file import cells_of, registered  # noqa: PLC0415
    from kiosk.central.sheets import missing, unsaid  # noqa: PLC0415

    store = looked_into(folder)
    line, sheet = known_or_exit(store, station), store.sheet(station)
    cells = cells_of(registered(line, store.places(Scope(station)).get(station)), sheet)
    facts: dict[str, Any] = {**cells, "photo": sheet.photo, "missing": [*missing(sheet)], "unsaid": [*unsaid(sheet)]}
    lines = [f"{name}: {visible(value)}" for name, value in cells.items() if value]
    lines += [_("missing: {what}", what=listed(facts["missing"]))] if facts["missing"] else []
    lines += [_("not known: {what}", what=listed(facts["unsaid"]))] if facts["unsaid"] else []
    answer("\n".join(lines), **facts)


@sheet.command()
@click.argument("prefix", type=SCOPE, default="")
@click.option("--out", type=OutFile(), help="A file to write; without it it is shown.")
@folder_option
def export(prefix: str, out: Path | None, folder: Path) -> None:
    """The sheets of the stations whose code begins with PREFIX as CSV, as import takes them in again."""
    from kiosk.central.sheet_file import exported  # noqa: PLC0415

    store, scope = looked_into(folder), Scope(prefix)
    count, text = exported(store.register(scope), store.places(scope), store.sheets(scope))
    if out is None:
        echo(text.rstrip())
        return
    try:
        out.write_bytes(("\ufeff" + text).encode())
    except OSError as error:
        fail(f"{out}: {why_not(error)}", MISUSED)
    echo(_("{file}: {count} stations", file=out, count=count))


@sheet.command()
@click.argument("station", type=STATION)
@click.argument("picture", type=FILE)
@folder_option
@json_too
def photo(station: str, picture: Path, folder: Path) -> None:
    """Put PICTURE (JPEG, PNG or WebP) on the page of STATION: made small, without what a camera writes beside it."""
    from msgspec.structs import replace  # noqa: PLC0415

    from kiosk.central.photos import MOST_BYTES, NoPhoto, made_anew  # noqa: PLC0415

    try:
        small = made_anew(read_bounded(picture, MOST_BYTES))
    except OSError as error:
        fail(f"{picture}: {why_not(error)}", MISUSED)
    except NoPhoto:
        words = _("This is no photograph that can be taken: JPEG, PNG or WebP, 8 MB at the most.")
        fail(f"{picture}: {words}", MISUSED)
    store, now = opened(folder)[0], time.time()
    known_or_exit(store, station)
    with store.transaction():
        name = store.put_photo(small, now)
        store.put_sheets({station: replace(store.sheet(station), photo=name)}, at_the_server(), now)
        acted(store, "photograph changed", station, station)
    answer(_("{station}: {bytes} bytes", station=station, bytes=len(small)), station=station, photo=name)


@sheet.command()
@click.argument("station", type=STATION)
@click.option(
    "--also",
    type=SCOPE,
    multiple=True,
    help="Passes that are good at codes that begin so are good at STATION, too. More than once for more; without it all stays.",
)
@click.option("--not-also", is_flag=True, help="Passes of no further prefix are good there.")
@folder_option
@json_too
def publish(station: str, also: tuple[str, ...], not_also: bool, folder: Path) -> None:
    """Sign what the register knows of STATION, and send it there: what it is called and has, and whose passes are good."""
    from kiosk.central.scope import Scope  # noqa: PLC0415
    from kiosk.central.service_kinds import as_said  # noqa: PLC0415
    from kiosk.central.service_preview import preview_of  # noqa: PLC0415
    from kiosk.central.services import OtherService  # noqa: PLC0415
    from kiosk.central.sheet_document import also_of, id_of, sheet_document  # noqa: PLC0415
    from kiosk.trust.service import MOST_ALSO  # noqa: PLC0415

    if also and not_also:
        fail(_("--also and --not-also exclude each other."), MISUSED)
    if len(set(also)) > MOST_ALSO:
        fail(_("A sheet has {most} prefixes at the most.", most=MOST_ALSO), MISUSED)
    store, issuer = opened(folder)
    now, line = time.time(), known_or_exit(store, station)
    kept = () if also or not_also else also_of(store.service(id_of(line.code)), now)
    placed = store.places(Scope(line.code)).get(line.code)
    further = [*kept, *filter(None, also)]
    head, body = sheet_document(line, store.sheet(line.code), placed.point if placed else None, further, now)
    try:
        with store.transaction():
            head = issuer.publish_service(head, as_said(body))
            acted(store, "sheet published", line.code, line.code, ", ".join(body.also))
    except OtherService as error:
        fail(visible(taken_words(head.id, error)), MISUSED)
    words = _("service {id} is published as number {number}", id=head.id, number=head.version)
    answer(
        "\n".join([*preview_of(head, body), words]), id=head.id, number=head.version, texts=body.texts, also=body.also
    )
