"""Strangers' text in a technician's terminal: no verb lets a sequence through, and none tells a password."""

from __future__ import annotations

import json
import re
import unicodedata
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.foreign import CONTROLS
from kiosk.local import Line
from kiosk.wire import NotSensed, Trouble
from tests.programs.house import House, until
from tests.programs.terminal import terminal

EVIL = "\x1b[2J\x1b[8m\x9b31m\u202e\u2028PWN\r\n✔ fine\x07"
SECRET = "Geheim-4711"
IN_TOML = json.dumps(EVIL)[1:-1]
MORE = f"""
[scanners.main]
door = "main"
camera = "rtsp://admin:{SECRET}@127.0.0.1:9/x?token={SECRET}"
[sensors."s{IN_TOML}"]
bus = "contact"
pin = 5
[sensors.t]
bus = "onewire"
device = "28-000000000001"
unit = "°C"
"""
OURS = re.compile(r"\x1b\[\d+(;\d+)*m")
NEVER = "\x1b[8m"
"""A colour that no verb of ours has."""

VERBS: list[tuple[str, ...]] = [
    *[tuple(words.split()) for words in (
        "status", "doctor -v", "log", "queue", "logbook", "logbook export", "logbook export --format csv", "logbook refused",
        "config show", "config check", "config explain scanners.main.camera", "replay garbage.rec", "replay seen.rec",
        "simulate evil.csv", "scan main", "sensors read", "status --json", "doctor --json", "config show --json", "log --json",
        "queue --json", "-c broken.toml config check", "-c broken.toml status", "-c broken.toml doctor",
    )],
    *[(*words, EVIL) for words in (
        ("pass", "explain"), ("pass", "explain", "--json"), ("door", "open"), ("door", "open", "--json"), ("scanner",),
        ("scanner", "read", "garbage.rec"), ("config", "explain"), ("config", "show"), ("log", "--kind"), ("replay",),
        ("pass", "present", "--phone", "broken.toml"), ("enrol", "http://127.0.0.1:9/"), ("update",), ("scan",),
        ("report", "--json", "--out", "no/x"), ("scanner", "--snapshot"),
    )],
    ("report", "--out", f"no/{EVIL}"),
    ("-c", f"none{EVIL}.toml", "status"),
    ("central", "command", EVIL, "unlock"),
    ("enrol", f"http://127.0.0.1:9/{EVIL}", "x"),
    ("pass", "explain", "x", "--door", EVIL),
]  # fmt: skip


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path, MORE)
    text = house.config.read_text().replace("[doors.main]", f'name = "{IN_TOML}"\n[doors.main]')
    house.config.write_text(text)
    house.trust()
    (tmp_path / "garbage.rec").write_text(EVIL)
    (tmp_path / "evil.csv").write_text(f"08:30,{EVIL},1\n")
    (tmp_path / "broken.toml").write_text(f'"{IN_TOML}" = 1\n[doors]\nx = "{IN_TOML}"\n')
    return house


@pytest.mark.slow
def test_no_verb_lets_a_strangers_sequence_into_the_terminal(house: House) -> None:
    with house.station() as station:
        station.scanner.send(Trouble("scanner.main", f"rtsp://admin:{SECRET}@h {EVIL}"))
        with closing(Line(house.run / "sense.sock")) as sense:
            sense.send(NotSensed("t", EVIL))
            until(
                lambda: "scanner.main" in house.view().faults and house.view().sensors["t"].absent, "what strangers say"
            )
            station.verdict(EVIL)
            assert house.kiosk("replay", "--save", str(house.folder / "seen.rec")).returncode == 0
            for words in VERBS:
                with terminal(house, *words) as shown:
                    code, seen = shown.ends()
                assert seen or "--kind" in words, words
                harmless(seen, words)
                assert code in {0, 1, 2, 3}, words
            with terminal(house, "watch") as shown:
                harmless(shown.sees("PWN"), ("watch",))
    with terminal(house, "status") as shown:
        harmless(shown.ends()[1], ("status", "of a station that is away"))


def harmless(seen: str, words: tuple[str, ...]) -> None:
    assert NEVER not in seen, words
    assert SECRET not in seen, words
    assert "Traceback" not in seen, (words, seen)
    if words[0] != "watch":  # which draws the screen, by sequences of its own
        plain = OURS.sub("", seen)
        left = [each for each in plain if unicodedata.category(each) in CONTROLS and each not in "\r\n\t"]
        assert left == [], (words, plain)
        assert not re.search(r"^✔ fine\\x07", plain, re.MULTILINE), "no line of a stranger's own"
