"""Whether a camera sees: pictures with known faults, and films without."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from hardware.codes import Grey
from hardware.sight import BAD_FOR, Sight, fault
from kiosk.demo.film import Film, frames
from tests.films import KINDS, film_of, grey, grey_frames
from tests.keys import claims, signed

STREET = grey(next(iter(frames(Film((), seconds=0.1)))))
CHANCE = np.random.default_rng(5)


def noisy(picture: Any) -> Grey:
    found: Grey = (picture + CHANCE.normal(0, 3, picture.shape)).clip(0, 255).astype("uint8")
    return found


@pytest.mark.parametrize(
    ("picture", "what"),
    [
        (noisy(np.full((720, 1280), 3)), "black"),
        (noisy(np.full((720, 1280), 300)), "over-exposed"),
        (noisy(np.full((720, 1280), 120)), "covered"),
        (noisy(cv2.GaussianBlur(STREET, (0, 0), 12)), "out of focus"),
        (STREET, ""),
        (noisy(STREET * 0.2), ""),
    ],
)
def test_a_picture_is_judged(picture: Grey, what: str) -> None:
    assert what in fault(picture)
    assert bool(what) == bool(fault(picture))


def test_a_camera_is_reported_when_it_has_been_bad_for_a_while_and_no_longer_when_it_is_good() -> None:
    sight, told = Sight(), []
    for second in range(30):
        picture = noisy(np.full((72, 128), 3)) if 5 <= second < 15 else noisy(STREET)
        told.append(bool(sight.judge(picture, float(second))))
    first = 5 + int(BAD_FOR)
    assert told == [first <= second < 15 for second in range(30)]


def test_a_frozen_picture_is_told_from_a_still_one() -> None:
    frozen, still = Sight(), Sight()
    for second in range(12):
        last = (frozen.judge(STREET, float(second)), still.judge(noisy(STREET), float(second)))
    assert "frozen" in last[0]
    assert last[1] == ""


def test_a_hand_before_the_lens_is_no_fault() -> None:
    sight = Sight()
    for tenth in range(100):
        picture = noisy(np.full((72, 128), 30)) if 20 <= tenth < 60 else noisy(STREET)
        assert sight.judge(picture, tenth / 10) == ""


@pytest.mark.parametrize("kind", ["a phone", "a card", "glare", "rolling bands", "rain on the window", "dark mode"])
def test_no_film_of_a_worker_is_a_fault(kind: str) -> None:
    pictures = [picture for _, picture in grey_frames(film_of(KINDS[kind], signed(claims()), seed=1))][::6]
    assert [fault(picture) for picture in pictures] == [""] * len(pictures)
