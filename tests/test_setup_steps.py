"""What the setup's steps find on a machine, and how far somebody has come: without a terminal."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pynmea2
import pytest

from kiosk.cli.setup.nmcli import _rows
from kiosk.cli.setup.reader import Offer, kind_of, offers
from kiosk.cli.setup.search import Meter, hears_gps, meters, ports, thermometers
from kiosk.cli.setup.steps import Progress, Step, is_fresh
from kiosk.demo.appliances import open_terminal
from tests.conftest import ROOT
from tests.hardware.slaves import Slave, answer


def test_a_step_is_done_skipped_next_or_later_and_may_be_taken_again() -> None:
    told = Progress()
    assert (told.next, set(told.stands().values())) == (Step.STATION, {"next", "later"})
    for step in Step:
        assert told.stands()[step] == "next"
        told = told.after(step, done=step is not Step.NETWORK)
    assert told.next is None
    assert told.stands()[Step.NETWORK] == "skipped"
    assert told.after(Step.NETWORK, done=True).stands()[Step.NETWORK] == "done"


@pytest.mark.parametrize("name", ["station.toml", "station.zh-CN.toml"])
def test_the_example_in_either_language_is_no_station_and_one_line_of_ones_own_makes_it_one(
    name: str, tmp_path: Path
) -> None:
    text = (ROOT / "config" / name).read_text(encoding="utf-8")
    config, folder = tmp_path / "station.toml", f'data_dir = "{tmp_path}"\n'
    config.write_text(
        text.replace("[station]\n", "[station]\n" + folder).replace("37081101", "37081102"), encoding="utf-8"
    )
    assert is_fresh(config), "a code alone says nothing of what the station has"
    config.write_text(config.read_text(encoding="utf-8").replace("# pulse = 5.0", "pulse = 5.0"), encoding="utf-8")
    assert not is_fresh(config)
    config.write_text(text.replace("[station]\n", "[station]\n" + folder), encoding="utf-8")
    (tmp_path / "root.pub.copy").write_text("x")
    assert not is_fresh(config), "it is enrolled"


def test_devices_are_named_by_their_plug(tmp_path: Path) -> None:
    for name in ("v4l/by-path/usb-1-video-index0", "v4l/by-path/usb-1-video-index1", "serial/by-path/usb-2-port0"):
        (tmp_path / "dev" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "dev" / name).touch()
    found = [Offer("camera", "/dev/v4l/by-path/usb-1-video-index0"), Offer("engine", "/dev/serial/by-path/usb-2-port0")]
    assert offers(tmp_path) == found
    assert ports(tmp_path) == ["/dev/serial/by-path/usb-2-port0"]
    kinds = {
        "csi:0": "camera",
        "/dev/ttyUSB0": "engine",
        "/dev/input/by-id/x-event-kbd": "keyboard",
        "rtsp://c/1": "camera",
    }
    assert {device: kind_of(device) for device in kinds} == kinds


def test_thermometers_with_and_without_a_value(tmp_path: Path) -> None:
    good = "48 00 4b 46 7f ff 08 10 a1 : crc=a1 YES\n48 00 4b 46 7f ff 08 10 a1 t=4500\n"
    for name, text, raw in (("28-0316a27900ff", "4500", good), ("28-0000000000ff", "", good.replace("YES", "NO"))):
        folder = tmp_path / "sys/bus/w1/devices" / name
        folder.mkdir(parents=True)
        (folder / "temperature").write_text(text)
        (folder / "w1_slave").write_text(raw)
    assert thermometers(tmp_path)["28-0316a27900ff"] == 4.5
    assert thermometers(tmp_path)["28-0000000000ff"] is None
    assert thermometers(tmp_path / "none") == {}


@pytest.mark.slow
def test_a_meter_is_found_by_what_it_answers(tmp_path: Path) -> None:
    def voltage(request: bytes) -> bytes:
        first = int.from_bytes(request[2:4], "big") == 0
        return answer(2, *[2301 if first else 0xFFFF] * int.from_bytes(request[4:6], "big")) if request[0] == 2 else b""

    slave = Slave(voltage)
    try:
        assert list(meters(slave.port, tmp_path)) == [Meter(slave.port, 2, "pzem-016", {"voltage": (230.1, "V")})]
    finally:
        slave.close()


NO_VIEW = pynmea2.RMC("GP", "RMC", ("092750.000", "V", "", "", "", "", "", "", "280511", "", "", "N"))


@contextmanager
def saying(text: bytes) -> Iterator[str]:
    """A port at which a device says this, again and again."""
    end, port = open_terminal()
    os.set_blocking(end, False)
    away = threading.Event()

    def say() -> None:
        while not away.wait(0.1):
            os.write(end, text)

    thread = threading.Thread(target=say)
    thread.start()
    try:
        yield port
    finally:
        away.set()
        thread.join()
        os.close(end)


@pytest.mark.parametrize(
    ("text", "gps"),
    [(f"{NO_VIEW}\r\n".encode(), True), (b"$T=92.5,TDS=41*5C\r\n", False), (b"\xff\x00", False)],
)
def test_a_gps_receiver_is_heard_also_without_a_view_of_the_sky(text: bytes, gps: bool) -> None:
    with saying(text) as port:
        assert hears_gps(port, 3.0 if gps else 0.5) is gps


def test_what_nmcli_says_of_names_with_colons() -> None:
    assert _rows("caf\\:e:50:WPA2\nback\\\\slash:1:\n") == [["caf:e", "50", "WPA2"], ["back\\slash", "1", ""]]
