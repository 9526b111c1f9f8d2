"""`kiosk enrol`: make this station known to a central server."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from kiosk.cli.common import NOT_REACHABLE, answer, fail, good_settings_or_exit, json_too
from kiosk.language import _

if TYPE_CHECKING:
    from kiosk.logbook.cold import ColdState

ENROL_TIMEOUT: Final = 20.0


@click.command()
@click.argument("url")
@click.argument("claim")
@json_too
@click.pass_obj
def enrol(config: Path, url: str, claim: str) -> None:
    """Enrol this station at URL with the single-use CLAIM code from `kiosk central claim`.

    Makes the station's own key, registers its public half, and stores the root key and the first documents. A key from an
    earlier enrolment is retired at the server. Compare the words that it prints with those at the other end.
    """
    settings = good_settings_or_exit(config)
    from kiosk.keyfiles import ROOT_KEY, STATION_KEY, keep  # noqa: PLC0415
    from kiosk.logbook.cold import ColdState  # noqa: PLC0415
    from kiosk.sync.answers import NoAnswer  # noqa: PLC0415
    from kiosk.sync.enrolment import EnrolmentRefused  # noqa: PLC0415
    from kiosk.sync.enrolment import enrol as register  # noqa: PLC0415

    ca_file = settings.central.ca_file if settings.central else None
    try:
        new = register(url, settings.station.code, claim, ca_file, ENROL_TIMEOUT)
    except EnrolmentRefused as error:
        fail(_("The server refused: {why}", why=error))
    except NoAnswer as error:
        fail(_("The server at {url} cannot be reached: {why}", url=url, why=error), NOT_REACHABLE)
    key, enrolled = new.key, new.answer
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        keep(settings.data, STATION_KEY, key.private_bytes_raw())
        keep(settings.data, ROOT_KEY, enrolled.root_key)
        _keep_documents(ColdState(settings.data), enrolled.root_key, enrolled.documents)
    except (OSError, sqlite3.Error) as error:
        fail(_("{file} cannot be written: {why}", file=settings.data, why=error))
    from kiosk.trust.fingerprint import fingerprint  # noqa: PLC0415

    words = fingerprint(settings.station.code, key.public_key().public_bytes_raw(), enrolled.root_key)
    lines = (
        _("Station {code} is enrolled. Its fingerprint:\n\n    {words}\n", code=settings.station.code, words=words),
        _("`kiosk central stations` must show the same words; if it does not, somebody stands in between."),
        _("Next: sudo systemctl restart 'kiosk-*'"),
    )
    answer("\n".join(lines), station=settings.station.code, fingerprint=words)


def _keep_documents(cold: ColdState, root: bytes, bodies: list[bytes]) -> None:
    """Store the documents that hold under this root; the station proves them again at its start."""
    from kiosk.trust.documents import read_document  # noqa: PLC0415
    from kiosk.trust.keyset import NO_KEYS, Keyset  # noqa: PLC0415
    from kiosk.trust.policy import PolicyDocument  # noqa: PLC0415
    from kiosk.trust.status import StatusDocument  # noqa: PLC0415

    keyset = NO_KEYS
    for body in bodies:
        match read_document(body, root, keyset):
            case Keyset() as found:
                keyset = found
                cold.keep("keyset", found.version, body)
            case StatusDocument() | PolicyDocument() as found:
                kind = "status" if isinstance(found, StatusDocument) else "policy"
                cold.keep(kind, found.version, body)
            case _:  # a time or a command is of its moment; what does not hold is left out
                continue
    cold.close()
