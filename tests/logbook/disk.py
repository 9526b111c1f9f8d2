"""Test support: a disk that loses its power. strace records what a program does to its files; a cut leaves some of that.

What it models: data and length of a file are safe once it was flushed (fdatasync, fsync), a new or removed name once its folder
was. Of the rest each write, length and name is there or not, each for itself, and a write may be torn between sectors. What it
does not model: writes that change each other's sectors, a new name where a file was, and a card that lies about its flushes.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

SECTOR: Final = 512
CALLS: Final = "openat,write,pwrite64,fdatasync,fsync,ftruncate,unlink,rename"
LINE: Final = re.compile(r'(\w+)\((?:\w+<([^>]*)>(?:, )?)?(?:"([^"]*)")?(?:, )?([^)]*)\) = (-?\d+)')

Survives = Literal["nothing", "everything", "some"]
"""How much of what was not flushed is still there after the cut."""


class Call(Struct, frozen=True):
    """A system call on one of the files, or a promise that was told: then `name` is `write` and `data` the words.

    Of `rename`, `data` is the new name.
    """

    name: str
    path: str
    data: bytes = b""
    at: int = 0


class Change(Struct, frozen=True):
    """Not flushed yet: bytes at an offset, or, without bytes, the file's length."""

    at: int
    data: bytes | None = None


class File(Struct, frozen=True):
    """What is safe, what is not yet, and whether its name is on the disk, and was removed."""

    safe: bytes = b""
    pending: tuple[Change, ...] = ()
    named: bool = False
    removed: bool = False


def record(folder: Path, strace: str, *command: str) -> list[Call]:
    """Run a Python program to its end and tell what it did below `folder` and wrote to standard output."""
    log = folder.with_name(folder.name + ".strace")
    subprocess.run(
        [strace, "-y", "-xx", "-s", "1000000", "-e", f"trace={CALLS}", "-o", str(log), sys.executable, *command],
        check=True,
        capture_output=True,
    )
    return list(_calls(log, str(folder)))


def _calls(log: Path, folder: str) -> Iterator[Call]:
    ends: dict[str, int] = {}
    with log.open(encoding="ascii") as lines:
        for line in lines:
            found = LINE.match(line)
            if not found or found[5] == "-1":
                continue
            name, on, text, rest = found[1], _bytes(found[2]).decode(), _bytes(found[3]), found[4]
            path = text.decode() if name in {"openat", "unlink", "rename"} else on
            if name == "write" and line.startswith("write(1<"):
                yield Call("write", "", text)
            elif not path.startswith(folder) or path.endswith("-shm"):
                continue
            elif name == "write":
                yield Call("pwrite64", path, text, ends.get(path, 0))
                ends[path] = ends.get(path, 0) + len(text)
            elif name == "rename":
                yield Call(name, path, _bytes(rest.strip('"')))
            elif name != "openat" or "O_CREAT" in rest:
                ends.pop(path, None)
                yield Call(name, path, text, int(rest.split(", ")[-1]) if name in {"pwrite64", "ftruncate"} else 0)


def _bytes(text: str | None) -> bytes:
    return bytes.fromhex((text or "").replace("\\x", ""))


class Disk:
    """Takes the calls one after another; may be asked at any time what a cut would leave."""

    def __init__(self) -> None:
        self._files: dict[str, File] = {}

    def take(self, call: Call) -> None:
        """The program did that."""
        file = self._files.get(call.path, File())
        match call.name:
            case "openat" if file.removed or call.path not in self._files:
                self._files[call.path] = File()
            case "pwrite64":
                self._change(call.path, Change(call.at, call.data))
            case "ftruncate":
                self._change(call.path, Change(call.at))
            case "fdatasync" | "fsync":
                self._flush(call.path)
            case "rename":
                assert call.data.decode() not in self._files, "not modelled"
                self._files[call.data.decode()] = replace(self._files.pop(call.path), named=False)
            case "unlink":
                self._files[call.path] = replace(file, removed=True)

    def _change(self, path: str, change: Change) -> None:
        file = self._files[path]
        self._files[path] = replace(file, pending=(*file.pending, change))

    def _flush(self, path: str) -> None:
        """A file's data; or a folder's names."""
        if path in self._files:
            file = self._files[path]
            self._files[path] = replace(file, safe=_apply(file.safe, file.pending), pending=())
            return
        for name, file in list(self._files.items()):
            if Path(name).parent == Path(path):
                self._files[name] = replace(file, named=True)
                if file.removed:
                    del self._files[name]

    def cut(self, folder: Path, target: Path, survives: Survives, chance: random.Random) -> None:
        """Write below `target` what a cut would leave of `folder` now."""
        there: Callable[[], bool] = {
            "nothing": lambda: False,
            "everything": lambda: True,
            "some": lambda: chance.random() < 0.5,
        }[survives]
        for name, file in self._files.items():
            if (file.named or there()) and not (file.removed and there()):
                pending = [change for whole in file.pending for change in _sectors(whole) if there()]
                path = target / Path(name).relative_to(folder)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(_apply(file.safe, pending))


def _sectors(change: Change) -> Iterator[Change]:
    """A write as the card does it, sector by sector."""
    if change.data is None:
        yield change
        return
    place = 0
    while place < len(change.data):
        size = SECTOR - (change.at + place) % SECTOR
        yield Change(change.at + place, change.data[place : place + size])
        place += size


def _apply(data: bytes, changes: tuple[Change, ...] | list[Change]) -> bytes:
    content = bytearray(data)
    for change in changes:
        if change.data is None:
            content = content[: change.at].ljust(change.at, b"\0")
        else:
            content = content.ljust(change.at, b"\0")
            content[change.at : change.at + len(change.data)] = change.data
    return bytes(content)
