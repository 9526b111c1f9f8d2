"""The report's words, before they are on paper: a share is told as one wherever it stands."""

from __future__ import annotations

from kiosk.board.report import Report, report_sheets
from kiosk.printing.marks import Words
from tests.index.polls import heap, held
from tests.index.test_opening import passed, result


def test_shares_are_per_cent_of_all_and_of_each_group() -> None:
    whole = held(heap(*range(20), name="快递员"), heap(*range(20, 40), name="环卫工人"))
    found = result(whole, passed(whole, [whole.cast(slip, (3 if slip % 20 < 3 else 0,) * 7) for slip in range(40)]))
    told = [
        mark.text for sheet in report_sheets(Report(found, "d" * 64)) for mark in sheet.marks if isinstance(mark, Words)
    ]
    shares, groups, languages = 1 + 7, 2, 2
    assert "15.00" not in told
    assert told.count("15.00 %") == (shares + groups) * languages
    assert told.count("0.00 %") == (1 + groups) * languages, "nobody abstained"
