"""What was counted, as people read it: tables, files that no spreadsheet takes for formulas, and the report of a month."""

from __future__ import annotations

import csv
import io
import json
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from kiosk.central.figures import Figures, total
from kiosk.central.numbers.files import FORMULA, csv_of, xlsx_of
from kiosk.central.numbers.measures import MEASURES
from kiosk.central.numbers.period import Period, month, newest
from kiosk.central.numbers.plots import bars
from kiosk.central.numbers.ratings import printed, questions_table, ratings_table
from kiosk.central.numbers.report import page
from kiosk.central.numbers.subject import Subject, subject_of
from kiosk.central.numbers.tables import WAYS, Column, Table, table
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store import CentralStore
from kiosk.central.store.days import DayLine
from kiosk.central.store.registers import Registered
from kiosk.central.voices.ratings import Bundle
from kiosk.demo.founding import founded
from tests.programs.province_of_days import codes, fill
from tests.programs.test_register import verb

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
ONE = Figures(
    granted={"worker": 9, "steward": 1}, again=2, not_taken=2, denied={"expired": 3, "closed": 7}, exits=4,
    hours=(0, 10, *[0] * 22), milliwatt_hours=1_500_000, metered=3600, silent=300, watched=86_400,
)  # fmt: skip
LINES = [
    DayLine("370811", "2026-11-02", ONE),
    DayLine("370812", "2026-11-02", ONE),
    DayLine("370812", "2026-11-03", ONE),
]

SUBJECT = Subject("3708", NOVEMBER, LINES, total(line.figures for line in LINES), {}, 0.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "central-data"
    with closing(CentralStore(made)) as store:
        founded(made, store)
        store.add_stations([Registered(code, f"=cmd|' /C calc'!A{code}") for code in codes(200)], 0.0)
        fill(store, codes(200), NOVEMBER.days[:3])
    return made


def test_each_measure_has_its_denominator() -> None:
    found = {each.key: each.of(ONE) for each in MEASURES}
    assert found == {
        "visits": 8, "visits_per_station_day": 8.0, "refused": 10, "refused_share": 50.0, "exits": 4, "faults": 0,
        "kilowatt_hours": 1.5, "silent_share": pytest.approx(0.347, abs=0.001),
    }  # fmt: skip


def test_where_there_is_nothing_to_divide_by_there_is_no_number() -> None:
    found = {each.key: each.of(Figures()) for each in MEASURES}
    assert {key for key, value in found.items() if value is None} == {
        "visits_per_station_day", "refused_share", "kilowatt_hours", "silent_share",
    }  # fmt: skip


@pytest.mark.parametrize("by", WAYS)
def test_a_table_sums_up_its_rows(by: str) -> None:
    made = table(by, SUBJECT)  # type: ignore[arg-type]
    at = next(number for number, column in enumerate(made.columns) if column.key in {"visits", "count"})
    assert made.sum[at] == sum(row[at] or 0 for row in made.rows if not isinstance(row[at], str)) != 0  # type: ignore[misc]
    assert {len(row) for row in (*made.rows, made.sum)} == {len(made.columns)}


def test_every_day_of_the_period_has_a_line_also_one_on_which_nobody_came() -> None:
    made = table("day", SUBJECT)
    assert [row[0] for row in made.rows] == NOVEMBER.days
    assert [row[1] for row in made.rows[:3]] == [0, 16, 8]


@given(text=st.text(max_size=20) | st.sampled_from([f"{sign}1+1" for sign in FORMULA]))
def test_no_text_of_a_file_is_a_formula(text: str) -> None:
    made = Table("t", (Column("a", text), Column("b", "n", 1)), ((text, -1.5), (text, None)))
    rows = list(csv.reader(io.StringIO(csv_of(made).decode("utf-8-sig"), newline="")))
    assert not any(cell.startswith(FORMULA) for row in rows for cell in row[:1])
    assert [row[1] for row in rows] == ["n", "-1.5", ""], "a number is a number"


def test_a_workbook_has_no_formulas_and_its_numbers_are_numbers() -> None:
    made = Table("a/b: [c]", (Column("a", "=1"), Column("b", "n", 1)), (("=1+1", -1.5), ("@x", None)))
    book = load_workbook(io.BytesIO(xlsx_of([made], Table("about", (Column("a", "a"),), (("+1",),)))))
    assert [[(cell.value, cell.data_type) for cell in row] for row in book.worksheets[1].iter_rows()] == [
        [("=1", "s"), ("n", "s")], [("=1+1", "s"), (-1.5, "n")], [("@x", "s"), (None, "n")],
    ]  # fmt: skip


def test_months() -> None:
    assert month("2028-02") == Period(date(2028, 2, 1), date(2028, 2, 29))
    assert [month(text) for text in ("2026-13", "2026-00", "202-11", "1999-12", "9999-12", "２０２６-11")] == [None] * 6
    assert newest(1_795_449_600.0, 2) == Period(date(2026, 11, 23), date(2026, 11, 24)), (
        "the new day has begun in Beijing"
    )


@given(values=st.lists(st.floats(0, 1e12), max_size=40))
def test_bars_stay_within_their_picture(values: list[float]) -> None:
    drawn = bars(values, [f"<{at}>" for at in range(len(values))], "a & b")
    heights = [float(each.partition('"')[0]) for each in drawn.split('height="')[1:]]
    assert len(heights) == len(values)
    assert all(0 <= height <= 160 for height in heights)
    assert "<0>" not in drawn


def test_a_page_writes_nothing_that_a_name_could_steer(folder: Path) -> None:
    with closing(CentralStore(folder)) as store:
        store.add_stations([Registered("37010101", "<script>alert(1)</script>")], 0.0)
        made = page(subject_of(store, EVERYWHERE, "370101", NOVEMBER, 1_795_449_600.0))
    assert "&lt;script&gt;" in made
    assert "<script" not in made
    assert "2026-11-24T00:00:00+08:00" in made


def test_numbers_of_a_city_by_county(folder: Path) -> None:
    made = verb(folder, "numbers", "3701", "--month", "2026-11", "--by", "place", "--json")
    found = json.loads(made.stdout)
    assert [row["place"] for row in found["rows"]] == [
        "370101",
        "370102",
        "370103",
        "370104",
        "370105",
        "370106",
        "370107",
        "370108",
        "370109",
    ]
    assert found["sum"]["visits"] == sum(row["visits"] for row in found["rows"]) > 0
    told = verb(folder, "numbers", "3701", "--month", "2026-11", "--by", "place").stdout
    assert f"{found['sum']['visits']:,}" in told.splitlines()[-3]
    plain = verb(folder, "numbers", "370101", "--month", "2026-11", "--by", "place", "--csv").stdout
    assert plain.splitlines()[1].startswith("37010101,'=cmd")


def test_a_report_is_a_file(folder: Path, tmp_path: Path) -> None:
    made = verb(folder, "report", "--month", "2026-11", "--prefix", "3701", "--out", str(tmp_path / "r.xlsx"))
    assert made.exit_code == 0, made.output
    book = load_workbook(tmp_path / "r.xlsx")
    assert book.sheetnames == [
        "Definitions",
        "By day",
        "By place",
        "By hour",
        "By class of pass",
        "Refusals by reason",
        "Ratings",
        "Ratings by question",
        "Doctor and medicine",
    ]
    assert book["By day"]["A31"].value == "2026-11-30"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("numbers", "--month", "2026-13"), "is no month"),
        (("numbers", "--month", "lately"), "is no month"),
        (("numbers", "--days", "0"), "range"),
        (("numbers", "37/8"), "is no beginning of a station's code"),
        (("report", "--month", "2026-11", "--out", "r.doc"), "must end in one of .pdf, .xlsx"),
    ],
)
def test_what_cannot_be_meant_is_said(folder: Path, words: tuple[str, ...], told: str) -> None:
    made = verb(folder, *words)
    assert made.exit_code == 2
    assert told in made.output


@pytest.mark.slow
def test_a_report_as_pdf_has_pages_and_plots(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.pdf"
    made = verb(folder, "report", "--month", "2026-11", "--prefix", "3701", "--out", str(out))
    assert made.exit_code == 0, made.output
    assert out.read_bytes().startswith(b"%PDF-")
    assert len(out.read_bytes()) > 20_000


def test_ratings_stand_apart_by_source_and_none_of_a_few_is_a_share() -> None:
    few, many, inside = (
        Bundle("37081101", "phone", "2026-11-23", (20, 9, 0, 0)),
        Bundle("37091101", "phone", "2026-11-23", (30, 9, 3, 2)),
        Bundle("37091101", "desk", "2026-11-23", (10, 30, 0, 10), 5, 500),
    )
    visits = DayLine("3709", "2026-11-24", Figures(granted={"worker": 440}))
    subject = Subject("37", NOVEMBER, [visits], visits.figures, {}, 0.0, 0, [few, many, inside])
    found = ratings_table(subject)
    keys = [each.key for each in found.columns]
    rows = [dict(zip(keys, row, strict=True)) for row in found.rows]
    assert [(each["place"], each["n"], each["asked"]) for each in rows] == [
        ("3708", 29, 0),
        ("3709", 44, 440),
        ("3709", 50, 500),
        ("Together", 73, 440),
        ("Together", 50, 500),
    ]
    assert (rows[0]["share"], rows[0]["low"], rows[0]["response"]) == (None, None, None)
    assert rows[1]["share"] == pytest.approx(100 * 39 / 44)
    assert rows[1]["response"] == pytest.approx(10.0)
    assert (rows[2]["share"], rows[2]["surplus"], rows[2]["response"]) == (80.0, 5, 10.0)
    assert rows[1]["source"] != rows[2]["source"]


def test_a_question_has_its_own_numbers_and_none_of_a_few_is_a_share() -> None:
    lunch = [
        Bundle("37081101", "desk", "2026-11-23", (20, 9, 0, 0), 1, 90, "lunch"),
        Bundle("37091101", "desk", "2026-11-23", (10, 2, 0, 0), 0, 30, "lunch"),
        Bundle("37091101", "desk", "2026-11-23", (1, 0, 0, 4), 0, 30, "heat"),
    ]
    subject = Subject("37", NOVEMBER, [], Figures(), {}, 0.0, 0, [], lunch, {"lunch": "Hot lunch?"})
    found = questions_table(subject)
    keys = [each.key for each in found.columns]
    rows = [dict(zip(keys, row, strict=True)) for row in found.rows]
    assert [(each["question"], each["place"], each["n"], each["k"], each["asked"]) for each in rows] == [
        ("heat", "3709", 5, 1, 30),
        ("heat", "Together", 5, 1, 30),
        ("Hot lunch?", "3708", 29, 29, 90),
        ("Hot lunch?", "3709", 12, 12, 30),
        ("Hot lunch?", "Together", 41, 41, 120),
    ]
    assert [each["share"] for each in rows] == [None, None, None, None, 100.0]
    assert rows[4]["low"] == pytest.approx(100 * 0.9143, abs=0.05)
    assert [each.key for each in printed(found).columns] == [
        "question", "place", "n", "k", "share", "low", "high", "asked", "response",
    ]  # fmt: skip


def test_a_printed_report_has_ratings_where_anybody_rated() -> None:
    bundle = Bundle("37081101", "desk", "2026-11-23", (30, 9, 0, 0), 1, 90)
    with_ratings = Subject("37", NOVEMBER, [], Figures(), {}, 0.0, 0, [bundle])
    assert "<h2>Ratings</h2>" in page(with_ratings)
    assert "Ratings by question" not in page(with_ratings)
    assert "<h2>Ratings</h2>" not in page(Subject("37", NOVEMBER, [], Figures(), {}, 0.0))
