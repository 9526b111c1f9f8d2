"""Camera and codes: rendered films and real photographs through the real decoders."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from time import CLOCK_BOOTTIME, clock_gettime

import cv2
import numpy as np
import pytest
import segno

from hardware.camera import END_OF_FILM, Camera, CameraSource
from hardware.codes import read_codes, read_fast, read_thorough
from kiosk.demo.film import Film, Visit, frames, write_film
from kiosk.scanner import OUT_OF_VIEW, InView, Looking
from tests.conftest import shared
from tests.keys import claims, signed

PASS = signed(claims(scope="3708"))


def film(**changes: object) -> Film:
    return Film((Visit(PASS, 0.2, hold=0.8),), seconds=2.2, **changes)  # type: ignore[arg-type]


def grey(picture: object) -> np.ndarray:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))  # type: ignore[call-overload]


def test_a_rendered_film_is_the_same_each_time() -> None:
    first, second = (np.stack(list(frames(film()))[::8]) for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize("holding", ["phone", "card"])
def test_a_pass_is_read_while_it_is_held_and_not_before(holding: str) -> None:
    visit = Visit(PASS, 0.5, hold=1.0, holding=holding, side=640 if holding == "phone" else 420)  # type: ignore[arg-type]
    read = [bool(read_fast(grey(picture))) for picture in frames(Film((visit,), seconds=3.0))]
    at = [number / 15.0 for number, found in enumerate(read) if found]
    assert min(at) > 0.5
    assert sum(1.0 < each < 2.0 for each in at) >= 12
    assert max(at) < visit.until


def test_the_text_is_exact_also_with_a_space_at_its_end() -> None:
    text = PASS + " "
    picture = np.kron(np.array(list(segno.make_qr(text).matrix_iter(border=4)), "uint8"), np.ones((5, 5), "uint8"))
    assert read_codes(np.where(picture > 0, 0, 255).astype("uint8")) == [text]
    assert read_thorough(np.where(picture > 0, 0, 255).astype("uint8")) == [text]


def test_a_structured_append_code_in_view_does_not_hide_a_pass() -> None:
    """pyzbar raises on one and loses every other code of the frame; anybody can print one."""
    part = segno.make_sequence("half of something that needs two symbols" * 8, symbol_count=2)[0]
    pictures = [np.array(list(code.matrix_iter(border=4)), "uint8") for code in (part, segno.make_qr(PASS))]
    height = max(each.shape[0] for each in pictures)
    padded = [np.pad(each, ((0, height - each.shape[0]), (0, 0))) for each in pictures]
    both = np.where(np.kron(np.hstack(padded), np.ones((5, 5), "uint8")) > 0, 0, 255).astype("uint8")
    assert PASS in read_codes(both)
    assert isinstance(read_thorough(both), list)


def test_blank_noisy_and_odd_pictures_have_no_codes() -> None:
    chance = np.random.default_rng(1)
    for picture in (
        np.zeros((480, 640), "uint8"),
        np.full((480, 640), 255, "uint8"),
        chance.integers(0, 255, (480, 640)).astype("uint8"),
        np.zeros((1, 1), "uint8"),
        np.zeros((3, 4000), "uint8"),
    ):
        assert read_codes(picture) == []


def test_real_photographs_are_read_without_a_wrong_text() -> None:
    """A quick sample; the figure for all of them comes from ../shared/bench/qr_bench.py."""
    rows = list(csv.DictReader(shared("qr/photos.csv").read_text().splitlines()))[::12]
    right = wrong = 0
    for row in rows:
        accepted = {text.rstrip() for text in json.loads(row["accepted_texts_json"])}
        picture = cv2.imread(str(shared("qr/photos") / row["file"]), cv2.IMREAD_GRAYSCALE)
        texts = {text.rstrip() for text in read_fast(np.asarray(picture))}
        right += bool(texts & accepted)
        wrong += bool(texts - accepted)
    assert right / len(rows) > 0.7
    assert wrong == 0


def test_a_film_plays_in_its_own_time_and_then_ends(tmp_path: Path) -> None:
    path = tmp_path / "film.avi"
    write_film(Film((), seconds=0.6, width=320, height=240, rate=20.0), path)
    began = clock_gettime(CLOCK_BOOTTIME)
    camera = Camera(CameraSource(str(path), rate=20.0))
    times, seen = [], began
    while frame := camera.newest(seen, timeout=1.0):
        seen = frame.at
        times.append(seen - began)
        assert frame.grey.shape == (240, 320)
    assert 8 <= len(times) <= 12
    assert times[-1] >= 0.55
    assert camera.trouble == END_OF_FILM
    camera.close()


def test_a_source_that_is_not_there_is_named(tmp_path: Path) -> None:
    camera = Camera(CameraSource(str(tmp_path / "none.avi")))
    assert camera.newest(0.0, timeout=0.3) is None
    assert "none.avi does not open" in camera.trouble
    camera.close()


def test_a_hung_read_shows_as_the_age_of_the_last_frame(tmp_path: Path) -> None:
    fifo = tmp_path / "camera"
    os.mkfifo(fifo)
    camera = Camera(CameraSource(str(fifo)))
    assert camera.newest(0.0, timeout=0.5) is None
    camera.close()
    os.close(os.open(fifo, os.O_RDWR | os.O_NONBLOCK))  # let the thread's open go on


def test_a_code_is_news_once_while_it_stays_in_view() -> None:
    view = InView()
    assert view.news(["a", "b", "a"], 10.0) == ["a", "b"]
    assert view.news(["a"], 11.0) == []
    assert view.news(["a"], 12.4) == []
    assert view.news(["b"], 12.5) == ["b"]
    assert view.news(["a"], 12.4 + OUT_OF_VIEW + 0.1) == ["a"]


def test_the_costly_reader_gets_its_turn_only_when_nothing_is_read() -> None:
    looking = Looking()
    blank = np.zeros((100, 100), "uint8")
    for _ in range(20):
        assert looking.look(blank) == []
