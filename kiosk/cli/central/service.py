"""`kiosk central service`: what a station offers beside its door, published, looked at, withdrawn."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import to_builtins

from kiosk.cli.central.folder import NAME, folder_option, looked_into, opened
from kiosk.cli.common import MISUSED, answer, as_json, echo, fail, json_too, print_json
from kiosk.foreign import visible
from kiosk.language import _
from kiosk.wording.words import when, word

if TYPE_CHECKING:
    from kiosk.central.service_file import Written
    from kiosk.central.services import OtherService
    from kiosk.central.store.services import StoredService
    from kiosk.trust.service import Notice, ServiceDocument


@click.group()
def service() -> None:
    """Publish, list, show and withdraw services, such as notices for the display at the door."""


@service.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what it would look like and how many stations it would reach.")
@folder_option
@json_too
def publish(file: Path, folder: Path, dry_run: bool) -> None:
    """Publish the service in FILE (TOML; see docs/wire.md) for the stations that it names, in place of the one of its id."""
    from kiosk.central.reach import crowded, meant  # noqa: PLC0415
    from kiosk.central.services import OtherService  # noqa: PLC0415

    now = time.time()
    wanted = _written(file, now)
    store, issuer = (looked_into(folder), None) if dry_run else opened(folder)
    reaches = len(meant(store, wanted.head.station))
    if full := crowded(store, wanted.head, wanted.size, now):
        words = _("{station} would hold more services than it can. Next: kiosk central service list", station=full[0])
        fail(visible(f"{file}: {words}"), MISUSED)
    preview = preview_of(wanted.head, wanted.notice)
    if issuer is None:
        words = _("It would reach {count} stations; nothing was published.", count=reaches)
        answer("\n".join([*preview, words]), reaches=reaches)
        return
    try:
        head = issuer.publish_service(wanted.head, to_builtins(wanted.notice))
    except OtherService as error:
        fail(visible(f"{file}: {_taken(wanted.head.id, error)}"), MISUSED)
    words = _(
        "service {id} is published as number {number}; it reaches {count} stations",
        id=head.id,
        number=head.version,
        count=reaches,
    )
    answer("\n".join([*preview, words]), id=head.id, number=head.version, reaches=reaches)


def _written(file: Path, now: float) -> Written:
    """The service in that file, with a word on what is hardly meant; else exit code 2 with each thing that is wrong."""
    from kiosk.central.service_file import read_service_file, service_warnings  # noqa: PLC0415
    from kiosk.settings.table import BadSettings  # noqa: PLC0415

    try:
        wanted = read_service_file(file, now)
    except BadSettings as error:
        count = _("{count} wrong in the service; nothing was published.", count=len(error.errors))
        fail("\n".join([*error.errors, count]), MISUSED, error.errors)
    for line in service_warnings(wanted):
        echo(visible(f"{file}: {line}"), err=True)
    return wanted


def _taken(id: str, error: OtherService) -> str:  # noqa: A002
    return _(
        "{id} is a {kind} for {station}: publish this one under another id. To end that one: kiosk central service "
        "withdraw {id}",
        id=id,
        kind=word(error.kind),
        station=error.scope or _("every station"),
    )


def preview_of(head: ServiceDocument, notice: Notice | None) -> list[str]:
    """What a service looks like: what it is, where and when, and of a notice its texts in the order of the display."""
    where = head.station or _("every station")
    lines = [
        _("{kind} for {station}, {times}", kind=word(head.kind), station=where, times=_times(head.begins, head.ends))
    ]
    if notice and notice.urgent:
        lines.append("  " + _("urgent"))
    texts = notice.texts if notice else {}
    return lines + [visible(f"  {language}  {line}") for language, text in texts.items() for line in text.splitlines()]


def _times(begins: int, ends: int) -> str:
    return f"{when(begins)} – {when(ends)}"


def _facts(found: StoredService) -> dict[str, object]:
    return {name: getattr(found, name) for name in ("id", "version", "kind", "scope", "begins", "ends")}


@service.command("list")
@folder_option
@as_json
def list_(folder: Path, as_json: bool) -> None:
    """List the services that are published, the newest first."""
    found = looked_into(folder).services()[::-1]
    if as_json:
        print_json([_facts(each) for each in found])
        return
    for each in found:
        echo(f"{each.id:<20}  {word(each.kind)}  {each.scope or _('every station')}  {_times(each.begins, each.ends)}")
    if not found:
        echo(_("No services. Next: kiosk central service publish FILE"))


@service.command()
@click.argument("id", type=NAME)
@folder_option
@json_too
def show(id: str, folder: Path) -> None:  # noqa: A002
    """Show what the service ID says, as its stations have it."""
    from kiosk.central.services import read_service  # noqa: PLC0415
    from kiosk.trust.service import notice_in  # noqa: PLC0415

    found = looked_into(folder).service(id)
    if found is None:
        fail(_no_such(id))
    head, said = read_service(found.body)
    answer("\n".join(preview_of(head, notice_in(head, said))), **_facts(found), says=said)


@service.command()
@click.argument("id", type=NAME)
@folder_option
@json_too
def withdraw(id: str, folder: Path) -> None:  # noqa: A002
    """End the service ID at every station that has it."""
    head = opened(folder)[1].withdraw_service(id)
    if head is None:
        fail(_no_such(id))
    words = _("service {id} is withdrawn by number {number}", id=id, number=head.version)
    answer(words, id=id, number=head.version)


def _no_such(id: str) -> str:  # noqa: A002
    return _("There is no service {id} in force. Next: kiosk central service list", id=id)
