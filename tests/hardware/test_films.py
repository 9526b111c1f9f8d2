"""Films of hard cases through the real decoders: what is read, and how soon."""

from __future__ import annotations

import numpy as np
import pytest
import segno

from hardware.codes import read_codes
from hardware.looking import STACK, Looking
from tests.bench.hour import watch
from tests.bench.road import BOUNDS
from tests.films import AT, HELD, KINDS, ONLY_SEVERAL, film_of, grey_frames
from tests.keys import claims, signed

DRAWN = 1_796_392_000
"""The pass in the films has times of its own: another code is another film, and each is a throw of the dice."""

PASS = signed(claims(scope="3708", issued_at=DRAWN - 86_400, expires=DRAWN + 30 * 86_400))
SEEDS = (1, pytest.param(2, marks=pytest.mark.slow))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_read_within_a_second(kind: str, seed: int) -> None:
    """At 15 frames a second, with one attempt for each frame: as on a board that has no time for more."""
    looking = Looking(budget=0.0)
    for at, picture in grey_frames(film_of(KINDS[kind], PASS, seed)):
        if texts := looking.look(picture):
            assert texts == [PASS]
            assert AT < at <= HELD + 1.0
            return
    pytest.fail("it was never read")


@pytest.mark.parametrize("kind", ONLY_SEVERAL)
@pytest.mark.slow
def test_several_frames_together_show_what_none_of_them_does(kind: str) -> None:
    looking, read = Looking(budget=0.0), {}
    for at, picture in grey_frames(film_of(KINDS[kind], PASS, seed=1)):
        assert read_codes(picture) == []
        if texts := looking.look(picture):
            read[at] = (texts, looking.took)
    assert read[min(read)] == ([PASS], STACK)
    assert min(read) <= HELD + 1.0


def test_a_micro_code_is_no_code() -> None:
    """Its two check words let noise pass for one: a stack of a glaring phone once read as `7160`."""
    micro = np.array(list(segno.make_micro("7160").matrix_iter(border=4)), "uint8")
    picture = np.where(np.kron(micro, np.ones((12, 12), "uint8")) > 0, 0, 255).astype("uint8")
    assert read_codes(picture) == []


@pytest.mark.parametrize(
    "frames", [pytest.param(900, marks=pytest.mark.slow), pytest.param(4500, marks=pytest.mark.soak)]
)
@pytest.mark.timeout(900)
def test_memory_stays_where_it_is(frames: int) -> None:
    """One minute of film, or five; make bench shows the hour."""
    sizes = [row["mb"] for row in watch(frames)]
    assert max(sizes) < BOUNDS["scanner"]
    assert max(sizes[5:]) - max(sizes[:5]) < 3.0
