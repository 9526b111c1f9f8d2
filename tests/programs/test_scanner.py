"""`kiosk scanner` as a real process: a film, an engine, a stream; and what the station hears."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from pathlib import Path

import cv2
import pytest

from kiosk.demo.appliances import open_terminal
from kiosk.demo.engine import SimulatedEngine
from kiosk.demo.film import Film, Visit, symbol, write_film
from tests.keys import STRANGER, claims, signed
from tests.programs.house import LOCK, House, until
from tests.programs.stream_camera import StreamCamera

SCANNER = '[scanners.main]\ndoor = "main"\n'


def test_from_the_picture_of_a_pass_to_the_locks_pin(tmp_path: Path) -> None:
    film = tmp_path / "film.avi"
    forged, good = signed(claims(), STRANGER), signed(claims(scope="3708"))
    visits = (Visit(forged, 0.5, hold=1.0), Visit(good, 3.0, hold=1.0, holding="card", side=420))
    write_film(Film(visits, seconds=5.2), film)
    house = House(tmp_path, SCANNER + f'camera = "{film}"\nrate = 15.0\n')
    house.trust()
    with house.station() as station:
        with house.program("scanner"):
            assert station.next("denied")["reason"] == "bad_signature"
            assert station.bench.wait_for(LOCK, level=True, timeout=0.01) is None
            assert station.next("granted")["index"] == 7
            assert station.bench.wait_for(LOCK, level=True) is not None
            until(lambda: house.view().programs["scanner"])
        until(lambda: "scanner" in house.view().faults)
    assert [entry["kind"] for entry in house.entries()].count("granted") == 1, "one entry for a code held for a second"


def test_a_serial_engine_is_a_scanner_too_and_may_be_unplugged(tmp_path: Path) -> None:
    ours, port = open_terminal()
    house = House(tmp_path, SCANNER + f'engine = "{port}"\n')
    house.trust()
    with house.station() as station, house.program("scanner"):
        until(lambda: house.view().programs["scanner"])
        os.write(ours, signed(claims(5)).encode() + b"\r\n")
        assert station.next("granted")["index"] == 5
        os.write(ours, b"\xff\xfe garbage \r\n")
        assert station.next("denied")["reason"] == "not_a_pass"
    os.close(ours)


def test_an_engine_with_a_prefix_of_its_own_and_no_line_end(tmp_path: Path) -> None:
    ours, port = open_terminal()
    house = House(tmp_path, SCANNER + f'engine = "{port}"\nprefix = "]Q1"\n')
    house.trust()
    with house.station() as station, house.program("scanner"):
        until(lambda: house.view().programs["scanner"])
        for index in (1, 2):
            os.write(ours, b"\x02]Q1" + signed(claims(index)).encode())
            assert station.next("granted", "denied").get("index") == index
    os.close(ours)


def test_a_camera_that_is_not_there_is_a_fault_with_its_name(tmp_path: Path) -> None:
    house = House(tmp_path, SCANNER + 'camera = "/dev/v4l/by-path/none"\n')
    house.trust()
    with house.station(), house.program("scanner"):
        until(lambda: "does not open" in house.view().faults.get("scanner.main", ""))


def test_a_scanner_finds_a_restarted_station_before_the_next_code(tmp_path: Path) -> None:
    ours, port = open_terminal()
    house = House(tmp_path, SCANNER + f'engine = "{port}"\n')
    house.trust()
    with house.program("scanner"):
        for index in (1, 2):
            with house.station() as station:
                until(lambda: house.view().programs["scanner"])
                os.write(ours, signed(claims(index)).encode() + b"\r\n")
                assert station.next("granted")["index"] == index
                station.kill()
    os.close(ours)


def test_an_engine_may_return_under_another_name(tmp_path: Path) -> None:
    """Its path by-path is a link that udev points at the new device."""
    link = tmp_path / "by-path"
    first, second = SimulatedEngine(), SimulatedEngine()
    link.symlink_to(first.port)
    house = House(tmp_path, SCANNER + f'engine = "{link}"\nmodel = "gm65"\nmode = "trigger"\n')
    house.trust()
    with house.station() as station, house.program("scanner"):
        first.show(signed(claims(1)))
        assert station.next("granted")["index"] == 1
        link.unlink()
        link.symlink_to(second.port)
        first.close()
        until(lambda: "scanner.main" in house.view().faults)
        second.show(signed(claims(2)))
        assert station.next("granted")["index"] == 2
        until(lambda: "scanner.main" not in house.view().faults)
    second.close()


def test_a_stream_that_is_slow_stalls_and_returns(tmp_path: Path) -> None:
    """One frame a second, then none and a closed connection, then sixty a second; each pass opens."""
    camera = StreamCamera()
    camera.rate = 1.0
    camera.shows(signed(claims(1)))
    house = House(tmp_path, SCANNER + f'camera = "{camera.url}"\n')
    house.trust()
    with house.station() as station, house.program("scanner"):
        assert station.next("granted")["index"] == 1
        camera.rate = 0.0
        until(lambda: "no frames" in house.view().faults.get("scanner.main", ""))
        camera.hang_up()
        camera.rate = 60.0
        camera.shows(signed(claims(2)))
        assert station.next("granted")["index"] == 2
        until(lambda: "scanner.main" not in house.view().faults)
    camera.close()


def test_a_technician_sees_the_picture_only_while_maintenance_is_armed(tmp_path: Path) -> None:
    film = tmp_path / "film.avi"
    write_film(Film((), seconds=2.0, width=320, height=240), film)
    house = House(tmp_path, SCANNER + f'camera = "{film}"\nrate = 15.0\npause = 0.0\n')
    house.trust()
    with house.station() as station, house.program("scanner"):
        until((house.run / "scanner" / "main.sock").exists)
        refused = house.kiosk("scanner", "--snapshot")
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "kiosk maintenance on" in refused.stderr
        assert house.kiosk("maintenance", "on", "--for", "5m").returncode == 0
        assert 0 < house.view().maintenance <= 300
        shown = until(lambda: (done := house.kiosk("scanner", "main", "--snapshot")).returncode == 0 and done.stdout)
        assert str(shown).count("▀") >= 80 * 20
        assert "not kept" in str(shown)
        assert house.kiosk("maintenance", "off").returncode == 0
        assert house.kiosk("scanner", "--snapshot").returncode == 1
        assert [station.next("maintenance").get("seconds") for _ in range(2)] == [300.0, None]
    assert house.kiosk("scanner", "--snapshot").returncode == 3


def test_no_frame_leaves_the_process(tmp_path: Path) -> None:
    """All that the scanner writes, traced by the kernel: messages of some hundred bytes, to sockets, and to no file."""
    film, trace = tmp_path / "film.avi", tmp_path / "trace"
    write_film(Film((Visit(signed(claims()), 0.3, hold=0.6, holding="card", side=420),), seconds=2.2), film)
    house = House(tmp_path, SCANNER + f'camera = "{film}"\nrate = 15.0\n')
    house.trust()
    opening, sending = "execve,open,openat,creat,memfd_create,shmget,socket", "sendto,sendmsg,sendmmsg,sendfile,splice"
    calls = f"trace={opening},write,writev,pwrite64,pwritev,{sending}"
    strace = ("strace", "-f", "-q", "-y", "-s", "256", "-o", str(trace), "-e", calls)
    with house.station() as station, house.program("scanner", under=strace) as tracer:
        station.next("granted")
        scanner = int(trace.read_text().split(maxsplit=1)[0])
        os.kill(scanner, signal.SIGTERM)  # strace alone would end, and leave it behind
        assert tracer.wait(30) == 0, "no thread comes out of OpenCV into an ended Python"
    lines = [line.split(maxsplit=1) for line in trace.read_text().splitlines()]
    others = {
        pid for pid, line in lines if line.startswith("execve") and not line.startswith(f'execve("{sys.executable}"')
    }
    traced = [line for pid, line in lines if pid not in others]  # ctypes asks ldconfig where libzbar is
    sent = [line for line in traced if line.startswith(("write", "pwrite", "send", "splice"))]
    assert any("UNIX-STREAM" in line or "socket:" in line for line in sent), "the trace sees what is sent"
    assert sum(int(line.rpartition("= ")[2]) for line in sent if line.rpartition("= ")[2].isdigit()) < 4096
    assert not [line for line in sent if not re.search(r"<(UNIX|socket:|pipe:|.*scanner\.log|/dev/null)", line)]
    writable = [
        line for line in traced if line.startswith(("open", "creat")) and re.search(r"O_WRONLY|O_RDWR|O_CREAT", line)
    ]
    assert not [line for line in writable if "/dev/null" not in line and not line.endswith(")")]
    assert not [line for line in traced if line.startswith(("memfd", "shmget")) or "AF_INET" in line]


def test_pictures_are_read_from_files_and_told_as_json(tmp_path: Path) -> None:
    house, picture, text = House(tmp_path), tmp_path / "pass.png", signed(claims())
    cv2.imwrite(str(picture), symbol(text, "l", 400))
    (tmp_path / "text.txt").write_text("no picture")
    done = house.kiosk("scanner", "read", str(picture), str(tmp_path / "text.txt"), str(tmp_path / "none.png"))
    good, *bad = [json.loads(line) for line in done.stdout.splitlines()]
    assert (good["file"], good["texts"], good["took"]) == (str(picture), [text], "zxing")
    assert good["ms"] > 0
    assert [each["error"] for each in bad] == ["no picture", "No such file or directory"]
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.slow
def test_a_hung_camera_ends_the_process_so_that_systemd_starts_another(tmp_path: Path) -> None:
    fifo = tmp_path / "camera"
    os.mkfifo(fifo)
    house = House(tmp_path, SCANNER + f'camera = "{fifo}"\n')
    house.trust()
    with house.station() as station, house.program("scanner") as scanner:
        until(lambda: "scanner.main" in house.view().faults)
        assert scanner.wait(40) == 1
        assert station.verdict(signed(claims())) == "granted", "the station notices no more than a scanner that is away"


def test_a_scanner_that_cannot_show_its_picture_to_a_technician_lets_workers_in(tmp_path: Path) -> None:
    film = tmp_path / "film.avi"
    write_film(Film((Visit(signed(claims()), 0.5, hold=1.0, holding="card", side=420),), seconds=2.0), film)
    house = House(tmp_path, SCANNER + f'camera = "{film}"\nrate = 15.0\n')
    house.trust()
    house.run.mkdir()
    (house.run / "scanner").write_text("a file where the folder should be")
    with house.station() as station, house.program("scanner"):
        assert station.next("granted")["index"] == 7
    assert "nobody can look through the camera" in (tmp_path / "scanner.log").read_text()
