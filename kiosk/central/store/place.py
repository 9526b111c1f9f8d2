"""Which database a folder has: its own file, or the server that its settings name."""

from __future__ import annotations

from contextlib import closing
from datetime import tzinfo
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kiosk.central.addresses import Addresses, FeedSettings, MapSettings
from kiosk.central.alarms.settings import AlarmSettings
from kiosk.central.identity import OidcSettings, ProviderSettings
from kiosk.central.printing.settings import PrintSettings
from kiosk.central.retention import Retention
from kiosk.central.store.engine import Engine, StoreFailed, Trouble
from kiosk.central.store.sqlite import FILE, Sqlite
from kiosk.central.voices.calendar import Calendar
from kiosk.central.zone import USUAL, zone_named
from kiosk.settings.loading import load_as
from kiosk.settings.table import BadSettings

SETTINGS: Final = "central.toml"


class CentralSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What `central.toml` may say.

    `dsn`: a connection string of libpq's, such as `postgresql://db1,db2/yizhan`; `zone`: of times on pages and in messages.
    """

    dsn: str = ""
    zone: str = USUAL
    addresses: Addresses = Addresses()
    feed: FeedSettings = FeedSettings()
    retention: Retention = Retention()
    alarms: AlarmSettings = AlarmSettings()
    oidc: OidcSettings | None = None
    pass_login: ProviderSettings | None = None
    printed: PrintSettings = PrintSettings()
    calendar: Calendar = Calendar()
    map: MapSettings = MapSettings()

    def __post_init__(self) -> None:
        if self.pass_login and not self.addresses.passes:
            raise ValueError("pass_login: there is no page to log in to: passes of [addresses] is missing")
        zone_named(self.zone)

    @property
    def tells_in(self) -> tzinfo:
        """The zone itself."""
        return zone_named(self.zone)

    @property
    def alarm_rules(self) -> AlarmSettings:
        """Those of the alarms, with their zone."""
        return replace(self.alarms, zone=self.alarms.zone or self.zone)


def holds_one(folder: Path) -> bool:
    """Whether there is a central server's database."""
    return (folder / FILE).exists() or bool(settings_of(folder).dsn)


def settings_of(folder: Path) -> CentralSettings:
    """What the folder's `central.toml` says. Raises StoreFailed."""
    path = folder / SETTINGS
    if not path.exists():
        return CentralSettings()
    try:
        return load_as(path, CentralSettings)
    except BadSettings as error:
        raise StoreFailed(Trouble.MISSET, str(error)) from error


def engine_of(folder: Path, settings: CentralSettings) -> Engine:
    """Raises StoreFailed."""
    return engine_at(settings.dsn) if settings.dsn else Sqlite(folder)


def engine_at(dsn: str) -> Engine:
    """The PostgreSQL server of a connection string. Raises StoreFailed."""
    try:
        from kiosk.central.store.postgres import Postgres  # noqa: PLC0415  only who has named a server needs its library
    except ImportError as error:
        words = f"{SETTINGS}: dsn needs psycopg: pip install 'yizhan-kiosk[central]'"
        raise StoreFailed(Trouble.MISSET, words) from error
    return Postgres(dsn)


def has_tables(folder: Path) -> bool:
    """Whether there is a central server's database; nothing is made. Raises StoreFailed."""
    if not holds_one(folder):
        return False
    settings = settings_of(folder)
    if not settings.dsn:
        return True
    with closing(engine_of(folder, settings)) as engine:
        return engine.one(f"SELECT 1 FROM {engine.words.tables} WHERE name = ?", ("documents",)) is not None
