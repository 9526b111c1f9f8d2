"""The urn's file: whatever is cut off, it holds what was there or what was to be, and nothing from before that."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.logbook.urn import MOST, SLOT, Damaged, UrnFile, read_slot, slot

SECTOR = 512
contents = st.binary(max_size=3000)


def written(folder: Path, *all_of: bytes) -> UrnFile:
    file = UrnFile(folder)
    for content in all_of:
        file.write(content)
    return file


def test_it_gives_back_what_was_written_last_and_keeps_its_size(tmp_path: Path) -> None:
    written(tmp_path, b"one", b"two", b"x" * MOST)
    assert UrnFile(tmp_path).read() == b"x" * MOST
    assert (tmp_path / "ratings.urn").stat().st_size == 2 * SLOT
    with pytest.raises(OSError, match="takes"):
        written(tmp_path, b"x" * (MOST + 1))


def test_one_that_has_gone_while_it_is_written_is_made_anew(tmp_path: Path) -> None:
    file = written(tmp_path, b"one")
    file.path.unlink()
    for content in (b"two", b"three"):
        file.write(content)
        assert UrnFile(tmp_path).read() == content


def test_nothing_of_an_older_content_is_left_in_the_file_or_beside_it(tmp_path: Path) -> None:
    file = written(tmp_path, b"canary-17 and more words than later")
    before = file.path.stat().st_ino
    file.write(b"two")
    assert file.path.stat().st_ino == before, "a new file would leave the older one in blocks that are free"
    assert [path.name for path in tmp_path.iterdir()] == ["ratings.urn"]
    assert b"canary" not in (tmp_path / "ratings.urn").read_bytes()


@settings(max_examples=60, deadline=None)
@given(st.lists(contents, min_size=1, max_size=3), contents, st.data())
def test_a_cut_at_any_point_leaves_the_old_or_the_new(before: list[bytes], new: bytes, data: st.DataObject) -> None:
    """A slot that was being written holds any of its sectors, old or new; the two are written one after the other."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        written(folder, *before)
        path = folder / "ratings.urn"
        for _ in range(data.draw(st.integers(1, 3), "cuts, one after the other")):
            old = path.read_bytes()
            file = UrnFile(folder)
            held = file.read()
            order = (1 - file.newest, file.newest)
            raw = slot(file.number + 1, new)
            torn = data.draw(st.integers(0, 1), "the slot that the cut found")
            image = bytearray(old)
            if torn:
                image[order[0] * SLOT : (order[0] + 1) * SLOT] = raw
            for sector in data.draw(st.sets(st.integers(0, SLOT // SECTOR - 1)), "sectors that came"):
                at = order[torn] * SLOT + sector * SECTOR
                image[at : at + SECTOR] = raw[sector * SECTOR : (sector + 1) * SECTOR]
            path.write_bytes(bytes(image))
            assert UrnFile(folder).read() in ({held, new} if not torn else {new})
        after = UrnFile(folder)
        after.read()
        after.write(b"goes on")
        assert UrnFile(folder).read() == b"goes on"


def test_the_order_is_that_of_the_file_itself(tmp_path: Path) -> None:
    """What the property above draws as torn is what the writer writes first."""
    file = written(tmp_path, b"a", b"b")
    path = tmp_path / "ratings.urn"
    first = 1 - file.newest
    before = path.read_bytes()
    file.write(b"c")
    after = path.read_bytes()
    assert read_slot(after[first * SLOT :][:SLOT]) == read_slot(after[(1 - first) * SLOT :][:SLOT]) == (3, b"c")
    assert before != after


def test_flipped_bits_cost_a_slot_and_not_the_content(tmp_path: Path) -> None:
    written(tmp_path, b"answers")
    path = tmp_path / "ratings.urn"
    raw = bytearray(path.read_bytes())
    raw[20] ^= 1
    path.write_bytes(bytes(raw))
    assert UrnFile(tmp_path).read() == b"answers"
    raw[SLOT + 60 - 13] ^= 1
    path.write_bytes(bytes(raw))
    with pytest.raises(Damaged):
        UrnFile(tmp_path).read()


@pytest.mark.parametrize("raw", [b"", b"short", bytes(2 * SLOT), b"\xff" * (2 * SLOT)])
def test_what_is_no_urn_is_told_and_a_new_one_begins(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "ratings.urn").write_bytes(raw)
    file = UrnFile(tmp_path)
    with pytest.raises(Damaged):
        file.read()
    file.write(b"anew")
    assert UrnFile(tmp_path).read() == b"anew"


def test_urns_of_other_names_and_sizes_lie_beside_each_other(tmp_path: Path) -> None:
    for name, size in (("a.urn", 512), ("b.urn", 4 * SLOT)):
        UrnFile(tmp_path, name, size).write(name.encode() * 20)
    assert UrnFile(tmp_path, "a.urn", 512).read() == b"a.urn" * 20
    assert UrnFile(tmp_path, "b.urn", 4 * SLOT).read() == b"b.urn" * 20
    assert (tmp_path / "b.urn").stat().st_size == 8 * SLOT
    with pytest.raises(OSError, match="takes 460"):
        UrnFile(tmp_path, "a.urn", 512).write(b"x" * 512)
