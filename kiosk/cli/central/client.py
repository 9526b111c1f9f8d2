"""`kiosk central client`: the programs that may order passes, such as the union's own app."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kiosk.cli.central.account import reason_option
from kiosk.cli.central.folder import SCOPE, Words, acted, folder_option, looked_into
from kiosk.cli.common import answer, as_json, echo, fail, json_too, print_json
from kiosk.contract.issuing import CLIENT
from kiosk.language import _
from kiosk.wording.words import when

if TYPE_CHECKING:
    from kiosk.central.store import CentralStore
    from kiosk.central.store.clients import Client

NAMED = Words(CLIENT, lambda: _("is no client's name: small letters, digits, and . _ - between them"))


@click.group()
def client() -> None:
    """Say which programs may order passes, such as the union's own app: each has a secret, and is nobody in the office."""


@client.command()
@click.argument("name", type=NAMED)
@click.option(
    "--scope", type=SCOPE, default="", help="Whose passes it may order: as their district begins; without it all."
)
@reason_option
@folder_option
@json_too
def add(name: str, scope: str, reason: str, folder: Path) -> None:
    """Add the client NAME, and print its secret, which nobody can print again."""
    from kiosk.central.store.clients import Client, new_secret  # noqa: PLC0415

    store, now, (secret, kept) = looked_into(folder), time.time(), new_secret()
    with store.transaction():
        if not store.add_client(Client(name, scope, kept, now, now)):
            fail(_("There is a client {name}. Next: kiosk central client rotate {name}", name=name))
        acted(store, "client added", name, scope, reason)
    _hand_out(name, secret, scope)


@client.command("list")
@folder_option
@as_json
def list_(folder: Path, as_json: bool) -> None:
    """List the clients: whose passes they order, since when they have their secret, how many passes they got today."""
    from kiosk.central.figures import local  # noqa: PLC0415

    store = looked_into(folder)
    found, today = store.clients(), store.signed(local(time.time())[0])
    counts = {each.name: {kind: n for _day, who, kind, n in today if who == each.actor} for each in found}
    if as_json:
        print_json([_facts(each) | {"signed": counts[each.name]} for each in found])
        return
    for each in found:
        since = _("secret of {day}", day=when(each.rotated, form="%Y-%m-%d"))
        signed = _("{count} passes today", count=sum(counts[each.name].values()))
        echo(f"{each.name:<20}  {each.scope or _('all')}  {since}  {signed}")
    if not found:
        echo(_("No clients. Next: kiosk central client add app"))


@client.command()
@click.argument("name", type=NAMED)
@reason_option
@folder_option
@json_too
def rotate(name: str, reason: str, folder: Path) -> None:
    """Give NAME another secret, and print it; the old one and its tokens hold no longer."""
    from kiosk.central.store.clients import new_secret  # noqa: PLC0415

    store, now, (secret, kept) = looked_into(folder), time.time(), new_secret()
    with store.transaction():
        held = _known_or_exit(store, name)
        store.rotate_client(name, kept, now)
        acted(store, "client secret", name, held.scope, reason)
    _hand_out(name, secret, held.scope)


@client.command()
@click.argument("name", type=NAMED)
@reason_option
@folder_option
@json_too
def remove(name: str, reason: str, folder: Path) -> None:
    """Remove NAME: it may order nothing any more, with no token either. The passes that it ordered stay."""
    store = looked_into(folder)
    with store.transaction():
        held = _known_or_exit(store, name)
        store.remove_client(name)
        acted(store, "client removed", name, held.scope, reason)
    answer(_("{name}: may order nothing any more", name=name), client=name)


def _hand_out(name: str, secret: str, scope: str) -> None:
    echo(_("{name}: its secret, which is shown this once:", name=name), err=True)
    answer(secret, client=name, secret=secret, scope=scope)


def _known_or_exit(store: CentralStore, name: str) -> Client:
    found = store.client(name)
    if found is None:
        fail(_("There is no client {name}. Next: kiosk central client list", name=name))
    return found


def _facts(each: Client) -> dict[str, object]:
    """For machines, without the secret."""
    return {"client": each.name, "scope": each.scope, "made": each.made, "rotated": each.rotated}
