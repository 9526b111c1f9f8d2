"""The folder of a central server, which its verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from kiosk.central.issuer import Issuer
    from kiosk.central.store import CentralStore

folder_option = click.option(
    "--data", "folder", type=click.Path(path_type=Path, file_okay=False), default="central-data", show_default=True
)


def opened(folder: Path, *, renew: bool = True) -> tuple[CentralStore, Issuer]:
    """The folder's store and issuer. Raises CannotSign."""
    from kiosk.central.issuer import Issuer  # noqa: PLC0415
    from kiosk.central.store import CentralStore  # noqa: PLC0415

    store = CentralStore(folder)
    return store, Issuer(folder, store, renew=renew)
