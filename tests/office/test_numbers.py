"""The numbers in the office: whoever looks sees the figures of their own stations, as a page and as files."""

from __future__ import annotations

import io
from time import time

import pytest
from openpyxl import load_workbook

from kiosk.central.numbers.period import newest
from kiosk.central.store.registers import Registered
from tests.office.clerks import Clerk, Office
from tests.programs.province_of_days import codes, fill

NAME = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def counted(office: Office) -> Office:
    office.store.add_stations([Registered("37010101", NAME)], 0.0)
    fill(office.store, codes(40), newest(time(), 2).days)
    return office


@pytest.fixture(scope="module")
def clerk(counted: Office) -> Clerk:
    return counted.hire("counter", "viewer", "3701")


def test_a_page_with_plots_tables_and_what_each_number_means(clerk: Clerk) -> None:
    told = clerk.reads("/numbers")
    assert "stations 3701…" in told
    assert "370101" in told
    assert "370201" not in told, "is another's"
    assert "Whoever comes three times is three visits" in told
    assert clerk.get("/numbers").text.count('role="img"') == 2


def test_nobody_sees_the_figures_of_others(clerk: Clerk) -> None:
    for path in ("/numbers", "/numbers.csv", "/numbers.xlsx", "/numbers.pdf"):
        answer = clerk.get(f"{path}?prefix=3702")
        assert answer.status_code == 400
        assert "begins with 3701" in answer.text
        assert b"370201" not in answer.content


@pytest.mark.parametrize("month", ["2026-13", "lately", "2026-1"])
def test_every_error_stands_beside_its_field(clerk: Clerk, month: str) -> None:
    answer = clerk.get("/numbers", params={"month": month, "prefix": "37/8"})
    assert answer.status_code == 400
    assert 'id="month-error"' in answer.text
    assert 'id="prefix-error"' in answer.text


def test_a_name_steers_nothing(clerk: Clerk) -> None:
    answer = clerk.get("/numbers?prefix=370101")
    assert "&lt;script&gt;" in answer.text
    assert NAME not in answer.text


def test_each_table_is_a_file(clerk: Clerk) -> None:
    answer = clerk.get("/numbers.csv?by=place")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="place.csv"'
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert [line.partition(",")[0] for line in lines] == ["Place", "370101", "370102", "370103", "Together"]
    book = load_workbook(io.BytesIO(clerk.get("/numbers.xlsx").content))
    assert book["By place"]["A2"].value == "370101"


@pytest.mark.slow
def test_the_report_is_a_pdf(clerk: Clerk) -> None:
    answer = clerk.get("/numbers.pdf?month=2026-10")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
