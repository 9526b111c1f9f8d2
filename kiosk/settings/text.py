"""A file that somebody wrote with an editor of theirs, as text: which coding it is in, and how it becomes UTF-8."""

from __future__ import annotations

import codecs
import os
import re
import shlex
import stat
from pathlib import Path
from typing import Final

from kiosk.language import _
from kiosk.settings.table import BadSettings

MOST_BYTES: Final = 1 << 20
MARKS: Final = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
"""What a file in another coding may begin with; the mark of UTF-32 begins with that of UTF-16."""

BYTES: Final = ("GBK", "GB18030", "WINDOWS-1252")
PAIRS: Final = re.compile(rb"[\x81-\xfe][\x30-\xfe]")
"""A Chinese character in GBK; of those that are in use nearly all have the high bit in the second byte, too (GB 2312)."""

HIGH: Final = 0xA1


def read_bounded(path: Path, most: int = MOST_BYTES) -> bytes:
    """The bytes of a plain file. Raises OSError, also for what is no file (a pipe would never end), or too large."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, _("is no file"))
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(0, _("has more than {bytes} bytes", bytes=most))
    return data


def read_text(path: Path) -> str:
    """The file's text; each line ends with LF, whatever ended it. Raises BadSettings, with the command that mends it."""
    try:
        data = read_bounded(path)
    except OSError as error:
        raise BadSettings([f"{path}: {error.strerror}"]) from error
    try:
        text = data.decode("utf-8-sig")  # some editors begin a file with a mark
    except UnicodeDecodeError as error:
        raise BadSettings([_not_utf8(path, data, error.start)]) from error
    if "\0" in text:
        raise BadSettings([_zeros(path, data)])
    return re.sub("\r\n?", "\n", text.lstrip("\ufeff"))


def as_far_as_readable(data: bytes) -> str:
    """The text in whatever coding it seems to be; what cannot be read is replaced."""
    name = "" if _decodes(data, "UTF-8") and b"\0" not in data else coding(data)
    return re.sub("\r\n?", "\n", data.decode(name or "UTF-8", "replace").lstrip("\ufeff"))


def coding(data: bytes) -> str:
    """The coding that bytes which are no UTF-8 seem to have, by its name for iconv; empty where it cannot be told."""
    for mark, name in MARKS:
        if data.startswith(mark):
            return name
    first, second = data[::2].count(0), data[1::2].count(0)  # signs of ASCII have a zero byte in UTF-16
    if max(first, second) > max(len(data) / 8, 4 * min(first, second)):
        return "UTF-16LE" if second > first else "UTF-16BE"
    if _damaged_utf8(data):
        return ""
    likely = BYTES if _looks_chinese(data) else reversed(BYTES)
    return next((name for name in likely if b"\0" not in data and _decodes(data, name)), "")


def _damaged_utf8(data: bytes) -> bool:
    """Whether more of its characters beyond Latin are right in UTF-8 than wrong: a byte was damaged, or the end is missing."""
    text = data.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    return sum(each >= "\u2e80" for each in text) - wrong > wrong


def _looks_chinese(data: bytes) -> bool:
    pairs = PAIRS.findall(data)
    high = [pair for pair in pairs if pair[1] >= HIGH]
    return 2 * len(high) >= len(pairs)


def _decodes(data: bytes, name: str) -> bool:
    try:
        data.decode(name)
    except UnicodeDecodeError:
        return False
    return True


def _not_utf8(path: Path, data: bytes, at: int) -> str:
    name = coding(data)
    begin = 0 if name.startswith("UTF") else at
    before = re.split(rb"\r\n?|\n", data[:begin])
    place = f"{path}:{len(before)}:{len(before[-1].decode('utf-8', 'replace')) + 1}"
    if not name:
        return _("{place}: is not UTF-8 text", place=place)
    return _(
        "{place}: is {coding} and not UTF-8 text. Next: {command}", place=place, coding=name, command=_iconv(path, name)
    )


def _iconv(path: Path, name: str) -> str:
    """What makes it UTF-8, and leaves its owner and permissions as they are."""
    file, before = shlex.quote(str(path)), shlex.quote(f"{path}.{name.lower()}")
    sudo = "" if os.access(path, os.W_OK) else "sudo "
    return f"{sudo}cp {file} {before} && {sudo}iconv -f {name} -t UTF-8 -o {file} {before}"


def _zeros(path: Path, data: bytes) -> str:
    """Zero bytes are UTF-8, and no text."""
    if not data.strip(b"\0"):
        return _("{file}: holds nothing but zero bytes, as after a power cut. Next: put it back from a copy", file=path)
    if coding(data).startswith("UTF"):
        return _not_utf8(path, data, 0)
    before = data[: data.index(b"\0")].decode().split("\n")
    return _("{place}: a zero byte stands here; delete it", place=f"{path}:{len(before)}:{len(before[-1]) + 1}")
