"""`kiosk root`: the root key, on a computer without a network. It shows what it signs, and asks."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from kiosk.central.keys.papers import read_request, words_of_request, words_of_root, write_paper
from kiosk.central.keys.root import DAY, Begun, Entry, Root, SignedKeys, SignedRelease, make_root
from kiosk.central.refusals import CannotSign
from kiosk.cli.central.keys import facts_of, rows_of
from kiosk.cli.common import MISUSED, answer, echo, fail, json_too, sure, wants_json
from kiosk.cli.files import OutFile, whole, why_not
from kiosk.keyfiles import read_private
from kiosk.language import _
from kiosk.wording.words import when, word

if TYPE_CHECKING:
    from kiosk.central.keys.papers import KeyRequest
    from kiosk.trust.keyset import Key, Keyset
    from kiosk.trust.release import Ring

OLD: int = 7 * DAY
"""Seconds after which a request is called old."""

root_option = click.option(
    "--root",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default="root",
    show_default=True,
    help="The root key's folder, on its stick.",
)


class Verbs(click.Group):
    """What keeps the root key from signing is said plainly, whichever verb meets it."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb."""
        with _said_plainly():
            return super().invoke(ctx)


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except CannotSign as error:
        fail(str(error))
    except BrokenPipeError:  # whoever reads our words has heard enough
        raise
    except OSError as error:
        fail(
            _(
                "{file}: {wrong}. Nothing was signed, or the number that was is not used again. Next: mend it, and try again",
                file=error.filename or _("the stick"),
                wrong=why_not(error),
            )
        )


@click.group(cls=Verbs)
def root() -> None:
    """Make and use the root key, on a computer without a network."""


@root.command()
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="A folder on a stick, which is made."
)
@click.option(
    "--from",
    "old",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The root.key of an older release's server, which is moved.",
)
@json_too
def init(out: Path, old: Path | None) -> None:
    """Make the root key in a folder on a stick, or move an older release's there."""
    try:
        made = make_root(out, int(time.time()), read_private(old) if old else None)
    except ValueError:
        fail(_("{file}: holds no key", file=old), MISUSED)
    if old:
        old.unlink()
    lines = [
        _("{folder}: the root key. Its words: {words}", folder=out, words=words_of_root(made.public)),
        _("Whoever has it has every station, and without it none can be told of a new key. Keep it locked away."),
        _(
            "Next: copy {folder} to a second stick, and keep that one somewhere else: cp -r {folder} STICK2/",
            folder=out,
        ),
    ]
    if old:
        lines.append(_("{file} is gone from there; its backups are not: delete those, too.", file=old))
    answer("\n".join(lines), folder=str(out), words=words_of_root(made.public))


@root.command()
@click.argument("request", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--out", type=OutFile(), default="keyset.signed", show_default=True, help="The signed keyset to write.")
@click.option("--yes", is_flag=True, help="Sign without asking.")
@click.option("--other-database", is_flag=True, help="It is right that another database asks than the last time.")
@root_option
@json_too
def sign(request: Path, out: Path, yes: bool, other_database: bool, folder: Path) -> None:
    """Show what the server's REQUEST asks for and, after a yes, sign it as a keyset."""
    key, wanted = Root(folder), read_request(request)
    keyset = key.keyset(wanted, int(time.time()))
    last = key.last
    if last and last.database != wanted.database and not other_database:
        fail(
            _(
                "{file}: comes from another database ({new}) than the last one that was signed ({old}). Stations that take "
                "it drop all keys of that one.\nNext: look whose request it is; if it is right: --other-database",
                file=request,
                new=wanted.database,
                old=last.database,
            )
        )
    echo("\n".join(_shown(key, wanted, keyset)), err=wants_json())
    if not yes and not sure(_("Are the date and the words right? Sign it?")):
        fail(_("Nothing was signed."))
    write_paper(out, key.sign(keyset, wanted.database))
    words = _(
        "{file}: keyset {version}. Next: copy {folder} to the second stick; at the server: kiosk central keys install {name}",
        file=out,
        version=keyset.version,
        name=out.name,
        folder=folder,
    )
    answer(words, file=str(out), version=keyset.version, keys=facts_of(keyset.keys))


def _shown(key: Root, request: KeyRequest, keyset: Keyset) -> list[str]:
    """What is to be signed, for whoever answers for it."""
    before = {each.kid: each for each in key.last.keys} if key.last else {}
    notes = {each.kid: _("new") for each in keyset.keys if each.kid not in before}
    notes |= {each.kid: _("void") for each in keyset.keys if not each.not_after}
    gone = [each for each in before.values() if not any(each.kid == kept.kid for kept in keyset.keys)]
    lines = [
        _("The date here: {now}", now=when(keyset.issued_at)),
        _("The request: of {made}, by database {name}", made=when(request.made), name=request.database),
        _("The request's words: {words}", words=words_of_request(request)),
        _("The root key's words: {words}", words=words_of_root(key.public)),
    ]
    if keyset.issued_at > request.made + OLD:
        lines.append(_("THE REQUEST IS OLD, or the clock here is ahead: compare the date with a watch."))
    if keyset.version > keyset.issued_at + DAY:
        lines.append(
            _("ITS NUMBER IS AHEAD OF THE DATE: a clock was wrong once. Stations that were away may refuse it.")
        )
    lines += [_("keyset {version} would hold:", version=keyset.version), *rows_of(keyset.keys, notes)]
    if gone:
        ends = {each.kid: _end(each, keyset.issued_at) for each in gone}
        lines += [_("It leaves out:"), *rows_of(gone, ends)]
    return lines


def _end(key: Key, now: int) -> str:
    if key.not_after <= now:
        return _("over")
    return _("STILL HOLDS: all that it signed will be void")


@root.command()
@click.argument("packages", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--ring", type=click.Choice(["early", "all"]), default="early", show_default=True)
@click.option("--out", type=OutFile(), required=True, help="The bundle to write.")
@root_option
@json_too
def release(packages: tuple[Path, ...], ring: Ring, out: Path, folder: Path) -> None:
    """Sign the Debian PACKAGES of one version with the root key, as a bundle for `kiosk update`."""
    from kiosk.central.release import BadPackages, platforms  # noqa: PLC0415
    from kiosk.trust.release import Release  # noqa: PLC0415
    from kiosk.update.bundle import write_bundle  # noqa: PLC0415

    key = Root(folder)
    try:
        version, found = platforms(packages)
        digests = {platform: hashlib.sha256(path.read_bytes()).digest() for platform, path in found.items()}
        wanted = {
            "type": "release",
            "version": version,
            "issued_at": int(time.time()),
            "ring": ring,
            "packages": digests,
            "sizes": {platform: path.stat().st_size for platform, path in found.items()},
        }
        signed = key.sign_release(msgspec.convert(wanted, Release, builtin_types=(bytes,)))
        with whole(out) as file:
            write_bundle(file, signed, found)
    except (BadPackages, msgspec.ValidationError) as error:
        fail(str(error), MISUSED)
    except OSError as error:
        fail(_("{file} cannot be written: {why}", file=out, why=why_not(error)))
    words = _("{file}: version {version} for {platforms}", file=out, version=version, platforms=", ".join(found))
    answer(words, file=str(out), version=version, ring=ring, platforms=list(found))


@root.command()
@root_option
@json_too
def log(folder: Path) -> None:
    """Show what the root key has signed."""
    key = Root(folder)
    lines = [f"{when(each.at)}  {_line(each)}" for each in key.log]
    answer("\n".join(lines), words=words_of_root(key.public), log=key.log)


def _line(entry: Entry) -> str:
    match entry:
        case Begun(taken=taken):
            return _("taken from a server") if taken else _("made")
        case SignedKeys(number=number, database=database, keys=keys):
            return _(
                "keyset {version} for database {name}, {count} keys", version=number, name=database, count=len(keys)
            )
        case SignedRelease(version=version, ring=ring):
            return _("release {version}, ring {ring}", version=version, ring=word(ring))
