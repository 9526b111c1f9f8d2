"""A central server's folder, and whoever signs there, by a clock that a test sets."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from kiosk.central.issuer import Issuer
from kiosk.central.store import CentralStore
from kiosk.central.store.sqlite import Sqlite
from kiosk.demo.founding import founded, renew_keys
from kiosk.trust.documents import CommandDocument
from kiosk.trust.keyset import Use

NOW = 1_795_392_000
CODE = "37081101"


def sqlite_of(store: CentralStore) -> sqlite3.Connection:
    assert isinstance(store._engine, Sqlite)
    return store._engine.db


def rows_read(store: CentralStore, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """With how many rows each question is answered from now on."""
    counts, asked = list[int](), store._engine.all

    def counted(*words: Any) -> list[Any]:
        rows = asked(*words)
        counts.append(len(rows))
        return rows

    monkeypatch.setattr(store._engine, "all", counted)
    return counts


class Office:
    """A central server's folder and a clock that somebody sets."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now = folder, float(NOW)
        self.store = CentralStore(folder)
        self.issuer = self.open()

    def open(self, store: CentralStore | None = None) -> Issuer:
        return founded(self.folder, store or self.store, lambda: self.now)

    def renew_keys(self, compromised: Use | None = None) -> None:
        renew_keys(self.folder, self.store, lambda: self.now, compromised)

    def versions(self) -> dict[str, int]:
        return self.store.versions(CODE)

    def command(self) -> int:
        return self.issuer.command(CommandDocument(1, "x", CODE, "report", 0, 0), 300).version

    def alarms(self) -> set[str]:
        return {alarm.what for alarm in self.store.alarms()}
