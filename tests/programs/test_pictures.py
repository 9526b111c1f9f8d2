"""The pictures of the display inside on a station's disk: kept while a service names them, and never believed."""

from __future__ import annotations

import hashlib
import random
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.loops import Loops
from kiosk.station import pictures as kept
from kiosk.station.pictures import MOST_WAITING, PicturesAtWork
from tests.programs.house import until

A_PICTURE = random.Random(3).randbytes(100_000)  # noqa: S311
ANOTHER = random.Random(4).randbytes(500)  # noqa: S311


def name_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def named(*bodies: bytes) -> dict[str, int]:
    return {name_of(each): len(each) for each in bodies}


class Keeper:
    """The station's part alone, with a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.loops = folder / "pictures", Loops()
        self.work = PicturesAtWork(self.folder, self.loops)

    def there(self) -> dict[str, bytes]:
        """Each that is whole; what is being written is beside it for a moment."""
        return {each.name: each.read_bytes() for each in self.folder.glob("[!.]*") if each.suffix != ".new"}

    def looked(self, wanted: dict[str, int], missing: set[str]) -> None:
        until(lambda: set(self.work.missing(wanted)) == missing and self.folder.is_dir(), f"{missing}")


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    keeper = Keeper(tmp_path)
    yield keeper
    keeper.loops.end()


def test_what_is_named_is_missing_until_it_came_and_goes_when_it_is_no_longer(keeper: Keeper) -> None:
    keeper.looked(named(A_PICTURE, ANOTHER), {name_of(A_PICTURE), name_of(ANOTHER)})
    assert keeper.work.take(A_PICTURE)
    keeper.looked(named(A_PICTURE, ANOTHER), {name_of(ANOTHER)})
    (path,) = keeper.folder.iterdir()
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (A_PICTURE, 0o640)
    keeper.work.missing({})
    until(lambda: keeper.there() == {}, "nothing")


def test_what_nothing_names_is_not_kept_nor_more_than_the_disk_takes_at_once(keeper: Keeper) -> None:
    assert not keeper.work.take(A_PICTURE), "nobody has said yet what is named"
    keeper.looked(named(ANOTHER), {name_of(ANOTHER)})
    assert not keeper.work.take(A_PICTURE)
    assert not keeper.work.take(b"")
    keeper.looked({name_of(ANOTHER): 1}, {name_of(ANOTHER)})
    assert not keeper.work.take(ANOTHER), "of another size than the service says"
    assert keeper.there() == {}


def test_a_start_keeps_what_is_named_and_whole_and_asks_anew_for_what_is_damaged(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / name_of(A_PICTURE)).write_bytes(A_PICTURE[:-1] + b"?")
    (folder / name_of(ANOTHER)).write_bytes(ANOTHER)
    (folder / "rubbish.new").write_bytes(b"x")
    keeper = Keeper(tmp_path)
    keeper.looked(named(A_PICTURE, ANOTHER), {name_of(A_PICTURE)})
    assert keeper.there() == {name_of(ANOTHER): ANOTHER}
    assert not (folder / "rubbish.new").exists()
    keeper.loops.end()


def test_a_disk_that_takes_none_loses_nothing_but_time(
    keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "AGAIN_AFTER", 0.01)
    (tmp_path / "pictures").write_text("a file is in the way")
    keeper.work.missing(named(ANOTHER))
    for _ in range(MOST_WAITING):
        assert keeper.work.take(ANOTHER)
    assert not keeper.work.take(ANOTHER), "no more of them wait than that"
    (tmp_path / "pictures").unlink()
    keeper.looked(named(ANOTHER), set())
    until(lambda: keeper.there() == {name_of(ANOTHER): ANOTHER}, "it to be in its place")
