"""`kiosk enrol`: make this station known to a central server."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from kiosk.cli.common import MISUSED, answer, fail, good_settings_or_exit, json_too
from kiosk.cli.files import why_not, wrong_folder
from kiosk.language import _

if TYPE_CHECKING:
    from kiosk.logbook.cold import ColdState
    from kiosk.settings import Settings
    from kiosk.sync.enrolment import NewStation

ENROL_TIMEOUT: Final = 20.0
CLAIM: Final = range(8, 65)
"""Characters of a claim code, as the contract has it."""

FORBIDDEN: Final = 403


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
    words = enrolled_at(settings, url, claim)
    lines = [
        _("Station {code} is enrolled. Its fingerprint:\n\n    {words}\n", code=settings.station.code, words=words),
        _("`kiosk central stations` must show the same words; if it does not, somebody stands in between."),
    ]
    if settings.central is None or settings.central.url.rstrip("/") != url.rstrip("/"):
        lines.append(_('First write into {file}, in the table [central]: url = "{url}"', file=config, url=url))
    lines.append(_("Next: sudo systemctl restart 'kiosk-*'"))
    answer("\n".join(lines), station=settings.station.code, fingerprint=words)


def enrolled_at(settings: Settings, url: str, claim: str) -> str:
    """Enrol the station; the six words that both ends must see. Where it cannot be, say why, and end the program."""
    claim = claim.strip()
    _good_words_or_exit(url, claim)
    writable_or_exit(settings.data)
    new = _registered(settings, url, claim)
    _keep(settings.data, new)
    from kiosk.trust.fingerprint import fingerprint  # noqa: PLC0415

    return fingerprint(settings.station.code, new.key.public_key().public_bytes_raw(), new.answer.root_key)


def _good_words_or_exit(url: str, claim: str) -> None:
    """What was mistyped is said before anything is asked."""
    from kiosk.cli.doctor.network import good_server_or_exit  # noqa: PLC0415
    from kiosk.settings.urls import wrong_address  # noqa: PLC0415

    if wrong_address(url) and not wrong_address(claim):
        fail(_("The address comes first, and then the code: kiosk enrol {url} CODE", url=claim), MISUSED)
    good_server_or_exit(url)
    if len(claim) not in CLAIM or not claim.isascii() or not claim.isprintable() or " " in claim:
        fail(
            _(
                "That is no claim code: {count} characters. Next, at the centre: kiosk central claim STATION",
                count=len(claim),
            ),
            MISUSED,
        )


def writable_or_exit(folder: Path) -> None:
    """A code works once: that its fruits can be kept is tried before it is spent."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        wrong_folder(folder)
    except PermissionError:
        fail(_("This account may not write into {folder}.\nNext: sudo kiosk enrol URL CODE", folder=folder))
    except OSError as error:
        fail(_("{file} cannot be written: {why}", file=folder, why=why_not(error)))


def _registered(settings: Settings, url: str, claim: str) -> NewStation:
    from kiosk.cli.doctor.network import fail_on_the_road  # noqa: PLC0415
    from kiosk.sync.answers import NoAnswer  # noqa: PLC0415
    from kiosk.sync.enrolment import EnrolmentRefused  # noqa: PLC0415
    from kiosk.sync.enrolment import enrol as register  # noqa: PLC0415

    ca_file, code = settings.central.ca_file if settings.central else None, settings.station.code
    try:
        return register(url, code, claim, ca_file, ENROL_TIMEOUT)
    except EnrolmentRefused as error:
        if error.status != FORBIDDEN:
            fail_on_the_road(url, ca_file, code, f"HTTP {error.status}: {error}")
        words = _(
            "The server does not take this code for station {code}: it is mistyped, used, older than 72 h, another's, or was "
            "not made to replace the key that the station has there.",
            code=code,
        )
        fail(words + "\n" + _("Next, at the centre: kiosk central claim {code}", code=code))
    except NoAnswer as error:
        fail_on_the_road(url, ca_file, code, error)


def _keep(folder: Path, new: NewStation) -> None:
    from kiosk.keyfiles import ROOT_KEY, STATION_KEY, keep  # noqa: PLC0415
    from kiosk.logbook.cold import ColdState  # noqa: PLC0415

    try:
        keep(folder, STATION_KEY, new.key.private_bytes_raw())
        keep(folder, ROOT_KEY, new.answer.root_key)
        _keep_documents(ColdState(folder), new.answer.root_key, new.answer.documents)
    except OSError as error:
        fail(_("{file} cannot be written: {why}", file=folder, why=why_not(error)))
    except sqlite3.Error as error:
        fail(_("{file} cannot be written: {why}", file=folder, why=error))


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
