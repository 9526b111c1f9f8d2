"""`kiosk central token`: for trials with curl, as a station speaks."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kiosk.cli.act.door import Duration
from kiosk.cli.central.folder import STATION, folder_option, opened
from kiosk.cli.common import MISUSED, fail, reveal
from kiosk.contract.bodies import AUDIENCE, LONGEST_TOKEN
from kiosk.language import _

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from kiosk.central.store import CentralStore


@click.command()
@click.argument("station", type=STATION)
@click.option(
    "--key", "file", type=click.Path(path_type=Path), help="The station's private key, as its station.key holds it."
)
@click.option(
    "--trial",
    is_flag=True,
    help="Make STATION, which was added and never enrolled, one for trials: its key stays here.",
)
@click.option(
    "--for", "seconds", type=Duration(LONGEST_TOKEN), default="10m", show_default=True, help="How long it holds."
)
@folder_option
def token(station: str, file: Path | None, trial: bool, seconds: float, folder: Path) -> None:
    """Print a token with which requests are STATION's, for trials with curl.

    This server has no station's key: it is made with the one in --key, or of a station for trials, whose key is kept here.
    """
    import jwt  # noqa: PLC0415

    store = opened(folder)[0]
    path = file or folder / f"trial-{station}.key"
    key = _read(path) if file or path.exists() else _made(store, station, path, trial)
    if store.station_key(station) != key.public_key().public_bytes_raw():
        fail(_("{file}: is not the key with which {station} is enrolled", file=path, station=station))
    now = int(time.time())
    claims = {"sub": station, "aud": AUDIENCE, "iat": now, "exp": now + int(seconds)}
    reveal(jwt.encode(claims, key, algorithm="EdDSA"))


def _read(path: Path) -> Ed25519PrivateKey:
    from kiosk.keyfiles import read_private  # noqa: PLC0415

    try:
        return read_private(path)
    except OSError as error:
        fail(f"{path}: {error.strerror}", MISUSED)
    except ValueError as error:
        fail(str(error), MISUSED)


def _made(store: CentralStore, station: str, path: Path, trial: bool) -> Ed25519PrivateKey:
    """The key of a station for trials, which becomes one by it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    from kiosk.keyfiles import write_raw  # noqa: PLC0415

    next_ = _("Next: kiosk central station add {station}; kiosk central token {station} --trial", station=station)
    if not trial:
        fail(
            _(
                "The key of {station} is at the station: name a copy with --key, or try with another. {next}",
                station=station,
                next=next_,
            ),
            MISUSED,
        )
    key = Ed25519PrivateKey.generate()
    write_raw(path, key.private_bytes_raw(), 0o600)
    if not store.enrol_for_trial(station, key.public_key().public_bytes_raw(), time.time()):
        path.unlink()
        fail(
            _(
                "{station} was not added, or is enrolled: only a code that never was a station's is for trials. {next}",
                station=station,
                next=next_,
            )
        )
    return key
