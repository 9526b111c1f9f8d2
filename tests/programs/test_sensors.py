"""`kiosk sensors`: buses that fail in every way that buses do, and what the station hears of it."""

from __future__ import annotations

import itertools
import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
import pytest

from kiosk import wire
from kiosk.demo.appliances import DISPENSER, FRIDGE, Appliances, open_terminal, sentence
from kiosk.sensors.buses import ATTEMPTS, Bus, Told, buses
from kiosk.sensors.program import GIVE_BACK_AFTER, Gone, Program
from kiosk.settings.loading import load
from kiosk.wire import Located, NotSensed, Sensed, Switch, Trouble
from tests.hardware.slaves import Slave, answer, honest, noisy
from tests.programs.house import House, until

METER = """
[sensors.{name}]
bus = "modbus"
port = "{port}"
device = {device}
address = 0
unit = "W"
every = 0.2
"""


def one_bus(tmp_path: Path, text: str) -> Bus:
    (found,) = buses(load(House(tmp_path, text).config), {"light": True})
    return found


def heard_from(bus: Bus) -> list[Told]:
    told: list[Told] = []
    bus.round(told.append)
    return told


@contextmanager
def slave(*args: Any, **more: Any) -> Iterator[Slave]:
    found = Slave(*args, **more)
    try:
        yield found
    finally:
        found.close()


def test_one_frame_in_ten_is_disturbed_and_nobody_notices(tmp_path: Path) -> None:
    with slave(noisy(230, 0.1)) as device:
        bus = one_bus(tmp_path, METER.format(name="m", port=device.port, device=1))
        rounds = [heard_from(bus) for _ in range(60)]
        bus.close()
    assert rounds == [[Sensed("m", 230.0)]] * 60
    assert device.requests > 60, "some had to be asked for again"


@pytest.mark.parametrize(
    ("behave", "flood"),
    [
        (lambda request: answer(request[0] + 1, 230), b""),
        (lambda _: answer(1, 230)[:3], b""),
        (lambda _: b"", b""),
        (lambda _: answer(1, 230)[:-1] + b"\0", b""),
        (lambda _: answer(1, 230, function=3), b""),
        (lambda _: bytes(a ^ b for a, b in zip(answer(1, 230), answer(1, 77), strict=True)), b""),
        (lambda _: answer(1, 230, 231), b""),
        (lambda _: b"", b"\x55\xaa\x01\x04"),
    ],
    ids=["for_another", "half", "silent", "crc", "function", "two_at_once", "length", "never_silent"],
)
def test_no_wrong_answer_is_ever_a_value_and_each_ends_in_time(tmp_path: Path, behave: Any, flood: bytes) -> None:
    with slave(behave, flood=flood) as device:
        bus = one_bus(tmp_path, METER.format(name="m", port=device.port, device=1))
        began = monotonic()
        (told,) = heard_from(bus)
        took = monotonic() - began
        bus.close()
    assert isinstance(told, NotSensed)
    assert told.reason in {"no_answer", "wrong_answer", "device_refused"}
    assert took < 10.0


def test_a_device_that_is_away_costs_the_others_on_its_line_one_time_out(tmp_path: Path) -> None:
    asked: list[int] = []

    def one_of_two(request: bytes) -> bytes:
        asked.append(request[0])
        return honest(5)(request) if request[0] == 2 else b""

    with slave(one_of_two) as device:
        text = "".join(METER.format(name=name, port=device.port, device=1) for name in ("a", "b", "c"))
        bus = one_bus(tmp_path, text + METER.format(name="d", port=device.port, device=2))
        first, second = heard_from(bus), heard_from(bus)
        bus.close()
    assert first == second == [NotSensed(name, "no_answer") for name in ("a", "b", "c")] + [Sensed("d", 5.0)]
    assert asked == [*[1] * ATTEMPTS, 2, 1, 2]


def test_a_modbus_adapter_is_unplugged_and_comes_back_under_another_name(tmp_path: Path) -> None:
    by_path = tmp_path / "by-path"
    with slave(honest(1)) as first:
        by_path.symlink_to(first.port)
        bus = one_bus(tmp_path, METER.format(name="m", port=by_path, device=1))
        assert heard_from(bus) == [Sensed("m", 1.0)]
    by_path.unlink()
    assert heard_from(bus) in ([NotSensed("m", "no_answer")], [NotSensed("m", "port_not_open")])
    assert heard_from(bus) == [NotSensed("m", "port_not_open")]
    with slave(honest(2)) as second:
        by_path.symlink_to(second.port)
        assert heard_from(bus) == [Sensed("m", 2.0)]
        bus.close()


DISPENSER_TOML = """
[protocols.p]
kind = "text"
ask = "?\\n"
begin = "$"
end = "\\r\\n"
sign = "="
check = "xor"
[sensors.water]
bus = "line"
port = "{port}"
protocol = "p"
read = "T"
unit = "°C"
[sensors.litres]
bus = "line"
port = "{port}"
protocol = "p"
read = "L"
unit = "L"
"""


class Controller:
    """A dispenser's controller that answers each request with these bytes."""

    def __init__(self, reply: bytes) -> None:
        self.reply = reply
        self._end, self.port = open_terminal()
        threading.Thread(target=self._run, daemon=True).start()

    def close(self) -> None:
        os.close(self._end)

    def _run(self) -> None:
        try:
            while os.read(self._end, 64):
                os.write(self._end, self.reply)
        except OSError:
            return


@pytest.mark.slow
def test_a_dispensers_frames_good_and_bad_and_its_adapter_pulled(tmp_path: Path) -> None:
    by_path = tmp_path / "by-path"
    good = DISPENSER.frame({"T": 92.5, "L": 3.0})
    first = Controller(good)
    by_path.symlink_to(first.port)
    bus = one_bus(tmp_path, DISPENSER_TOML.format(port=by_path))
    assert heard_from(bus) == [Sensed("water", 92.5), Sensed("litres", 3.0)]
    first.reply = DISPENSER.frame({"T": 93.0})
    assert heard_from(bus) == [Sensed("water", 93.0), NotSensed("litres", "no_such_key")]
    for bad in (good[:9], good.replace(b"92", b"93"), b"\xff" * 40):
        first.reply = bad
        assert heard_from(bus) == [NotSensed("water", "no_answer"), NotSensed("litres", "no_answer")]
    first.close()
    by_path.unlink()
    until(lambda: heard_from(bus)[0] == NotSensed("water", "port_not_open"))
    second = Controller(good)
    by_path.symlink_to(second.port)
    assert heard_from(bus) == [Sensed("water", 92.5), Sensed("litres", 3.0)]
    bus.close()
    second.close()


def test_a_controller_that_speaks_by_itself(tmp_path: Path) -> None:
    end, port = open_terminal()
    text = f"""
[protocols.p]
kind = "binary"
begin = "AA 55"
length = 5
[protocols.p.read.T]
at = 2
size = 2
scale = 0.1
[sensors.water]
bus = "line"
port = "{port}"
protocol = "p"
read = "T"
unit = "°C"
"""
    bus = one_bus(tmp_path, text)
    stop = threading.Event()

    def speak() -> None:
        frame = b"\xaa\x55\x03\x9d"
        while not stop.wait(0.05):
            os.write(end, b"\x00" + frame + bytes((sum(frame) & 0xFF,)))

    thread = threading.Thread(target=speak)
    thread.start()
    assert heard_from(bus) == [Sensed("water", 92.5)]
    stop.set()
    thread.join()
    assert heard_from(bus) == [NotSensed("water", "no_answer")]
    bus.close()
    os.close(end)


@pytest.mark.slow
def test_a_receiver_with_a_fix_without_and_unplugged(tmp_path: Path) -> None:
    end, port = open_terminal()
    bus = one_bus(tmp_path, f'[gps]\nport = "{port}"\n')
    stop, say = threading.Event(), [sentence("A", "3640.1234,N,11701.5678,E", 10.0)]

    def speak() -> None:
        while not stop.wait(0.05):
            os.write(end, b"$GNGGA,junk*00\r\n" + say[0])

    thread = threading.Thread(target=speak)
    thread.start()
    fine, place = heard_from(bus)
    assert fine == Trouble("gps", None)
    assert isinstance(place, Located)
    assert (round(place.latitude, 4), round(place.longitude, 4), round(place.speed, 1)) == (36.6687, 117.0261, 5.1)
    say[0] = sentence("V", ",,,", 0.0)
    assert heard_from(bus) == [Trouble("gps", "no_fix")]
    stop.set()
    thread.join()
    assert heard_from(bus) == [Trouble("gps", "no_answer")]
    bus.close()
    os.close(end)
    assert heard_from(one_bus(tmp_path, '[gps]\nport = "/dev/serial/by-path/none"\n')) == [
        Trouble("gps", "port_not_open")
    ]


RELAY = """
[relays.light]
bus = "modbus"
port = "{port}"
device = 3
profile = "relay-8"
write = "relay2"
"""


def test_a_relay_is_what_is_wanted_and_is_set_again_after_the_board_lost_power(tmp_path: Path) -> None:
    appliances = Appliances(tmp_path / "w")
    wanted = {"light": True}
    (bus,) = buses(load(House(tmp_path, RELAY.format(port=appliances.line)).config), wanted)
    assert heard_from(bus) == [Trouble("relay.light", None)]
    assert appliances.coils == [False] * 8, "normally closed: no power on the coil, and the light is on"
    wanted["light"] = False
    heard_from(bus)
    assert appliances.coils == [False, True, *[False] * 6]
    bus.close()
    appliances.close()


def test_without_a_station_the_relays_give_the_power_back(tmp_path: Path) -> None:
    program = Program(load(House(tmp_path, RELAY.format(port="/dev/none")).config))
    program._want({"light": False})
    program._without_station()
    assert not program._wanted["light"]
    program._station_at -= GIVE_BACK_AFTER + 1
    program._without_station()
    assert program._wanted["light"]


def test_what_goes_and_what_returns_is_one_line_each(caplog: pytest.LogCaptureFixture) -> None:
    gone = Gone()
    caplog.set_level("INFO")
    flicker: list[Told] = [Sensed("t", 1.0), NotSensed("t", "no_answer")]
    messages: tuple[Told, ...] = (
        *flicker * 3,
        *[NotSensed("t", "no_answer")] * 50,
        *[Sensed("t", 1.0)] * 5,
        *[Trouble("gps", "no_fix")] * 9,
        Located(0.0, 0.0, 0.0),
        Trouble("gps", None),
    )
    for message in messages:
        gone.hear(message)
    assert [record.getMessage() for record in caplog.records] == [
        "t gives no value: no_answer",
        "t is back",
        "gps gives no value: no_fix",
        "gps is back",
    ]


class Listener:
    """Stands where the station does: hears what sensors tells, with the time of each."""

    def __init__(self, house: House) -> None:
        house.run.mkdir(parents=True, exist_ok=True)
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(str(house.run / "sense.sock"))
        self._server.listen()
        self.heard: list[tuple[float, Any]] = []
        self.peers: list[socket.socket] = []
        threading.Thread(target=self._run, daemon=True).start()

    def say(self, message: wire.base.Message) -> None:
        until(lambda: self.peers, "a connection")
        self.peers[-1].sendall(wire.encode(message))

    def of(self, sensor: str) -> list[tuple[float, Any]]:
        return [(at, each) for at, each in self.heard if getattr(each, "sensor", "") == sensor]

    def close(self) -> None:
        self._server.close()
        for peer in self.peers:
            peer.close()

    def _run(self) -> None:
        try:
            while True:
                peer, _ = self._server.accept()
                self.peers.append(peer)
                with peer.makefile("rb") as lines:
                    for line in lines:
                        self.heard.append((monotonic(), msgspec.json.decode(line, type=wire.SenseMessage)))
        except OSError:
            return


@pytest.mark.slow
def test_one_dead_bus_delays_no_other_and_the_program_stays_small(tmp_path: Path) -> None:
    tree, thermometer = tmp_path / "w1", tmp_path / "w1" / FRIDGE / "temperature"
    thermometer.parent.mkdir(parents=True)
    thermometer.write_text("4500\n")
    with slave(lambda _: b"", flood=b"\x55\xaa") as flood, slave(lambda _: b"") as dead:
        text = "".join(METER.format(name=f"d{number}", port=dead.port, device=number) for number in range(1, 9))
        text += METER.format(name="f", port=flood.port, device=1)
        text += f'[sensors.fridge]\nbus = "onewire"\ntree = "{tree}"\ndevice = "{FRIDGE}"\nunit = "C"\nevery = 0.2\n'
        house = House(tmp_path / "house", text)
        listener = Listener(house)
        with house.program("sensors") as process:
            until(lambda: len(listener.of("d8")) >= 2, "two rounds over eight dead devices")
            until(lambda: listener.of("f"), "a word from the line that is never silent")
            fridge = [at for at, _ in listener.of("fridge")]
            memory = _resident(process.pid)
        listener.close()
    longest = max(after - at for at, after in itertools.pairwise(fridge))
    dead_round = listener.of("d8")[1][0] - listener.of("d8")[0][0]
    assert longest < dead_round / 2, "the fridge is read at its own pace"
    assert len(fridge) >= 10
    assert memory < 35.0


def test_the_stations_word_reaches_the_relay_board_at_once(tmp_path: Path) -> None:
    appliances = Appliances(tmp_path / "w")
    house = House(tmp_path / "house", RELAY.format(port=appliances.line))
    listener = Listener(house)
    with house.program("sensors"):
        until(lambda: listener.heard, "the first round")
        began = monotonic()
        listener.say(Switch("light", on=False))
        until(lambda: appliances.coils[1], "the coil")
        assert monotonic() - began < 9.0, "sooner than the next round of ten seconds"
        listener.say(Switch("cellar", on=False))
        listener.say(Switch("light", on=True))
        until(lambda: not appliances.coils[1], "the coil")
    listener.close()
    appliances.close()


def _resident(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1000


SENSORS = """\
[sensors.fridge]
bus = "onewire"
tree = "{tree}"
device = "{fridge}"
unit = "°C"
every = 0.2
[sensors.air_conditioner]
bus = "modbus"
port = "{line}"
device = 1
profile = "pzem-016"
read = "power"
every = 0.2
[protocols.dispenser]
kind = "text"
ask = "?\\n"
begin = "$"
end = "\\r\\n"
sign = "="
check = "xor"
[sensors.water]
bus = "line"
port = "{dispenser}"
protocol = "dispenser"
read = "T"
unit = "°C"
every = 0.2
[gps]
port = "{gps}"
[sensors.lost]
bus = "modbus"
port = "/dev/serial/by-path/none"
device = 1
address = 0
unit = "W"
every = 0.2
"""


def test_the_appliances_become_entries(tmp_path: Path) -> None:
    appliances = Appliances(tmp_path)
    more = SENSORS.format(
        tree=appliances.tree,
        fridge=FRIDGE,
        line=appliances.line,
        dispenser=appliances.dispenser,
        gps=appliances.gps,
    )
    house = House(tmp_path, more)
    with house.station(), house.program("sensors"):
        until(lambda: len(house.entries("telemetry")) >= 4, "three first values and a place")
        view = house.view()
        assert 1.5 < (view.sensors["fridge"].value or 0.0) < 9.0
        assert 0.0 <= (view.sensors["air_conditioner"].value or -1.0) < 1250.0
        assert 80.0 < (view.sensors["water"].value or 0.0) < 97.0
        assert view.sensors["lost"].absent == "port_not_open"
        appliances.unplug_fridge()
        until(lambda: house.view().sensors["fridge"].absent == "not_connected")
        until(
            lambda: any(each["kind"] == "absent" and each["sensor"] == "fridge" for each in house.entries("telemetry"))
        )
        assert house.view().room.place is not None
    appliances.close()
    entries = house.entries("telemetry")
    kinds = {(entry["kind"], entry.get("sensor", "")) for entry in entries}
    assert kinds >= {
        ("measured", "fridge"),
        ("measured", "water"),
        ("absent", "lost"),
        ("absent", "fridge"),
        ("position", ""),
    }
    assert [entry["kind"] for entry in house.entries()][-1] == "stopped"
