"""Who gets a place at the sockets, and how much time: values, with a clock that the test sets."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.sockets.places import BURST, MOST_PEERS, RATE, SHARE, TO_SPEAK, Budget, Seat, gives_way

SCANNER, GREEDY, ROOT = 991, 992, 0
LATER = 1000.0


def seats(*counts: tuple[int, int], socket: str = "control.sock", spoke: bool = True) -> list[Seat]:
    """So many seats of each account; the first has been idle for longest."""
    return [Seat(uid, uid, socket, float(number), spoke=spoke) for uid, count in counts for number in range(count)]


def newcomer(uid: int, *, reserved: bool = False, socket: str = "control.sock") -> Seat:
    return Seat(uid, uid, socket, LATER, reserved)


def test_while_there_is_room_nobody_goes() -> None:
    assert gives_way(seats((GREEDY, SHARE - 1)), newcomer(GREEDY)) is None
    assert gives_way(seats((GREEDY, SHARE), socket="scan.sock"), newcomer(GREEDY)) is None, "each socket has its share"


def test_over_its_share_an_account_gives_up_its_own_idlest_place() -> None:
    held = [*seats((SCANNER, 1)), *seats((GREEDY, SHARE))]
    assert gives_way(held, newcomer(GREEDY)) is held[1]
    held[3].spoke = False
    assert gives_way(held, newcomer(GREEDY)) is held[3], "who never said anything goes first"
    held[3].active_at = LATER - TO_SPEAK / 2
    assert gives_way(held, newcomer(GREEDY)) is held[1], "but has a moment to speak"


def test_the_process_that_holds_most_of_an_account_gives_up_its_place() -> None:
    held = seats((ROOT, SHARE))
    held[0].pid = 7
    assert gives_way(held, newcomer(ROOT)) is held[1], "not the one connection of another process, however idle"


def test_when_all_is_full_the_greediest_gives_way_and_programs_always_get_in() -> None:
    many = [(2000 + number, 8) for number in range(MOST_PEERS // 8)]
    held = seats(*many)
    assert gives_way(held, newcomer(SCANNER)) is held[0]
    alone = seats(*((2000 + number, 1) for number in range(MOST_PEERS)))
    stranger = newcomer(SCANNER)
    assert gives_way(alone, stranger) is stranger, "everybody has one: the newcomer goes"
    assert gives_way(alone, newcomer(SCANNER, reserved=True)) is alone[0]


@given(st.lists(st.tuples(st.sampled_from([GREEDY, SCANNER, ROOT, 5, 6]), st.booleans()), max_size=400))
def test_no_account_has_more_than_its_share_and_a_program_is_never_turned_away(comers: list[tuple[int, bool]]) -> None:
    held: list[Seat] = []
    for number, (uid, spoke) in enumerate(comers):
        new = Seat(uid, uid, "control.sock", float(number), uid == SCANNER, spoke)
        gone = gives_way(held, new)
        assert not (gone is new and uid == SCANNER)
        held = [each for each in [*held, new] if each is not gone]
    assert len(held) <= MOST_PEERS
    assert all(count <= SHARE for count in Counter(each.uid for each in held).values())


def test_who_used_up_its_time_waits_for_its_part_of_each_second() -> None:
    budget = Budget(0.0)
    assert budget.due(0.0) == 0.0
    budget.spend(BURST + RATE)
    assert budget.due(0.0) == pytest.approx(1.0)
    assert budget.due(0.5) == pytest.approx(0.5)
    assert budget.due(1.01) == 0.0
    budget.due(1000.0)
    budget.spend(2 * BURST)
    assert budget.due(1000.0) > 0.0, "nothing is saved up beyond a burst"
