"""The central server's store: stations, claims, credentials, documents, alarms, and the entries, each once.

A folder has its database in `central.db`, or names a PostgreSQL server in `central.toml`; nobody above knows which.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kiosk.central.store.accounts import Accounts
from kiosk.central.store.audit import Audit
from kiosk.central.store.clients import Clients
from kiosk.central.store.days import Days
from kiosk.central.store.documents import Documents
from kiosk.central.store.entries import Entries
from kiosk.central.store.highest import Highest
from kiosk.central.store.keys import Keys
from kiosk.central.store.logs import Logs
from kiosk.central.store.migrations import migrate
from kiosk.central.store.people import People
from kiosk.central.store.pictures import Pictures
from kiosk.central.store.place import engine_of, settings_of
from kiosk.central.store.proposals import Proposals
from kiosk.central.store.purge import Purge
from kiosk.central.store.registers import Registers
from kiosk.central.store.services import Services
from kiosk.central.store.sessions import Sessions
from kiosk.central.store.sheets import Sheets


class CentralStore(
    Logs,
    Entries,
    Documents,
    Keys,
    Services,
    Pictures,
    Registers,
    Sheets,
    People,
    Proposals,
    Purge,
    Days,
    Accounts,
    Sessions,
    Clients,
    Audit,
):
    """The whole store. Every method is a transaction of its own, or a part of the one that its caller has begun.

    Each raises StoreFailed, and may be called from any thread.
    """

    def __init__(self, folder: Path) -> None:
        settings = settings_of(folder)
        self.retention, self.alarm_rules = settings.retention, settings.alarm_rules
        self.folder, self.calendar = folder, settings.calendar
        self.oidc, self.pass_login = settings.oidc, settings.pass_login
        self.addresses, self.feed, self.map = settings.addresses, settings.feed, settings.map
        self._engine = engine_of(folder, settings)
        self.printed, self.zone = settings.printed, settings.tells_in
        self._numbers, self._doors = {}, {}
        self._highest = Highest(folder)
        migrate(self._engine)

    def close(self) -> None:
        """Close the database."""
        self._engine.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and nobody else publishes meanwhile, also no other process."""
        with self._engine.transaction():
            yield

    def stirred(self, within: float) -> bool:
        """Whether something may have been published since it was asked last; it may wait for it for that many seconds."""
        return self._engine.stirred(within)

    def leave_hung(self) -> None:
        """Whoever waits for a database server that another one has replaced is told so; called every few seconds."""
        self._engine.leave_hung()

    def wipe(self) -> None:
        """What was deleted is not to be found in the database's files either, as far as that is in its own hands."""
        self._engine.wipe()

    def runs_jobs(self) -> bool:
        """Whether this process is the one that runs the jobs, which it is from then on until it ends."""
        return self._engine.session_lock()
