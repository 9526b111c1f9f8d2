"""The server's database is put back from a backup: stations are ahead of it, and nothing of theirs is lost or doubled."""

from __future__ import annotations

import shutil
import tomllib
from contextlib import closing
from pathlib import Path
from time import time

import psycopg
import pytest
import requests
from psycopg.conninfo import conninfo_to_dict

from kiosk.central.issuer import DAY, GATHERS, MOST_SILENT
from kiosk.central.store import CentralStore
from kiosk.central.store.logs import GapFound
from kiosk.demo.founding import founded
from kiosk.trust.policy import PolicyDocument
from kiosk.trust.status import Status
from tests.databases import Cluster
from tests.programs.house import House
from tests.programs.office import NOW, Office
from tests.programs.test_central_bounds import CODES, DOCUMENTS, batch, bearer, running
from tests.programs.test_gathering import listed

CODE = CODES[0]


@pytest.fixture
def office(office: Office) -> Office:
    for number in range(4):
        office.store.add_credential(f"holder {number}")
    return office


def copied(folder: Path, into: Path) -> None:
    """The folder with its database, which nobody has open."""
    shutil.copytree(folder, into)
    if (settings := folder / "central.toml").exists():
        dsn = tomllib.loads(settings.read_text())["dsn"]
        parts = conninfo_to_dict(dsn)
        cluster = Cluster(int(str(parts["port"])))
        with psycopg.connect(cluster.dsn("postgres"), autocommit=True) as connection:
            name = f"{parts['dbname']}_backup"
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {parts['dbname']}".encode())
        (into / "central.toml").write_text(f'dsn = "{cluster.dsn(name)}"\n')


def again(office: Office, folder: Path) -> Office:
    """Whoever worked with that folder works with this one."""
    office.store.close()
    office.folder, office.store = folder, CentralStore(folder)
    office.issuer = office.open()
    return office


def test_stations_that_are_ahead_of_a_restored_backup_lose_nothing_and_obey_it(office: Office, tmp_path: Path) -> None:
    backup, original = tmp_path / "backup", office.folder
    office.store.take(CODE, "access", batch(1, 5), office.now)
    office.issuer.set_status(1, Status.REVOKED)
    office.store.close()
    copied(original, backup)
    again(office, original)

    office.now += 3600
    office.store.take(CODE, "access", batch(6, 3), office.now)
    office.issuer.set_status(2, Status.REVOKED)
    assert office.issuer.publish_gathered()
    office.issuer.publish_policy(PolicyDocument(1, 0))
    said = {**office.versions(), "command": office.command()}

    again(office, backup)
    office.now += 60
    assert office.issuer.publish_gathered(GATHERS), "what had gathered then"
    office.issuer.hear(CODE, said)
    assert {f"{kind}_ahead" for kind in ("policy", "command")} <= office.alarms()
    office.issuer.publish_policy(PolicyDocument(1, 0))
    assert office.command() > said["command"]
    assert all(office.versions()[kind] > said[kind] for kind in ("status", "policy", "command"))
    assert listed(office.store) == {1: Status.REVOKED}, "what came since must be repeated, as the alarm says"
    with pytest.raises(GapFound) as wanted:
        office.store.take(CODE, "access", batch(9), office.now)
    assert wanted.value.expected == 6
    assert office.store.take(CODE, "access", batch(6, 4), office.now)[0] == 9
    assert [seq for _epoch, _stream, seq in office.store.numbers(CODE)] == [*range(1, 10)]
    assert "two_stations" not in office.alarms()


def test_a_server_whose_clock_is_far_ahead_at_its_start_serves_and_signs_nothing_until_it_is_trusted(
    central_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if its newest document were of long ago; commands of the command line are told the same."""
    then = time() - MOST_SILENT - DAY
    with closing(CentralStore(central_folder)) as store:
        founded(central_folder, store)
        for kind, (version, body) in store.documents().items():
            store.put_document(kind, version - MOST_SILENT - DAY, body, then)
        before = store.versions()
    house, data = House(tmp_path / "house"), ("--data", str(central_folder))
    with running(central_folder, monkeypatch) as server:

        def found(nonce: str) -> int:
            url = f"{server.url}{DOCUMENTS}?nonce={nonce}"
            return len(requests.get(url, headers=bearer(), timeout=30).json()["documents"])

        assert found("n") == 2, "the keyset and the list; no time"
        assert server.store.versions() == before
        assert {"clock_ahead", "cannot_sign"} <= {alarm.what for alarm in server.store.alarms()}
        refused = house.kiosk("central", "command", CODE, "report", *data)
        assert (refused.returncode, "kiosk central clock --trust" in refused.stderr) == (1, True)
        assert house.kiosk("central", "clock", "--trust", *data).returncode == 0
        assert found("n") == 3


def test_a_server_whose_clock_is_a_day_behind_at_its_start_says_so_and_goes_on_from_its_last_number(
    office: Office,
) -> None:
    office.now -= DAY
    office.open().publish_status()
    assert office.versions()["status"] == NOW + 1, "beyond its last document, and not by this clock"
    assert "clock_behind" in office.alarms()
