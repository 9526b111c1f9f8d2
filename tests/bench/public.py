"""`make bench-public`: the public pages on a bad line; beside the same as files of nginx; and the cost of a change of the feed.

Of nginx and ours: requests/s, 50 and 95 %.
"""

from __future__ import annotations

import http.client
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from kiosk.central.feed_files import FeedFiles
from kiosk.central.store import CentralStore
from kiosk.central.store.place import SETTINGS
from kiosk.central.store.sightings import Sighting
from kiosk.demo.place import free_port, stop
from tests.bench import slow_line
from tests.programs.province_of_days import codes
from tests.public.ground import Ground, open_ground

CLIENTS: Final = 4
SECONDS: Final = 5.0
STATIONS: Final = 4540
TURNS: Final = 9
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


def beside_nginx(folder: Path, ground: Ground) -> Iterator[str]:
    """Each page by our server, then as a file by nginx."""
    port = free_port()
    (folder / "files").mkdir()
    folder.chmod(0o755)
    for number, path in enumerate(PATHS):
        (folder / "files" / f"{number}").write_bytes(ground.get(path).content)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port), encoding="utf-8")
    nginx = subprocess.Popen(["nginx", "-e", str(folder / "error"), "-c", str(folder / "nginx.conf")])
    time.sleep(1.0)
    for number, path in enumerate(PATHS):
        yield told(path, asked(ground.url, path))
        yield told("  the same as a file of nginx", asked(f"http://127.0.0.1:{port}", f"/{number}"))
    stop(nginx)


def province(ground: Ground) -> None:
    """As many stations as there are, each heard just now."""
    names, now = codes(STATIONS), time.time()
    with ground.store.transaction():
        for code in names:
            ground.build(code)
    ground.store.saw([Sighting(code, now, "yizhan-kiosk/1", "") for code in names])


def of_a_change(folder: Path, ground: Ground) -> Iterator[str]:
    """What one change of one station costs where there are as many as there are: the look, both bodies, and their files."""
    province(ground)
    settings = ground.store.folder / SETTINGS
    settings.write_text(f'[feed]\nfolder = "{folder / "feed"}"\n', encoding="utf-8")
    with closing(CentralStore(ground.store.folder)) as store:
        files, took = FeedFiles(store), [(time.perf_counter(), time.process_time())]
        for number in range(TURNS):
            store.saw([Sighting(codes(1)[0], time.time() + number, "yizhan-kiosk/1", "")])
            files.turn()
            took.append((time.perf_counter(), time.process_time()))
        wall, busy = (
            statistics.median(after[each] - before[each] for before, after in pairwise(took)) * 1e3 for each in (0, 1)
        )
        yield f"a change of one of {STATIONS} stations, to the files: {wall:.0f} ms, {busy:.0f} of them the processor's"
        yield from (
            f"  {each.name}: {each.stat().st_size / 1e3:.0f} kB" for each in sorted((folder / "feed").iterdir())
        )


def main() -> None:
    """A bad line; the server beside nginx; what a change costs."""
    with (
        tempfile.TemporaryDirectory(prefix="kiosk-") as name,
        open_ground(Path(name) / "central", keeps=True) as ground,
    ):
        folder = Path(name)
        for number in range(1, 41):
            ground.build(f"370811{number:02}", at=(f"35.{number}", "116.6"))
        for measured in (slow_line.lines(ground), beside_nginx(folder, ground), of_a_change(folder, ground)):
            for line in measured:
                print(line, flush=True)


if __name__ == "__main__":
    main()
