"""config/nginx/yizhan-central.conf under the real nginx, with a real station and a real server at its two ends."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic

import pytest
import requests

from kiosk.central.issuer import GATHERS
from kiosk.central.office.pages import PAGES
from kiosk.central.public.pages import PAGES as FOR_EVERYBODY
from kiosk.central.store.place import SETTINGS
from kiosk.demo.link import Link
from kiosk.demo.place import free_port, stop
from tests.certificates import Authority
from tests.conftest import ROOT
from tests.programs.house import until
from tests.programs.listener import Listener
from tests.programs.town import CODE, Town, enter

pytestmark = pytest.mark.slow

SITE = ROOT / "config" / "nginx" / "yizhan-central.conf"
SERVER = "127.0.0.1:8420"
NAME = "localhost"
PASSES = "pass.example.org"

HTTP = """\
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log error;
events {{ worker_connections 256; }}
http {{
    access_log {folder}/access.log;
    {places}
    include {folder}/site.conf;
}}
"""
PLACES = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Front:
    """nginx with our file, in which only the places are others. `port`: of its HTTPS."""

    def __init__(self, folder: Path, server: int) -> None:
        self.folder, self.port = folder, free_port()
        self.authority = Authority(folder, "union")
        self.url = f"https://{NAME}:{self.port}"
        cert, key = self.authority.certify(NAME)
        instead = {
            SERVER: f"127.0.0.1:{server}",
            "listen 443 ssl;": f"listen 127.0.0.1:{self.port} ssl;",
            "listen [::]:443 ssl;": "",
            "central.example.org": NAME,
            "/etc/ssl/yizhan/central.pem": str(cert),
            "/etc/ssl/yizhan/central.key": str(key),
            "root /var/cache/kiosk-central;": f"root {folder}/feed;",
            "/var/log/nginx/": f"{folder}/",
        }
        text = SITE.read_text(encoding="utf-8")
        for ours, theirs in instead.items():
            assert ours in text
            text = text.replace(ours, theirs)
        (folder / "site.conf").write_text(text)
        places = " ".join(f"{each}_temp_path {folder}/{each};" for each in PLACES)
        user = "user root;" if os.getuid() == 0 else ""
        self.config = folder / "nginx.conf"
        self.config.write_text(HTTP.format(folder=folder, user=user, places=places))

    @contextmanager
    def running(self) -> Iterator[None]:
        process = subprocess.Popen(["nginx", "-e", str(self.folder / "error.log"), "-c", str(self.config)])
        try:
            until(lambda: self.get("/nothing").status_code == 404, "nginx")
            yield
        finally:
            stop(process)

    def post(self, path: str, body: bytes) -> requests.Response:
        return requests.post(self.url + path, body, verify=str(self.authority.file), timeout=30)

    def get(self, path: str, **headers: str) -> requests.Response:
        return requests.get(self.url + path, headers=headers, verify=str(self.authority.file), timeout=30)


@pytest.fixture(autouse=True)
def nginx() -> None:
    if shutil.which("nginx") is None:
        pytest.skip("nginx IS ABSENT: apt-get install nginx-light")


def settle(town: Town, front: Front) -> None:
    """Enrol through nginx, and lead sync there."""
    table = f'[central]\nurl = "{front.url}"\nca_file = "{front.authority.file}"\nback_off_cap = 2\n'
    town.house.config.write_text(town.house.config.read_text() + table + "telemetry_within = 0\ntimeout = 5\n")
    claim = town.house.kiosk("central", "claim", CODE, "--data", str(town.central)).stdout.strip()
    done = town.house.kiosk("enrol", front.url, claim)
    assert done.returncode == 0, done.stderr


def test_a_station_behind_it_loses_nothing_and_gets_its_documents_at_once(tmp_path: Path) -> None:
    town = Town(tmp_path)
    with closing(Link(("127.0.0.1", town.port))) as between:
        front = Front(tmp_path, between.port)
        with front.running(), town.server():
            settle(town, front)
            with town.house.station() as station, town.house.program("sync"):
                until(lambda: town.house.view().quality == "synced", "the time")
                enter(town, station, 2)
                until(lambda: town.numbers() == town.everything(), "the arrival of everything")
                town.house.kiosk("central", "revoke", "1", "--data", str(town.central))
                began = monotonic()
                assert station.next("document_applied")["document"] == "status"
                assert monotonic() - began < GATHERS + 20, "less than it holds a question back"
                between.swallow = 1
                enter(town, station, 1)
                until(lambda: town.numbers() == town.everything(), "what an answer was lost of")
                assert "central" not in town.house.view().faults


def test_a_restart_of_the_server_behind_it_costs_nothing(tmp_path: Path) -> None:
    town = Town(tmp_path)
    front = Front(tmp_path, town.port)
    with front.running():
        with town.server():
            settle(town, front)
            cards = town.passes(6)
        with town.house.station() as station, town.house.program("sync"):
            for first in (0, 2, 4):
                with town.server():
                    assert station.verdict(cards[first]) == "granted"
                    until(lambda: town.numbers() == town.everything(), "the arrival of everything")
                assert station.verdict(cards[first + 1]) == "granted"
            with town.server():
                until(lambda: town.numbers() == town.everything(), "the arrival of the rest")
                until(lambda: "central" not in town.house.view().faults, "the end of the fault")


def test_its_own_words_are_the_contracts(tmp_path: Path) -> None:
    front = Front(tmp_path, free_port())
    with front.running():
        answer = front.get(f"/v1/stations/{CODE}/documents")
        assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
        assert (answer.json()["status"], answer.headers["Retry-After"]) == (503, "5")
        found = [front.get("/v1/enrol") for _ in range(40)]
        refused = [each for each in found if each.status_code == 429]
        assert {each.status_code for each in found} == {429, 503}
        assert {each.headers["Content-Type"] for each in refused} == {"application/problem+json"}
        assert {(each.json()["status"], each.headers["Retry-After"]) for each in refused} == {(429, "60")}


class Server(Listener):
    """Answers every request on a connection with nothing, and keeps the heads that came, one list a connection."""

    def __init__(self) -> None:
        self.heads: list[list[str]] = []
        super().__init__()

    def _serve(self, near: socket.socket) -> None:
        heads: list[str] = []
        self.heads.append(heads)
        with near:
            while head := near.recv(65536):
                heads.append(head.decode())
                near.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def test_nobody_says_who_he_is_and_connections_to_the_server_are_kept(tmp_path: Path) -> None:
    with closing(Server()) as server:
        front = Front(tmp_path, server.port)
        with front.running():
            for _ in range(3):
                assert front.get("/v1/x", **{"X-Forwarded-For": "192.0.2.66"}).status_code == 200
        (heads,) = server.heads
        assert len(heads) == 3
        for head in heads:
            assert "192.0.2.66" not in head
            assert "X-Forwarded-For: 127.0.0.1\r\n" in head


def test_operators_come_to_the_office_through_it_with_a_cookie_that_is_its_own(tmp_path: Path) -> None:
    town = Town(tmp_path)
    front = Front(tmp_path, town.port)
    with front.running():
        assert "try again" in front.get("/office/login").text, "the server is away"
        with town.server():
            assert front.get("/").url == f"{front.url}/office/login?next=/office/"
            cookie = front.get("/office/login").headers["Set-Cookie"]
            assert cookie.startswith("__Host-yizhan=")
            assert "Secure" in cookie


def test_everybody_comes_to_the_public_pages_and_the_feed_is_a_file_where_there_is_one(tmp_path: Path) -> None:
    town = Town(tmp_path)
    front = Front(tmp_path, town.port)
    with front.running(), town.server():
        assert "default-src 'none'" in front.get("/map").headers["Content-Security-Policy"]
        assert front.get("/s/370811016").status_code == 404
        for path in ("/receipt", "/said/1.jpg"):
            assert "default-src 'none'" in front.get(path).headers["Content-Security-Policy"], path
        asked = front.get("/feed/station_status.json")
        assert asked.json()["version"] == "1.0"
        (tmp_path / "feed").mkdir()
        (tmp_path / "feed" / "station_status.json").write_text('{"version": "of the file"}', encoding="utf-8")
        served = front.get("/feed/station_status.json")
        assert served.json()["version"] == "of the file"
        for each in (asked, served):
            assert each.headers["Access-Control-Allow-Origin"] == "*"
            assert each.headers["Content-Type"].startswith("application/json")
        assert front.get("/feed/stations.schema.json").json()["title"] == "stations.geojson"


def test_who_looks_at_the_public_pages_is_written_down_nowhere(tmp_path: Path) -> None:
    town = Town(tmp_path)
    front = Front(tmp_path, town.port)
    with front.running():
        (tmp_path / "access.log").write_text("")  # of whoever waited for nginx to begin
        ours = ("/s/370811015", "/s/370811015/say", "/map", "/receipt", "/feed/station_status.json", "/favicon.ico")
        for path in ours:
            assert front.get(path, Referer=f"{front.url}/s/370811015/say").status_code in {404, 503}, (
                "the server is away"
            )
        assert front.post("/s/370811015/say", bytes(10 << 20)).status_code == 413
        front.get("/pass", Host=PASSES)
        assert (tmp_path / "access.log").read_text() == (tmp_path / "error.log").read_text() == ""
        front.get("/office/login")
        until(lambda: "/office/login" in (tmp_path / "access.log").read_text(), "what operators do")


def test_a_photograph_that_is_too_large_is_told_in_both_languages(tmp_path: Path) -> None:
    front = Front(tmp_path, free_port())
    with front.running():
        answer = front.post("/s/370811015/say", bytes(10 << 20))
        assert (answer.status_code, answer.encoding) == (413, "utf-8")
        assert "最多 8 MB" in answer.text
        assert "8 MB at the most" in answer.text


@pytest.mark.parametrize(
    ("place", "most"),
    [("/office/", max(each.most for each in PAGES)), ("~ ^/(s|map", max(each.most for each in FOR_EVERYBODY))],
)
def test_nginx_lets_through_what_the_pages_take_and_no_more(place: str, most: int) -> None:
    (megabytes,) = re.findall(
        re.escape(f"location {place}") + r"[^\n]*\{\n\s+client_max_body_size (\d+)m;", SITE.read_text()
    )
    assert most <= int(megabytes) << 20 < most + (2 << 20)


def test_the_page_with_a_pass_is_under_its_own_name_alone_and_only_by_tls(tmp_path: Path) -> None:
    town = Town(tmp_path)
    (town.central / SETTINGS).write_text(f'[addresses]\npasses = "https://{PASSES}"\n')
    front = Front(tmp_path, town.port)
    with front.running(), town.server():
        page = front.get("/pass", Host=PASSES)
        assert page.status_code == 200
        assert page.headers["Strict-Transport-Security"].startswith("max-age=")
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert front.get("/office/login", Host=PASSES).status_code == 404
        assert front.get("/pass").status_code == 404
