"""What the station knows and must keep: signed documents and the clock's floor, in two files that heal each other.

Both are the same; each transaction is made in `state.db` first and then in `state.copy`, and counts up a number in it. Every
value has a checksum beside it. At the opening a value that is not as it was written, or is missing, comes from the other file;
where both are sound and differ, the file with the higher number is the newer. What is sound in neither is as if it were not
there. What a document says is proven by its signature alone, whichever file it comes from.
"""

from __future__ import annotations

import math
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from kiosk.decoding import UNDECODABLE
from kiosk.logbook.reader import LATEST, as_bytes, as_text, connect_still
from kiosk.logbook.schema import Broken, let_go, open_or_replace, says_broken, state, transaction

KEPT_FILES: Final = "kept_files"
"""The fault of what a station keeps twice."""

FILE: Final = "state.db"
COPY: Final = "state.copy"
FLOOR: Final = "clock_floor"
BEGUN: Final = "logbook_begun"
COUNT: Final = "count"
CHECKSUM: Final = "checksum "
"""In `meta`, before the name of what it is of: the previous version passes these over."""


class Value(Struct, frozen=True):
    """A document's version and bytes, or a single value (no version). `sound`: as its checksum says, if it has one."""

    version: int | None
    body: bytes
    sound: bool


Known = dict[str, Value]
"""What a file holds, by name: kinds of documents, and names of single values."""


class ColdState:
    """The one writer of both files. Raises sqlite3.Error or OSError when the disk does not do its part.

    `replaced`: why `state.db` was moved aside, or empty; `faults`: what was damaged in either, and what became of it.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.replaced = ""
        self.faults: tuple[str, ...] = ()
        self._open()

    def _open(self) -> None:
        with ExitStack() as stack:
            self._db, self.replaced = open_or_replace(self._folder / FILE, state, _prove)
            stack.callback(self._db.close)
            self._copy, replaced = open_or_replace(self._folder / COPY, state, _prove)
            stack.callback(self._copy.close)
            for name in (FILE, COPY):
                let_go(self._folder / name)
            broken = {FILE: self.replaced, COPY: replaced}
            self.faults = tuple(f"{name} was damaged ({why})" for name, why in broken.items() if why)
            self._heal()
            stack.pop_all()

    def _heal(self) -> None:
        """Let each file have what is the better of both."""
        here, there = _known(self._db), _known(self._copy)
        best, taken = merged(here, there)
        wrong = sorted(name for known in (here, there) for name, value in known.items() if not value.sound)
        if wrong:
            self.faults += (f"not as written: {', '.join(wrong)}",)
        if taken:
            self.faults += (f"from the copy: {', '.join(sorted(taken))}",)
        elif self.faults and not best:
            self.faults += ("the documents must come anew from the central server",)
        for db, known in ((self._db, here), (self._copy, there)):
            _put(db, known, best)

    def documents(self) -> dict[str, bytes]:
        """The newest document of each kind, as it was signed; the keyset first, since its keys prove the others."""
        return _documents(_known(self._db))

    def keep(self, kind: str, version: int, body: bytes) -> None:
        """Store a document in place of the one before."""
        _write(self._db, kind, Value(version, body, sound=True))

    def floor(self) -> float:
        """No true time is before this; 0 when nothing is known."""
        return _single(_known(self._db), FLOOR)

    def keep_floor(self, floor: float, *, lowered: bool = False) -> None:
        """Raise the floor; a lower one changes nothing, unless what is stored was refuted (`lowered`)."""
        if lowered or floor > self.floor():
            _write(self._db, FLOOR, Value(None, repr(floor).encode(), sound=True))

    def begun(self) -> bool:
        """Whether a logbook was begun beside it: one that is not there then has gone."""
        return _single(_known(self._db), BEGUN) > 0

    def keep_begun(self) -> None:
        """It was."""
        _write(self._db, BEGUN, Value(None, b"1", sound=True))

    def take_over(self, folder: Path) -> None:
        """What the files there hold, which nobody can write now. Raises sqlite3.Error when neither can be read."""
        with self.transaction():
            _put_each(self._db, {name: each for name, each in _both(folder, connect_still).items() if each.sound})

    def take_newer(self, folder: Path) -> None:
        """What is newer there than here, by the same rule as between both files; nothing where neither can be read."""
        try:
            there = _both(folder, connect_still)
        except sqlite3.Error:
            return
        best, taken = merged(_known(self._db), there)
        if taken:
            with self.transaction():
                _put_each(self._db, {name: best[name] for name in taken})

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What is kept within it is kept together: a document and the floor that it raises."""
        with transaction(self._db):
            yield
            known = _known(self._db)
            known[COUNT] = Value(None, str(_single(known, COUNT) + 1).encode(), sound=True)
            _write(self._db, COUNT, known[COUNT])
        _put(self._copy, _known(self._copy), known)

    def mend(self, error: Exception) -> bool:
        """Whether that error said that a file is broken, and both are open anew: the broken one is made from the other.

        Where that fails they stay closed, which the next error says: then it is tried again.
        """
        closed = isinstance(error, sqlite3.ProgrammingError)
        if isinstance(error, sqlite3.Error) and not closed and not says_broken(error):
            return False
        self.close()
        self._open()
        self.faults = self.faults or (f"a file was damaged ({error})",)
        return True

    def close(self) -> None:
        """Close the files."""
        self._db.close()
        self._copy.close()


def read_cold(folder: Path) -> tuple[dict[str, bytes], float]:
    """Documents and floor, read only. Raises sqlite3.Error when there is no file."""
    best = _both(folder, lambda path: sqlite3.connect(f"file:{path}?mode=ro", uri=True))
    return _documents(best), _single(best, FLOOR)


def merged(here: Known, there: Known) -> tuple[Known, set[str]]:
    """The better of what two files hold, value by value; the second value names what comes from `there`, the copy."""
    newer = _single(there, COUNT) > _single(here, COUNT)
    taken = {
        name
        for name, value in there.items()
        if value.sound and (name not in here or not here[name].sound or (newer and here[name] != value))
    }
    return {**here, **{name: there[name] for name in taken}}, taken


def _both(folder: Path, connect: Any) -> Known:
    """The better of both files there, or the one that can be read. Raises the first one's error when none can be."""
    found, errors = list[Known](), list[Exception]()
    for name in (FILE, COPY):
        try:
            with closing(connect(folder / name)) as db:
                db.text_factory = as_text
                found.append(_known(db))
        except (sqlite3.Error, *UNDECODABLE) as error:
            errors.append(error)
    if not found:
        raise sqlite3.OperationalError(str(errors[0])) from errors[0]
    return merged(*found)[0] if len(found) > 1 else found[0]


def _prove(db: sqlite3.Connection) -> None:
    """All that is in a file can be read, and found again by its name."""
    result = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if result != "ok":
        raise Broken(result)
    _known(db)


def _known(db: sqlite3.Connection) -> Known:
    """All that a file holds. Whatever is in it, this raises sqlite3.Error or one of UNDECODABLE."""
    meta = {name: value for name, value in db.execute("SELECT key, value FROM meta") if isinstance(value, str)}
    rows = [(name, None, as_bytes(value)) for name, value in meta.items() if not name.startswith(CHECKSUM)]
    for kind, version, body in db.execute("SELECT kind, version, body FROM documents"):
        whole = isinstance(kind, str) and kind.isascii() and isinstance(version, int)
        rows += (
            [(kind, version, body if isinstance(body, bytes) else f"{body}".encode(errors="replace"))] if whole else []
        )
    return {name: Value(version, body, _sound(meta, name, version, body)) for name, version, body in rows}


def _sound(meta: dict[str, str], name: str, version: int | None, body: bytes) -> bool:
    """A previous version writes no checksums: what has none, or one of another version, is taken as it is."""
    told = meta.get(CHECKSUM + name, "")
    of, _, found = told.partition(":")
    if version is None and _number(body) is None:
        return False
    return not told or (version is not None and of.isdigit() and of != str(version)) or found == _crc(name, body)


def _crc(name: str, body: bytes) -> str:
    return f"{zlib.crc32(body, zlib.crc32(as_bytes(name))):08x}"


def _number(body: bytes) -> float | None:
    try:
        value = float(body)
    except ValueError:
        return None
    return value if math.isfinite(value) and 0 <= value < LATEST else None


def _single(known: Known, name: str) -> float:
    """A single value; 0 where there is none, or none that is sound."""
    value = known.get(name)
    return (_number(value.body) or 0.0) if value and value.sound else 0.0


def _put(db: sqlite3.Connection, known: Known, wanted: Known) -> None:
    """Write what is wanted and not known there yet; what is not as it was written gets no checksum that says so."""
    values = {name: value for name, value in wanted.items() if value.sound and known.get(name) != value}
    if values:
        with transaction(db):
            _put_each(db, values)


def _put_each(db: sqlite3.Connection, values: Known) -> None:
    for name, value in values.items():
        _write(db, name, value)


def _write(db: sqlite3.Connection, name: str, value: Value) -> None:
    if value.version is None:
        db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, as_text(value.body)))
    else:
        db.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (name, value.version, value.body))
    told = f"{'' if value.version is None else value.version}:{_crc(name, value.body)}"
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (CHECKSUM + name, told))


def _documents(known: Known) -> dict[str, bytes]:
    return {name: value.body for name, value in known.items() if value.version is not None and value.sound}
