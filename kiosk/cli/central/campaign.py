"""`kiosk central campaign`: what was given of each, its report, and its end."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kiosk.cli.central.folder import NAME, at_the_server, folder_option, looked_into, opened
from kiosk.cli.common import answer, as_json, echo, fail, json_too, print_json
from kiosk.cli.files import OutFile, whole
from kiosk.foreign import visible
from kiosk.language import _, of_languages
from kiosk.wording.words import when

if TYPE_CHECKING:
    from kiosk.central.numbers.campaign import Reported
    from kiosk.central.numbers.tables import Table
    from kiosk.central.store import CentralStore
    from kiosk.central.store.campaigns import StoredCampaign


@click.group()
def campaign() -> None:
    """List campaigns, show and report what was given of one, and close it. They are published as services are."""


@campaign.command("list")
@folder_option
@as_json
def list_(folder: Path, as_json: bool) -> None:
    """List every campaign, the newest first, with what was given of it."""
    from kiosk.central.supplying import known_campaigns  # noqa: PLC0415

    store, now = looked_into(folder), time.time()
    found = [(each, *store.handed_total(each.id)) for each in known_campaigns(store)]
    if as_json:
        print_json([_facts(each) | {"given": given, "without_pass": without} for each, given, without in found])
        return
    for each, by_pass, without in found:
        given = _("{given} given, {without} without a pass", given=by_pass, without=without)
        where = each.scope or _("every station")
        echo(visible(f"{each.id:<20}  {of_languages(each.words.texts)}  {where}  {standing(each, now)}  {given}"))
    if not found:
        echo(_("No campaigns. Next: kiosk central service publish FILE"))


def standing(found: StoredCampaign, now: float) -> str:
    """Whether it runs, or since when not."""
    if found.closed is not None:
        return _("closed {when}", when=when(found.closed))
    if found.ends <= now:
        return _("ended {when}, not closed", when=when(found.ends))
    return _("from {begins} to {ends}", begins=when(found.begins), ends=when(found.ends))


def _facts(found: StoredCampaign) -> dict[str, object]:
    facts = {name: getattr(found, name) for name in ("id", "scope", "begins", "ends", "closed")}
    return {**facts, "item": found.words.item, "texts": found.words.texts}


@campaign.command()
@click.argument("id", type=NAME)
@folder_option
@json_too
def show(id: str, folder: Path) -> None:  # noqa: A002
    """Show what was given of the campaign ID by day and station, and what is left of its item."""
    from kiosk.central.numbers.campaign_tables import by_day, by_place, slot_table, stock_table  # noqa: PLC0415

    found = _known(folder, id, whole=False)
    tables = {"days": by_day(found), "stations": by_place(found)}
    _tell(found, {**tables, "stock": stock_table(found), "slots": slot_table(found)})


@campaign.command()
@click.argument("id", type=NAME)
@click.option(
    "--csv", "csv_file", type=OutFile(".csv"), help="Write what was given by station and day for a spreadsheet."
)
@click.option("--pdf", "pdf_file", type=OutFile(".pdf"), help="Write the report, to be printed.")
@folder_option
@json_too
def report(id: str, csv_file: Path | None, pdf_file: Path | None, folder: Path) -> None:  # noqa: A002
    """Report on the campaign ID: what was given, what twice and why nobody could know, and stock against count.

    Make it before the campaign is closed: why something was given twice is known no longer then.
    """
    from kiosk.central.numbers.campaign_report import csv, pdf  # noqa: PLC0415
    from kiosk.central.numbers.campaign_tables import tables  # noqa: PLC0415

    found = _known(folder, id, whole=True)
    made = [(path, make) for path, make in ((csv_file, csv), (pdf_file, pdf)) if path]
    for path, make in made:
        try:
            content = make(found)
        except ImportError as error:
            fail(_("{library} is not installed. Next: pip install 'yizhan-kiosk[central]'", library=error.name))
        with whole(path) as beside:
            beside.write_bytes(content)
    _tell(found, tables(found), [f"{path}" for path, _make in made])


def _known(folder: Path, id: str, *, whole: bool) -> Reported:  # noqa: A002
    from kiosk.central.closing import unheard  # noqa: PLC0415
    from kiosk.central.numbers.campaign import overview, reported  # noqa: PLC0415
    from kiosk.central.scope import EVERYWHERE  # noqa: PLC0415

    store, now = looked_into(folder), time.time()
    found = _campaign(store, id)
    missing = unheard(store, found) if found.ends <= now else []
    return (reported if whole else overview)(store, found, now, EVERYWHERE, missing)


def _campaign(store: CentralStore, id: str) -> StoredCampaign:  # noqa: A002
    from kiosk.central.supplying import known_campaigns  # noqa: PLC0415

    found = next((each for each in known_campaigns(store) if each.id == id), None)
    if found is None:
        fail(_("There is no campaign {id}. Next: kiosk central campaign list", id=id))
    return found


def _tell(found: Reported, tables: dict[str, Table], files: list[str] | None = None) -> None:
    from kiosk.central.numbers.campaign_report import notes  # noqa: PLC0415
    from kiosk.cli.central.numbers import lines_of, rows_of  # noqa: PLC0415

    lines = [found.title, standing(found.campaign, found.made)]
    for each in tables.values():
        lines += ["", each.title, *lines_of(each)] if each.rows else []
    lines += ["", *notes(found), *(_("{file} is written", file=each) for each in files or [])]
    facts = {name: rows_of(each) for name, each in tables.items()}
    answer("\n".join(map(visible, lines)), **_facts(found.campaign), **facts, unheard=found.unheard, files=files or [])


@campaign.command()
@click.argument("id", type=NAME)
@click.option("--yes", is_flag=True, help="Though stations have not been heard since it ended.")
@folder_option
@json_too
def close(id: str, yes: bool, folder: Path) -> None:  # noqa: A002
    """Close the campaign ID once it has ended: its key, ledgers and tokens go, days and counts stay.

    Why something was given twice is known no longer then: make the report before. What comes later adds to the counts.
    """
    from kiosk.central import closing  # noqa: PLC0415

    store, issuer = opened(folder)
    found, now = _campaign(store, id), time.time()
    if found.closed is not None:
        fail(_("The campaign {id} was closed {when}.", id=id, when=when(found.closed)))
    if found.ends > now:
        fail(_("The campaign {id} has not ended. Next: kiosk central service withdraw {id}", id=id))
    missing = closing.unheard(store, found)
    if missing and not yes:
        fail(
            _(
                "{count} stations have not been heard since it ended, {first} among them: what they gave comes later.\n"
                "Next: kiosk central campaign report {id}; to close it all the same: kiosk central campaign close {id} --yes",
                count=len(missing),
                first=missing[0],
                id=id,
            )
        )
    closing.close(store, issuer, found, now, at_the_server())
    words = _("The campaign {id} is closed: days and counts are left, and nobody's token.", id=id)
    answer(words, **_facts(_campaign(store, id)))
