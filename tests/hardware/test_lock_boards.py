"""Lock boards on a line that disturbs them: a contact is told as it is, or not at all, and nothing hangs."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.lock_boards import BoardError, LockBoardLine, LockFrames
from kiosk.demo.appliances import write_what_fits
from kiosk.demo.lock_board import LockBoard
from kiosk.sensors.boards import frames_of
from kiosk.settings.boards import ReadyProtocol
from kiosk.settings.loading import load_as
from kiosk.settings.profiles import PROTOCOLS

OURS = frames_of(load_as(PROTOCOLS / "lock-board-8a.toml", ReadyProtocol).protocol)
EACH = LockFrames("8A board slot 11", "80 board slot 33", "80 board slot state")
SHORT, LATE = 0.1, 0.3
"""Seconds that a board may take in these tests, and be late."""


@pytest.fixture
def board() -> Iterator[LockBoard]:
    found = LockBoard()
    yield found
    found.close()


@pytest.fixture
def line(board: LockBoard) -> Iterator[LockBoardLine]:
    found = LockBoardLine(board.port, 9600, OURS, SHORT, LATE)
    yield found
    found.close()


def why(line: LockBoardLine, numbers: tuple[int, ...] = (1,)) -> str:
    with pytest.raises(BoardError) as error:
        line.contacts(1, numbers)
    return str(error.value)


@pytest.mark.parametrize("frames", [OURS, EACH])
def test_a_slot_that_is_told_to_opens_and_its_contact_says_so_until_it_is_shut(
    board: LockBoard, frames: LockFrames
) -> None:
    line = LockBoardLine(board.port, 9600, frames, SHORT, LATE)
    assert line.contacts(1, [1, 3, 24]) == {1: False, 3: False, 24: False}
    line.open(1, 3)
    line.open(1, 24)
    assert (board.moved, line.contacts(1, [1, 3, 24])) == ([3, 24], {1: False, 3: True, 24: True})
    board.shut(3)
    assert line.contacts(1, [3]) == {3: False}
    line.close()


def test_a_jammed_slot_is_told_to_open_and_does_not(board: LockBoard, line: LockBoardLine) -> None:
    board.jammed.add(2)
    line.open(1, 2)
    assert (board.moved, line.contacts(1, [2])) == ([2], {2: False})


def test_the_frames_are_those_of_the_public_description() -> None:
    assert OURS.request(OURS.open, 1, 1) == bytes.fromhex("8A 01 01 11 9B")
    assert OURS.request(OURS.open, 1, 2) == bytes.fromhex("8A 01 02 11 98")
    assert EACH.request(EACH.ask, 1, 1) == bytes.fromhex("80 01 01 33 B3")
    assert EACH.contacts(bytes.fromhex("80 01 01 00 80"), 1, 1) == [{1: False}]
    assert OURS.contacts(bytes.fromhex("80 01 FF FF FF FF 33 B2"), 1, 0) == [dict.fromkeys(range(1, 33), True)]


def test_a_protocol_whose_address_and_slot_share_a_byte_and_whose_slots_count_from_0() -> None:
    frames = LockFrames("02 both 31 03", "02 both 30 03", "02 board 35 bits2 any any 03", check="sum", first=0)
    assert frames.request(frames.open, 2, 3) == bytes.fromhex("02 22 31 03 58")
    answer = bytes.fromhex("02 02 35 05 80 00 00 03")
    found = frames.contacts(answer + bytes((sum(answer) & 0xFF,)), 2, 1)
    assert [[number for number, joined in each.items() if joined] for each in found] == [[1, 3, 16]]


def half(answer: bytes) -> bytes:
    return answer[: len(answer) // 2]


def wrong_check(answer: bytes) -> bytes:
    return answer[:-1] + bytes((answer[-1] ^ 0x10,))


def others_answer(answer: bytes) -> bytes:
    """Of the board 2: right, but not ours."""
    return bytes((answer[0], 2)) + answer[2:-1] + bytes((answer[-1] ^ 3,))


@pytest.mark.parametrize(
    ("behave", "reason"),
    [
        (lambda _answer: b"", "no_answer"),
        (half, "wrong_answer"),
        (wrong_check, "wrong_answer"),
        (others_answer, "wrong_answer"),
        (lambda _answer: bytes.fromhex("80 01 00 33 B2"), "wrong_answer"),
    ],
    ids=["silent", "half", "wrong check", "another board's", "our own words"],
)
def test_what_is_no_answer_of_this_board_is_none_and_the_next_one_counts_again(
    board: LockBoard, line: LockBoardLine, behave: object, reason: str
) -> None:
    board.behave = behave  # type: ignore[assignment]
    assert why(line) == reason
    board.behave = lambda answer: answer
    board.open_slots.add(1)
    assert line.contacts(1, [1]) == {1: True}


def test_an_answer_in_the_midst_of_noise_and_echo_is_found(board: LockBoard, line: LockBoardLine) -> None:
    board.open_slots.add(5)
    board.behave = lambda answer: b"\x00\x80\x01" + bytes.fromhex("80 01 00 33 B2") + answer + b"\xff"
    assert line.contacts(1, [5]) == {5: True}


def test_an_answer_that_comes_late_is_not_taken_for_the_next_ones(board: LockBoard, line: LockBoardLine) -> None:
    """The slot was open when it was asked, and is shut by the time that its answer comes."""
    late: list[threading.Timer] = []

    def hold_back(answer: bytes) -> bytes:
        late.append(threading.Timer(0.2, lambda: write_what_fits(board._end, answer)))
        late[-1].start()
        return b""

    board.open_slots.add(1)
    board.behave = hold_back
    assert why(line) == "no_answer"
    board.behave = lambda answer: answer
    board.shut(1)
    assert line.contacts(1, [1]) == {1: False}
    late[0].join()


def test_two_answers_that_contradict_are_none(board: LockBoard, line: LockBoardLine) -> None:
    board.behave = lambda answer: answer + bytes.fromhex("80 01 00 00 00 01 33 B3")
    assert why(line) == "wrong_answer"


def test_a_port_that_is_gone_and_one_that_comes_back(line: LockBoardLine) -> None:
    nowhere = LockBoardLine("/dev/no-such-port", 9600, OURS)
    with pytest.raises(BoardError, match="port_not_open"):
        nowhere.open(1, 1)
    line.close()
    assert line.contacts(1, [1]) == {1: False}


@given(st.binary(max_size=60), st.integers(0, 2**24 - 1))
def test_no_bytes_but_a_right_answer_say_anything(noise: bytes, bits: int) -> None:
    body = b"\x80\x01\x00" + bits.to_bytes(3, "big") + b"\x33"
    right = body + bytes((_xor(body),))
    told = OURS.contacts(noise + right + noise, 1, 0)
    wanted = {place: bool(place <= 24 and bits >> place - 1 & 1) for place in range(1, 33)}
    assert wanted in told
    assert all(_is_right(noise + right + noise, each) for each in told)


def _xor(data: bytes) -> int:
    found = 0
    for each in data:
        found ^= each
    return found


def _is_right(heard: bytes, told: dict[int, bool]) -> bool:
    """Whether a frame with a right check is in what was heard that says this."""
    bits = sum(1 << place - 1 for place, joined in told.items() if joined)
    body = b"\x80\x01" + bits.to_bytes(4, "big") + b"\x33"
    return body + bytes((_xor(body),)) in heard


def test_no_answer_with_a_flipped_bit_says_anything() -> None:
    right = bytes.fromhex("80 01 00 00 00 04 33 B6")
    assert OURS.contacts(right, 1, 0)
    for place in range(8 * len(right)):
        flipped = bytearray(right)
        flipped[place // 8] ^= 1 << place % 8
        assert OURS.contacts(bytes(flipped), 1, 0) == []
