"""`make bench-public`: the public pages and the feed beside the same bytes as files of nginx: requests/s, 50 and 95 %."""

from __future__ import annotations

import http.client
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from kiosk.demo.place import free_port, stop
from tests.public.ground import open_ground

CLIENTS: Final = 4
SECONDS: Final = 5.0
PATHS: Final = ("/s/37081101", "/map", "/feed/stations.geojson")
NGINX: Final = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error; events {{ worker_connections 64; }}
http {{ access_log off; server {{ listen 127.0.0.1:{port}; root {folder}/files; keepalive_requests 1000000; }} }}
"""


def asked(url: str, path: str) -> list[float]:
    """How long each answer took, of some clients that ask one after another."""
    took: list[float] = []
    ends = time.monotonic() + SECONDS

    def ask() -> None:
        line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        while (began := time.monotonic()) < ends:
            line.request("GET", path)
            answer = line.getresponse()
            answer.read()
            assert answer.status == 200, path
            took.append(time.monotonic() - began)

    threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return took


def told(name: str, took: list[float]) -> str:
    ordered = statistics.quantiles(took, n=20)
    return f"{name:<32}{len(took) / SECONDS:>10.0f}/s{ordered[9] * 1e3:>9.1f} ms{ordered[18] * 1e3:>9.1f} ms"


def main() -> None:
    """Each page by our server, then as a file by nginx."""
    with (
        tempfile.TemporaryDirectory(prefix="kiosk-") as name,
        open_ground(Path(name) / "central", keeps=True) as ground,
    ):
        folder, port = Path(name), free_port()
        for number in range(1, 41):
            ground.build(f"370811{number:02}", at=(f"35.{number}", "116.6"))
        (folder / "files").mkdir()
        folder.chmod(0o755)
        for number, path in enumerate(PATHS):
            (folder / "files" / f"{number}").write_bytes(ground.get(path).content)
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port), encoding="utf-8")
        nginx = subprocess.Popen(["nginx", "-e", str(folder / "error"), "-c", str(folder / "nginx.conf")])
        time.sleep(1.0)
        for number, path in enumerate(PATHS):
            print(told(path, asked(ground.url, path)))
            print(told("  the same as a file of nginx", asked(f"http://127.0.0.1:{port}", f"/{number}")))
        stop(nginx)


if __name__ == "__main__":
    main()
