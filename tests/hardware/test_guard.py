"""A decoder that crashes or loops: real processes that die of it, in another process than the tests' own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.programs.house import environment

PROGRAM = """
import os, signal, sys, time
import numpy as np
from hardware.codes import Attempt
from hardware.guard import Guard, shelter
from hardware.looking import THUMB, Looking

def bad(grey):
    if grey.max() == 255:
        {act}
    return []

guard = Guard(THUMB[::-1])
shelter(guard)
looking = Looking(budget=0.0, guard=guard, attempts=(Attempt("bad", bad), Attempt("good", lambda grey: ["read"])))
chance = np.random.default_rng(3)
street = chance.integers(0, 200, (36, 64)).astype("uint8").repeat(10, 0).repeat(10, 1)
code = street.copy()
code[100:260, 200:440] = np.where(chance.integers(0, 2, (16, 24)), 255, 0).repeat(10, 0).repeat(10, 1)
looking.look(street)
for frame in range(3):
    print(len(guard.deaths), *looking.look(code), flush=True)
    looking.look(street)
sys.exit(7)
"""


@pytest.mark.parametrize(
    ("act", "how"),
    [("os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"), ("os.abort()", "SIGABRT"), ("while True: pass", "SIGPROF")],
)
def test_a_decoder_that_dies_is_back_at_once_and_leaves_what_killed_it(act: str, how: str) -> None:
    command = [sys.executable, "-c", PROGRAM.format(act=act)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment())
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[0] for line in lines] == ["1", "1", "1"], "one death; the next process knows of it"
    assert [line[1:] for line in lines] == [["read"]] * 3, "the other decoder reads on"
    assert f"bad ended the decoder ({how})" in done.stderr
    assert done.returncode == 7, "the parent ends as its child does"


def test_another_signal_ends_the_program() -> None:
    program = PROGRAM.format(act="os.kill(os.getpid(), signal.SIGKILL)")
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=False, timeout=60, env=environment()
    )
    assert done.returncode == 128 + 9


ASKED = """
import os, signal, sys, time
from hardware.guard import Guard, shelter

fork = os.fork

def forked():
    child = fork()
    if child:
        os.kill(os.getpid(), signal.{number})
    return child

os.fork = forked
asked = []
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, _: asked.append(number))
shelter(Guard((36, 64)))
while not asked:
    time.sleep(0.01)
sys.exit(7)
"""


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_a_request_to_end_reaches_the_child_whenever_it_comes(number: str) -> None:
    command = [sys.executable, "-c", ASKED.format(number=number)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment())
    assert done.returncode == 7, done.stderr
