"""`kiosk test poster`: a printed poster before the camera of a real station, whose technician is told what it says."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from kiosk.central.printing.poster import Poster, posters_pdf
from kiosk.demo.film import Film, Visit, write_film
from tests.printing.paper import pictures, pixels
from tests.programs.house import House, until
from tests.programs.terminal import terminal


def filmed(path: Path, code: str) -> Path:
    """Somebody holds up the poster of that station, 40 cm away, again and again."""
    made = posters_pdf([Poster(code, "古槐街道驿站", "", "https://yizhan.example.org", "12351")], "a5")
    (sheet,) = pictures(made, 150)
    visit = Visit("", 0.0, hold=1.5, holding="card", side=pixels(210, 400))
    write_film(Film((visit,), seconds=2.5, rate=8.0), path, [cv2.resize(sheet, None, fx=0.6, fy=0.6)])
    return path


@pytest.mark.slow
def test_the_camera_reads_the_poster_back(tmp_path: Path) -> None:
    film = filmed(tmp_path / "film.avi", "37081101")
    house = House(tmp_path, f'[scanners.main]\ndoor = "main"\ncamera = "{film}"\nrate = 8.0\npause = 0.0\n')
    house.trust()
    with house.station(), house.program("scanner"):
        until((house.run / "scanner" / "main.sock").exists, "the scanner")
        with terminal(house, "test", "poster") as screen:
            screen.sees("Is the station's poster at hand")
            screen.types("y")
            screen.sees("It says 370811015")
            assert screen.ends()[0] == 0
        results = until(lambda: [each for each in house.entries() if each["kind"] == "commissioned"], "the entry")
    assert results[-1]["results"] == {"poster": "passed"}
