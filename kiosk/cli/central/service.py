"""`kiosk central service`: what a station offers beside its door, published, looked at, withdrawn."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from kiosk.cli.central.folder import NAME, acted, folder_option, looked_into, opened
from kiosk.cli.common import MISUSED, answer, as_json, echo, fail, json_too, print_json
from kiosk.foreign import visible
from kiosk.language import _
from kiosk.trust.service import KINDS
from kiosk.wording.words import service_word, when

if TYPE_CHECKING:
    from kiosk.central.service_file import Written
    from kiosk.central.services import OtherService
    from kiosk.central.store.services import StoredService


@click.group()
def service() -> None:
    """Publish, list, show and withdraw services: notices, questions, campaigns, doctors and others."""


@service.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what it would look like and how many stations it would reach.")
@folder_option
@json_too
def publish(file: Path, folder: Path, dry_run: bool) -> None:
    """Publish the service in FILE (TOML; see docs/services.md) for its stations, in place of the one of its id.

    A poll is published as the election board made it.
    """
    from kiosk.central.offering import doubts, offer, wrong_beside  # noqa: PLC0415
    from kiosk.central.reach import meant  # noqa: PLC0415
    from kiosk.central.service_file import with_lines  # noqa: PLC0415
    from kiosk.central.service_preview import preview_of  # noqa: PLC0415
    from kiosk.central.services import OtherService  # noqa: PLC0415

    now = time.time()
    wanted = _written(file, now)
    store, issuer = (looked_into(folder), None) if dry_run else opened(folder)
    if wrong := list(wrong_beside(store, wanted, now)):
        _refuse(with_lines(file, wrong))
    reaches, preview = len(meant(store, wanted.head.station)), preview_of(wanted.head, wanted.body)
    for line in doubts(store, wanted):
        echo(visible(f"{file}: {line}"), err=True)
    if issuer is None:
        words = _("It would reach {count} stations; nothing was published.", count=reaches)
        answer("\n".join([*preview, words]), reaches=reaches)
        return
    try:
        with store.transaction():
            head = offer(store, issuer, wanted)
            acted(store, "service published", head.id, head.station)
    except OtherService as error:
        fail(visible(f"{file}: {taken_words(wanted.head.id, error)}"), MISUSED)
    words = _(
        "service {id} is published as number {number}; it reaches {count} stations",
        id=head.id,
        number=head.version,
        count=reaches,
    )
    answer("\n".join([*preview, words]), id=head.id, number=head.version, reaches=reaches)


def _written(file: Path, now: float) -> Written:
    """The service in that file; else exit code 2 with each thing that is wrong."""
    from kiosk.central.polls import read_poll_service  # noqa: PLC0415
    from kiosk.central.service_file import read_service_file  # noqa: PLC0415
    from kiosk.settings.table import BadSettings  # noqa: PLC0415

    try:
        return read_poll_service(file, now) or read_service_file(file, now)
    except BadSettings as error:
        _refuse(error.errors)


def _refuse(wrong: list[str]) -> NoReturn:
    count = _("{count} wrong in the service; nothing was published.", count=len(wrong))
    fail("\n".join([*wrong, count]), MISUSED, wrong)


def taken_words(id: str, error: OtherService) -> str:  # noqa: A002
    """Why a service cannot be published under that id."""
    return _(
        "{id} is a {kind} for {station}: publish this one under another id. To end that one: kiosk central service "
        "withdraw {id}",
        id=id,
        kind=service_word(error.kind),
        station=error.scope or _("every station"),
    )


def _facts(found: StoredService) -> dict[str, object]:
    return {name: getattr(found, name) for name in ("id", "version", "kind", "scope", "begins", "ends")}


@service.command("list")
@click.option("--kind", type=click.Choice(sorted(KINDS)), help="Only those of this kind.")
@folder_option
@as_json
def list_(kind: str | None, folder: Path, as_json: bool) -> None:
    """List the services that are published, the newest first."""
    found = looked_into(folder).services(kind or "")[::-1]
    if as_json:
        print_json([_facts(each) for each in found])
        return
    for each in found:
        times = f"{when(each.begins)} – {when(each.ends)}"
        echo(f"{each.id:<20}  {service_word(each.kind)}  {each.scope or _('every station')}  {times}")
    if not found:
        echo(_("No services. Next: kiosk central service publish FILE"))


@service.command()
@click.argument("id", type=NAME)
@folder_option
@json_too
def show(id: str, folder: Path) -> None:  # noqa: A002
    """Show what the service ID says, as its stations have it."""
    from kiosk.central.campaign_keys import shown  # noqa: PLC0415
    from kiosk.central.service_preview import preview_of  # noqa: PLC0415
    from kiosk.central.services import read_service  # noqa: PLC0415
    from kiosk.trust.service import body_in  # noqa: PLC0415

    found = looked_into(folder).service(id)
    if found is None:
        fail(_no_such(id))
    head, said = read_service(found.body)
    answer("\n".join(preview_of(head, body_in(head, said))), **_facts(found), says=shown(said))


@service.command()
@click.argument("id", type=NAME)
@folder_option
@json_too
def withdraw(id: str, folder: Path) -> None:  # noqa: A002
    """End the service ID at every station that has it, and with a campaign its ledgers."""
    from kiosk.central.ledgers import withdraw_ledgers  # noqa: PLC0415

    store, issuer = opened(folder)
    with store.transaction():
        head = issuer.withdraw_service(id)
        if head:
            withdraw_ledgers(store, issuer, id)
            acted(store, "service withdrawn", head.id, head.station)
    if head is None:
        fail(_no_such(id))
    words = _("service {id} is withdrawn by number {number}", id=id, number=head.version)
    answer(words, id=id, number=head.version)


def _no_such(id: str) -> str:  # noqa: A002
    return _("There is no service {id} in force. Next: kiosk central service list", id=id)
