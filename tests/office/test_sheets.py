"""The form of a station's sheet: what it says is kept and audited, all that is wrong stands beside its field."""

from __future__ import annotations

import html
import io
from time import time

import requests
from PIL import Image

from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.central.sheets import EMPTY, Sheet
from kiosk.central.store.registers import Registered
from tests.office.clerks import Clerk, Office, words
from tests.test_photos import located

CODE, PAGE = "37081101", "/stations/37081101/sheet"
FIELDS = {
    "name": "湖边驿站", "name_en": "Lake", "address": "济宁市任城区", "latitude": "35.4", "longitude": "116.6", "area": "20",
    "has_fridge": "yes", "medicine_box": "yes", "notice_board": "no", "hours": "mon-fri 06:00-22:00", "attended": "yes",
}  # fmt: skip


def seen(answer: requests.Response) -> str:
    """What the form remembers of the sheet as it was."""
    return html.unescape(answer.text.split('name="seen" value="')[1].split('"')[0])


def answered(clerk: Clerk, picture: bytes = b"", **fields: str) -> requests.Response:
    """To a form that was opened just now, or with `seen`, then."""
    form = {"csrf": clerk.csrf(PAGE), "seen": seen(clerk.get(PAGE)), **fields}
    return clerk.session.post(
        f"{clerk.url}/office{PAGE}", form, files={"photo": ("a.jpg", picture)}, allow_redirects=False, timeout=30
    )


def sent(clerk: Clerk, picture: bytes = b"", **fields: str) -> int:
    return answered(clerk, picture, **fields).status_code


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
        {"csrf": clerk.csrf(PAGE), "seen": "{}", **FIELDS, "area": "huge", "hours": "noon", "latitude": "1"},
        files={"photo": ("a.jpg", b"no photograph")},
        timeout=30,
    )
    assert answer.status_code == 422
    for name in ("area", "hours", "latitude", "photo"):
        assert f'href="#{name}"' in answer.text, name
    assert 'value="Lake"' in answer.text
    assert office.store.sheet(CODE) == before


def test_of_two_at_once_the_second_is_told_what_the_first_has_changed(office: Office) -> None:
    office.store.add_stations([Registered(CODE)], time())
    office.store.put_sheets({CODE: Sheet(area=10.0)}, "li", time())
    first, second = (office.hire(f"sheets.{name}", "steward", "3708") for name in ("first", "second"))
    opened = seen(second.get(PAGE))
    assert sent(first, located(), **{**FIELDS, "name": "<b>湖边</b>", "area": "30"}) == 303
    kept = office.store.sheet(CODE)
    answer = answered(second, b"", **FIELDS, seen=opened)
    assert (answer.status_code, office.store.sheet(CODE)) == (409, kept)
    told = words(answer)
    assert "Area in square metres 10 30 20" in told
    assert "<b>湖边</b> 湖边驿站" in told
    assert f"Photograph – {kept.photo[:8]}" in told
    assert "Facilities – fridge fridge" in told
    assert "<b>" not in answer.text
    assert 'value="20"' in answer.text, "what was typed is not lost"
    assert answered(second, b"", **FIELDS, seen=seen(answer)).status_code == 303
    assert office.store.sheet(CODE).area == 20.0
    assert office.store.sheet(CODE).photo == kept.photo, "the other's picture stays"
    assert "sheets.first" in second.reads(PAGE)


def test_a_form_that_no_page_of_ours_has_made_changes_nothing(office: Office) -> None:
    office.store.add_stations([Registered(CODE)], time())
    before = office.store.sheet(CODE)
    clerk = office.hire("sheets.forger", "steward")
    for forged in ("", "{", "[]", '{"area": 1}', '{"name": "x"}'):
        assert sent(clerk, b"", **FIELDS, seen=forged) == 409, forged
    assert office.store.sheet(CODE) == before


def test_only_public_stations_of_ones_own_have_a_sheet(office: Office) -> None:
    office.store.add_stations([Registered("TEST"), Registered(CODE)], time())
    clerk = office.hire("sheets.elsewhere", "steward", "99")
    assert clerk.get(PAGE).status_code == 404
    assert office.hire("sheets.all", "steward").get("/stations/TEST/sheet").status_code == 404
    assert office.store.sheet("37081199") == EMPTY


# A file of sheets.


def brought(clerk: Clerk, data: bytes, name: str = "sheets.csv", **fields: str) -> requests.Response:
    form = {"csrf": clerk.csrf("/sheets"), **fields}
    files = {"file": (name, data)}
    return clerk.session.post(f"{clerk.url}/office/sheets", form, files=files, allow_redirects=False, timeout=30)


ROWS = "编号,名称,面积,设施\n37081201,一号,20,空调\n37081202,=二号,huge,sauna\n37011201,别处,20,空调\n"


def test_every_wrong_line_is_told_and_the_right_ones_are_taken_when_somebody_says_so(office: Office) -> None:
    office.store.add_stations([Registered(code) for code in ("37081201", "37081202", "37011201")], time())
    clerk = office.hire("sheets.bringer", "steward", "3708")
    answer = brought(clerk, ROWS.encode("gbk"))
    assert answer.status_code == 422
    for line in (
        "3: 面积: is no area",
        "3: 设施: no such facility: sauna",
        "4: 编号: 37011201: no station of the register",
    ):
        assert line in words(answer).replace("area:", "面积:").replace("facilities:", "设施:").replace("code:", "编号:")
    assert "1 lines are right" in words(answer)
    assert office.store.sheet("37081201") == EMPTY
    assert "would take in 1" in words(
        brought(clerk, ROWS.splitlines(keepends=True)[0].encode() + b"37081201,x,9,\n", do="check")
    )
    assert office.store.sheet("37081201") == EMPTY
    answer = brought(clerk, ROWS.encode(), only_right="yes", reason="the list of May")
    assert "1 sheets were taken in; 2 lines were left out" in words(answer)
    assert office.store.sheet("37081201") == Sheet(area=20.0, facilities=("air_conditioner",))
    (act, *_older) = office.store.acts(Scope("3708"), about="1")
    assert (act.what, act.account, act.reason) == ("sheets taken in", "sheets.bringer", "the list of May")


def test_what_is_taken_along_can_be_taken_in_again_and_holds_no_formula(office: Office) -> None:
    office.store.add_stations([Registered("37081301", "=1+1", "街", "35.4", "116.6")], time())
    clerk = office.hire("sheets.taker", "steward", "370813")
    file = clerk.get("/sheets.csv")
    assert "'=1+1" in file.content.decode("utf-8-sig")
    assert brought(clerk, file.content).status_code == 200
    assert office.store.places(Scope("37081301"))["37081301"].given == "35.4, 116.6"


def test_no_file_and_what_is_none_are_told(office: Office) -> None:
    clerk = office.hire("sheets.none", "steward")
    assert "Choose a file" in words(brought(clerk, b""))
    answer = brought(clerk, b"PK\x03\x04 no workbook", "sheets.xlsx")
    assert answer.status_code == 422
    assert "Nothing was taken in" in words(answer)
