"""`kiosk central`: run and use the central server."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kiosk.cli.central.account import account
from kiosk.cli.central.alarms import alarms, wrong
from kiosk.cli.central.audit import audit
from kiosk.cli.central.ballots import ballots
from kiosk.cli.central.campaign import campaign
from kiosk.cli.central.cards import cards
from kiosk.cli.central.check import check
from kiosk.cli.central.client import client
from kiosk.cli.central.command import command
from kiosk.cli.central.copy import copy
from kiosk.cli.central.folder import (
    INDEX,
    at_the_server,
    folder_option,
    list_published,
    list_said,
    opened,
    said_plainly,
)
from kiosk.cli.central.inspections import inspections
from kiosk.cli.central.keys import init, keys
from kiosk.cli.central.looking import commands, entries, status
from kiosk.cli.central.numbers import numbers, report
from kiosk.cli.central.passes import passes
from kiosk.cli.central.policies import policies
from kiosk.cli.central.policy import policy
from kiosk.cli.central.posters import posters
from kiosk.cli.central.release import release
from kiosk.cli.central.retention import retention
from kiosk.cli.central.service import service
from kiosk.cli.central.sheet import sheet
from kiosk.cli.central.stations import claim, claims, station, stations
from kiosk.cli.central.token import token
from kiosk.cli.central.voices import voices
from kiosk.cli.common import MISUSED, answer, as_json, echo, fail, json_too, print_json
from kiosk.language import _
from kiosk.wording.words import listed, when, word

if TYPE_CHECKING:
    from kiosk.central.serve import Part
    from kiosk.central.store import CentralStore


class Verbs(click.Group):
    """The verbs of the central server; what keeps it from working is said plainly, whichever verb meets it."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb."""
        with said_plainly():
            return super().invoke(ctx)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb; for one of an older release, what to type now."""
        if words := _moved().get(args[0]):
            fail(words, MISUSED)
        return super().resolve_command(ctx, args)


def _moved() -> dict[str, str]:
    return {
        "rotate": _(
            "Keys are made for a year, and signed by the root key, elsewhere. Next: kiosk central keys list; for a new "
            "keyset: kiosk central keys request --out FILE, with --compromised issuer or document where one was stolen"
        ),
    }


@click.group(cls=Verbs)
def central() -> None:
    """Run and use the central server."""


central.add_command(ballots)
central.add_command(campaign)
central.add_command(cards)
central.add_command(posters)
central.add_command(check)
central.add_command(client)
central.add_command(command)
central.add_command(copy)
central.add_command(init)
central.add_command(keys)
central.add_command(policy)
for verb in (
    stations,
    station,
    claim,
    claims,
    status,
    entries,
    commands,
    policies,
    passes,
    release,
    retention,
    service,
    sheet,
    token,
    numbers,
    report,
):
    central.add_command(verb)
for verb in (account, audit, wrong, alarms, voices, inspections):
    central.add_command(verb)


@central.command()
@folder_option
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8420, show_default=True)
@click.option("--cert", type=click.Path(path_type=Path, exists=True), help="The certificate chain for HTTPS.")
@click.option("--key", type=click.Path(path_type=Path, exists=True), help="Its private key.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes, as many as cores; with PostgreSQL.",
)
@click.option(
    "--only",
    type=click.Choice(["api", "office", "public", "passes"]),
    help="One part alone: stations, the operators' pages, those for everybody, or the page with a pass.",
)
def serve(
    folder: Path, host: str, port: int, cert: Path | None, key: Path | None, workers: int, only: Part | None
) -> None:
    """Serve stations, operators at /office, everybody at /map and /s/CODE, and passes on phones, until it is told to stop."""
    from kiosk.central.serve import ALL  # noqa: PLC0415
    from kiosk.central.serve import serve as run  # noqa: PLC0415
    from kiosk.central.store.place import settings_of  # noqa: PLC0415
    from kiosk.cli.ports import port_named  # noqa: PLC0415
    from kiosk.loops import LoopFailed  # noqa: PLC0415

    url = f"{'https' if cert else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
    try:
        with port_named(host, port, f"kiosk central serve --port {port % 65535 + 1}"):
            if only == "passes" and not settings_of(folder).addresses.passes:
                fail(_("There is no page with a pass. Next: say its address in central.toml, [addresses] passes"))
            parts = frozenset({only}) if only else ALL
            run(folder, host, port, cert, key, workers, parts, lambda store: echo(_begun(store, url)))
    except ssl.SSLError as error:
        fail(_("--cert and --key are no certificate with its key: {why}", why=error.reason or error), MISUSED)
    except LoopFailed as error:
        fail(str(error))


def _begun(store: CentralStore, url: str) -> str:
    """Where the server listens, and what it has."""
    documents = [f"{word(kind)} {number}" for kind, number in store.versions().items()]
    ends = {key.use: key.not_after for key in store.signing_keys()}  # the newest of each use comes last
    keys = [_("{use} until {day}", use=word(use), day=when(end, form="%Y-%m-%d")) for use, end in ends.items()]
    held = _("{stations} stations, {entries} entries", stations=len(store.stations()), entries=store.acknowledged())
    lines = [_("{url}: {held}", url=url, held=held), *map(listed, (documents, keys)), *_pass_page(store)]
    return "\n".join(lines)


def _pass_page(store: CentralStore) -> Iterator[str]:
    """Where the page with a pass is, and what it lacks."""
    from kiosk.central.passpage.libraries import missing  # noqa: PLC0415

    if store.addresses.passes:
        yield _("passes on phones: {address}", address=f"{store.addresses.passes}/pass")
        if packages := missing():
            yield _("That page does not work yet. Next: sudo apt install {packages}", packages=" ".join(packages))


def _set_status(folder: Path, index: int, name: str) -> None:
    from kiosk.central.passes import By, NotSo, Passes  # noqa: PLC0415
    from kiosk.trust.status import Status  # noqa: PLC0415

    store, issuer = opened(folder)
    held = store.credential(index)
    if held is None:
        fail(_("There is no credential {index}.", index=index))
    try:
        Passes(store, issuer).set_status([held], Status[name.upper()], By(at_the_server()))
    except NotSo as error:
        fail(f"{index}: {error}")
    version = list_published(store, issuer)
    words = _("credential {index}: {status}; {list}", index=index, status=word(name), list=list_said(version))
    answer(words, index=index, status=name, version=version)


@central.command()
@click.option(
    "--trust",
    is_flag=True,
    help="It is right, though no document was published for more than 30 days, or stations say otherwise.",
)
@folder_option
@json_too
def clock(folder: Path, trust: bool) -> None:
    """Show what the clock says, and when the newest document was published; nothing is signed by a clock far ahead of that."""
    store, issuer = opened(folder, renew=not trust)
    if trust:
        issuer.trust_clock()
    now, newest = time.time(), store.published_at()
    words = _("the clock says {now}; the newest document is of {newest}", now=when(now), newest=when(newest))
    answer(words, now=now, newest=newest)


@central.command()
@click.option("--suspend", is_flag=True, help="Suspend the credentials of bound passes that were copied.")
@folder_option
@as_json
def reconcile(folder: Path, suspend: bool, as_json: bool) -> None:
    """List codes that opened at more than one station, which no station alone can see."""
    from kiosk.trust.passes import Kind  # noqa: PLC0415
    from kiosk.trust.status import Status  # noqa: PLC0415

    store, issuer = opened(folder)
    found = store.shared_codes()
    copied = sorted({each.index for each in found if each.pass_kind == Kind.BOUND})
    if as_json:
        print_json({"shared": found, "copied": copied})
    for each in () if as_json else found:
        sure = _("a copy") if each.pass_kind == Kind.BOUND else _("one pass")
        places = ", ".join(each.stations)
        echo(_("credential {index}: {what} opened at {stations}", index=each.index, what=sure, stations=places))
    for index in copied if suspend else ():
        issuer.set_status(index, Status.SUSPENDED)
    if suspend and copied:
        words = list_said(list_published(store, issuer))
        echo(words, err=True)


@central.command()
@click.argument("index", type=INDEX)
@folder_option
@json_too
def revoke(index: int, folder: Path) -> None:
    """Revoke credential INDEX at every station."""
    _set_status(folder, index, "revoked")


@central.command()
@click.argument("index", type=INDEX)
@folder_option
@json_too
def suspend(index: int, folder: Path) -> None:
    """Suspend credential INDEX for a while."""
    _set_status(folder, index, "suspended")


@central.command()
@click.argument("index", type=INDEX)
@folder_option
@json_too
def restore(index: int, folder: Path) -> None:
    """Make credential INDEX valid again."""
    _set_status(folder, index, "valid")
