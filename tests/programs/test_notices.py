"""A notice the whole way: published by the command line, fetched by sync, held by the station, shown, and withdrawn."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from time import time

import pytest

from kiosk.central.issuer import Issuer
from kiosk.central.store import CentralStore
from kiosk.logbook.services import FILE
from kiosk.trust.service import ServiceDocument
from kiosk.wire.views import NoticeView
from tests.programs.house import until
from tests.programs.town import Town

URGENT = 'id = "rain"\nstation = "3708"\nends = 2199-01-01T00:00:00+08:00\nurgent = true\n[texts]\nzh = "暴雨"\nen = "Rain"\n'
MANY = 20
"""More than one answer holds."""


def publish_many(town: Town) -> None:
    with closing(CentralStore(town.central)) as store:
        issuer = Issuer(town.central, store)
        for number in range(MANY):
            head = ServiceDocument(1, f"n{number}", "notice", 0, 0, int(time()) + 86_400, "37")
            issuer.publish_service(head, {"texts": {"zh": f"{number}"}})
        issuer.publish_service(ServiceDocument(1, "elsewhere", "notice", 0, 0, 2**39, "36"), {"texts": {"zh": "x"}})


@pytest.mark.slow
def test_notices_come_are_shown_stay_without_a_server_and_go(tmp_path: Path) -> None:
    town = Town(tmp_path)
    view = town.house.view
    with town.server():
        town.enrol(town.port)
        publish_many(town)
        with town.house.station(), town.house.program("sync"):
            until(lambda: view().services == {"notice": MANY}, "all of them")
            file = town.house.folder / "rain.toml"
            file.write_text(URGENT, encoding="utf-8")
            done = town.house.kiosk("central", "service", "publish", str(file), "--data", str(town.central))
            assert "it reaches 1 stations" in done.stdout, done.stderr
            until(lambda: view().services == {"notice": MANY + 1}, "the urgent one")
            assert view().notices[:2] == (
                NoticeView({"zh": "暴雨", "en": "Rain"}, urgent=True),
                NoticeView({"zh": "19"}),
            )
            assert "notice 21; 8 notices hold now" in town.house.kiosk("status").stdout
    with town.house.station():
        assert view().services == {"notice": MANY + 1}, "after a restart without a server"
        number = view().documents["service"]
    (town.house.data / FILE).write_bytes(b"rubbish")
    with town.server(), town.house.station():
        assert (view().services, view().documents["service"]) == ({}, 0)
        assert view().faults["services"]
        with town.house.program("sync"):
            until(lambda: view().services == {"notice": MANY + 1}, "all of them anew")
            assert view().documents["service"] == number
            town.house.kiosk("central", "service", "withdraw", "rain", "--data", str(town.central))
            until(lambda: view().services == {"notice": MANY}, "the withdrawal")
            assert NoticeView({"zh": "暴雨", "en": "Rain"}, urgent=True) not in view().notices
