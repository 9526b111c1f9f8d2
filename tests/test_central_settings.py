"""central.toml: what is wrong is told whole, each thing with its line, its key and what was probably meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.central.store.engine import StoreFailed, Trouble
from kiosk.central.store.place import SETTINGS, settings_of

MAIL = """\
[[alarms.mail]]
name = "a"
host = "mail.example.org"
sender = "a@example.org"
to = ["b@example.org"]
"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[calendar]\nholidys = ["2026-10-01"]\n', ["2: calendar.holidys: no such setting, did you mean holidays?"]),
        ("[calender]\nholidays = []\n", ["1: calender: no such setting, did you mean calendar?"]),
        (
            '[calendar]\nholidays = "2026-10-01"\n',
            ["2: calendar.holidays: expected a list", 'did you mean ["2026-10-01"]?'],
        ),
        (
            '\n[calendar]\nholidays = ["2026-10-01"]\nworked = ["2026-10-01"]\n',
            ["2: calendar: 2026-10-01 is a holiday, and worked"],
        ),
        ('[calendar]\nholidays = ["1 October"]\n', ["1: calendar: 1 October: no day such as 2026-10-01"]),
        (
            '[retention]\npersons = "30"\n[calendar]\nwork = []\n',
            ["2: retention.persons: expected a number, at least 1", "4: calendar.work: no"],
        ),
        (
            MAIL + MAIL.replace('"a"', '"b"') + 'user = "u"\n',
            ["6: alarms.mail.2: user and password_file belong together"],
        ),
        ('[addresses]\npublic = "http:/x"\n', ["1: addresses: public: http:/x: must be like"]),
        ("[calendar\n", ["1:"]),
        ("[calendar]\nholidays = [2026-10-01]\n", ["2: calendar.holidays: expected a list, each text"]),
    ],
)
def test_each_error_has_its_line(tmp_path: Path, text: str, told: list[str]) -> None:
    (tmp_path / SETTINGS).write_text(text, encoding="utf-8")
    with pytest.raises(StoreFailed) as caught:
        settings_of(tmp_path)
    assert caught.value.trouble is Trouble.MISSET
    for each in told:
        assert each in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / SETTINGS}:")
