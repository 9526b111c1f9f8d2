"""`kiosk central`: run and use the reference central server."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kiosk.cli.common import fail

if TYPE_CHECKING:
    from kiosk.central.issuer import Issuer
    from kiosk.central.store import CentralStore

folder_option = click.option(
    "--data", "folder", type=click.Path(path_type=Path, file_okay=False), default="central-data", show_default=True
)


@click.group()
def central() -> None:
    """Run and use the reference central server."""


def _open(folder: Path) -> tuple[CentralStore, Issuer]:
    from kiosk.central.issuer import Issuer  # noqa: PLC0415
    from kiosk.central.store import CentralStore  # noqa: PLC0415

    store = CentralStore(folder)
    return store, Issuer(folder, store)


@central.command()
@folder_option
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8420, show_default=True)
@click.option("--cert", type=click.Path(path_type=Path, exists=True), help="The certificate chain for HTTPS.")
@click.option("--key", type=click.Path(path_type=Path, exists=True), help="Its private key.")
def serve(folder: Path, host: str, port: int, cert: Path | None, key: Path | None) -> None:
    """Serve stations until it is told to stop."""
    try:
        from kiosk.central.serve import serve as run  # noqa: PLC0415
    except ImportError as error:
        fail(f"The central server is an optional part ({error}). Next: pip install 'yizhan-kiosk[central]'")
    run(folder, host, port, cert, key)


@central.command()
@click.argument("station")
@folder_option
def claim(station: str, folder: Path) -> None:
    """Print a single-use code with which STATION enrols within 72 hours."""
    store, _ = _open(folder)
    click.echo(store.make_claim(station, time.time()))


def _set_status(folder: Path, index: int, name: str) -> None:
    from kiosk.trust.status import Status  # noqa: PLC0415

    store, issuer = _open(folder)
    if not issuer.set_status(index, Status[name.upper()]):
        fail(f"There is no credential {index}.")
    click.echo(f"credential {index}: {name}; status list {store.versions()['status']} is published")


@central.command()
@click.argument("index", type=int)
@folder_option
def revoke(index: int, folder: Path) -> None:
    """Revoke credential INDEX at every station."""
    _set_status(folder, index, "revoked")


@central.command()
@click.argument("index", type=int)
@folder_option
def suspend(index: int, folder: Path) -> None:
    """Suspend credential INDEX for a while."""
    _set_status(folder, index, "suspended")


@central.command()
@click.argument("index", type=int)
@folder_option
def restore(index: int, folder: Path) -> None:
    """Make credential INDEX valid again."""
    _set_status(folder, index, "valid")
