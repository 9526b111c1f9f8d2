"""What the suite of the Raspberry Pi reads out of QEMU's trace; the suite itself runs by `make test-pi`."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.pi.registers import BLOCK, CLEAR, OUTPUT, SET, Write, driven, writes

TRACE = """\
812@1795717373.25:memory_region_ops_write cpu 2 mr 0x7f3d addr 0x3f200004 value 0x200000 size 4 name 'bcm2835_gpio'
812@1795717373.50:memory_region_ops_write cpu 0 mr 0x7f3d addr 0x3f202000 value 0x20000 size 4 name 'bcm2835_sdhost'
812@1795717374.00:memory_region_ops_write cpu -1 mr 0x7f3d addr 0x3f20001c value 0x20000 size 4 name 'bcm2835_gpio'
"""
LOCK = 17
SELECTS = 0x04
AS_OUTPUT = OUTPUT << 7 * 3


def test_only_the_writes_to_the_block_are_read() -> None:
    assert list(writes(TRACE.splitlines())) == [
        Write(1795717373.25, SELECTS, AS_OUTPUT),
        Write(1795717374.0, SET, 1 << LOCK),
    ]
    assert BLOCK == 0x3F200000


def test_a_level_that_is_latched_before_the_pin_is_an_output_shows_when_it_becomes_one() -> None:
    told = [Write(1, SET, 1 << LOCK), Write(2, SELECTS, AS_OUTPUT), Write(3, CLEAR, 1 << LOCK), Write(4, SELECTS, 0)]
    assert driven(told, LOCK) == [(2, 1), (3, 0), (4, None)]


def test_other_pins_are_other_pins() -> None:
    told = [Write(1, SELECTS, AS_OUTPUT), Write(2, SET, 1 << 16), Write(3, SET + 4, 1 << LOCK), Write(4, 0x08, 0o111)]
    assert driven(told, LOCK) == [(1, 0)]


@given(st.lists(st.sampled_from([(SET, 1 << LOCK), (CLEAR, 1 << LOCK), (SELECTS, AS_OUTPUT), (SELECTS, 0)])))
def test_no_change_is_told_twice_and_none_is_left_out(told: list[tuple[int, int]]) -> None:
    changes = driven([Write(at, *each) for at, each in enumerate(told)], LOCK)
    levels = [None, *(level for _at, level in changes)]
    assert all(before != after for before, after in pairwise(levels))
    assert [at for at, _level in changes] == sorted({at for at, _level in changes})
