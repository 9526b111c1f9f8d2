"""The folder of a central server, which its verbs share."""

from __future__ import annotations

import getpass
import math
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, assert_never

import click

from kiosk.central.refusals import CannotSign
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store.engine import StoreFailed, Trouble
from kiosk.cli.common import fail
from kiosk.cli.files import why_not
from kiosk.foreign import visible
from kiosk.language import _
from kiosk.loops import Loops

if TYPE_CHECKING:
    from kiosk.central.issuer import Issuer
    from kiosk.central.passes import By
    from kiosk.central.store import CentralStore
    from kiosk.central.store.sightings import StationLine

MOST_SHOWN: Final = 40

LEAVE_EVERY: Final = 2.0
"""Seconds between two looks for a database server that hangs."""

folder_option = click.option(
    "--data", "folder", type=click.Path(path_type=Path, file_okay=False), default="central-data", show_default=True
)


INDEX = click.IntRange(1, 2**32 - 1)
"""Of a credential, as a pass can name one."""


class Words(click.ParamType[str]):
    """Text of a form; what is no Unicode on the command line is none."""

    name = "text"

    def __init__(self, form: str, wrong: Callable[[], str]) -> None:
        self._form, self._wrong = form, wrong

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text as it is."""
        if not re.fullmatch(self._form, value):
            self.fail(_("{text}: {wrong}", text=value[:MOST_SHOWN], wrong=self._wrong()), param, ctx)
        return str(value)


STATION = Words("[0-9A-Za-z]{4,12}", lambda: _("is no station's code, which is 4 to 12 letters and digits"))
SCOPE = Words("[0-9A-Za-z]{0,12}", lambda: _("is no beginning of a station's code"))
NAME = Words("[^\ud800-\udfff]{0,200}", lambda: _("is too long, or no Unicode"))
TEXT = Words("[^\ud800-\udfff\0-\x1f]{0,200}", lambda: _("is too long, or no Unicode"))


def opened(folder: Path, *, renew: bool = True) -> tuple[CentralStore, Issuer]:
    """The folder's store and issuer. Raises CannotSign."""
    from kiosk.central.issuer import Issuer  # noqa: PLC0415
    from kiosk.central.keys.making import existing_store  # noqa: PLC0415

    store = _until_the_end(existing_store(folder))
    return store, Issuer(folder, store, renew=renew)


def looked_into(folder: Path) -> CentralStore:
    """The folder's store, for who only looks: nothing is made, renewed or published. Raises NotMade."""
    from kiosk.central.keys.making import existing_store  # noqa: PLC0415

    return _until_the_end(existing_store(folder))


def _until_the_end(store: CentralStore) -> CentralStore:
    """The store, until the verb ends; it waits for no database server that another has replaced."""
    context, loops = click.get_current_context(), Loops()

    def leave() -> None:
        with suppress(StoreFailed):  # no other is there
            store.leave_hung()
        loops.stop.wait(LEAVE_EVERY)

    context.call_on_close(store.close)
    context.call_on_close(loops.stop.set)
    loops.start("hung", leave, math.inf)
    return store


def fingerprints(folder: Path, store: CentralStore) -> Callable[[str, bytes], str]:
    """What gives the six words of a station's code and key. Raises CannotSign."""
    from kiosk.central.issuer import Issuer  # noqa: PLC0415
    from kiosk.trust.fingerprint import fingerprint  # noqa: PLC0415

    root = Issuer(folder, store, renew=False).root_public
    return lambda code, key: fingerprint(code, key, root)


def known_or_exit(store: CentralStore, station: str) -> StationLine:
    """The station's line of the register; exit code 1 where it has none."""
    found = store.register(EVERYWHERE, station)
    if not found:
        fail(_("There is no station {station}. Next: kiosk central stations", station=station))
    return found[0]


def list_published(store: CentralStore, issuer: Issuer) -> int | None:
    """The version of the status list that says what was changed; None where the server that runs here will publish it."""
    from kiosk.central.jobs import publish_unless_served  # noqa: PLC0415

    return store.versions()["status"] if publish_unless_served(store, issuer) else None


def list_said(version: int | None) -> str:
    """When stations get that list."""
    if version is None:
        return _("the server publishes the status list within 10 s")
    return _("status list {version} is published", version=version)


@contextmanager
def said_plainly() -> Iterator[None]:
    """What keeps the central server's folder from being used ends the verb with exit code 1 and the next command."""
    try:
        yield
    except CannotSign as error:
        fail(str(error))
    except StoreFailed as error:
        fail(_("the database cannot be used: {why}\n{remedy}", why=error, remedy=_remedy(error.trouble)))
    except BrokenPipeError:  # whoever reads our words has heard enough
        raise
    except OSError as error:
        fail(_("{file}: {wrong}", file=error.filename or _("the central server's folder"), wrong=why_not(error)))


def _remedy(trouble: Trouble) -> str:
    """What to do about a database that cannot be used."""
    match trouble:
        case Trouble.BUSY:
            return _("Another program is writing to it. Next: try again; to see who: fuser -v central.db")
        case Trouble.DAMAGED:
            return _(
                "It is damaged. Next: stop the server, put central.db back from a backup (without its -wal and -shm), start "
                "it, and look at: kiosk central alarms"
            )
        case Trouble.AWAY:
            return _("Next: see whether the PostgreSQL server of central.toml answers: pg_isready -d DSN")
        case Trouble.MISSET:
            return _("Next: mend central.toml, or what the account of its dsn may do in its database")
        case Trouble.REFUSED | Trouble.OTHER:
            return _(
                "Next: see whether this account may write there, and whether the disk is full: ls -l central.db*; df -h ."
            )
        case _:
            assert_never(trouble)


def at_the_server() -> str:
    """Who types here, as the audit names them: no account of the office has such a name."""
    return f"@{visible(os.environ.get('SUDO_USER') or getpass.getuser())}"


def by(reason: str) -> By:
    """Whoever types here, and why."""
    from kiosk.central.passes import By  # noqa: PLC0415

    return By(at_the_server(), reason.strip())


def acted(store: CentralStore, what: str, about: str, scope: str = "", reason: str = "") -> None:
    """Write into the audit what somebody does here, within the transaction in which it is done."""
    from kiosk.central.store.audit import Act  # noqa: PLC0415

    store.acted(Act(at_the_server(), what, about, scope, reason), time.time())
