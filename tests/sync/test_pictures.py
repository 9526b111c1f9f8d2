"""Sync fetches the pictures that the station is missing, on from where it was cut off; another is not believed."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.central.issuer import Issuer
from kiosk.central.service_kinds import as_said
from kiosk.central.store import CentralStore
from kiosk.demo.place import free_port
from kiosk.keyfiles import STATION_KEY, read_private
from kiosk.local import Line, NotGranted
from kiosk.loops import Loops
from kiosk.settings.loading import load
from kiosk.sync import pictures
from kiosk.sync.client import Client
from kiosk.sync.link import Link
from kiosk.sync.pictures import PIECE, Pictures
from kiosk.trust.service import Event, Picture, ServiceDocument
from kiosk.wire import Done, Offer, TakePicture
from tests.programs import middle
from tests.programs.house import until
from tests.programs.middle import Exchange, Middle
from tests.programs.town import CODE, Town

pytestmark = pytest.mark.slow

INSIDE = "[desk]\ndisplay = true\nport = {port}\n[updates]\nkilobytes_per_second = 100000\n"


def picture(seed: int) -> bytes:
    return random.Random(seed).randbytes(3 * PIECE + 17)  # noqa: S311


def name_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


class Gallery(Town):
    """A town whose station has a display inside, and whose centre publishes events with pictures."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, more=INSIDE.format(port=free_port()))
        self.man: Middle | None = None
        self.loops = Loops()

    def publish(self, body: bytes, name: str = "e") -> str:
        event = Event({"zh": "讲座"}, 2**39, Picture(name_of(body), len(body)))
        head = ServiceDocument(1, name, "event", 0, 0, 2**39, CODE)
        with closing(CentralStore(self.central)) as store:
            Issuer(self.central, store).publish_service(head, as_said(event), body)
            self._bring(store, name)
        return name_of(body)

    def withdraw(self, name: str = "e") -> None:
        with closing(CentralStore(self.central)) as store:
            assert Issuer(self.central, store).withdraw_service(name)
            self._bring(store, name)

    def _bring(self, store: CentralStore, name: str) -> None:
        found = store.service(name)
        assert found
        self.ask(Offer(found.body, self.house.view().documents["service"]))

    def ask(self, what: Offer | TakePicture) -> None:
        with closing(Line(self.house.run / "control.sock")) as line:
            line.ask(what, Done)

    def loop(self) -> Pictures:
        """Sync's, as it starts; the test turns it."""
        settings = load(self.house.config)
        assert settings.central
        link = Link(settings, settings.central)

        def rest() -> None:
            link.loops.stop.wait()

        link.loops.start(pictures.NAME, rest)
        self.loops = link.loops
        key = read_private(self.house.data / STATION_KEY)
        return Pictures(link, Client(settings.central.url, CODE, key, timeout=5))

    def kept(self) -> dict[str, bytes]:
        folder = self.house.data / "pictures"
        return {each.name: each.read_bytes() for each in folder.iterdir()} if folder.is_dir() else {}

    def missing(self) -> tuple[str, ...]:
        return self.house.view().pictures


def turned(loop: Pictures, condition: Callable[[], object]) -> None:
    """Turn it until that is so."""

    def after() -> object:
        loop.turn()
        return condition()

    until(after, "the picture")


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(pictures, "LATER", 0.0)


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    town = Gallery(tmp_path_factory.mktemp("gallery"))
    with town.server(), closing(Middle(town.port)) as man:
        town.man = man
        town.enrol(man.port)
        with town.house.station():
            yield town


def test_a_picture_comes_with_its_event_and_goes_with_it(gallery: Gallery) -> None:
    body = picture(1)
    name = gallery.publish(body)
    until(lambda: gallery.missing() == (name,), "the event")
    loop = gallery.loop()
    turned(loop, lambda: gallery.kept() == {name: body})
    until(lambda: gallery.missing() == ())
    gallery.withdraw()
    until(lambda: gallery.missing() == () and gallery.kept() == {}, "nothing")
    gallery.loops.end()


def test_what_is_cut_off_goes_on_from_there_and_another_picture_is_not_believed(gallery: Gallery) -> None:
    man, body = gallery.man, picture(2)
    assert man
    asked: list[bytes] = []

    def cut(exchange: Exchange) -> None:
        head = exchange.request.partition(b"\r\n\r\n")[0]
        if b"/pictures/" not in head:
            middle.honest(exchange)
            return
        asked.append(head.lower().partition(b"range: bytes=")[2].partition(b"-")[0])
        if len(asked) % 2:
            middle.reset_in_mid_body(exchange)
        elif len(asked) < 9:
            middle.honest(exchange)
        else:
            answer = exchange.ask()
            exchange.near.sendall(answer[:-1] + b"?" if len(asked) < 17 else answer)

    name = gallery.publish(body, "f")
    until(lambda: name in gallery.missing(), "the event")
    loop = gallery.loop()
    with man.doing(cut):
        turned(loop, lambda: name in gallery.kept())
    firsts = [int(each) for each in asked[:8]]
    assert firsts == [0, 0, PIECE, PIECE, 2 * PIECE, 2 * PIECE, 3 * PIECE, 3 * PIECE]
    assert gallery.kept()[name] == body
    gallery.loops.end()


def test_the_station_takes_no_picture_that_no_service_names_from_whoever_carries_it(gallery: Gallery) -> None:
    with pytest.raises(NotGranted, match="no service names this picture"):
        gallery.ask(TakePicture(b"x" * 200_000))
    assert name_of(b"x" * 200_000) not in gallery.kept()
