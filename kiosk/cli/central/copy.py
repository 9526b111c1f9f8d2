"""`kiosk central copy`: the database moves house."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kiosk.cli.central.folder import folder_option
from kiosk.cli.common import MISUSED, answer, fail, json_too
from kiosk.language import _

if TYPE_CHECKING:
    from kiosk.central.store.engine import Engine

SERVER = ("postgresql://", "postgres://")


@click.command()
@click.option(
    "--to", required=True, help="An empty database: postgresql://... of a server, or the folder of a new central.db."
)
@folder_option
@json_too
def copy(to: str, folder: Path) -> None:
    """Copy the whole database of a stopped central server into another one: of SQLite into PostgreSQL, or back.

    Nothing changes in the folder; its keys are not copied.
    """
    from kiosk.central.keys.making import check_made  # noqa: PLC0415
    from kiosk.central.store.copying import copy as run  # noqa: PLC0415
    from kiosk.central.store.copying import holds_anything  # noqa: PLC0415
    from kiosk.central.store.migrations import migrate  # noqa: PLC0415
    from kiosk.central.store.place import engine_of, settings_of  # noqa: PLC0415

    check_made(folder)
    with closing(engine_of(folder, settings_of(folder))) as source, closing(_target(to)) as target:
        for each in (source, target):
            migrate(each)
        if holds_anything(target):
            fail(_("the database that it is to be copied into is not empty. Next: give it an empty one"), MISUSED)
        rows = run(source, target)
    words = _(
        "{count} rows of {tables} tables are copied. Next: {next}",
        count=sum(rows.values()),
        tables=len(rows),
        next=_next(to),
    )
    answer(words, rows=rows)


def _target(to: str) -> Engine:
    from kiosk.central.store.place import engine_at, engine_of, settings_of  # noqa: PLC0415

    if to.startswith(SERVER):
        return engine_at(to)
    return engine_of(Path(to), settings_of(Path(to)))


def _next(to: str) -> str:
    if to.startswith(SERVER):
        return _("write the dsn into central.toml in the folder, put central.db aside, and start the server")
    return _("put the keys (*.key) beside it, and start the server on that folder")
