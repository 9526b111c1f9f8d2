"""Files that a verb writes: the place is tried before anything is done that cannot be undone."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final

import click

from kiosk.cli.common import fail
from kiosk.language import _

ROOM: Final = 1 << 20
"""Bytes that there must be on the disk, more than any picture of ours."""


class OutFile(click.ParamType[Path | None]):
    """A file that the verb will write, of which :func:`wrong_place` has nothing to say; `-`, where that may be, is None."""

    name = "file"

    def __init__(self, *forms: str, stream: bool = False) -> None:
        self._forms, self._stream = forms, stream

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path | None:
        """The path, once something can be written there."""
        if self._stream and value == "-":
            return None
        if wrong := wrong_place(Path(value), *self._forms, stream=self._stream):
            self.fail(_("{file}: {wrong}", file=value, wrong=wrong), param, ctx)
        return Path(value)


PICTURE: Final = OutFile(".png", ".svg", ".pdf")


def wrong_place(path: Path, *forms: str, stream: bool = False, new: bool = False) -> str:
    """Why nothing can be written there; empty when it can: a probe was. `stream`: also to a device, `new`: over no file."""
    if forms and path.suffix.lower() not in forms:
        return _("must end in one of {forms}", forms=", ".join(forms))
    try:
        mode = path.stat().st_mode if os.path.lexists(path) else None
        if mode is None or (stat.S_ISREG(mode) and not new):
            return _wrong_file(path) or wrong_folder(path.parent)
    except OSError as error:
        return why_not(error)
    if stat.S_ISDIR(mode):
        return _("is a folder; name a file in it")
    if new:
        return _("is there already; name a new file")
    return "" if stream else _("is a device, and no file")


def _wrong_file(path: Path) -> str:
    if path.exists() and not os.access(path, os.W_OK):
        return _("this account may not write it")
    return ""


def wrong_folder(folder: Path) -> str:
    """Why a file cannot be written into that folder; empty when it can. Raises OSError."""
    if not folder.exists():
        return _("there is no folder {folder}", folder=folder)
    with TemporaryFile(dir=folder) as probe:
        probe.write(bytes(ROOM))
    return ""


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path beside it, of the same form: what is written there takes its place when the block ends well. Raises OSError."""
    path = path.resolve()
    beside = path.with_name(f".{os.getpid()}{path.suffix}")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def writing(path: Path | None) -> Iterator[IO[str]]:
    """The file, device or, without a path, the standard output, for text; exit code 1 where that fails on the way."""
    try:
        if path is None:
            with open(sys.stdout.fileno(), "w", encoding="utf-8", closefd=False) as out:
                yield out
        elif path.exists() and not path.is_file():
            with path.open("w", encoding="utf-8") as device:
                yield device
        else:
            with whole(path) as beside, beside.open("w", encoding="utf-8") as file:
                yield file
    except BrokenPipeError:  # whoever reads it has read enough
        raise
    except OSError as error:
        fail(_("{file} cannot be written: {why}", file=path or "-", why=why_not(error)))


def why_not(error: OSError) -> str:
    """What the system says, in words, and without the number that Python puts before it."""
    known = {
        errno.ENOENT: _("there is no such file or folder"),
        errno.EACCES: _("this account may not"),
        errno.EPERM: _("this account may not"),
        errno.EROFS: _("the disk can only be read"),
        errno.ENOSPC: _("the disk is full"),
        errno.EDQUOT: _("this account's share of the disk is full"),
        errno.EISDIR: _("is a folder"),
        errno.EEXIST: _("is there already, and is no folder"),
        errno.ENOTDIR: _("what should be a folder is a file"),
        errno.ENAMETOOLONG: _("the name is too long"),
        errno.EIO: _("the disk has an error"),
    }
    return known.get(error.errno or 0) or error.strerror or str(error)
