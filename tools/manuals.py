"""Writes the manual pages into build/man, one for each verb and language, by click-man; `make man`, and the package does.

The language is that of the process, so that the pages say what `--help` says; hence one process for each.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import click
from click_man.core import write_man_pages

from kiosk import __version__
from kiosk.cli.language import install, translated
from kiosk.cli.main import VERBS
from kiosk.cli.main import main as kiosk
from kiosk.language import chinese

THIS: Final = "--in-this-language"
FOLDERS: Final = {"C.UTF-8": "man1", "zh_CN.UTF-8": "zh_CN/man1"}
"""Where man-db looks, by locale."""

CHINESE: Final = (
    (r"^\.SH NAME$", ".SH 名称"),
    (r"^\.SH SYNOPSIS$", ".SH 用法"),
    (r"^\.SH DESCRIPTION$", ".SH 说明"),
    (r"^\.SH OPTIONS$", ".SH 选项"),
    (r"^\.SH COMMANDS$", ".SH 命令"),
    (r"^  See (.+) for full documentation on the \S+ command\.$", r"  详见 \1。"),
    (r'^(\.TH .*) Manual"$', r'.mso zh.tmac\n\1 手册"\n.ad l'),
)
"""What click-man itself says, which is English alone, and what it is in Chinese. groff breaks Chinese lines only with zh.tmac,
and would stretch the few blanks across the page."""


def main(folder: Path) -> None:
    """Write them in both languages."""
    for locale, name in FOLDERS.items():
        words = [sys.executable, "-m", "tools.manuals", str(folder / name), THIS]
        subprocess.run(words, env={**os.environ, "LC_ALL": locale, "TERM": "dumb"}, check=True)


def write(folder: Path) -> None:
    """Write those of this process's language."""
    folder.mkdir(parents=True, exist_ok=True)
    install()
    context = click.Context(kiosk)
    found = ((name, kiosk.get_command(context, name)) for name in VERBS)
    kiosk.commands = {name: command for name, command in found if command}
    _say_whole_sentences(translated(kiosk))
    write_man_pages("kiosk", kiosk, version=__version__, target_dir=str(folder))
    for page in folder.glob("*.1"):
        page.write_text(_mended(page.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"{folder}: {len(list(folder.glob('*.1')))} pages")


def _say_whole_sentences(command: click.Command) -> None:
    """click-man cuts a command's line at 45 characters, and a Chinese one, which has no blanks, to nothing but dots."""
    command.short_help = " ".join((command.help or "").split("\n\n")[0].split())
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        _say_whole_sentences(below)


def _mended(page: str) -> str:
    """The page with its references as its neighbours' names are, and in Chinese where that is the language."""
    page = re.sub(r"(?<=  See \\fB)[^(]+", lambda name: name[0].replace(" ", "-"), page)
    for english, words in CHINESE if chinese() else ():
        page = re.sub(english, words, page, flags=re.MULTILINE)
    return page


if __name__ == "__main__":
    where = Path(sys.argv[1] if len(sys.argv) > 1 else "build/man")
    write(where) if THIS in sys.argv else main(where)
