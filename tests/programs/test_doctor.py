"""`kiosk doctor` on the road to the central server: what is broken there is named, with the command that mends it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext

import pytest

from kiosk.cli.doctor.network import _clock
from kiosk.demo.place import free_port
from tests.certificates import Authority
from tests.programs import middle
from tests.programs.house import House
from tests.programs.middle import Middle
from tests.programs.town import Town

Found = dict[str, tuple[str, str, str]]


def network(house: House, url: str, more: str = "") -> Found:
    """What the doctor says of the network: severity, evidence and remedy by id."""
    settings = house.config.read_text()
    house.config.write_text(f'{settings}[central]\nurl = "{url}"\n{more}')
    done = house.kiosk("doctor", "--json")
    house.config.write_text(settings)
    checks = json.loads(done.stdout)["checks"]
    return {
        check["id"].partition(".")[2]: (check["severity"], check["evidence"], check["remedy"] or check["advice"])
        for check in checks
        if check["id"].startswith("network.")
    }


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_good_road_is_fine_at_every_step(tmp_path: Path) -> None:
    town = Town(tmp_path)
    with town.server():
        found = network(town.house, f"http://127.0.0.1:{town.port}")
    assert list(found) == ["name", "connection", "server", "clock"]
    assert {severity for severity, _, _ in found.values()} == {"fine"}


def test_a_name_that_nobody_knows(house: House) -> None:
    found = network(house, "https://no-such-station.invalid")
    assert list(found) == ["name"]
    assert found["name"][0] == "wrong"
    assert found["name"][2] == "resolvectl query no-such-station.invalid"


def test_a_server_that_is_not_there(house: House) -> None:
    found = network(house, f"http://127.0.0.1:{free_port()}")
    assert (list(found), found["connection"][0]) == (["name", "connection"], "wrong")
    assert "refused" in found["connection"][1]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (middle.says("200 OK", "text/html", "<h1>Log in</h1>"), "HTTP 200, text/html"),
        (
            middle.says("302 Found", "text/html", "", "Location: http://login.example/"),
            "→ http://login.example/",
        ),
    ],
)
def test_a_captive_portal(answer: middle.Fault, told: str, house: House) -> None:
    with closing(Middle(1)) as man, man.doing(answer):
        found = network(house, f"http://127.0.0.1:{man.port}")
    assert found["server"][0] == "wrong"
    assert told in found["server"][1]
    assert "browser" in found["server"][2]


class Page(BaseHTTPRequestHandler):
    """A server of ours that is far ahead."""

    def do_GET(self) -> None:
        body = b'{"title": "No", "status": 401}'
        self.send_response_only(401)
        self.send_header("Date", "Fri, 01 Jan 2100 00:00:00 GMT")
        self.send_header("Content-Type", "application/problem+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def https(tmp_path: Path) -> Iterator[tuple[str, Authority]]:
    authority = Authority(tmp_path, "union")
    cert, key = authority.certify("localhost")
    server = HTTPServer(("127.0.0.1", 0), Page)
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://localhost:{server.server_port}", authority
    server.shutdown()
    server.server_close()


def test_a_certificate_of_the_unions_own_authority_and_a_clock_that_is_off(
    https: tuple[str, Authority], house: House
) -> None:
    url, authority = https
    found = network(house, url, f'ca_file = "{authority.file}"\n')
    assert found["certificate"][:2] == ("fine", "localhost proves who it is, for 30 days more")
    assert found["server"][0] == "fine"
    assert found["clock"][0] == "warning"
    assert "behind the server" in found["clock"][1]


def test_a_certificate_that_nobody_vouches_for(https: tuple[str, Authority], house: House) -> None:
    found = network(house, https[0])
    assert (list(found)[-1], found["certificate"][0]) == ("certificate", "wrong")
    assert found["certificate"][2] == "kiosk config explain central.ca_file"


@pytest.mark.parametrize("date", ["", "soon", "Mon, 01 Jan 99999 00:00:00 GMT", "²", "1 1 1 1:1:1 +999999999999"])
def test_an_odd_date_of_a_server_is_none(date: str) -> None:
    assert list(_clock(date)) == []


def test_a_name_that_no_name_server_could_have(house: House) -> None:
    found = network(house, f"https://{'a' * 70}.example")
    assert (list(found), found["name"][0]) == (["name"], "wrong")


def test_a_station_that_runs_with_other_settings_than_the_file_has_now(house: House) -> None:
    text = house.config.read_text()
    house.config.write_text(text + '[sensors.old]\nbus = "onewire"\ndevice = "28-000000000001"\nunit = "°C"\n')
    with house.station():
        house.config.write_text(text)
        done = house.kiosk("doctor", "--json")
    assert "sensor.old" in {check["id"] for check in json.loads(done.stdout)["checks"]}
