"""`kiosk central check`: any central server against the contract."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from kiosk.cli.common import MISUSED, WRONG, as_json, echo, fail, print_json, style
from kiosk.foreign import visible
from kiosk.language import _, told

if TYPE_CHECKING:
    from kiosk.contract.conformance import Outcome


@click.command()
@click.argument("url")
@click.option("--station", help="The code of a station that exists for this alone; its key is replaced.")
@click.option("--claim", help="A claim code for it.")
@click.option("--ca-file", type=click.Path(exists=True, dir_okay=False), help="The server's own certificate authority.")
@as_json
def check(url: str, station: str | None, claim: str | None, ca_file: str | None, as_json: bool) -> None:
    """Ask the central server at URL, whoever built it, for what docs/wire.md promises. Exit code 1 where it breaks it.

    With --station and --claim for all of it; without them for what it owes to strangers, which changes nothing there.
    """
    import requests  # noqa: PLC0415

    from kiosk.cli.doctor.network import fail_on_the_road, good_server_or_exit  # noqa: PLC0415
    from kiosk.contract.conformance import CASES  # noqa: PLC0415
    from kiosk.contract.conformance import check as run  # noqa: PLC0415
    from kiosk.contract.peer import Peer  # noqa: PLC0415
    from kiosk.contract.strangers import CASES as FOR_STRANGERS  # noqa: PLC0415
    from kiosk.contract.strangers import stranger  # noqa: PLC0415
    from kiosk.contract.unanswered import why_unanswered  # noqa: PLC0415
    from kiosk.decoding import learn_types  # noqa: PLC0415

    learn_types()
    good_server_or_exit(url, anywhere=True)
    if bool(station) != bool(claim):
        fail(
            _("--station and --claim go together. Next: kiosk central claim CODE prints a claim for a station"), MISUSED
        )
    whole = bool(station and claim)
    peer = Peer(url, station, claim, ca_file) if station and claim else stranger(url, ca_file)
    try:
        outcomes = _told(run(peer, CASES if whole else FOR_STRANGERS), quiet=as_json)
    except requests.RequestException as error:
        fail_on_the_road(url, ca_file, peer.station, why_unanswered(error))
    broken = sum(bool(outcome.wrong) for outcome in outcomes)
    if as_json:
        print_json({"ok": not broken, "whole": whole, "cases": outcomes})
    else:
        _sum_up(broken, len(outcomes) - broken)
        echo(
            ""
            if whole
            else _("Asked as a stranger. For every promise: kiosk central check URL --station CODE --claim CLAIM")
        )
    sys.exit(WRONG if broken else 0)


def _told(outcomes: Iterable[Outcome], *, quiet: bool) -> list[Outcome]:
    """The outcomes, each of which is printed as it comes."""
    found = []
    for outcome in outcomes:
        found.append(outcome)
        if not quiet:
            mark = style("✘", fg="red") if outcome.wrong else style("✔", fg="green")
            echo(f"{mark} {visible(outcome.id):<12} {visible(_(outcome.promise))}")
        if outcome.wrong and not quiet:
            echo(f"  {'':<12} → {told(visible(outcome.wrong))}")
    return found


def _sum_up(broken: int, kept: int) -> None:
    echo()
    echo(
        style(_("{broken} broken, {kept} kept.", broken=broken, kept=kept), bold=True, fg="red" if broken else "green")
    )
