"""What a phone shows as the door's camera sees it: at the lowest brightness, and through cracked glass."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from hardware.looking import Looking
from kiosk.trust.passes import Kind as PassKind
from kiosk.trust.passes import show_bound
from tests.films import Kind, film_of, grey_frames
from tests.keys import PHONE, claims, public, signed

DRAWN = 1_796_392_000
"""The code has times of its own: another code is another film, and each is a throw of the dice."""

BOUND = replace(
    claims(7_000_000, PassKind.BOUND, scope="370811", issued_at=DRAWN, expires=DRAWN + 7 * 86_400),
    holder_key=public(PHONE),
)
TEXT = show_bound(signed(BOUND), PHONE, DRAWN)


@pytest.mark.slow
@pytest.mark.parametrize(
    "visit",
    [{"brightness": 0.12}, {"cracks": 6}, {"cracks": 9, "level": "q"}],
    ids=str,
)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_is_read_while_it_is_held_up(visit: dict[str, Any], seed: int) -> None:
    looking = Looking(budget=0.0)
    for _at, picture in grey_frames(film_of(Kind(visit), TEXT, seed)):
        if texts := looking.look(picture):
            assert texts == [TEXT]
            return
    pytest.fail("it was never read")


@pytest.mark.slow
@pytest.mark.parametrize(("level", "read"), [("l", False), ("q", True)])
def test_of_twelve_cracks_level_q_bears_what_l_does_not(level: str, *, read: bool) -> None:
    looking = Looking(budget=0.0)
    film = film_of(Kind({"cracks": 12, "level": level}), TEXT, 1)
    assert any(looking.look(picture) == [TEXT] for _at, picture in grey_frames(film)) is read
