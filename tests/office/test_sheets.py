"""The form of a station's sheet: what it says is kept and audited, all that is wrong stands beside its field."""

from __future__ import annotations

import io
from time import time

from PIL import Image

from kiosk.central.scope import EVERYWHERE
from kiosk.central.sheets import EMPTY, Sheet
from kiosk.central.store.registers import Registered
from tests.office.clerks import Clerk, Office
from tests.test_photos import located

CODE, PAGE = "37081101", "/stations/37081101/sheet"
FIELDS = {
    "name": "湖边驿站", "name_en": "Lake", "address": "济宁市任城区", "latitude": "35.4", "longitude": "116.6", "area": "20",
    "has_fridge": "yes", "medicine_box": "yes", "notice_board": "no", "hours": "mon-fri 06:00-22:00", "attended": "yes",
}  # fmt: skip


def sent(clerk: Clerk, picture: bytes = b"", **fields: str) -> int:
    files = {"photo": ("a.jpg", picture)}
    form = {"csrf": clerk.csrf(PAGE), **fields}
    answer = clerk.session.post(f"{clerk.url}/office{PAGE}", form, files=files, allow_redirects=False, timeout=30)
    return answer.status_code


def test_a_steward_writes_the_sheet_and_the_audit_says_so(office: Office) -> None:
    office.store.add_stations([Registered(CODE)], time())
    clerk = office.hire("sheets.steward", "steward", "3708")
    assert "Nobody has said yet" in clerk.reads(PAGE)
    assert sent(clerk, located(), **FIELDS, reason="new fridge") == 303
    sheet = office.store.sheet(CODE)
    assert sheet == Sheet(
        "Lake", 20.0, ("fridge",), True, False, ("mon-fri 06:00-22:00",), attended=True, photo=sheet.photo
    )
    (line,) = office.store.register(EVERYWHERE, CODE)
    assert (line.name, line.address) == ("湖边驿站", "济宁市任城区")
    raw = clerk.get(f"/stations/{CODE}/photo").content
    assert b"C4N4RY" not in raw
    assert Image.open(io.BytesIO(raw)).size == (640, 1280)
    (act,) = office.store.acts(EVERYWHERE, about=CODE)
    assert (act.account, act.what, act.reason) == ("sheets.steward", "sheet changed", "new fridge")
    assert "Missing of what the standard asks for" in clerk.reads(PAGE)
    assert sent(clerk, b"", **{**FIELDS, "area": "", "has_fridge": "", "no_photo": "yes"}) == 303
    assert (office.store.sheet(CODE).area, office.store.sheet(CODE).facilities) == (None, ())
    assert clerk.get(f"/stations/{CODE}/photo").status_code == 404


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_kept(office: Office) -> None:
    office.store.add_stations([Registered(CODE)], time())
    before = office.store.sheet(CODE)
    clerk = office.hire("sheets.wrong", "administrator")
    answer = clerk.session.post(
        f"{clerk.url}/office{PAGE}",
        {"csrf": clerk.csrf(PAGE), **FIELDS, "area": "huge", "hours": "noon", "latitude": "1"},
        files={"photo": ("a.jpg", b"no photograph")},
        timeout=30,
    )
    assert answer.status_code == 422
    for name in ("area", "hours", "latitude", "photo"):
        assert f'href="#{name}"' in answer.text, name
    assert 'value="Lake"' in answer.text
    assert office.store.sheet(CODE) == before


def test_only_public_stations_of_ones_own_have_a_sheet(office: Office) -> None:
    office.store.add_stations([Registered("TEST"), Registered(CODE)], time())
    clerk = office.hire("sheets.elsewhere", "steward", "99")
    assert clerk.get(PAGE).status_code == 404
    assert office.hire("sheets.all", "steward").get("/stations/TEST/sheet").status_code == 404
    assert office.store.sheet("37081199") == EMPTY
