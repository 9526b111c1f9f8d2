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
from hardware.codes import ATTEMPTS, glance, read_codes
from hardware.looking import INTERESTED, Looking
from kiosk.demo.film import Film, Visit, frames, write_film
from kiosk.scanner.outlet import CODES_A_FRAME, OUT_OF_VIEW, InView
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
    read = [bool(glance(grey(picture)).texts) for picture in frames(Film((visit,), seconds=3.0))]
    at = [number / 15.0 for number, found in enumerate(read) if found]
    assert min(at) > 0.5
    assert sum(1.0 < each < 2.0 for each in at) >= 12
    assert max(at) < visit.until


def test_the_text_is_exact_also_with_a_space_at_its_end() -> None:
    text = PASS + " "
    picture = np.kron(np.array(list(segno.make_qr(text).matrix_iter(border=4)), "uint8"), np.ones((5, 5), "uint8"))
    assert read_codes(np.where(picture > 0, 0, 255).astype("uint8")) == [text]
    assert text in {
        found for attempt in ATTEMPTS for found in attempt.read(np.where(picture > 0, 0, 255).astype("uint8"))
    }


def test_a_structured_append_code_in_view_does_not_hide_a_pass() -> None:
    """pyzbar raises on one and loses every other code of the frame; anybody can print one."""
    part = segno.make_sequence("half of something that needs two symbols" * 8, symbol_count=2)[0]
    pictures = [np.array(list(code.matrix_iter(border=4)), "uint8") for code in (part, segno.make_qr(PASS))]
    height = max(each.shape[0] for each in pictures)
    padded = [np.pad(each, ((0, height - each.shape[0]), (0, 0))) for each in pictures]
    both = np.where(np.kron(np.hstack(padded), np.ones((5, 5), "uint8")) > 0, 0, 255).astype("uint8")
    assert PASS in read_codes(both)
    assert all(isinstance(attempt.read(both), list) for attempt in ATTEMPTS)


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


def plain(text: str) -> str:
    """Line ends and trailing blanks are no difference between readers."""
    return text.replace("\r\n", "\n").rstrip()


def test_real_photographs_are_read_without_a_wrong_text() -> None:
    """A quick sample; the figure for all of them comes from ../shared/bench/qr_bench.py."""
    rows = list(csv.DictReader(shared("qr/photos.csv").read_text().splitlines()))[::12]
    right = wrong = 0
    for row in rows:
        accepted = {plain(text) for text in json.loads(row["accepted_texts_json"])}
        picture = cv2.imread(str(shared("qr/photos") / row["file"]), cv2.IMREAD_GRAYSCALE)
        texts = {plain(text) for text in read_codes(np.asarray(picture))}
        right += bool(texts & accepted)
        wrong += bool(texts - accepted)
    assert right / len(rows) > 0.85
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
    assert 3 <= len(times) <= 12, "at most the film's twelve; a loaded machine skips some"
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


def hard(texts: str = PASS) -> np.ndarray:
    """A dim, low-contrast, blurred picture of a pass on a street, which a glance does not read and a later attempt does."""
    visit = Visit(texts, 0.0, hold=2.0, side=360)
    picture = list(frames(Film((visit,), seconds=1.4, noise=0.0, defocus=0.0)))[-1]
    dim = cv2.GaussianBlur(grey(picture), (0, 0), 0.9) * 0.4 + 20
    chance = np.random.default_rng(3)
    return (dim + chance.normal(0, 6, dim.shape)).clip(0, 255).astype("uint8")


def test_a_hard_code_is_read_within_a_turn_of_all_attempts() -> None:
    street, code = grey(next(iter(frames(film(noise=0.0))))), hard()
    assert glance(code).texts == []
    assert read_codes(code) == [PASS]
    looking = Looking()
    assert looking.look(street) == []
    turns = [number for number in range(len(ATTEMPTS)) if looking.look(code) == [PASS]]
    assert turns


def test_an_empty_street_gets_no_costly_attempt() -> None:
    looking = Looking()
    for picture in list(frames(Film((), seconds=3.0))):
        assert looking.look(grey(picture)) == []
    assert looking._interest == 0


def test_somebody_who_comes_is_worth_a_second_look_for_a_while_only() -> None:
    looking = Looking()
    pictures = [grey(picture) for picture in frames(Film((Visit("", 0.4, hold=0.3),), seconds=8.0))]
    interest = []
    for picture in pictures:
        looking.look(picture)
        interest.append(looking._interest)
    assert interest[3] == 0
    assert max(interest) >= INTERESTED - 1
    assert interest[-1] == 0


def test_a_huge_picture_and_one_full_of_codes_are_bounded() -> None:
    many = np.kron(np.array(list(segno.make_qr("A").matrix_iter(border=4)), "uint8"), np.ones((4, 4), "uint8"))
    sheet = np.where(np.tile(many, (12, 17)) > 0, 0, 255).astype("uint8")
    assert set(read_codes(sheet)) == {"A"}
    assert read_codes(np.zeros((5000, 8000), "uint8")) == []


def sheet(texts: list[str], across: int) -> np.ndarray:
    """Codes side by side, 4 pixels a module."""
    codes = [np.array(list(segno.make_qr(text, error="l").matrix_iter(border=4)), "uint8") for text in texts]
    side = max(code.shape[0] for code in codes)
    padded = [np.pad(code, ((0, side - code.shape[0]), (0, side - code.shape[0]))) for code in codes]
    padded += [np.zeros_like(padded[0])] * (-len(padded) % across)
    rows = [np.hstack(padded[start : start + across]) for start in range(0, len(padded), across)]
    return np.where(np.kron(np.vstack(rows), np.ones((4, 4), "uint8")) > 0, 0, 255).astype("uint8")


def test_a_pass_among_two_hundred_codes_is_told_within_a_second() -> None:
    texts = [f"{number:03}" for number in range(200)]
    picture, looking, in_view = sheet(texts, 16), Looking(), InView()
    wanted, told = set(texts), set[str]()
    for frame in range(30):
        news = in_view.news(looking.look(picture), frame / 30)
        assert len(news) <= CODES_A_FRAME
        told |= set(news)
    assert told == wanted


@pytest.mark.parametrize(
    "content", [bytes(range(256)), b"\x00" * 40, "工会驿站".encode(), "A" * 4296, "", "YZ1:", "x" * 2953]
)
def test_any_content_is_read_or_left_and_never_raises(content: str | bytes) -> None:
    code = segno.make_qr(content, error="l") if content else segno.make_qr("", error="l", version=1)
    picture = np.where(
        np.kron(np.array(list(code.matrix_iter(border=4)), "uint8"), np.ones((5, 5), "uint8")) > 0, 0, 255
    )
    texts = read_codes(picture.astype("uint8"))
    assert all(texts)
    if isinstance(content, str) and content:
        assert texts == [content]


@pytest.mark.parametrize("holding", ["phone", "card"])
def test_a_picture_of_forty_megapixels_is_read(holding: str) -> None:
    visit = Visit(PASS, -1.0, hold=2.0, holding=holding, side=600)  # type: ignore[arg-type]
    picture = grey(next(iter(frames(Film((visit,), seconds=0.1)))))
    assert read_codes(np.asarray(cv2.resize(picture, (8192, 4992)))) == [PASS]
