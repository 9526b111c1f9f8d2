"""Sheets: what the standard asks for and is not there; files that are judged cell by cell; the verbs that take them in."""

from __future__ import annotations

import io
import json
from contextlib import closing
from pathlib import Path
from time import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from kiosk.central.scope import EVERYWHERE
from kiosk.central.sheet_file import COLUMNS, cells_of, read_cells, read_hours, read_sheets
from kiosk.central.sheets import EMPTY, FACILITIES, Sheet, missing, unsaid
from kiosk.central.store import CentralStore
from kiosk.central.store.registers import Registered
from kiosk.demo.founding import founded
from kiosk.opening import DAYS
from tests.programs.test_register import verb
from tests.test_photos import located

CODES = ["37081101", "37081102"]
WHOLE = Sheet(
    "Lake", 20.0, ("fridge", "microwave"), True, False, ("mon-fri 06:00-22:00", "daily 08:00-09:00"), attended=True,
    photo="0" * 64,
)  # fmt: skip


def test_what_the_standard_asks_for_is_missing_or_not_known() -> None:
    assert [*missing(EMPTY)] == []
    assert len([*unsaid(EMPTY)]) == 4
    assert len([*missing(WHOLE)]) == len(FACILITIES) - 2 + 1
    assert [*unsaid(WHOLE)] == []
    assert [*missing(Sheet(area=8.0))] == ["8 m² and not 12"]
    assert [*missing(Sheet(area=12.0, facilities=FACILITIES, medicine_box=True, notice_board=True))] == []


def file_of(*rows: str) -> bytes:
    return ("code,name,area,facilities,medicine_box,hours,latitude,longitude\n" + "\n".join(rows)).encode()


def test_every_wrong_cell_is_told_with_its_line() -> None:
    found = read_sheets(
        file_of(
            "370811015,Lake,20 ㎡,空调 、冰箱,有,全天,35.4,116.6",
            "370811016,,,,,,,",
            "37089999,,,,,,,",
            "37081102,,0,helicopter,perhaps,25:00-26:00,116.6,35.4",
            ",Nobody,,,,,,",
            "37081101,again,,,,,,",
        ),
        {},
        CODES,
    )
    told = [(each.line, each.column) for each in found.wrong]
    assert told == [
        (3, "code"), (4, "code"),
        (5, "area"), (5, "facilities"), (5, "medicine_box"), (5, "hours"), (5, "latitude"),
        (6, "code"), (7, "code"),
    ]  # fmt: skip
    assert found.wrong_lines == 5
    assert found.sheets == {
        "37081101": Sheet(
            area=20.0, facilities=("air_conditioner", "fridge"), medicine_box=True, hours=("daily 00:00-24:00",)
        )
    }
    assert found.places["37081101"] == Registered("37081101", "Lake", "", "35.4", "116.6")


def test_an_empty_cell_leaves_what_is_known_and_an_xlsx_is_read_alike() -> None:
    book = Workbook()
    page = book.create_sheet(index=0)
    page.append(["编号", "面积", "设施", "公告栏"])
    page.append([37081101, 15.5, None, "无"])
    out = io.BytesIO()
    book.save(out)
    found = read_sheets(out.getvalue(), {"37081101": WHOLE}, CODES)
    assert found.wrong == []
    (sheet,) = found.sheets.values()
    assert (sheet.area, sheet.facilities, sheet.notice_board) == (15.5, WHOLE.facilities, False)
    assert (sheet.name_en, sheet.photo, sheet.hours) == (WHOLE.name_en, WHOLE.photo, WHOLE.hours)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("24/7", ("daily 00:00-24:00",)),
        ("06:00-22:00", ("daily 06:00-22:00",)),
        ("mon-fri 06:00-22:00；sat,sun 08:00-20:00", ("mon-fri 06:00-22:00", "sat,sun 08:00-20:00")),
        ("mon 06:00-22:00\r\n\r\ntue 07:00-08:00", ("mon 06:00-22:00", "tue 07:00-08:00")),
    ],
)
def test_hours_are_taken_as_people_write_them(text: str, hours: tuple[str, ...]) -> None:
    assert read_hours(text) == hours


def test_hours_of_any_length_are_not_looked_at() -> None:
    """To look for their ends takes a time that grows with the square of the blanks between them."""
    with pytest.raises(ValueError, match="are more than 8 lines"):
        read_hours("06:00-22:00;" + " " * 2000 + "mon 06:00-22:00")


SHEETS = st.builds(
    Sheet,
    name_en=st.from_regex("[A-Za-z ]{0,20}", fullmatch=True).map(str.strip),
    area=st.none() | st.integers(1, 20000).map(lambda value: value / 2),
    facilities=st.none()
    | st.sets(st.sampled_from(FACILITIES)).map(lambda had: tuple(f for f in FACILITIES if f in had)),
    medicine_box=st.none() | st.booleans(),
    notice_board=st.none() | st.booleans(),
    hours=st.lists(st.sampled_from(DAYS).map(lambda day: f"{day} 06:00-22:00"), max_size=3).map(tuple),
    attended=st.booleans(),
    wheels=st.booleans(),
)


@settings(max_examples=40)
@given(SHEETS)
def test_a_sheet_as_cells_means_the_same_sheet(sheet: Sheet) -> None:
    cells = cells_of(Registered("37081101", "a", "b", "35.4", "116.6"), sheet)
    assert cells.keys() == COLUMNS.keys()
    values, wrong = read_cells({name: text for name, text in cells.items() if text})
    assert wrong == {}
    place = {"code": "37081101", "name": "a", "address": "b", "latitude": "35.4", "longitude": "116.6"}
    assert Sheet(**{name: value for name, value in values.items() if name not in place}) == sheet


def test_the_verbs_take_in_show_and_give_back(central_folder: Path, tmp_path: Path) -> None:
    folder = central_folder
    with closing(CentralStore(folder)) as store:
        founded(folder, store)
        store.add_stations([Registered(code, "湖边驿站") for code in CODES], time())
    bad, good, out, picture = (tmp_path / name for name in ("bad.csv", "good.csv", "out.csv", "a.jpg"))
    bad.write_bytes(file_of("37081101,,huge,,,,,", "37081102,,20,,,,,"))
    good.write_bytes(file_of("370811015,,20,fridge,yes,24/7,35.4,116.6"))
    picture.write_bytes(located())
    refused = verb(folder, "sheet", "import", str(bad))
    assert refused.exit_code == 2
    assert "bad.csv:2: area" in refused.output
    assert "1 sheets were taken in; 1 lines" in verb(folder, "sheet", "import", str(bad), "--only-right").output
    assert "nothing was taken in" in verb(folder, "sheet", "import", str(good), "--dry-run").output
    assert verb(folder, "sheet", "import", str(good)).exit_code == 0
    assert verb(folder, "sheet", "photo", "37081101", str(picture)).exit_code == 0
    assert verb(folder, "sheet", "photo", "37081101", str(good)).exit_code == 2
    shown = json.loads(verb(folder, "sheet", "show", "37081101", "--json").output)
    assert (shown["area"], shown["facilities"], shown["hours"]) == ("20", "fridge", "daily 00:00-24:00")
    assert "missing: " in verb(folder, "sheet", "show", "37081101").output
    assert "2 stations" in verb(folder, "sheet", "export", "--out", str(out)).output
    assert verb(folder, "sheet", "import", str(out)).exit_code == 0, "what went out comes in"
    with closing(CentralStore(folder)) as store:
        sheets = store.sheets()
        assert sheets["37081102"] == Sheet(area=20.0)
        assert store.photo(sheets["37081101"].photo)
        assert {each.what for each in store.acts(EVERYWHERE)} >= {"sheets taken in", "photograph changed"}


def test_a_picture_that_no_sheet_has_any_longer_goes(central_folder: Path) -> None:
    with closing(CentralStore(central_folder)) as store:
        with store.transaction():
            name = store.put_photo(b"picture", 1.0)
            store.put_sheets(dict.fromkeys(CODES, Sheet(photo=name)), "@test", 1.0)
        store.put_sheets({CODES[0]: EMPTY}, "@test", 2.0)
        assert store.photo(name) == b"picture", "another has it still"
        store.put_sheets({CODES[1]: EMPTY}, "@test", 3.0)
        assert store.photo(name) is None
